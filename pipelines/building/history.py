"""From which date the marts go on, and the month ends at which a build stops on its way (laws 2 and 3).

A build for a date goes on from the newest former one whose inputs are still the same; where one of them is
not, everything is made anew. A month end that lies between is built for itself, with what was known by then:
so history comes out the same whether it was taken in night by night or at once.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from hashlib import sha256

from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor

from pipelines.building.dbt import build
from pipelines.landing.received import received_hash, released_dates
from pipelines.months import last_date, month_number
from pipelines.nights import Night
from pipelines.settings import Settings
from pipelines.sources import active_sources, declarations_for_dbt, pipeline_sources
from pipelines.warehouse import connect
from pipelines.workspace import Workspace

WRITER = "yihu_publisher"
# Policy that no mart of months reads, and what is said about a row beside its values.
_WORDING = ("codes", "reasons")
_REMARKS = ("owner", "proposer", "approver", "reason", "name_zh", "name_en", "effective_to")


@dataclass(frozen=True)
class Stop:
    """A date as of which the marts are built, and the one they go on from (None: made anew)."""

    business_date: date
    since: date | None


def stops(settings: Settings, night: Night) -> list[Stop]:
    """The builds that bring the marts of the night's workspace to its business date, that one last."""
    with connect(settings) as connection, connection.cursor() as cursor:
        since = _since(cursor, settings, night)
        cursor.execute(
            "select min(received_date) from ops.deliveries where received_date <= %s", (night.business_date,)
        )
        first = since or (cursor.fetchone()[0] or night.business_date) - timedelta(days=1)
    dates = [*_month_ends(first, night.business_date), night.business_date]
    return [Stop(day, former) for day, former in zip(dates, [since, *dates], strict=False)]


@contextmanager
def at(settings: Settings, night: Night, stop: Stop) -> Iterator[Night]:
    """The night as of a stop; on record as built when the caller is done with it."""
    then = replace(night, business_date=stop.business_date)
    workspace = night.workspace.name
    with connect(settings, WRITER, night.night_id) as connection, connection.cursor() as cursor:
        _read_as_of(cursor, night.workspace, stop.business_date)
        inputs = _inputs(cursor, settings, night.workspace, stop.business_date)
        if stop.since is None:
            cursor.execute("delete from ops.mart_builds where workspace = %s", (workspace,))
        cursor.execute(
            """
            insert into ops.mart_builds (workspace, business_date, inputs, is_whole, night_id)
            values (%s, %s, %s, false, %s)
            on conflict (workspace, business_date) do update
            set inputs = excluded.inputs, is_whole = false, night_id = excluded.night_id
            """,
            (workspace, stop.business_date, inputs, night.night_id),
        )
    yield then
    with connect(settings, WRITER, night.night_id) as connection, connection.cursor() as cursor:
        cursor.execute(
            "delete from ops.mart_builds where workspace = %s and business_date > %s",
            (workspace, stop.business_date),
        )
        cursor.execute(
            "update ops.mart_builds set is_whole = true where workspace = %s and business_date = %s",
            (workspace, stop.business_date),
        )


def stage(settings: Settings, night: Night) -> None:
    """Let the typed views show what was received up to the night's date; make them where they changed."""
    with connect(settings, WRITER, night.night_id) as connection, connection.cursor() as cursor:
        made_from = f"{_code(settings)} {json.dumps(released_dates(cursor))}"
        _read_as_of(cursor, night.workspace, night.business_date)
        cursor.execute(
            "select made_from, to_regclass(%s) is not null from ops.views where workspace = %s",
            (f"{night.workspace.schema('staging')}.stg_deliveries", night.workspace.name),
        )
        if cursor.fetchone() == (made_from, True):
            return
        cursor.execute("update ops.views set made_from = null where workspace = %s", (night.workspace.name,))
    build(settings, night, "delivery")
    with connect(settings, WRITER, night.night_id) as connection, connection.cursor() as cursor:
        cursor.execute(
            "update ops.views set made_from = %s where workspace = %s", (made_from, night.workspace.name)
        )


