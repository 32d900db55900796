"""Nothing is lost on the way: control totals = staged + quarantined + left out on purpose, table by table."""

from collections.abc import Iterator

import psycopg2
from psycopg2.extensions import cursor
from psycopg2.extras import execute_values

from pipelines.gates.suites import Suite, load_suites
from pipelines.gates.window import Window, received_window
from pipelines.nights import Night
from pipelines.settings import Settings
from pipelines.sources import Table, active_sources
from pipelines.warehouse import connect

ROWS = "rows"
_RECORD = """
    insert into ops.tie_outs
        (source_code, table_name, received_date, measure_name, control_value, landed_value,
         staged_value, quarantined_value, excluded_value, difference_value, night_id)
    values %s
    on conflict (source_code, table_name, received_date, measure_name) do update set
        control_value = excluded.control_value, landed_value = excluded.landed_value,
        staged_value = excluded.staged_value, quarantined_value = excluded.quarantined_value,
        excluded_value = excluded.excluded_value,
        difference_value = excluded.difference_value, night_id = excluded.night_id
"""


class TieOutError(Exception):
    """A table's totals could not be compared."""


def tie_out(settings: Settings, night: Night) -> int:
    """Compare rows and control sums of everything received tonight; returns how many measures differ.

    One query per table for all its dates, into ``ops.tie_outs``; a difference closes the delivery gate.
    Run it after quarantine_rejected. Raises TieOutError.
    """
    sources = active_sources(settings.bank)
    suites = load_suites(settings.root, "delivery", {source.code for source in sources})
    suite_of = {suite.table: suite for suite in suites}
    staging = night.workspace.schema("staging")
    with (
        connect(settings, role="yihu_loader", night_id=night.night_id) as connection,
        connection.cursor() as cur,
    ):
        window = received_window(cur, night.business_date)
        delivered = _delivered(cur, window)
        for table in (table for source in sources for table in source.tables):
            if (table.source, table.name) in delivered:
                _tie_table(cur, table, _suite(suite_of, table), staging, window, night.night_id)
        return _differences(cur, window)


def _delivered(cur: cursor, window: Window) -> set[tuple[str, str]]:
    cur.execute(
        f"select distinct source_code, table_name from ops.deliveries where {window.where('received_date')}"
    )
    return set(cur.fetchall())


def _differences(cur: cursor, window: Window) -> int:
    cur.execute(
        f"select count(*) from ops.tie_outs where difference_value <> 0 and {window.where('received_date')}"
    )
    return cur.fetchone()[0]


def _suite(suite_of: dict[str, Suite], table: Table) -> Suite:
    if table.raw_name not in suite_of:
        raise TieOutError(
            f"source {table.source}, table {table.name}: its staged relation is not known; "
            f"write expectations/delivery/{table.raw_name}.yml"
        )
    return suite_of[table.raw_name]


def _tie_table(cur: cursor, table: Table, suite: Suite, staging: str, window: Window, night_id: int) -> None:
    try:
        # Read, then written: the server reads with all its cores only for a query that writes nothing.
        cur.execute(
            _measuring(table, suite, staging, window),
            {"source": table.source, "table": table.name, "night": night_id},
        )
        execute_values(cur, _RECORD, cur.fetchall(), page_size=1000)
    except psycopg2.Error as error:
        # The database may quote a cell: only the kind of error is told.
        raise TieOutError(
            f"source {table.source}, table {table.name}, dates up to {window.until}: "
            f"{staging}.{suite.relation} could not be compared with its control totals "
            f"({type(error).__name__}); check the staging view and the suite's sums"
        ) from None


def _measuring(table: Table, suite: Suite, staging: str, window: Window) -> str:
    """Of lines let in on their own date the bad cells alone are aside; later ones have numbers below 0."""
    staged_sums = [f"sum({suite.sums.get(name, name)}) as sum_{name}" for name in table.sums]
    return f"""
        with quarantined as (
            select cell.received_date, cell.line_number, array_agg(cell.column_name) as cells,
                   bool_or(line.release_id is null) as is_out
            from ops.quarantine as cell
            left join ops.released_lines as line
                on (line.source_code, line.table_name) = (cell.source_code, cell.table_name)
                and (line.received_date, line.line_number) = (cell.received_date, cell.line_number)
                and line.business_date = line.received_date
            where cell.source_code = %(source)s and cell.table_name = %(table)s
                and {window.where("cell.received_date")}
            group by 1, 2
        ),
        landed as (
            select {", ".join(["r._received_date as received_date", *_landed(table)])}
            from raw.{table.raw_name} as r
            left join quarantined as q
                on q.received_date = r._received_date and q.line_number = r._line_number
            cross join lateral (
                select q.is_out is not true and coalesce({_excluded(suite)}, false) as is_excluded
            ) as x
            where {window.where("r._received_date")}
            group by r._received_date
        ),
        staged as (
            select {", ".join(["_received_date as received_date", "count(*) as row_count", *staged_sums])}
            from {staging}.{suite.relation}
            where {window.where()} and _line_number > 0
            group by _received_date
        ),
        measured as (
            select d.received_date, m.*
            from ops.deliveries as d
            left join landed as l using (received_date)
            left join staged as s using (received_date)
            cross join lateral (values {", ".join(_measures(table))})
                as m (measure_name, control, landed, staged, quarantined, excluded)
            where d.source_code = %(source)s and d.table_name = %(table)s and {window.where("received_date")}
        )
        select %(source)s, %(table)s, received_date, measure_name, control, landed,
               staged, quarantined, excluded, control - staged - quarantined - excluded, %(night)s
        from measured
    """


def _landed(table: Table) -> Iterator[str]:
    yield "count(*) as row_count"
    yield "count(*) filter (where q.is_out) as quarantined_count"
    yield "count(*) filter (where x.is_excluded) as excluded_count"
    for name in table.sums:
        number = f"case when r.{name} ~ '^[+-]?[0-9]+([.][0-9]+)?$' then cast(r.{name} as numeric) else 0 end"
        yield f"sum({number}) as sum_{name}"
        aside = f"q.is_out or (not x.is_excluded and '{name}' = any(q.cells))"
        yield f"sum({number}) filter (where {aside}) as quarantined_{name}"
        yield f"sum({number}) filter (where x.is_excluded) as excluded_{name}"


def _measures(table: Table) -> Iterator[str]:
    """Rows of (measure, control, landed, staged, quarantined, excluded) for one date; absent ones are 0."""
    yield _measure(
        ROWS, "d.row_count", "l.row_count", "s.row_count", "l.quarantined_count", "l.excluded_count"
    )
    for name in table.sums:
        control = f"cast(d.control_sums ->> '{name}' as numeric)"
        yield _measure(
            name, control, f"l.sum_{name}", f"s.sum_{name}", f"l.quarantined_{name}", f"l.excluded_{name}"
        )


def _measure(name: str, *values: str) -> str:
    numbers = ", ".join(f"coalesce(cast({value} as numeric), 0)" for value in values)
    return f"('{name}', {numbers})"


def _excluded(suite: Suite) -> str:
    """Whether a raw line is one that staging leaves out on purpose, as its suite declares."""
    conditions = " or ".join(f"({exclusion.where})" for exclusion in suite.exclusions) or "false"
    return conditions.replace("%", "%%")  # psycopg2 reads a single one as a parameter
