"""Cells of a landing file written anew, all other bytes as they came; the control file follows.

Only people's decision to forget a person does this: a delivery is otherwise never touched.
"""

import csv
import gzip
import hashlib
import io
import os
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, BinaryIO

from pipelines.landing.csv_files import csv_rows
from pipelines.landing.delivery import Delivery, read_control
from pipelines.landing.files import read_rows, sha256_of
from pipelines.landing.layout import Layout, layout_of

_SHA256 = re.compile(r'("sha256"\s*:\s*")[0-9a-fA-F]{64}(")')
_BYTE_ORDER_MARK = "\ufeff"

Changes = Mapping[int, Mapping[str, str | None]]  # line number → declared column → new cell


@dataclass(frozen=True)
class Rewritten:
    """A landing file's new hashes and size, as ``ops.deliveries`` keeps them."""

    sha256: str
    byte_count: int
    content_sha256: str


def write_fresh(delivery: Delivery, changes: Changes) -> Rewritten:
    """Write a delivery with other cells in some lines into ``.fresh`` beside it, and its control file.

    Undeclared columns of these lines are emptied. Nothing that landing reads changes until ``put_in_place``;
    ``discard`` takes it back. DeliveryError where the new file is not as promised, OSError where none
    can be written.
    """
    fresh = _fresh(delivery)
    fresh.folder.mkdir(mode=0o700, exist_ok=True)
    with delivery.path.open("rb") as file, fresh.path.open("wb") as out:
        os.chmod(out.fileno(), delivery.path.stat().st_mode)
        (_write_parquet if delivery.table.file == "parquet" else _write_csv)(delivery, changes, file, out)
        out.flush()
        os.fsync(out.fileno())
    with fresh.path.open("rb") as file:
        sha256 = sha256_of(file)
    text = delivery.control_path.read_text(encoding="utf-8")
    fresh.control_path.write_text(_SHA256.sub(rf"\g<1>{sha256}\g<2>", text), encoding="utf-8")
    os.chmod(fresh.control_path, delivery.control_path.stat().st_mode)
    heard = hashlib.sha256()
    for _ in read_rows(fresh, read_control(fresh), heard.update):
        pass
    return Rewritten(sha256, fresh.path.stat().st_size, heard.hexdigest())


def put_in_place(delivery: Delivery) -> None:
    """Let the fresh file take the delivery's place, whole at any moment; its control file follows."""
    fresh = _fresh(delivery)
    os.replace(fresh.path, delivery.path)
    os.replace(fresh.control_path, delivery.control_path)


def discard(delivery: Delivery) -> None:
    """Take away what is left of a fresh file."""
    shutil.rmtree(_fresh(delivery).folder, ignore_errors=True)


def _fresh(delivery: Delivery) -> Delivery:
    return replace(delivery, folder=delivery.folder / ".fresh")


def _write_csv(delivery: Delivery, changes: Changes, file: BinaryIO, out: BinaryIO) -> None:
    encoding = delivery.table.encoding
    layout, _ = csv_rows(delivery, file)
    file.seek(0)
    if delivery.table.file != "csv.gz":
        out.writelines(line.encode(encoding) for line in _lines(delivery, layout, changes, file))
        return
    # without name and time: the same rows give the same bytes
    with (
        gzip.GzipFile(fileobj=file) as packed,
        gzip.GzipFile(filename="", mode="wb", fileobj=out, mtime=0) as fresh,
    ):
        fresh.writelines(line.encode(encoding) for line in _lines(delivery, layout, changes, packed))


def _lines(delivery: Delivery, layout: Layout, changes: Changes, file: Iterable[bytes]) -> Iterator[str]:
    lines = (line.decode(delivery.table.encoding) for line in file)
    number = 1
    for line in lines:
        if number not in changes:
            yield line
            number += 1
            continue
        taken: list[str] = []
        fields = next(csv.reader(_heard(line, lines, taken), delimiter=delivery.table.delimiter))
        number += len(taken)
        mark = _BYTE_ORDER_MARK if line.startswith(_BYTE_ORDER_MARK) else ""
        cells = _changed(delivery, layout, fields, changes[number - len(taken)])
        yield mark + _written(delivery, cells, taken[-1])


def _heard(first: str, lines: Iterator[str], taken: list[str]) -> Iterator[str]:
    """The lines that a record takes, one after another, each noted when it is asked for."""
    taken.append(first)
    yield first.removeprefix(_BYTE_ORDER_MARK)
    for line in lines:
        taken.append(line)
        yield line


def _changed(
    delivery: Delivery, layout: Layout, fields: list[str], cells: Mapping[str, str | None]
) -> list[str]:
    names = delivery.table.column_names
    fresh = [""] * len(fields)
    for name, position in zip(names, layout.positions, strict=True):
        fresh[position] = cells.get(name) or fields[position]
    return fresh


def _written(delivery: Delivery, fields: list[str], last: str) -> str:
    text = io.StringIO()
    csv.writer(text, delimiter=delivery.table.delimiter, lineterminator="").writerow(fields)
    return text.getvalue() + last[len(last.rstrip("\r\n")) :]


def _write_parquet(delivery: Delivery, changes: Changes, file: BinaryIO, out: BinaryIO) -> None:
    """Row group by row group, in the file's own types."""
    from pyarrow import parquet

    content = parquet.ParquetFile(file, memory_map=False, pre_buffer=False)
    layout = layout_of(delivery, content.schema_arrow.names, "the schema", any_order=True)
    compression = content.metadata.row_group(0).column(0).compression if content.num_row_groups else "SNAPPY"
    first = 1
    with parquet.ParquetWriter(out, content.schema_arrow, compression=compression) as writer:
        for group in range(content.num_row_groups):
            rows = content.read_row_group(group, use_threads=False)
            writer.write_table(_changed_rows(rows, delivery, layout, changes, first))
            first += rows.num_rows


def _changed_rows(rows: Any, delivery: Delivery, layout: Layout, changes: Changes, first: int) -> Any:
    import pyarrow

    touched = [line for line in changes if first <= line < first + rows.num_rows]
    declared = {delivery.table.column_names[n]: place for n, place in enumerate(layout.positions)}
    undeclared = set(range(layout.width)) - set(layout.positions)
    places = undeclared | {declared[name] for line in touched for name in changes[line]}
    names = {place: name for name, place in declared.items()}
    for place in sorted(places) if touched else ():
        field = rows.schema.field(place)
        values = rows.column(place).to_pylist()
        for line in touched:
            fresh = changes[line].get(names[place]) if place in names else None
            if place in undeclared or fresh is not None:
                values[line - first] = _value(fresh, field.type)
        rows = rows.set_column(place, field, pyarrow.array(values, type=field.type))
    return rows


def _value(text: str | None, kind: Any) -> Any:
    from datetime import date

    from pyarrow import types

    return date.fromisoformat(text) if text and types.is_date(kind) else text
