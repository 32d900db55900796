"""The headline figures of a night: what the terminal prints and the page shows."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from psycopg2.extensions import connection as Connection
from psycopg2.extras import NamedTupleCursor

from pipelines.nights import Night
from pipelines.settings import Settings
from pipelines.warehouse import connect

Rows = list[Any]


@dataclass(frozen=True)
class Figures:
    """One night as rows for a person: every list holds named tuples, in the order they are shown."""

    night: Any
    steps: Rows
    gates: Rows
    failures: Rows
    quarantine: Rows
    tie_outs: Rows
    edition: Any | None
    customers: Rows
    totals: Any | None
    tiers: Rows
    churn: Rows
    identity_changes: Rows
    conflict_count: int
    conflicts: Rows
    digests: Rows


def read_figures(settings: Settings, night: Night) -> Figures:
    """Figures of a night; the edition is the one published for its business date, if there is one."""
    with connect(settings) as connection:
        edition = _one(
            connection,
            "select * from ops.editions where business_date = %s and state = 'kept' "
            "order by edition_number desc limit 1",
            night.business_date,
        )
        schema = edition and edition.edition_id
        return Figures(
            night=_one(connection, "select * from ops.nights where night_id = %s", night.night_id),
            steps=_all(
                connection,
                "select * from ops.night_steps where night_id = %s order by step_number",
                night.night_id,
            ),
            gates=_all(connection, _GATES, night.night_id),
            failures=_all(connection, _FAILURES, night.night_id),
            quarantine=_all(connection, _QUARANTINE, night.night_id),
            tie_outs=_all(connection, _TIE_OUTS, night.night_id),
            edition=edition,
            customers=_all(connection, _CUSTOMERS.format(schema=schema)) if schema else [],
            totals=_one(connection, _TOTALS.format(schema=schema)) if schema else None,
            tiers=_all(connection, _TIERS.format(schema=schema)) if schema else [],
            churn=_all(connection, _CHURN.format(schema=schema)) if schema else [],
            identity_changes=_all(connection, _IDENTITY_CHANGES.format(schema=schema)) if schema else [],
            conflict_count=_one(connection, _CONFLICT_COUNT.format(schema=schema)).open_count
            if schema
            else 0,
            conflicts=_all(connection, _CONFLICTS.format(schema=schema)) if schema else [],
            digests=_all(
                connection,
                "select * from ops.publications where edition_id = %s order by table_name",
                edition.edition_id,
            )
            if edition
            else [],
        )


def last_night(settings: Settings) -> tuple[int, date] | None:
    """Number and business date of the newest live night, None when there was none."""
    with connect(settings) as connection, connection.cursor() as cursor:
        cursor.execute(
            "select night_id, business_date from ops.nights where workspace = '' "
            "order by night_id desc limit 1"
        )
        return cursor.fetchone()


_GATES = """
select gate_code, dimension_code, count(*) as rule_count,
       count(*) filter (where outcome_code = 'passed') as passed_count,
       count(*) filter (where outcome_code <> 'passed' and severity_code = 'critical') as critical_count,
       count(*) filter (where outcome_code <> 'passed' and severity_code <> 'critical') as warning_count
from ops.gate_results where night_id = %s
group by gate_code, dimension_code order by gate_code, dimension_code
"""
_FAILURES = """
select * from ops.gate_results where night_id = %s and outcome_code <> 'passed'
order by severity_code, gate_code, rule_id
"""
_QUARANTINE = """
select source_code, table_name, column_name, rule_id, count(*) as cell_count,
       min(received_date) as first_date, max(received_date) as last_date
from ops.quarantine where night_id = %s group by 1, 2, 3, 4 order by 1, 2, 3, 4
"""
_TIE_OUTS = """
select source_code, table_name, measure_name, count(*) as delivery_count, sum(control_value) as control_value,
       sum(staged_value) as staged_value, sum(quarantined_value) as quarantined_value,
       sum(difference_value) as difference_value
from ops.tie_outs where night_id = %s group by 1, 2, 3 order by 1, 2, 3
"""
_CUSTOMERS = """
select customer_kind_code, count(*) as customer_count, sum(aum_amount) as aum_amount
from {schema}.customer_360 group by 1 order by 2 desc
"""
_TOTALS = """
select count(*) as customer_count, sum(deposit_amount) as deposit_amount, sum(aum_amount) as aum_amount,
       sum(aum_month_average_amount) as aum_month_average_amount, sum(liability_amount) as liability_amount,
       max(currency_code) as currency_code
from {schema}.customer_360
"""
_TIERS = """
select scheme_code, tier_code, max(tier_rank) as tier_rank, count(*) as customer_count
from {schema}.customer_tiers group by 1, 2 order by 1, 3 desc
"""
_CHURN = """
select churn_band_code, count(*) as customer_count, sum(money_at_risk_amount) as money_at_risk_amount,
       avg(churn_probability) as churn_probability
from {schema}.customer_churn group by 1 order by 4 desc
"""
# "tonight": after the edition before; of a first edition, which tells all history, on its own date
_IDENTITY_CHANGES = """
with tonight as (
    select max(business_date) as business_date from {schema}.customer_identity_changes
),
changes as (
    select change.*
    from {schema}.customer_identity_changes as change inner join tonight using (business_date)
    where change.changed_date > coalesce(
        (select max(former.business_date) from ops.editions as former
         where former.state = 'kept' and former.business_date < tonight.business_date),
        tonight.business_date - 1
    )
)
select named.name_zh as change_zh, named.name_en as change_en,
       cause.name_zh as cause_zh, cause.name_en as cause_en,
       count(*) as record_count, count(distinct changes.customer_id) as customer_count
from changes
inner join {schema}.codes as named on named.code_set = 'identity_change' and named.code = changes.change_code
inner join {schema}.codes as cause on cause.code_set = 'identity_cause' and cause.code = changes.cause_code
group by named.rank, cause.rank, 1, 2, 3, 4 order by named.rank, cause.rank
"""
_CONFLICT_COUNT = "select count(*) as open_count from {schema}.customer_identity_conflicts"
_CONFLICTS = """
select conflict.customer_id, conflict.linked_customer_id, rule.name_zh as rule_zh, rule.name_en as rule_en,
       conflict.link_weight, conflict.since_date
from {schema}.customer_identity_conflicts as conflict
inner join {schema}.codes as rule on rule.code_set = 'identity_rule' and rule.code = conflict.rule_code
order by conflict.since_date desc, conflict.link_weight desc, conflict.customer_id,
         conflict.linked_customer_id
limit 20
"""


def _all(connection: Connection, query: str, *values: object) -> Rows:
    with connection.cursor(cursor_factory=NamedTupleCursor) as cursor:
        cursor.execute(query, values)
        return cursor.fetchall()


def _one(connection: Connection, query: str, *values: object) -> Any | None:
    rows = _all(connection, query, *values)
    return rows[0] if rows else None


def words(value: object) -> str:
    """A figure as a person writes it: thousands apart, two places for money."""
    if value is None:
        return ""
    if isinstance(value, Decimal) and value.as_tuple().exponent:
        return f"{value:,.2f}"
    return f"{value:,}" if isinstance(value, int | Decimal) and not isinstance(value, bool) else str(value)
