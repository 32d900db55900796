"""dbt's own unit tests, which stand beside the models and in dbt_project/tests."""

import json
from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest
from night_support import begin_night

from pipelines import landing
from pipelines.building.dbt import _variables
from pipelines.building.warm import invoke
from pipelines.nights import Night
from pipelines.policy import read_policy, write_policy
from pipelines.settings import ROOT, Settings
from pipelines.sources import active_sources, pipeline_sources
from pipelines.warehouse import connect, dbt_environment

PROJECT = ROOT / "dbt_project"
DAY = date(2026, 10, 31)
# bank → its unit tests (those of the other bank are off), and what is built for them: dbt only asks for
# the columns of what a model reads, so no night has to run and no delivery to land
TRIED = {
    "demo": (("test_type:unit", "test_type:singular"), ("--exclude", "path:models/edition")),
    "berka": (
        ("path:models/intermediate/berka,test_type:unit",),
        ("--select", "+balance_gaps", "+int_accounts_unioned", "int_deleted_transactions_unioned"),
    ),
}


@pytest.mark.parametrize("bank", TRIED)
def test_models_and_macros_do_what_their_unit_tests_say(make_settings, bank):
    settings = make_settings(bank)
    chosen, needed = TRIED[bank]
    night = begin_night(settings, DAY)
    with connect(settings, "yihu_loader") as connection:
        landing.ensure_raw_tables(connection, [*active_sources(bank), *pipeline_sources()])
        write_policy(connection, read_policy(settings.policy_folder, bank))
    assert complaints(dbt(settings, night, "run", *needed)) == ""
    results = dbt(settings, night, "test", "--select", *chosen)
    assert complaints(results) == ""
    assert results


def dbt(settings: Settings, night: Night, command: str, *choice: str) -> list[dict[str, Any]]:
    """Run one command of dbt for the night; its results."""
    target = settings.var / "dbt"
    arguments = [
        command,
        *("--vars", json.dumps(_variables(settings, night))),
        *("--project-dir", str(PROJECT)),
        *("--profiles-dir", str(PROJECT)),
        *("--target-path", str(target)),
        *("--log-path", str(target)),
        *choice,
    ]
    file = target / "run_results.json"
    file.unlink(missing_ok=True)
    _, output = invoke(arguments, dbt_environment(settings, night.night_id))
    assert file.exists(), output
    return json.loads(file.read_text())["results"]


def complaints(results: Sequence[dict[str, Any]]) -> str:
    """What failed, with dbt's table of actual against expected; empty where nothing did."""
    return "\n".join(
        f"{result['unique_id']}: {result['message']}"
        for result in results
        if result["status"] not in ("success", "pass", "skipped")
    )
