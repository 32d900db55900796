"""How long a warm night takes, end to end: the command line as a person starts it, in a new installation.

The first run makes the database, migrates Airflow and takes in the bank's history; the second is the next
date's night and is the one measured. Berka's records if they are at hand, else the demo bank.
"""

import os
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from benchmarks.installation import installation
from pipelines.settings import ROOT

AIM_SECONDS = 90
BERKA_FILES = Path(os.environ.get("YIHU_BERKA_FILES") or ROOT.parent / "shared" / "data" / "berka")


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
    with installation(course.bank) as bench:
        for day, title in ((course.first, "first night, everything new"), (course.second, "warm night")):
            seconds = bench.yihu("run", "--date", day.isoformat(), *course.options)
            bench.print_steps(f"{title}: bank {course.bank}, business date {day}", seconds)
    verdict = "met" if seconds <= AIM_SECONDS else "MISSED"
    print(f"warm night of bank {course.bank}: {seconds:.1f} s, aim {AIM_SECONDS} s: {verdict}")
    return seconds <= AIM_SECONDS