def _read_as_of(cursor: Cursor, workspace: Workspace, business_date: date) -> None:
    """Let the typed views of a workspace show what was received up to a date."""
    cursor.execute(
        "insert into ops.views (workspace, business_date) values (%s, %s) "
        "on conflict (workspace) do update set business_date = excluded.business_date",
        (workspace.name, business_date),
    )


def forget(settings: Settings, workspace: Workspace) -> None:
    """Let the next build make the marts of a workspace anew."""
    with connect(settings) as connection, connection.cursor() as cursor:
        cursor.execute("delete from ops.mart_builds where workspace = %s", (workspace.name,))


def _since(cursor: Cursor, settings: Settings, night: Night) -> date | None:
    """The newest date before the night's to go on from; None where a build was made from other inputs.

    A month end whose night ended between build and scores is built again, so that its scores land.
    """
    cursor.execute(
        "select business_date, inputs, is_whole from ops.mart_builds where workspace = %s",
        (night.workspace.name,),
    )
    builds = cursor.fetchall()
    cursor.execute("select to_regclass(%s)", (f"{night.workspace.schema('marts')}.tier_months",))
    if cursor.fetchone()[0] is None or not builds:
        return None
    # The newest covers what the older ones read, whether it was finished or not.
    newest = max(builds)
    if newest[1] != _inputs(cursor, settings, night.workspace, newest[0]):
        return None
    days = sorted((day for day, _, is_whole in builds if is_whole), reverse=True)
    former = (day for day in days if day < night.business_date)
    return next((day for day in former if _is_scored(cursor, night.workspace, day)), None)


def _is_scored(cursor: Cursor, workspace: Workspace, day: date) -> bool:
    """Whether the marts as of a date had their scores; a month end's are read by the month after."""
    if day != last_date(month_number(day)):
        return True
    statement = sql.SQL("select exists (select from {} where _received_date = %s)")
    table = sql.Identifier(workspace.schema("raw"), "churn_model__scores")
    cursor.execute(statement.format(table), (day,))
    return cursor.fetchone()[0]


def _month_ends(after: date, before: date) -> Iterator[date]:
    """Month ends d with ``after < d < before``."""
    months = range(month_number(after), month_number(before) + 1)
    return (day for day in map(last_date, months) if after < day < before)


def _inputs(cursor: Cursor, settings: Settings, workspace: Workspace, until: date) -> str:
    """A hash of what marts as of a date follow from: deliveries, quarantine, releases, policy and code."""
    parts = [_code(settings), received_hash(cursor, until)]
    parts += [_policy(cursor, workspace.schema("policy"), name, until) for name in _policy_tables(cursor)]
    return sha256("\n".join(parts).encode()).hexdigest()


def _policy_tables(cursor: Cursor) -> list[str]:
    cursor.execute(
        "select table_name from information_schema.columns "
        "where table_schema = 'policy' and column_name = 'effective_from' and not table_name = any(%s) "
        "order by 1",
        (list(_WORDING),),
    )
    return [name for (name,) in cursor.fetchall()]


def _policy(cursor: Cursor, schema: str, table: str, until: date) -> str:
    """A hash of the rows in force on or before a date; what begins or ends later is no part of it."""
    statement = sql.SQL(
        """
        select md5(string_agg(line, ',' order by line))
        from (
            select concat_ws(
                '|', to_jsonb(row) - %s::text[], case when row.effective_to < %s then row.effective_to end
            ) as line
            from {} as row
            where row.effective_from <= %s
        ) as lines
        """
    ).format(sql.Identifier(schema, table))
    cursor.execute(statement, (list(_REMARKS), until, until))
    return f"{table} {cursor.fetchone()[0]}"


def _code(settings: Settings) -> str:
    """A hash of the models and macros, and of the tables that are declared."""
    declarations = declarations_for_dbt([*active_sources(settings.bank), *pipeline_sources()])
    digest = sha256(json.dumps(declarations, sort_keys=True).encode())
    for folder in ("models", "macros"):
        for path in sorted((settings.root / "dbt_project" / folder).rglob("*.sql")):
            digest.update(path.read_bytes())
    return digest.hexdigest()
