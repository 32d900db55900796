"""Results of a gate's rules, the verdict over them, and what is said when the gate closes."""

from collections.abc import Collection, Iterable
from dataclasses import astuple, dataclass, fields
from datetime import date

from psycopg2.extensions import cursor
from psycopg2.extras import execute_values

RULES_LISTED = 10


class GateClosed(Exception):
    """Tonight may not go on: critical rules failed, or rules could not be judged. Nothing was published."""


@dataclass(frozen=True)
class GateResult:
    """One judged rule as stored in ``ops.gate_results``: counts and aggregates, never a cell's value."""

    rule_id: str
    table_name: str
    dimension_code: str
    severity_code: str
    outcome_code: str  # passed | failed | error
    checked_count: int | None
    unexpected_count: int | None
    observed_value: str | None
    owner_name: str
    wording_zh: str
    wording_en: str
    advice_zh: str
    advice_en: str


@dataclass(frozen=True)
class GateVerdict:
    """``criticals`` closed the gate (also every rule that crashed); ``warnings`` only tell."""

    passed: bool
    criticals: tuple[GateResult, ...]
    warnings: tuple[GateResult, ...]
    checked: int
    gate: str
    business_date: date


RESULT_COLUMNS = tuple(column.name for column in fields(GateResult))


def judge(
    gate: str, business_date: date, results: Collection[GateResult], waived: Collection[str] = ()
) -> GateVerdict:
    """The verdict: a critical failure closes unless waived; a rule that crashed always closes."""
    bad = [result for result in results if result.outcome_code != "passed"]
    criticals = tuple(result for result in bad if _closes(result, waived))
    warnings = tuple(result for result in bad if result not in criticals and result.severity_code != "info")
    return GateVerdict(not criticals, criticals, warnings, len(results), gate, business_date)


def close_if_failed(verdict: GateVerdict) -> None:
    """Raise GateClosed with the failed rules, the first ten in full, and the next step."""
    if verdict.passed:
        return
    count = len(verdict.criticals)
    gate = f"the {verdict.gate} gate closed on {verdict.business_date}"
    lines = [f"{gate}: {count} of {verdict.checked} rules failed"]
    lines += [f"- {_describe(result)}" for result in verdict.criticals[:RULES_LISTED]]
    if count > RULES_LISTED:
        lines.append(f"- and {count - RULES_LISTED} more in reporting.data_quality_results")
    lines.append(
        "Nothing was published; the last edition stays. Next: ask the owners named above for a corrected "
        "delivery in the same date folder, or have two people waive the rule (`yihu waive`); then run the "
        "night again."
    )
    raise GateClosed("\n".join(lines))


def replace_results(cur: cursor, night_id: int, gate: str, results: Iterable[GateResult]) -> None:
    """Store the results in place of the former ones of the same night and gate."""
    cur.execute("delete from ops.gate_results where night_id = %s and gate_code = %s", [night_id, gate])
    execute_values(
        cur,
        f"insert into ops.gate_results (night_id, gate_code, {', '.join(RESULT_COLUMNS)}) values %s",
        [(night_id, gate, *astuple(result)) for result in results],
    )


def stored_verdict(cur: cursor, night_id: int, gate: str, business_date: date) -> GateVerdict:
    """The verdict over what a gate of this night stored."""
    return judge(gate, business_date, stored_results(cur, night_id, gate), waived_rules(cur, business_date))


def stored_results(cur: cursor, night_id: int, gate: str) -> list[GateResult]:
    """What a gate of this night stored, by rule id."""
    cur.execute(
        f"select {', '.join(RESULT_COLUMNS)} from ops.gate_results "
        "where night_id = %s and gate_code = %s order by rule_id",
        [night_id, gate],
    )
    return [GateResult(*row) for row in cur.fetchall()]


def waived_rules(cur: cursor, business_date: date) -> frozenset[str]:
    """Ids of the rules waived on the business date."""
    cur.execute("select rule_id from ops.waivers where %s between from_date and until_date", [business_date])
    return frozenset(rule_id for (rule_id,) in cur.fetchall())


def _closes(result: GateResult, waived: Collection[str]) -> bool:
    if result.outcome_code == "error":
        return True
    return result.severity_code == "critical" and result.rule_id not in waived


def _describe(result: GateResult) -> str:
    observed = f" ({result.observed_value})" if result.observed_value else ""
    if result.outcome_code == "error":
        found = f"could not be judged{observed}"
    elif result.unexpected_count is not None:
        found = f"{result.unexpected_count} unexpected{observed}"
    else:
        found = f"observed {result.observed_value}"
    return (
        f"{result.rule_id} on {result.table_name}: {found}. "
        f"{result.wording_zh} | {result.wording_en} (owner: {result.owner_name})"
    )
