"""One night at a time: opening, taking over, fencing, and the records of steps."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict
from datetime import date, timedelta
from decimal import Decimal
from types import SimpleNamespace

import psycopg2
import pytest

from pipelines.gates.window import received_window
from pipelines.nights import (
    STEPS,
    NightError,
    close_night,
    hold,
    load_night,
    open_night,
    refuse_beside_night,
    running_night,
    step,
)
from pipelines.steps import StepError, run_task
from pipelines.warehouse import connect
from pipelines.workspace import Workspace

D = date(2026, 10, 31)


def query(settings, statement, *values):
    with connect(settings) as connection, connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall() if cursor.description else []


def state(settings, night):
    return query(settings, "select state, message from ops.nights where night_id = %s", night.night_id)[0]


def age(settings, night, minutes):
    """Make a night silent for some minutes."""
    query(
        settings,
        "update ops.nights set started_at = started_at - make_interval(mins => %s),"
        " heartbeat_at = heartbeat_at - make_interval(mins => %s) where night_id = %s",
        minutes,
        minutes,
        night.night_id,
    )


def abandon(settings, run_id="gone", **options):
    """A night whose process was here and died."""
    night = open_night(settings, D, run_id, **options)
    with hold(settings, night):
        pass
    return night


# ── opening ──────────────────────────────────────────────────────────────────────────────────────────────


def test_a_night_is_found_again(settings):
    night = open_night(settings, D, "run 1", Workspace("w1"))
    assert running_night(settings, "run 1") == load_night(settings, night.night_id) == night
    assert running_night(settings, "run 2") is None
    with pytest.raises(NightError, match="no night 99"):
        load_night(settings, 99)


def test_nights_follow_each_other(settings):
    first = open_night(settings, D, "run 1")
    close_night(settings, first, "published", message="edition 1")
    second = open_night(settings, D, "run 2")
    assert second.night_id > first.night_id
    assert state(settings, first) == ("published", "edition 1")
    with pytest.raises(NightError, match=f"night {first.night_id} .* runs no longer, it is published"):
        close_night(settings, first, "failed")


def test_no_night_begins_under_a_decision_of_people(settings):
    """It waits for the transaction that was told that no night runs; a rebuild counts if it is asked for."""
    with ThreadPoolExecutor(1) as pool:
        with connect(settings) as connection, connection.cursor() as cursor:
            refuse_beside_night(cursor)
            opened = pool.submit(open_night, settings, D, "run 1", Workspace("w1"))
            while not waits_for_nights(settings):
                assert not opened.done()
            cursor.execute("select night_id from ops.nights")
            assert cursor.fetchall() == []
        night = opened.result(timeout=30)
    with connect(settings) as connection, connection.cursor() as cursor:
        refuse_beside_night(cursor, live_only=True)
        with pytest.raises(NightError, match=f"night {night.night_id} for {D} is running"):
            refuse_beside_night(cursor)
        cursor.connection.rollback()
        with pytest.raises(NightError):
            refuse_beside_night(cursor)
        with hold(settings, night):  # who was refused holds nothing up
            close_night(settings, night, "stopped")


def waits_for_nights(settings):
    """Whether somebody waits for the lock on ops.nights."""
    return query(
        settings,
        "select 1 from pg_catalog.pg_locks where not granted and relation = 'ops.nights'::regclass "
        "and database = (select oid from pg_catalog.pg_database where datname = current_database())",
    )


def test_a_night_ends_in_a_known_way(settings):
    with pytest.raises(NightError, match="does not end as 'running'"):
        close_night(settings, open_night(settings, D, "run 1"), "running")


@pytest.mark.parametrize("attempt", range(3))
def test_of_two_nights_opened_at_once_one_wins(settings, attempt):
    query(settings, "select 1")
    start = threading.Barrier(6)

    def try_opening(number):
        start.wait()
        try:
            return open_night(settings, D, f"run {number}")
        except NightError as error:
            return str(error)

    with ThreadPoolExecutor(6) as pool:
        outcomes = list(pool.map(try_opening, range(6)))
    refusals = [outcome for outcome in outcomes if isinstance(outcome, str)]
    assert len(refusals) == 5
    assert all("business date 2026-10-31" in text and "run again" in text for text in refusals)
    assert query(settings, "select count(*) from ops.nights") == [(1,)]


def test_of_two_that_take_over_a_dead_night_one_wins(settings):
    abandon(settings)
    start = threading.Barrier(2)

    def try_opening(number):
        start.wait()
        with suppress(NightError):
            return open_night(settings, D, f"run {number}")

    with ThreadPoolExecutor(2) as pool:
        nights = [night for night in pool.map(try_opening, range(2)) if night]
    assert len(nights) == 1
    assert query(settings, "select night_id from ops.nights where state = 'running'") == [
        (nights[0].night_id,)
    ]


def test_a_living_night_refuses_another(settings):
    night = open_night(settings, D, "run 1")
    with hold(settings, night):
        for run_id in ("run 2", "run 1"):  # two commands may well name their runs alike
            with pytest.raises(
                NightError, match=rf"night {night.night_id} for business date 2026-10-31 .*at work"
            ):
                open_night(settings, D, run_id)
        age(settings, night, 600)
        with pytest.raises(NightError, match="at work"):
            open_night(settings, D, "run 2")


def test_a_night_that_is_just_starting_refuses_another(settings):
    night = open_night(settings, D, "run 1")
    with pytest.raises(NightError, match="is starting"):
        open_night(settings, D, "run 2")
    age(settings, night, 1)
    open_night(settings, D, "run 2")


def test_the_same_run_takes_over_from_itself(settings):
    first = open_night(settings, D, "run 1")
    second = open_night(settings, D, "run 1")
    assert state(settings, first) == ("superseded", f"taken over by night {second.night_id}")
    assert running_night(settings, "run 1") == second


def test_a_retried_scheduled_run_fences_off_its_older_try(settings):
    first = open_night(settings, D, "run 1", is_scheduled=True)
    with hold(settings, first):
        second = open_night(settings, D, "run 1", is_scheduled=True)
        with (
            pytest.raises(NightError, match=f"superseded .taken over by night {second.night_id}"),
            hold(settings, first),
        ):
            pass


def test_a_scheduled_night_lives_for_its_lease(settings):
    night = abandon(settings, is_scheduled=True)
    with pytest.raises(NightError, match="may pause for 15 minutes"):
        open_night(settings, D, "run 2")
    age(settings, night, 15)
    open_night(settings, D, "run 2")
    assert state(settings, night)[0] == "failed"


def test_workspaces_have_nights_of_their_own(settings):
    with hold(settings, open_night(settings, D, "run 1")):
        open_night(settings, D, "run 2", Workspace("w1"))
        with pytest.raises(NightError, match="workspace w1: night"):
            open_night(settings, D, "run 3", Workspace("w1"))


def test_a_date_before_the_current_edition_is_refused_when_live(settings):
    night = open_night(settings, D, "run 1")
    for number, kept in enumerate(["kept", "rolled_back"]):
        query(
            settings,
            "insert into ops.editions values (%s, %s, 1, %s, 'night', %s, 'p', 'm', 'r')",
            f"e{number}",
            date(2026, 10, 31 - (not number)),
            kept,
            night.night_id,
        )
    close_night(settings, night, "published")
    with pytest.raises(NightError, match="yihu rebuild --date 2026-10-29"):
        open_night(settings, date(2026, 10, 29), "run 2")
    assert query(settings, "select count(*) from ops.nights") == [(1,)]
    open_night(settings, date(2026, 10, 29), "run 2", Workspace("w1"))
    open_night(settings, date(2026, 10, 30), "run 3")


def test_a_report_tried_again_after_its_night_has_ended_is_done(settings, monkeypatch):
    for name, value in settings.environment().items():
        monkeypatch.setenv(name, value)
    night = open_night(settings, D, "run 1", is_scheduled=True)
    close_night(settings, night, "published", message="edition 1")
    run_task("report", {"params": {}, "dag_run": SimpleNamespace(run_id="run 1")})
    assert state(settings, night) == ("published", "edition 1")
    for name, run_id in (("publish", "run 1"), ("report", "run 2")):
        with pytest.raises(StepError, match=f"run {run_id} has no open night, so {name} has nothing to do"):
            run_task(name, {"params": {}, "dag_run": SimpleNamespace(run_id=run_id)})


# ── taking over ──────────────────────────────────────────────────────────────────────────────────────────


CHILD = textwrap.dedent(
    """
    import sys, time
    from datetime import date
    from pathlib import Path
    from pipelines.nights import hold, open_night, step
    from pipelines.settings import Settings

    values = eval(sys.argv[1])
    settings = Settings(**{name: Path(v) if name in ("root", "var", "landing", "policy_folder") else v
                           for name, v in values.items()})
    night = open_night(settings, date(2026, 10, 31), "child")
    with hold(settings, night), step(settings, night, "land"):
        print(night.night_id, flush=True)
        time.sleep(60)
    """
)


@pytest.fixture
def child(settings):
    """A process that is at work on a night; its first line is the night's number."""
    values = {name: value and str(value) for name, value in asdict(settings).items()}
    environment = os.environ | {"PYTHONPATH": str(settings.root)}
    process = subprocess.Popen(
        [sys.executable, "-c", CHILD, repr(values)], stdout=subprocess.PIPE, env=environment
    )
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_a_killed_night_is_taken_over(settings, child):
    dead = load_night(settings, int(child.stdout.readline()))
    with pytest.raises(NightError, match="at work"):
        open_night(settings, D, "run 2")
    child.send_signal(signal.SIGKILL)
    child.wait()
    deadline = time.monotonic() + 10
    while True:  # the server needs a moment to see that its client is gone
        try:
            night = open_night(settings, D, "run 2")
            break
        except NightError:
            assert time.monotonic() < deadline
            time.sleep(0.05)
    assert state(settings, dead) == ("failed", f"taken over by night {night.night_id}")
    with step(settings, night, "land"):
        pass
    close_night(settings, night, "published")


