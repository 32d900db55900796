"""The raw room: one table per declared table, text as delivered, partitioned by month of receipt.

Beside the declared columns a row carries its date of receipt and line number, and in ``_extra`` what came in
columns that are not declared (null as a rule).
"""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import islice
from typing import Any, Protocol

from psycopg2 import Error, sql
from psycopg2.extensions import connection as Connection
from psycopg2.extensions import cursor as Cursor

from pipelines.months import first_date, month_number
from pipelines.sources.declaration import Source, Table, load_source

_CHUNK = 1 << 18
_BATCH_ROWS = 500
EXTRA = "_extra"


def ensure_raw_tables(connection: Connection, sources: Iterable[Source], schema: str = "raw") -> None:
    """Create the raw tables of ``sources`` that are missing, and columns that were declared since.

    Runs as yihu_loader, who owns them; ``schema`` is there already (the raw room, or a workspace's).
    """
    with connection.cursor() as cursor:
        known = _known_columns(cursor, schema)
        for table in (table for source in sources for table in source.tables):
            if table.raw_name not in known:
                _create_table(cursor, schema, table)
            else:
                _add_columns(cursor, schema, table, known[table.raw_name])


def write_rows(
    connection: Connection,
    schema: str,
    source: str,
    table: str,
    received_date: date,
    rows: Iterable[Sequence[Any]],
) -> int:
    """Replace one date's rows of a table that the night lands itself; gives the number of rows.

    ``rows`` hold the declared columns in declared order: None is null, the rest is written as text (dates
    ISO, decimals as they stand). Lines are numbered from 2, as below a header.
    """
    declaration = load_source(source)
    declared = declaration.table(table)
    ensure_raw_tables(connection, [declaration], schema)
    with connection.cursor() as cursor:
        delete_dates(cursor, schema, declared, [received_date])
        lines = ((received_date, number, row) for number, row in enumerate(rows, start=2))
        count = copy_rows(cursor, schema, declared, [received_date], lines)
        analyze(cursor, schema, declared, [received_date])
    return count


def copy_rows(
    cursor: Cursor,
    schema: str,
    table: Table,
    dates: Iterable[date],
    rows: Iterable[tuple[date, int, Sequence[Any]]],
    with_extra: bool = False,
) -> int:
    """COPY (date of receipt, line number, cells) into raw in one stream; ``dates`` covers those of the rows.

    ``with_extra``: one more cell holds the undeclared columns as JSON. Empty text becomes null, blanks stay.
    An error of ``rows`` comes out as itself. Gives the row count.
    """
    return copy_stream(cursor, schema, table, dates, _CopyStream(rows), "csv", with_extra)


def copy_stream(
    cursor: Cursor,
    schema: str,
    table: Table,
    dates: Iterable[date],
    stream: "Stream",
    copy_format: str,
    with_extra: bool = False,
) -> int:
    """COPY a readable of bytes in one of COPY's formats: date of receipt, line number, declared columns.

    The stream's own ``error`` comes out as itself. Gives the row count.
    """
    _ensure_partitions(cursor, schema, table, {day.replace(day=1) for day in dates})
    extra = (EXTRA,) if with_extra else ()
    columns = ("_received_date", "_line_number", *table.column_names, *extra)
    statement = sql.SQL("copy {} ({}) from stdin with (format {}, encoding 'utf8')").format(
        sql.Identifier(schema, table.raw_name),
        sql.SQL(", ").join(map(sql.Identifier, columns)),
        sql.SQL(copy_format),
    )
    try:
        cursor.copy_expert(statement, stream, _CHUNK)
    except Error:
        if stream.error:
            raise stream.error from None
        raise
    return cursor.rowcount


def delete_dates(cursor: Cursor, schema: str, table: Table, dates: Sequence[date]) -> None:
    """Take the rows of some dates of receipt out of raw."""
    if dates:
        statement = sql.SQL("delete from {} where _received_date = any(%s)")
        cursor.execute(statement.format(sql.Identifier(schema, table.raw_name)), (list(dates),))


def analyze(cursor: Cursor, schema: str, table: Table, dates: Iterable[date]) -> None:
    """Tell the planner about the months of ``dates``; a partitioned table is not analysed by itself."""
    for month in sorted({day.replace(day=1) for day in dates}):
        name = sql.Identifier(schema, _partition_name(table, month))
        cursor.execute(sql.SQL("analyze {}").format(name))


