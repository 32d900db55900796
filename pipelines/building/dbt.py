"""Calls dbt as a process of its own, one call a layer, and keeps its test results."""

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from psycopg2.extras import execute_values

from pipelines.children import run_child
from pipelines.gates.advice import MODEL_TEST
from pipelines.landing.received import released_dates
from pipelines.nights import Night
from pipelines.publishing.shape import WORDED, added_columns
from pipelines.settings import Settings
from pipelines.sources import Source, active_sources, declarations_for_dbt, pipeline_sources
from pipelines.warehouse import connect, dbt_environment
from pipelines.wording import without_values

LAYERS = ("delivery", "month_end", "marts", "edition")
MESSAGE_LINES = 12
Invoke = Callable[[Sequence[str], dict[str, str]], tuple[int, str]]


class BuildError(Exception):
    """dbt could not build a layer."""


@dataclass(frozen=True)
class BuildResult:
    """What one call of dbt did: models built, rows written by its tables, tests that failed as a warning."""

    model_count: int
    row_count: int
    warning_count: int


def build(
    settings: Settings, night: Night, layer: str, since: date | None = None, invoke: Invoke | None = None
) -> BuildResult:
    """Build one of LAYERS for the night's business date and workspace, with its data tests.

    ``since``: the date as of which the marts stand, and go on from; None makes them anew. ``invoke`` runs dbt
    (default: ``call``).
    Raises BuildError with the first errors, by model and message.
    """
    target = settings.var / settings.bank / "dbt" / (night.workspace.name or "live")
    target.mkdir(parents=True, exist_ok=True)
    project = settings.root / "dbt_project"
    arguments = [
        "build",
        *("--selector", layer),
        *("--vars", json.dumps(_variables(settings, night, since))),
        *("--project-dir", str(project)),
        *("--profiles-dir", str(project)),
        *("--target-path", str(target)),
        *("--log-path", str(target)),
        *("--log-level-file", "none"),  # what ran stands in run/, how it ended in run_results.json
        *("--exclude-resource-type", "unit_test"),
    ]
    results_file = target / "run_results.json"
    results_file.unlink(missing_ok=True)
    code, output = (invoke or call)(arguments, dbt_environment(settings, night.night_id))
    if not results_file.exists():
        raise BuildError(f"{_place(night, layer)}: dbt stopped before it ran: {_tail(output)}")
    results = json.loads(results_file.read_text())["results"]
    _record_models(settings, night, results)
    if layer != "delivery":
        _record_tests(settings, night, layer, results)
    failures = [result for result in results if result["status"] in ("error", "fail", "runtime error")]
    if failures:
        raise BuildError(f"{_place(night, layer)}: {_describe(failures)}")
    tables = [result for result in results if result["unique_id"].startswith("model.")]
    sound = all(result["status"] in ("success", "pass", "warn") for result in results)
    if code or not tables or not sound:
        raise BuildError(f"{_place(night, layer)}: dbt ended with code {code}: {_tail(output)}")
    return BuildResult(
        model_count=len(tables),
        row_count=sum(max(result["adapter_response"].get("rows_affected", 0), 0) for result in tables),
        warning_count=sum(result["status"] == "warn" for result in results),
    )


def call(arguments: Sequence[str], environment: dict[str, str]) -> tuple[int, str]:
    """Run dbt in a process of its own, so that its memory comes back; returns exit code and output."""
    done = run_child([sys.executable, "-m", "pipelines.building.one_call", *arguments], environment)
    return done.returncode, done.stdout


def drop_next_edition(settings: Settings, night: Night) -> None:
    """Drop what a former try left of tonight's edition."""
    schema = night.workspace.schema("edition_next")
    with connect(settings, "yihu_transformer", night.night_id) as connection, connection.cursor() as cursor:
        cursor.execute(f"drop schema if exists {schema} cascade")