def write(settings, night):
    with (
        connect(settings, role="yihu_loader", night_id=night.night_id) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute(
            "insert into ops.deliveries values ('core', 'customers', %s, 'f', 's', 1, 1, '{}', %s)",
            (D, night.night_id),
        )


def test_the_old_night_can_write_nothing_more(settings):
    old = abandon(settings)
    new = open_night(settings, D, "run 2")
    with pytest.raises(
        psycopg2.errors.RaiseException, match=f"night {old.night_id} is no longer the running night"
    ):
        write(settings, old)
    with pytest.raises(NightError, match=f"taken over by night {new.night_id}"), step(settings, old, "land"):
        pytest.fail("the step of a fenced night must not begin")
    assert query(settings, "select * from ops.deliveries") == []
    assert query(settings, "select * from ops.night_steps") == []
    write(settings, new)


def test_a_take_over_waits_for_what_the_old_night_commits(settings):
    old = abandon(settings)
    with ThreadPoolExecutor(1) as pool:
        with connect(settings, role="yihu_loader", night_id=old.night_id):
            opening = pool.submit(open_night, settings, D, "run 2")
            time.sleep(0.5)
            assert not opening.done()
        assert opening.result(timeout=20).night_id > old.night_id


def test_a_night_taken_over_within_a_step_cannot_finish_it(settings):
    old = open_night(settings, D, "run 1", is_scheduled=True)
    with pytest.raises(NightError, match="taken over by"), step(settings, old, "land"):
        open_night(settings, D, "run 1", is_scheduled=True)
    assert query(settings, "select * from ops.night_steps") == []


# ── steps ────────────────────────────────────────────────────────────────────────────────────────────────


def steps(settings):
    return query(
        settings,
        "select step_name, step_number, state, rows_in, rows_out, message from ops.night_steps",
    )


def test_a_step_is_recorded(settings):
    night = open_night(settings, D, "run 1")
    with step(settings, night, "identify") as record:
        record.rows_in, record.rows_out, record.message = 10, 4, "four changes"
        time.sleep(0.05)
    assert steps(settings) == [("identify", 3, "done", 10, 4, "four changes")]
    seconds, started_later = query(
        settings,
        "select s.seconds, s.started_at >= n.started_at"
        " from ops.night_steps s join ops.nights n using (night_id)",
    )[0]
    assert Decimal("0.05") <= seconds < 30
    assert started_later


def test_a_retry_replaces_the_record_of_a_failed_step(settings):
    night = open_night(settings, D, "run 1")

    def fail():
        with step(settings, night, "land") as record:
            record.rows_in = 3
            raise ValueError("\0" + "x" * 5000)

    with pytest.raises(ValueError, match="xx"):
        fail()
    (failed,) = steps(settings)
    assert failed[:5] == ("land", 1, "failed", 3, None)
    assert failed[5].startswith("ValueError: xxx")
    assert len(failed[5]) == 2000
    with step(settings, night, "land"):
        pass
    assert steps(settings) == [("land", 1, "done", None, None, None)]


def test_a_database_error_is_recorded_without_the_row_it_quotes(settings):
    night = open_night(settings, D, "run 1")
    with pytest.raises(psycopg2.errors.NotNullViolation), step(settings, night, "land"):
        query(settings, "insert into ops.waivers (rule_id) values ('secret')")
    message = steps(settings)[0][5]
    assert message == "NotNullViolation waivers from_date"
    assert "secret" not in message


def test_a_step_has_a_known_name(settings):
    night = open_night(settings, D, "run 1")
    with (
        pytest.raises(NightError, match=r"'gate' is no step .* land, gate_delivery"),
        step(settings, night, "gate"),
    ):
        pass
    assert STEPS[-1] == "report"


def test_what_a_bulk_load_judged_is_not_judged_again(settings):
    def window_of_the_next_day():
        with connect(settings) as connection, connection.cursor() as cursor:
            return received_window(cursor, D + timedelta(days=1)).after

    def deliver(night, day):
        query(
            settings,
            "insert into ops.deliveries (source_code, table_name, received_date, file_name, sha256,"
            " byte_count, row_count, night_id) values ('core', %s, %s, 'file', 'hash', 1, 1, %s)",
            f"table_{night.night_id}",
            day,
            night.night_id,
        )

    stopped = open_night(settings, D, "run 1")
    deliver(stopped, D)
    close_night(settings, stopped, "stopped")
    assert window_of_the_next_day() == date.min
    loading = open_night(settings, D, "run 2")
    close_night(settings, loading, "loaded")
    assert window_of_the_next_day() == D
    late = open_night(settings, D + timedelta(days=1), "run 3")
    deliver(late, D + timedelta(days=1))
    assert window_of_the_next_day() == D
    deliver(late, D)  # into a day that was judged without it
    assert window_of_the_next_day() == date.min
