"""A person who wants no decision taken on him by a machine alone, and one who has come back on that."""

from datetime import date

from pipelines.approval import first_open_date, require_two_people
from pipelines.nights import refuse_beside_night
from pipelines.settings import Settings
from pipelines.subjects.decisions import record_decision
from pipelines.subjects.person import find_person
from pipelines.warehouse import connect

KINDS = {False: "opt_in", True: "opt_out"}


def opt(
    settings: Settings, customer_id: str, is_out: bool, reason: str, proposer: str, approver: str
) -> date:
    """Let a customer out of automated decisions, or in again, from the first date that readers have not seen.

    Gives that date. ApprovalError for one person alone; SubjectError for an unknown customer or no reason;
    NightError while a night runs.
    """
    require_two_people(proposer, approver)
    with connect(settings) as connection, connection.cursor() as cursor:
        refuse_beside_night(cursor, live_only=True)  # it may have read who opted out
        day = first_open_date(cursor)
        person = find_person(cursor, customer_id)
        record_decision(cursor, person, KINDS[is_out], day, reason, proposer, approver)
    return day
