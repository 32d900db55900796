"""The editions on record in ops.editions: which is current, which are kept, which may go."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from psycopg2 import errors
from psycopg2.extensions import connection as Connection

from pipelines.months import is_month_end
from pipelines.publishing.digests import Digest

NEXT = "edition_next"  # the schema that dbt builds; publishing renames it
BUSY = (errors.LockNotAvailable, errors.DeadlockDetected)  # readers hold what we need: try again later
LOCK_TIMEOUT = "2s"  # for everything but the views, whose budget is in views.py
COLUMNS = (
    "edition_id, business_date, edition_number, state, cause, night_id, "
    "policy_version, model_version, code_release, published_at"
)


@dataclass(frozen=True)
class Edition:
    """One published edition; ``state`` is kept, rolled_back, superseded or dropped."""

    edition_id: str
    business_date: date
    edition_number: int
    state: str
    cause: str
    night_id: int
    policy_version: str
    model_version: str
    code_release: str
    published_at: datetime | None = None

    @property
    def is_month_end(self) -> bool:
        """Whether the business date is the last day of its month."""
        return is_month_end(self.business_date)


@dataclass(frozen=True)
class Retention:
    """How many editions policy keeps: the newest business dates, and the newest month-ends."""

    daily: int
    month_ends: int


def all_editions(connection: Connection) -> list[Edition]:
    """Every edition ever published, newest business date and number first."""
    with connection.cursor() as cursor:
        cursor.execute(f"select {COLUMNS} from ops.editions order by business_date desc, edition_number desc")
        return [Edition(*row) for row in cursor.fetchall()]


def kept(connection: Connection) -> list[Edition]:
    """The kept editions, newest first: at most one per business date."""
    return [edition for edition in all_editions(connection) if edition.state == "kept"]


def current(connection: Connection) -> Edition | None:
    """The edition readers see: the newest business date not rolled back."""
    return next(iter(kept(connection)), None)


def kept_month_ends(connection: Connection, count: int) -> list[Edition]:
    """The newest kept editions of a month's last day, at most ``count``, newest first."""
    return [edition for edition in kept(connection) if edition.is_month_end][:count]


def expired(connection: Connection, retention: Retention) -> list[Edition]:
    """The editions whose schema may be dropped, newest first.

    Superseded ones; kept ones beyond the retention; rolled-back ones older than every kept daily edition
    (until then they can be looked at). The current edition is never among them.
    """
    everything = [edition for edition in all_editions(connection) if edition.state != "dropped"]
    standing = [edition for edition in everything if edition.state == "kept"]
    daily = standing[: max(retention.daily, 1)]
    stay = set(daily) | set([edition for edition in standing if edition.is_month_end][: retention.month_ends])
    oldest = daily[-1].business_date if daily else date.min
    return [
        edition
        for edition in everything
        if edition not in stay and not (edition.state == "rolled_back" and edition.business_date >= oldest)
    ]


def digests(connection: Connection, edition_id: str) -> dict[str, Digest]:
    """The digests on record for an edition, by table name."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select table_name, row_count, digest from ops.publications where edition_id = %s", (edition_id,)
        )
        return {name: Digest(row_count, digest) for name, row_count, digest in cursor.fetchall()}


def of_date(editions: Sequence[Edition], business_date: date) -> list[Edition]:
    """Those of one business date, newest number first."""
    return [edition for edition in editions if edition.business_date == business_date]


def lock(connection: Connection) -> None:
    """Let no other transaction publish, roll back or collect; readers are not disturbed."""
    with connection.cursor() as cursor:
        cursor.execute("set local lock_timeout = %s", (LOCK_TIMEOUT,))
        cursor.execute("lock table ops.editions in share row exclusive mode")


def record(connection: Connection, edition: Edition, found: dict[str, Digest]) -> None:
    """Write a new edition and its publications; the former kept edition of its date becomes superseded."""
    with connection.cursor() as cursor:
        cursor.execute(
            "update ops.editions set state = 'superseded' where business_date = %s and state = 'kept'",
            (edition.business_date,),
        )
        cursor.execute(
            "insert into ops.editions (edition_id, business_date, edition_number, state, cause, night_id, "
            "policy_version, model_version, code_release) values (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
            (
                edition.edition_id,
                edition.business_date,
                edition.edition_number,
                edition.state,
                edition.cause,
                edition.night_id,
                edition.policy_version,
                edition.model_version,
                edition.code_release,
            ),
        )
        cursor.executemany(
            "insert into ops.publications (edition_id, table_name, row_count, digest) "
            "values (%s, %s, %s, %s)",
            [(edition.edition_id, name, one.row_count, one.digest) for name, one in sorted(found.items())],
        )


def was_erased_since(connection: Connection, edition: Edition) -> bool:
    """Whether a person was forgotten after an edition was published."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select exists (select from ops.subject_decisions "
            "where kind_code = 'forget' and decided_at > %s)",
            (edition.published_at,),
        )
        return cursor.fetchone()[0]


def set_state(connection: Connection, edition_id: str, state: str) -> None:
    """Change the state of one edition."""
    with connection.cursor() as cursor:
        cursor.execute("update ops.editions set state = %s where edition_id = %s", (state, edition_id))
