-- The rooms of design.md: who may write where, and the tables of ops.
-- Idempotent: every statement may run again on a live database. Roles and grants are in rooms.py. What a later release
-- changes stands in migrations/, each applied once.

create schema if not exists raw;
create schema if not exists policy;
create schema if not exists staging;
create schema if not exists intermediate;
create schema if not exists marts;
create schema if not exists protected;
create schema if not exists reporting;
create schema if not exists ops;

-- What releases have changed since, in the order of their numbers.
create table if not exists ops.migrations (
    migration_number integer primary key,
    migration_name text not null,
    sha256 text not null,
    applied_at timestamptz not null default clock_timestamp()
);

-- ── nights: the lock. night_id is the fencing number ────────────────────────────────────────────────────────
create table if not exists ops.nights (
    night_id bigint generated always as identity primary key,
    business_date date not null,
    workspace text not null default '',
    run_id text not null,
    state text not null check (state in ('running', 'published', 'unchanged', 'loaded', 'stopped', 'failed', 'superseded')),
    is_scheduled boolean not null,
    policy_version text,
    started_at timestamptz not null default clock_timestamp(),
    heartbeat_at timestamptz not null default clock_timestamp(),
    ended_at timestamptz,
    failed_step text,
    message text
);
create unique index if not exists nights_one_running on ops.nights (workspace) where state = 'running';

create table if not exists ops.night_steps (
    night_id bigint not null references ops.nights,
    step_name text not null,
    step_number smallint not null,
    state text not null check (state in ('done', 'failed')),
    started_at timestamptz not null,
    seconds numeric(12, 3) not null,
    rows_in bigint,
    rows_out bigint,
    message text,
    primary key (night_id, step_name)
);

-- Every writing transaction calls this first: a night that was superseded can write nothing more (law 11).
-- The share lock makes a take-over wait for what the old night is committing.
create or replace function ops.check_fence() returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    fence text := nullif(current_setting('yihu.night', true), '');
begin
    if fence is null then
        raise exception 'no night is named in this session: set yihu.night, or open a night first';
    end if;
    perform 1 from ops.nights where night_id = fence::bigint and state = 'running' for share;
    if not found then
        raise exception 'night % is no longer the running night: another night took over, or it has ended; nothing was written', fence;
    end if;
end $$;

-- ── landing ─────────────────────────────────────────────────────────────────────────────────────────────────
create table if not exists ops.deliveries (
    source_code text not null,
    table_name text not null,
    received_date date not null,
    file_name text not null,
    sha256 text not null,
    byte_count bigint not null,
    row_count bigint not null,
    control_sums jsonb not null default '{}',
    night_id bigint not null references ops.nights,
    landed_at timestamptz not null default clock_timestamp(),
    primary key (source_code, table_name, received_date)
);
-- What a delivery brought beside the declared columns, told by name or number; for a table that is read by
-- watermark, the range that was read: from (null: the beginning) <= watermark < until; and of a file the hash of
-- what it holds, however it was compressed (null: landed before that was kept).
alter table ops.deliveries
    add column if not exists extra_columns text[] not null default '{}',
    add column if not exists watermark_from text,
    add column if not exists watermark_until text,
    add column if not exists content_sha256 text;

create table if not exists ops.quarantine (
    source_code text not null,
    table_name text not null,
    received_date date not null,
    line_number bigint not null,
    rule_id text not null,
    column_name text not null,
    value_mask text,
    value_hmac text,
    hmac_key_id text,
    night_id bigint not null references ops.nights,
    primary key (source_code, table_name, received_date, line_number, rule_id, column_name)
);

create table if not exists ops.tie_outs (
    source_code text not null,
    table_name text not null,
    received_date date not null,
    measure_name text not null,
    control_value numeric not null,
    landed_value numeric not null,
    staged_value numeric not null,
    quarantined_value numeric not null,
    difference_value numeric not null,
    night_id bigint not null references ops.nights,
    primary key (source_code, table_name, received_date, measure_name)
);
alter table ops.tie_outs add column if not exists excluded_value numeric not null default 0;

