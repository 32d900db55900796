"""Deliveries on disk: a data file and its control file per table, source and day, written by the column."""

import csv
import io
import json
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import compute, parquet
from pyarrow import csv as arrow_csv

from pipelines.demo_bank.calendar import Calendar
from pipelines.demo_bank.world import NEVER
from pipelines.sources.declaration import Column, Table

SOURCES = ("core", "loans", "cards", "wealth", "channels", "crm", "corporate")
# Systems whose exports begin with a byte order mark; a declaration need not say so, readers skip it.
MARKED_SOURCES = ("crm",)
# An absent number or day.
EMPTY = -(1 << 40)

# One table of one day: columns in declared order, all of one length; a plain str, int or None holds for every
# row. date: days from the calendar's first (EMPTY or NEVER = none); decimal: whole units of 10**-scale (EMPTY
# = none); integer: whole numbers (EMPTY = none); text: arrow, numpy or list of str (None = none).
Frame = dict[str, Any]

_GZIP = 31  # zlib's window bits for a gzip stream; its header holds no time, so equal rows give equal bytes
_GZIP_LEVEL = 1
_SLICE_ROWS = 100_000
_LARGEST_PLAIN_SCALE = 6  # beyond it arrow writes small decimals with an exponent
_EPOCH = np.datetime64("1970-01-01")


class WritingError(Exception):
    """A frame that is not what its table declares; the message names source, table and column."""


def frame_rows(frame: Frame) -> int:
    """How many rows a frame has; a frame of plain values alone has none."""
    return next((len(column) for column in frame.values() if _is_many(column)), 0)


def numbered(prefix: str, values: np.ndarray, width: int) -> pa.Array:
    """`prefix` and the values padded with zeros to `width` digits; a negative value is an absent text."""
    values = np.asarray(values, dtype=np.int64)
    front = np.frombuffer(prefix.encode("ascii"), dtype=np.uint8)
    total = len(front) + width
    letters = np.empty((len(values), total), dtype=np.uint8)
    letters[:, : len(front)] = front
    rest = np.maximum(values, 0)
    for place in range(total - 1, len(front) - 1, -1):
        rest, digit = np.divmod(rest, 10)
        letters[:, place] = digit + 48
    return fixed_width(letters, values < 0)


def fixed_width(letters: np.ndarray, absent: np.ndarray | None = None) -> pa.Array:
    """Texts from an (n, width) array of ASCII bytes; None where `absent`."""
    count, width = letters.shape
    offsets = pa.py_buffer(np.arange(count + 1, dtype=np.int32) * width)
    data = pa.py_buffer(np.ascontiguousarray(letters, dtype=np.uint8))
    found = pa.StringArray.from_buffers(count, offsets, data)
    return found if absent is None or not absent.any() else blank(found, absent)


def coded(labels: Sequence[str | None], codes: np.ndarray) -> pa.Array:
    """The label of every code."""
    return pa.array(labels, pa.string()).take(pa.array(np.asarray(codes, dtype=np.int64)))


def blank(texts: pa.Array, absent: np.ndarray) -> pa.Array:
    """The texts, None where `absent`."""
    return compute.if_else(pa.array(np.asarray(absent, dtype=bool)), pa.scalar(None, pa.string()), texts)


def money(cents: int) -> str:
    """Whole cents as a decimal text."""
    return decimal_text(cents, 2)


def decimal_text(value: int, scale: int) -> str:
    """Whole units of 10**-scale as an exact decimal text."""
    if not scale:
        return str(value)
    sign, digits = ("-" if value < 0 else ""), f"{abs(value):0{scale + 1}d}"
    return f"{sign}{digits[:-scale]}.{digits[-scale:]}"


@dataclass(frozen=True)
class _Made:
    """A frame turned into a typed arrow table, with the exact sum of every declared control total."""

    table: pa.Table
    sums: dict[str, str]


def write_table(folder: Path, table: Table, frame: Frame, calendar: Calendar) -> int:
    """Write one delivery, data and control file, into its folder (which exists). Returns the row count.

    The format is the declared one. Equal frames give equal bytes. Raises WritingError where the frame's
    columns are not the declared ones or differ in length.
    """
    if tuple(frame) != table.column_names:
        raise WritingError(
            f"demo bank: {table.source}.{table.name} has the columns {', '.join(frame)}; "
            f"declared are {', '.join(table.column_names)}"
        )
    made = _made(table, frame, calendar) if frame_rows(frame) else _nothing(table, calendar)
    hashed = sha256()
    with (folder / table.file_name).open("wb") as file:
        for piece in _content(table, made.table):
            hashed.update(piece)
            file.write(piece)
    control = {"rows": made.table.num_rows, "sums": made.sums, "sha256": hashed.hexdigest()}
    (folder / table.control_name).write_text(json.dumps(control) + "\n", encoding="utf-8")
    return made.table.num_rows


def empty_frame(table: Table) -> Frame:
    """A frame of the table without a row."""
    return {name: [] for name in table.column_names}


@lru_cache(maxsize=256)
def _nothing(table: Table, calendar: Calendar) -> _Made:
    """Most tables bring nothing on most days of a small bank."""
    return _made(table, empty_frame(table), calendar)


def _made(table: Table, frame: Frame, calendar: Calendar) -> _Made:
    count, columns, sums = frame_rows(frame), {}, {}
    for column in table.columns:
        given = frame[column.name]
        if _is_many(given) and len(given) != count:
            raise WritingError(
                f"demo bank: {table.source}.{table.name} has {len(given)} values of {column.name}, "
                f"not {count}"
            )
        columns[column.name] = _typed(column, given, count, calendar)
        if column.name in table.sums:
            sums[column.name] = decimal_text(_total(given, count), column.scale or 0)
    return _Made(pa.table(columns), sums)


