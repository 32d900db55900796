"""Publishing: one transaction moves reporting onto a new edition; rollback and adoption do the same."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from psycopg2 import sql
from psycopg2.extensions import connection as Connection

import pipelines
from pipelines.nights import Night
from pipelines.publishing import catalog, editions
from pipelines.publishing.digests import Digest, schema_digests
from pipelines.publishing.editions import Edition, Retention
from pipelines.publishing.governance import ensure_governance_views, governance_is_ready
from pipelines.publishing.retention import drop_schema, policy_retention
from pipelines.publishing.views import edition_views, history_views, install
from pipelines.settings import Settings
from pipelines.warehouse import connect
from pipelines.warehouse.rooms import PUBLISHER, REPORTING_OWNER

ATTEMPTS = 10
LONGEST_PAUSE_SECONDS = 15.0

Result = TypeVar("Result")


class PublishError(Exception):
    """Nothing was published: no edition to publish, no edition to go back to, or readers would not let go."""


@dataclass(frozen=True)
class PublishResult:
    """What publishing did; ``outcome`` is published (also by a former try), replaced or unchanged.

    ``lock_ms``: how long views were locked, from the first lock to the commit (0 when nothing moved).
    """

    edition_id: str
    outcome: str
    digests: dict[str, Digest]
    lock_ms: int = 0


@dataclass(frozen=True)
class Versions:
    """What an edition was made with, beside its deliveries."""

    policy_version: str
    model_version: str
    code_release: str = pipelines.__version__

    def causes(self, former: Edition) -> list[str]:
        """What differs from a former edition, by name."""
        return [
            name
            for name, mine, other in (
                ("policy", self.policy_version, former.policy_version),
                ("model", self.model_version, former.model_version),
                ("release", self.code_release, former.code_release),
            )
            if mine != other
        ]


def publish(
    settings: Settings, night: Night, policy_version: str, model_version: str, attempts: int = ATTEMPTS
) -> PublishResult:
    """Publish the live night's ``edition_next``; safe to run again after a kill at any point.

    Equal digests and versions: the date's edition stays (unchanged). Else ONE transaction renames the new
    edition, repoints reporting and records it. Raises PublishError, DigestError, ViewError (a change of shape
    is a release step), or the fence's error when another night took over; then reporting has not moved.
    """
    if not night.workspace.is_live:
        raise PublishError(
            f"workspace {night.workspace.name}, {night.business_date}: only the live night publishes; "
            "`yihu rebuild` adopts the edition of a workspace"
        )
    versions = Versions(policy_version, model_version)
    found, former = _compare(settings, night)
    if found is None:
        return PublishResult(former.edition_id, "published", _digests(settings, former))
    if former and found == _digests(settings, former) and not versions.causes(former):
        _drop_next(settings, night)
        return PublishResult(former.edition_id, "unchanged", found)
    return _publish(settings, night, versions, found, attempts)


def adopt(
    settings: Settings, night: Night, policy_version: str, model_version: str, attempts: int = ATTEMPTS
) -> PublishResult:
    """Put a workspace's rebuild of a past date in the place of that date's kept edition (law 12).

    Equal digests: nothing changes. Different, or none kept: the workspace's ``edition_next`` becomes the
    date's next edition, with the cause on record; reporting moves if the date is the current one. Errors as
    ``publish``.
    """
    found, former = _compare(settings, night)
    if found is None:
        return PublishResult(former.edition_id, "published", _digests(settings, former))
    if former and found == _digests(settings, former):
        return PublishResult(former.edition_id, "unchanged", found)
    return _publish(settings, night, Versions(policy_version, model_version), found, attempts)


def rollback(settings: Settings, attempts: int = ATTEMPTS) -> str:
    """Take back the current edition and repoint reporting to the kept one before it; returns its edition_id.

    One transaction. Raises PublishError when no older edition is kept.
    """

    def go_back() -> str:
        with _publisher(settings) as connection:
            editions.lock(connection)
            current, former = _last_two(connection)
            editions.set_state(connection, current.edition_id, "rolled_back")
            _repoint(connection, retention, former, is_strict=False)
            return former.edition_id

    with _publisher(settings) as connection:
        retention = policy_retention(settings, _last_two(connection)[1].business_date)
    return _patiently(settings, "rollback", attempts, go_back)


def list_editions(settings: Settings) -> list[Edition]:
    """Every edition on record, newest first."""
    with _publisher(settings) as connection:
        return editions.all_editions(connection)


def _publisher(settings: Settings, night: Night | None = None) -> Connection:
    return connect(settings, PUBLISHER, night.night_id if night else None)


def _compare(settings: Settings, night: Night) -> tuple[dict[str, Digest] | None, Edition | None]:
    """Tonight's digests and the date's kept edition; no digests when this night has published already."""
    schema = night.workspace.schema(editions.NEXT)
    with _publisher(settings) as connection:
        former = next(iter(editions.of_date(editions.kept(connection), night.business_date)), None)
        if catalog.tables(connection, schema):
            # Long on a big bank, so outside the publish transaction and without the fence's row lock.
            return schema_digests(connection, schema), former
    if former and former.night_id == night.night_id:
        return None, former
    raise PublishError(
        f"{schema}, {night.business_date}: there is no edition to publish; "
        "run the night again from `build edition`"
    )


def _digests(settings: Settings, edition: Edition) -> dict[str, Digest]:
    with _publisher(settings) as connection:
        return editions.digests(connection, edition.edition_id)


def _publish(
    settings: Settings, night: Night, versions: Versions, found: dict[str, Digest], attempts: int
) -> PublishResult:
    retention = policy_retention(settings, night.business_date)

    def switch() -> PublishResult:
        with _publisher(settings, night) as connection:
            editions.lock(connection)
            if not governance_is_ready(connection):
                ensure_governance_views(connection)
            edition, outcome = _new_edition(connection, night, versions, found)
            _take(connection, night.workspace.schema(editions.NEXT), edition.edition_id)
            editions.record(connection, edition, found)
            locked = _repoint(connection, retention, edition)
        lock_ms = round((time.monotonic() - locked) * 1000) if locked else 0
        return PublishResult(edition.edition_id, outcome, found, lock_ms)

    return _patiently(settings, f"edition of {night.business_date}", attempts, switch)


def _new_edition(
    connection: Connection, night: Night, versions: Versions, found: dict[str, Digest]
) -> tuple[Edition, str]:
    same_date = editions.of_date(editions.all_editions(connection), night.business_date)
    number = same_date[0].edition_number + 1 if same_date else 1
    edition = Edition(
        edition_id=f"edition_{night.business_date:%Y%m%d}_{number}",
        business_date=night.business_date,
        edition_number=number,
        state="kept",
        cause=_cause(connection, versions, found, same_date),
        night_id=night.night_id,
        policy_version=versions.policy_version,
        model_version=versions.model_version,
        code_release=versions.code_release,
    )
    return edition, "replaced" if any(one.state == "kept" for one in same_date) else "published"


def _cause(
    connection: Connection, versions: Versions, found: dict[str, Digest], same_date: list[Edition]
) -> str:
    if not same_date:
        return "new night"
    causes = versions.causes(same_date[0])
    if not causes and found == editions.digests(connection, same_date[0].edition_id):
        return "again after rollback"
    if editions.was_erased_since(connection, same_date[0]):
        causes.append("erasure")
    return ", ".join(causes) or "data or decision"


def _take(connection: Connection, schema: str, edition_id: str) -> None:
    """Rename the schema to its edition and freeze it: the publisher's own, read by the views' owner alone."""
    edition, publisher, owner = (sql.Identifier(name) for name in (edition_id, PUBLISHER, REPORTING_OWNER))
    parts = [
        sql.SQL("alter schema {} rename to {}").format(sql.Identifier(schema), edition),
        sql.SQL("alter schema {} owner to {}").format(edition, publisher),
    ]
    parts += [
        sql.SQL("alter table {} owner to {}").format(sql.Identifier(edition_id, table), publisher)
        for table in catalog.tables(connection, schema)
    ]
    parts += [
        sql.SQL("grant usage on schema {} to {}").format(edition, owner),
        sql.SQL("grant select on all tables in schema {} to {}").format(edition, owner),
    ]
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL(";\n").join(parts))


def _repoint(
    connection: Connection, retention: Retention, edition: Edition, *, is_strict: bool = True
) -> float | None:
    """Move reporting as ``edition`` demands; returns when locking began, None when no view had to move."""
    current = editions.current(connection)
    is_current = edition.edition_id == current.edition_id
    month_ends = editions.kept_month_ends(connection, retention.month_ends)
    if not is_current and not edition.is_month_end:
        return None
    views = history_views(connection, current, month_ends, is_strict=is_strict)
    if is_current:
        views += edition_views(connection, edition, is_strict=is_strict)
    return install(connection, views)


def _last_two(connection: Connection) -> tuple[Edition, Edition]:
    found = editions.kept(connection)
    if len(found) < 2:
        only = f"only {found[0].edition_id} is kept" if found else "no edition is kept"
        raise PublishError(f"there is no older edition to go back to ({only}); see `yihu editions`")
    return found[0], found[1]


def _patiently(settings: Settings, what: str, attempts: int, work: Callable[[], Result]) -> Result:
    """Run one transaction again while readers hold its locks, with growing pauses."""
    for attempt in range(1, attempts + 1):
        try:
            return work()
        except editions.BUSY as error:
            if attempt == attempts:
                raise PublishError(
                    f"{what}: readers held the views of reporting through {attempts} attempts"
                    f"{_holders(settings)}; reporting has not moved. Let them finish or end them, "
                    "then run it again"
                ) from error
            time.sleep(min(0.2 * 2**attempt, LONGEST_PAUSE_SECONDS))
    raise PublishError(f"{what}: attempts must be at least 1, not {attempts}")


def _holders(settings: Settings) -> str:
    with connect(settings) as connection, connection.cursor() as cursor:
        cursor.execute(
            "select distinct l.pid from pg_catalog.pg_locks as l "
            "join pg_catalog.pg_class as c on c.oid = l.relation "
            "where l.granted and c.relnamespace = to_regnamespace('reporting') and l.pid <> pg_backend_pid() "
            "and l.database = (select oid from pg_catalog.pg_database where datname = current_database()) "
            "order by l.pid"
        )
        pids = [str(pid) for (pid,) in cursor.fetchall()]
    return f" (server processes {', '.join(pids)})" if pids else ""


def _drop_next(settings: Settings, night: Night) -> None:
    with _publisher(settings, night) as connection:
        drop_schema(connection, night.workspace.schema(editions.NEXT))
