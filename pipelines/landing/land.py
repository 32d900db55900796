"""Land: what was received up to a date goes into raw as it came, all of it or nothing."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor
from psycopg2.extras import execute_values

from pipelines.landing.files import Control, Delivery, DeliveryError, read_control, read_rows
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
    """Rows that the control files promise, rows in raw, and deliveries taken in."""

    rows_in: int
    rows_out: int
    deliveries: int


def land(
    settings: Settings, night: "Night", until: date, progress: Callable[[str], None] | None = None
) -> LandingResult:
    """Take every delivery received up to ``until`` and not landed yet into raw, in one transaction.

    A delivery that was landed with the same bytes is left alone; with other bytes, and not yet published, it
    is replaced. Raises DeliveryError, having landed nothing, where a delivery is missing or bad.
    """
    bank = load_bank(settings.bank)
    with connect(settings, role="yihu_loader", night_id=night.night_id) as connection:
        ensure_raw_tables(connection, [*bank.sources, *pipeline_sources()], _RAW)
        with connection.cursor() as cursor:
            plan = plan_deliveries(cursor, bank, settings.landing, until)
            rows_in = rows_out = 0
            for table in (table for source in bank.sources for table in source.tables):
                deliveries = [each for each in plan.deliveries if each.table == table]
                if deliveries:
                    promised, landed = _land_table(cursor, table, deliveries, plan, night.night_id)
                    rows_in, rows_out = rows_in + promised, rows_out + landed
                    if progress:
                        progress(f"{table.source}.{table.name}: {len(deliveries)} deliveries, {landed} rows")
    return LandingResult(rows_in, rows_out, len(plan.deliveries))


def _land_table(
    cursor: Cursor, table: Table, deliveries: Sequence[Delivery], plan: Plan, night_id: int
) -> tuple[int, int]:
    """All deliveries of one table in one COPY; gives rows promised and rows landed."""
    dates = [each.received_date for each in deliveries]
    _clear(cursor, table, [day for day in dates if (table.source, table.name, day) in plan.replaced])
    controls = [read_control(each) for each in deliveries]
    landed = copy_rows(cursor, _RAW, table, dates, _dated_rows(deliveries, controls))
    _refuse_duplicates(cursor, table, deliveries)
    analyze(cursor, _RAW, table, dates)
    _record(cursor, deliveries, controls, night_id)
    return sum(control.rows for control in controls), landed


def _dated_rows(
    deliveries: Sequence[Delivery], controls: Sequence[Control]
) -> Iterator[tuple[date, int, Sequence[str]]]:
    for delivery, control in zip(deliveries, controls, strict=True):
        for line, cells in read_rows(delivery, control):
            yield delivery.received_date, line, cells


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


def _refuse_duplicates(cursor: Cursor, table: Table, deliveries: Sequence[Delivery]) -> None:
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


def _duplicate_fault(delivery: Delivery, first: int, last: int, count: int) -> DeliveryError:
    key = ", ".join(delivery.table.key)
    return delivery.fault(
        f"lines {first} and {last} have the same key ({key}); {count} keys occur repeatedly"
    )


def _record(
    cursor: Cursor, deliveries: Sequence[Delivery], controls: Sequence[Control], night_id: int
) -> None:
    rows = [
        (
            each.table.source,
            each.table.name,
            each.received_date,
            each.path.name,
            control.sha256,
            each.path.stat().st_size,
            control.rows,
            json.dumps({column: str(total) for column, total in control.sums.items()}),
            night_id,
        )
        for each, control in zip(deliveries, controls, strict=True)
    ]
    execute_values(
        cursor,
        "insert into ops.deliveries (source_code, table_name, received_date, file_name, sha256, byte_count, "
        "row_count, control_sums, night_id) values %s",
        rows,
        page_size=1000,
    )
