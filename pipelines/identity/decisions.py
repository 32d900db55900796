"""What people decide on two records: always one customer, never one, or no longer decided."""

from dataclasses import dataclass
from datetime import date

from psycopg2.extensions import cursor as Cursor

from pipelines.approval import first_open_date, require_two_people
from pipelines.identity.errors import IdentityError
from pipelines.settings import Settings
from pipelines.warehouse import connect

Record = tuple[str, str]  # (source code, source customer id)
KINDS = ("same", "different", "open")  # open: as the matcher sees it


class DecisionError(IdentityError):
    """A decision that cannot be taken so."""


@dataclass(frozen=True)
class Decision:
    """Two records are one customer (``is_same``) or two, from ``since`` on, until a later decision (None:
    none)."""

    left: Record
    right: Record
    is_same: bool
    since: date
    until: date | None


def decisions(cursor: Cursor, until: date) -> list[Decision]:
    """What has been decided up to a date, each with the date of the decision that follows it."""
    cursor.execute(
        """
        select left_source_code, left_customer_id, right_source_code, right_customer_id, kind_code,
            effective_date, lead(effective_date) over same_pair
        from ops.identity_decisions where effective_date <= %s
        window same_pair as (
            partition by left_source_code, left_customer_id, right_source_code, right_customer_id
            order by effective_date, decision_id
        )
        order by decision_id
        """,
        (until,),
    )
    return [
        Decision((row[0], row[1]), (row[2], row[3]), row[4] == "same", row[5], row[6])
        for row in cursor.fetchall()
        if row[4] != "open" and row[5] != row[6]
    ]


def decide(
    settings: Settings, left: Record, right: Record, kind: str, reason: str, proposer: str, approver: str
) -> date:
    """Put a decision on record; it holds from the first date that readers have not seen, which is given back.

    DecisionError for an unknown record, one person alone, or a decision that contradicts the others: what is
    decided to be one must not, by way of others, be decided to be two.
    """
    require_two_people(proposer, approver)
    if left == right:
        raise DecisionError(f"{'/'.join(left)} was named twice: nothing was decided; name two records")
    low, high = sorted((left, right))
    with connect(settings) as connection, connection.cursor() as cursor:
        day = first_open_date(cursor)
        for record in (low, high):
            _require(cursor, record)
        standing = [
            each
            for each in decisions(cursor, day)
            if each.until is None and (each.left, each.right) != (low, high)
        ]
        if kind != "open":
            _refuse_contradiction([*standing, Decision(low, high, kind == "same", day, None)])
        cursor.execute(
            """
            insert into ops.identity_decisions (
                effective_date, kind_code, left_source_code, left_customer_id,
                right_source_code, right_customer_id, reason, proposer, approver
            ) values (%s, %s, %s, %s, %s, %s, %s, %s, %s)
            """,
            (day, kind, *low, *high, reason, proposer, approver),
        )
    return day


def _require(cursor: Cursor, record: Record) -> None:
    cursor.execute(
        "select count(*) from raw.identity__links where source_code = %s and source_customer_id = %s", record
    )
    if cursor.fetchone()[0] == 0:
        raise DecisionError(f"record {'/'.join(record)} has never been received: nothing was decided")


def _refuse_contradiction(standing: list[Decision]) -> None:
    group: dict[Record, Record] = {}

    def root(record: Record) -> Record:
        while (above := group.get(record, record)) != record:
            record = above
        return record

    for each in standing:
        if each.is_same:
            group[root(each.right)] = root(each.left)
    for each in standing:
        if not each.is_same and root(each.left) == root(each.right):
            raise DecisionError(
                f"{'/'.join(each.left)} and {'/'.join(each.right)} would be decided to be one, by way of "
                "others, and to be two: nothing was decided; withdraw one of the decisions first (`--open`)"
            )
