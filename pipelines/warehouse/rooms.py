"""The rooms of the warehouse: their tables (rooms.sql), their roles, and who may do what in which room."""

import hashlib
from pathlib import Path

from psycopg2 import sql
from psycopg2.extensions import connection as Connection
from psycopg2.extensions import cursor as Cursor

from pipelines.warehouse.migrations import RoomsError, migrate, migration_texts
from pipelines.workspace import LIVE, Workspace

LOADER = "yihu_loader"
TRANSFORMER = "yihu_transformer"
PUBLISHER = "yihu_publisher"
REPORTING_OWNER = "reporting_owner"
CLEAR_TEXT_OWNER = "clear_text_owner"  # of the two functions that show clear text by a ticket
READERS = ("bi_reader", "risk_reader")
WRITERS = (LOADER, TRANSFORMER, PUBLISHER)
ROLES = (*WRITERS, REPORTING_OWNER, CLEAR_TEXT_OWNER, *READERS)

# room -> its only writer, and the roles that read it
ROOMS = {
    "raw": (LOADER, (TRANSFORMER,)),
    "policy": (LOADER, (TRANSFORMER,)),
    "staging": (TRANSFORMER, (LOADER,)),
    "intermediate": (TRANSFORMER, (LOADER,)),
    "marts": (TRANSFORMER, (LOADER, CLEAR_TEXT_OWNER)),
    "protected": (TRANSFORMER, (CLEAR_TEXT_OWNER,)),
}
# nights, steps, waivers and readers' branches are the administrator's
OPS_WRITES = {
    LOADER: ("deliveries", "quarantine", "tie_outs", "policy_versions"),
    PUBLISHER: (
        *("editions", "publications", "gate_results", "gate_measures"),
        *("model_runs", "mart_builds", "views"),
    ),
}
# The publisher takes over what dbt has built (renames edition_next, becomes its owner) and replaces views: it
# holds both rights by membership; the way back, from dbt into editions and views, stays closed.
MEMBERSHIPS = {PUBLISHER: (TRANSFORMER, REPORTING_OWNER)}

# function -> who may call it
CLEAR_TEXT = {
    "reporting.open_clear_text_ticket(text, text)": "risk_reader",
    "reporting.read_clear_text(bigint)": "risk_reader",
}

_TABLES = Path(__file__).with_name("rooms.sql")


def create(connection: Connection) -> None:
    """Make roles, rooms, tables and grants in this database, in the caller's transaction; may run again."""
    with connection.cursor() as cursor:
        _create_roles(cursor)
        cursor.execute(_TABLES.read_text(encoding="utf-8"))
        migrate(cursor)
        _grant_ops(cursor)
        _grant_rooms(cursor, LIVE)
        cursor.execute("revoke all on schema public from public")
        cursor.execute(f"grant usage, create on schema reporting to {REPORTING_OWNER}")
        cursor.execute(f"grant usage on schema reporting to {', '.join((PUBLISHER, *READERS))}")
        _grant_clear_text(cursor)
        cursor.execute(f"comment on schema ops is 'rooms {_fingerprint()}'")
    grant_database(connection)
    if not are_ready(connection):
        raise RoomsError(
            f"the rooms of database {connection.info.dbname} are not as they must be: user "
            f"{connection.info.user} must own the database and have CREATEROLE; grant these and try again"
        )


def grant_database(connection: Connection) -> None:
    """Close the database to everybody but our roles; a database copied from a template needs it again."""
    with connection.cursor() as cursor:
        for grant in (
            "revoke all on database {} from public",
            f"grant connect on database {{}} to {', '.join(READERS)}",
            f"grant connect, temporary on database {{}} to {', '.join(WRITERS)}",
            f"grant create on database {{}} to {TRANSFORMER}, {PUBLISHER}",
        ):
            cursor.execute(sql.SQL(grant).format(sql.Identifier(connection.info.dbname)))


def are_ready(connection: Connection) -> bool:
    """Whether this database holds the rooms of this release, with their grants; locks nothing."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            select obj_description(to_regnamespace('ops'), 'pg_namespace') = %s
               and (select count(*) from pg_catalog.pg_roles where rolname = any(%s)) = %s
            """,
            (f"rooms {_fingerprint()}", list(ROLES), len(ROLES)),
        )
        if not cursor.fetchone()[0]:
            return False
        cursor.execute(
            """
            select has_database_privilege(%s, current_database(), 'create')
               and has_database_privilege(%s, current_database(), 'connect')
               and not has_database_privilege('bi_reader', current_database(), 'temporary')
            """,
            (TRANSFORMER, READERS[0]),
        )
        return cursor.fetchone()[0]


