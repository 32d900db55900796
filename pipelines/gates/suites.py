"""The rules of the two gates, as written in ``expectations/<gate>/<table>.yml``.

A query of the delivery gate selects ``_received_date`` of the rows it finds, so that a failure names it.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

from pipelines.gates.advice import Advice, advice_by_dimension
from pipelines.gates.policy_values import PolicyValues

GATES = ("delivery", "edition")
DIMENSIONS = ("accuracy", "completeness", "timeliness", "consistency", "uniqueness", "validity")
SEVERITIES = ("critical", "warning", "info")
QUERY_TYPE = "unexpected_rows_expectation"
QUERY = "unexpected_rows_query"
RULE_FIELDS = {"id", "dimension", "severity", "owner", "zh", "en", "type", "kwargs", "advice"}
SUITE_FIELDS = {"table", "relation", "source", "sums", "exclusions", "watched", "rules"}
WATCHED_FIELDS = {"delivery": {"empty"}, "edition": {"rows", "means", "shares"}}
UNCOUNTED = "none"  # of a table that begins anew every month: how many rows it has says nothing
EXCLUSION_FIELDS = {"id", "zh", "en", "where"}
UNEXPECTED_ROWS_COUNTED = 100_000


class SuiteError(Exception):
    """A suite file that cannot be used; the message names file, rule and what to write instead."""


@dataclass(frozen=True)
class Rule:
    """One judgement on one table: what is expected, how grave a breach is, who owns it, what he does then."""

    rule_id: str
    dimension: str
    severity: str
    owner: str
    zh: str
    en: str
    type: str
    advice: Advice
    kwargs: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Exclusion:
    """Delivered lines that staging leaves out on purpose: ``where`` is a condition on the raw line ``r``."""

    exclusion_id: str
    zh: str
    en: str
    where: str


@dataclass(frozen=True)
class Watched:
    """What is held against the nights before (see trend).

    ``empty``: delivered columns whose empty cells are counted. Of an edition: the column of whose newest
    value alone ``rows`` are counted (a table by month grows with each; UNCOUNTED: no rows), columns whose
    ``means`` and values whose ``shares`` are taken, the last column's among rows that agree in the others.
    """

    empty: tuple[str, ...] = ()
    rows: str | None = None
    means: tuple[str, ...] = ()
    shares: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True)
class Suite:
    """The rules of one table; ``sums`` maps a declared column to its staged name where they differ."""

    gate: str
    table: str
    relation: str
    source: str | None
    sums: Mapping[str, str]
    rules: tuple[Rule, ...]
    exclusions: tuple[Exclusion, ...] = ()
    watched: Watched = Watched()


def load_suites(root: Path, gate: str, sources: Collection[str] | None = None) -> tuple[Suite, ...]:
    """All suites of a gate under ``<root>/expectations``, by file name.

    ``sources`` keeps the delivery suites of these source codes only. Raises SuiteError.
    """
    if gate not in GATES:
        raise SuiteError(f"gate {gate!r} does not exist: use one of {', '.join(GATES)}")
    folder = root / "expectations" / gate
    suites = tuple(_read_suite(path, gate) for path in sorted(folder.glob("*.yml")))
    if not suites:
        raise SuiteError(f"gate {gate}: no suite in {folder}; a gate without rules may not pass")
    _refuse_repeated_ids(suites)
    return tuple(suite for suite in suites if sources is None or suite.source in sources)


def fill(rule: Rule, policy: PolicyValues, names: Mapping[str, str]) -> dict[str, Any]:
    """The rule's arguments with policy values and, in a query, ``{names}`` put in.

    An argument ``{policy: code}`` is that parameter's value, ``{codes: set}`` the codes of that set. In a
    query the rule's other arguments are names too; its rows are only counted, up to 100,000.
    Raises SuiteError for what the policy does not hold on the business date, or an unknown name.
    """
    if rule.type == QUERY_TYPE:
        rows = fill_query(rule, policy, names)
        return {QUERY: f"select 1 as unexpected from ({rows}) as found limit {UNEXPECTED_ROWS_COUNTED}"}
    return {name: _plain(value) for name, value in _values(rule, policy).items()}


def fill_query(rule: Rule, policy: PolicyValues, names: Mapping[str, str]) -> str:
    """The query of a rule as ``fill`` puts it together, giving all rows and all that it selects of them."""
    values = _values(rule, policy)
    query = values.pop(QUERY)
    literals = {name: _literal(rule, value) for name, value in values.items()}
    try:
        return query.format_map({**names, **literals, "batch": "{batch}"})
    except (KeyError, IndexError, ValueError) as error:
        raise SuiteError(
            f"rule {rule.rule_id}: the query names {error}, which is neither an argument of the rule nor one "
            f"of {', '.join(sorted([*names, 'batch']))}"
        ) from error


def _read_suite(path: Path, gate: str) -> Suite:
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    except yaml.YAMLError as error:
        raise SuiteError(f"{path.name}: not readable as YAML: {error}") from error
    if not isinstance(content, dict) or not content.get("rules"):
        raise SuiteError(f"{path.name}: write table, relation and at least one rule")
    _refuse_unknown(path.name, content, SUITE_FIELDS)
    table = _text(path.name, content, "table")
    if table != path.stem:
        raise SuiteError(f"{path.name}: table is {table!r}; it must be the file's name, {path.stem!r}")
    return Suite(
        gate=gate,
        table=table,
        relation=_text(path.name, content, "relation"),
        source=_text(path.name, content, "source") if gate == "delivery" else None,
        sums=MappingProxyType(dict(content.get("sums") or {})),
        rules=tuple(_rules(path.name, gate, content["rules"])),
        exclusions=tuple(_exclusions(path.name, gate, content.get("exclusions") or [])),
        watched=_watched(path.name, gate, content.get("watched") or {}),
    )


def _watched(file_name: str, gate: str, row: Mapping[str, Any]) -> Watched:
    _refuse_unknown(f"{file_name}, watched", row, WATCHED_FIELDS[gate])
    return Watched(
        empty=tuple(row.get("empty", ())),
        rows=row.get("rows"),
        means=tuple(row.get("means", ())),
        shares=tuple(tuple(columns) for columns in row.get("shares", ())),
    )


def _exclusions(file_name: str, gate: str, rows: list[Mapping[str, Any]]) -> Iterator[Exclusion]:
    if rows and gate != "delivery":
        raise SuiteError(f"{file_name}: exclusions belong to the delivery gate, where lines are left out")
    for number, row in enumerate(rows, start=1):
        where = f"{file_name}, exclusion {row.get('id') or number}"
        _refuse_unknown(where, row, EXCLUSION_FIELDS)
        yield Exclusion(*(_text(where, row, name) for name in ("id", "zh", "en", "where")))


def _rules(file_name: str, gate: str, rows: list[Mapping[str, Any]]) -> Iterator[Rule]:
    for number, row in enumerate(rows, start=1):
        where = f"{file_name}, rule {row.get('id') or number}"
        _refuse_unknown(where, row, RULE_FIELDS)
        dimension = _one_of(where, row, "dimension", DIMENSIONS)
        rule = Rule(
            rule_id=_text(where, row, "id"),
            dimension=dimension,
            severity=_one_of(where, row, "severity", SEVERITIES),
            owner=_text(where, row, "owner"),
            zh=_text(where, row, "zh"),
            en=_text(where, row, "en"),
            type=_text(where, row, "type"),
            advice=_advice(f"{where}, advice", row["advice"])
            if "advice" in row
            else advice_by_dimension(gate, dimension),
            kwargs=MappingProxyType(dict(row.get("kwargs") or {})),
        )
        if rule.type == QUERY_TYPE and "{batch}" not in str(rule.kwargs.get(QUERY)):
            raise SuiteError(f"{where}: {QUERY} must read from {{batch}}, the rows under judgement")
        yield rule


def _advice(where: str, row: Mapping[str, Any]) -> Advice:
    _refuse_unknown(where, row, {"zh", "en"})
    return Advice(_text(where, row, "zh"), _text(where, row, "en"))


def _refuse_repeated_ids(suites: tuple[Suite, ...]) -> None:
    seen: dict[str, str] = {}
    for suite in suites:
        for rule in suite.rules:
            if rule.rule_id in seen:
                raise SuiteError(
                    f"rule id {rule.rule_id} is used in {seen[rule.rule_id]}.yml and in {suite.table}.yml: "
                    "a rule id must be unique, rename one"
                )
            seen[rule.rule_id] = suite.table


def _refuse_unknown(where: str, row: Mapping[str, Any], known: set[str]) -> None:
    unknown = sorted(set(row) - known)
    if unknown:
        raise SuiteError(f"{where}: unknown {', '.join(unknown)}; known are {', '.join(sorted(known))}")


def _text(where: str, row: Mapping[str, Any], name: str) -> str:
    value = row.get(name)
    if not isinstance(value, str) or not value.strip():
        raise SuiteError(f"{where}: {name} is missing or not a text")
    return value


def _one_of(where: str, row: Mapping[str, Any], name: str, known: tuple[str, ...]) -> str:
    value = _text(where, row, name)
    if value not in known:
        raise SuiteError(f"{where}: {name} is {value!r}; use one of {', '.join(known)}")
    return value


def _values(rule: Rule, policy: PolicyValues) -> dict[str, Any]:
    return {name: _policy_value(rule, value, policy) for name, value in rule.kwargs.items()}


def _policy_value(rule: Rule, value: Any, policy: PolicyValues) -> Any:
    if not isinstance(value, dict) or set(value) not in ({"policy"}, {"codes"}):
        return value
    ((kind, name),) = value.items()
    held = policy.parameters if kind == "policy" else policy.codes
    if name not in held:
        raise SuiteError(
            f"rule {rule.rule_id}: the policy holds no {kind} {name} on {policy.business_date}; "
            f"add rows to policy/{'parameters' if kind == 'policy' else 'codes'}.csv"
        )
    return held[name]


def _plain(value: Any) -> Any:
    """Great Expectations takes lists and numbers, not tuples and decimals."""
    if isinstance(value, tuple):
        return list(value)
    if not isinstance(value, Decimal):
        return value
    return int(value) if value == value.to_integral_value() else float(value)


def _literal(rule: Rule, value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float | Decimal):
        return str(value)
    if isinstance(value, date):
        return f"date '{value.isoformat()}'"
    if isinstance(value, str) and not set(value) & set("{}\\"):
        return "'" + value.replace("'", "''") + "'"
    raise SuiteError(
        f"rule {rule.rule_id}: argument {value!r} cannot be put into a query; use a number or a text"
    )
