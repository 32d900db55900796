"""The night's identify step: folds every customer version received so far and lands what it changes.

The changes land in raw like any source, on the date they were received. What a published edition was built on
stays as it is: the fold must give it again, and replaces only what lies after it.
"""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from itertools import chain, groupby, zip_longest
from operator import attrgetter

from psycopg2 import sql
from psycopg2.extensions import connection as Connection
from psycopg2.extensions import cursor as Cursor

from pipelines.identity.fold import IdentityChange, RecordVersion, fold_identities
from pipelines.identity.numbers import identity_key
from pipelines.landing.raw import analyze, copy_rows, ensure_raw_tables
from pipelines.nights import Night, StepCounts, published_until
from pipelines.settings import Settings
from pipelines.sources.declaration import Table, load_source
from pipelines.warehouse import connect
from pipelines.warehouse.rooms import LOADER
from pipelines.workspace import LIVE

_CHUNK = 10_000


class IdentifyError(Exception):
    """Customer ids that a published edition holds would change."""


def identify(settings: Settings, night: Night) -> StepCounts:
    """Land the changes of customer id after the last published date, up to the night's business date.

    Reads ``int_customer_versions_unioned`` of the night's workspace, writes ``identity__links`` into its raw
    room in one transaction; a workspace and a first night begin with the first delivery. Gives customer
    versions read and changes landed. IdentifyError when the fold no longer gives what was published.
    """
    schema = night.workspace.schema("raw")
    with connect(settings, LOADER, night.night_id) as writer:
        ensure_raw_tables(writer, [load_source("identity")], schema)
    with connect(settings, LOADER) as reader, connect(settings, LOADER, night.night_id) as writer:
        settled = _last_published(reader, night)
        versions = _Tally(_read_versions(reader, night))
        landed = _read_landed(reader, schema, settled) if settled else iter(())
        changes = _not_settled(fold_identities(versions), landed, settled or date.min)
        with writer.cursor() as cursor:
            _delete(cursor, schema, ">", settled or date.min)
            rows_out = _land(cursor, schema, night.business_date, changes)
    return StepCounts(versions.count, rows_out)


def adopt_links(settings: Settings, night: Night) -> int:
    """Put a rebuild's changes in the place of the live ones, up to its business date, where they differ.

    So that later nights go on from what is published now. Gives the number of rows landed, 0 where the live
    ones are the same.
    """
    live, own, day = LIVE.schema("raw"), night.workspace.schema("raw"), night.business_date
    with connect(settings, LOADER) as reader, connect(settings, LOADER) as other:
        pairs = zip_longest(_read_landed(reader, live, day), _read_landed(other, own, day))
        if all(known == change for known, change in pairs):
            return 0
    with (
        connect(settings, LOADER) as reader,
        connect(settings, LOADER, night.night_id) as writer,
        writer.cursor() as cursor,
    ):
        _delete(cursor, live, "<=", day)
        return _land(cursor, live, day, _read_landed(reader, own, day))


class _Tally:
    """Counts what passes."""

    def __init__(self, items: Iterable[RecordVersion]) -> None:
        self.items = items
        self.count = 0

    def __iter__(self) -> Iterator[RecordVersion]:
        for item in self.items:
            self.count += 1
            yield item


def _last_published(reader: Connection, night: Night) -> date | None:
    """The last date before tonight's whose outcome readers have seen; None in a workspace."""
    if not night.workspace.is_live:
        return None
    with reader.cursor() as cursor:
        return published_until(cursor, before=night.business_date)


def _read_versions(reader: Connection, night: Night) -> Iterator[RecordVersion]:
    """Every version received up to tonight, by date of receipt."""
    statement = sql.SQL(
        """
        select received_date, source_code, source_customer_id, identity_type_code, identity_number,
               line_number
        from {} where received_date <= %s order by received_date
        """
    ).format(sql.Identifier(night.workspace.schema("intermediate"), "int_customer_versions_unioned"))
    with reader.cursor("versions") as cursor:
        cursor.itersize = _CHUNK
        cursor.execute(statement, (night.business_date,))
        for day, source_code, customer, type_code, number, line in cursor:
            yield RecordVersion(day, source_code, customer, identity_key(type_code, number), line)


def _read_landed(reader: Connection, schema: str, settled: date) -> Iterator[IdentityChange]:
    """The changes that landed up to a date, in the order of the fold."""
    statement = sql.SQL(
        """
        select _received_date, source_code, source_customer_id, customer_id, former_customer_id, change_code,
               rule_code
        from {} where _received_date <= %s
        order by _received_date, source_code collate "C", source_customer_id collate "C"
        """
    ).format(sql.Identifier(schema, "identity__links"))
    with reader.cursor("landed") as cursor:
        cursor.itersize = _CHUNK
        cursor.execute(statement, (settled,))
        for row in cursor:
            yield IdentityChange(*row)


def _not_settled(
    changes: Iterator[IdentityChange], landed: Iterator[IdentityChange], settled: date
) -> Iterator[IdentityChange]:
    """The changes after ``settled``; those before must be the landed ones."""
    for change in changes:
        if change.changed_date > settled:
            changes = chain([change], changes)
            break
        known = next(landed, None)
        if known != change:
            raise _changed_past(min(change, known or change, key=attrgetter("changed_date")), settled)
    left = next(landed, None)
    if left is not None:
        raise _changed_past(left, settled)
    yield from changes


def _changed_past(change: IdentityChange, settled: date) -> IdentifyError:
    return IdentifyError(
        f"identity.links {change.changed_date}: the customer versions of {change.source_code} no longer give "
        "the customer ids that were published for this date. Nothing was landed. Find what changed in "
        f"the past (deliveries, quarantine, release of the code), then use `yihu rebuild --date {settled}`"
    )


def _delete(cursor: Cursor, schema: str, comparison: str, day: date) -> None:
    statement = sql.SQL("delete from {} where _received_date {} %s")
    cursor.execute(statement.format(sql.Identifier(schema, _links().raw_name), sql.SQL(comparison)), (day,))


def _land(cursor: Cursor, schema: str, until: date, changes: Iterator[IdentityChange]) -> int:
    """Land changes up to a date; gives the number of rows."""
    first = next(changes, None)
    if first is None:
        return 0
    dates = [first.changed_date + timedelta(days) for days in range((until - first.changed_date).days + 1)]
    count = copy_rows(cursor, schema, _links(), dates, _numbered(chain([first], changes)))
    analyze(cursor, schema, _links(), dates)
    return count


def _links() -> Table:
    return load_source("identity").table("links")


def _numbered(changes: Iterable[IdentityChange]) -> Iterator[tuple[date, int, tuple]]:
    """Rows in the declared order of columns, numbered within their date as below a header."""
    for day, batch in groupby(changes, key=attrgetter("changed_date")):
        for line, change in enumerate(batch, start=2):
            yield (
                day,
                line,
                (
                    change.source_code,
                    change.source_customer_id,
                    change.customer_id,
                    change.former_customer_id,
                    change.rule_code,
                    change.change_code,
                    day,
                ),
            )
