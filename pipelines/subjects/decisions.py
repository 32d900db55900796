"""What a person asked for and two people decided, on record with the records it is about."""

from datetime import date

from psycopg2.extensions import cursor as Cursor
from psycopg2.extras import execute_values

from pipelines.subjects.errors import SubjectError
from pipelines.subjects.person import Person


def record_decision(
    cursor: Cursor, person: Person, kind: str, day: date, reason: str, proposer: str, approver: str
) -> int:
    """Put a decision on record; gives its number. It follows the records, whoever they are one with later."""
    if not reason.strip():
        raise SubjectError(f"{person.customer_id}: a decision needs a reason; nothing was decided")
    cursor.execute(
        "insert into ops.subject_decisions "
        "(kind_code, customer_id, effective_date, reason, proposer, approver) "
        "values (%s, %s, %s, %s, %s, %s) returning decision_id",
        (kind, person.customer_id, day, reason, proposer, approver),
    )
    (decision_id,) = cursor.fetchone()
    execute_values(
        cursor,
        "insert into ops.subject_records (decision_id, source_code, source_customer_id) values %s",
        [(decision_id, *record) for record in person.records],
    )
    return decision_id
