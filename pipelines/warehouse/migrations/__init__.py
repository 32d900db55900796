"""What releases change in a warehouse that is there: numbered SQL files, each applied once, on record in ops.

A new warehouse gets rooms.sql and then all of them, too, so that both come to one shape. A file that was
released is never changed again: another number follows.
"""

import hashlib
import re
from pathlib import Path

from psycopg2.extensions import cursor as Cursor

FOLDER = Path(__file__).parent
_NAME = re.compile(r"([0-9]{4})_([a-z0-9_]+)\.sql")


class RoomsError(Exception):
    """The rooms cannot be made as they must be."""


def migrate(cursor: Cursor, folder: Path = FOLDER) -> list[str]:
    """Apply the migrations that are not on record, in order, in the caller's transaction; gives their names.

    RoomsError where one on record has changed, or is not of this release: the database is a newer one's.
    """
    cursor.execute("select migration_number, migration_name, sha256 from ops.migrations order by 1")
    known = {number: (name, sha256) for number, name, sha256 in cursor.fetchall()}
    applied = []
    for number, (name, text) in _found(folder).items():
        sha256 = hashlib.sha256(text.encode()).hexdigest()
        if number not in known:
            cursor.execute(text)
            cursor.execute(
                "insert into ops.migrations (migration_number, migration_name, sha256) values (%s, %s, %s)",
                (number, name, sha256),
            )
            applied.append(name)
        elif known.pop(number) != (name, sha256):
            raise RoomsError(
                f"migration {number:04} ({name}) is not the one that this database has had: install the "
                "release that it comes from; a change of a released migration belongs into the next number"
            )
    if known:
        number, (name, _) = max(known.items())
        raise RoomsError(
            f"this database has had migration {number:04} ({name}), which this release does not know: it was "
            "made by a newer release; install that one"
        )
    return applied


def migration_texts(folder: Path = FOLDER) -> list[str]:
    """The text of every migration, in order."""
    return [text for _, text in _found(folder).values()]


def _found(folder: Path) -> dict[int, tuple[str, str]]:
    """Number → name and text, by rising number. RoomsError for a name of another shape, a number twice."""
    found: dict[int, tuple[str, str]] = {}
    for path in sorted(folder.glob("*.sql")):
        parts = _NAME.fullmatch(path.name)
        if parts is None or int(parts[1]) in found:
            raise RoomsError(f"{path.name} must be named as 0007_what_it_does.sql, with a number of its own")
        found[int(parts[1])] = (parts[2], path.read_text(encoding="utf-8"))
    return found
