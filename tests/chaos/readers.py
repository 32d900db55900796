"""Readers who poll `reporting` while a night is disturbed: each time every table, all of one edition."""

import multiprocessing
import random
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import (
    ISOLATION_LEVEL_READ_COMMITTED,
    ISOLATION_LEVEL_REPEATABLE_READ,
)
from psycopg2.extensions import connection as Connection

READERS = 3
PAUSE_SECONDS = 0.1  # between two looks: two cores for the readers, the night and their servers
LONGEST_GAP_SECONDS = 10.0
PATIENCE_SECONDS = 60.0  # with a server that does not come back
FORK = multiprocessing.get_context("fork")
# a server that is not there, stops, has crashed, or recovers
ABSENT = (None, "57P01", "57P02", "57P03")


@dataclass(frozen=True)
class Look:
    """What one transaction saw: the edition, and the rows of each of its tables."""

    edition: str
    rows: dict[str, int]


class MixedError(Exception):
    """A transaction that saw tables of two editions, or of none."""


@dataclass
class Seen:
    """What one reader saw in all: whole looks, moments without a server, its longest wait, and its faults."""

    looks: int = 0
    absences: int = 0
    longest_gap: float = 0.0
    last: str | None = None
    faults: list[str] = field(default_factory=list)


@dataclass
class Watch:
    """What the readers saw, filled when they have ended."""

    seen: list[Seen] = field(default_factory=list)

    def faults(self, last: str, may_be_absent: bool) -> list[str]:
        """What readers may not see; ``last``: the edition that each must have seen in the end."""
        found = [fault for one in self.seen for fault in one.faults]
        if len(self.seen) < READERS:
            found.append(f"{READERS - len(self.seen)} readers died")
        for one in self.seen:
            if one.last != last:
                found.append(f"a reader ended with {one.last}")
            if may_be_absent:
                continue
            if one.absences:
                found.append(f"a reader lost its server {one.absences} times")
            if one.longest_gap > LONGEST_GAP_SECONDS:
                found.append(f"a reader waited {one.longest_gap:.1f} s")
        return found


def look_at(url: str) -> Look:
    """One look of an analyst."""
    with closing(psycopg2.connect(url)) as connection:
        return _look(connection, _views(connection))


@contextmanager
def watched(url: str, former: Look, following: Look) -> Iterator[Watch]:
    """Inside, readers poll: first they see ``former``, then for ever ``following``, never anything else."""
    stop, answers, watch = FORK.Event(), FORK.Queue(), Watch()
    arguments = (url, (former, following), stop, answers)
    processes = [FORK.Process(target=_poll, args=(seed, *arguments), daemon=True) for seed in range(READERS)]
    for process in processes:
        process.start()
    try:
        yield watch
    finally:
        stop.set()
        for process in processes:
            if process.is_alive() or process.exitcode == 0:
                watch.seen.append(answers.get(timeout=60))
        for process in processes:
            process.join(60)


def _poll(seed: int, url: str, known: tuple[Look, Look], stop: Any, answers: Any) -> None:
    """Look again and again, a last time when ``stop`` is set; an absent server is asked again until then."""
    chance, seen, since = random.Random(seed), Seen(), time.monotonic()
    with ExitStack() as opened:
        connection = None
        while True:
            is_last = stop.is_set()
            try:
                if connection is None:
                    connection = opened.enter_context(closing(psycopg2.connect(url)))
                    views = _views(connection)
                seen.last = judge(_look(connection, views, chance), known, seen.last)
                seen.looks += 1
                seen.longest_gap = max(seen.longest_gap, time.monotonic() - since)
                since = time.monotonic()
            except MixedError as error:
                seen.faults.append(str(error))
            except psycopg2.Error as error:
                connection = None
                if isinstance(error, psycopg2.OperationalError) and error.pgcode in ABSENT:
                    seen.absences += 1
                    is_last = is_last and time.monotonic() - since > PATIENCE_SECONDS
                else:
                    seen.faults.append(f"{type(error).__name__}: {str(error).strip()}")
            if is_last:
                break
            time.sleep(PAUSE_SECONDS)
    answers.put(seen)


def judge(look: Look, known: tuple[Look, Look], last: str | None) -> str:
    """The edition of a look; MixedError unless it is known, whole, and no older one than before."""
    former, following = known
    expected = {one.edition: one.rows for one in known}.get(look.edition)
    if expected is None:
        raise MixedError(f"a reader saw {look.edition}, neither {former.edition} nor {following.edition}")
    if look.rows != expected:
        wrong = sorted(name for name in {*expected, *look.rows} if expected.get(name) != look.rows.get(name))
        raise MixedError(f"{look.edition} had other rows in {', '.join(wrong)}")
    if last == following.edition != look.edition:
        raise MixedError(f"a reader saw {look.edition} again after {following.edition}")
    return look.edition


def _views(connection: Connection) -> list[str]:
    """The views over one edition, by name."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select distinct table_name from reporting.publications where is_current "
            "and to_regclass('reporting.' || table_name) is not null order by 1"
        )
        names = [name for (name,) in cursor.fetchall()]
    connection.commit()
    return names


def _look(connection: Connection, views: list[str], chance: random.Random | None = None) -> Look:
    """All views in one transaction: in one statement, or, by chance, one by one in a shuffled order."""
    is_one_by_one = chance is not None and chance.random() < 0.5
    questions = [
        sql.SQL("select {}, min(edition_id), max(edition_id), count(*) from {}").format(
            sql.Literal(name), sql.Identifier("reporting", name)
        )
        for name in views
    ]
    connection.isolation_level = (
        ISOLATION_LEVEL_REPEATABLE_READ if is_one_by_one else ISOLATION_LEVEL_READ_COMMITTED
    )
    answers = []
    with connection.cursor() as cursor:
        if is_one_by_one:
            chance.shuffle(questions)
        for statement in questions if is_one_by_one else [sql.SQL(" union all ").join(questions)]:
            cursor.execute(statement)
            answers += cursor.fetchall()
    connection.commit()
    editions = {edition for _, least, most, _ in answers for edition in (least, most) if edition}
    if len(editions) != 1:
        raise MixedError(f"one transaction saw {', '.join(sorted(editions)) or 'no edition'}")
    return Look(editions.pop(), {name: rows for name, _, _, rows in answers})
