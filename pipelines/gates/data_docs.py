"""Great Expectations Data Docs of a night's gates, a page a table, beside the night's report.

They are rendered from what ``ops.gate_results`` holds, counts and aggregates, so that no cell and no query
can stand in them; and without what Great Expectations would load from other hosts.
"""

import os
import re
from collections.abc import Callable, Iterable
from html import escape
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any

from pipelines.gates.verdict import GateResult, stored_results
from pipelines.nights import Night
from pipelines.settings import Settings
from pipelines.warehouse import connect

# any expectation will do: what is shown is the rule's own wording
_TYPE, _QUERY = "unexpected_rows_expectation", "select 1 from {batch}"
_SCRIPTS = re.compile(r"<script\b.*?</script>", re.DOTALL | re.IGNORECASE)
_REMOTE = re.compile(r"<(?:link|img)\b[^>]*>", re.IGNORECASE)
_LINKS = re.compile(r"""\s(?:href|src|action|onclick)="[^"]*"|url\(['"]?https?://[^)]*\)""", re.IGNORECASE)
_STYLE = """<style>
body { font: 15px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 1rem auto; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; margin: .5rem 0; } pre { white-space: pre-wrap; }
td, th { border: 1px solid #bbb; padding: .3rem .5rem; vertical-align: top; text-align: left; }
nav, footer, .sticky, .modal { display: none; }
.text-success::before { content: "✔"; color: #1a7f37; } .text-danger::before { content: "✘"; color: #c62828; }
</style>"""


def docs_folder(settings: Settings, night: Night) -> Path:
    """Where the pages of a night lie: ``<var>/<bank>/reports/<business date>_night_<n>_data_docs``."""
    name = f"{night.business_date}_night_{night.night_id}_data_docs"
    return settings.var / settings.bank / "reports" / name


def write_data_docs(settings: Settings, night: Night, gate: str) -> list[Path]:
    """Write a gate's pages, ``<gate>.<table>.html``, from its stored results; gives their paths.

    Seconds long where Great Expectations is not imported yet.
    """
    with connect(settings) as connection, connection.cursor() as cur:
        results = stored_results(cur, night.night_id, gate)
    folder = docs_folder(settings, night)
    folder.mkdir(parents=True, exist_ok=True)
    by_table, render = attrgetter("table_name"), _renderer()
    written = []
    for table, rules in groupby(sorted(results, key=by_table), key=by_table):
        page = folder / f"{gate}.{table}.html"
        page.write_text(render(_validation(night, gate, table, list(rules))), encoding="utf-8")
        written.append(page)
    return written


def _renderer() -> Callable[[Any], str]:
    """What makes a page of a validation; one view for all pages keeps its templates."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    from great_expectations.render.renderer import ValidationResultsPageRenderer
    from great_expectations.render.view import DefaultJinjaPageView

    renderer, view = ValidationResultsPageRenderer(run_info_at_end=True), DefaultJinjaPageView()

    def render(validation: Any) -> str:
        page = _SCRIPTS.sub("", view.render(renderer.render(validation)))
        return _LINKS.sub("", _REMOTE.sub("", page)).replace("</head>", f"{_STYLE}</head>", 1)

    return render


def _validation(night: Night, gate: str, table: str, rules: list[GateResult]) -> Any:
    from great_expectations.core import ExpectationSuiteValidationResult

    passed = sum(rule.outcome_code == "passed" for rule in rules)
    return ExpectationSuiteValidationResult(
        success=passed == len(rules),
        results=list(_evaluated(rules)),
        suite_name=f"{gate}.{table}",
        statistics={
            "evaluated_expectations": len(rules),
            "successful_expectations": passed,
            "unsuccessful_expectations": len(rules) - passed,
            "success_percent": 100 * passed / len(rules),
        },
        meta={
            "run_id": {
                "run_name": f"night {night.night_id}",
                "run_time": f"{night.business_date}T00:00:00+00:00",
            }
        },
    )


def _evaluated(rules: Iterable[GateResult]) -> Iterable[Any]:
    from great_expectations.core import ExpectationValidationResult
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

    for rule in rules:
        yield ExpectationValidationResult(
            success=rule.outcome_code == "passed",
            result={"observed_value": escape(_observed(rule))},
            expectation_config=ExpectationConfiguration(
                type=_TYPE,
                kwargs={"unexpected_rows_query": _QUERY},
                severity=rule.severity_code,
                description=escape(
                    f"{rule.rule_id}: {rule.wording_zh} | {rule.wording_en} "
                    f"({rule.dimension_code}, {rule.severity_code}, {rule.owner_name})"
                ),
            ),
        )


def _observed(rule: GateResult) -> str:
    counted = "" if rule.unexpected_count is None else f"{rule.unexpected_count} unexpected"
    if rule.checked_count is not None:
        counted += f" of {rule.checked_count}"
    return "; ".join(filter(None, [rule.outcome_code, counted.strip(), rule.observed_value]))
