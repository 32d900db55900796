"""Lines that two people let in out of quarantine: bad cells emptied, on a date readers have not seen."""

from collections.abc import Collection, Sequence
from datetime import date, timedelta

from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor
from psycopg2.extras import execute_values

from pipelines.approval import require_two_people
from pipelines.gates.window import received_window
from pipelines.nights import refuse_beside_night
from pipelines.settings import Settings
from pipelines.sources import Source, Table, active_sources
from pipelines.warehouse import connect

_USUAL = "The usual way is that the source delivers the line again, right"


class ReleaseError(Exception):
    """Lines that cannot be released so; nothing was put on record."""


def release(
    settings: Settings,
    source_code: str,
    table_name: str,
    received: date,
    lines: Collection[int],
    reason: str,
    proposer: str,
    approver: str,
) -> date:
    """Let lines of one delivery in after all; gives the business date from which they count as received.

    That is the delivery's own date while no night has published or loaded it, else the first after those.
    ReleaseError for a line that is not in quarantine, one whose bad cell is required (a key is), one of a key
    that was delivered or deleted since, a snapshot that readers have seen, or no reason;
    NightError while a night runs; ApprovalError for one person alone.
    """
    require_two_people(proposer, approver)
    at = f"{source_code}.{table_name} {received}"
    if not reason.strip():
        raise ReleaseError(f"{at}: a release needs a reason; nothing was released")
    source, table = _declared(settings, source_code, table_name)
    numbers = sorted(set(lines))
    with connect(settings) as connection, connection.cursor() as cur:
        refuse_beside_night(cur, live_only=True)  # what it has read of the quarantine must hold until it ends
        cur.execute("lock table ops.quarantine_releases in share row exclusive mode")
        _require_empty_cells(table, at, numbers, _bad_cells(cur, table, received))
        cur.execute(
            "select line_number, business_date from ops.released_lines "
            "where source_code = %s and table_name = %s and received_date = %s and line_number = any(%s)",
            (source_code, table_name, received, numbers),
        )
        if standing := cur.fetchone():
            raise ReleaseError("{}: line {} is released already, from {} on".format(at, *standing))
        day = max(received, _first_open(cur))
        _refuse_followed(cur, source, table, at, received, day, numbers)
        cur.execute(
            "select sha256 from ops.deliveries "
            "where source_code = %s and table_name = %s and received_date = %s",
            (source_code, table_name, received),
        )
        (sha256,) = cur.fetchone()
        execute_values(
            cur,
            "insert into ops.quarantine_releases (source_code, table_name, received_date, line_number, "
            "sha256, business_date, reason, proposer, approver) values %s",
            [
                (source_code, table_name, received, line, sha256, day, reason, proposer, approver)
                for line in numbers
            ],
        )
    return day


def _declared(settings: Settings, source_code: str, table_name: str) -> tuple[Source, Table]:
    for source in active_sources(settings.bank):
        for table in source.tables:
            if (source.code, table.name) == (source_code, table_name):
                return source, table
    raise ReleaseError(f"bank {settings.bank} has no table {source_code}.{table_name}; nothing was released")


def _first_open(cur: Cursor) -> date:
    """The first date that no night has published or loaded."""
    judged = received_window(cur, date.max).after
    return judged + timedelta(days=1)


def _bad_cells(cur: Cursor, table: Table, received: date) -> dict[int, list[str]]:
    """Line number → columns whose cells are in quarantine."""
    cur.execute(
        "select line_number, array_agg(distinct column_name order by column_name) from ops.quarantine "
        "where source_code = %s and table_name = %s and received_date = %s group by line_number",
        (table.source, table.name, received),
    )
    return dict(cur.fetchall())


def _require_empty_cells(table: Table, at: str, lines: Sequence[int], bad: dict[int, list[str]]) -> None:
    """Every line is in quarantine, for cells alone that may be empty."""
    for line in lines:
        if line not in bad:
            raise ReleaseError(f"{at}: line {line} is not in quarantine; see `yihu quarantine list`")
        needed = [name for name in bad[line] if table.column(name).required]
        if needed:
            key = " (a key)" if set(needed) & set(table.key) else ""
            raise ReleaseError(
                f"{at}: line {line} cannot do without {', '.join(needed)}{key}, and no value is guessed; "
                f"nothing was released. {_USUAL}"
            )


def _refuse_followed(
    cur: Cursor, source: Source, table: Table, at: str, received: date, day: date, lines: Sequence[int]
) -> None:
    """What the source has said since about the same keys counts, not the line; what is set aside does not."""
    if table.mode == "snapshot" and day > received:
        raise ReleaseError(
            f"{at}: a snapshot of a date readers have seen; the next one tells all its rows anew, "
            "so nothing was released"
        )
    deletions = [each for each in source.tables if each.deletes == table.name]
    for other, since, what in (
        (table, received + timedelta(days=1), "delivered again"),
        *((each, received, "deleted") for each in deletions),
    ):
        query = sql.SQL(
            "select line._line_number, later._received_date from {table} as line inner join {other} as later "
            "on later._received_date >= %s and {same} "
            "where line._received_date = %s and line._line_number = any(%s) "
            "and not exists (select from ops.quarantine as cell left join ops.released_lines as let_in "
            "using (source_code, table_name, received_date, line_number) "
            "where let_in.release_id is null and cell.source_code = %s and cell.table_name = %s "
            "and cell.received_date = later._received_date and cell.line_number = later._line_number) "
            "order by 1, 2 limit 1"
        ).format(
            table=sql.Identifier("raw", table.raw_name),
            other=sql.Identifier("raw", other.raw_name),
            same=sql.SQL(" and ").join(
                sql.SQL("line.{0} = later.{0}").format(sql.Identifier(name)) for name in table.key
            ),
        )
        cur.execute(query, (since, received, list(lines), other.source, other.name))
        if found := cur.fetchone():
            line, later = found
            raise ReleaseError(f"{at}: the key of line {line} was {what} on {later}; nothing was released")
