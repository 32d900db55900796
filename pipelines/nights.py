"""The night's lock, its fencing number and the records of its steps (ops.nights, ops.night_steps).

One night runs at a time in each workspace. Its number fences every transaction that it writes, so that a
night that was taken over can write nothing more. Whether a running night is alive is read from an advisory
lock that its processes hold: the database releases it when they die, however they die.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

import psycopg2
from psycopg2 import errors
from psycopg2.extensions import cursor as Cursor

from pipelines.settings import Settings
from pipelines.warehouse import connect
from pipelines.wording import word_error
from pipelines.workspace import LIVE, Workspace

STEPS = (
    "land",
    "gate_delivery",
    "identify",
    "build",
    "score",
    "build_edition",
    "gate_edition",
    "publish",
    "report",
)
OUTCOMES = ("published", "unchanged", "loaded", "stopped", "failed")  # stopped: by a gate

# Between two tasks of a scheduled night no process holds its lock: the scheduler needs seconds to start the
# next one, a retry waits minutes. Longer than any such pause, shorter than what an operator can wait.
LEASE_MINUTES = 15
# An in-process night holds its lock an instant after it was opened; nobody may take it over in between.
OPENING_SECONDS = 20
LOCK_CLASS = 91_180  # any constant: marks our advisory locks (LOCK_CLASS, night_id)
STEP_LOCK_CLASS = 91_181  # and those of single steps (STEP_LOCK_CLASS, night_id * 16 + step number)
MESSAGE_LENGTH = 2_000


class NightError(Exception):
    """A night that may not be opened, or may not go on."""


@dataclass(frozen=True)
class Night:
    """One night; ``night_id`` is its fencing number."""

    night_id: int
    business_date: date
    workspace: Workspace
    run_id: str


@dataclass(frozen=True)
class StepCounts:
    """What a step read and what it wrote, in rows, and what its record should say."""

    rows_in: int
    rows_out: int
    message: str | None = None


@dataclass
class StepRecord:
    """What a step tells about itself; it may set each field while it runs."""

    rows_in: int | None = None
    rows_out: int | None = None
    message: str | None = None


@dataclass(frozen=True)
class _Running:
    """The running night of a workspace, as a newcomer finds it."""

    night_id: int
    business_date: date
    run_id: str
    is_scheduled: bool
    started_at: datetime
    was_held: bool
    silent_seconds: Decimal


def open_night(
    settings: Settings,
    business_date: date,
    run_id: str,
    workspace: Workspace = LIVE,
    is_scheduled: bool = False,
) -> Night:
    """Begin a night: the only running one of its workspace.

    ``is_scheduled``: its steps run in processes of their own; else keep ``hold`` open around all of them. The
    same run opened again (cleared or retried) takes over from itself, any run takes over from a dead night.
    NightError when another night lives, or when a live ``business_date`` lies before the current edition's.
    """
    try:
        with connect(settings) as connection, connection.cursor() as cursor:
            cursor.execute("set local lock_timeout = '30s'")
            former = _make_way(cursor, workspace, run_id)
            night_id = _insert(cursor, business_date, run_id, workspace, is_scheduled)
            if former is not None:
                message = f"taken over by night {night_id}"
                cursor.execute("update ops.nights set message = %s where night_id = %s", (message, former))
            if workspace.is_live:
                _refuse_past_date(cursor, business_date)
    except errors.UniqueViolation:
        raise NightError(_describe_winner(settings, workspace)) from None
    except errors.LockNotAvailable:
        raise NightError(
            f"{_label(workspace)}: the former night is still committing what it wrote, or people's "
            "decision is being carried out; run again in a minute"
        ) from None
    return Night(night_id, business_date, workspace, run_id)


def running_night(settings: Settings, run_id: str) -> Night | None:
    """The night of a run that is still open, None when it has ended or was never opened."""
    return _select_night(settings, "state = 'running' and run_id = %s", run_id)


def ended_night(settings: Settings, run_id: str) -> Night | None:
    """The last night of a run that came to its end; None when there is none."""
    return _select_night(settings, "state not in ('running', 'superseded') and run_id = %s", run_id)


def load_night(settings: Settings, night_id: int) -> Night:
    """The night of a number, whatever its state; NightError when there is none."""
    night = _select_night(settings, "night_id = %s", night_id)
    if night is None:
        raise NightError(f"there is no night {night_id} in ops.nights; `yihu status` lists the last ones")
    return night


@contextmanager
def hold(settings: Settings, night: Night) -> Iterator[None]:
    """Show that this process works on the night: hold its lock by a connection without open transaction.

    Several processes may hold it at once. NightError when the night no longer runs.
    """
    with _fenced(settings, night) as cursor:
        # A machine that vanished must not keep the lock for the two hours of TCP's default.
        cursor.execute("set tcp_keepalives_idle = 60; set tcp_keepalives_interval = 10")
        cursor.execute("select pg_advisory_lock_shared(%s, %s)", (LOCK_CLASS, night.night_id))
        cursor.connection.commit()
        yield


@contextmanager
def step(settings: Settings, night: Night, name: str) -> Iterator[StepRecord]:
    """Run one of STEPS under the night's lock and record its seconds, rows and outcome; a retry replaces it.

    An exception is recorded as failed and raised again. NightError when the night no longer runs, at the
    start or at the end, and while an older try of the same step is still at work.
    """
    if name not in STEPS:
        raise NightError(f"{name!r} is no step of the night; the steps are {', '.join(STEPS)}")
    record = StepRecord()
    with hold(settings, night), _alone(settings, night, name):
        start = time.monotonic()
        try:
            yield record
        except BaseException as error:
            record.message = word_error(error)
            with suppress(psycopg2.Error, NightError):  # the error itself matters more than its record
                _record(settings, night, name, "failed", time.monotonic() - start, record)
            raise
        _record(settings, night, name, "done", time.monotonic() - start, record)


def close_night(
    settings: Settings, night: Night, state: str, failed_step: str | None = None, message: str | None = None
) -> None:
    """End a running night with one of OUTCOMES; NightError when it has ended already."""
    if state not in OUTCOMES:
        raise NightError(f"a night does not end as {state!r}; it ends as {', '.join(OUTCOMES)}")
    with _fenced(settings, night) as cursor:
        cursor.execute(
            """
            update ops.nights
            set state = %s, failed_step = %s, message = %s, ended_at = clock_timestamp()
            where night_id = %s
            """,
            (state, failed_step, _clip(message), night.night_id),
        )


def require_steps(settings: Settings, night: Night, before: str) -> None:
    """NightError unless this night itself has done every step before the one named (law 7).

    The orchestrator's word is not enough: a person can mark any of its tasks as done.
    """
    with connect(settings) as connection, connection.cursor() as cursor:
        cursor.execute(
            "select step_name from ops.night_steps where night_id = %s and state = 'done'", (night.night_id,)
        )
        done = {name for (name,) in cursor.fetchall()}
    missing = [name for name in STEPS[: STEPS.index(before)] if name not in done]
    if missing:
        raise NightError(
            f"night {night.night_id}, business date {night.business_date}: {before} needs {missing[0]}, "
            "which this night has not done; nothing was published. Run the night again from `land`"
        )


def refuse_beside_live(settings: Settings, night: Night) -> None:
    """NightError while a live night runs: a rebuild may not change the past under it."""
    with connect(settings) as connection, connection.cursor() as cursor:
        live = _find_running(cursor, LIVE)
    if live is not None:
        raise NightError(
            f"{_label(night.workspace)}, business date {night.business_date}: live night {live.night_id} "
            f"for {live.business_date} is running; nothing was published. Rebuild again when it has ended"
        )


def refuse_beside_night(cursor: Cursor, live_only: bool = False) -> None:
    """NightError while a night runs; none begins until the caller's transaction ends. Ask this first in it.

    ``live_only``: rebuilds do not matter. A running night is refused without the lock, so that its heartbeat
    does not wait for us, and looked for again under it.
    """
    for statement in ("", "lock table ops.nights in share row exclusive mode;"):
        cursor.execute(
            f"{statement} select night_id, business_date from ops.nights "
            "where state = 'running' and (workspace = '' or not %s) order by night_id limit 1",
            (live_only,),
        )
        if night := cursor.fetchone():
            raise NightError(
                f"night {night[0]} for {night[1]} is running: nothing was changed. Wait until it ends "
                "(`yihu status`), or run it again to its end, then come back"
            )


def note_policy(settings: Settings, night: Night, policy_version: str) -> None:
    """Put on record which policy version the night works with."""
    with _fenced(settings, night) as cursor:
        cursor.execute(
            "update ops.nights set policy_version = %s where night_id = %s", (policy_version, night.night_id)
        )


def noted_policy(settings: Settings, night: Night) -> str | None:
    """The policy version on record for the night, None before one is noted."""
    with connect(settings) as connection, connection.cursor() as cursor:
        cursor.execute("select policy_version from ops.nights where night_id = %s", (night.night_id,))
        return cursor.fetchone()[0]


def published_until(cursor: Cursor, before: date = date.max) -> date | None:
    """The newest business date before ``before`` whose outcome readers have seen, None before the first."""
    cursor.execute(
        "select max(business_date) from ops.editions where state = 'kept' and business_date < %s", (before,)
    )
    return cursor.fetchone()[0]


# ── opening ─────────────────────────────────────────────────────────────


def _make_way(cursor: Cursor, workspace: Workspace, run_id: str) -> int | None:
    """End the running night if it is dead or of the same run; returns its number. NightError when it lives.

    It is judged first without waiting, then again under its row lock, which waits for what it is committing.
    """
    for locking in ("", "for update"):
        former = _find_running(cursor, workspace, locking)
        if former is None:
            return None
        reason = _why_alive(former, run_id, _is_held(cursor, former.night_id))
        if reason:
            raise NightError(_refusal(former, workspace, reason))
    cursor.execute(
        "update ops.nights set state = %s, ended_at = clock_timestamp() where night_id = %s",
        ("superseded" if former.run_id == run_id else "failed", former.night_id),
    )
    return former.night_id


def _why_alive(former: _Running, run_id: str, is_held: bool) -> str | None:
    is_same_run = former.run_id == run_id
    if is_same_run and former.is_scheduled:
        return None  # the scheduler runs one try at a time: an older one that still lives must be fenced off
    if is_held:
        return "one of its processes is at work"
    if is_same_run:
        return None
    if former.is_scheduled and former.silent_seconds < LEASE_MINUTES * 60:
        return f"it was at work {former.silent_seconds} s ago and may pause for {LEASE_MINUTES} minutes"
    if not former.is_scheduled and not former.was_held and former.silent_seconds < OPENING_SECONDS:
        return f"it was opened {former.silent_seconds} s ago and is starting"
    return None


def _find_running(cursor: Cursor, workspace: Workspace, locking: str = "") -> _Running | None:
    cursor.execute(
        f"""
        select night_id, business_date, run_id, is_scheduled, started_at, heartbeat_at > started_at,
               round(extract(epoch from clock_timestamp() - heartbeat_at))
        from ops.nights
        where workspace = %s and state = 'running'
        {locking}
        """,
        (workspace.name,),
    )
    row = cursor.fetchone()
    return row and _Running(*row)


def _is_held(cursor: Cursor, night_id: int) -> bool:
    cursor.execute(
        """
        select exists (
            select from pg_catalog.pg_locks
            where locktype = 'advisory' and granted and objsubid = 2 and classid = %s and objid = %s
              and database = (select oid from pg_catalog.pg_database where datname = current_database())
        )
        """,
        (LOCK_CLASS, night_id),
    )
    return cursor.fetchone()[0]


def _insert(
    cursor: Cursor, business_date: date, run_id: str, workspace: Workspace, is_scheduled: bool
) -> int:
    # started_at = heartbeat_at says that nobody has held the night yet
    cursor.execute(
        """
        insert into ops.nights
            (business_date, workspace, run_id, state, is_scheduled, started_at, heartbeat_at)
        values (%s, %s, %s, 'running', %s, transaction_timestamp(), transaction_timestamp())
        returning night_id
        """,
        (business_date, workspace.name, run_id, is_scheduled),
    )
    return cursor.fetchone()[0]


def _refuse_past_date(cursor: Cursor, business_date: date) -> None:
    current = published_until(cursor)
    if current is not None and business_date < current:
        raise NightError(
            f"business date {business_date} lies before the current edition's, {current}: "
            f"a past date is rebuilt in a workspace, use `yihu rebuild --date {business_date}`"
        )


def _describe_winner(settings: Settings, workspace: Workspace) -> str:
    with connect(settings) as connection, connection.cursor() as cursor:
        winner = _find_running(cursor, workspace)
    if winner is None:
        return f"{_label(workspace)}: another night was opened at the same moment and has ended; run again"
    return _refusal(winner, workspace, "it was opened at the same moment")


def _refusal(former: _Running, workspace: Workspace, reason: str) -> str:
    return (
        f"{_label(workspace)}: night {former.night_id} for business date {former.business_date} has been "
        f"running since {former.started_at:%Y-%m-%d %H:%M:%S %Z} (run {former.run_id}): {reason}. "
        "Wait until it ends (`yihu status`), or stop its process, then run again"
    )


def _label(workspace: Workspace) -> str:
    return "live" if workspace.is_live else f"workspace {workspace.name}"


# ── going on ─────────────────────────────────────────────────────────────────────────────────────────────


@contextmanager
def _fenced(settings: Settings, night: Night) -> Iterator[Cursor]:
    """An administrator's transaction that begins with a heartbeat; NightError when the night has ended."""
    with connect(settings) as connection, connection.cursor() as cursor:
        cursor.execute(
            """
            update ops.nights set heartbeat_at = clock_timestamp()
            where night_id = %s and state = 'running'
            """,
            (night.night_id,),
        )
        if not cursor.rowcount:
            raise NightError(_describe_end(cursor, night))
        yield cursor


