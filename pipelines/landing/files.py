"""One delivery's file: its checks and its rows; read once, as a stream, in bounded memory.

A delivery is good or it is refused whole. What makes a single line bad (a number or a date that cannot be
read, a required value left out) is not judged here: raw keeps the line as it came, the night sets it aside.
"""

import hashlib
import zlib
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Context, Decimal, localcontext
from functools import lru_cache
from itertools import islice
from typing import BinaryIO

from pipelines.landing.csv_files import Hear, Row, count_lines, csv_rows
from pipelines.landing.delivery import Control, Delivery, DeliveryError, read_control
from pipelines.landing.layout import Layout, told_names
from pipelines.landing.parquet_files import parquet_rows
from pipelines.sources.declaration import read_date, read_decimal

__all__ = [
    "Control",
    "Delivery",
    "DeliveryError",
    "Row",
    "new_columns",
    "read_control",
    "read_rows",
    "sha256_of",
]

_EXACT = Context(prec=100)
_BATCH_ROWS = 2_000


def sha256_of(file: BinaryIO) -> str:
    """Hexadecimal sha256 of what is left to read."""
    return hashlib.file_digest(file, "sha256").hexdigest()


def read_rows(delivery: Delivery, control: Control, hear: Hear | None = None) -> Iterator[Row]:
    """Line number (the file's first line = 1) and cells of every row, as delivered, in declared order.

    Where the file has new columns, one more cell holds theirs as a JSON object (empty: all of them are).
    Bytes are checked before the first row; number of rows, totals and dates have been checked when the last
    row is out: use the rows in a transaction that an error rolls back. ``hear`` is given the content as it is
    read, the same for every way to compress it. Raises DeliveryError.
    """
    try:
        with delivery.path.open("rb") as file:
            _check_bytes(delivery, control, file)
            file.seek(0)
            layout, rows = _open(delivery, file, hear)
            yield from _checked(delivery, control, layout, rows)
    except (OSError, EOFError, zlib.error) as error:
        raise delivery.fault(f"{delivery.path} cannot be read ({error})") from error


def new_columns(delivery: Delivery) -> list[str]:
    """The columns of the file that are neither declared nor ignored: by name where it is a plain one, else by
    number. Reads the header alone; raises DeliveryError where it is wrong.
    """
    try:
        with delivery.path.open("rb") as file:
            return told_names(_open(delivery, file)[0])
    except (OSError, EOFError, zlib.error) as error:
        raise delivery.fault(f"{delivery.path} cannot be read ({error})") from error


def _open(delivery: Delivery, file: BinaryIO, hear: Hear | None = None) -> tuple[Layout, Iterator[Row]]:
    rows = parquet_rows if delivery.table.file == "parquet" else csv_rows
    return rows(delivery, file, hear)


def _check_bytes(delivery: Delivery, control: Control, file: BinaryIO) -> None:
    size = file.seek(0, 2)
    if size == 0 and (delivery.table.header or control.rows):
        raise delivery.fault(f"the file is empty (0 bytes), the control file promises {control.rows} rows")
    file.seek(0)
    found = sha256_of(file)
    if found != control.sha256:
        file.seek(0)
        raise delivery.fault(
            f"the file is truncated or changed: {size} bytes{_lines_told(delivery, file)}, "
            f"the control file promises {control.rows} rows; "
            f"sha256 {found[:12]}…, promised {control.sha256[:12]}…"
        )


def _lines_told(delivery: Delivery, file: BinaryIO) -> str:
    if delivery.table.file == "parquet":
        return ""
    count = count_lines(delivery, file)
    return f", {max(count - 1, 0)} lines below the header" if delivery.table.header else f", {count} lines"


def _checked(delivery: Delivery, control: Control, layout: Layout, rows: Iterator[Row]) -> Iterator[Row]:
    table = delivery.table
    names, width, is_plain, count = table.column_names, layout.width, layout.is_plain, 0
    dated = names.index(table.date_column) if table.date_column else None
    totals = [_Total(names.index(column)) for column in table.sums]
    while batch := list(islice(rows, _BATCH_ROWS)):
        _check_widths(delivery, width, batch)
        if not is_plain:
            batch = [(line, layout.cells(fields)) for line, fields in batch]
        if dated is not None:
            _check_dates(delivery, dated, batch)
        for total in totals:
            total.add([cells[total.position] for _, cells in batch])
        count += len(batch)
        yield from batch
    if count != control.rows:
        raise delivery.fault(f"the file has {count} rows, the control file promises {control.rows}")
    for total, column in zip(totals, table.sums, strict=True):
        if total.is_whole and total.value != control.sums[column]:
            raise delivery.fault(
                f"{column} adds up to {total.value}, the control total is {control.sums[column]} "
                f"(difference {_EXACT.subtract(total.value, control.sums[column])})"
            )


def _check_widths(delivery: Delivery, width: int, batch: Sequence[Row]) -> None:
    if all(len(fields) == width for _, fields in batch):
        return
    line, fields = next(row for row in batch if len(row[1]) != width)
    other = f"the header has {width}" if delivery.table.header else f"{width} are declared"
    raise delivery.fault(f"line {line} has {len(fields)} fields, {other}")


def _check_dates(delivery: Delivery, position: int, batch: Sequence[Row]) -> None:
    """Refuse a row dated after its receipt; a day has few dates, so each is read once."""
    column = delivery.table.columns[position]
    days = {text: _date(text, column.format) for text in {cells[position] for _, cells in batch}}
    late = {text for text, day in days.items() if day is not None and day > delivery.received_date}
    if late:
        line, text = next((line, cells[position]) for line, cells in batch if cells[position] in late)
        raise delivery.fault(
            f"line {line} has {column.name} {days[text]}, which is after the date of receipt"
        )


@lru_cache(maxsize=4096)
def _date(text: str, date_format: str) -> date | None:
    return read_date(text, date_format)


class _Total:
    """The exact sum of a column; not whole once a number is unreadable: the tie-out shows the difference."""

    def __init__(self, position: int) -> None:
        self.position = position
        self.value = Decimal(0)
        self.is_whole = True

    def add(self, texts: Sequence[str]) -> None:
        """Take in the column's cells of some rows."""
        numbers = [read_decimal(text) for text in texts]
        readable = [number for number in numbers if number is not None]
        with localcontext(_EXACT):
            self.value = sum(readable, self.value)
        if len(readable) < len(numbers):
            unread = (text for text, number in zip(texts, numbers, strict=True) if number is None)
            self.is_whole = self.is_whole and not any(unread)
