"""Great Expectations at work: suites in, results out; nothing is written and no cell leaves the database."""

import logging
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from pipelines.gates.policy_values import PolicyValues
from pipelines.gates.suites import QUERY_TYPE, Rule, Suite, SuiteError, fill
from pipelines.gates.verdict import GateResult

# Asked for no examples, Great Expectations fetches none: counts are all that comes back.
COUNTS_ONLY = {"result_format": "BASIC", "partial_unexpected_count": 0}
# One connection, so that tonight's rows are typed once, into a temporary table, and judged many times.
ONE_CONNECTION = {"pool_size": 1, "max_overflow": 0, "pool_timeout": 30}
# The aggregates that say nothing about one row; any other observed value stays in the database.
TOLD = frozenset(
    f"expect_{name}_to_be_between"
    for name in (
        "table_row_count",
        "table_column_count",
        "column_sum",
        "column_mean",
        "column_unique_value_count",
        "column_proportion_of_unique_values",
        "column_proportion_of_non_null_values",
    )
)
_DATABASE_ERROR = re.compile(r"psycopg2\.errors\.(\w+)\)\s*([^\n\\]*)")


@dataclass(frozen=True)
class Target:
    """A suite with the query that gives the rows under judgement; ``has_rows``: there may be some."""

    suite: Suite
    query: str
    has_rows: bool = True


def validate(
    url: str, targets: Iterable[Target], policy: PolicyValues, names: Mapping[str, str]
) -> Iterator[GateResult]:
    """Judge every rule of every target on the database at ``url``; one that crashes gives an error result."""
    targets = list(targets)
    if not targets:
        return
    context = _ephemeral_context(url)
    source = context.data_sources.add_postgres(
        "warehouse", connection_string="${YIHU_GATE_URL}", create_temp_table=True, kwargs=ONE_CONNECTION
    )
    try:
        for target in targets:
            yield from _validate_suite(context, source, target, policy, names)
    finally:
        source.get_execution_engine().engine.dispose()


def _ephemeral_context(url: str) -> Any:
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    # It logs the database's errors, and those may quote a cell; what went wrong is told in the results.
    logging.getLogger("great_expectations").setLevel(logging.CRITICAL)
    import great_expectations as gx  # seconds long, so only where a gate really runs
    from great_expectations.data_context.types.base import (
        DataContextConfig,
        InMemoryStoreBackendDefaults,
        ProgressBarsConfig,
    )

    config = DataContextConfig(
        store_backend_defaults=InMemoryStoreBackendDefaults(init_temp_docs_sites=False),
        progress_bars=ProgressBarsConfig(globally=False),
        analytics_enabled=False,
    )
    return gx.get_context(mode="ephemeral", project_config=config, runtime_environment={"YIHU_GATE_URL": url})


def _validate_suite(
    context: Any, source: Any, target: Target, policy: PolicyValues, names: Mapping[str, str]
) -> Iterator[GateResult]:
    suite = target.suite
    expectations: dict[str, Any] = {}
    for rule in suite.rules:
        try:
            expectations[rule.rule_id] = _expectation(rule, fill(rule, policy, names))
        except SuiteError as error:
            yield _crashed(suite, rule, str(error))
        except Exception as error:
            yield _crashed(suite, rule, f"{rule.type} refuses the rule's arguments ({type(error).__name__})")
    sound = [rule for rule in suite.rules if rule.rule_id in expectations]
    if not target.has_rows:
        for rule in sound:
            yield _stored(suite, rule, outcome="passed", checked=0, unexpected=0, observed=None)
        return
    try:
        outcomes = _run(context, source, target, list(expectations.values()))
    except Exception as error:
        # Whatever it is, the rules were not judged: fail closed.
        for rule in sound:
            yield _crashed(suite, rule, _cause(f"({type(error).__module__}.{type(error).__name__}) {error}"))
        return
    for rule in sound:
        yield _result(suite, rule, outcomes.get(rule.rule_id), policy)


