"""What the database's catalog says of tables and views: columns, types, comments."""

from dataclasses import dataclass

from psycopg2.extensions import connection as Connection


@dataclass(frozen=True)
class Column:
    """One column; ``type_name`` is the full SQL type (``numeric(18,2)``)."""

    name: str
    type_name: str
    comment: str | None = None


@dataclass(frozen=True)
class Relation:
    """One table or view with its columns in declared order."""

    name: str
    comment: str | None
    columns: tuple[Column, ...]

    def column(self, name: str) -> Column | None:
        """The column of this name, if there is one."""
        return next((column for column in self.columns if column.name == name), None)


RELATIONS = """
select c.relname, obj_description(c.oid, 'pg_class'),
       a.attname, format_type(a.atttypid, a.atttypmod), col_description(c.oid, a.attnum)
from pg_catalog.pg_class as c
join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
join pg_catalog.pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
where n.nspname = %s and c.relkind = any (%s)
order by c.relname, a.attnum
"""
TABLE_KINDS = ["r", "p"]
VIEW_KINDS = ["v"]


def tables(connection: Connection, schema: str) -> dict[str, Relation]:
    """The tables of a schema by name; empty when the schema is missing."""
    return _relations(connection, schema, TABLE_KINDS)


def views(connection: Connection, schema: str) -> dict[str, Relation]:
    """The views of a schema by name; empty when the schema is missing."""
    return _relations(connection, schema, VIEW_KINDS)


def _relations(connection: Connection, schema: str, kinds: list[str]) -> dict[str, Relation]:
    with connection.cursor() as cursor:
        cursor.execute(RELATIONS, (schema, kinds))
        found = cursor.fetchall()
    comments = {name: comment for name, comment, *_ in found}
    columns: dict[str, list[Column]] = {name: [] for name in comments}
    for name, _, column_name, type_name, comment in found:
        columns[name].append(Column(column_name, type_name, comment))
    return {name: Relation(name, comments[name], tuple(columns[name])) for name in comments}
