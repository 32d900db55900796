"""Five rules for every delivered table, from its declaration alone.

It arrived, its totals tie out, few lines are in quarantine, no column was retyped, no column is new.
"""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from decimal import Decimal

from psycopg2.extensions import cursor

from pipelines.gates.advice import advice_by_kind
from pipelines.gates.dates import DATES_NAMED, tell_dates
from pipelines.gates.policy_values import PolicyValues
from pipelines.gates.verdict import GateResult
from pipelines.gates.window import Window
from pipelines.sources import Source, Table

OWNER = "data operations"
SHARE_PARAMETER = "gate_quarantine_share"
NO_MEASURE_TOLD = 3
ONE_BAD_CELL = 1  # is a bad cell; more of them, and none that is good, are another type


def delivery_results(
    cur: cursor, sources: Iterable[Source], window: Window, policy: PolicyValues
) -> Iterator[GateResult]:
    """One result per table and rule, from ``ops`` alone; run it after quarantine_rejected and tie_out."""
    arrived, quarantined = _arrived(cur, window), _quarantined_lines(cur, window)
    tied, untied = _tied(cur, window), _untied(cur, window)
    rejected, new_columns = _rejected_cells(cur, window), _new_columns(cur, window)
    for source in sources:
        for table in source.tables:
            key = (source.code, table.name)
            dates, rows = arrived.get(key, ([], 0))
            yield _arrival(table, dates, _expected_dates(cur, source.code, window))
            yield _tie_out(table, len(dates), tied.get(key, 0), untied.get(key, []))
            yield _quarantine_share(table, rows, quarantined.get(key, {}), policy)
            yield _retyped(table, rows, _retyped_columns(cur, table, rejected.get(key, {})))
            yield _schema_drift(table, len(dates), new_columns.get(key, []))


def _arrived(cur: cursor, window: Window) -> dict[tuple[str, str], tuple[list[date], int]]:
    cur.execute(
        "select source_code, table_name, array_agg(received_date), sum(row_count)::bigint "
        f"from ops.deliveries where {window.where('received_date')} group by source_code, table_name"
    )
    return {(source, table): (dates, rows) for source, table, dates, rows in cur.fetchall()}


def _expected_dates(cur: cursor, source_code: str, window: Window) -> list[date]:
    """Calendar days of the window, counted from the source's first delivery."""
    cur.execute(
        "select greatest(%s::date + 1, min(received_date)) from ops.deliveries where source_code = %s "
        "having count(*) > 0",
        (window.after, source_code),
    )
    (first,) = cur.fetchone() or (window.until,)
    days = (window.until - first).days
    return [first + timedelta(day) for day in range(days + 1)] or [window.until]


def _quarantined_lines(cur: cursor, window: Window) -> dict[tuple[str, str], dict[date, int]]:
    """Lines set aside, without those that were let in on their own date."""
    cur.execute(
        "select source_code, table_name, received_date, count(distinct line_number) "
        f"from ops.quarantine as cell where {window.where('received_date')} "
        "and not exists (select from ops.released_lines as line "
        "where line.business_date = line.received_date "
        "and (line.source_code, line.table_name) = (cell.source_code, cell.table_name) "
        "and (line.received_date, line.line_number) = (cell.received_date, cell.line_number)) "
        "group by 1, 2, 3 order by 1, 2, 3"
    )
    found: dict[tuple[str, str], dict[date, int]] = {}
    for source, table, day, lines in cur.fetchall():
        found.setdefault((source, table), {})[day] = lines
    return found


def _tied(cur: cursor, window: Window) -> dict[tuple[str, str], int]:
    cur.execute(
        "select source_code, table_name, count(distinct received_date) from ops.tie_outs "
        f"where {window.where('received_date')} group by source_code, table_name"
    )
    return {(source, table): dates for source, table, dates in cur.fetchall()}


def _untied(cur: cursor, window: Window) -> dict[tuple[str, str], list[str]]:
    cur.execute(
        "select source_code, table_name, received_date, measure_name, difference_value from ops.tie_outs "
        f"where difference_value <> 0 and {window.where('received_date')} order by 1, 2, 3, 4"
    )
    found: dict[tuple[str, str], list[str]] = {}
    for source, table, received_date, measure, difference in cur.fetchall():
        found.setdefault((source, table), []).append(f"{received_date} {measure} differs by {difference}")
    return found


def _rejected_cells(cur: cursor, window: Window) -> dict[tuple[str, str], dict[tuple[date, str], int]]:
    """Cells that do not cast to their declared type, where a column has several of them on a date."""
    cur.execute(
        "select source_code, table_name, received_date, column_name, count(*) from ops.quarantine "
        f"where starts_with(rule_id, 'not_a_') and {window.where('received_date')} "
        "group by 1, 2, 3, 4 having count(*) > %s order by 1, 2, 3, 4",
        [ONE_BAD_CELL],
    )
    found: dict[tuple[str, str], dict[tuple[date, str], int]] = {}
    for source, table, day, column, cells in cur.fetchall():
        found.setdefault((source, table), {})[day, column] = cells
    return found


