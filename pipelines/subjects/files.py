"""The landing files that a forgotten person's lines came from: the same pseudonyms, the ledger follows."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from pathlib import Path

from psycopg2.extensions import cursor as Cursor

from pipelines.landing.delivery import Delivery
from pipelines.landing.erasure import Place
from pipelines.landing.rewriting import Rewritten, discard, put_in_place, write_fresh
from pipelines.settings import Settings
from pipelines.sources.declaration import Source, Table
from pipelines.subjects.errors import SubjectError

Cells = dict[str, str | None]
Changes = dict[tuple[Source, Table], dict[Place, Cells]]


def rewrite_files(cursor: Cursor, settings: Settings, changes: Changes) -> tuple[list[str], list[str]]:
    """Write the new cells into the files; gives those that were written and those that are gone.

    All are written beside the former ones and read first, then the ledger follows, then all change places: do
    this last in the transaction. A crash among the last moves is mended by the same erasure once more.
    SubjectError where a file cannot be written.
    """
    found = _deliveries(settings, changes)
    present = {each: lines for each, lines in found.items() if each.path.is_file()}
    moved = 0
    try:
        for delivery, lines in present.items():
            _note(cursor, delivery, write_fresh(delivery, lines))
        for delivery in present:
            put_in_place(delivery)
            moved += 1
    except OSError as error:
        done = f"{moved} of {len(present)} files hold pseudonyms already: do it again before the next night"
        raise SubjectError(
            f"{delivery.path} cannot be written anew ({error.strerror}); "
            f"{done if moved else 'nothing was changed'}. "
            "Erasures run where the landing folder may be written to"
        ) from error
    finally:
        for delivery in present:
            discard(delivery)
    return [str(each.path) for each in present], [str(each.path) for each in found if each not in present]


def export_folder(settings: Settings) -> Path:
    """Where what is held about persons is written, unless another file is named."""
    return settings.var / settings.bank / "subjects"


def _deliveries(settings: Settings, changes: Changes) -> dict[Delivery, Mapping[int, Cells]]:
    """The deliveries of files that lines came from, with their new cells by line number."""
    found: dict[Delivery, dict[int, Cells]] = defaultdict(dict)
    for (source, table), places in changes.items():
        if source.reader == "files":
            for (day, line), cells in sorted(places.items()):
                found[_delivery(settings, table, day)][line] = cells
    return found


def _delivery(settings: Settings, table: Table, day: date) -> Delivery:
    return Delivery(table, day, settings.landing / table.source / day.isoformat())


def _note(cursor: Cursor, delivery: Delivery, fresh: Rewritten) -> None:
    """Put the new hashes into the ledger, and into releases: what others let in stays let in."""
    place = (delivery.table.source, delivery.table.name, delivery.received_date)
    cursor.execute(
        "update ops.quarantine_releases as release set sha256 = %s from ops.deliveries as delivery "
        "where (release.source_code, release.table_name, release.received_date, release.sha256) "
        "= (delivery.source_code, delivery.table_name, delivery.received_date, delivery.sha256) "
        "and (delivery.source_code, delivery.table_name, delivery.received_date) = (%s, %s, %s)",
        (fresh.sha256, *place),
    )
    cursor.execute(
        "update ops.deliveries set sha256 = %s, byte_count = %s, "
        "content_sha256 = case when content_sha256 is not null then %s end "
        "where (source_code, table_name, received_date) = (%s, %s, %s)",
        (fresh.sha256, fresh.byte_count, fresh.content_sha256, *place),
    )
