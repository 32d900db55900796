"""The figures of a night: what the terminal prints and the page shows."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from psycopg2.extensions import connection as Connection

from pipelines.gates.window import Window, received_window
from pipelines.nights import Night
from pipelines.report.arrivals import SourceArrival, read_arrivals
from pipelines.report.changes import Beside, Cause, causes, headline, read_late, read_tier_causes
from pipelines.report.failures import Failure, explain_failures
from pipelines.report.rows import Rows, all_rows, is_there, one_row
from pipelines.report.standings import Scheme, compare_bands, compare_tiers, read_names
from pipelines.report.trend import Trend, read_trend
from pipelines.report.words import words
from pipelines.settings import Settings
from pipelines.sources import active_sources
from pipelines.warehouse import connect

__all__ = ["Figures", "last_night", "read_figures", "words"]

SLOWEST_SHOWN = 10


@dataclass(frozen=True)
class EditionFigures:
    """What one edition holds, counted; without an edition every list is empty."""

    customers: Rows
    totals: Any | None
    tiers: Rows
    churn: Rows


NOTHING = EditionFigures([], None, [], [])


@dataclass(frozen=True)
class Figures:
    """One night as rows for a person: every list holds named tuples, in the order they are shown.

    ``edition`` is the one this night's date was published in, ``former`` the newest kept one before that
    date, ``shown`` what readers see.
    """

    night: Any
    steps: Rows
    failed: Any | None
    gates: Rows
    failures: Rows
    quarantine: Rows
    tie_outs: Rows
    edition: Any | None
    former: Any | None
    shown: Any | None
    customers: Rows
    totals: Any | None
    tiers: Rows
    churn: Rows
    identity_changes: Rows
    conflict_count: int
    conflicts: Rows
    digests: Rows
    window: Window
    arrivals: tuple[SourceArrival, ...]
    trend: tuple[Trend, ...]
    explained: tuple[Failure, ...]
    waivers: Rows
    headline: tuple[Beside, ...]
    causes: tuple[Cause, ...]
    tier_causes: Rows
    schemes: tuple[Scheme, ...]
    bands: Scheme | None
    models: Rows


def read_figures(settings: Settings, night: Night) -> Figures:
    """Figures of a night; a night that stopped or failed has no edition."""
    sources = active_sources(settings.bank)
    with connect(settings) as connection:
        with connection.cursor() as cursor:
            window = received_window(cursor, night.business_date)
        number, received = night.night_id, window.where("received_date")
        steps = all_rows(connection, _STEPS, number)
        failed = next((step for step in steps if step.state == "failed"), None)
        edition = None if failed else one_row(connection, _EDITION, night.business_date)
        former = one_row(connection, _FORMER, night.business_date)
        shown = one_row(connection, _SHOWN)
        now, before = _count(connection, edition), _count(connection, former)
        schema = edition.edition_id if edition else None
        record = one_row(connection, "select * from ops.nights where night_id = %s", number)
        failures = all_rows(connection, _FAILURES, number)
        waivers = all_rows(connection, _WAIVERS, number, night.business_date)
        arrivals = read_arrivals(connection, sources, window, settings.landing)
        identity = all_rows(connection, _IDENTITY_CHANGES.format(schema=schema)) if schema else []
        names = read_names(connection, schema) if schema else {}
        has_former = before.totals is not None
        return Figures(
            night=record,
            steps=steps,
            failed=failed,
            gates=all_rows(connection, _GATES, number),
            failures=failures,
            quarantine=all_rows(connection, _QUARANTINE.format(window=received)),
            tie_outs=all_rows(connection, _TIE_OUTS.format(window=received)),
            edition=edition,
            former=former,
            shown=shown,
            customers=now.customers,
            totals=now.totals,
            tiers=now.tiers,
            churn=now.churn,
            identity_changes=identity,
            conflict_count=_one_count(connection, _CONFLICT_COUNT.format(schema=schema)) if schema else 0,
            conflicts=all_rows(connection, _CONFLICTS.format(schema=schema)) if schema else [],
            digests=all_rows(connection, _DIGESTS, former and former.edition_id, schema) if schema else [],
            window=window,
            arrivals=arrivals,
            trend=read_trend(connection, night.workspace.name, number),
            explained=explain_failures(
                connection, failures, waivers, sources, window, _followed(connection, edition or shown)
            ),
            waivers=waivers,
            headline=headline(now.customers, now.totals, before.customers, before.totals),
            causes=causes(
                arrivals,
                sources,
                read_late(connection, sources, window),
                identity,
                record,
                edition,
                former,
            ),
            tier_causes=read_tier_causes(connection, schema) if schema else [],
            schemes=compare_tiers(names, now.tiers, before.tiers, has_former),
            bands=compare_bands(names, now.churn, before.churn, has_former),
            models=all_rows(connection, _SLOWEST, number, SLOWEST_SHOWN),
        )


def last_night(settings: Settings) -> tuple[int, date] | None:
    """Number and business date of the newest live night, None when there was none."""
    with connect(settings) as connection, connection.cursor() as cursor:
        cursor.execute(
            "select night_id, business_date from ops.nights where workspace = '' "
            "order by night_id desc limit 1"
        )
        return cursor.fetchone()


def _count(connection: Connection, edition: Any | None) -> EditionFigures:
    """The figures of an edition whose tables are still there."""
    if edition is None or not is_there(connection, edition.edition_id, "customer_360"):
        return NOTHING
    schema = edition.edition_id
    return EditionFigures(
        customers=all_rows(connection, _CUSTOMERS.format(schema=schema)),
        totals=one_row(connection, _TOTALS.format(schema=schema)),
        tiers=all_rows(connection, _TIERS.format(schema=schema)),
        churn=all_rows(connection, _CHURN.format(schema=schema)),
    )


def _followed(connection: Connection, edition: Any | None) -> str | None:
    """The edition by which a line's customer is found, if it still has the table for it."""
    if edition is None or not is_there(connection, edition.edition_id, "customer_identities"):
        return None
    return edition.edition_id