def _is_many(given: Any) -> bool:
    return not isinstance(given, str | int | np.integer | None)


def _total(given: Any, count: int) -> int:
    values = _whole(given, count)
    return int(values[values != EMPTY].sum())


def _whole(given: Any, count: int) -> np.ndarray:
    """Numbers as int64, EMPTY where there is none."""
    if given is None:
        return np.full(count, EMPTY)
    if not _is_many(given):
        return np.full(count, int(given))
    if isinstance(given, np.ma.MaskedArray):
        return given.astype(np.int64).filled(EMPTY)
    if isinstance(given, list):
        return np.array([EMPTY if value is None else value for value in given], dtype=np.int64)
    return np.asarray(given).astype(np.int64, copy=False)


def _typed(column: Column, given: Any, count: int, calendar: Calendar) -> pa.Array:
    if column.type == "text":
        return _texts(given, count)
    values = _whole(given, count)
    if column.type == "date":
        return dates(values, calendar)
    absent = values == EMPTY
    if column.type == "integer":
        return pa.array(values, mask=absent if absent.any() else None)
    return decimals(np.where(absent, 0, values), absent, column.scale or 0)


def _texts(given: Any, count: int) -> pa.Array:
    if isinstance(given, pa.ChunkedArray):
        given = given.combine_chunks()
    if isinstance(given, pa.Array):
        return given.dictionary_decode() if pa.types.is_dictionary(given.type) else given.cast(pa.string())
    if given is None or isinstance(given, str):
        return pa.repeat(pa.scalar(given, pa.string()), count)
    if isinstance(given, np.ndarray) and given.dtype.kind == "S":
        return (
            fixed_width(given.view(np.uint8).reshape(len(given), -1))
            if _is_full(given)
            else pa.array(given.astype(str), pa.string())
        )
    return pa.array(given, pa.string())


def _is_full(given: np.ndarray) -> bool:
    """Whether no value is shorter than the array's width."""
    return bool(given.dtype.itemsize and (given.view(np.uint8) != 0).all())


def dates(days: np.ndarray, calendar: Calendar) -> pa.Array:
    """Days from the calendar's first as arrow dates."""
    absent = (days <= EMPTY) | (days >= NEVER)
    first = int((np.datetime64(calendar.first) - _EPOCH).astype(int))
    numbers = np.where(absent, 0, days + first).astype(np.int32)
    return pa.array(numbers, mask=absent if absent.any() else None).view(pa.date32())


def decimals(values: np.ndarray, absent: np.ndarray, scale: int) -> pa.Array:
    """Whole units of 10**-scale as arrow decimals, None where `absent`."""
    halves = np.empty((len(values), 2), dtype=np.int64)
    halves[:, 0], halves[:, 1] = values, values >> 63
    bits = pa.py_buffer(np.packbits(~absent, bitorder="little")) if absent.any() else None
    return pa.Array.from_buffers(
        pa.decimal128(18 if scale else 19, scale), len(values), [bits, pa.py_buffer(halves)]
    )


def _content(table: Table, columns: pa.Table) -> Iterator[bytes]:
    """The bytes of the data file, a slice of rows at a time: a large table is never held twice as text."""
    if table.file == "parquet":
        sink = io.BytesIO()
        parquet.write_table(columns, sink, compression="zstd", store_schema=False)
        yield sink.getvalue()
        return
    if table.file == "csv":
        yield from _delimited(table, columns)
        return
    packer = zlib.compressobj(_GZIP_LEVEL, wbits=_GZIP)
    for piece in _delimited(table, columns):
        yield packer.compress(piece)
    yield packer.flush()


def _delimited(table: Table, columns: pa.Table) -> Iterator[bytes]:
    if table.source in MARKED_SOURCES:
        yield b"\xef\xbb\xbf"
    if table.header:
        yield f"{table.delimiter.join(table.column_names)}\n".encode()
    for start in range(0, columns.num_rows, _SLICE_ROWS):
        content = _lines(columns.slice(start, _SLICE_ROWS), table.delimiter)
        plain = table.encoding == "utf-8" or content.isascii()
        yield content if plain else content.decode().encode(table.encoding)


def _lines(columns: pa.Table, delimiter: str) -> bytes:
    plain = pa.table({name: _plain(columns.column(name)) for name in columns.column_names})
    sink = pa.BufferOutputStream()
    options = arrow_csv.WriteOptions(include_header=False, delimiter=delimiter, quoting_style="none")
    try:
        arrow_csv.write_csv(plain, sink, options)
    except pa.ArrowInvalid:
        return _quoted_lines(plain, delimiter)
    return sink.getvalue().to_pybytes()


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Decimals of many places as texts, each different value written once."""
    if not pa.types.is_decimal(column.type) or column.type.scale <= _LARGEST_PLAIN_SCALE:
        return column
    found = column.combine_chunks().dictionary_encode()
    scale = column.type.scale
    texts = [
        None if value is None else decimal_text(int(value.scaleb(scale)), scale)
        for value in found.dictionary.to_pylist()
    ]
    return pa.chunked_array([pa.array(texts, pa.string()).take(found.indices)])


def _quoted_lines(columns: pa.Table, delimiter: str) -> bytes:
    """The few tables with a delimiter or a quote inside a text, row by row."""
    sink = io.StringIO()
    texts = [compute.fill_null(column.cast(pa.string()), "").to_pylist() for column in columns.columns]
    csv.writer(sink, delimiter=delimiter, lineterminator="\n").writerows(zip(*texts, strict=True))
    return sink.getvalue().encode()
