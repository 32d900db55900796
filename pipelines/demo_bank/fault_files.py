"""One delivered file of the demo bank, opened to be spoilt: its lines and its control file."""

import csv
import gzip
import io
import json
from dataclasses import dataclass
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any

from pipelines.sources.declaration import Table, read_decimal

_MARK = b"\xef\xbb\xbf"


@dataclass
class DeliveredFile:
    """A table's file in a date's folder; `head` is its header line (none: empty), `body` its other lines."""

    table: Table
    folder: Path
    head: list[str]
    body: list[str]
    mark: bytes

    @property
    def path(self) -> Path:
        """The data file."""
        return self.folder / self.table.file_name

    @property
    def control_path(self) -> Path:
        """The control file."""
        return self.folder / self.table.control_name

    @property
    def received(self) -> str:
        """The date of receipt."""
        return self.folder.name

    def fields(self, place: int) -> dict[str, str]:
        """The fields of a body line by column."""
        found = next(csv.reader([self.body[place]], delimiter=self.table.delimiter))
        return dict(zip(self.table.column_names, found, strict=True))

    def add(self, fields: dict[str, str]) -> int:
        """Append a line; returns its number in the file (the first line = 1)."""
        self.body.append(line_of(fields, self.table.delimiter))
        return len(self.head) + len(self.body)

    def control(self) -> dict[str, Any]:
        """What the control file says."""
        return json.loads(self.control_path.read_text(encoding="utf-8"))

    def write_control(self, control: dict[str, Any]) -> None:
        """Replace the control file."""
        self.control_path.write_text(json.dumps(control) + "\n", encoding="utf-8")

    def write(self, encoding: str | None = None, sums: dict[str, str] | None = None) -> None:
        """Replace the file by its lines, with a control file that fits; unreadable amounts count nothing.

        With `sums` these are told, and lines may have any width.
        """
        text = "".join(f"{line}\n" for line in [*self.head, *self.body])
        content = self.mark + text.encode(encoding or self.table.encoding)
        if self.table.file == "csv.gz":
            content = gzip.compress(content, compresslevel=1, mtime=0)
        self.path.write_bytes(content)
        totals = self._sums() if sums is None else sums
        self.write_control({"rows": len(self.body), "sums": totals, "sha256": sha256(content).hexdigest()})

    def _sums(self) -> dict[str, str]:
        if not self.table.sums:
            return {}
        places = {name: self.table.column_names.index(name) for name in self.table.sums}
        totals = dict.fromkeys(self.table.sums, Decimal(0))
        for fields in csv.reader(self.body, delimiter=self.table.delimiter):
            for name, place in places.items():
                totals[name] += read_decimal(fields[place]) or 0
        return {name: f"{total:.{self.table.column(name).scale or 0}f}" for name, total in totals.items()}


def open_delivered(folder: Path, table: Table) -> DeliveredFile:
    """The file with its lines; a parquet file has none to be seen."""
    content = (folder / table.file_name).read_bytes()
    if table.file == "parquet":
        return DeliveredFile(table, folder, [], [], b"")
    content = gzip.decompress(content) if table.file == "csv.gz" else content
    mark = _MARK if content.startswith(_MARK) else b""
    lines = content[len(mark) :].decode(table.encoding).split("\n")[:-1]
    head = 1 if table.header else 0
    return DeliveredFile(table, folder, lines[:head], lines[head:], mark)


def line_of(fields: dict[str, str], delimiter: str) -> str:
    """One line of a delimited file."""
    sink = io.StringIO()
    csv.writer(sink, delimiter=delimiter, lineterminator="").writerow(fields.values())
    return sink.getvalue()
