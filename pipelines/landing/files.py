"""One delivery: its control file, its checks, its rows; read once, as a stream, in bounded memory.

A delivery is good or it is refused whole. What makes a single line bad (a number or a date that cannot be
read, a required value left out) is not judged here: raw keeps the line as it came, the night sets it aside.
"""

import csv
import gzip
import hashlib
import json
import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Context, Decimal
from functools import lru_cache, partial
from pathlib import Path
from typing import BinaryIO

from pipelines.sources.declaration import Table, is_credential, read_date, read_decimal

_LONGEST_LINE = 16 * 1024 * 1024
_EXACT = Context(prec=100)
_DELIVER_AGAIN = "Have it delivered again, then run the night again."

Row = tuple[int, Sequence[str]]


class DeliveryError(Exception):
    """A delivery that cannot be landed; the message names source, table, date, number and the next step."""


@dataclass(frozen=True)
class Delivery:
    """One table's file of one date of receipt, in the folder ``<landing>/<source>/<date>``."""

    table: Table
    received_date: date
    folder: Path

    @property
    def path(self) -> Path:
        """The data file."""
        return self.folder / self.table.file_name

    @property
    def control_path(self) -> Path:
        """The control file."""
        return self.folder / self.table.control_name

    def fault(self, what: str, next_step: str = _DELIVER_AGAIN) -> DeliveryError:
        """An error that says which delivery it is about; no value of the file belongs into ``what``."""
        name = f"{self.table.source}.{self.table.name} {self.received_date}"
        return DeliveryError(f"{name}: {what}. Nothing was landed. {next_step}")


@dataclass(frozen=True)
class Control:
    """What the control file promises: rows below the header, exact sums by column, sha256 of the file."""

    rows: int
    sums: dict[str, Decimal]
    sha256: str


def read_control(delivery: Delivery) -> Control:
    """The control file beside the data file; raises DeliveryError where it does not say what is needed."""
    name = delivery.control_path.name
    try:
        content = json.loads(delivery.control_path.read_bytes(), parse_int=str, parse_float=str)
    except (OSError, ValueError) as error:
        raise delivery.fault(f"the control file {delivery.control_path} cannot be read ({error})") from error
    if not isinstance(content, dict):
        raise delivery.fault(f"the control file {name} is not an object with rows, sums and sha256")
    rows, sums, sha256 = content.get("rows"), content.get("sums", {}), content.get("sha256")
    if not isinstance(rows, str) or not re.fullmatch(r"[0-9]{1,18}", rows):
        raise delivery.fault(f"the control file {name} gives no number of rows")
    if not isinstance(sha256, str) or not re.fullmatch(r"[0-9a-fA-F]{64}", sha256):
        raise delivery.fault(f"the control file {name} gives no sha256")
    totals = {column: _control_sum(delivery, sums, column) for column in delivery.table.sums}
    return Control(int(rows), totals, sha256.lower())


def _control_sum(delivery: Delivery, sums: object, column: str) -> Decimal:
    text = sums.get(column) if isinstance(sums, dict) else None
    total = read_decimal(text) if isinstance(text, str) else None
    if total is None:
        raise delivery.fault(
            f"the control file {delivery.control_path.name} gives no control total of {column}"
        )
    return total


def sha256_of(file: BinaryIO) -> str:
    """Hexadecimal sha256 of what is left to read."""
    return hashlib.file_digest(file, "sha256").hexdigest()


def read_rows(delivery: Delivery, control: Control) -> Iterator[Row]:
    """Line number (header = 1) and cells of every row, as delivered, in declared order.

    Bytes are checked before the first row; number of rows, totals and dates have been checked when the last
    row is out: use the rows in a transaction that an error rolls back. Raises DeliveryError.
    """
    try:
        with delivery.path.open("rb") as file:
            _check_bytes(delivery, control, file)
            file.seek(0)
            yield from _checked(delivery, control, _records(delivery, file))
    except (OSError, EOFError, zlib.error) as error:
        raise delivery.fault(f"{delivery.path} cannot be read ({error})") from error


def _check_bytes(delivery: Delivery, control: Control, file: BinaryIO) -> None:
    size = file.seek(0, 2)
    if size == 0:
        raise delivery.fault(f"the file is empty (0 bytes), the control file promises {control.rows} rows")
    file.seek(0)
    found = sha256_of(file)
    if found != control.sha256:
        file.seek(0)
        raise delivery.fault(
            f"the file is truncated or changed: {size} bytes, {_count_lines(delivery, file)} lines below "
            f"the header, the control file promises {control.rows} rows; "
            f"sha256 {found[:12]}…, promised {control.sha256[:12]}…"
        )


