"""What every act of people has in common: two of them, and a date that readers have not seen."""

from datetime import date, timedelta

from psycopg2.extensions import cursor as Cursor

from pipelines.nights import published_until


class ApprovalError(Exception):
    """One person alone, or nothing that could be acted on."""


def require_two_people(proposer: str, approver: str) -> None:
    """ApprovalError where proposer and approver are one."""
    if proposer.strip().casefold() == approver.strip().casefold():
        raise ApprovalError("proposer and approver must be two people: nothing was put on record")


def last_published_date(cursor: Cursor) -> date:
    """The last business date that readers have seen. ApprovalError before the first one."""
    until = published_until(cursor)
    if until is None:
        raise ApprovalError("nothing is published yet: run a night first")
    return until


def first_open_date(cursor: Cursor) -> date:
    """The date from which a decision of today can hold: the one after the last published."""
    return last_published_date(cursor) + timedelta(days=1)