def _variables(settings: Settings, night: Night, since: date | None = None) -> dict[str, Any]:
    sources = active_sources(settings.bank)
    with connect(settings) as connection, connection.cursor() as cursor:
        released = released_dates(cursor)
    return {
        "business_date": night.business_date.isoformat(),
        "since": since.isoformat() if since else "",
        "workspace": night.workspace.name,
        "sources": [source.code for source in sources],
        "entities": _providers(sources),
        "declarations": declarations_for_dbt([*sources, *pipeline_sources()]),
        "released": released,
        "added_columns": _added_columns(),
    }


def _added_columns() -> dict[str, list[list[str | None]]]:
    """Table of the edition → name, type and comment of each column its view adds; "" holds for the others."""
    return {
        table: [[column.name, column.type_name, column.comment] for column in added_columns(table)]
        for table in ("", *WORDED)
    }


def _providers(sources: Sequence[Source]) -> dict[str, list[str]]:
    """Entity → codes of the active sources that have a conformed model of it."""
    providers: dict[str, list[str]] = {}
    for source in sources:
        for entity in source.provides:
            providers.setdefault(entity, []).append(source.code)
    return providers


def _record_models(settings: Settings, night: Night, results: list[dict[str, Any]]) -> None:
    """Put on record how long each model took, and the rows its table got."""
    rows = [
        (
            night.night_id,
            night.business_date,
            result["unique_id"].split(".")[2],
            round(result["execution_time"], 3),
            result["adapter_response"].get("rows_affected"),
        )
        for result in results
        if result["unique_id"].startswith("model.") and result["status"] == "success"
    ]
    with connect(settings, "yihu_publisher", night.night_id) as connection, connection.cursor() as cursor:
        execute_values(
            cursor,
            """
            insert into ops.model_runs (night_id, business_date, model_name, seconds, row_count)
            values %s
            on conflict (night_id, business_date, model_name) do update
            set seconds = excluded.seconds, row_count = excluded.row_count
            """,
            rows,
        )


def _record_tests(settings: Settings, night: Night, layer: str, results: list[dict[str, Any]]) -> None:
    """Put the results of dbt's data tests beside those of the gates."""
    rows = [
        (
            night.night_id,
            "dbt",
            name,
            name.split(".")[0],
            "uniqueness" if name.startswith("unique") else "consistency",
            "warning" if result["status"] == "warn" else "critical",
            {"pass": "passed", "warn": "failed", "fail": "failed"}.get(result["status"], "error"),
            result["failures"],
            "data engineering",
            f"dbt 测试 {name}",
            f"dbt test {name}",
            MODEL_TEST.zh,
            MODEL_TEST.en,
        )
        for result in results
        if result["unique_id"].startswith("test.") and result["status"] != "skipped"
        for name in [result["unique_id"].split(".")[2]]
    ]
    with connect(settings, "yihu_publisher", night.night_id) as connection, connection.cursor() as cursor:
        execute_values(
            cursor,
            """
            insert into ops.gate_results
                (night_id, gate_code, rule_id, table_name, dimension_code, severity_code, outcome_code,
                 unexpected_count, owner_name, wording_zh, wording_en, advice_zh, advice_en)
            values %s
            on conflict (night_id, gate_code, rule_id) do update
            set outcome_code = excluded.outcome_code, unexpected_count = excluded.unexpected_count
            """,
            rows,
        )


def _place(night: Night, layer: str) -> str:
    return f"business date {night.business_date}, layer {layer}"


def _describe(failures: list[dict[str, Any]]) -> str:
    lines = [
        f"{failure['unique_id'].split('.')[2]}: {without_values(failure['message'] or '')}"
        for failure in failures[:MESSAGE_LINES]
    ]
    more = len(failures) - len(lines)
    return "; ".join(lines) + (f"; and {more} more" if more else "")


def _tail(output: str) -> str:
    return without_values(" | ".join(output.strip().splitlines()[-MESSAGE_LINES:]))
