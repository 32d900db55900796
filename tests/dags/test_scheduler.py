"""Nights under a real scheduler: the processes of docker-compose.yml, each task in a process of its own."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path
from urllib.parse import unquote, urlsplit

import psycopg2
import pytest
import yaml
from clear_text import delivered, file_text, files_below, relations, rows_of, told
from deployment import Deployment, DeploymentError, deployed
from handmade_deliveries import read_delivery, write_delivery

from pipelines.demo_bank import write_demo_bank
from pipelines.nights import STEPS
from pipelines.settings import ROOT, load_settings
from pipelines.sources import load_source
from pipelines.warehouse import connect, embedded, reader_url

DAG = "customer_nightly"
PATIENCE = 900  # seconds for one night


@pytest.fixture(scope="module")
def deployment() -> Iterator[Deployment]:
    """A whole installation with a small bank of thirty days, its DAG unpaused."""
    folder = Path(tempfile.mkdtemp(prefix="yihu-scheduler-"))
    folder.chmod(0o755)  # the database's user must pass through
    own = replace(load_settings({}), var=folder / "server")
    landing = folder / "landing"
    try:
        server = embedded.up(own)
        write_demo_bank(landing, customers=50, first_date=date(2026, 10, 2))
        with deployed(folder, server, landing) as services:
            services.unpause(DAG)
            yield services
    finally:
        embedded.down(own)
        shutil.rmtree(embedded.home(own), ignore_errors=True)
        shutil.rmtree(folder)


def test_a_night_a_backfill_and_a_closed_gate(deployment):
    assert [command for command in health_checks(deployment) if not is_healthy(deployment, command)] == []

    run = deployment.trigger(DAG, "2026-10-28")
    deployment.wait_for_runs(DAG, "manual", ["success"], PATIENCE)
    tasks = deployment.tasks(DAG, run)
    assert {name: task["state"] for name, task in tasks.items()} == {
        **dict.fromkeys(STEPS, "success"),
        "watcher": "skipped",
    }
    workers = {tasks[step]["pid"] for step in STEPS}
    assert len(workers) == len(STEPS), "each task is a process of its own"
    assert os.getpid() not in workers
    assert nights(deployment) == [("2026-10-28", "published", True)]
    assert current(deployment) == "2026-10-28"

    deployment.backfill(DAG, "2026-10-29", "2026-10-31")
    runs = deployment.wait_for_runs(DAG, "backfill", ["success", "success"], 2 * PATIENCE)
    assert [run["partition_key"] for run in runs] == ["2026-10-29", "2026-10-30"]
    assert nights(deployment)[1:] == [("2026-10-29", "published", True), ("2026-10-30", "published", True)]
    assert current(deployment) == "2026-10-30"

    spoil(deployment.folder / "landing", date(2026, 10, 31))
    run = deployment.trigger(DAG, "2026-10-31")
    deployment.wait_for_runs(DAG, "manual", ["success", "failed"], PATIENCE)
    tasks = deployment.tasks(DAG, run)
    after = STEPS[STEPS.index("gate_delivery") + 1 : STEPS.index("report")]
    assert {name: task["state"] for name, task in tasks.items()} == {
        "land": "success",
        "gate_delivery": "failed",
        **dict.fromkeys(after, "upstream_failed"),
        "report": "success",
        "watcher": "failed",
    }
    assert tasks["gate_delivery"]["try_number"] == 1, "a closed gate is not tried again"
    assert nights(deployment)[-1] == ("2026-10-31", "stopped", True)
    assert current(deployment) == "2026-10-30", "the last good edition stays"
    nothing_clear_is_left(deployment)


def nothing_clear_is_left(deployment: Deployment) -> None:
    """Law 8: no name, number or address of a customer in a log, a rendered field or anything of Airflow's."""
    folder = deployment.folder
    var, personal = folder / "var", delivered(folder / "landing")
    assert len(personal) > 200
    kept = (folder / "landing", folder / "server", folder / "secrets", var / "secrets", var / "demo/identity")
    files = files_below(folder, *kept)
    assert [path for path in files if path.name.startswith("attempt=")], "the tasks' own logs"
    for path in files:
        assert told(personal, file_text(path)) == set(), path
    password = unquote(urlsplit(deployment.environment["YIHU_DATABASE_URL"]).password or "")
    assert len(password) > 12
    assert [path for path in files if password in file_text(path)] == []
    address = deployment.environment["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"].replace("+psycopg2", "")
    with closing(psycopg2.connect(address)) as connection:
        tables = relations(connection)
        assert {"rendered_task_instance_fields", "xcom", "log"} <= {name for _, name, _ in tables}
        for schema, name, _ in tables:
            for text in rows_of(connection, schema, name):
                assert told(personal, text) == set(), name
                assert password not in text, name


def health_checks(deployment: Deployment) -> list[list[str]]:
    """The health checks of docker-compose.yml for Airflow's services, made to fit this machine."""
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))["services"]
    tests = [services[name]["healthcheck"]["test"][1:] for name in deployment.processes]
    return [[word.replace(":8080", f":{deployment.port}") for word in test] for test in tests]


def is_healthy(deployment: Deployment, command: list[str]) -> bool:
    """Whether a health check passes, now or within its start period."""

    def passes() -> bool:
        try:
            deployment.command(*command)
        except DeploymentError:
            return False
        return True

    return deployment.wait_for(f"health: {' '.join(command)}", passes, 60)


def nights(deployment: Deployment) -> list[tuple[str, str, bool]]:
    """Every night in order: business date, state, whether the scheduler ran it."""
    with connect(load_settings(deployment.environment)) as connection, connection.cursor() as cursor:
        cursor.execute("select business_date::text, state, is_scheduled from ops.nights order by night_id")
        return cursor.fetchall()


def current(deployment: Deployment) -> str:
    """The business date that a reader sees, in the customer view and in the list of publications."""
    reader = reader_url(load_settings(deployment.environment))
    with closing(psycopg2.connect(reader)) as connection, connection.cursor() as cursor:
        cursor.execute("select distinct business_date::text from reporting.customer_360")
        ((shown,),) = cursor.fetchall()
        cursor.execute("select distinct business_date::text from reporting.publications where is_current")
        assert cursor.fetchall() == [(shown,)]
        return shown


def spoil(landing: Path, day: date) -> None:
    """Deliver the core system's transactions of a day with a negative amount, and an honest control file."""
    (table,) = (table for table in load_source("core").tables if table.name == "transactions")
    lines = read_delivery(landing, table, day)
    lines[0]["amount"] = "-1.00"
    write_delivery(landing, table, day, lines)
