"""``make chaos``: disturb a small bank's night in every step, and see that nothing is lost.

Kills at the end of every step and at seeded moments inside, half of them with each task in a process of its
own; PostgreSQL killed, the disk full, connections dropped, two nights at once. Exit code 1 where anything
differs.
"""

import argparse
import os
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from conftest import VARIABLE, begin_run, create_database, drop_database, end_run, shared_server
from night_support import query
from rich.console import Console
from small_bank import small_bank

from chaos.course import Course, undisturbed
from chaos.plan import plan
from chaos.trial import Verdict, run_trial
from pipelines.cli.summary import print_table
from pipelines.nights import STEPS
from pipelines.settings import Settings, load_settings
from pipelines.warehouse import embedded

KILLS = 48
DISK_SIZE = "4g"
DATABASE = "yihu_demo"  # as an installation without YIHU_DATABASE_URL names it
HEADINGS = ("disturbed", "how", "nights", "strikes", "differing", "looks", "wait (s)", "absent")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the plan; 0 where every rerun and every reader found what an undisturbed night leaves."""
    parser = argparse.ArgumentParser(prog="python -m chaos", description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=KILLS, help=f"how many (default {KILLS})")
    parser.add_argument("--seed", type=int, default=1, help="of where and when (default 1)")
    parser.add_argument("--only", nargs="*", metavar="WORD", default=[""], help="told so; default: all")
    given = parser.parse_args(arguments)
    trials = [one for one in plan(given.seed, given.kills) if any(word in str(one) for word in given.only)]
    if not trials:
        parser.error(f"nothing is told as {' or '.join(given.only)}")
    console = Console(highlight=False, soft_wrap=True)
    with _run() as folder:
        server = shared_server()
        console.print("a small bank, and its next night undisturbed …")
        with small_bank(server, folder) as bank, undisturbed(server, bank) as course:
            console.print(f"in one process: {_told(course.seconds)}")
            verdicts, apart = [], dict(course.seconds)
            for number, trial in enumerate(trials, 1):
                with installed(server, course, trial.since) as settings:
                    seconds = apart if trial.is_apart else course.seconds
                    judged = run_trial(settings, trial, course, seconds, is_cold=trial.is_apart)
                console.print(f"{number:>3}/{len(trials)}  {trial}: {judged.seconds:.1f} s, {judged.said}")
                verdicts.append(judged)
    print_table(console, f"chaos, seed {given.seed}", HEADINGS, _rows(verdicts))
    return int(any(judged.differences for judged in verdicts))


@contextmanager
def installed(server: embedded.ServerInfo, course: Course, step: str) -> Iterator[Settings]:
    """The bank as it stands before a step, as an installation whose commands start the embedded server."""
    own = load_settings({"YIHU_VAR": os.environ[VARIABLE]})
    embedded.up(own)
    template = query(course.before[step], "select current_database()")[0][0]
    drop_database(server, DATABASE)
    create_database(server, DATABASE, template)
    yield replace(own, landing=course.before[step].landing)
    drop_database(server, DATABASE)


@contextmanager
def _run() -> Iterator[Path]:
    """A folder for the run, with server and bank, on a disk of its own where one may be mounted.

    As with the tests, one that YIHU_TEST_VAR names is taken and left.
    """
    if VARIABLE in os.environ:
        with tempfile.TemporaryDirectory(dir=os.environ[VARIABLE]) as folder:
            yield Path(folder) / "chaos"
        return
    shared = begin_run()
    mounting = ["mount", "-t", "tmpfs", "-o", f"size={DISK_SIZE},mode=755", "tmpfs", str(shared)]
    is_mounted = subprocess.run(mounting, capture_output=True, check=False).returncode == 0
    if not is_mounted:
        print("no disk may be mounted here: a full one is a limit on the size of the server's files")
    try:
        yield shared / "chaos"
    finally:
        end_run()
        if is_mounted:
            subprocess.run(["umount", "--lazy", str(shared)], check=False)
            shared.rmdir()


def _told(seconds: dict[str, float]) -> str:
    return ", ".join(f"{name} {seconds[name]:.1f} s" for name in STEPS)


def _rows(verdicts: Sequence[Verdict]) -> list[tuple[str | int | float, ...]]:
    rows = []
    for kind in dict.fromkeys(judged.trial.kind for judged in verdicts):
        mine = [judged for judged in verdicts if judged.trial.kind == kind]
        seen = [one for judged in mine for one in judged.watch.seen]
        rows.append(
            (
                *kind.split("; "),
                len(mine),
                sum(len(judged.trial.strikes) for judged in mine),
                sum(bool(judged.differences) for judged in mine),
                sum(one.looks for one in seen),
                round(max((one.longest_gap for one in seen), default=0.0), 1),
                sum(one.absences for one in seen),
            )
        )
    return rows


if __name__ == "__main__":
    raise SystemExit(main())
