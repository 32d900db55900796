"""A table of an operational PostgreSQL, read by watermark: one COPY out piped into one COPY into raw.

The night is a guest there: one read-only transaction for each table, with a time limit, and only the rows
whose watermark lies within the days not read yet. Memory holds what the pipe holds.
"""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date, timedelta

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import connection as Connection
from psycopg2.extensions import cursor as Cursor

from pipelines.landing.columns import KEPT_TYPES, ForeignColumn, read_columns
from pipelines.landing.delivery import DeliveryError, delivery_fault
from pipelines.landing.pipe import RowPipe
from pipelines.landing.raw import copy_stream
from pipelines.settings import source_url
from pipelines.sources.declaration import Source, Table

_CONNECT_SECONDS = 20
_NEXT = "Nothing else is needed than to run the night again."
_EXTRA_AT_ONCE = 40  # a function takes at most 100 arguments
# What a failed connection may say: the whole message can hold parts of a mistyped address, its password too.
_TOLD_REASONS = (
    "Connection refused",
    "password authentication failed",
    "timeout expired",
    "could not translate host name",
    "does not exist",
    "no pg_hba.conf entry",
)


@dataclass(frozen=True)
class DatabaseRead:
    """One table's rows of one date: those changed after the day ``since`` (None: ever), up to its end."""

    source: Source
    table: Table
    received_date: date
    since: date | None
    time_zone: str

    @property
    def relation(self) -> str:
        """The table's name in the source's database."""
        return self.table.relation or self.table.name

    @property
    def watermark_from(self) -> str | None:
        """The moment, in the bank's time zone, from which rows are read."""
        return f"{self.since + timedelta(days=1)} 00:00:00" if self.since else None

    @property
    def watermark_until(self) -> str:
        """The moment before which rows are read: the end of the date."""
        return f"{self.received_date + timedelta(days=1)} 00:00:00"

    def fault(self, what: str, next_step: str = "Then run the night again.") -> DeliveryError:
        """An error about this read; no value of the source belongs into ``what``."""
        return delivery_fault(self.table, self.received_date, what, next_step)


@dataclass(frozen=True)
class DatabaseReceipt:
    """What was read: rows and sums as the source counted them, bytes and their sha256 as they streamed by."""

    rows: int
    sums: dict[str, str]
    sha256: str
    byte_count: int
    extra_columns: tuple[str, ...]


def land_read(cursor: Cursor, schema: str, read: DatabaseRead) -> DatabaseReceipt:
    """Read one table of the source into raw; numbers its rows from 1, in the order of watermark and key.

    Raises DeliveryError where the source cannot be reached or read in time, a declared column is missing or
    retyped, the date is not over there, or other rows came than the source counted.
    """
    table = read.table
    with _source(read) as source:
        try:
            with source.cursor() as asking:
                _settle(asking, read)
                _refuse_open_day(asking, read)
                columns = read_columns(asking, read)
                _refuse_unmarked(asking, read, columns)
                rows, sums = _promised(asking, read, columns)
        except psycopg2.Error as error:
            raise _told(read, error) from None
        extra = [column for column in columns.values() if column.is_extra]
        statement = sql.SQL("copy ({}) to stdout").format(_rows_statement(read, columns, extra))
        with RowPipe(source, statement.as_string(source), f"{read.received_date}\t") as pipe:
            try:
                landed = copy_stream(
                    cursor, schema, table, [read.received_date], pipe, "text", with_extra=bool(extra)
                )
            except psycopg2.Error as error:
                if error is pipe.error:
                    raise _told(read, error) from None
                raise
    if not landed == pipe.rows == rows:
        raise read.fault(f"the source counts {rows} rows, {pipe.rows} came and {landed} are in raw", _NEXT)
    return DatabaseReceipt(rows, sums, pipe.sha256, pipe.byte_count, tuple(column.told for column in extra))


@contextmanager
def _source(read: DatabaseRead) -> Iterator[Connection]:
    """A read-only transaction at the source, in the bank's time zone, that sees one moment."""
    variable = read.source.url_env or ""
    url = source_url(variable)
    if url is None:
        raise read.fault(
            f"the source's address is not known: {variable} is not set",
            "Set it to postgresql://user:password@host:port/database, then run the night again.",
        )
    try:
        connection = psycopg2.connect(url, connect_timeout=_CONNECT_SECONDS, application_name="yihu")
    except psycopg2.Error as error:
        reason = next((words for words in _TOLD_REASONS if words in str(error)), type(error).__name__)
        raise read.fault(
            f"the source's database cannot be reached ({reason})",
            f"Check the server and the address in {variable}, then run the night again.",
        ) from None
    with closing(connection):
        connection.set_session(isolation_level="REPEATABLE READ", readonly=True)
        connection.set_client_encoding("UTF8")
        yield connection


def _settle(cursor: Cursor, read: DatabaseRead) -> None:
    """Limits and spelling of this transaction; set here, for a connection pooler takes them nowhere else."""
    limit = f"{read.source.time_limit_seconds}s"
    for name, value in (
        ("statement_timeout", limit),
        ("lock_timeout", limit),
        ("timezone", read.time_zone),
        ("datestyle", "ISO, YMD"),
    ):
        cursor.execute("select set_config(%s, %s, true)", (name, value))


