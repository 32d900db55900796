-- Clear text for readers: a ticket of one transaction opens, to who drew it, one customer in a later one. Their owner
-- and who may call them: rooms.py. A ticket stands on record whether or not what it opened was rolled back.
create or replace function reporting.open_clear_text_ticket(customer text, why text) returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    opened bigint;
begin
    if coalesce(btrim(customer), '') = '' or coalesce(btrim(why), '') = '' then
        raise exception 'clear text needs a customer and a reason; no ticket was opened'
            using errcode = 'invalid_parameter_value';
    end if;
    insert into ops.subject_tickets (reader_name, customer_id, reason) values (session_user, customer, why)
    returning ticket_id into opened;
    return opened;
end $$;

create or replace function reporting.read_clear_text(ticket bigint)
returns table (attribute_code text, attribute_value text)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    customer text;
begin
    update ops.subject_tickets as drawn
    set used_in = pg_current_xact_id()
    where drawn.ticket_id = ticket
        and drawn.reader_name = session_user
        and drawn.used_in is null
        and drawn.opened_in <> pg_current_xact_id()
    returning drawn.customer_id into customer;
    if not found then
        raise exception 'ticket % opens no clear text: it was used, is another reader''s, or is not committed', ticket
            using errcode = 'insufficient_privilege', hint = 'open a ticket, commit, then read with it';
    end if;
    perform from marts.customers as known
    where known.customer_id = customer
        and exists (
            select from ops.reader_branches as own
            where own.reader_name = session_user and own.branch_id in ('*', coalesce(known.branch_id, 'unknown'))
        );
    if not found then
        raise exception 'ticket % opens no clear text: customer % is not there or of none of your branches',
            ticket, customer using errcode = 'insufficient_privilege';
    end if;
    return query
    select cell.key, cell.value
    from protected.customer_contacts as contact
    cross join lateral jsonb_each_text(to_jsonb(contact) - 'customer_id') as cell
    where contact.customer_id = customer and cell.value is not null
    order by 1;
end $$;

comment on function reporting.open_clear_text_ticket(text, text) is
    '开具明文查阅凭单：客户与理由；提交后方可使用 | Opens a ticket for a customer''s clear text, with the reason; commit before use';
comment on function reporting.read_clear_text(bigint) is
    '凭单查阅明文：每个属性一行，限一次 | One row per known clear attribute of the ticket''s customer, once';