class Stream(Protocol):
    """What COPY reads from; ``error`` is what ended it before its end."""

    error: Exception | None

    def read(self, size: int) -> bytes:
        """At most ``size`` bytes, none at the end."""


class _CopyStream:
    """A readable of CSV bytes made from rows, a chunk at a time; keeps the error that ended it."""

    def __init__(self, rows: Iterable[tuple[date, int, Sequence[Any]]]) -> None:
        self.error: Exception | None = None
        self._rest = b""
        self._chunks = self._encoded(iter(rows))

    def read(self, size: int) -> bytes:
        """At most ``size`` bytes, none at the end."""
        try:
            while len(self._rest) < size and (chunk := next(self._chunks, None)) is not None:
                self._rest += chunk
        except Exception as error:
            self.error = error
            raise
        head, self._rest = self._rest[:size], self._rest[size:]
        return head

    @staticmethod
    def _encoded(rows: Iterator[tuple[date, int, Sequence[Any]]]) -> Iterator[bytes]:
        buffer = io.StringIO()
        # The line end names both characters, so the writer quotes a cell that holds either of them.
        write = csv.writer(buffer, lineterminator="\r\n").writerows
        while batch := list(islice(rows, _BATCH_ROWS)):
            write([(day, line, *cells) for day, line, cells in batch])
            if buffer.tell() >= _CHUNK:
                yield buffer.getvalue().encode("utf-8")
                buffer.seek(0)
                buffer.truncate()
        yield buffer.getvalue().encode("utf-8")


# ── tables and partitions ───────────────────────────────────────────────────────────────────────────────────


def _known_columns(cursor: Cursor, schema: str) -> dict[str, set[str]]:
    cursor.execute(
        "select c.relname, array_agg(a.attname::text) from pg_class c "
        "join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid "
        "where n.nspname = %s and c.relkind = 'p' and a.attnum > 0 and not a.attisdropped group by 1",
        (schema,),
    )
    return {name: set(columns) for name, columns in cursor.fetchall()}


def _create_table(cursor: Cursor, schema: str, table: Table) -> None:
    name = sql.Identifier(schema, table.raw_name)
    columns = sql.SQL(", ").join(
        sql.SQL("{} text").format(sql.Identifier(column)) for column in table.column_names
    )
    statement = (
        "create table {} ({}, _received_date date not null, _line_number bigint not null, _extra jsonb) "
        "partition by range (_received_date)"
    )
    cursor.execute(sql.SQL(statement).format(name, columns))


def _add_columns(cursor: Cursor, schema: str, table: Table, known: set[str]) -> None:
    for column, kind in (*((name, "text") for name in table.column_names), (EXTRA, "jsonb")):
        if column not in known:
            cursor.execute(
                sql.SQL("alter table {} add column {} {}").format(
                    sql.Identifier(schema, table.raw_name), sql.Identifier(column), sql.SQL(kind)
                )
            )


def _ensure_partitions(cursor: Cursor, schema: str, table: Table, months: set[date]) -> None:
    cursor.execute(
        "select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid "
        "join pg_class p on p.oid = i.inhparent join pg_namespace n on n.oid = p.relnamespace "
        "where n.nspname = %s and p.relname = %s",
        (schema, table.raw_name),
    )
    known = {name for (name,) in cursor.fetchall()}
    for month in sorted(months):
        name = _partition_name(table, month)
        if name not in known:
            following = first_date(month_number(month) + 1)
            cursor.execute(
                # Attached, not made as a partition: that would lock out whoever reads the table, the night's
                # own reader among them, until both give up.
                sql.SQL(
                    "create table {part} (like {whole}); "
                    "alter table {whole} attach partition {part} for values from ({first}) to ({following})"
                ).format(
                    part=sql.Identifier(schema, name),
                    whole=sql.Identifier(schema, table.raw_name),
                    first=sql.Literal(month),
                    following=sql.Literal(following),
                )
            )


def _partition_name(table: Table, month: date) -> str:
    return f"{table.raw_name}_p{month:%Y%m}"
