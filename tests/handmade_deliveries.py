"""Deliveries written by hand, with control files that tell the truth unless a test says otherwise."""

import csv
import gzip
import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from pipelines.sources import Bank, Table
from pipelines.sources.declaration import read_decimal

Rows = Sequence[Mapping[str, str]]


def csv_bytes(table: Table, rows: Rows, header: Sequence[str] | None = None) -> bytes:
    """The data file of some rows; a column that a row leaves out is empty."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=table.delimiter, lineterminator="\r\n")  # quotes cells with either
    if table.header:
        writer.writerow(header or table.column_names)
    writer.writerows([row.get(name, "") for name in table.column_names] for row in rows)
    return text.getvalue().encode(table.encoding)


def data_bytes(table: Table, rows: Rows) -> bytes:
    """The data file of some rows as the table's declaration wants it: parquet, packed or plain."""
    if table.file == "parquet":
        return _parquet_bytes(table, rows)
    content = csv_bytes(table, rows)
    return gzip.compress(content, mtime=0) if table.file == "csv.gz" else content


def _parquet_bytes(table: Table, rows: Rows) -> bytes:
    """Text for every column, which landing takes for every type; an empty cell is null."""
    import pyarrow
    from pyarrow import parquet

    cells = {name: [row.get(name, "") or None for row in rows] for name in table.column_names}
    schema = pyarrow.schema([(name, pyarrow.string()) for name in table.column_names])
    file = io.BytesIO()
    parquet.write_table(pyarrow.table(cells, schema=schema), file)
    return file.getvalue()


def read_delivery(landing: Path, table: Table, day: date) -> list[dict[str, str]]:
    """The rows of a delivered file as texts, read as its declaration says."""
    content = (landing / table.source / day.isoformat() / table.file_name).read_bytes()
    if table.file == "parquet":
        from pyarrow import parquet

        found = parquet.read_table(io.BytesIO(content)).to_pylist()
        return [{name: "" if row[name] is None else str(row[name]) for name in row} for row in found]
    text = (gzip.decompress(content) if table.file == "csv.gz" else content).decode(table.encoding)
    lines = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), delimiter=table.delimiter)
    names = next(lines) if table.header else list(table.column_names)
    return [dict(zip(names, line, strict=True)) for line in lines]


def control_of(table: Table, rows: Rows, data: bytes) -> dict[str, Any]:
    """What an honest control file says of these rows and bytes."""
    sums = {
        name: str(sum((read_decimal(row.get(name, "")) or Decimal(0) for row in rows), Decimal(0)))
        for name in table.sums
    }
    return {"rows": len(rows), "sums": sums, "sha256": hashlib.sha256(data).hexdigest()}


def write_delivery(
    landing: Path,
    table: Table,
    day: date,
    rows: Rows = (),
    data: bytes | None = None,
    control: Mapping[str, Any] | None = None,
) -> Path:
    """Write one table's data file and its control file; gives the data file.

    ``data`` takes the place of the rows' bytes, ``control`` replaces entries of the honest control file.
    """
    folder = landing / table.source / day.isoformat()
    folder.mkdir(parents=True, exist_ok=True)
    content = data_bytes(table, rows) if data is None else data
    (folder / table.file_name).write_bytes(content)
    promise = control_of(table, rows, content) | dict(control or {})
    (folder / table.control_name).write_text(json.dumps(promise), encoding="utf-8")
    return folder / table.file_name


def write_day(landing: Path, bank: Bank, day: date, rows: Mapping[str, Rows] | None = None) -> None:
    """Write every table of a date: ``rows`` by ``<source>.<table>``, the others with a header only."""
    for source in bank.sources:
        for table in source.tables:
            write_delivery(landing, table, day, (rows or {}).get(f"{table.source}.{table.name}", ()))
