"""Rules that two people set aside for some dates: what fails is told as a warning, and closes nothing."""

from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches

from psycopg2.extensions import cursor

from pipelines.approval import require_two_people
from pipelines.nights import published_until
from pipelines.settings import Settings
from pipelines.warehouse import connect


class WaiverError(Exception):
    """A waiver that cannot be given so; nothing was put on record."""


@dataclass(frozen=True)
class Waiver:
    """A rule that closes no gate from the first date to the last, both inclusive."""

    waiver_id: int
    rule_id: str
    first: date
    last: date
    reason: str
    proposer: str
    approver: str


def waive(
    settings: Settings, rule_id: str, first: date, last: date, reason: str, proposer: str, approver: str
) -> int:
    """Put a waiver on record; gives its number.

    WaiverError for an unknown rule, dates in the wrong order, a date that readers have seen already, or no
    reason; ApprovalError for one person alone.
    """
    require_two_people(proposer, approver)
    if not reason.strip():
        raise WaiverError(f"rule {rule_id}: a waiver needs a reason; nothing was waived")
    if last < first:
        raise WaiverError(f"rule {rule_id}: {last} comes before {first}; nothing was waived")
    with connect(settings) as connection, connection.cursor() as cur:
        _require_rule(cur, rule_id)
        seen = published_until(cur)
        if seen and first <= seen:
            raise WaiverError(f"rule {rule_id}: {first} is published already; a waiver begins after {seen}")
        cur.execute(
            "insert into ops.waivers (rule_id, from_date, until_date, reason, proposer, approver) "
            "values (%s, %s, %s, %s, %s, %s) returning waiver_id",
            (rule_id, first, last, reason, proposer, approver),
        )
        return cur.fetchone()[0]


def on_record(settings: Settings) -> list[Waiver]:
    """Every waiver on record, the newest first."""
    with connect(settings) as connection, connection.cursor() as cur:
        cur.execute(
            "select waiver_id, rule_id, from_date, until_date, reason, proposer, approver "
            "from ops.waivers order by waiver_id desc"
        )
        return [Waiver(*row) for row in cur.fetchall()]


def _require_rule(cur: cursor, rule_id: str) -> None:
    """A rule by which some night has been judged."""
    cur.execute("select distinct rule_id from ops.gate_results")
    known = sorted(name for (name,) in cur.fetchall())
    if rule_id not in known:
        near = get_close_matches(rule_id, known, n=3)
        meant = f"did you mean {' or '.join(near)}?" if near else "`yihu report` shows those that failed"
        raise WaiverError(f"no night was judged by a rule {rule_id}, nothing was waived; {meant}")