def _expectation(rule: Rule, arguments: Mapping[str, Any]) -> Any:
    """The rule as Great Expectations knows it; raises whatever that raises for an unknown or odd one."""
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

    told = {"severity": rule.severity, "meta": {"rule_id": rule.rule_id}}
    if rule.type == QUERY_TYPE:
        return _counting()(**arguments, **told)
    return ExpectationConfiguration(type=rule.type, kwargs=dict(arguments), **told).to_domain_obj()


@cache
def _counting() -> Any:
    """The library's rule by query, asked for the count alone: it would run every query again for the rows."""
    from great_expectations.expectations.core import UnexpectedRowsExpectation

    class CountedRowsExpectation(UnexpectedRowsExpectation):
        metric_dependencies = ("unexpected_rows_query.row_count",)

        def _validate(self, metrics: dict[str, Any], *arguments: Any, **named: Any) -> Any:
            return super()._validate({**metrics, "unexpected_rows_query.table": None}, *arguments, **named)

    return CountedRowsExpectation


def _run(context: Any, source: Any, target: Target, expectations: list[Any]) -> dict[str, Any]:
    """Great Expectations' results by rule id."""
    import great_expectations as gx
    from great_expectations.validator.v1_validator import Validator

    name = f"{target.suite.gate}.{target.suite.table}"
    asset = source.add_query_asset(name, query=target.query)
    # The validator itself: a stored definition of the same is serialised over and over, at twice the cost.
    validator = Validator(asset.add_batch_definition_whole_table("all"), result_format=COUNTS_ONLY)
    suite = gx.ExpectationSuite(name, expectations=expectations)
    results = validator.validate_expectation_suite(suite).results
    return {result.expectation_config.meta["rule_id"]: result for result in results}


def _result(suite: Suite, rule: Rule, outcome: Any, policy: PolicyValues) -> GateResult:
    if outcome is None or not outcome.result:
        cause = "no result" if outcome is None else _cause(str(outcome.exception_info))
        return _crashed(suite, rule, cause)
    found = outcome.result
    counted = "unexpected_count" in found or rule.type == QUERY_TYPE
    observed = str(found.get("observed_value")) if rule.type in TOLD else None
    return _stored(
        suite,
        rule,
        outcome="passed" if outcome.success else "failed",
        checked=found.get("element_count"),
        unexpected=found.get("unexpected_count", found.get("observed_value")) if counted else None,
        observed="; ".join(filter(None, [observed, *_policy_told(rule, policy)])) or None,
    )


def _policy_told(rule: Rule, policy: PolicyValues) -> Iterator[str]:
    """The policy values a rule was judged by, as ``code = value``."""
    for value in rule.kwargs.values():
        if isinstance(value, dict) and "policy" in value:
            yield f"{value['policy']} = {policy.parameters[value['policy']]}"


def _crashed(suite: Suite, rule: Rule, cause: str) -> GateResult:
    return _stored(suite, rule, outcome="error", checked=None, unexpected=None, observed=cause)


def _stored(
    suite: Suite, rule: Rule, outcome: str, checked: int | None, unexpected: int | None, observed: str | None
) -> GateResult:
    return GateResult(
        rule_id=rule.rule_id,
        table_name=suite.table,
        dimension_code=rule.dimension,
        severity_code=rule.severity,
        outcome_code=outcome,
        checked_count=checked,
        unexpected_count=unexpected,
        observed_value=observed,
        owner_name=rule.owner,
        wording_zh=rule.zh,
        wording_en=rule.en,
        advice_zh=rule.advice.zh,
        advice_en=rule.advice.en,
    )


def _cause(text: str) -> str:
    """The kind of a failure; its message only where that speaks of names, as others may quote a cell."""
    found = _DATABASE_ERROR.search(text)
    if found:
        kind, message = found.groups()
        return f"{kind}: {message}" if kind.startswith(("Undefined", "Insufficient")) else kind
    kind = re.search(r"\(?([A-Za-z_.]*(?:Error|Exception|Timeout))\b", text)
    return kind.group(1) if kind else "unknown failure"
