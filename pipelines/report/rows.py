"""Rows of one statement as named tuples, and whether a table is there to be asked."""

from typing import Any

from psycopg2.extensions import connection as Connection
from psycopg2.extras import NamedTupleCursor

Rows = list[Any]


def all_rows(connection: Connection, query: str, *values: object) -> Rows:
    """Every row of a statement."""
    with connection.cursor(cursor_factory=NamedTupleCursor) as cursor:
        cursor.execute(query, values)
        return cursor.fetchall()


def one_row(connection: Connection, query: str, *values: object) -> Any | None:
    """The first row of a statement, None without one."""
    rows = all_rows(connection, query, *values)
    return rows[0] if rows else None


def is_there(connection: Connection, schema: str, table: str) -> bool:
    """Whether a table or view exists."""
    query = "select 1 from information_schema.tables where table_schema = %s and table_name = %s"
    return one_row(connection, query, schema, table) is not None
