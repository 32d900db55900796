"""Killed anywhere, started twice, taken over: readers see one whole edition, and a plain rerun finishes."""

import json
import multiprocessing
import os
import signal
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from unittest.mock import patch

import pytest
from night_support import begin_night, digests, night_state, query, run_night
from psycopg2 import errors
from small_bank import LAST, NEXT, copied, current_edition, reading, small_bank

from pipelines import building, nights
from pipelines.building import BuildError
from pipelines.building.dbt import LAYERS
from pipelines.nights import STEPS, Night, NightError
from pipelines.settings import Settings
from pipelines.steps import STEPS as WORK
from pipelines.steps import run_step
from pipelines.warehouse import connect

FORK = multiprocessing.get_context("fork")  # a child begins with everything imported
BEFORE_PUBLISH = STEPS[: STEPS.index("publish")]


@pytest.fixture(scope="module")
def bank(server, tmp_path_factory):
    with small_bank(server, tmp_path_factory.mktemp("survival")) as settings:
        yield settings


@pytest.fixture(scope="module")
def undisturbed(server, bank):
    """The next night when nothing happens: what it publishes, its seconds, and the bank just before."""
    with copied(server, bank) as ready:
        night = begin_night(ready, NEXT)
        for name in BEFORE_PUBLISH:
            run_step(ready, night, name)
        with copied(server, ready) as copy:
            run_step(copy, night, "publish")
            seconds = query(
                copy, "select step_name, seconds from ops.night_steps where night_id = %s", night.night_id
            )
            whole = digests(copy, NEXT)
        yield Undisturbed(whole, {name: float(value) for name, value in seconds}, ready, night)


@dataclass(frozen=True)
class Undisturbed:
    """``ready`` is the bank whose open ``night`` has done all but publish."""

    digests: dict[str, tuple[int, str]]
    seconds: dict[str, float]
    ready: Settings
    night: Night


def child(work, *arguments):
    """Run in a process of its own; it exits with 1 after an exception."""
    process = FORK.Process(target=work, args=arguments)
    process.start()
    return process


def die():
    os.kill(os.getpid(), signal.SIGKILL)


# ── killed ──────────────────────────────────────────────────────────────────────────────────────────────────


def night_until(settings, name, entered, dies_after):
    """A try that lands (few rows: cheap), does one step on what the former tries left, and dies."""
    night = begin_night(settings, NEXT)
    with nights.hold(settings, night):
        if name != "land":
            run_step(settings, night, "land")
        entered.set()
        run_step(settings, night, name)
        if dies_after:
            die()
        time.sleep(60)


def killed(settings, name, seconds=None):
    """A try of the night that is killed ``seconds`` into a step, or else right after it."""
    entered = FORK.Event()
    process = child(night_until, settings, name, entered, seconds is None)
    if seconds is not None:
        assert entered.wait(60)
        time.sleep(seconds)
        process.kill()
    process.join(120)
    assert process.exitcode == -signal.SIGKILL, f"{name}: the try ended by itself"
    wait_for_release(settings)


def wait_for_release(settings):
    """The server notices within an instant that a client has died; a statement at work it ends first."""
    deadline = time.monotonic() + 30
    held = (
        "select from pg_catalog.pg_locks where classid = %s and database = "
        "(select oid from pg_catalog.pg_database where datname = current_database())"
    )
    while query(settings, held, nights.LOCK_CLASS):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_killed_in_and_after_every_step_a_plain_rerun_publishes_the_same(server, bank, undisturbed):
    whole, seconds = undisturbed.digests, undisturbed.seconds
    before, edition = reading(bank), current_edition(bank)
    with copied(server, bank) as copy:
        for name in BEFORE_PUBLISH:
            killed(copy, name, seconds[name] / 2)
            killed(copy, name)
            assert (reading(copy), current_edition(copy)) == (before, edition), f"reporting moved at {name}"
        assert query(
            copy, "select count(*) from ops.nights where business_date = %s and state = 'running'", NEXT
        ) == [(1,)], "every try took over from the dead one before it"
        night = run_night(copy, NEXT)
        assert night_state(copy, night)[0] == "published"
        assert digests(copy, NEXT) == whole
        ended = query(
            copy, "select distinct state, message from ops.nights where business_date = %s order by 1", NEXT
        )
        assert {state for state, _ in ended} == {"failed", "published"}
        assert all(message.startswith("taken over by night") for state, message in ended if state == "failed")


def publish_dying(settings, night, what):
    """The night's last step, until it comes to ``what``."""
    with patch(what, lambda *_, **__: die()):
        run_step(settings, night, "publish")


@contextmanager
def killed_at(server, undisturbed, what):
    """The bank whose night was killed while it published."""
    with copied(server, undisturbed.ready) as copy:
        process = child(publish_dying, copy, undisturbed.night, what)
        process.join(120)
        assert process.exitcode == -signal.SIGKILL
        wait_for_release(copy)
        yield copy


def test_killed_before_publishing_committed_nothing_moved_and_a_retry_publishes(server, bank, undisturbed):
    with killed_at(server, undisturbed, "pipelines.publishing.editions.record") as copy:
        assert reading(copy) == reading(bank)
        run_step(copy, undisturbed.night, "publish")
        assert digests(copy, NEXT) == undisturbed.digests


def test_killed_after_publishing_committed_readers_see_it_and_a_rerun_moves_nothing(server, undisturbed):
    with killed_at(server, undisturbed, "pipelines.publishing.collect") as copy:
        assert digests(copy, NEXT) == undisturbed.digests
        seen = reading(copy)
        night = run_night(copy, NEXT)
        assert night_state(copy, night)[0] == "unchanged"
        assert (digests(copy, NEXT), reading(copy)) == (undisturbed.digests, seen), "moved once"


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


# ── two at once ─────────────────────────────────────────────────────────────────────────────────────────────


def test_of_two_nights_started_at_once_one_runs_and_the_other_is_refused(server, bank):
    with copied(server, bank) as copy:
        start, done, told = FORK.Barrier(2), FORK.Event(), FORK.Queue()

        def contends():
            start.wait(30)
            try:
                night = begin_night(copy, NEXT)
            except NightError as error:
                told.put(("refused", str(error)))
                return
            with nights.hold(copy, night):
                told.put(("runs", night.night_id))
                run_step(copy, night, "land")
                done.wait(30)

        processes = [child(contends), child(contends)]
        first, second = told.get(timeout=60), told.get(timeout=60)
        done.set()
        for process in processes:
            process.join(60)
            assert process.exitcode == 0
        answers = dict([first, second])
        assert set(answers) == {"runs", "refused"}
        for word in (
            f"night {answers['runs']} ",
            f"business date {NEXT}",
            "has been running since",
            "run again",
        ):
            assert word in answers["refused"]
        assert query(copy, "select count(*) from ops.nights where business_date = %s", NEXT) == [(1,)]
        assert query(
            copy, "select count(distinct night_id) from ops.deliveries where received_date = %s", NEXT
        ) == [(1,)]


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