-- ── identity: models with what they have counted (values as hashes), and what people have decided ────────────────
create table if not exists ops.identity_models (
    version text primary key,
    content text not null,
    frequencies bytea not null,
    trained_date date not null,
    record_count bigint not null,
    made_at timestamptz not null default clock_timestamp()
);
create table if not exists ops.identity_promotions (
    promotion_id bigint generated always as identity primary key,
    version text not null,
    effective_date date not null,
    proposer text not null,
    approver text not null check (approver <> proposer),
    reason text not null check (reason <> ''),
    decided_at timestamptz not null default clock_timestamp()
);
create table if not exists ops.identity_decisions (
    decision_id bigint generated always as identity primary key,
    effective_date date not null,
    kind_code text not null check (kind_code in ('same', 'different', 'open')),
    left_source_code text not null,
    left_customer_id text not null,
    right_source_code text not null,
    right_customer_id text not null,
    reason text not null check (reason <> ''),
    proposer text not null,
    approver text not null check (approver <> proposer),
    decided_at timestamptz not null default clock_timestamp(),
    check ((left_source_code, left_customer_id) < (right_source_code, right_customer_id))
);

-- ── churn: models with what they were trained on and how they did, and from when each scores ─────────────────────
create table if not exists ops.churn_models (
    model_version text primary key,
    trained_date date not null,
    first_month integer not null,
    last_month integer not null,
    feature_names text[] not null,
    feature_hash text not null,
    policy_version text not null,
    libraries jsonb not null,
    file_sha256 text,
    metrics jsonb not null,
    card text not null,
    state_code text not null check (state_code in ('registered', 'refused')),
    message text,
    reason text,
    registered_at timestamptz not null default clock_timestamp()
);
create table if not exists ops.churn_promotions (
    promotion_id bigint generated always as identity primary key,
    model_version text not null,
    effective_from date not null,
    proposer text not null,
    approver text not null check (approver <> proposer),
    reason text not null check (reason <> ''),
    decided_at timestamptz not null default clock_timestamp()
);

-- ── building: the typed views of a workspace, what they were made from, and the date as of which they are read ───
create table if not exists ops.views (
    workspace text primary key,
    business_date date not null,
    made_from text
);

-- ── building: as of which dates the marts of a workspace were built, and from which inputs ──────────────────────
create table if not exists ops.mart_builds (
    workspace text not null,
    business_date date not null,
    inputs text not null,
    is_whole boolean not null,
    night_id bigint not null references ops.nights,
    primary key (workspace, business_date)
);

-- What each call of dbt made, model by model.
create table if not exists ops.model_runs (
    night_id bigint not null references ops.nights,
    business_date date not null,
    model_name text not null,
    seconds numeric(12, 3) not null,
    row_count bigint,
    primary key (night_id, business_date, model_name)
);

-- ── gates ───────────────────────────────────────────────────────────────────────────────────────────────────
create table if not exists ops.gate_results (
    night_id bigint not null references ops.nights,
    gate_code text not null check (gate_code in ('delivery', 'edition', 'dbt')),
    rule_id text not null,
    table_name text not null,
    dimension_code text not null,
    severity_code text not null check (severity_code in ('critical', 'warning', 'info')),
    outcome_code text not null check (outcome_code in ('passed', 'failed', 'error')),
    checked_count bigint,
    unexpected_count bigint,
    observed_value text,
    owner_name text not null,
    wording_zh text not null,
    wording_en text not null,
    primary key (night_id, gate_code, rule_id)
);

create table if not exists ops.waivers (
    waiver_id bigint generated always as identity primary key,
    rule_id text not null,
    from_date date not null,
    until_date date not null,
    reason text not null,
    proposer text not null,
    approver text not null check (approver <> proposer)
);

-- ── publishing ──────────────────────────────────────────────────────────────────────────────────────────────
create table if not exists ops.editions (
    edition_id text primary key,
    business_date date not null,
    edition_number integer not null,
    state text not null check (state in ('kept', 'rolled_back', 'superseded', 'dropped')),
    cause text not null,
    night_id bigint not null references ops.nights,
    policy_version text not null,
    model_version text not null,
    code_release text not null,
    published_at timestamptz not null default clock_timestamp(),
    unique (business_date, edition_number)
);

create table if not exists ops.publications (
    edition_id text not null references ops.editions,
    table_name text not null,
    row_count bigint not null,
    digest text not null,
    primary key (edition_id, table_name)
);

create table if not exists ops.policy_versions (
    policy_version text primary key,
    bank_code text not null,
    content jsonb not null,
    first_used_at timestamptz not null default clock_timestamp()
);

-- The one bank whose records this database holds.
create table if not exists ops.bank (
    bank_code text not null,
    is_only boolean primary key default true check (is_only)
);

-- Who sees which branch; '*' is every branch.
create table if not exists ops.reader_branches (
    reader_name text not null,
    branch_id text not null,
    primary key (reader_name, branch_id)
);
