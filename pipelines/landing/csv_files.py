"""Delimited text, plain or gzipped: its header and its records, line by line."""

import csv
import gzip
import zlib
from collections.abc import Iterator, Sequence
from functools import partial
from typing import BinaryIO

from pipelines.landing.delivery import Delivery
from pipelines.landing.layout import Layout, layout_of

LONGEST_LINE = 16 * 1024 * 1024
_BYTE_ORDER_MARK = "\ufeff"

Row = tuple[int, Sequence[str]]


def csv_rows(delivery: Delivery, file: BinaryIO) -> tuple[Layout, Iterator[Row]]:
    """The layout, and line number (the file's first line = 1) and fields of every record below the header."""
    records = _records(delivery, file)
    names = delivery.table.column_names
    if not delivery.table.header:
        return layout_of(delivery, names, "the declaration"), _without_header(delivery, records)
    return layout_of(delivery, next(records, (1, []))[1], "line 1"), records


def count_lines(delivery: Delivery, file: BinaryIO) -> int:
    """Lines of the file, the header among them, as far as they can be read."""
    count = 0
    try:
        for _ in _body(delivery, file):
            count += 1
    except (OSError, EOFError, zlib.error):
        pass
    return count


def _without_header(delivery: Delivery, records: Iterator[Row]) -> Iterator[Row]:
    for line, fields in records:
        if line == 1 and tuple(fields) == delivery.table.column_names:
            raise delivery.fault(
                "line 1 is a header, the declaration says header: false",
                "Have it delivered without, or declare header: true; then run the night again.",
            )
        yield line, fields


def _records(delivery: Delivery, file: BinaryIO) -> Iterator[Row]:
    records = csv.reader(
        _decoded(delivery, _body(delivery, file)), delimiter=delivery.table.delimiter, strict=True
    )
    line = 1
    try:
        for fields in records:
            yield line, fields
            line = records.line_num + 1
    except csv.Error as error:
        raise delivery.fault(f"line {line} is not well-formed ({error})") from error


def _decoded(delivery: Delivery, body: BinaryIO) -> Iterator[str]:
    encoding = delivery.table.encoding
    for number, line in enumerate(iter(partial(body.readline, LONGEST_LINE), b""), start=1):
        if len(line) == LONGEST_LINE:
            raise delivery.fault(f"line {number} is longer than {LONGEST_LINE} bytes")
        if b"\0" in line:
            raise delivery.fault(f"line {number} holds a NUL byte")
        try:
            text = line.decode(encoding)
        except UnicodeDecodeError as error:
            raise delivery.fault(f"line {number}, byte {error.start + 1} is not {encoding}") from None
        yield text.removeprefix(_BYTE_ORDER_MARK) if number == 1 else text


def _body(delivery: Delivery, file: BinaryIO) -> BinaryIO:
    return gzip.GzipFile(fileobj=file) if delivery.table.file == "csv.gz" else file
