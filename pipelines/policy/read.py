"""Policy files into one validated policy: common rows, a bank's rows in their place, a version by content."""

import csv
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

from pipelines.policy.cells import Value, as_text, canonical_number, parse_cell
from pipelines.policy.rules import all_offences, groups, holds, key_text, row_offences
from pipelines.policy.shapes import SHAPES, PolicyError, Shape


@dataclass(frozen=True)
class Row:
    """One policy row: its typed values and the place they were read from."""

    values: Mapping[str, Any]
    file: str = field(default="", compare=False)
    number: int = field(default=0, compare=False)

    def __getitem__(self, column: str) -> Any:
        return self.values[column]

    @property
    def place(self) -> str:
        """File and row number (the header is row 1)."""
        return f"{self.file} row {self.number}"


@dataclass(frozen=True)
class Policy:
    """The rows that hold for one bank, by file name without ``.csv``; rows lie in canonical order."""

    bank: str
    tables: Mapping[str, tuple[Row, ...]]

    @cached_property
    def text(self) -> str:
        """The content as canonical JSON: table -> rows -> column -> text; equal content has equal text."""
        content = {
            name: [{column: as_text(value) for column, value in row.values.items()} for row in rows]
            for name, rows in self.tables.items()
        }
        return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))

    @cached_property
    def version(self) -> str:
        """First 12 hexadecimal digits of the sha256 of the content."""
        return hashlib.sha256(self.text.encode()).hexdigest()[:12]

    def require(self, business_date: date) -> None:
        """Raise PolicyError unless every group has a row in force on the date (lists: any row at all)."""
        offences = []
        for name, rows in self.tables.items():
            if SHAPES[name].is_optional and not rows:
                continue
            columns = () if SHAPES[name].is_list else SHAPES[name].group
            rows = [row for row in rows if not SHAPES[name].is_scoped(row)]
            for key, members in (groups(rows, columns) or {(): []}).items():
                if not any(holds(row, business_date) for row in members):
                    file, words = members[0].file if members else f"{name}.csv", key_text(columns, key)
                    offences.append(f"{file}: {words} has no row in force on {business_date}")
        _raise(offences, f"policy of bank {self.bank} does not hold on {business_date}")


def read_policy(folder: Path, bank: str) -> Policy:
    """The policy of one bank from ``folder/*.csv``, ``folder/<bank>/*.csv`` and ``folder/<bank>/*/*.csv``.

    A bank's rows replace all common rows of the same group; a source adds its own in a folder below its
    bank's. Raises PolicyError with every offence found, each with file, row and reason.
    """
    offences: list[str] = []
    common = _read_files(folder, folder.glob("*.csv"), offences)
    paths = [path for pattern in ("*.csv", "*/*.csv") for path in (folder / bank).glob(pattern)]
    own = _read_files(folder, paths, offences)
    for name, shape in SHAPES.items():
        if name not in common and name not in own and not shape.is_optional:
            offences.append(f"{folder.name}/{name}.csv is missing, and so is {bank}/{name}.csv")
    _raise(offences, f"policy of bank {bank} cannot be read")
    tables = {
        name: _in_order(shape, _replaced(shape, common.get(name, []), own.get(name, [])))
        for name, shape in SHAPES.items()
    }
    _raise(list(all_offences(tables)), f"policy of bank {bank} is not consistent")
    return Policy(bank, tables)


def parse_policy(bank: str, content: Mapping[str, list[Mapping[str, str | None]]], origin: str) -> Policy:
    """A policy from its recorded content (the JSON of ``Policy.text``); rows are placed at ``origin``."""
    tables = {}
    for name, shape in SHAPES.items():
        recorded = ({column: text or "" for column, text in cells.items()} for cells in content[name])
        file = f"{origin}/{name}"
        rows = [Row(_values(shape, cells), file, number) for number, cells in enumerate(recorded, start=1)]
        tables[name] = _in_order(shape, rows)
    return Policy(bank, tables)


def _read_files(root: Path, paths: Iterable[Path], offences: list[str]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for path in sorted(paths):
        name = f"{root.name}/{path.relative_to(root).as_posix()}"
        if path.stem not in SHAPES:
            offences.append(f"{name}: no such policy file; known are {', '.join(SHAPES)}")
            continue
        try:
            rows = list(_read_rows(path, SHAPES[path.stem], name, offences))
            found.setdefault(path.stem, []).extend(rows)
        except (UnicodeDecodeError, csv.Error) as error:
            offences.append(f"{name}: not a UTF-8 CSV file ({error})")
    return found


def _read_rows(path: Path, shape: Shape, name: str, offences: list[str]) -> Iterator[Row]:
    with path.open(newline="", encoding="utf-8-sig") as lines:
        reader = csv.reader(lines, strict=True)
        header = next(reader, [])
        if reason := _header_offence(shape, header):
            offences.append(f"{name} row 1: {reason}")
            return
        for number, cells in enumerate(reader, start=2):
            if len(cells) != len(header):
                offences.append(f"{name} row {number}: {len(cells)} cells, the header has {len(header)}")
                continue
            try:
                values = _values(shape, dict(zip(header, cells, strict=True)))
            except PolicyError as error:
                offences.append(f"{name} row {number}: {error}")
                continue
            offences += [f"{name} row {number}: {reason}" for reason in row_offences(shape, values)]
            yield Row(values, name, number)


def _header_offence(shape: Shape, header: list[str]) -> str | None:
    missing = [column for column in shape.column_names if column not in header]
    unknown = [column for column in header if column not in shape.column_names]
    repeated = sorted({column for column in header if header.count(column) > 1})
    found = (("missing", missing), ("unknown", unknown), ("repeated", repeated))
    return "; ".join(f"{word} columns {', '.join(names)}" for word, names in found if names) or None


def _values(shape: Shape, cells: Mapping[str, str]) -> dict[str, Value]:
    values, reasons = {}, []
    for column in shape.columns:
        try:
            values[column.name] = parse_cell(column, cells[column.name])
        except ValueError as error:
            reasons.append(str(error))
    if reasons:
        raise PolicyError("; ".join(reasons))
    if shape.name == "parameters":  # the one text column that holds numbers
        values["value"] = canonical_number(values["value"])
    return values


def _replaced(shape: Shape, common: list[Row], own: list[Row]) -> list[Row]:
    replaced = groups(own, shape.group)
    return [row for row in common if tuple(row[name] for name in shape.group) not in replaced] + own


def _in_order(shape: Shape, rows: list[Row]) -> tuple[Row, ...]:
    columns = (*shape.key, "effective_from")
    return tuple(sorted(rows, key=lambda row: [("" if row[name] is None else row[name]) for name in columns]))


def _raise(offences: list[str], title: str) -> None:
    if offences:
        raise PolicyError("\n  ".join([f"{title}; correct and run again:", *offences]))