def _retyped_columns(
    cur: cursor, table: Table, rejected: dict[tuple[date, str], int]
) -> dict[str, dict[date, int]]:
    """Columns of which, on some date, not one cell can be read as its declared type; their cells by date."""
    suspects = sorted({name for _, name in rejected})
    if not suspects:
        return {}
    counts = ", ".join(f"count({name})" for name in suspects)
    cur.execute(
        f"select _received_date, {counts} from raw.{table.raw_name} "
        "where _received_date = any(%s) group by _received_date",
        [sorted({day for day, _ in rejected})],
    )
    filled = {
        (day, name): cells
        for day, *counted in cur.fetchall()
        for name, cells in zip(suspects, counted, strict=True)
    }
    found: dict[str, dict[date, int]] = {}
    for (day, name), cells in rejected.items():
        if filled[day, name] == cells:
            found.setdefault(name, {})[day] = cells
    return found


def _new_columns(cur: cursor, window: Window) -> dict[tuple[str, str], list[str]]:
    cur.execute(
        "select source_code, table_name, array_agg(distinct name order by name) from ops.deliveries "
        f"cross join lateral unnest(extra_columns) as name where {window.where('received_date')} "
        "group by source_code, table_name"
    )
    return {(source, table): names for source, table, names in cur.fetchall()}


def _arrival(table: Table, dates: list[date], expected: list[date]) -> GateResult:
    missing = [day for day in expected if day not in dates]
    told = ", ".join(map(str, missing[:DATES_NAMED])) + (", …" if len(missing) > DATES_NAMED else "")
    return _judged(
        table,
        rule="arrived",
        dimension="timeliness",
        is_good=not missing,
        checked=len(expected),
        unexpected=len(missing),
        observed=f"{len(dates)} of {len(expected)} days" + (f", without {told}" if missing else ""),
        zh=f"{table.zh}: 每个日历日都应有一份交付",
        en=f"{table.en}: every calendar day has its delivery",
    )


def _tie_out(table: Table, dates: int, tied: int, untied: list[str]) -> GateResult:
    if tied < dates:
        untied = [f"{dates - tied} of {dates} days were not tied out", *untied]
    return _judged(
        table,
        rule="tie_out",
        dimension="accuracy",
        is_good=not untied,
        checked=dates,
        unexpected=len(untied),
        observed="; ".join(untied[:NO_MEASURE_TOLD]) or None,
        zh=f"{table.zh}: 控制总数应等于入库数加隔离数",
        en=f"{table.en}: control totals equal what was staged plus what is in quarantine",
    )


def _quarantine_share(
    table: Table, rows: int, quarantined: dict[date, int], policy: PolicyValues
) -> GateResult:
    lines = sum(quarantined.values())
    limit = policy.parameters.get(SHARE_PARAMETER)
    share = Decimal(lines) / rows if rows else Decimal(0)
    is_good = None if limit is None else share <= limit
    told = f"{share:.6f} of the lines, at most {limit}" if limit is not None else f"no {SHARE_PARAMETER}"
    if is_good is False:
        told = f"{told}; {tell_dates(quarantined.items())}"
    return _judged(
        table,
        rule="quarantine_share",
        dimension="validity",
        is_good=is_good,
        checked=rows,
        unexpected=lines,
        observed=told,
        zh=f"{table.zh}: 隔离行占比不应超过政策上限",
        en=f"{table.en}: the share of quarantined lines stays within the policy",
    )


def _retyped(table: Table, rows: int, columns: dict[str, dict[date, int]]) -> GateResult:
    return _judged(
        table,
        rule="retyped",
        dimension="validity",
        is_good=not columns,
        checked=rows,
        unexpected=len(columns),
        observed="; ".join(f"{name} {tell_dates(columns[name].items())}" for name in sorted(columns)) or None,
        zh=f"{table.zh}: 列的类型应与声明一致",
        en=f"{table.en}: the columns still hold what is declared",
    )


def _schema_drift(table: Table, dates: int, columns: list[str]) -> GateResult:
    """A new column only warns: its values are kept aside until it is declared, or declared as ignored."""
    return _judged(
        table,
        rule="schema_drift",
        dimension="consistency",
        is_good=not columns,
        checked=dates,
        unexpected=len(columns),
        observed=", ".join(columns) or None,
        zh=f"{table.zh}: 交付中不应有未声明的列（其值另存）",
        en=f"{table.en}: no column comes that is not declared (its values are kept aside)",
        severity="warning",
    )


def _judged(
    table: Table,
    rule: str,
    dimension: str,
    is_good: bool | None,
    checked: int,
    unexpected: int,
    observed: str | None,
    zh: str,
    en: str,
    severity: str = "critical",
) -> GateResult:
    advice = advice_by_kind(rule)
    return GateResult(
        rule_id=f"{rule}.{table.source}.{table.name}",
        table_name=table.raw_name,
        dimension_code=dimension,
        severity_code=severity,
        outcome_code={True: "passed", False: "failed", None: "error"}[is_good],
        checked_count=checked,
        unexpected_count=unexpected,
        observed_value=observed,
        owner_name=OWNER,
        wording_zh=zh,
        wording_en=en,
        advice_zh=advice.zh,
        advice_en=advice.en,
    )
