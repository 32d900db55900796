"""Land: what was received up to a date goes into raw as it came, all of it or nothing."""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import astuple, dataclass, fields
from datetime import date
from typing import TYPE_CHECKING

from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor
from psycopg2.extras import execute_values

from pipelines.landing.csv_files import Hear
from pipelines.landing.database import DatabaseRead, land_read
from pipelines.landing.erasure import erase_landed
from pipelines.landing.files import Control, Delivery, DeliveryError, new_columns, read_control, read_rows
from pipelines.landing.plan import Plan, plan_deliveries
from pipelines.landing.raw import analyze, copy_rows, delete_dates, ensure_raw_tables
from pipelines.settings import Settings
from pipelines.sources.declaration import Table, load_bank, pipeline_sources
from pipelines.warehouse import connect

if TYPE_CHECKING:
    from pipelines.nights import Night

_RAW = "raw"


@dataclass(frozen=True)
class LandingResult:
    """Rows that the sources promise, rows in raw, and deliveries taken in."""

    rows_in: int
    rows_out: int
    deliveries: int


@dataclass(frozen=True)
class _Receipt:
    """One row of ops.deliveries."""

    source_code: str
    table_name: str
    received_date: date
    file_name: str
    sha256: str
    byte_count: int
    row_count: int
    control_sums: str
    night_id: int
    extra_columns: list[str]
    watermark_from: str | None = None
    watermark_until: str | None = None
    content_sha256: str | None = None


def land(
    settings: Settings, night: "Night", until: date, progress: Callable[[str], None] | None = None
) -> LandingResult:
    """Take every delivery received up to ``until`` and not landed yet into raw, in one transaction.

    A delivery that was landed with the same bytes is left alone; with other bytes, and not yet published, it
    is replaced; a database is read on from where it was left. Raises DeliveryError, having landed nothing,
    where a delivery is missing or bad.
    """
    bank = load_bank(settings.bank)
    with connect(settings, role="yihu_loader", night_id=night.night_id) as connection:
        ensure_raw_tables(connection, [*bank.sources, *pipeline_sources()], _RAW)
        with connection.cursor() as cursor:
            plan = plan_deliveries(cursor, bank, settings.landing, until)
            rows_in = rows_out = 0
            for source, table in ((each, table) for each in bank.sources for table in each.tables):
                files = [each for each in plan.deliveries if each.table == table]
                reads = [each for each in plan.reads if each.table == table]
                if not files and not reads:
                    continue
                if files:
                    promised, landed = _land_files(cursor, table, files, plan, night.night_id)
                else:
                    promised, landed = _land_reads(cursor, table, reads, night.night_id)
                erase_landed(cursor, _RAW, source, table, [each.received_date for each in (*files, *reads)])
                rows_in, rows_out = rows_in + promised, rows_out + landed
                if progress:
                    count = len(files) + len(reads)
                    progress(f"{table.source}.{table.name}: {count} deliveries, {landed} rows")
    return LandingResult(rows_in, rows_out, len(plan.deliveries) + len(plan.reads))


def _land_files(
    cursor: Cursor, table: Table, deliveries: Sequence[Delivery], plan: Plan, night_id: int
) -> tuple[int, int]:
    """All deliveries of one table in one COPY; gives rows promised and rows landed."""
    dates = [each.received_date for each in deliveries]
    _clear(cursor, table, [day for day in dates if (table.source, table.name, day) in plan.replaced])
    controls = [read_control(each) for each in deliveries]
    heard = [hashlib.sha256() for _ in deliveries]
    rows = _dated_rows(deliveries, controls, [each.update for each in heard])
    landed = copy_rows(cursor, _RAW, table, dates, rows, with_extra=True)
    contents = [each.hexdigest() for each in heard]
    _refuse_repeated(cursor, table, deliveries, controls, contents)
    _refuse_duplicates(cursor, table, deliveries)
    analyze(cursor, _RAW, table, dates)
    told = zip(deliveries, controls, contents, strict=True)
    _record(cursor, [_file_receipt(*each, night_id) for each in told])
    return sum(control.rows for control in controls), landed


def _land_reads(
    cursor: Cursor, table: Table, reads: Sequence[DatabaseRead], night_id: int
) -> tuple[int, int]:
    """All reads of one table, one after another; gives rows promised and rows landed."""
    receipts = [
        _Receipt(
            *(table.source, table.name, read.received_date, f"{read.source.url_env}:{read.relation}"),
            *(done.sha256, done.byte_count, done.rows, json.dumps(done.sums), night_id),
            *(list(done.extra_columns), read.watermark_from, read.watermark_until),
        )
        for read in reads
        for done in [land_read(cursor, _RAW, read)]
    ]
    _refuse_duplicates(cursor, table, reads)
    analyze(cursor, _RAW, table, [read.received_date for read in reads])
    _record(cursor, receipts)
    rows = sum(receipt.row_count for receipt in receipts)
    return rows, rows


