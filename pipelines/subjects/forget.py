"""Forget a person: pseudonyms take the place of clear values, wherever these lie (docs/decisions)."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import connection as Connection
from psycopg2.extensions import cursor as Cursor
from psycopg2.extras import execute_values

from pipelines.approval import first_open_date, last_published_date, require_two_people
from pipelines.identity.identify import index_folder
from pipelines.landing.erasure import (
    ERASED,
    MENTIONS,
    Line,
    erase_lines,
    erase_names,
    key_of,
    keyed_lines,
    named_columns,
    personal_columns,
    read_lines,
)
from pipelines.nights import refuse_beside_night
from pipelines.publishing import editions
from pipelines.settings import Settings
from pipelines.sources.declaration import Source, Table, active_sources
from pipelines.subjects.decisions import record_decision
from pipelines.subjects.errors import SubjectError
from pipelines.subjects.files import Changes, export_folder, rewrite_files
from pipelines.subjects.freeze import freeze_links
from pipelines.subjects.obligations import Obligation, obligations
from pipelines.subjects.person import Person, find_person, sources_of
from pipelines.warehouse import admin_url, connect
from pipelines.warehouse.rooms import workspaces

CLEAR = ("full_name", "identity_number", "birth_date", "phone_number", "email_address", "address_text")
ROOMS = ("intermediate", "marts", "protected")


@dataclass(frozen=True)
class Forgotten:
    """What was done: lines of raw and files changed, files that were gone, and the dates whose kept editions
    must be built again, oldest first."""

    decision_id: int
    lines: int
    files: tuple[str, ...]
    absent_files: tuple[str, ...]
    dates: tuple[date, ...]
    kept: tuple[Obligation, ...]


def forget(settings: Settings, customer_id: str, reason: str, proposer: str, approver: str) -> Forgotten:
    """Put a person's erasure on record and carry it out in raw, the landing folder and everything live.

    The customer id stays, and so do amounts, accounts and transactions. The kept editions are the caller's to
    build again (``Forgotten.dates``). May be called again: it finds the same lines. SubjectError for an
    unknown customer, an organisation, no reason, a workspace that is there or files that cannot be written;
    NightError while any night or rebuild runs; ApprovalError for one person alone.
    """
    require_two_people(proposer, approver)
    with connect(settings) as connection, connection.cursor() as cursor:
        refuse_beside_night(cursor)  # it would write again what is taken out
        cursor.execute("lock table ops.subject_decisions in share row exclusive mode")
        day, published = first_open_date(cursor), last_published_date(cursor)
        person = find_person(cursor, customer_id)
        _require_natural(person)
        _refuse_workspaces(connection)
        sources = sources_of(settings, person)
        kept = obligations(connection, person, published)
        decision_id = record_decision(cursor, person, "forget", day, reason, proposer, approver)
        freeze_links(cursor, person, decision_id)
        changes = _erase_raw(cursor, settings, person, sources, decision_id)
        _erase_quarantine(cursor, changes)
        _erase_live(cursor, person)
        # the marts are made anew by the next night, from what raw says now
        cursor.execute("delete from ops.mart_builds where workspace = ''")
        dates = tuple(sorted({edition.business_date for edition in editions.kept(connection)}))
        # what a killed rebuild left of the matcher goes with the live index, which is a cache
        shutil.rmtree(index_folder(settings, connection).parent, ignore_errors=True)
        files, absent = rewrite_files(cursor, settings, changes)  # last: what fails leaves all as it was
    for path in export_folder(settings).glob(f"{customer_id}_*"):
        path.unlink()
    _vacuum(settings, changes)
    lines = sum(len(places) for places in changes.values())
    return Forgotten(decision_id, lines, tuple(files), tuple(absent), dates, tuple(kept))


def _require_natural(person: Person) -> None:
    if person.kind_code not in (None, "person"):
        raise SubjectError(
            f"{person.customer_id} is a {person.kind_code}: only a natural person can ask to be forgotten; "
            "nothing was changed"
        )


def _refuse_workspaces(connection: Connection) -> None:
    if names := [name for name, _ in workspaces(connection)]:
        raise SubjectError(
            f"workspaces hold clear values, too: nothing was changed. Drop {', '.join(names)} first "
            f"(`yihu workspace drop {names[0]}`)"
        )


def _erase_raw(
    cursor: Cursor, settings: Settings, person: Person, sources: Sequence[Source], decision_id: int
) -> Changes:
    """His own records, and the records of others that name him by his identity number, or did."""
    known = identity_numbers(cursor, person, sources)
    changes: Changes = {}
    for source in sources:
        for table in source.tables:
            numbers = person.numbers(source.code)
            if places := erase_lines(cursor, "raw", source, table, numbers):
                changes[source, table] = places
    for source in active_sources(settings.bank):
        for table in source.tables:
            for number, columns in named_columns(table):
                lines = read_lines(cursor, "raw", table, {number: known})
                keys = _mentions(cursor, person, decision_id, table, number, lines)
                former = keyed_lines(cursor, "raw", table, keys)
                lines += [line for line in former if line.cells[number] == ERASED]
                for place, cells in erase_names(cursor, "raw", table, columns, lines).items():
                    changes.setdefault((source, table), {}).setdefault(place, {}).update(cells)
    return changes


def _mentions(
    cursor: Cursor, person: Person, decision_id: int, table: Table, number: str, lines: Sequence[Line]
) -> list[tuple[str, ...]]:
    """Put on record which records name him in a column; gives their keys and those of his former erasures."""
    execute_values(
        cursor,
        "insert into ops.subject_mentions values %s",
        [
            (decision_id, table.source, table.name, list(key), number)
            for key in sorted({key_of(table, line) for line in lines})
        ],
    )
    cursor.execute(
        f"{MENTIONS} and decision_id in (select record.decision_id from ops.subject_records as record "
        "where (record.source_code, record.source_customer_id) in %s)",
        (table.source, table.name, number, person.records),
    )
    return [tuple(key) for (key,) in cursor.fetchall()]


def identity_numbers(cursor: Cursor, person: Person, sources: Sequence[Source]) -> list[str]:
    """Every spelling of his identity number that a source has delivered and that was not erased since."""
    found: set[str] = set()
    for source in sources:
        for table in source.tables:
            if "identity_number" in {column.name for column in personal_columns(source, table)}:
                wanted = {source.subjects[0]: person.numbers(source.code)}
                cells = (line.cells["identity_number"] for line in read_lines(cursor, "raw", table, wanted))
                found |= {cell for cell in cells if cell and not cell.endswith(ERASED)}
    return sorted(found)


def _erase_quarantine(cursor: Cursor, changes: Changes) -> None:
    """A mask and a keyed hash of a clear value go with it; that the line is set aside stays."""
    for (source, table), places in changes.items():
        for (day, line), cells in places.items():
            cursor.execute(
                "update ops.quarantine set value_mask = null, value_hmac = null, hmac_key_id = null "
                "where source_code = %s and table_name = %s and received_date = %s and line_number = %s "
                "and column_name = any(%s)",
                (source.code, table.name, day, line, list(cells)),
            )


def _erase_live(cursor: Cursor, person: Person) -> None:
    """Take the clear values out of what dbt has built; the next night builds it anew."""
    for schema, table, columns, keys in _clear_tables(cursor):
        where, values = ("customer_id = %s", [person.customer_id])
        if "customer_id" not in keys:
            where = "(source_code, source_customer_id) in %s"
            values = [person.records]
        assignments = [sql.SQL("{} = null").format(sql.Identifier(name)) for name in columns]
        statement = sql.SQL("update {} set {} where " + where)
        cursor.execute(
            statement.format(sql.Identifier(schema, table), sql.SQL(", ").join(assignments)), values
        )
    cursor.execute("select to_regclass('protected.customer_attribute_values') is not null")
    if cursor.fetchone()[0]:
        cursor.execute(
            "delete from protected.customer_attribute_values "
            "where customer_id = %s and attribute_code = any(%s)",
            (person.customer_id, list(CLEAR)),
        )


def _clear_tables(cursor: Cursor) -> Iterator[tuple[str, str, list[str], list[str]]]:
    """Tables of the live rooms with clear columns: schema, name, these columns, those that say whose."""
    cursor.execute(
        """
        select c.table_schema, c.table_name,
               array_agg(c.column_name::text) filter (where c.column_name = any(%(clear)s)),
               array_agg(c.column_name::text) filter (
                   where c.column_name in ('customer_id', 'source_customer_id')
               )
        from information_schema.columns as c
        inner join information_schema.tables as t using (table_schema, table_name)
        where c.table_schema = any(%(rooms)s) and t.table_type = 'BASE TABLE'
        group by 1, 2
        """,
        {"clear": list(CLEAR), "rooms": list(ROOMS)},
    )
    for schema, table, columns, keys in cursor.fetchall():
        if columns and keys:
            yield schema, table, columns, keys


def _vacuum(settings: Settings, changes: Changes) -> None:
    """Write the tables' files without the former versions of the rows; not possible in a transaction.

    A plain vacuum would only let them be written over. The server's log keeps them until it is recycled.
    """
    tables = {("raw", table.raw_name) for _, table in changes}
    with closing(psycopg2.connect(admin_url(settings))) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        tables |= {(schema, table) for schema, table, _, _ in _clear_tables(cursor)}
        for schema, table in sorted(tables):
            cursor.execute(sql.SQL("vacuum (full) {}").format(sql.Identifier(schema, table)))