def _describe_end(cursor: Cursor, night: Night) -> str:
    cursor.execute("select state, message from ops.nights where night_id = %s", (night.night_id,))
    state, message = cursor.fetchone() or ("unknown", None)
    return (
        f"night {night.night_id} for business date {night.business_date} runs no longer, it is {state}"
        f"{f' ({message})' if message else ''}; nothing was written. See `yihu status`, then run again"
    )


@contextmanager
def _alone(settings: Settings, night: Night, name: str) -> Iterator[None]:
    """Keep a second try of a step out while the first one still works, though they share a night."""
    with _fenced(settings, night) as cursor:
        key = (STEP_LOCK_CLASS, night.night_id * 16 + STEPS.index(name))
        cursor.execute("select pg_try_advisory_lock(%s, %s)", key)
        if not cursor.fetchone()[0]:
            raise NightError(
                f"night {night.night_id}, business date {night.business_date}: an older try of {name} "
                "is still at work; wait until it ends, or stop its process, then run again"
            )
        cursor.connection.commit()
        yield


def _record(
    settings: Settings, night: Night, name: str, state: str, seconds: float, record: StepRecord
) -> None:
    values = {
        "night_id": night.night_id,
        "step_name": name,
        "step_number": STEPS.index(name) + 1,
        "state": state,
        "seconds": round(Decimal(seconds), 3),
        "rows_in": record.rows_in,
        "rows_out": record.rows_out,
        "message": _clip(record.message),
    }
    with _fenced(settings, night) as cursor:
        cursor.execute(
            """
            insert into ops.night_steps
                (night_id, step_name, step_number, state, started_at, seconds, rows_in, rows_out, message)
            values (%(night_id)s, %(step_name)s, %(step_number)s, %(state)s,
                    clock_timestamp() - make_interval(secs => %(seconds)s),
                    %(seconds)s, %(rows_in)s, %(rows_out)s, %(message)s)
            on conflict (night_id, step_name) do update
            set state = excluded.state, started_at = excluded.started_at, seconds = excluded.seconds,
                rows_in = excluded.rows_in, rows_out = excluded.rows_out, message = excluded.message
            """,
            values,
        )


def _clip(message: str | None) -> str | None:
    return message and message.replace("\0", "")[:MESSAGE_LENGTH]


def _select_night(settings: Settings, condition: str, value: str | int) -> Night | None:
    with connect(settings) as connection, connection.cursor() as cursor:
        cursor.execute(
            f"""
            select night_id, business_date, workspace, run_id
            from ops.nights
            where {condition}
            order by night_id desc
            limit 1
            """,
            (value,),
        )
        row = cursor.fetchone()
    return row and Night(row[0], row[1], Workspace(row[2]), row[3])
