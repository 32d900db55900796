-- Lines that two people let in out of quarantine, figures that later nights are held against, and advice.

-- A release speaks of the lines of one delivery, told by its hash: of one that was replaced since it holds no more.
-- The line counts as received on the business date, before those that were delivered on it.
create table if not exists ops.quarantine_releases (
    release_id bigint generated always as identity primary key,
    source_code text not null,
    table_name text not null,
    received_date date not null,
    line_number bigint not null,
    sha256 text not null,
    business_date date not null check (business_date >= received_date),
    reason text not null check (reason <> ''),
    proposer text not null,
    approver text not null check (approver <> proposer),
    decided_at timestamptz not null default clock_timestamp(),
    unique (source_code, table_name, received_date, line_number, sha256)
);
create or replace view ops.released_lines as
select release.*
from ops.quarantine_releases as release
inner join ops.deliveries as delivery using (source_code, table_name, received_date, sha256)
where exists (
    select from ops.quarantine as cell
    where (cell.source_code, cell.table_name, cell.received_date, cell.line_number)
        = (release.source_code, release.table_name, release.received_date, release.line_number)
);

-- What to do about a rule that did not pass.
alter table ops.gate_results
    add column if not exists advice_zh text not null default '',
    add column if not exists advice_en text not null default '';

-- Figures of whole tables that later nights are held against: of a delivery by date of receipt.
create table if not exists ops.gate_measures (
    night_id bigint not null references ops.nights,
    gate_code text not null check (gate_code in ('delivery', 'edition')),
    table_name text not null,
    measure_code text not null,
    measured_date date not null,
    value numeric not null,
    primary key (night_id, gate_code, table_name, measure_code, measured_date)
);
create index if not exists gate_measures_by_date on ops.gate_measures (gate_code, measured_date);
