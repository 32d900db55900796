"""A forgotten person's clear values: what takes their place in raw, and in later deliveries as they land.

Which columns these are the declarations say: texts and dates of class C2 in the tables that name the source's
customer, and a name beside a number in the records of others. Amounts and keys stay: they say not who it is.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor
from psycopg2.extras import execute_values

from pipelines.sources.declaration import Column, Source, Table, read_date

ERASED = "(erased)"  # ASCII: every declared encoding has it
FORGOTTEN = """
select record.source_customer_id
from ops.subject_records as record
inner join ops.subject_decisions as decision on record.decision_id = decision.decision_id
where decision.kind_code = 'forget' and record.source_code = %s
"""
MENTIONS = """
select distinct record_key from ops.subject_mentions
where source_code = %s and table_name = %s and column_name = %s
"""
Place = tuple[date, int]  # date of receipt and line number


@dataclass(frozen=True)
class Line:
    """One line of raw, as its delivery came: declared column → cell (None: empty)."""

    received_date: date
    line_number: int
    cells: Mapping[str, str | None]


def personal_columns(source: Source, table: Table) -> tuple[Column, ...]:
    """The columns of a table that say who a person is: C2, text or date, where the table names a customer."""
    if not source.subjects or source.subjects[0] not in table.column_names:
        return ()
    return tuple(
        column
        for column in table.columns
        if column.privacy == "C2" and column.type in ("text", "date") and column.name not in table.key
    )


def named_columns(table: Table) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Somebody else who is named in a record: the column of his number, and all that say who he is."""
    columns = {column.name for column in table.columns if column.privacy == "C2" and column.type == "text"}
    for number in sorted(name for name in columns if name.endswith("_number")):
        prefix = number.removesuffix("number")
        if f"{prefix}name" in columns:
            yield number, tuple(sorted(name for name in columns if name.startswith(prefix)))


def pseudonyms(columns: Iterable[Column], cells: Mapping[str, str | None]) -> dict[str, str | None]:
    """What takes the place of a line's clear values; an empty cell stays empty.

    Of a date its year is left, for ages. Of a unified social credit code the first two signs are left: they
    say that a sole trader is one.
    """
    return {column.name: _pseudonym(column, cells) for column in columns if cells[column.name]}


def erase_lines(
    cursor: Cursor,
    schema: str,
    source: Source,
    table: Table,
    numbers: Sequence[str],
    dates: Sequence[date] | None = None,
) -> dict[Place, dict[str, str | None]]:
    """Put pseudonyms in the place of what raw says of some customers (of some dates of receipt).

    Gives the new cells by date of receipt and line number, also of lines that had been erased before.
    """
    columns = personal_columns(source, table)
    if not columns or not numbers:
        return {}
    lines = read_lines(cursor, schema, table, {source.subjects[0]: numbers}, dates)
    changes = {(each.received_date, each.line_number): pseudonyms(columns, each.cells) for each in lines}
    write_cells(cursor, schema, table, [column.name for column in columns], changes)
    return changes


def erase_landed(cursor: Cursor, schema: str, source: Source, table: Table, dates: Sequence[date]) -> None:
    """Of whom people decided to forget, nothing clear lands any more, nor where another's record names him.

    Such a record is told by its key, as his number is kept nowhere: who takes his place in it is not told.
    """
    if personal_columns(source, table):
        cursor.execute(FORGOTTEN, (source.code,))
        numbers = [number for (number,) in cursor.fetchall()]
        erase_lines(cursor, schema, source, table, numbers, dates)
    for number, columns in named_columns(table):
        cursor.execute(MENTIONS, (source.code, table.name, number))
        keys = [tuple(key) for (key,) in cursor.fetchall()]
        erase_names(cursor, schema, table, columns, keyed_lines(cursor, schema, table, keys, dates))


