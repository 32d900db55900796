"""Everything held about one person, room by room, as one file that its owner alone may read."""

import csv
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, TextIO

from psycopg2 import sql
from psycopg2.extensions import connection as Connection
from psycopg2.extensions import cursor as Cursor

from pipelines.landing.erasure import Line, named_columns, personal_columns, read_lines
from pipelines.publishing import editions
from pipelines.settings import Settings
from pipelines.sources.declaration import Source, Table, active_sources
from pipelines.subjects.errors import SubjectError
from pipelines.subjects.files import export_folder
from pipelines.subjects.forget import CLEAR, identity_numbers
from pipelines.subjects.person import Person, find_person, sources_of
from pipelines.subjects.tickets import open_ticket, use_ticket
from pipelines.warehouse import connect
from pipelines.wording import mask

FORMATS = ("json", "csv")
_PLACES = ("_received_date", "_line_number")


@dataclass(frozen=True)
class Held:
    """The rows of one table about a person; ``file`` names the landing file of each raw line."""

    room: str
    table: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]


@dataclass(frozen=True)
class Export:
    """Where the bundle lies, the ticket it was read by (None: masked), and its rows by room."""

    path: Path
    ticket_id: int | None
    counts: Mapping[str, int]


def export(
    settings: Settings,
    customer_id: str,
    path: Path | None = None,
    file_format: str = "json",
    reader: str | None = None,
    reason: str | None = None,
) -> Export:
    """Write all that is held about a customer into a new file of mode 0600.

    Clear values are masked, unless a ``reader`` gives a ``reason``: then a ticket is put on record and
    committed first, and used by the transaction that reads. SubjectError for an unknown customer, one of the
    two alone, or a file that is there already.
    """
    if (reader is None) != (reason is None):
        raise SubjectError("clear text needs both a reader and a reason; nothing was read")
    ticket = None
    with connect(settings) as connection, connection.cursor() as cursor:
        find_person(cursor, customer_id)
    if reader is not None and reason is not None:
        ticket = open_ticket(settings, customer_id, reader, reason)
    with connect(settings) as connection, connection.cursor() as cursor:
        if ticket is not None:
            use_ticket(cursor, ticket, customer_id)
        person = find_person(cursor, customer_id)
        held = list(_held(settings, connection, person, is_clear=ticket is not None))
    target = path or _default_path(settings, customer_id, ticket, file_format)
    with _own_file(target) as file:
        (_write_json if file_format == "json" else _write_csv)(file, person, ticket, held)
    counts: dict[str, int] = {}
    for each in held:
        counts[each.room] = counts.get(each.room, 0) + len(each.rows)
    return Export(target, ticket, counts)


# ── the rooms ───────────────────────────────────────────────────────────────────────────────────────────────


def _held(settings: Settings, connection: Connection, person: Person, *, is_clear: bool) -> Iterator[Held]:
    with connection.cursor() as cursor:
        sources = sources_of(settings, person)
        for source in sources:
            yield from _raw(cursor, settings, source, person, is_clear)
        yield from _named(cursor, settings, identity_numbers(cursor, person, sources), is_clear)
        for room in ("staging", "marts", "protected"):
            yield from _room(cursor, room, room, person, is_clear)
        kept = editions.kept(connection)
        for edition in kept:
            room = "reporting" if edition == kept[0] else edition.edition_id
            yield from _room(cursor, room, edition.edition_id, person, is_clear)
        yield from _ops(cursor, person)


def _raw(
    cursor: Cursor, settings: Settings, source: Source, person: Person, is_clear: bool
) -> Iterator[Held]:
    """The lines of a source about a person, each with the landing file it came from.

    A line is about him if it holds his customer number, one of his accounts, or a key of a line that does.
    """
    known: dict[str, set[str]] = {name: set(person.numbers(source.code)) for name in source.subjects}
    if source.accounts:
        known[source.accounts] = set(person.account_numbers(source.code))
    found: dict[str, Held] = {}
    waiting = list(source.tables)
    while waiting:
        reached = [table for table in waiting if set(known) & set(table.column_names)]
        if not reached:
            break
        for table in reached:
            waiting.remove(table)
            wanted = {name: sorted(known[name]) for name in table.column_names if name in known}
            lines = read_lines(cursor, "raw", table, wanted)
            if len(table.key) == 1 and table.key[0] not in known:
                known[table.key[0]] = {cell for line in lines if (cell := line.cells[table.key[0]])}
            found[table.name] = _told(settings, source, table, lines, is_clear)
    yield from (held for held in found.values() if held.rows)


def _named(cursor: Cursor, settings: Settings, numbers: Sequence[str], is_clear: bool) -> Iterator[Held]:
    """The lines of others that name him by his identity number."""
    for source in active_sources(settings.bank):
        for table in source.tables:
            for number, _ in named_columns(table):
                if lines := read_lines(cursor, "raw", table, {number: numbers}):
                    yield _told(settings, source, table, lines, is_clear)


def _told(settings: Settings, source: Source, table: Table, lines: Sequence[Line], is_clear: bool) -> Held:
    hidden = set() if is_clear else {column.name for column in personal_columns(source, table)}
    rows = tuple(
        (
            str(settings.landing / source.code / line.received_date.isoformat() / table.file_name),
            line.received_date,
            line.line_number,
            *(_shown(cell, name in hidden) for name, cell in line.cells.items()),
        )
        for line in lines
    )
    return Held("raw", table.raw_name, ("file", *_PLACES, *table.column_names), rows)


