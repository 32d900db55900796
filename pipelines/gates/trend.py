"""Volume and distribution against the nights before: rules made for every table at both gates (catalogue Q1).

They warn; only where nothing came at all may policy let them close the gate. They are silent until enough
nights are known, and where the policy holds no ``gate_trend_…`` on the date.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import groupby

from psycopg2.extensions import cursor

from pipelines.gates.advice import advice_by_kind
from pipelines.gates.deliveries import OWNER
from pipelines.gates.limits import FLOW, MEAN, SHARE, STOCK, TrendLimits, Usual
from pipelines.gates.measures import (
    ROWS,
    History,
    Measure,
    delivered_rows,
    known_measures,
    measure_edition,
    measure_empties,
)
from pipelines.gates.suites import UNCOUNTED, Suite, SuiteError
from pipelines.gates.verdict import GateResult
from pipelines.gates.window import Window
from pipelines.sources import Source, Table

# first word of a rule of the edition → dimension and wording
EDITION_RULES = {
    "volume": (
        "completeness",
        "行数应与近期各批次相近",
        "The table holds about as many rows as on the nights before",
    ),
    "means": ("consistency", "均值应与近期各批次相近", "Means are about those of the nights before"),
    "shares": ("consistency", "各类占比应与近期各批次相近", "Shares are about those of the nights before"),
}
TOLD = 5  # values out of the usual that one result tells in full


@dataclass(frozen=True)
class Trend:
    """What one gate found beside the nights before, and the measures of tonight that later ones need."""

    results: tuple[GateResult, ...]
    measures: tuple[Measure, ...]


@dataclass(frozen=True)
class TrendRule:
    """One rule: its id, the table it is about, and how it is worded."""

    rule_id: str
    table: str
    dimension: str
    owner: str
    zh: str
    en: str


NOTHING = Trend((), ())


def delivery_trend(
    cur: cursor, sources: Iterable[Source], suites: Iterable[Suite], window: Window, limits: TrendLimits
) -> Trend:
    """Rows of each delivered table by date of receipt, and the empty cells of the columns its suite watches.

    Dates of the window are judged as far back as the policy looks.
    """
    first = max(window.after, window.until - timedelta(int(limits.days))) + timedelta(1)
    rows = delivered_rows(cur, window, limits)
    known = known_measures(cur, "delivery", first, limits)
    watched = {suite.table: suite.watched.empty for suite in suites}
    results, measures = [], []
    for table in (table for source in sources for table in source.tables):
        counts = rows.get((table.raw_name, ROWS), {})
        came = [Measure(table.raw_name, ROWS, day, counts[day]) for day in sorted(counts) if day >= first]
        results.append(judge(_volume_rule(table), FLOW, came, rows, limits))
        if columns := watched.get(table.raw_name, ()):
            _refuse_unknown(table, columns)
            empties = measure_empties(cur, table, columns, first, window.until, limits)
            results.append(judge(_empties_rule(table), SHARE, empties, known, limits))
            measures += empties
    return Trend(tuple(results), tuple(measures))


def edition_trend(
    cur: cursor, suites: Iterable[Suite], schema: str, business_date: date, limits: TrendLimits
) -> Trend:
    """Rows of each table of the edition, and the means and shares that its suite watches."""
    known = known_measures(cur, "edition", business_date, limits)
    results, measures = [], []
    for suite in suites:
        found = measure_edition(cur, suite, schema, business_date, limits)
        found += _vanished(suite.table, found, known, business_date)
        measures += found
        by_word = {word: list(some) for word, some in groupby(sorted(found, key=_word), key=_word)}
        if suite.watched.rows != UNCOUNTED:
            results.append(judge(_edition_rule("volume", suite), STOCK, by_word[ROWS], known, limits))
        if suite.watched.means:
            rule = _edition_rule("means", suite)
            results.append(judge(rule, MEAN, by_word.get("mean", []), known, limits))
        if suite.watched.shares:
            results.append(
                judge(_edition_rule("shares", suite), SHARE, by_word.get("share", []), known, limits)
            )
    return Trend(tuple(results), tuple(measures))


def judge(
    rule: TrendRule, kind: str, measures: list[Measure], known: History, limits: TrendLimits
) -> GateResult:
    """One rule's result; a measure is held against the known dates before its own, tonight's among them."""
    history: dict[str, dict[date, Decimal]] = defaultdict(dict)
    for one in measures:
        history[one.code] = dict(known.get((one.table, one.code), {}))
    for one in measures:
        history[one.code][one.day] = one.value
    judged, odd = 0, []
    for one in measures:
        usual = _usual(kind, one, history[one.code], limits)
        judged += usual is not None
        if usual is not None and not usual.holds(one.value):
            odd.append((one, usual))
    is_silence = kind == FLOW and any(usual.was_never_nothing and not one.value for one, usual in odd)
    advice = advice_by_kind("silence" if is_silence else rule.rule_id.split(".")[0])
    return GateResult(
        rule_id=rule.rule_id,
        table_name=rule.table,
        dimension_code=rule.dimension,
        severity_code=limits.silence_severity if is_silence else "warning",
        outcome_code="failed" if odd else "passed",
        checked_count=judged,
        unexpected_count=len(odd),
        observed_value="; ".join(_told(odd)) or None,
        owner_name=rule.owner,
        wording_zh=rule.zh,
        wording_en=rule.en,
        advice_zh=advice.zh,
        advice_en=advice.en,
    )


def _usual(kind: str, measure: Measure, history: Mapping[date, Decimal], limits: TrendLimits) -> Usual | None:
    days = limits.comparable(kind, measure.day, sorted(history))
    return limits.usual(kind, [history[day] for day in days])


def _told(odd: list[tuple[Measure, Usual]]) -> Iterator[str]:
    for one, usual in odd[:TOLD]:
        yield (
            f"{one.day} {one.code.replace('.', ' ')}: {one.value:,f}, usual {usual.middle:,f} "
            f"({usual.lowest:,f} to {usual.highest:,f}, by {usual.night_count} nights)"
        )
    if len(odd) > TOLD:
        yield f"and {len(odd) - TOLD} more"


def _vanished(table: str, found: list[Measure], known: History, business_date: date) -> list[Measure]:
    """Nobody is left in what was measured before: a share of nothing, where the others were measured."""
    groups = {one.code.rpartition(".")[0] for one in found if _word(one) == "share"}
    told = {one.code for one in found}
    return [
        Measure(table, code, business_date, Decimal(0))
        for name, code in sorted(known)
        if name == table and code not in told and code.rpartition(".")[0] in groups
    ]


def _word(measure: Measure) -> str:
    return measure.code.split(".")[0]


def _refuse_unknown(table: Table, columns: Iterable[str]) -> None:
    unknown = sorted(set(columns) - set(table.column_names))
    if unknown:
        raise SuiteError(
            f"{table.raw_name}.yml: watched.empty names {', '.join(unknown)}, which the declaration of "
            f"{table.source}.{table.name} does not; name columns as they are delivered"
        )


def _volume_rule(table: Table) -> TrendRule:
    return TrendRule(
        f"volume.{table.source}.{table.name}",
        table.raw_name,
        "completeness",
        OWNER,
        f"{table.zh}: 行数应与近期同类日期相近",
        f"{table.en}: about as many rows come as on such days before",
    )


def _empties_rule(table: Table) -> TrendRule:
    return TrendRule(
        f"empties.{table.source}.{table.name}",
        table.raw_name,
        "completeness",
        OWNER,
        f"{table.zh}: 空值占比应与近期相近",
        f"{table.en}: about as many cells are empty as before",
    )


def _edition_rule(word: str, suite: Suite) -> TrendRule:
    dimension, zh, en = EDITION_RULES[word]
    return TrendRule(f"{word}.{suite.table}", suite.table, dimension, suite.rules[0].owner, zh, en)
