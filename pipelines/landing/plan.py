"""Which deliveries a night takes in: what is due must be there, what is published must not have changed."""

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from psycopg2.extensions import cursor as Cursor

from pipelines.landing.database import DatabaseRead
from pipelines.landing.files import Delivery, DeliveryError, sha256_of
from pipelines.nights import published_until
from pipelines.sources.declaration import Bank, Source, Table

_DATE_FOLDER = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DATA_FILE = re.compile(r"[^.].*\.(csv|csv\.gz|parquet)", re.DOTALL)  # a name may hold a line end
# A file whose state changed this long before it was landed cannot have changed since: its bytes are not read
# again. Wide, because the clocks of the database and of the files' machine may differ.
_CLOCK_MARGIN = timedelta(days=1)


@dataclass(frozen=True)
class Landed:
    """What ops.deliveries holds of one delivery."""

    sha256: str
    byte_count: int
    landed_at: datetime


Ledger = dict[tuple[str, date], Landed]


@dataclass(frozen=True)
class Plan:
    """Files to land and tables to read, by rising date; ``replaced`` were landed with other bytes before."""

    deliveries: tuple[Delivery, ...]
    reads: tuple[DatabaseRead, ...]
    replaced: frozenset[tuple[str, str, date]]


def plan_deliveries(cursor: Cursor, bank: Bank, landing: Path, until: date) -> Plan:
    """The deliveries that a night for ``until`` takes in, of all sources of the bank.

    Every date after a table's last landed one is due, up to ``until``; later folders are not looked at. A
    table of a database that was never read gives all it has on the first night.
    Raises DeliveryError for a missing delivery, an undeclared file, or a change in a published date's folder.
    """
    published = published_until(cursor)
    taken: list[Delivery] = []
    replaced: list[Delivery] = []
    missing: list[tuple[Delivery, Path]] = []
    reads: list[DatabaseRead] = []
    for source in bank.sources:
        ledger = _ledger(cursor, source)
        if source.reader == "postgres":
            reads += _reads(source, ledger, until, bank.time_zone)
            continue
        folders = _date_folders(landing / source.code, until)
        for day, folder in folders.items():
            _refuse_undeclared(source, day, folder)
            if published and day <= published:
                _refuse_changes(source, day, folder, ledger, published)
        for table in source.tables:
            due = list(_due(table, landing / source.code, folders, ledger, published, until))
            missing += [(each, path) for each in due if (path := _missing_file(each))]
            changed = list(_changed(table, folders, ledger, published))
            taken += changed + due
            replaced += changed
    if missing:
        raise _missing_fault(bank, missing)
    names = frozenset((each.table.source, each.table.name, each.received_date) for each in replaced)
    return Plan(_by_date(taken), _by_date(reads), names)


def _by_date(items: Iterable[Any]) -> tuple[Any, ...]:
    return tuple(sorted(items, key=lambda each: each.received_date))


def _ledger(cursor: Cursor, source: Source) -> Ledger:
    cursor.execute(
        "select table_name, received_date, sha256, byte_count, landed_at from ops.deliveries "
        "where source_code = %s",
        (source.code,),
    )
    return {(table, day): Landed(*rest) for table, day, *rest in cursor.fetchall()}


def _date_folders(folder: Path, until: date) -> dict[date, Path]:
    """The date folders of a source up to ``until``, by rising date."""
    if not folder.is_dir():
        return {}
    with os.scandir(folder) as entries:
        names = sorted(entry.name for entry in entries if _DATE_FOLDER.fullmatch(entry.name))
    folders = {}
    for name in names:
        try:
            day = date.fromisoformat(name)
        except ValueError as error:
            raise DeliveryError(
                f"{folder / name} is named like a date and is none: rename the folder"
            ) from error
        if day <= until:
            folders[day] = folder / name
    return folders


