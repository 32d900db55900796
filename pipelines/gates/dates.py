"""Which deliveries broke a rule: the dates of receipt of the lines that it found, and how many of each."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from psycopg2 import sql
from psycopg2.extensions import cursor

from pipelines.gates.policy_values import PolicyValues
from pipelines.gates.suites import QUERY_TYPE, Rule, fill, fill_query
from pipelines.gates.validate import Target
from pipelines.gates.verdict import GateResult

DATES_NAMED = 5
# What makes a row unexpected, by the type of the rule; an empty cell is judged by the first alone.
_CONDITIONS = {
    "expect_column_values_to_not_be_null": "{column} is null",
    "expect_column_values_to_be_in_set": "not {column} = any({value_set})",
    "expect_column_values_to_be_between": "{column} < {min_value} or {column} > {max_value}",
    "expect_column_pair_values_a_to_be_greater_than_b": (
        "{column_A} < {column_B} or ({column_A} = {column_B} and not {or_equal})"
    ),
    "expect_compound_columns_to_be_unique": (
        "({column_list}) in (select {column_list} from batch group by {column_list} having count(*) > 1)"
    ),
}
_ABSENT = {"min_value": None, "max_value": None, "or_equal": False}
_DATED_QUERY = re.compile(r"select\s+\w+\._received_date\s")


def name_dates(
    cur: cursor,
    results: Iterable[GateResult],
    targets: Iterable[Target],
    policy: PolicyValues,
    names: Mapping[str, str],
) -> Iterator[GateResult]:
    """The results; those of rules about lines that failed also tell on which dates these were received."""
    judged = {rule.rule_id: (rule, target.query) for target in targets for rule in target.suite.rules}
    for result in results:
        if result.outcome_code == "failed" and result.rule_id in judged:
            rule, query = judged[result.rule_id]
            statement = dates_statement(rule, query, policy, names)
            if statement is not None:
                cur.execute(statement)
                told = [result.observed_value, tell_dates(cur.fetchall())]
                result = replace(result, observed_value="; ".join(filter(None, told)) or None)
        yield result


def dates_statement(
    rule: Rule, query: str, policy: PolicyValues, names: Mapping[str, str]
) -> sql.Composable | None:
    """What gives date of receipt and number of unexpected lines among the rows of ``query``.

    None for a rule that does not speak of lines: one about a whole table, or a query that gives no
    ``_received_date``.
    """
    if rule.type == QUERY_TYPE:
        text = fill_query(rule, policy, names)
        if not _DATED_QUERY.match(text):
            return None
        unexpected = sql.SQL(text.replace("{batch}", "batch"))
    elif rule.type in _CONDITIONS:
        arguments = _ABSENT | fill(rule, policy, names)
        condition = sql.SQL(_CONDITIONS[rule.type]).format(
            **{name: _composed(name, value) for name, value in arguments.items()}
        )
        unexpected = sql.SQL("select _received_date from batch where {}").format(condition)
    else:
        return None
    return sql.SQL(
        "with batch as materialized ({}) "
        "select found._received_date, count(*) from ({}) as found group by 1 order by 1"
    ).format(sql.SQL(query), unexpected)


def tell_dates(counts: Iterable[tuple[date, int]]) -> str | None:
    """Dates of receipt with a number each, as ``received 2026-10-30: 2, 2026-10-31: 1``; the first five."""
    counts = list(counts)
    if not counts:
        return None
    more = f" and {len(counts) - DATES_NAMED} more dates" if len(counts) > DATES_NAMED else ""
    return "received " + ", ".join(f"{day}: {count}" for day, count in counts[:DATES_NAMED]) + more


def _composed(name: str, value: Any) -> sql.Composable:
    if name == "column_list":
        return sql.SQL(", ").join(map(sql.Identifier, value))
    return sql.Identifier(value) if name.startswith("column") else sql.Literal(value)