def create_workspace(connection: Connection, workspace: Workspace) -> None:
    """Make the rooms of a workspace with the same writers and readers as the live ones; may run again."""
    with connection.cursor() as cursor:
        for room in ROOMS:
            cursor.execute(f"create schema if not exists {workspace.schema(room)}")
        _grant_rooms(cursor, workspace)


def drop_workspace(connection: Connection, workspace: Workspace) -> list[str]:
    """Drop every schema of a workspace, its editions too; returns their names."""
    if workspace.is_live:
        raise RoomsError("the live rooms are no workspace: nothing was dropped; name a workspace")
    with connection.cursor() as cursor:
        cursor.execute(
            "select nspname from pg_catalog.pg_namespace where starts_with(nspname, %s) order by nspname",
            (workspace.schema(""),),
        )
        schemas = [name for (name,) in cursor.fetchall()]
        for schema in schemas:
            cursor.execute(sql.SQL("drop schema {} cascade").format(sql.Identifier(schema)))
    return schemas


def workspaces(connection: Connection) -> list[tuple[str, int]]:
    """The workspaces that exist, by name, with the number of their schemas."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select split_part(nspname, '__', 1), count(*) from pg_catalog.pg_namespace "
            "where nspname like '%\\_\\_%' group by 1 order by 1"
        )
        return cursor.fetchall()


def _fingerprint() -> str:
    texts = [path.read_text(encoding="utf-8") for path in (_TABLES, Path(__file__))]
    text = "".join([*texts, *migration_texts()])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _create_roles(cursor: Cursor) -> None:
    for role in ROLES:
        cursor.execute("select from pg_catalog.pg_roles where rolname = %s", (role,))
        if cursor.fetchone() is None:
            cursor.execute(f"create role {role} nologin")
    cursor.execute("select rolsuper from pg_catalog.pg_roles where rolname = current_user")
    if not cursor.fetchone()[0]:
        # CREATEROLE gives the right to administer a role, not yet the right to become it
        cursor.execute(f"grant {', '.join(ROLES)} to current_user with inherit true, set true")
    for member, roles in MEMBERSHIPS.items():
        cursor.execute(f"grant {', '.join(roles)} to {member} with inherit true, set true")


def _grant_ops(cursor: Cursor) -> None:
    cursor.execute(f"grant usage on schema ops to {', '.join(WRITERS)}, {REPORTING_OWNER}")
    cursor.execute(f"grant select on all tables in schema ops to {', '.join(WRITERS)}, {REPORTING_OWNER}")
    cursor.execute("revoke all on function ops.check_fence() from public")
    cursor.execute(f"grant execute on function ops.check_fence() to {', '.join(WRITERS)}")
    for role, tables in OPS_WRITES.items():
        for table in tables:
            cursor.execute(f"grant insert, update, delete on ops.{table} to {role}")


def _grant_clear_text(cursor: Cursor) -> None:
    """The functions act for a role of their own, which writes tickets and nothing else."""
    owner = CLEAR_TEXT_OWNER
    cursor.execute(f"grant usage on schema ops to {owner}")
    cursor.execute(f"grant select on ops.subject_tickets, ops.reader_branches to {owner}")
    cursor.execute(f"grant insert, update (used_in) on ops.subject_tickets to {owner}")
    cursor.execute(
        f"grant create on schema reporting to {owner}"
    )  # who owns a function there must have had it
    for function, reader in CLEAR_TEXT.items():
        cursor.execute(f"alter function {function} owner to {owner}")
        cursor.execute(f"revoke all on function {function} from public")
        cursor.execute(f"grant execute on function {function} to {reader}")
    cursor.execute(f"revoke create on schema reporting from {owner}")


def _grant_rooms(cursor: Cursor, workspace: Workspace) -> None:
    """The writer creates in its room; whatever it makes there, now or later, the room's readers may read."""
    for room, (writer, readers) in ROOMS.items():
        schema = workspace.schema(room)
        cursor.execute(f"grant usage, create on schema {schema} to {writer}")
        for reader in readers:
            cursor.execute(f"grant usage on schema {schema} to {reader}")
            cursor.execute(f"grant select on all tables in schema {schema} to {reader}")
            cursor.execute(
                f"alter default privileges for role {writer} in schema {schema} "
                f"grant select on tables to {reader}"
            )
