"""Clear text is read by a ticket: who, when, whom and why, committed before anything is read.

Here for the administrator, who reads all rooms; readers have ``reporting.open_clear_text_ticket`` and
``reporting.read_clear_text`` for the same tickets (warehouse/migrations).
"""

from psycopg2.extensions import cursor as Cursor

from pipelines.settings import Settings
from pipelines.subjects.errors import SubjectError
from pipelines.warehouse import connect


def open_ticket(settings: Settings, customer_id: str, reader: str, reason: str) -> int:
    """Put on record who is about to read whose clear text, and why; committed when it returns its number."""
    if not reader.strip() or not reason.strip():
        raise SubjectError(f"{customer_id}: clear text needs a reader and a reason; nothing was read")
    with connect(settings) as connection, connection.cursor() as cursor:
        cursor.execute(
            "insert into ops.subject_tickets (reader_name, customer_id, reason) values (%s, %s, %s) "
            "returning ticket_id",
            (reader, customer_id, reason),
        )
        return cursor.fetchone()[0]


def use_ticket(cursor: Cursor, ticket_id: int, customer_id: str) -> None:
    """Mark a ticket as used, once.

    SubjectError for one of this very transaction (it could be rolled back with what was read), for another
    customer's, and for one that was used.
    """
    cursor.execute(
        "update ops.subject_tickets set used_in = pg_current_xact_id() "
        "where ticket_id = %s and customer_id = %s and used_in is null and opened_in <> pg_current_xact_id()",
        (ticket_id, customer_id),
    )
    if not cursor.rowcount:
        raise SubjectError(
            f"ticket {ticket_id} does not open the clear text of {customer_id}: it was used, is another "
            "customer's, or is not committed; nothing was read. Open a new one"
        )
