"""The reporting views over an edition and over the kept month-ends: their SQL, and their installation."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from psycopg2 import sql
from psycopg2.extensions import connection as Connection
from psycopg2.extensions import cursor as Cursor

from pipelines.publishing import catalog
from pipelines.publishing.catalog import Column, Relation
from pipelines.publishing.editions import BUSY, Edition
from pipelines.publishing.governance import GOVERNANCE
from pipelines.publishing.shape import (
    HISTORIES,
    PRIVATE,
    WORDED,
    ViewError,
    ViewShape,
    Wording,
    view_shape,
)
from pipelines.warehouse.rooms import READERS, REPORTING_OWNER

# We wait for the first view while we hold none, and hold views only briefly while we ask for the rest.
# Together below deadlock_timeout (1 s), so that no waiting reader is ever told of a deadlock: we give way.
FIRST_LOCK_SECONDS = 0.4
NEXT_LOCK_SECONDS = 0.02
HELD_SECONDS = 0.5
PATIENCE_SECONDS = 2.0

# Uncorrelated, so that it is evaluated once per query, not once per row. Branches belong to the login (or the
# role it has set) by name: what is written for a group role does not reach its members.
BRANCH_PREDICATE = sql.SQL("""
where (
    exists (select 1 from ops.reader_branches as b where b.reader_name = current_user and b.branch_id = '*')
    or t.branch_id in (select b.branch_id from ops.reader_branches as b where b.reader_name = current_user)
)""")
SELECT = sql.SQL("select {columns}\nfrom {table} as t{reasons}{where}")
JOIN_REASONS = sql.SQL("\nleft join {reasons} as {alias} on {alias}.reason_code = t.{code}")
CREATE = sql.SQL("create or replace view {view} with (security_barrier = true) as\n{body};\n")


@dataclass(frozen=True)
class View:
    """One view of reporting, ready to install."""

    name: str
    body: sql.Composable
    comment: str | None
    columns: tuple[Column, ...]


def edition_views(connection: Connection, edition: Edition, *, is_strict: bool = True) -> list[View]:
    """The views over one edition, one per table, named like it.

    ``is_strict``: a change of shape other than new last columns raises ViewError (a release step).
    """
    tables = _published(connection, edition)
    existing = catalog.views(connection, "reporting")
    if is_strict:
        _check_missing(edition, tables, existing)
    shapes = [
        view_shape(table, existing.get(name), is_strict=is_strict)
        for name, table in tables.items()
        if name not in PRIVATE
    ]
    return [
        View(shape.table.name, _select(edition, shape, tables), shape.table.comment, shape.columns)
        for shape in shapes
    ]


def history_views(
    connection: Connection, current: Edition, month_ends: Sequence[Edition], *, is_strict: bool = True
) -> list[View]:
    """The ``<table>_history`` views: the union of the month-end editions, in the shape of the current one.

    Without any month-end the view has the shape and no row; a column that an older edition lacks is null.
    """
    existing = catalog.views(connection, "reporting")
    tables_of = {edition: _published(connection, edition) for edition in {current, *month_ends}}
    views = []
    for name in HISTORIES:
        table = tables_of[current].get(name)
        if table is None:
            continue
        shape = view_shape(table, existing.get(f"{name}_history"), is_strict=is_strict)
        arms = [
            _select(edition, ViewShape(tables_of[edition][name], shape.columns), tables_of[edition])
            for edition in month_ends
            if name in tables_of[edition]
        ]
        body = sql.SQL("\nunion all\n").join(
            arms or [_select(current, shape, tables_of[current], is_empty=True)]
        )
        views.append(View(f"{name}_history", body, _history_comment(table.comment), shape.columns))
    return views


def install(connection: Connection, views: Iterable[View]) -> float:
    """Create or replace the views; returns the monotonic second at which the first was locked.

    A view that a reader holds becomes the first we wait for in the next round. Grants of a view that exists
    are left as they are. Raises psycopg2's LockNotAvailable when readers hold on: roll back, try again later.
    """
    existing = catalog.views(connection, "reporting")
    statements = [_statement(view, existing.get(view.name)) for view in views]
    give_up = time.monotonic() + PATIENCE_SECONDS
    with connection.cursor() as cursor:
        while True:
            cursor.execute("savepoint views")
            locked, done, refusal = _round(cursor, statements)
            if refusal is None:
                return locked
            if time.monotonic() > give_up:
                raise refusal
            cursor.execute("rollback to savepoint views")
            statements.insert(0, statements.pop(done))


def _round(cursor: Cursor, statements: list[sql.Composable]) -> tuple[float, int, Exception | None]:
    """Run the statements: when the first had its lock, how many were done, and what stopped the rest."""
    locked = time.monotonic()
    for number, statement in enumerate(statements):
        left = (
            min(NEXT_LOCK_SECONDS, locked + HELD_SECONDS - time.monotonic()) if number else FIRST_LOCK_SECONDS
        )
        cursor.execute("set local lock_timeout = %s", (max(int(left * 1000), 1),))
        try:
            cursor.execute(statement)
        except BUSY as refusal:
            return locked, number, refusal
        if not number:
            locked = time.monotonic()
    return locked, len(statements), None


def _published(connection: Connection, edition: Edition) -> dict[str, Relation]:
    tables = catalog.tables(connection, edition.edition_id)
    if not tables:
        raise ViewError(
            f"edition {edition.edition_id} of {edition.business_date} has no tables; rebuild its date"
        )
    return tables


def _check_missing(edition: Edition, tables: dict[str, Relation], existing: dict[str, Relation]) -> None:
    known = {name for name in existing if name not in GOVERNANCE and not name.endswith("_history")}
    missing = sorted(known - set(tables))
    if missing:
        raise ViewError(
            f"edition of {edition.business_date}: no table {', '.join(missing)}, which reporting publishes. "
            "Taking a table away is a release step: drop its view in the release, then publish"
        )


def _select(
    edition: Edition, shape: ViewShape, tables: dict[str, Relation], *, is_empty: bool = False
) -> sql.Composable:
    table = shape.table
    made = _made(edition, table)
    wordings = WORDED.get(table.name, ())
    if wordings and "reasons" not in tables:
        raise ViewError(f"edition {edition.edition_id}: {table.name} needs the table reasons for its wording")
    where = BRANCH_PREDICATE if table.column("branch_id") else sql.SQL("")
    return SELECT.format(
        columns=sql.SQL(",\n       ").join(_cell(column, table, made) for column in shape.columns),
        table=sql.Identifier(edition.edition_id, table.name),
        reasons=sql.Composed(_join_reasons(edition, table, wording) for wording in wordings),
        where=sql.SQL("\nwhere false") if is_empty else where,
    )


def _join_reasons(edition: Edition, table: Relation, wording: Wording) -> sql.Composable:
    code = _first(table, wording.code)
    if code is None:
        return sql.SQL("")
    return JOIN_REASONS.format(
        reasons=sql.Identifier(edition.edition_id, "reasons"),
        alias=sql.Identifier(f"r_{wording.prefix}"),
        code=sql.Identifier(code.name),
    )


def _cell(column: Column, table: Relation, made: dict[str, sql.Composable]) -> sql.Composable:
    own = table.column(column.name)
    if column.name in made:
        value = made[column.name]
    elif own and own.type_name == column.type_name:
        value = sql.Identifier("t", column.name)
    else:
        source = sql.Identifier("t", column.name) if own else sql.SQL("null")
        value = sql.SQL("cast({} as {})").format(source, sql.SQL(column.type_name))
    return sql.SQL("{} as {}").format(value, sql.Identifier(column.name))


def _made(edition: Edition, table: Relation) -> dict[str, sql.Composable]:
    """What the view adds to the table's columns."""
    versions = {
        "edition_id": edition.edition_id,
        "policy_version": edition.policy_version,
        "model_version": edition.model_version,
    }
    made = {
        name: sql.SQL("cast({} as text)").format(sql.Literal(text))
        for name, text in versions.items()
        if table.column(name) is None
    }
    for wording in WORDED.get(table.name, ()):
        made |= {f"{wording.prefix}_{code}": _worded(table, wording, code) for code in ("zh", "en")}
    return made


