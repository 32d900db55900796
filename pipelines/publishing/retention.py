"""What policy keeps, and the collector that drops the rest apart from publishing."""

from datetime import date

from psycopg2 import errors, sql
from psycopg2.extensions import connection as Connection

from pipelines.nights import Night
from pipelines.policy import parameter
from pipelines.publishing import catalog, editions
from pipelines.publishing.editions import Retention
from pipelines.settings import Settings
from pipelines.warehouse import connect
from pipelines.warehouse.rooms import PUBLISHER

STILL_NEEDED = (*editions.BUSY, errors.DependentObjectsStillExist)


def policy_retention(settings: Settings, business_date: date) -> Retention:
    """How many editions the live policy keeps on a date."""
    with connect(settings) as connection:
        return Retention(
            int(parameter(connection, "kept_daily_editions", business_date)),
            int(parameter(connection, "kept_month_end_editions", business_date)),
        )


def collect(settings: Settings, night: Night | None = None) -> list[str]:
    """Drop the schemas of expired and superseded editions, each in its own transaction; returns their names.

    Also the ``edition_next`` that a failed or killed live night left behind, when no live night is running.
    What a reporting view still reads, or a reader holds, is left for the next time. ``night``: the fence.
    """
    dropped = [editions.NEXT] if _collect_leftover(settings) else []
    with connect(settings, PUBLISHER) as connection:
        current = editions.current(connection)
    if current is None:
        return dropped
    retention = policy_retention(settings, current.business_date)
    with connect(settings, PUBLISHER) as connection:
        names = [edition.edition_id for edition in editions.expired(connection, retention)]
    return dropped + [name for name in names if _collect_one(settings, night, retention, name)]


def drop_schema(connection: Connection, schema: str) -> None:
    """Drop a schema table by table without cascade, so that nothing that is still read can go."""
    tables = [sql.Identifier(schema, name) for name in catalog.tables(connection, schema)]
    with connection.cursor() as cursor:
        cursor.execute("set local lock_timeout = %s", (editions.LOCK_TIMEOUT,))
        if tables:
            cursor.execute(sql.SQL("drop table {}").format(sql.SQL(", ").join(tables)))
        cursor.execute(sql.SQL("drop schema {}").format(sql.Identifier(schema)))


def _collect_one(settings: Settings, night: Night | None, retention: Retention, edition_id: str) -> bool:
    try:
        with connect(settings, PUBLISHER, night.night_id if night else None) as connection:
            editions.lock(connection)
            if edition_id not in {one.edition_id for one in editions.expired(connection, retention)}:
                return False
            drop_schema(connection, edition_id)
            editions.set_state(connection, edition_id, "dropped")
    except STILL_NEEDED:
        return False
    return True


def _collect_leftover(settings: Settings) -> bool:
    try:
        with connect(settings, PUBLISHER) as connection, connection.cursor() as cursor:
            cursor.execute("select 1 from ops.nights where workspace = '' and state = 'running'")
            if cursor.fetchone() or not catalog.tables(connection, editions.NEXT):
                return False
            drop_schema(connection, editions.NEXT)
    except STILL_NEEDED:
        return False
    return True
