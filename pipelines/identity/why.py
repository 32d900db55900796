"""Why two records are one customer, or are not: what is decided, what their numbers say, what the model
weighs."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from psycopg2.extensions import cursor as Cursor

from pipelines.approval import last_published_date
from pipelines.identity.arrivals import customer_rules
from pipelines.identity.decisions import Decision, Record, decisions
from pipelines.identity.errors import IdentityError
from pipelines.identity.matching.engine import workspace
from pipelines.identity.matching.explain import Explanation, explain
from pipelines.identity.matching.scoring import add_counts
from pipelines.identity.matching.table import make_fields
from pipelines.identity.models import eras, load, read_current
from pipelines.settings import Settings
from pipelines.warehouse import connect
from pipelines.warehouse.rooms import LOADER

_MOST_PAIRS = 400


class WhyError(IdentityError):
    """Records that cannot be explained."""


@dataclass(frozen=True)
class Answer:
    """Two records as of the last published date, and what speaks for or against their being one customer."""

    business_date: date
    left: Record
    right: Record
    left_customer_id: str
    right_customer_id: str
    model_version: str
    decision: Decision | None
    numbers_differ: bool
    link_weight: float
    explanation: Explanation


def why(settings: Settings, left: str, right: str) -> Answer:
    """Explain two records (``source/key``) or customers (ids): of customers, the two records most alike.

    Values come masked. WhyError for one that is not known.
    """
    with (
        connect(settings, LOADER) as reader,
        reader.cursor() as cursor,
        workspace() as connection,
        TemporaryDirectory() as folder,
    ):
        until = last_published_date(cursor)
        sides = [_records(cursor, name, until) for name in (left, right)]
        version = eras(cursor, until)[-1].version
        model = load(cursor, connection, version, Path(folder))
        read_current(reader, connection, until, Path(folder), [record for side in sides for record in side])
        make_fields(connection, customer_rules(), model.settings, model.habits)
        add_counts(connection, model)
        rids = {
            (source, record): (rid, number)
            for source, record, rid, number in connection.execute(
                "select source, record_id, rid, id_key from compared join records using (line, source)"
            ).fetchall()
        }
        pairs = [(a, b) for a in sides[0] for b in sides[1] if a != b][:_MOST_PAIRS]
        if not pairs:
            raise WhyError(f"{left} and {right} are one record: name two")
        told = [(explain(connection, model, rids[a][0], rids[b][0]), a, b) for a, b in pairs]
        explanation, a, b = max(told, key=lambda each: each[0].weight)
        numbers = {rids[record][1] for record in (a, b)}
        decided = [
            each
            for each in decisions(cursor, until)
            if {each.left, each.right} == {a, b} and each.until is None
        ]
        return Answer(
            until,
            a,
            b,
            sides[0][a],
            sides[1][b],
            version,
            decided[-1] if decided else None,
            None not in numbers and len(numbers) == 2,
            model.settings.link_weight,
            explanation,
        )


def _records(cursor: Cursor, name: str, until: date) -> dict[Record, str]:
    """The records that a name stands for, each with its customer."""
    source, _, key = name.partition("/")
    cursor.execute(
        """
        with last as (
            select distinct on (source_code, source_customer_id) source_code, source_customer_id, customer_id
            from raw.identity__links where _received_date <= %s
            order by source_code, source_customer_id, _received_date desc
        )
        select source_code, source_customer_id, customer_id from last
        where customer_id = %s or (source_code, source_customer_id) = (%s, %s)
        order by 1, 2
        """,
        (until, name, source, key),
    )
    found = {(row[0], row[1]): row[2] for row in cursor.fetchall()}
    if not found:
        raise WhyError(f"{name} is no record (source/key) and no customer id as of {until}")
    return found
