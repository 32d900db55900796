"""Deliveries on disk: a data file and its control file per table, source and day."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from pipelines.sources.declaration import Table

SOURCES = ("core", "loans", "cards", "wealth")


@dataclass(frozen=True)
class Rows:
    """One table of one day: rows of texts, and its control totals in cents by column."""

    rows: list[Sequence[str]]
    sums: dict[str, int] = field(default_factory=dict)


def money(cents: int) -> str:
    """Whole cents as a decimal text."""
    sign, size = ("-", -cents) if cents < 0 else ("", cents)
    return f"{sign}{size // 100}.{size % 100:02d}"


def write_table(folder: Path, table: Table, rows: Rows) -> int:
    """Write one delivery, data and control file, into its folder (which exists). Returns the row count."""
    lines = [",".join(table.column_names), *map(",".join, rows.rows)]
    content = ("\n".join(lines) + "\n").encode()
    (folder / table.file_name).write_bytes(content)
    control = {
        "rows": len(rows.rows),
        "sums": {column: money(rows.sums.get(column, 0)) for column in table.sums},
        "sha256": sha256(content).hexdigest(),
    }
    (folder / table.control_name).write_text(json.dumps(control) + "\n", encoding="utf-8")
    return len(rows.rows)
