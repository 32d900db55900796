"""Whole nights in one warm process: the real steps, the real dbt, the real gates.

A night of the command line gives dbt and each gate a process of their own, and pays their imports every time.
Here both stay loaded and dbt's parse of the project is kept, so that a small night takes seconds.

    pytest_plugins = ["night_support"]

    def test_something(settings, warm_tools):
        write_demo_bank(settings.landing, customers=60, first_date=..., last_date=...)
        night = run_night(settings, date(2026, 10, 30))
"""

import io
import json
import os
import pickle
import uuid
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from datetime import date
from itertools import chain
from typing import Any
from unittest.mock import patch

import pytest

from pipelines import gates, nights
from pipelines.building import dbt as building_dbt
from pipelines.nights import Night
from pipelines.settings import Settings
from pipelines.steps import run_step
from pipelines.warehouse import connect
from pipelines.warehouse.rooms import create_workspace
from pipelines.workspace import LIVE, Workspace

LOADING = ("build_edition", "gate_edition", "publish")  # what bulk history leaves out

PARSING = ("--vars", "--project-dir", "--profiles-dir", "--target-path", "--log-path")
PARSED = ("nodes", "sources", "macros", "docs", "selectors", "disabled", "files", "metadata", "unit_tests")
# what the parse depends on → the database it was made for, and the pickled manifest
_parses: dict[str, tuple[str, bytes]] = {}


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
    with patch.object(building_dbt, "call", call_dbt), patch.object(gates, "call_gate", judge_gate):
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


def call_dbt(arguments: Sequence[str], environment: dict[str, str]) -> tuple[int, str]:
    """What ``building.dbt.call`` does, in this process."""
    from dbt.cli.main import dbtRunner

    output = io.StringIO()
    with patch.dict(os.environ, environment), redirect_stdout(output):
        manifest = _manifest(_options(arguments), environment["YIHU_DBT_DBNAME"])
        result = dbtRunner(manifest).invoke(["--no-use-colors", *arguments])
    said = output.getvalue() + (f"{result.exception}\n" if result.exception else "")
    return int(not result.success), said


def _options(arguments: Sequence[str]) -> dict[str, str]:
    """What the parse of the project takes from a call of dbt."""
    return {name: arguments[arguments.index(name) + 1] for name in PARSING}


def _manifest(options: dict[str, str], database: str) -> Any:
    """The parsed project, as new; None where it cannot be parsed (dbt then says so itself).

    Nothing that is parsed depends on the business date. Each call gets a copy of its own: dbt writes what it
    compiled into it. The database's name stands in every relation, so it is put right.
    """
    from dbt.contracts.graph.manifest import Manifest

    variables = json.loads(options["--vars"])
    same = {"business_date": None, "since": bool(variables.get("since"))}
    key = json.dumps([options["--project-dir"], {**variables, **same}])
    if key not in _parses:
        parsed = _parse(options)
        if parsed is None:
            return None
        # A whole manifest does not survive pickling, nor its own deepcopy; what it was parsed from does.
        _parses[key] = database, pickle.dumps({name: getattr(parsed, name) for name in PARSED})
    former, pickled = _parses[key]
    manifest = Manifest(**pickle.loads(pickled))
    for node in chain(manifest.nodes.values(), manifest.sources.values()):
        if node.database == former:
            node.database = database
            node.relation_name = node.relation_name and node.relation_name.replace(former, database)
    manifest.build_flat_graph()
    return manifest


def _parse(options: dict[str, str]) -> Any:
    from dbt.cli.main import dbtRunner

    return dbtRunner().invoke(["--no-partial-parse", "parse", *chain.from_iterable(options.items())]).result
