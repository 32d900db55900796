"""Small editions made by hand, in the shape and with the ownership that dbt gives them."""

from datetime import date
from decimal import Decimal

from pipelines.nights import Night
from pipelines.settings import Settings
from pipelines.warehouse import connect
from pipelines.workspace import LIVE, Workspace

TABLES = """
create schema {schema};
create table {schema}.customer_360 (
    customer_id text not null, branch_id text not null, aum_amount numeric(18, 2) not null,
    business_date date not null
);
create table {schema}.customer_accounts (
    account_id text not null, customer_id text not null, branch_id text not null, balance_amount numeric(18, 2),
    business_date date not null
);
create table {schema}.customer_tiers (
    customer_id text not null, branch_id text not null, scheme_code text not null, tier_code text not null,
    metric_value numeric(18, 4), threshold_value numeric(18, 4), reason_code text, reason_detail text,
    business_date date not null
);
create table {schema}.customer_churn (
    customer_id text not null, branch_id text not null, churn_probability numeric(9, 8),
    days_inactive integer, reason_code text, business_date date not null
);
create table {schema}.codes (code_set text, code text, name_zh text, name_en text, business_date date);
create table {schema}.reasons (reason_code text, template_zh text, template_en text, business_date date);
insert into {schema}.reasons values
    ('aum_reaches', '资产{{metric}}元，达到{{threshold}}元{{detail}}', 'AUM {{metric}} reaches {{threshold}}{{detail}}', '{day}'),
    ('inactive', '{{metric}}天无交易', 'inactive for {{metric}} days', '{day}');
insert into {schema}.codes values ('tier', 'gold', '金卡', 'Gold', '{day}');
comment on table {schema}.customer_360 is '客户视图 | Customer view';
comment on column {schema}.customer_360.customer_id is '客户编号 | Customer id';
comment on column {schema}.customer_360.aum_amount is '管理资产 | Assets under management';
comment on table {schema}.customer_tiers is '客户分层 | Customer tiers';
"""  # noqa: E501


def open_night(settings: Settings, business_date: date, workspace: Workspace = LIVE) -> Night:
    """The only running night of the workspace; a former one is superseded."""
    with connect(settings) as connection, connection.cursor() as cursor:
        cursor.execute(
            "update ops.nights set state = 'superseded' where workspace = %s and state = 'running'",
            (workspace.name,),
        )
        cursor.execute(
            "insert into ops.nights (business_date, workspace, run_id, state, is_scheduled) "
            "values (%s, %s, 'by hand', 'running', false) returning night_id",
            (business_date, workspace.name),
        )
        return Night(cursor.fetchone()[0], business_date, workspace, "by hand")


def build(
    settings: Settings,
    business_date: date,
    aum: int = 100,
    workspace: Workspace = LIVE,
    after: str = "",
) -> None:
    """Build ``edition_next``: customers c1 (branch north) and c2 (south), whose AUM says which build it is.

    ``after``: more SQL to run, ``{schema}`` is the edition's.
    """
    schema = workspace.schema("edition_next")
    with connect(settings, "yihu_transformer") as connection, connection.cursor() as cursor:
        cursor.execute(f"drop schema if exists {schema} cascade")
        cursor.execute(TABLES.format(schema=schema, day=business_date))
        for customer, branch in (("c1", "north"), ("c2", "south")):
            row = {"id": customer, "branch": branch, "aum": Decimal(aum), "day": business_date}
            cursor.execute(
                f"""
insert into {schema}.customer_360 values (%(id)s, %(branch)s, %(aum)s, %(day)s);
insert into {schema}.customer_accounts values ('a' || %(id)s, %(id)s, %(branch)s, %(aum)s, %(day)s);
insert into {schema}.customer_tiers
    values (%(id)s, %(branch)s, 'aum_level', 'gold', %(aum)s, 50, 'aum_reaches', null, %(day)s);
insert into {schema}.customer_churn values (%(id)s, %(branch)s, 0.06, 31, 'inactive', %(day)s);
""",
                row,
            )
        cursor.execute(after.format(schema=schema) or "select")


def keep(settings: Settings, daily: int, month_ends: int) -> None:
    """Set the retention in the policy schema."""
    with connect(settings) as connection, connection.cursor() as cursor:
        cursor.execute(
            "create table if not exists policy.parameters "
            "(parameter_code text, value text, unit text, effective_from date, effective_to date)"
        )
        cursor.execute("delete from policy.parameters")
        cursor.execute(
            "insert into policy.parameters values ('kept_daily_editions', %s, 'count', '1990-01-01', null), "
            "('kept_month_end_editions', %s, 'count', '1990-01-01', null)",
            (str(daily), str(month_ends)),
        )
