"""Digests of tables: one number per content, the same on every engine (design.md, law 1)."""

import re
from dataclasses import dataclass

from psycopg2 import sql
from psycopg2.extensions import connection as Connection

from pipelines.publishing import catalog
from pipelines.publishing.catalog import Column, Relation

# Types whose text is the same everywhere. No double, no timestamp, no numeric without a scale.
CANONICAL = re.compile(r"text|character varying(\(\d+\))?|boolean|smallint|integer|bigint|date|numeric\(.+\)")

# The flipped top bit makes the unsigned number a signed one less 2^63, so each row is hashed once and
# summed in a wide integer; the 2^63 per row come back at the end.
DIGEST = sql.SQL("""
select count(*),
       coalesce(sum((cast('x' || left(md5(array_to_string(array[{cells}], chr(31), chr(30))), 16) as bit(64))
                     # x'8000000000000000')::bigint), 0) + 9223372036854775808 * count(*)
from {table}
""")


class DigestError(Exception):
    """A table that cannot be digested: missing, or a column whose text is not canonical."""


@dataclass(frozen=True)
class Digest:
    """The row count of a table and its digest, ``<row count>:<sum of the row hashes>``."""

    row_count: int
    digest: str


def schema_digests(connection: Connection, schema: str) -> dict[str, Digest]:
    """The digest of every table of a schema, by table name."""
    found = catalog.tables(connection, schema)
    return {name: _digest(connection, schema, relation) for name, relation in found.items()}


def _digest(connection: Connection, schema: str, relation: Relation) -> Digest:
    cells = sql.SQL(", ").join(_cell(schema, relation.name, column) for column in relation.columns)
    with connection.cursor() as cursor:
        cursor.execute("set local datestyle to 'ISO'")
        cursor.execute(DIGEST.format(cells=cells, table=sql.Identifier(schema, relation.name)))
        row_count, row_sum = cursor.fetchone()
    return Digest(row_count, f"{row_count}:{row_sum}")


def _cell(schema: str, table: str, column: Column) -> sql.Composable:
    if not CANONICAL.fullmatch(column.type_name):
        raise DigestError(
            f"{schema}.{table}.{column.name} is {column.type_name}, whose text differs between engines: "
            "cast it to text, boolean, date, an integer or numeric(precision, scale) in the edition model"
        )
    return sql.SQL("cast({} as text)").format(sql.Identifier(column.name))