def _room(cursor: Cursor, room: str, schema: str, person: Person, is_clear: bool) -> Iterator[Held]:
    """The rows of a schema's tables and views that name the customer, a record or an account of his."""
    for table, columns in _columns(cursor, schema):
        found = _condition(table, columns, person)
        if found is None:
            continue
        condition, values = found
        cursor.execute(
            sql.SQL("select {} from {} where ").format(
                sql.SQL(", ").join(map(sql.Identifier, columns)), sql.Identifier(schema, table)
            )
            + sql.SQL(condition),
            values,
        )
        rows = tuple(_hidden(columns, row, is_clear) for row in cursor.fetchall())
        if rows:
            yield Held(room, table, tuple(columns), rows)


def _columns(cursor: Cursor, schema: str) -> list[tuple[str, list[str]]]:
    cursor.execute(
        "select c.relname, array_agg(a.attname::text order by a.attnum) from pg_catalog.pg_class as c "
        "inner join pg_catalog.pg_attribute as a on a.attrelid = c.oid "
        "where c.relnamespace = to_regnamespace(%s) and c.relkind in ('r', 'p', 'v') "
        "and not c.relispartition and a.attnum > 0 and not a.attisdropped group by 1 order by 1",
        (schema,),
    )
    return cursor.fetchall()


def _condition(table: str, columns: Sequence[str], person: Person) -> tuple[str, list[Any]] | None:
    """How a table's rows name the person, and with which values; None where they do not."""
    if "customer_id" in columns:
        return "customer_id = %s", [person.customer_id]
    if {"source_code", "source_customer_id"} <= set(columns):
        return "(source_code, source_customer_id) in %s", [person.records]
    if "account_id" in columns:
        return "account_id = any(%s)", [[f"{source}:{number}" for source, number in person.accounts]]
    source = table.removeprefix("stg_").partition("__")[0]  # a staging view is of one source
    for column, numbers in (
        ("source_customer_id", person.numbers(source)),
        ("source_account_id", person.account_numbers(source)),
    ):
        if column in columns and numbers:
            return f"{column} = any(%s)", [numbers]
    return None


def _ops(cursor: Cursor, person: Person) -> Iterator[Held]:
    """What people have decided on him, and what was read of him."""
    for table, columns, condition, values in (
        (
            "subject_decisions",
            ("decision_id", "kind_code", "customer_id", "effective_date", "reason"),
            "decision_id in (select decision_id from ops.subject_records "
            "where (source_code, source_customer_id) in %s)",
            [person.records],
        ),
        (
            "subject_tickets",
            ("ticket_id", "reader_name", "customer_id", "reason", "opened_at"),
            "customer_id = %s",
            [person.customer_id],
        ),
        (
            "identity_decisions",
            *(("decision_id", "effective_date", "kind_code", "reason"),),
            "(left_source_code, left_customer_id) in %s or (right_source_code, right_customer_id) in %s",
            [person.records, person.records],
        ),
    ):
        cursor.execute(f"select {', '.join(columns)} from ops.{table} where {condition} order by 1", values)
        if rows := cursor.fetchall():
            yield Held("ops", table, columns, tuple(rows))


def _hidden(columns: Sequence[str], row: Sequence[Any], is_clear: bool) -> tuple[Any, ...]:
    """A row as it may be shown; of the long form of attributes, the values of the clear ones are hidden."""
    if is_clear:
        return tuple(row)
    named = dict(zip(columns, row, strict=True))
    long_form = named.get("attribute_code") in CLEAR
    return tuple(
        _shown(value, name in CLEAR or (long_form and name == "attribute_value"))
        for name, value in named.items()
    )


def _shown(value: Any, is_hidden: bool) -> Any:
    return mask(str(value)) if is_hidden and value is not None else value


# ── the file ────────────────────────────────────────────────────────────────────────────────────────────────


def _default_path(settings: Settings, customer_id: str, ticket: int | None, file_format: str) -> Path:
    folder = export_folder(settings)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    kind = "masked" if ticket is None else f"ticket_{ticket}"
    path = folder / f"{customer_id}_{kind}.{file_format}"
    if ticket is None:
        path.unlink(missing_ok=True)
    return path


def _own_file(path: Path) -> TextIO:
    """A new file that nobody else could have opened before it was closed to them."""
    try:
        number = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError as error:
        raise SubjectError(f"{path} is there already: name another file, nothing was written") from error
    os.fchmod(number, 0o600)
    return os.fdopen(number, "w", encoding="utf-8", newline="")


def _write_json(file: TextIO, person: Person, ticket: int | None, held: Sequence[Held]) -> None:
    content = {
        "customer_id": person.customer_id,
        "is_clear": ticket is not None,
        "ticket_id": ticket,
        "records": [
            {"source_code": source, "source_customer_id": number} for source, number in person.records
        ],
        "accounts": [f"{source}:{number}" for source, number in person.accounts],
        "held": [
            {
                "room": each.room,
                "table": each.table,
                "rows": [dict(zip(each.columns, row, strict=True)) for row in each.rows],
            }
            for each in held
        ],
    }
    json.dump(content, file, ensure_ascii=False, indent=1, default=_as_text)


def _write_csv(file: TextIO, person: Person, ticket: int | None, held: Sequence[Held]) -> None:
    """One line per cell that is filled: room, table, row, column, value."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(("customer_id", "room", "table", "row_number", "column", "value"))
    for each in held:
        for number, row in enumerate(each.rows, start=1):
            for column, value in zip(each.columns, row, strict=True):
                if value is not None:
                    cells = (each.room, each.table, number, column, _as_text(value))
                    writer.writerow((person.customer_id, *cells))


def _as_text(value: Any) -> str:
    return f"{value:f}" if isinstance(value, Decimal) else str(value)
