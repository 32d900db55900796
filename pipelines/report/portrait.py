"""The portrait of a bank: what its customers are worth and where they stand, as one page of plots."""

from dataclasses import dataclass
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from psycopg2.extensions import connection as Connection
from psycopg2.extras import NamedTupleCursor

from pipelines.report import plots
from pipelines.settings import Settings
from pipelines.sources import load_bank
from pipelines.warehouse import connect

TEMPLATE = "portrait.html.jinja"
LINEAR_UP_TO = 100.0  # money below it is drawn evenly, above it by powers of ten


class PortraitError(Exception):
    """There is nothing to draw; the message says what to run."""


@dataclass(frozen=True)
class Plot:
    """One plot with its caption in both languages."""

    name_zh: str
    name_en: str
    svg: str


def write_portrait(settings: Settings, page: Path) -> Path:
    """Draw the newest edition that is published and write one self-contained HTML file; returns its path.

    Raises PortraitError when nothing is published.
    """
    with connect(settings) as connection:
        edition = _newest_edition(connection)
        plotted = [
            *_money(connection, edition.edition_id),
            *_concentration(connection, edition.edition_id),
            *_tiers(connection, edition.edition_id),
            *_migrations(connection, edition.edition_id),
        ]
        totals = _rows(connection, _TOTALS.format(schema=edition.edition_id))[0]
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    text = environment.get_template(TEMPLATE).render(
        bank=load_bank(settings.bank), business_date=edition.business_date, totals=totals, plots=plotted
    )
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(text, encoding="utf-8")
    return page


def _newest_edition(connection: Connection) -> Any:
    found = _rows(
        connection,
        "select edition_id, business_date from ops.editions where state = 'kept' "
        "order by business_date desc, edition_number desc limit 1",
    )
    if not found:
        raise PortraitError("nothing is published yet; run a night first: yihu night --date yyyy-mm-dd")
    return found[0]


def _money(connection: Connection, schema: str) -> list[Plot]:
    rows = _rows(connection, _MONEY.format(schema=schema))
    return [
        Plot(
            "近十二个月当前价值的分布",
            "Distribution of current value over twelve months",
            plots.histogram([float(row.current_value) for row in rows], rows[0].currency_code, LINEAR_UP_TO),
        ),
        Plot(
            "月日均管理资产（AUM）的分布",
            "Distribution of monthly average assets under management",
            plots.histogram([float(row.aum) for row in rows], rows[0].currency_code, LINEAR_UP_TO),
        ),
    ]


def _concentration(connection: Connection, schema: str) -> list[Plot]:
    rows = _rows(connection, _CONCENTRATION.format(schema=schema))
    names = {"revenue": "收入 revenue", "contribution": "贡献 contribution"}
    lines = {
        names[measure]: (
            [0.0, *(float(row.customer_share) for row in points)],
            [0.0, *(float(row.value_share) for row in points)],
        )
        for measure, points in (
            (key, list(group)) for key, group in groupby(rows, key=lambda row: row.measure_code)
        )
    }
    words = ("客户占比（价值由高到低） share of customers, best first", "占比 share", "人人相等 all alike")
    return [
        Plot("二八曲线", "80/20: which share of customers brings which share", plots.curves(lines, *words))
    ]


def _tiers(connection: Connection, schema: str) -> list[Plot]:
    rows = _rows(connection, _TIERS.format(schema=schema))
    found = []
    for _, group in groupby(rows, key=lambda row: row.scheme_code):
        tiers = list(group)
        found.append(
            Plot(
                tiers[0].scheme_zh,
                tiers[0].scheme_en,
                plots.bars(
                    [f"{row.tier_zh} {row.tier_en}" for row in tiers],
                    [row.customers for row in tiers],
                    "客户数 customers",
                ),
            )
        )
    return found


def _migrations(connection: Connection, schema: str) -> list[Plot]:
    rows = _rows(connection, _MIGRATIONS.format(schema=schema))
    found = []
    for _, group in groupby(rows, key=lambda row: row.scheme_code):
        months = list(group)
        found.append(
            Plot(
                f"{months[0].scheme_zh}：逐月升降",
                f"{months[0].scheme_en}: up and down by month",
                plots.stacked_bars(
                    [_month(row.month_end_date) for row in months],
                    {
                        "上升 up": [row.up or 0 for row in months],
                        "下降 down": [row.down or 0 for row in months],
                    },
                    "客户数 customers",
                ),
            )
        )
    return found


def _month(day: date) -> str:
    return f"{day:%Y-%m}"


def _rows(connection: Connection, statement: str) -> list[Any]:
    with connection.cursor(cursor_factory=NamedTupleCursor) as cursor:
        cursor.execute(statement)
        return cursor.fetchall()


_TOTALS = """
select
    count(*) as customers,
    sum(aum_month_average_amount) as aum_amount,
    sum(revenue_12m_amount) as revenue_amount,
    sum(current_value_12m_amount) as value_amount,
    max(customer.currency_code) as currency_code
from {schema}.customer_360 as customer
inner join {schema}.customer_values as value using (customer_id)
"""
_MONEY = """
select
    value.current_value_12m_amount as current_value,
    customer.aum_month_average_amount as aum,
    customer.currency_code
from {schema}.customer_values as value
inner join {schema}.customer_360 as customer using (customer_id)
order by 1
"""
_CONCENTRATION = """
select measure_code, customer_share, value_share
from {schema}.value_concentrations
where
    scope_code = 'bank'
    and month_end_date = (select max(month_end_date) from {schema}.value_concentrations)
order by 1 desc, 2
"""
_TIERS = """
select
    tier.scheme_code,
    max(scheme.name_zh) as scheme_zh,
    max(scheme.name_en) as scheme_en,
    max(named.name_zh) as tier_zh,
    max(named.name_en) as tier_en,
    count(*) as customers
from {schema}.customer_tiers as tier
inner join {schema}.codes as scheme on scheme.code_set = 'scheme' and tier.scheme_code = scheme.code
inner join {schema}.codes as named
    on named.code_set = 'tier_' || tier.scheme_code and tier.tier_code = named.code
group by tier.scheme_code, tier.tier_rank, tier.tier_code, scheme.rank
order by scheme.rank, tier.tier_rank desc
"""
_MIGRATIONS = """
select
    migration.scheme_code,
    max(scheme.name_zh) as scheme_zh,
    max(scheme.name_en) as scheme_en,
    migration.month_end_date,
    sum(migration.customer_count) filter (where migration.to_tier_rank > migration.from_tier_rank) as up,
    sum(migration.customer_count) filter (where migration.to_tier_rank < migration.from_tier_rank) as down
from {schema}.tier_migrations as migration
inner join {schema}.codes as scheme on scheme.code_set = 'scheme' and migration.scheme_code = scheme.code
group by migration.scheme_code, scheme.rank, migration.month_end_date
order by scheme.rank, migration.month_end_date
"""
