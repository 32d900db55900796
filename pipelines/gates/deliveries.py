"""Three rules for every delivered table: it arrived, its totals tie out, few lines are in quarantine."""

from collections.abc import Iterable, Iterator
from decimal import Decimal

from psycopg2.extensions import cursor

from pipelines.gates.policy_values import PolicyValues
from pipelines.gates.verdict import GateResult
from pipelines.gates.window import Window
from pipelines.sources import Source, Table

OWNER = "data operations"
SHARE_PARAMETER = "gate_quarantine_share"
NO_MEASURE_TOLD = 3


def delivery_results(
    cur: cursor, sources: Iterable[Source], window: Window, policy: PolicyValues
) -> Iterator[GateResult]:
    """One result per table and rule, from ``ops`` alone; run it after quarantine_rejected and tie_out."""
    arrived, quarantined = _arrived(cur, window), _quarantined_lines(cur, window)
    tied, untied = _tied(cur, window), _untied(cur, window)
    for source in sources:
        for table in source.tables:
            key = (source.code, table.name)
            dates, rows = arrived.get(key, (0, 0))
            yield _arrival(table, dates, _expected_dates(cur, source.code, window))
            yield _tie_out(table, dates, tied.get(key, 0), untied.get(key, []))
            yield _quarantine_share(table, rows, quarantined.get(key, 0), policy)


def _arrived(cur: cursor, window: Window) -> dict[tuple[str, str], tuple[int, int]]:
    cur.execute(
        "select source_code, table_name, count(*), sum(row_count)::bigint from ops.deliveries "
        f"where {window.where('received_date')} group by source_code, table_name"
    )
    return {(source, table): (dates, rows) for source, table, dates, rows in cur.fetchall()}


def _expected_dates(cur: cursor, source_code: str, window: Window) -> int:
    """Calendar days of the window, counted from the source's first delivery."""
    cur.execute(
        "select %(until)s::date - greatest(%(after)s::date, min(received_date) - 1) from ops.deliveries "
        "where source_code = %(source)s",
        {"until": window.until, "after": window.after, "source": source_code},
    )
    return cur.fetchone()[0] or 1


def _quarantined_lines(cur: cursor, window: Window) -> dict[tuple[str, str], int]:
    cur.execute(
        "select source_code, table_name, count(distinct (received_date, line_number)) from ops.quarantine "
        f"where {window.where('received_date')} group by source_code, table_name"
    )
    return {(source, table): lines for source, table, lines in cur.fetchall()}


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


def _arrival(table: Table, dates: int, expected: int) -> GateResult:
    return _judged(
        table,
        rule="arrived",
        dimension="timeliness",
        is_good=dates == expected,
        checked=expected,
        unexpected=expected - dates,
        observed=f"{dates} of {expected} days",
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


def _quarantine_share(table: Table, rows: int, lines: int, policy: PolicyValues) -> GateResult:
    limit = policy.parameters.get(SHARE_PARAMETER)
    share = Decimal(lines) / rows if rows else Decimal(0)
    told = f"{share:.6f} of the lines, at most {limit}" if limit is not None else f"no {SHARE_PARAMETER}"
    return _judged(
        table,
        rule="quarantine_share",
        dimension="validity",
        is_good=None if limit is None else share <= limit,
        checked=rows,
        unexpected=lines,
        observed=told,
        zh=f"{table.zh}: 隔离行占比不应超过政策上限",
        en=f"{table.en}: the share of quarantined lines stays within the policy",
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
) -> GateResult:
    return GateResult(
        rule_id=f"{rule}.{table.source}.{table.name}",
        table_name=table.raw_name,
        dimension_code=dimension,
        severity_code="critical",
        outcome_code={True: "passed", False: "failed", None: "error"}[is_good],
        checked_count=checked,
        unexpected_count=unexpected,
        observed_value=observed,
        owner_name=OWNER,
        wording_zh=zh,
        wording_en=en,
    )
