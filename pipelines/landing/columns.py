"""The columns of a source's table as its database describes them, held against the declaration."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor

from pipelines.sources.declaration import is_credential

if TYPE_CHECKING:
    from pipelines.landing.database import DatabaseRead

_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}")
_TEXTS = {"text", "varchar", "bpchar", "name", "char", "citext"}
_WHOLE_NUMBERS = {"int2", "int4", "int8"}
# types a watermark may have, and their names in a cast
KEPT_TYPES = {"date": "date", "timestamp": "timestamp", "timestamptz": "timestamptz"}
_QUESTION = """
    select a.attname, coalesce(base.typname, t.typname), t.typtype = 'e', a.attnotnull,
           has_column_privilege(a.attrelid, a.attnum, 'select')
    from pg_catalog.pg_attribute as a
    inner join pg_catalog.pg_type as t on t.oid = a.atttypid
    left join pg_catalog.pg_type as base on base.oid = t.typbasetype
    where a.attrelid = to_regclass(%s) and a.attnum > 0 and not a.attisdropped
    order by a.attnum
"""


@dataclass(frozen=True)
class ForeignColumn:
    """One column of the source's table; ``is_extra``: neither declared, nor ignored, nor the watermark."""

    number: int
    name: str
    type: str
    is_enum: bool
    is_never_null: bool
    is_extra: bool

    @property
    def is_moment(self) -> bool:
        """Whether it holds a date or a time on a date."""
        return self.type in KEPT_TYPES

    @property
    def is_number(self) -> bool:
        """Whether it holds exact numbers."""
        return self.type == "numeric" or self.type in _WHOLE_NUMBERS

    @property
    def told(self) -> str:
        """The name where it is a plain one, else the number."""
        return self.name if _PLAIN_NAME.fullmatch(self.name) else f"column {self.number}"

    def holds(self, declared_type: str, date_format: str | None) -> bool:
        """Whether its type is the declared one; text is taken for every type and judged cell by cell."""
        if self.type in _TEXTS:
            return True
        return {
            "text": self.is_enum or self.type == "uuid" or self.type in _WHOLE_NUMBERS,
            "date": self.is_moment and date_format == "yyyy-mm-dd",
            "decimal": self.is_number,
            "integer": self.type in _WHOLE_NUMBERS,
        }[declared_type]


def read_columns(cursor: Cursor, read: "DatabaseRead") -> dict[str, ForeignColumn]:
    """The columns that will be read, by name: the declared ones, the watermark and those that are new.

    Raises DeliveryError for a column that is missing, retyped, closed to us or named like a credential.
    """
    table = read.table
    relation = sql.Identifier(*read.relation.split(".")).as_string(cursor)
    cursor.execute(_QUESTION, (relation,))
    needed = {*table.column_names, table.watermark}
    found, closed = {}, set()
    for number, (name, kind, is_enum, is_never_null, is_open) in enumerate(cursor.fetchall(), start=1):
        is_extra = name not in needed and name not in table.ignored
        if not is_open:
            closed.add(name)
        elif name in needed or is_extra:
            found[name] = ForeignColumn(number, name, kind, is_enum, is_never_null, is_extra)
    if not found:
        raise read.fault(
            f"{read.relation} is not there, or may not be read",
            "Check relation in the declaration and the grants of our user there, then run the night again.",
        )
    _refuse_missing(read, found, closed, needed)
    _refuse_retyped(read, found)
    return found


def _refuse_missing(
    read: "DatabaseRead", found: dict[str, ForeignColumn], closed: set[str], needed: set[str]
) -> None:
    for column in found.values():
        if column.is_extra and is_credential(column.name):
            raise read.fault(
                f"column {column.number} of {read.relation} is named like a credential and open to us",
                "Have the grant on it taken back, or declare it under ignored; then run the night again.",
            )
    if missing := sorted(needed - set(found)):
        known = ", ".join(name for name in missing if name in closed)
        raise read.fault(
            f"{read.relation} has not the declared columns: {', '.join(missing)} missing"
            + (f" (of these may not be read: {known})" if known else ""),
            "Have the source's change looked at, then run the night again.",
        )


def _refuse_retyped(read: "DatabaseRead", found: dict[str, ForeignColumn]) -> None:
    for column in read.table.columns:
        if not found[column.name].holds(column.type, column.format):
            raise read.fault(
                f"column {column.name} has the type {found[column.name].type}, declared is {column.type}"
                + (f" ({column.format})" if column.format else ""),
                "Have the source's change looked at, then run the night again.",
            )
    watermark = found[read.table.watermark]
    if not watermark.is_moment:
        raise read.fault(
            f"the watermark {watermark.name} has the type {watermark.type}, no date and no timestamp",
            "Declare another watermark, then run the night again.",
        )
