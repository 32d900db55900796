"""The policy schema: typed tables with the rows of one version; every version used is kept in ops."""

import io
from datetime import date
from decimal import Decimal

from psycopg2 import sql
from psycopg2.extensions import connection as Connection

from pipelines.policy.cells import as_text
from pipelines.policy.read import Policy, Row, parse_policy
from pipelines.policy.shapes import SHAPES, SQL_TYPES, PolicyError, Shape


def write_policy(connection: Connection, policy: Policy, schema: str = "policy") -> None:
    """Replace the rows of every policy table and record the version; the caller commits.

    Run it as ``yihu_loader`` in a night's transaction, on a schema that rooms made.
    """
    for name, shape in SHAPES.items():
        _make_table(connection, schema, shape)
        _replace_rows(connection, schema, shape, policy.tables[name])
    record_policy(connection, policy)


def record_policy(connection: Connection, policy: Policy) -> None:
    """Keep the content of a version that is going to be used; the caller commits."""
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into ops.policy_versions (policy_version, bank_code, content) values (%s, %s, %s) "
            "on conflict (policy_version) do nothing",
            (policy.version, policy.bank, policy.text),
        )


def read_recorded(connection: Connection, version: str) -> Policy:
    """The policy of a recorded version, for rebuilds; PolicyError if none is recorded or it changed."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select bank_code, content from ops.policy_versions where policy_version = %s", (version,)
        )
        found = cursor.fetchone()
    if found is None:
        raise PolicyError(f"policy version {version} was never used here; see `yihu editions`")
    policy = parse_policy(found[0], found[1], f"policy version {version}")
    if policy.version != version:
        raise PolicyError(f"policy version {version} was altered: its content is {policy.version}")
    return policy


def parameter(
    connection: Connection, parameter_code: str, business_date: date, schema: str = "policy"
) -> Decimal | str:
    """The value of a parameter in force on a date: text for the unit ``code``, else a Decimal in its unit."""
    query = sql.SQL(
        "select value, unit from {} where parameter_code = %(code)s and effective_from <= %(day)s "
        "and (effective_to is null or effective_to >= %(day)s)"
    ).format(sql.Identifier(schema, "parameters"))
    with connection.cursor() as cursor:
        cursor.execute(query, {"code": parameter_code, "day": business_date})
        found = cursor.fetchone()
    if found is None:
        raise PolicyError(f"parameters.csv: {parameter_code} has no row in force on {business_date}; add one")
    value, unit = found
    return value if unit == "code" else Decimal(value)


def _make_table(connection: Connection, schema: str, shape: Shape) -> None:
    columns = (
        sql.SQL("{} {} {}").format(
            sql.Identifier(column.name),
            sql.SQL(SQL_TYPES[column.kind]),
            sql.SQL("" if column.is_optional else "not null"),
        )
        for column in shape.columns
    )
    # a key may have empty cells: bands of everywhere name no region
    statement = sql.SQL("create table {} ({}, unique nulls not distinct ({}))").format(
        sql.Identifier(schema, shape.name),
        sql.SQL(", ").join(columns),
        sql.SQL(", ").join(map(sql.Identifier, (*shape.key, "effective_from"))),
    )
    table = sql.Identifier(schema, shape.name)
    with connection.cursor() as cursor:
        made_by = statement.as_string(cursor)
        cursor.execute("select obj_description(to_regclass(%s), 'pg_class')", (f"{schema}.{shape.name}",))
        if cursor.fetchone()[0] == made_by:
            return
        # Another release's shape: every row is written anew, and so are the views that read it.
        cursor.execute(sql.SQL("drop table if exists {} cascade").format(table))
        cursor.execute(statement)
        cursor.execute(sql.SQL("comment on table {} is {}").format(table, sql.Literal(made_by)))


def _replace_rows(connection: Connection, schema: str, shape: Shape, rows: tuple[Row, ...]) -> None:
    table = sql.Identifier(schema, shape.name)
    columns = sql.SQL(", ").join(map(sql.Identifier, shape.column_names))
    lines = "".join(_copy_line(row, shape) for row in rows)
    with connection.cursor() as cursor:
        # Delete, not truncate: whoever reads the old rows is not stopped.
        cursor.execute(sql.SQL("delete from {}").format(table))
        cursor.copy_expert(sql.SQL("copy {} ({}) from stdin").format(table, columns), io.StringIO(lines))
        cursor.execute(
            sql.SQL("analyze {}").format(table)
        )  # the bands are joined by range: guesses cost minutes


def _copy_line(row: Row, shape: Shape) -> str:
    return "\t".join(_copy_cell(as_text(row[name])) for name in shape.column_names) + "\n"


def _copy_cell(text: str | None) -> str:
    if text is None:
        return r"\N"
    escapes = (("\\", "\\\\"), ("\t", "\\t"), ("\n", "\\n"), ("\r", "\\r"))
    for raw, escaped in escapes:
        text = text.replace(raw, escaped)
    return text