def _one_count(connection: Connection, query: str) -> int:
    row = one_row(connection, query)
    return row.open_count if row else 0


_STEPS = "select * from ops.night_steps where night_id = %s order by step_number"
_EDITION = """
select * from ops.editions where business_date = %s and state = 'kept' order by edition_number desc limit 1
"""
_FORMER = """
select * from ops.editions where business_date < %s and state = 'kept'
order by business_date desc, edition_number desc limit 1
"""
_SHOWN = """
select * from ops.editions where state = 'kept' order by business_date desc, edition_number desc limit 1
"""
_WAIVERS = """
select waiver.*, (
    select count(*) from ops.gate_results as result
    where result.night_id = %s and result.rule_id = waiver.rule_id and result.outcome_code <> 'passed'
) as failed_count
from ops.waivers as waiver where %s between from_date and until_date order by waiver_id
"""
_DIGESTS = """
select now.edition_id, now.table_name, now.row_count, now.digest,
       former.row_count as former_row_count, former.digest as former_digest,
       coalesce(now.digest = former.digest, false) as is_same
from ops.publications as now
left join ops.publications as former on former.edition_id = %s and former.table_name = now.table_name
where now.edition_id = %s order by now.table_name
"""
_SLOWEST = """
select model_name, business_date, seconds, row_count from ops.model_runs
where night_id = %s order by seconds desc, model_name limit %s
"""
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
       count(distinct (received_date, line_number)) as line_count,
       min(received_date) as first_date, max(received_date) as last_date
from ops.quarantine where {window} group by 1, 2, 3, 4 order by 1, 2, 3, 4
"""
_TIE_OUTS = """
select source_code, table_name, measure_name, count(*) as delivery_count, sum(control_value) as control_value,
       sum(staged_value) as staged_value, sum(quarantined_value) as quarantined_value,
       sum(excluded_value) as excluded_value,
       sum(difference_value) as difference_value,
       count(*) filter (where difference_value <> 0) as differing_count
from ops.tie_outs where {window} group by 1, 2, 3 order by 1, 2, 3
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