def _told(read: DatabaseRead, error: psycopg2.Error) -> DeliveryError:
    """The source's error without its words: they may quote a row."""
    if isinstance(error, psycopg2.errors.QueryCanceled):
        return read.fault(
            f"{read.relation} took longer than {read.source.time_limit_seconds} seconds to read",
            f"Have an index made on {read.table.watermark} there, or declare a longer time_limit_seconds; "
            "then run the night again.",
        )
    return read.fault(
        f"{read.relation} could not be read ({type(error).__name__})",
        "Have the source's database looked at, then run the night again.",
    )


def _refuse_open_day(cursor: Cursor, read: DatabaseRead) -> None:
    cursor.execute("select clock_timestamp() < cast(%s as timestamptz)", (read.watermark_until,))
    if cursor.fetchone()[0]:
        raise read.fault(
            f"the day is not over at the source ({read.time_zone}): rows would still come in",
            "Run the night after it has ended.",
        )


def _refuse_unmarked(cursor: Cursor, read: DatabaseRead, columns: dict[str, ForeignColumn]) -> None:
    """A row without a watermark would never be read, and nobody would miss it."""
    watermark = columns[read.table.watermark]
    if watermark.is_never_null:
        return
    statement = sql.SQL("select count(*) from {} where {} is null")
    cursor.execute(statement.format(_relation(read), sql.Identifier(watermark.name)))
    if count := cursor.fetchone()[0]:
        raise read.fault(
            f"{count} rows of {read.relation} have no {watermark.name} and would never be read",
            "Have the source fill it, then run the night again.",
        )


def _promised(
    cursor: Cursor, read: DatabaseRead, columns: dict[str, ForeignColumn]
) -> tuple[int, dict[str, str]]:
    """Rows and control totals, as the source itself counts them in the same transaction."""
    table = read.table
    measures = [sql.SQL("count(*)"), _later_rows(read, columns)]
    for name in table.sums:
        if not columns[name].is_number:
            raise read.fault(
                f"column {name} has the type {columns[name].type}: a control total needs a number"
            )
        measures.append(sql.SQL("cast(coalesce(sum({}), 0) as text)").format(sql.Identifier(name)))
    statement = sql.SQL("select {} from {} where {}")
    cursor.execute(statement.format(sql.SQL(", ").join(measures), _relation(read), _range(read, columns)))
    rows, later, *sums = cursor.fetchone()
    if later:
        raise read.fault(f"{later} rows have {table.date_column} after the date of receipt")
    return rows, dict(zip(table.sums, sums, strict=True))


def _later_rows(read: DatabaseRead, columns: dict[str, ForeignColumn]) -> sql.Composable:
    name = read.table.date_column
    if name is None or not columns[name].is_moment:
        return sql.SQL("0")
    return sql.SQL("count(*) filter (where cast({} as date) > {})").format(
        sql.Identifier(name), sql.Literal(read.received_date)
    )


def _rows_statement(
    read: DatabaseRead, columns: dict[str, ForeignColumn], extra: Sequence[ForeignColumn]
) -> sql.Composable:
    cells = [_cell(columns[name], read.table.column(name).type) for name in read.table.column_names]
    if extra:
        cells.append(_extra_cell(extra))
    order = map(sql.Identifier, (read.table.watermark, *read.table.key))
    return sql.SQL("select {} from {} where {} order by {}").format(
        sql.SQL(", ").join(cells), _relation(read), _range(read, columns), sql.SQL(", ").join(order)
    )


def _cell(column: ForeignColumn, declared_type: str) -> sql.Composable:
    """A column as the text that raw holds; empty text becomes null there."""
    name: sql.Composable = sql.Identifier(column.name)
    if declared_type == "date" and column.is_moment:
        name = sql.SQL("cast({} as date)").format(name)
    return sql.SQL("nullif(cast({} as text), '')").format(name)


def _extra_cell(extra: Sequence[ForeignColumn]) -> sql.Composable:
    parts = []
    for start in range(0, len(extra), _EXTRA_AT_ONCE):
        pairs = [
            sql.SQL("{}, cast({} as text)").format(sql.Literal(column.name), sql.Identifier(column.name))
            for column in extra[start : start + _EXTRA_AT_ONCE]
        ]
        parts.append(sql.SQL("jsonb_build_object({})").format(sql.SQL(", ").join(pairs)))
    joined = sql.SQL(" || ").join(parts)
    return sql.SQL("nullif(jsonb_strip_nulls({}), '{{}}')").format(joined)


def _range(read: DatabaseRead, columns: dict[str, ForeignColumn]) -> sql.Composable:
    """from <= watermark < until, in the watermark's own type, so that its index serves."""
    watermark = columns[read.table.watermark]
    name, kind = sql.Identifier(watermark.name), sql.SQL(KEPT_TYPES[watermark.type])
    parts = [
        sql.SQL("{} {} cast({} as {})").format(name, sql.SQL(sign), sql.Literal(moment), kind)
        for sign, moment in ((">=", read.watermark_from), ("<", read.watermark_until))
        if moment is not None
    ]
    return sql.SQL(" and ").join(parts)


def _relation(read: DatabaseRead) -> sql.Composable:
    return sql.Identifier(*read.relation.split("."))
