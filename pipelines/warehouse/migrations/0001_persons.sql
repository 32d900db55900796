-- What persons asked for and two people decided, the records it is about, and who read clear text.
create table if not exists ops.subject_decisions (
    decision_id bigint generated always as identity primary key,
    kind_code text not null check (kind_code in ('forget', 'opt_out', 'opt_in')),
    customer_id text not null,
    effective_date date not null,
    reason text not null check (reason <> ''),
    proposer text not null,
    approver text not null check (approver <> proposer),
    decided_at timestamptz not null default clock_timestamp()
);
create table if not exists ops.subject_records (
    decision_id bigint not null references ops.subject_decisions,
    source_code text not null,
    source_customer_id text not null,
    primary key (decision_id, source_code, source_customer_id)
);
-- Whose records named a forgotten person by his number, told by their key: what they say there lands as a pseudonym.
create table if not exists ops.subject_mentions (
    decision_id bigint not null references ops.subject_decisions,
    source_code text not null,
    table_name text not null,
    record_key text[] not null,
    column_name text not null,
    primary key (decision_id, source_code, table_name, record_key, column_name)
);
-- A ticket is committed before it is used: a reading that is rolled back leaves it standing.
create table if not exists ops.subject_tickets (
    ticket_id bigint generated always as identity primary key,
    reader_name text not null check (reader_name <> ''),
    customer_id text not null,
    reason text not null check (reason <> ''),
    opened_at timestamptz not null default clock_timestamp(),
    opened_in xid8 not null default pg_current_xact_id(),
    used_in xid8 check (used_in <> opened_in)
);