def erase_names(
    cursor: Cursor, schema: str, table: Table, columns: Sequence[str], lines: Sequence[Line]
) -> dict[Place, dict[str, str | None]]:
    """Put pseudonyms in the place of somebody named in others' lines; gives the new cells by place."""
    changes: dict[Place, dict[str, str | None]] = {
        (line.received_date, line.line_number): {name: ERASED for name in columns if line.cells[name]}
        for line in lines
    }
    write_cells(cursor, schema, table, columns, changes)
    return changes


def key_of(table: Table, line: Line) -> tuple[str | None, ...]:
    """The key of a line, as delivered."""
    return tuple(line.cells[name] for name in table.key)


def keyed_lines(
    cursor: Cursor,
    schema: str,
    table: Table,
    keys: Sequence[tuple[str, ...]],
    dates: Sequence[date] | None = None,
) -> list[Line]:
    """The lines of a raw table with one of some keys."""
    if not keys:
        return []
    lines = read_lines(cursor, schema, table, {table.key[0]: [key[0] for key in keys]}, dates)
    return [line for line in lines if key_of(table, line) in keys]


def read_lines(
    cursor: Cursor,
    schema: str,
    table: Table,
    wanted: Mapping[str, Sequence[str]],
    dates: Sequence[date] | None = None,
) -> list[Line]:
    """The lines of a raw table in any of whose columns one of some values stands, by date and line."""
    conditions = [sql.SQL("{} = any(%s)").format(sql.Identifier(name)) for name in wanted]
    where = sql.SQL("({})").format(sql.SQL(" or ").join(conditions))
    values: list[object] = [list(each) for each in wanted.values()]
    if dates is not None:
        where += sql.SQL(" and _received_date = any(%s)")
        values.append(list(dates))
    cursor.execute(
        sql.SQL("select _received_date, _line_number, {} from {} where {} order by 1, 2").format(
            sql.SQL(", ").join(map(sql.Identifier, table.column_names)),
            sql.Identifier(schema, table.raw_name),
            where,
        ),
        values,
    )
    return [
        Line(day, line, dict(zip(table.column_names, cells, strict=True)))
        for day, line, *cells in cursor.fetchall()
    ]


def write_cells(
    cursor: Cursor,
    schema: str,
    table: Table,
    columns: Sequence[str],
    changes: Mapping[Place, Mapping[str, str | None]],
) -> None:
    """Write new cells into raw; what came in columns that are not declared goes."""
    if not changes:
        return
    assignments = [
        sql.SQL("{0} = coalesce(new.{0}, old.{0})").format(sql.Identifier(name)) for name in columns
    ]
    names = sql.SQL(", ").join(map(sql.Identifier, ("_received_date", "_line_number", *columns)))
    statement = sql.SQL(
        "update {} as old set {}, _extra = null from (values %s) as new ({}) "
        "where old._received_date = new._received_date and old._line_number = new._line_number"
    ).format(sql.Identifier(schema, table.raw_name), sql.SQL(", ").join(assignments), names)
    rows = [(*place, *(cells.get(name) for name in columns)) for place, cells in changes.items()]
    template = f"(%s::date, %s::bigint{', %s::text' * len(columns)})"
    execute_values(cursor, statement.as_string(cursor), rows, template=template, page_size=1000)


def _pseudonym(column: Column, cells: Mapping[str, str | None]) -> str:
    cell = cells[column.name] or ""
    if column.format:
        return _first_of_year(cell, column.format)
    if column.name == "identity_number" and cells.get("identity_type") == "USCC":
        return cell.strip()[:2] + ERASED
    return ERASED


def _first_of_year(cell: str, date_format: str) -> str:
    """The first of January in the date's own format; what cannot be read there stays unreadable."""
    if read_date(cell, date_format) is None:
        return ERASED
    return f"{cell[:4]}-01-01" if date_format == "yyyy-mm-dd" else f"{cell[:2]}0101{cell[6:]}"
