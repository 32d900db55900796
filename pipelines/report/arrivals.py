"""What arrived tonight and what was due, by source and table (catalogue Q1, Q3)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from psycopg2.extensions import connection as Connection

from pipelines.gates.window import Window
from pipelines.report.rows import all_rows
from pipelines.report.words import Both
from pipelines.sources import Source, Table

DATES_NAMED = 5
_DELIVERIES = """
select source_code, table_name, count(*) as delivery_count, sum(row_count)::bigint as row_count,
       array_agg(received_date order by received_date) as dates
from ops.deliveries where {window} group by 1, 2
"""
_FIRST = "select source_code, min(received_date) as first_date from ops.deliveries group by 1"


@dataclass(frozen=True)
class TableArrival:
    """One table's deliveries tonight: days due and landed, rows, and the dates of receipt that are missing.

    ``waiting_count``: the files of so many more dates lie in the landing folder, and were not landed.
    """

    name: str
    title: Both
    due: str
    expected_count: int
    delivery_count: int
    row_count: int
    first_date: date | None
    last_date: date | None
    missing: tuple[date, ...]
    waiting_count: int

    @property
    def missing_words(self) -> str:
        """The missing dates, the first ones by name."""
        told = ", ".join(map(str, self.missing[:DATES_NAMED]))
        return told + (f", … ({len(self.missing)})" if len(self.missing) > DATES_NAMED else "")


@dataclass(frozen=True)
class SourceArrival:
    """One source's tables."""

    code: str
    title: Both
    tables: tuple[TableArrival, ...]

    @property
    def due(self) -> str:
        """The latest time of the day by which its tables are due."""
        return max(table.due for table in self.tables)

    @property
    def delivery_count(self) -> int:
        """Deliveries that came."""
        return sum(table.delivery_count for table in self.tables)

    @property
    def row_count(self) -> int:
        """Rows that came."""
        return sum(table.row_count for table in self.tables)

    @property
    def waiting_count(self) -> int:
        """Deliveries that lie there and were not landed."""
        return sum(table.waiting_count for table in self.tables)

    @property
    def missing_count(self) -> int:
        """Deliveries that did not come."""
        return sum(len(table.missing) for table in self.tables)


def read_arrivals(
    connection: Connection, sources: Iterable[Source], window: Window, landing: Path
) -> tuple[SourceArrival, ...]:
    """Arrivals of every source that delivers, in the bank's order; the night's own sources are left out."""
    found = all_rows(connection, _DELIVERIES.format(window=window.where("received_date")))
    came = {(row.source_code, row.table_name): row for row in found}
    first = {row.source_code: row.first_date for row in all_rows(connection, _FIRST)}
    return tuple(
        SourceArrival(
            source.code,
            Both(source.name_zh, source.name_en),
            tuple(_arrival(table, came, due, landing / source.code) for table in source.tables),
        )
        for source in sources
        if not source.is_pipeline
        for due in [_due_dates(window, first.get(source.code))]
    )


def _due_dates(window: Window, first: date | None) -> list[date]:
    """The calendar days of the window, counted from the source's first delivery."""
    start = max(window.after + timedelta(1), first or window.until)
    return [start + timedelta(day) for day in range((window.until - start).days + 1)] or [window.until]


def _arrival(table: Table, came: dict[tuple[str, str], Any], due: list[date], folder: Path) -> TableArrival:
    row = came.get((table.source, table.name))
    dates = row.dates if row else []
    open_dates = sorted(set(due) - set(dates))
    waiting = [day for day in open_dates if (folder / day.isoformat() / table.file_name).exists()]
    return TableArrival(
        name=table.name,
        title=Both(table.zh, table.en),
        due=table.due,
        expected_count=len(due),
        delivery_count=len(dates),
        row_count=row.row_count if row else 0,
        first_date=dates[0] if dates else None,
        last_date=dates[-1] if dates else None,
        missing=tuple(day for day in open_dates if day not in waiting),
        waiting_count=len(waiting),
    )
