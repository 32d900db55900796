"""The Berka archive (PKDD'99) served as deliveries: a folder per day, with what was known on that day.

The archive knows the future: accounts, cards and final loan states of 1998 stand beside transactions of 1993.
Each row is delivered on the day it became known; rows and values are passed on as they stand in the archive.
"""

import gzip
import hashlib
import json
import lzma
import shutil
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator
from csv import reader
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import groupby
from pathlib import Path

from pipelines.months import months_later
from pipelines.sources.declaration import Source, Table, load_source, read_date, read_decimal

FIRST_DATE = date(1993, 1, 1)
_OPENERS = {".asc": open, ".gz": gzip.open, ".xz": lzma.open}

Dated = Iterable[tuple[date, str]]


class BerkaArchiveError(Exception):
    """An archive that cannot be served; the message names the table, the file, the line and the date."""


@dataclass(frozen=True)
class _Record:
    """One line of the archive: as it stands (without its end), and its declared fields by name."""

    number: int
    line: str
    fields: dict[str, str]


@dataclass(frozen=True)
class _File:
    """One file of the archive with the table it fills."""

    table: Table
    path: Path

    def lines(self) -> Iterator[tuple[int, str]]:
        """Line numbers and lines below the header, which must begin with the declared columns."""
        number = 0
        try:
            with _OPENERS[self.path.suffix](self.path, "rb") as file:
                for number, raw in enumerate(file, start=1):
                    line = raw.decode("utf-8").rstrip("\r\n")
                    if number == 1:
                        self._check_header(line)
                    elif line:
                        yield number, line
        except (OSError, EOFError, UnicodeDecodeError, lzma.LZMAError) as error:
            raise self.fault(number + 1, f"cannot be read: {error}") from error

    def records(self) -> Iterator[_Record]:
        """The lines with their fields."""
        names = self.table.column_names
        for number, line in self.lines():
            values = next(reader([line], delimiter=";"))
            if len(values) < len(names):
                raise self.fault(number, f"{len(values)} fields, not {len(names)}")
            yield _Record(number, line, dict(zip(names, values, strict=False)))

    def date(self, number: int, column: str, text: str) -> date:
        """The date in a field of line ``number``."""
        day = read_date(text, self.table.column(column).format or "")
        if day is None:
            raise self.fault(number, f"{column} is not a date {self.table.column(column).format}")
        return day

    def fault(self, number: int, what: str) -> BerkaArchiveError:
        """An error that names table, file and line."""
        return BerkaArchiveError(f"berka {self.table.name}: {self.path.name}, line {number}: {what}")

    def _check_header(self, line: str) -> None:
        declared = list(self.table.column_names)
        header = [name.lower() for name in next(reader([line], delimiter=";"))]
        if header[: len(declared)] != declared:
            raise self.fault(1, f"the header is {header}, declared are {declared}")


def deliver_archive(
    archive: Path, landing: Path, until: date, progress: Callable[[str], None] | None = None
) -> int:
    """Write the delivery folders ``<landing>/berka/<date>`` from 1993-01-01 to ``until`` that are missing.

    A whole folder is left alone, a half-written one is written again; nothing later than ``until`` is
    written. The bytes are the same on every run. Gives the number of folders written.
    Raises BerkaArchiveError where the archive is faulty or does not reach ``until``.
    """
    source = load_source("berka")
    files = {table.name: _File(table, _path(archive, table)) for table in source.tables}
    last = _last_whole_date(files["trans"])
    if not FIRST_DATE <= until <= last:
        raise BerkaArchiveError(
            f"berka: {until} cannot be served from {archive}: its whole dates are {FIRST_DATE} to {last}; "
            "ask for one of them"
        )
    folder = landing / source.code
    days = (FIRST_DATE + timedelta(days=number) for number in range((until - FIRST_DATE).days + 1))
    wanted = [day for day in days if not _is_whole(folder / day.isoformat(), source)]
    if not wanted:
        return 0
    known = _known(files, until)
    for number, (day, transactions) in enumerate(_transactions(files["trans"], wanted), start=1):
        rows = {name: lines.get(day, []) for name, lines in known.items()} | {"trans": transactions}
        _write_folder(folder / day.isoformat(), source, rows)
        if progress and (number % 100 == 0 or number == len(wanted)):
            progress(f"berka: {number} of {len(wanted)} delivery folders, up to {day}")
    return len(wanted)


# ── what was known when ─────────────────────────────────────────────────────────────────────────────────────


def _known(files: dict[str, _File], until: date) -> dict[str, dict[date, list[str]]]:
    """Lines of every table but ``trans``, by table and by the date on which they became known."""
    opened = {
        record.fields["account_id"]: files["account"].date(record.number, "date", record.fields["date"])
        for record in files["account"].records()
    }
    known = {
        "district": _districts(files["district"]),
        "account": _dated(files["account"], "date"),
        "client": _clients(files["client"], files["disp"], opened),
        "disp": ((_opened(files["disp"], record, opened), record.line) for record in files["disp"].records()),
        "loan": _loans(files["loan"]),
        "card": _dated(files["card"], "issued"),
    }
    return {name: _by_date(dated, until) for name, dated in known.items()}


def _dated(file: _File, column: str) -> Dated:
    for record in file.records():
        yield file.date(record.number, column, record.fields[column]), record.line


