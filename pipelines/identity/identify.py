"""The night's identify step: matches what arrived with all that is there and lands whose customer changes.

The changes land in raw like any source, on the date on which they became known. What a published edition was
built on stays as it is: an index that has to be made anew must give the same customers again, and only what
lies after is replaced.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from itertools import chain, groupby, zip_longest
from operator import itemgetter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from psycopg2 import sql
from psycopg2.extensions import connection as Connection
from psycopg2.extensions import cursor as Cursor

from pipelines.identity import index
from pipelines.identity.matcher import Matcher
from pipelines.identity.region import changed_rows, disputed_rows
from pipelines.landing.raw import analyze, copy_rows, ensure_raw_tables
from pipelines.nights import Night, StepCounts, published_until
from pipelines.settings import Settings
from pipelines.sources.declaration import Table, load_source
from pipelines.warehouse import connect
from pipelines.warehouse.rooms import LOADER
from pipelines.workspace import LIVE, Workspace

_CHUNK = 10_000
_LINKS, _CONFLICTS = "links", "conflicts"


def identify(settings: Settings, night: Night) -> StepCounts:
    """Land the changes of customer after the last published date, up to the night's business date.

    Reads ``int_customer_versions_unioned`` of the night's workspace, the models and decisions on record;
    writes ``identity__links`` and ``identity__conflicts`` into its raw room in one transaction; a workspace
    and a first night begin with the first delivery. Gives new customer versions and changes landed.
    IdentifyError when the past no longer gives what was published.
    """
    schema = night.workspace.schema("raw")
    with connect(settings, LOADER, night.night_id) as writer:
        ensure_raw_tables(writer, [load_source("identity")], schema)
    with (
        connect(settings, LOADER) as reader,
        connect(settings, LOADER, night.night_id) as writer,
        _folder(settings, reader, night.workspace) as folder,
        index.opened(folder) as connection,
    ):
        matcher = Matcher(connection, reader, night.workspace, folder)
        settled = _last_published(reader, night)
        if settled is None:
            index.empty(connection)
        elif not matcher.stands_at(settled):
            matcher.restore(settled)
        rows_in = rows_out = 0
        with writer.cursor() as cursor:
            for table in _tables():
                _delete(cursor, schema, table, ">", settled or date.min)
            for era in matcher.eras(night.business_date):
                if settled is None or era.end > settled:
                    taken, changed = matcher.advance(era, settled)
                    rows_in, rows_out = rows_in + taken, rows_out + changed
                    _land(cursor, schema, _LINKS, era.end, changed_rows(connection))
                    _land(cursor, schema, _CONFLICTS, era.end, disputed_rows(connection))
        matcher.note(night.business_date)
    return StepCounts(rows_in, rows_out)


def adopt_links(settings: Settings, night: Night) -> int:
    """Put a rebuild's changes in the place of the live ones, up to its business date, where they differ.

    So that later nights go on from what is published now. Gives the number of rows landed, 0 where the live
    ones are the same.
    """
    live, own, day = LIVE.schema("raw"), night.workspace.schema("raw"), night.business_date
    landed = 0
    for table in _tables():
        with connect(settings, LOADER) as reader, connect(settings, LOADER) as other:
            pairs = zip_longest(_read_landed(reader, live, table, day), _read_landed(other, own, table, day))
            if all(known == change for known, change in pairs):
                continue
        with (
            connect(settings, LOADER) as reader,
            connect(settings, LOADER, night.night_id) as writer,
            writer.cursor() as cursor,
        ):
            _delete(cursor, live, table, "<=", day)
            landed += _land(cursor, live, table.name, day, _read_landed(reader, own, table, day))
            index.erase(index_folder(settings, writer))
    return landed


def index_folder(settings: Settings, connection: Connection) -> Path:
    """Where the live index of a database lies."""
    return settings.var / settings.bank / "identity" / connection.info.dbname


@contextmanager
def _folder(settings: Settings, reader: Connection, workspace: Workspace) -> Iterator[Path]:
    """Where a workspace's index lies, readable to its owner; that of a rebuild goes when it is done."""
    live = index_folder(settings, reader)
    live.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if workspace.is_live:
        yield live
    else:
        with TemporaryDirectory(prefix=f"{workspace.name}-", dir=live.parent) as folder:
            yield Path(folder)


def _last_published(reader: Connection, night: Night) -> date | None:
    """The last date before tonight's whose outcome readers have seen; None in a workspace."""
    if not night.workspace.is_live:
        return None
    with reader.cursor() as cursor:
        return published_until(cursor, before=night.business_date)


def _read_landed(reader: Connection, schema: str, table: Table, until: date) -> Iterator[tuple[Any, ...]]:
    """What landed up to a date, in its order: the declared columns, then the date."""
    statement = sql.SQL(
        "select {}, _received_date from {} where _received_date <= %s order by _received_date, _line_number"
    ).format(
        sql.SQL(", ").join(map(sql.Identifier, table.column_names)), sql.Identifier(schema, table.raw_name)
    )
    with reader.cursor("landed") as cursor:
        cursor.itersize = _CHUNK
        cursor.execute(statement, (until,))
        yield from cursor


def _delete(cursor: Cursor, schema: str, table: Table, comparison: str, day: date) -> None:
    statement = sql.SQL("delete from {} where _received_date {} %s")
    cursor.execute(statement.format(sql.Identifier(schema, table.raw_name), sql.SQL(comparison)), (day,))


def _land(cursor: Cursor, schema: str, name: str, until: date, rows: Iterable[tuple[Any, ...]]) -> int:
    """Land rows of a table, the last of whose columns is the date they belong to; gives their number."""
    rows, table = iter(rows), load_source("identity").table(name)
    first = next(rows, None)
    if first is None:
        return 0
    dates = [first[-1] + timedelta(days) for days in range((until - first[-1]).days + 1)]
    count = copy_rows(cursor, schema, table, dates, _numbered(chain([first], rows)))
    analyze(cursor, schema, table, dates)
    return count


def _tables() -> tuple[Table, ...]:
    return load_source("identity").tables


def _numbered(rows: Iterable[tuple[Any, ...]]) -> Iterator[tuple[date, int, tuple[Any, ...]]]:
    """Rows in the declared order of columns, numbered within their date as below a header."""
    for day, batch in groupby(rows, key=itemgetter(-1)):
        for line, row in enumerate(batch, start=2):
            yield day, line, row[:-1]
