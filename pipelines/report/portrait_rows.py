"""What the portrait of a bank is drawn from: rows of the newest edition that is published."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from psycopg2.extensions import connection as Connection
from psycopg2.extras import NamedTupleCursor

from pipelines.settings import Settings
from pipelines.warehouse import connect


class PortraitError(Exception):
    """There is nothing to draw; the message says what to run."""


@dataclass(frozen=True)
class Rows:
    """Named tuples in the order they are drawn: one a customer, a step of the curve, a tier, a month."""

    business_date: date
    totals: Any
    customers: list[Any]
    concentration: list[Any]
    tiers: list[Any]
    moves: list[Any]


def read_rows(settings: Settings) -> Rows:
    """The rows of the newest edition; raises PortraitError when nothing is published."""
    with connect(settings) as connection:
        editions = _all(connection, _EDITION)
        if not editions:
            raise PortraitError(
                f"bank {settings.bank}: nothing is published yet; run a night first: "
                f"yihu --bank {settings.bank} night --date yyyy-mm-dd"
            )
        edition = editions[0]

        def rows(statement: str) -> list[Any]:
            return _all(connection, statement.format(schema=edition.edition_id))

        return Rows(
            business_date=edition.business_date,
            totals=rows(_TOTALS)[0],
            customers=rows(_CUSTOMERS),
            concentration=rows(_CONCENTRATION),
            tiers=rows(_TIERS),
            moves=rows(_MOVES),
        )


def _all(connection: Connection, statement: str) -> list[Any]:
    with connection.cursor(cursor_factory=NamedTupleCursor) as cursor:
        cursor.execute(statement)
        return cursor.fetchall()


_EDITION = """
select edition_id, business_date
from ops.editions
where state = 'kept'
order by business_date desc, edition_number desc
limit 1
"""
_TOTALS = """
select
    count(*) as customers,
    sum(customer.aum_month_average_amount) as aum_amount,
    sum(worth.revenue_12m_amount) as revenue_amount,
    sum(worth.current_value_12m_amount) as value_amount,
    sum(worth.deposit_contribution_12m_amount) as deposit_contribution_amount,
    sum(worth.loan_contribution_12m_amount) as loan_contribution_amount,
    sum(worth.settlement_fee_12m_amount) as settlement_fee_amount,
    sum(worth.cards_fee_12m_amount) as cards_fee_amount,
    sum(worth.wealth_fee_12m_amount) as wealth_fee_amount,
    sum(worth.loans_fee_12m_amount) as loans_fee_amount,
    sum(worth.agency_fee_12m_amount) as agency_fee_amount,
    sum(worth.transaction_cost_12m_amount) as transaction_cost_amount,
    sum(worth.service_cost_12m_amount) as service_cost_amount,
    sum(worth.privilege_cost_12m_amount) as privilege_cost_amount,
    max(worth.currency_code) as currency_code
from {schema}.customer_360 as customer
inner join {schema}.customer_values as worth on customer.customer_id = worth.customer_id
"""
_CUSTOMERS = """
select
    worth.current_value_12m_amount as current_value,
    customer.aum_month_average_amount as aum,
    stability.stability_score,
    stability.loyalty_score
from {schema}.customer_360 as customer
inner join {schema}.customer_values as worth on customer.customer_id = worth.customer_id
inner join {schema}.customer_stability as stability on customer.customer_id = stability.customer_id
order by customer.customer_id
"""
_CONCENTRATION = """
select measure_code, reached_customer_share, value_share, top_customer_share, top_value_share
from {schema}.value_concentrations
where scope_code = 'bank' and month_end_date = business_date
order by measure_code desc, customer_share
"""
_TIERS = """
select
    scheme.code as scheme_code,
    scheme.name_zh as scheme_zh,
    scheme.name_en as scheme_en,
    named.name_zh as tier_zh,
    named.name_en as tier_en,
    coalesce(held.customers, 0) as customers,
    coalesce(held.watched, 0) as watched
from {schema}.codes as scheme
inner join {schema}.codes as named on named.code_set = 'tier_' || scheme.code
left join (
    select
        scheme_code,
        tier_code,
        count(*) as customers,
        count(*) filter (where state_code = 'watch') as watched
    from {schema}.customer_tiers
    group by scheme_code, tier_code
) as held on scheme.code = held.scheme_code and named.code = held.tier_code
where scheme.code_set = 'scheme'
order by scheme.rank, scheme.code, named.rank desc
"""
_MOVES = """
select
    migration.scheme_code,
    migration.month_end_date,
    coalesce(sum(migration.customer_count) filter (where entered.rank > former.rank), 0) as up,
    coalesce(sum(migration.customer_count) filter (where entered.rank < former.rank), 0) as down
from {schema}.tier_migrations as migration
inner join {schema}.codes as scheme on scheme.code_set = 'scheme' and migration.scheme_code = scheme.code
inner join {schema}.codes as former
    on former.code_set = 'tier_' || migration.scheme_code and migration.from_tier_code = former.code
inner join {schema}.codes as entered
    on entered.code_set = 'tier_' || migration.scheme_code and migration.to_tier_code = entered.code
group by migration.scheme_code, scheme.rank, migration.month_end_date
order by scheme.rank, migration.scheme_code, migration.month_end_date
"""