def _count_lines(delivery: Delivery, file: BinaryIO) -> int:
    """Lines below the header, as far as they can be read."""
    count = -1
    try:
        for _ in _body(delivery, file):
            count += 1
    except (OSError, EOFError, zlib.error):
        pass
    return max(count, 0)


def _body(delivery: Delivery, file: BinaryIO) -> BinaryIO:
    return gzip.GzipFile(fileobj=file) if delivery.table.file == "csv.gz" else file


def _records(delivery: Delivery, file: BinaryIO) -> Iterator[Row]:
    """Line number and cells of every record, the header first."""
    records = csv.reader(
        _decoded(delivery, _body(delivery, file)), delimiter=delivery.table.delimiter, strict=True
    )
    line = 1
    try:
        for cells in records:
            yield line, cells
            line = records.line_num + 1
    except csv.Error as error:
        raise delivery.fault(f"line {line} is not well-formed ({error})") from error


def _decoded(delivery: Delivery, body: BinaryIO) -> Iterator[str]:
    encoding = delivery.table.encoding
    for number, line in enumerate(iter(partial(body.readline, _LONGEST_LINE), b""), start=1):
        if len(line) == _LONGEST_LINE:
            raise delivery.fault(f"line {number} is longer than {_LONGEST_LINE} bytes")
        if b"\0" in line:
            raise delivery.fault(f"line {number} holds a NUL byte")
        try:
            yield line.decode(encoding)
        except UnicodeDecodeError as error:
            raise delivery.fault(f"line {number}, byte {error.start + 1} is not {encoding}") from None


def _checked(delivery: Delivery, control: Control, records: Iterator[Row]) -> Iterator[Row]:
    _check_header(delivery, next(records, (1, []))[1])
    table, received = delivery.table, delivery.received_date
    names = table.column_names
    width, count = len(names), 0
    dated = names.index(table.date_column) if table.date_column else None
    date_format = table.columns[dated].format if dated is not None else None
    totals = [_Total(names.index(column)) for column in table.sums]
    for line, cells in records:
        if len(cells) != width:
            raise delivery.fault(f"line {line} has {len(cells)} fields, the header has {width}")
        if dated is not None:
            day = _date(cells[dated], date_format)
            if day is not None and day > received:
                raise delivery.fault(
                    f"line {line} has {table.date_column} {day}, which is after the date of receipt"
                )
        for total in totals:
            total.add(cells)
        count += 1
        yield line, cells
    if count != control.rows:
        raise delivery.fault(f"the file has {count} rows, the control file promises {control.rows}")
    for total, column in zip(totals, table.sums, strict=True):
        if total.is_whole and total.value != control.sums[column]:
            raise delivery.fault(
                f"{column} adds up to {total.value}, the control total is {control.sums[column]} "
                f"(difference {_EXACT.subtract(total.value, control.sums[column])})"
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

    def add(self, cells: Sequence[str]) -> None:
        """Take in one row."""
        text = cells[self.position]
        number = read_decimal(text)
        if number is not None:
            self.value = _EXACT.add(self.value, number)
        elif text:
            self.is_whole = False


def _check_header(delivery: Delivery, header: Sequence[str]) -> None:
    """Names only what is declared: a file without a header shows a customer's data in its first line."""
    declared = delivery.table.column_names
    for number, name in enumerate(header, start=1):
        if is_credential(name):
            raise delivery.fault(
                f"line 1, column {number} is named like a credential (password, PIN, card check value)",
                "Credentials are never landed: have it delivered without them, then run the night again.",
            )
    if tuple(header) == declared:
        return
    missing = [name for name in declared if name not in header]
    extra = [str(number) for number, name in enumerate(header, start=1) if name not in declared]
    if missing or extra:
        differs = (
            f"missing: {', '.join(missing) or 'none'}; not declared: column {', '.join(extra) or 'none'}"
        )
    elif len(header) != len(declared):
        differs = f"given twice: {', '.join(sorted({name for name in header if header.count(name) > 1}))}"
    else:
        differs = f"another order: {', '.join(header)}; declared: {', '.join(declared)}"
    raise delivery.fault(
        f"line 1 is a wrong header of {len(header)} columns, not {len(declared)} ({differs})"
    )
