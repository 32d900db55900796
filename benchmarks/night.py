"""How long a warm night takes, end to end: the command line as a person starts it, in a new installation.

The first run makes the database, migrates Airflow and takes in the bank's history; the second is the next
date's night and is the one measured. Berka's records if they are at hand, else the demo bank.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

from pipelines.settings import ROOT, Settings, load_settings
from pipelines.warehouse import connect, embedded

AIM_SECONDS = 90
BERKA_FILES = Path(os.environ.get("YIHU_BERKA_FILES") or ROOT.parent / "shared" / "data" / "berka")


class BenchError(Exception):
    """A night that did not pass: there is nothing to measure."""


@dataclass(frozen=True)
class Course:
    """A bank and the two business dates that are run one after the other."""

    bank: str
    first: date
    second: date
    options: tuple[str, ...] = ()


BERKA = Course("berka", date(1994, 2, 27), date(1994, 2, 28), ("--bank-files", str(BERKA_FILES)))
DEMO = Course("demo", date(2026, 10, 30), date(2026, 10, 31))


def measure() -> bool:
    """Run both nights and print their steps; whether the second took at most AIM_SECONDS of wall time."""
    course = BERKA if BERKA_FILES.is_dir() else DEMO
    with _installation(course.bank) as (settings, environment):
        _run(course, course.first, settings, environment, "first night, everything new")
        seconds = _run(course, course.second, settings, environment, "warm night")
    verdict = "met" if seconds <= AIM_SECONDS else "MISSED"
    print(f"warm night of bank {course.bank}: {seconds:.1f} s, aim {AIM_SECONDS} s: {verdict}")
    return seconds <= AIM_SECONDS


@contextmanager
def _installation(bank: str) -> Iterator[tuple[Settings, dict[str, str]]]:
    """Settings and environment of a new installation with an embedded server, removed at the end."""
    folder = Path(tempfile.mkdtemp(prefix="yihu-bench-"))
    folder.chmod(0o755)  # the server's own user must be able to pass
    named = {"YIHU_BANK": bank, "YIHU_VAR": str(folder)}
    outside = {name: text for name, text in os.environ.items() if not name.startswith(("YIHU_", "AIRFLOW"))}
    settings = load_settings(named)
    try:
        yield settings, outside | named
    finally:
        embedded.down(settings)
        shutil.rmtree(embedded.home(settings), ignore_errors=True)
        shutil.rmtree(folder, ignore_errors=True)


def _run(course: Course, day: date, settings: Settings, environment: dict[str, str], title: str) -> float:
    """One night by the command line; prints its steps and gives its wall time in seconds."""
    yihu = Path(sys.executable).parent / "yihu"
    started = time.monotonic()
    done = subprocess.run(
        [str(yihu), "--bank", course.bank, "run", "--date", day.isoformat(), *course.options],
        env=environment,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    seconds = time.monotonic() - started
    if done.returncode:
        raise BenchError(f"{course.bank} {day}: the night did not pass; it said:\n{done.stdout[-4000:]}")
    print(f"{title}: bank {course.bank}, business date {day}")
    steps = _steps(settings)
    for name, step_seconds in steps:
        print(f"  {name:<16}{step_seconds:>9.1f} s")
    print(f"  {'around the steps':<16}{seconds - float(sum(took for _, took in steps)):>9.1f} s")
    print(f"  {'wall':<16}{seconds:>9.1f} s", flush=True)
    return seconds


def _steps(settings: Settings) -> list[tuple[str, Decimal]]:
    """Name and seconds of every step of the last night, in order."""
    with connect(settings) as connection, connection.cursor() as cursor:
        cursor.execute(
            "select step_name, seconds from ops.night_steps "
            "where night_id = (select max(night_id) from ops.nights) order by step_number"
        )
        return cursor.fetchall()