def _districts(file: _File) -> Dated:
    """Number, name and region, on the first date: the figures of 1995/96 were not known."""
    for record in file.records():
        yield FIRST_DATE, ";".join(record.line.split(";")[:3])


def _clients(file: _File, dispositions: _File, opened: dict[str, date]) -> Dated:
    """A client is known from the first account he may dispose of; without one he is never known."""
    joined: dict[str, date] = {}
    for record in dispositions.records():
        client, day = record.fields["client_id"], _opened(dispositions, record, opened)
        joined[client] = min(day, joined.get(client, day))
    for record in file.records():
        if record.fields["client_id"] in joined:
            yield joined[record.fields["client_id"]], record.line


def _opened(file: _File, record: _Record, opened: dict[str, date]) -> date:
    account = record.fields["account_id"]
    if account not in opened:
        raise file.fault(record.number, f"account {account} is not in the archive")
    return opened[account]


def _loans(file: _File) -> Dated:
    """A loan is known without its status when it is granted, and with it when it has run out."""
    for record in file.records():
        granted = file.date(record.number, "date", record.fields["date"])
        if not record.fields["duration"].isdecimal():
            raise file.fault(record.number, "duration is not a number of months")
        yield granted, record.line.rsplit(";", 1)[0] + ";"
        yield months_later(granted, int(record.fields["duration"])), record.line


def _by_date(dated: Dated, until: date) -> dict[date, list[str]]:
    lines: dict[date, list[str]] = defaultdict(list)
    for day, line in dated:
        if day <= until:
            lines[max(day, FIRST_DATE)].append(line)
    return lines


# ── transactions, streamed ──────────────────────────────────────────────────────────────────────────────────


def _transactions(file: _File, wanted: list[date]) -> Iterator[tuple[date, list[str]]]:
    """Each wanted day (rising) with its transactions in file order; memory holds one day."""
    groups = groupby(_dated_lines(file), key=lambda dated: dated[0])
    day, group = next(groups, (None, iter(())))
    for each in wanted:
        while day is not None and day < each:
            day, group = next(groups, (None, iter(())))
        yield each, [line for _, line in group] if day == each else []


def _last_whole_date(file: _File) -> date:
    """The last date of the transactions; the one before it where the file's name says PARTIAL."""
    ending = deque(_dated_lines(file), maxlen=1)
    if not ending:
        raise file.fault(2, "no transaction is there")
    last, _ = ending[0]
    return last - timedelta(days=1) if "PARTIAL" in file.path.name else last


def _dated_lines(file: _File) -> Iterator[tuple[date, str]]:
    """Every transaction with its date; a file that is not sorted by date is an error."""
    position = file.table.column_names.index("date")
    known: dict[str, date] = {}
    last = date.min
    for number, line in file.lines():
        text = line.split(";", position + 1)[position] if line.count(";") >= position else ""
        day = known.get(text)
        if day is None:
            day = known[text] = file.date(number, "date", text)
        if day < last:
            raise file.fault(number, f"not sorted by date, {day} comes after {last}; sort it and start again")
        last = day
        yield day, line


# ── files in and out ────────────────────────────────────────────────────────────────────────────────────────


def _path(archive: Path, table: Table) -> Path:
    """The archive's one file of a table, as ``loan.asc.gz`` or ``trans_…_PARTIAL.asc.xz``."""
    endings = ("asc", "asc.gz", "asc.xz")
    names = [f"{table.name}{rest}.{ending}" for rest in ("", "_*") for ending in endings]
    found = sorted(path for name in names for path in archive.glob(name))
    if len(found) != 1:
        raise BerkaArchiveError(
            f"berka {table.name}: one file {table.name}.asc (or .asc.gz, .asc.xz) is needed in {archive}, "
            f"found: {', '.join(path.name for path in found) or 'none'}"
        )
    return found[0]


def _is_whole(folder: Path, source: Source) -> bool:
    return all(
        (folder / table.file_name).is_file() and (folder / table.control_name).is_file()
        for table in source.tables
    )


def _write_folder(folder: Path, source: Source, rows: dict[str, list[str]]) -> None:
    """Write beside and rename: a folder under its own name is a whole one."""
    beside = folder.with_name(f".{folder.name}.part")
    for leftover in (beside, folder):
        if leftover.exists():
            shutil.rmtree(leftover)
    beside.mkdir(parents=True)
    for table in source.tables:
        _write_table(beside, table, rows[table.name])
    beside.rename(folder)


def _write_table(folder: Path, table: Table, lines: list[str]) -> None:
    data = "".join(f"{line}\n" for line in [";".join(table.column_names), *lines]).encode("utf-8")
    (folder / table.file_name).write_bytes(data)
    control = {
        "rows": len(lines),
        "sums": {name: str(_total(table, name, lines)) for name in table.sums},
        "sha256": hashlib.sha256(data).hexdigest(),
    }
    (folder / table.control_name).write_text(json.dumps(control, indent=1) + "\n", encoding="utf-8")


def _total(table: Table, column: str, lines: list[str]) -> Decimal:
    """The exact sum of a column; an unreadable number counts as nothing, the night sets its line aside."""
    position = table.column_names.index(column)
    cells = (values[position] for values in reader(lines, delimiter=table.delimiter))
    return sum((read_decimal(cell) or Decimal(0) for cell in cells), Decimal("0.00"))
