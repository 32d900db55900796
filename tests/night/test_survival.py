"""Killed anywhere, started twice, taken over: readers see one whole edition, and a plain rerun finishes."""

import json
import os
import signal
import time
from contextlib import contextmanager, suppress
from unittest.mock import patch

import pytest
from chaos.course import undisturbed
from chaos.plan import short_plan
from chaos.trial import run_trial
from chaos.tries import FORK, wait_for_release
from night_support import begin_night, digests, night_state, query, run_night
from psycopg2 import errors
from small_bank import LAST, NEXT, copied, current_edition, reading, small_bank

from pipelines import building, nights
from pipelines.building import BuildError
from pipelines.building.dbt import LAYERS
from pipelines.nights import NightError
from pipelines.steps import STEPS as WORK
from pipelines.steps import run_step
from pipelines.warehouse import connect

SEED = 7
TRIALS = short_plan(SEED)


@pytest.fixture(scope="module")
def bank(server, tmp_path_factory):
    with small_bank(server, tmp_path_factory.mktemp("survival")) as settings:
        yield settings


@pytest.fixture(scope="module")
def course(server, bank):
    """The next night when nothing happens, and the bank before each step that is disturbed here."""
    with undisturbed(server, bank, {"publish", *(trial.since for trial in TRIALS)}) as course:
        yield course


def child(work, *arguments):
    """Run in a process of its own; it exits with 1 after an exception."""
    process = FORK.Process(target=work, args=arguments)
    process.start()
    return process


def die():
    os.kill(os.getpid(), signal.SIGKILL)


# ── disturbed (the short form of `make chaos`) ──────────────────────────────────────────────────────────────


@pytest.mark.parametrize("trial", TRIALS, ids=str)
def test_a_disturbed_night_run_again_publishes_the_same_under_the_eyes_of_readers(server, course, trial):
    with copied(server, course.before[trial.since]) as copy:
        judged = run_trial(copy, trial, course, dict(course.seconds))
    assert judged.differences == []
    assert min(seen.looks for seen in judged.watch.seen) > 1


# ── killed around the commit that publishes ─────────────────────────────────────────────────────────────────


def publish_dying(settings, night, what):
    """The night's last step, until it comes to ``what``."""
    with patch(what, lambda *_, **__: die()):
        run_step(settings, night, "publish")


@contextmanager
def killed_at(server, course, what):
    """The bank whose night was killed while it published."""
    with copied(server, course.before["publish"]) as copy:
        process = child(publish_dying, copy, course.night, what)
        process.join(120)
        assert process.exitcode == -signal.SIGKILL
        wait_for_release(copy)
        yield copy


def test_killed_before_publishing_committed_nothing_moved_and_a_retry_publishes(server, bank, course):
    with killed_at(server, course, "pipelines.publishing.editions.record") as copy:
        assert reading(copy) == reading(bank)
        run_step(copy, course.night, "publish")
        assert digests(copy, NEXT) == course.whole.digests


def test_killed_after_publishing_committed_readers_see_it_and_a_rerun_moves_nothing(server, course):
    with killed_at(server, course, "pipelines.publishing.collect") as copy:
        assert digests(copy, NEXT) == course.whole.digests
        seen = reading(copy)
        night = run_night(copy, NEXT)
        assert night_state(copy, night)[0] == "unchanged"
        assert (digests(copy, NEXT), reading(copy)) == (course.whole.digests, seen), "moved once"


def test_an_interrupted_night_is_closed_and_can_run_again(server, bank):
    """Ctrl-C: the step that it hits is told, the report is written, nothing is left to take over."""
    with copied(server, bank) as copy:
        entered = FORK.Event()

        def waits(*_):
            entered.set()
            time.sleep(60)

        def interrupted():
            signal.signal(signal.SIGINT, signal.default_int_handler)
            with patch.dict(WORK, {"identify": waits}), suppress(KeyboardInterrupt):
                run_night(copy, NEXT)

        process = child(interrupted)
        assert entered.wait(120)
        os.kill(process.pid, signal.SIGINT)
        process.join(60)
        assert process.exitcode == 0
        ((number,),) = query(copy, "select max(night_id) from ops.nights")
        state = night_state(copy, nights.load_night(copy, number))
        assert state == ("failed", "identify", "KeyboardInterrupt")
        assert (copy.var / copy.bank / "reports" / f"{NEXT}_night_{number}.html").exists()
        assert current_edition(copy).startswith(f"edition_{LAST:%Y%m%d}")
        begin_night(copy, NEXT)


# ── taken over ──────────────────────────────────────────────────────────────────────────────────────────────


def made(settings):
    """Every table and view that dbt made, by its number in the catalogue: made anew, it has another."""
    return query(
        settings,
        "select oid, relname from pg_catalog.pg_class where relkind in ('r', 'v') and relnamespace in "
        "(select oid from pg_catalog.pg_namespace where nspname in "
        "('staging', 'intermediate', 'marts', 'protected', 'edition_next')) order by 1",
    )


def model_states(settings):
    """How the models of dbt's last run ended."""
    results = json.loads((settings.var / settings.bank / "dbt" / "live" / "run_results.json").read_text())
    states = {one["status"] for one in results["results"] if one["unique_id"].startswith("model.")}
    assert "error" in states, "it was stopped before it tried"
    return states


def test_dbt_of_a_night_that_was_taken_over_writes_nothing(server, bank):
    with copied(server, bank) as copy:
        old = begin_night(copy, NEXT)
        run_step(copy, old, "land")
        with connect(copy) as connection, connection.cursor() as cursor:
            # it has been silent for longer than anybody waits
            cursor.execute(
                "update ops.nights set started_at = started_at - interval '1 hour', "
                "heartbeat_at = heartbeat_at - interval '1 hour' where state = 'running'"
            )
        begin_night(copy, NEXT)
        before = made(copy)
        for layer in LAYERS:
            with pytest.raises((BuildError, errors.RaiseException), match="is no longer the running night"):
                building.build(copy, old, layer)
            assert model_states(copy) <= {"error", "skipped"}, layer
        assert made(copy) == before
        with pytest.raises(NightError, match="runs no longer"):
            run_step(copy, old, "publish")
