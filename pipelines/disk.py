"""How much disk a bank's warehouse takes, and how much it will take if days go on as they have."""

from dataclasses import dataclass
from pathlib import Path
from shutil import disk_usage

from psycopg2.errors import LockNotAvailable
from psycopg2.extensions import connection as Connection
from psycopg2.extensions import cursor as Cursor

from pipelines.publishing import editions
from pipelines.publishing.editions import Retention
from pipelines.settings import Settings

_PATIENCE_SECONDS = 1  # a size is not told of a table that a night keeps to itself
# Rooms that grow by the day; the others are as large as the bank is.
GROWING = ("raw", "marts", "ops")


class DiskBusyError(Exception):
    """The rooms cannot be measured now."""


@dataclass(frozen=True)
class RoomSize:
    """Bytes of a room today, and after the days that were asked for."""

    room: str
    byte_count: int
    later_byte_count: int


@dataclass(frozen=True)
class Forecast:
    """Rooms by name, the days looked ahead, and the disk's free bytes (None: a server of the bank's own)."""

    rooms: tuple[RoomSize, ...]
    days: int
    free_byte_count: int | None

    @property
    def growth_byte_count(self) -> int:
        """What the rooms will take beyond today."""
        return sum(room.later_byte_count - room.byte_count for room in self.rooms)

    @property
    def fits(self) -> bool:
        """Whether the free disk holds that."""
        return self.free_byte_count is None or self.growth_byte_count <= self.free_byte_count


def forecast(settings: Settings, connection: Connection, retention: Retention, days: int) -> Forecast:
    """Measure every room of the bank's database and look ``days`` ahead.

    Growing rooms go on at their bytes by day received so far; editions reach what policy keeps of them, each
    as large as the current one. DiskBusyError while a night holds a table for itself.
    """
    with connection.cursor() as cursor:
        cursor.execute(f"set local lock_timeout = '{_PATIENCE_SECONDS}s'")
        try:
            sizes = _sizes(cursor)
        except LockNotAvailable as error:
            raise DiskBusyError("a night is writing; the disk is measured when it has ended") from error
        received = _received_days(cursor)
    kept = editions.kept(connection)
    rooms = [
        RoomSize(room, size, grown(size, received, days) if room in GROWING else size)
        for room, size in sizes.items()
        if not room.startswith("edition_")
    ]
    current = sizes.get(kept[0].edition_id, 0) if kept else 0
    now = sum(size for room, size in sizes.items() if room.startswith("edition_"))
    coming = min(retention.daily + retention.month_ends, len(kept) + days) if kept else 0
    rooms.append(RoomSize("editions", now, max(now, coming * current)))
    free = disk_usage(_existing(settings.var)).free if settings.database_url is None else None
    return Forecast(tuple(rooms), days, free)


def grown(byte_count: int, received_days: int, days: int) -> int:
    """Bytes after some days more at the pace of those received; the same where nothing was."""
    return byte_count + byte_count * days // received_days if received_days else byte_count


def _sizes(cursor: Cursor) -> dict[str, int]:
    """Bytes of the tables of every room and edition, with their indexes."""
    cursor.execute(
        "select n.nspname, sum(pg_total_relation_size(c.oid))::bigint from pg_catalog.pg_class as c "
        "inner join pg_catalog.pg_namespace as n on c.relnamespace = n.oid "
        "where c.relkind = 'r' and n.nspname !~ '^(pg_|information_schema|public)' group by 1 order by 1"
    )
    return dict(cursor.fetchall())


def _received_days(cursor: Cursor) -> int:
    cursor.execute("select count(distinct received_date) from ops.deliveries")
    return cursor.fetchone()[0]


def _existing(path: Path) -> Path:
    """The path, or the nearest folder above it that is there."""
    return path if path.exists() else _existing(path.parent)