def _worded(table: Relation, wording: Wording, language: str) -> sql.Composable:
    """The template of a reason with its numbers; an older edition may not have it."""
    if _first(table, wording.code) is None:
        return sql.SQL("cast(null as text)")
    text = sql.Identifier(f"r_{wording.prefix}", f"template_{language}")
    for placeholder in ("metric", "threshold", "detail"):
        column = _first(table, getattr(wording, placeholder))
        text = sql.SQL("replace({}, {}, {})").format(
            text, sql.Literal(f"{{{placeholder}}}"), _filling(column)
        )
    return text


def _first(table: Relation, names: Sequence[str]) -> Column | None:
    return next((table.column(name) for name in names if table.column(name)), None)


def _filling(column: Column | None) -> sql.Composable:
    if column is None:
        return sql.Literal("")
    value = sql.Identifier("t", column.name)
    if column.type_name != "text":
        value = sql.SQL("cast(trim_scale({}) as text)").format(value)
    return sql.SQL("coalesce({}, '')").format(value)


def _history_comment(comment: str | None) -> str | None:
    if comment is None:
        return None
    chinese, _, english = comment.partition(" | ")
    return f"{chinese}（各月末版本） | {english or chinese} (every kept month-end)"


def _statement(view: View, existing: Relation | None) -> sql.Composable:
    target = sql.Identifier("reporting", view.name)
    parts = [CREATE.format(view=target, body=view.body)]
    if existing is None:
        parts.append(sql.SQL("alter view {} owner to {};\n").format(target, sql.Identifier(REPORTING_OWNER)))
        readers = sql.SQL(", ").join(map(sql.Identifier, READERS))
        parts.append(sql.SQL("grant select on {} to {};\n").format(target, readers))
    if existing is None or existing.comment != view.comment:
        parts.append(sql.SQL("comment on view {} is {};\n").format(target, sql.Literal(view.comment)))
    for column in view.columns:
        former = existing.column(column.name) if existing else None
        if column.comment and (former is None or former.comment != column.comment):
            name = sql.Identifier("reporting", view.name, column.name)
            parts.append(sql.SQL("comment on column {} is {};\n").format(name, sql.Literal(column.comment)))
    return sql.Composed(parts)