def _due(
    table: Table,
    source_folder: Path,
    folders: dict[date, Path],
    ledger: Ledger,
    published: date | None,
    until: date,
) -> Iterator[Delivery]:
    """Every date from the table's next one to ``until``, whether its file is there or not."""
    landed = max((day for name, day in ledger if name == table.name), default=None) or published
    day = landed + timedelta(days=1) if landed else min(folders, default=until)
    while day <= until:
        yield Delivery(table, day, source_folder / day.isoformat())
        day += timedelta(days=1)


def _reads(source: Source, ledger: Ledger, until: date, time_zone: str) -> Iterator[DatabaseRead]:
    """A read for every date after the last one; what was read once is never read again."""
    for table in source.tables:
        since = max((day for name, day in ledger if name == table.name), default=None)
        day = since + timedelta(days=1) if since else until
        while day <= until:
            yield DatabaseRead(source, table, day, since, time_zone)
            since, day = day, day + timedelta(days=1)


def _changed(
    table: Table, folders: dict[date, Path], ledger: Ledger, published: date | None
) -> Iterator[Delivery]:
    """Deliveries that were landed, whose date is not published yet and whose bytes are others by now."""
    for day, folder in folders.items():
        landed = ledger.get((table.name, day))
        if landed and (published is None or day > published):
            delivery = Delivery(table, day, folder)
            if delivery.path.is_file() and _has_changed(delivery.path, landed):
                yield delivery


def _has_changed(path: Path, landed: Landed) -> bool:
    state = path.stat()
    if state.st_size != landed.byte_count:
        return True
    if datetime.fromtimestamp(state.st_ctime, landed.landed_at.tzinfo) < landed.landed_at - _CLOCK_MARGIN:
        return False
    with path.open("rb") as file:
        return sha256_of(file) != landed.sha256


# ── refusals ────────────────────────────────────────────────────────────────────────────────────────────────


def _data_files(folder: Path) -> list[str]:
    with os.scandir(folder) as entries:
        return sorted(entry.name for entry in entries if _DATA_FILE.fullmatch(entry.name))


def _refuse_undeclared(source: Source, day: date, folder: Path) -> None:
    declared = {table.file_name for table in source.tables}
    for name in _data_files(folder):
        if name not in declared:
            raise DeliveryError(
                f"{source.code} {day}: {folder / name} belongs to no declared table. Nothing was landed. "
                f"Take it out of the folder or declare it in pipelines/sources/{source.code}.yml, "
                "then run the night again."
            )


def _refuse_changes(source: Source, day: date, folder: Path, ledger: Ledger, published: date) -> None:
    for table in source.tables:
        delivery = Delivery(table, day, folder)
        landed = ledger.get((table.name, day))
        if delivery.path.is_file() and (landed is None or _has_changed(delivery.path, landed)):
            what = "put into" if landed is None else "changed in"
            following = published + timedelta(days=1)
            raise delivery.fault(
                f"{delivery.path} was {what} the folder of a date that is published (up to {published})",
                f"What arrives late belongs into the next folder ({following} or later): move it there, "
                "put the former file back, then run the night again.",
            )


def _missing_file(delivery: Delivery) -> Path | None:
    return next((path for path in (delivery.path, delivery.control_path) if not path.is_file()), None)


def _missing_fault(bank: Bank, missing: Iterable[tuple[Delivery, Path]]) -> DeliveryError:
    missing = sorted(missing, key=lambda each: each[0].received_date)
    delivery, path = missing[0]
    what = "the delivery" if path == delivery.path else "the control file of the delivery"
    others = f"; {len(missing) - 1} more deliveries are missing or not whole" if len(missing) > 1 else ""
    return delivery.fault(
        f"{what} is missing: {path} is not there, it was due on {delivery.received_date + timedelta(days=1)} "
        f"at {delivery.table.due} ({bank.time_zone}){others}",
        f"Have {delivery.table.source} deliver it, then run the night again.",
    )
