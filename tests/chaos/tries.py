"""Tries of a night in processes of their own: one process for all steps, or a process for each task."""

import multiprocessing
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from multiprocessing.context import BaseContext
from multiprocessing.process import BaseProcess
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from night_support import begin_night, query, run_night
from small_bank import NEXT

from pipelines import nights
from pipelines.nights import STEPS, Night, NightError
from pipelines.settings import Settings
from pipelines.steps import run_step, run_task

FORK = multiprocessing.get_context("fork")  # a child begins with everything imported, its tools warm
SPAWN = multiprocessing.get_context("spawn")  # a child begins as a task of Airflow does: dbt and gates, too
PATIENCE_SECONDS = 900  # a whole night on a machine that is busy


@dataclass(frozen=True)
class Signs:
    """What a try tells of one of its steps; it ``stays`` after that step, waiting to be killed."""

    step: str
    entered: Any
    done: Any
    stays: bool

    def during(self, step: str, work: Callable[[], None]) -> None:
        """Do the work of a step, and tell."""
        if step != self.step:
            work()
            return
        self.entered.set()
        work()
        self.done.set()
        if self.stays:
            time.sleep(PATIENCE_SECONDS)


@dataclass(frozen=True)
class Try:
    """A process at work on a night, and what it tells."""

    process: BaseProcess
    signs: Signs


def begin(
    settings: Settings, night: Night, since: str, step: str, is_apart: bool, stays: bool, is_cold: bool
) -> Try:
    """Run a night in one process from ``since`` on, or the scheduler's task of ``step`` alone.

    ``since`` land: a new night, else the open one. ``is_cold``: a fresh interpreter, in which dbt and gates
    get processes of their own as well.
    """
    context: BaseContext = SPAWN if is_cold else FORK
    signs = Signs(step, context.Event(), context.Event(), stays)
    if is_apart:
        process = context.Process(target=_task, args=(settings, night, signs))
    else:
        process = context.Process(target=_night, args=(settings, night, since, signs))
    process.start()
    return Try(process, signs)


def run_again(settings: Settings) -> None:
    """A plain rerun: a new night, in this process."""
    run_night(settings, NEXT)


def run_tasks(settings: Settings, night: Night, since: str, until: str | None = None) -> None:
    """What the scheduler does: the tasks of a night's run from ``since`` on, before ``until`` (None: all)."""
    with patch.dict(os.environ, settings.environment()):
        for name in STEPS[STEPS.index(since) : STEPS.index(until) if until else None]:
            run_task(name, _context(night.run_id))


def run_twice(settings: Settings, is_apart: bool) -> dict[str, str]:
    """Begin two nights at the same moment (``is_apart``: their first tasks); what each of them tells."""
    start, told = FORK.Barrier(2), FORK.Queue()
    both = [
        FORK.Process(target=_contend, args=(settings, f"run_{number}", is_apart, start, told))
        for number in (1, 2)
    ]
    for process in both:
        process.start()
    answers = dict(told.get(timeout=PATIENCE_SECONDS) for _ in both)
    for process in both:
        process.join(PATIENCE_SECONDS)
    return answers


def wait_for_release(settings: Settings) -> None:
    """The server notices within an instant that a client has died; a statement at work it ends first."""
    deadline = time.monotonic() + 60
    held = (
        "select from pg_catalog.pg_locks where classid in (%s, %s) and database = "
        "(select oid from pg_catalog.pg_database where datname = current_database())"
    )
    while query(settings, held, nights.LOCK_CLASS, nights.STEP_LOCK_CLASS):
        assert time.monotonic() < deadline, "a dead night holds its lock"
        time.sleep(0.02)


def _context(run_id: str) -> Mapping[str, Any]:
    """What a step takes from the context of its Airflow task."""
    return {
        "params": {"business_date": NEXT.isoformat(), "night_id": None},
        "dag_run": SimpleNamespace(run_id=run_id),
    }


def _contend(settings: Settings, run_id: str, is_apart: bool, start: Any, told: Any) -> None:
    """Begin a night when the other one does; tell ``runs``, ``refused`` and why, or ``failed``."""
    _log_to(settings)
    start.wait(60)
    try:
        if is_apart:
            os.environ.update(settings.environment())
            run_task("land", _context(run_id))
        else:
            run_night(settings, NEXT)
        told.put(("runs", run_id))
    except NightError as error:
        told.put(("refused", str(error)))
    except Exception as error:
        told.put(("failed", f"{type(error).__name__}: {error}"))


def _night(settings: Settings, night: Night, since: str, signs: Signs) -> None:
    """What `yihu night` does with its steps, in this process."""
    _log_to(settings)
    mine = begin_night(settings, NEXT) if since == "land" else night
    with nights.hold(settings, mine):
        try:
            for name in STEPS[STEPS.index(since) : -1]:
                signs.during(name, lambda name=name: run_step(settings, mine, name))
        finally:
            signs.during("report", lambda: run_step(settings, mine, "report"))


def _task(settings: Settings, night: Night, signs: Signs) -> None:
    """What one task of a scheduled night does."""
    _log_to(settings)
    os.environ.update(settings.environment())
    signs.during(signs.step, lambda: run_task(signs.step, _context(night.run_id)))


def _log_to(settings: Settings) -> None:
    """Send what this process prints to a file: its tracebacks are expected."""
    path = settings.var / settings.bank / "logs" / "chaos.log"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        for descriptor in (1, 2):
            os.dup2(file.fileno(), descriptor)
