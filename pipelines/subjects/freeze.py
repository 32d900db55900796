"""Who was one customer stays one: what the matcher found by clear values, as dated decisions of people."""

from collections.abc import Iterator
from datetime import date
from hashlib import sha256

from psycopg2.extensions import cursor as Cursor
from psycopg2.extras import execute_values

from pipelines.subjects.person import Person, Record


def freeze_links(cursor: Cursor, person: Person, decision_id: int) -> None:
    """Put every change of customer of a person's records on record as a decision of its own day.

    So that a rebuild of any date has the customers it had, though nothing is left to match them by. Those
    who decided to forget him answer for it. Records that were forgotten before are frozen already.
    """
    cursor.execute(
        """
        select source_code, source_customer_id from ops.subject_records as record
        inner join ops.subject_decisions as decision on record.decision_id = decision.decision_id
        where decision.kind_code = 'forget' and record.decision_id <> %s
        """,
        (decision_id,),
    )
    if set(person.records) <= set(cursor.fetchall()):
        return
    cursor.execute(
        "select reason, proposer, approver from ops.subject_decisions where decision_id = %s", (decision_id,)
    )
    said = cursor.fetchone()
    execute_values(
        cursor,
        "insert into ops.identity_decisions (effective_date, kind_code, left_source_code, left_customer_id, "
        "right_source_code, right_customer_id, reason, proposer, approver) values %s",
        [
            (day, kind, *low, *high, f"erasure {decision_id}: {said[0]}", *said[1:])
            for day, kind, low, high in _decisions(cursor, person)
        ],
    )


def birth_id(record: Record) -> str:
    """The customer id that a record gives its customer where it was received first."""
    return f"c{sha256(chr(31).join(record).encode()).hexdigest()[:16]}"


def _decisions(cursor: Cursor, person: Person) -> Iterator[tuple[date, str, Record, Record]]:
    """Date, kind and the two records (lower first) of each change; a record alone needs none."""
    founders = {birth_id(record): record for record in person.records}
    cursor.execute(
        """
        select _received_date, source_code, source_customer_id, customer_id from raw.identity__links
        where (source_code, source_customer_id) in %s order by _received_date, _line_number
        """,
        (person.records,),
    )
    standing: dict[Record, Record] = {}
    for day, source, number, customer_id in cursor.fetchall():
        record = (source, number)
        former, founder = standing.get(record, record), founders.get(customer_id, record)
        standing[record] = founder
        if former not in (record, founder):
            yield (day, "open", *_pair(record, former))
        if founder != record:
            yield (day, "same", *_pair(record, founder))


def _pair(one: Record, other: Record) -> tuple[Record, Record]:
    return (one, other) if one < other else (other, one)