def _dated_rows(
    deliveries: Sequence[Delivery], controls: Sequence[Control], hearers: Sequence[Hear]
) -> Iterator[tuple[date, int, Sequence[str]]]:
    """The rows of all files, each with a last cell for what came in columns that are not declared."""
    width = len(deliveries[0].table.columns)
    for delivery, control, hear in zip(deliveries, controls, hearers, strict=True):
        for line, cells in read_rows(delivery, control, hear):
            yield delivery.received_date, line, cells if len(cells) > width else (*cells, "")


def _clear(cursor: Cursor, table: Table, dates: Sequence[date]) -> None:
    """Take out what a replaced delivery has left, its lines in quarantine with it: they were other lines."""
    if not dates:
        return
    delete_dates(cursor, _RAW, table, dates)
    for ledger in ("quarantine", "tie_outs", "deliveries"):
        statement = "delete from {} where source_code = %s and table_name = %s and received_date = any(%s)"
        cursor.execute(
            sql.SQL(statement).format(sql.Identifier("ops", ledger)), (table.source, table.name, list(dates))
        )


def _refuse_repeated(
    cursor: Cursor,
    table: Table,
    deliveries: Sequence[Delivery],
    controls: Sequence[Control],
    contents: Sequence[str],
) -> None:
    """An increment that is another date's, byte by byte or packed anew: its own rows are missing.

    Every other kind of table may come twice the same, and a day without rows as often as it likes.
    """
    if table.mode != "increment":
        return
    cursor.execute(
        "select coalesce(content_sha256, sha256), received_date from ops.deliveries "
        "where source_code = %s and table_name = %s and row_count > 0 "
        "and coalesce(content_sha256, sha256) = any(%s) order by received_date",
        (table.source, table.name, [*contents, *(control.sha256 for control in controls)]),
    )
    seen = dict(cursor.fetchall())
    for delivery, control, content in zip(deliveries, controls, contents, strict=True):
        first = None
        if control.rows:  # an old receipt has the hash of the file alone
            first = seen.get(control.sha256) or seen.setdefault(content, delivery.received_date)
        if first not in (None, delivery.received_date):
            raise delivery.fault(
                f"{delivery.path.name} is the file of {first} again, all {control.rows} rows of it",
                f"Have {table.source} deliver the rows of {delivery.received_date}, or a file without rows "
                "if there are none, then run the night again.",
            )


def _refuse_duplicates(cursor: Cursor, table: Table, deliveries: Sequence[Delivery | DatabaseRead]) -> None:
    """A key twice in one delivery; a key with an empty part is a bad line, and not compared."""
    key = [sql.Identifier(name) for name in table.key]
    statement = sql.SQL(
        "select _received_date, min(_line_number), max(_line_number), count(*) over () from {table} "
        "where _received_date = any(%s) and {filled} group by _received_date, {key} having count(*) > 1 "
        "order by 1, 2 limit 1"
    ).format(
        table=sql.Identifier(_RAW, table.raw_name),
        filled=sql.SQL(" and ").join(sql.SQL("{} is not null").format(name) for name in key),
        key=sql.SQL(", ").join(key),
    )
    cursor.execute(statement, ([each.received_date for each in deliveries],))
    if found := cursor.fetchone():
        day, first, last, count = found
        delivery = next(each for each in deliveries if each.received_date == day)
        raise _duplicate_fault(delivery, first, last, count)


def _duplicate_fault(delivery: Delivery | DatabaseRead, first: int, last: int, count: int) -> DeliveryError:
    key = ", ".join(delivery.table.key)
    return delivery.fault(
        f"lines {first} and {last} have the same key ({key}); {count} keys occur repeatedly"
    )


def _file_receipt(delivery: Delivery, control: Control, content: str, night_id: int) -> _Receipt:
    return _Receipt(
        source_code=delivery.table.source,
        table_name=delivery.table.name,
        received_date=delivery.received_date,
        file_name=delivery.path.name,
        sha256=control.sha256,
        byte_count=delivery.path.stat().st_size,
        row_count=control.rows,
        control_sums=json.dumps({column: str(total) for column, total in control.sums.items()}),
        night_id=night_id,
        extra_columns=new_columns(delivery),
        content_sha256=content,
    )


def _record(cursor: Cursor, receipts: Sequence[_Receipt]) -> None:
    columns = ", ".join(column.name for column in fields(_Receipt))
    execute_values(
        cursor,
        f"insert into ops.deliveries ({columns}) values %s",
        [astuple(receipt) for receipt in receipts],
        page_size=1000,
    )
