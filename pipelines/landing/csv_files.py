"""Delimited text, plain or gzipped: its header and its records, line by line."""

import csv
import gzip
import io
import zlib
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import BinaryIO

from pipelines.landing.delivery import Delivery, DeliveryError
from pipelines.landing.layout import Layout, layout_of

LONGEST_LINE = 16 * 1024 * 1024
_BLOCK = 1 << 18
_BYTE_ORDER_MARK = "\ufeff"

Row = tuple[int, Sequence[str]]
Hear = Callable[[bytes], object]


def csv_rows(delivery: Delivery, file: BinaryIO, hear: Hear | None = None) -> tuple[Layout, Iterator[Row]]:
    """The layout, and line number (the file's first line = 1) and fields of every record below the header.

    ``hear`` is given all bytes, uncompressed, as they are read.
    """
    records = _records(delivery, _chunks(delivery, file, hear))
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


def _records(delivery: Delivery, chunks: Iterator[bytes]) -> Iterator[Row]:
    blocks = _decoded(delivery, chunks)
    lines = chain.from_iterable(io.StringIO(block, newline="\n") for block in blocks)
    records = csv.reader(lines, delimiter=delivery.table.delimiter, strict=True)
    line = 1
    try:
        for fields in records:
            yield line, fields
            line = records.line_num + 1
    except csv.Error as error:
        raise delivery.fault(f"line {line} is not well-formed ({error})") from error


def _decoded(delivery: Delivery, chunks: Iterator[bytes]) -> Iterator[str]:
    """The text in blocks of whole lines."""
    number = 1
    for block in _blocks(delivery, chunks):
        try:
            if b"\0" in block:
                raise _nul(delivery, block, number)
            text = block.decode(delivery.table.encoding)
        except UnicodeDecodeError:
            raise _undecodable(delivery, block, number) from None
        yield text.removeprefix(_BYTE_ORDER_MARK) if number == 1 else text
        number += block.count(b"\n")


def _blocks(delivery: Delivery, chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The bytes, cut behind line ends: no encoding that is read here has that byte in another character."""
    number, rest = 1, b""
    for chunk in chunks:
        whole, end, chunk = chunk.rpartition(b"\n")
        if end:
            yield rest + whole + end
            number, rest = number + whole.count(b"\n") + 1, chunk
        else:
            rest += chunk
        if len(rest) >= LONGEST_LINE:
            raise delivery.fault(f"line {number} is longer than {LONGEST_LINE} bytes")
    if rest:
        yield rest


def _nul(delivery: Delivery, block: bytes, first_line: int) -> DeliveryError:
    line = first_line + block.count(b"\n", 0, block.index(b"\0"))
    return delivery.fault(f"line {line} holds a NUL byte")


def _undecodable(delivery: Delivery, block: bytes, first_line: int) -> DeliveryError:
    """Names line and byte; the line alone is decoded, as an offset in a block says nothing to a reader."""
    encoding = delivery.table.encoding
    for number, line in enumerate(block.split(b"\n"), start=first_line):
        try:
            line.decode(encoding)
        except UnicodeDecodeError as error:
            return delivery.fault(f"line {number}, byte {error.start + 1} is not {encoding}")
    return delivery.fault(f"a line from {first_line} on is not {encoding}")


def _chunks(delivery: Delivery, file: BinaryIO, hear: Hear | None) -> Iterator[bytes]:
    body = _body(delivery, file)
    while chunk := body.read(_BLOCK):
        if hear:
            hear(chunk)
        yield chunk


def _body(delivery: Delivery, file: BinaryIO) -> BinaryIO:
    if delivery.table.file != "csv.gz":
        return file
    return io.BufferedReader(gzip.GzipFile(fileobj=file), _BLOCK)
