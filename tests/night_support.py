"""Whole nights in one warm process: the real steps, the real dbt, the real gates.

A night of the command line gives dbt and each gate a process of their own, and pays their imports every time.
Here both stay loaded and dbt's parse of the project is kept, so that a small night takes seconds.

    pytest_plugins = ["night_support"]

    def test_something(settings, warm_tools):
        write_demo_bank(settings.landing, customers=60, first_date=..., last_date=...)
        night = run_night(settings, date(2026, 10, 30))
"""

import uuid
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any
from unittest.mock import patch

import pytest

from pipelines import building, gates, nights
from pipelines.building import dbt as building_dbt
from pipelines.building.warm import invoke
from pipelines.nights import Night
from pipelines.rebuild import rebuilding
from pipelines.settings import Settings
from pipelines.steps import run_step
from pipelines.warehouse import connect
from pipelines.warehouse.rooms import create_workspace
from pipelines.workspace import LIVE, Workspace

LOADING = ("build_edition", "gate_edition", "publish")  # what bulk history leaves out


def run_night(
    settings: Settings,
    business_date: date,
    workspace: Workspace = LIVE,
    skipped: Collection[str] = (),
    policy_version: str | None = None,
) -> Night:
    """Run every step of one night in this process, as the DAG does: a failed one still writes its report.

    ``skipped`` steps are left out (LOADING: take in history only); a workspace is made if need be, and
    ``policy_version`` is noted for it. Returns the night, which has ended; raises what stopped it.
    """
    night = begin_night(settings, business_date, workspace, policy_version)
    with nights.hold(settings, night):
        try:
            for name in nights.STEPS[:-1]:
                if name not in skipped:
                    run_step(settings, night, name)
        finally:
            run_step(settings, night, "report")
    return night


def begin_night(
    settings: Settings, business_date: date, workspace: Workspace = LIVE, policy_version: str | None = None
) -> Night:
    """Open a night as the command line does, for tests that run its steps themselves."""
    if not workspace.is_live:
        with connect(settings) as connection:
            create_workspace(connection, workspace)
    night = nights.open_night(settings, business_date, f"test__{uuid.uuid4().hex}", workspace)
    if policy_version:
        nights.note_policy(settings, night, policy_version)
    return night


def rebuild(settings: Settings, day: date, **options: bool) -> tuple[str, str | None, str | None]:
    """What `yihu rebuild` does, with the steps in this process; gives the night's state."""
    run_id = f"test__{uuid.uuid4().hex}"
    with rebuilding(settings, day, run_id, **options) as night, nights.hold(settings, night):
        for name in nights.STEPS:
            run_step(settings, night, name)
    return night_state(settings, night)


def night_state(settings: Settings, night: Night) -> tuple[str, str | None, str | None]:
    """How a night ended: state, failed step, message."""
    return query(
        settings, "select state, failed_step, message from ops.nights where night_id = %s", night.night_id
    )[0]


def digests(settings: Settings, business_date: date) -> dict[str, tuple[int, str]]:
    """Rows and digest of every table published for a business date, in its kept edition."""
    rows = query(
        settings,
        """
        select publication.table_name, publication.row_count, publication.digest
        from ops.publications as publication
        inner join ops.editions as edition on publication.edition_id = edition.edition_id
        where edition.business_date = %s and edition.state = 'kept'
        """,
        business_date,
    )
    return {name: (count, str(digest)) for name, count, digest in rows}


def query(settings: Settings, statement: str, *values: Any) -> list[tuple[Any, ...]]:
    """The rows of one statement, asked by the administrator."""
    with connect(settings) as connection, connection.cursor() as cursor:
        cursor.execute(statement, values or None)
        return cursor.fetchall()


@contextmanager
def warm() -> Iterator[None]:
    """Inside: ``building.build`` and the gates run in this process."""
    with (
        patch.object(building_dbt, "call", invoke),
        patch.object(building, "call_marts", building.build_marts),
        patch.object(gates, "call_gate", judge_gate),
    ):
        yield


@pytest.fixture
def warm_tools() -> Iterator[None]:
    """The test's nights run in this process (see ``warm``)."""
    with warm():
        yield


def judge_gate(settings: Settings, night: Night, gate: str) -> gates.GateVerdict:
    """What ``gates.call_gate`` does, in this process."""
    verdict = gates.run_gate(settings, night, gate)
    gates.close_if_failed(verdict)
    return verdict
