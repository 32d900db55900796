"""``make chaos``: disturb a small bank's night in every step, and see that nothing is lost.

Kills at the end of every step and at seeded moments inside, half of them with each task in a process of its
own; PostgreSQL killed, the disk full, connections dropped, two nights at once. Exit code 1 where anything
differs.
"""

import argparse
import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from conftest import VARIABLE, begin_run, create_database, drop_database, end_run, shared_server
from night_support import query
from rich.console import Console
from small_bank import small_bank

from chaos import tries
from chaos.course import Course, undisturbed
from chaos.disturbances import KINDS, Disturbance
from chaos.plan import plan
from chaos.trial import Verdict, differences, disturb, two_at_once
from pipelines.cli.summary import print_table
from pipelines.nights import STEPS
from pipelines.settings import Settings, load_settings
from pipelines.warehouse import embedded

KILLS = 48
DISK_SIZE = "4g"
DATABASE = "yihu_demo"  # as an installation without YIHU_DATABASE_URL names it
HEADINGS = ("disturbance", "nights", "differing", "looks of readers", "longest wait (s)", "server absent")


@dataclass(frozen=True)
class Stage:
    """Where the disturbances take place; ``cold``: the seconds of each step in processes of their own."""

    server: embedded.ServerInfo
    course: Course
    cold: dict[str, float]

    def trials(self, planned: Sequence[Disturbance]) -> Iterator[tuple[str, Verdict]]:
        """Let one after the other happen; gives its kind and its verdict."""
        for one in planned:
            seconds = (self.cold if one.is_apart else self.course.seconds)[one.step]
            with installed(self.server, self.course, one.step) as settings:
                judged = disturb(
                    settings,
                    one,
                    self.course.whole,
                    self.course.night,
                    one.step,
                    seconds,
                    is_cold=one.is_apart,
                )
            yield f"{one.what}, {'tasks apart' if one.is_apart else 'one process'}", judged
        for is_apart in (False, True):
            with installed(self.server, self.course, "land") as settings:
                judged = two_at_once(settings, self.course.whole, self.course.night, is_apart)
            yield judged.name, judged


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the plan; 0 where every rerun and every reader found what an undisturbed night leaves."""
    parser = argparse.ArgumentParser(prog="python -m chaos", description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=KILLS, help=f"how many (default {KILLS})")
    parser.add_argument("--seed", type=int, default=1, help="of where and when (default 1)")
    parser.add_argument("--only", nargs="*", choices=KINDS, default=list(KINDS), help="kinds; default: all")
    given = parser.parse_args(arguments)
    planned = [one for one in plan(given.seed, given.kills) if one.what in given.only]
    console = Console()
    with _run() as folder:
        server = shared_server()
        console.print("a small bank, and its next night undisturbed …")
        with small_bank(server, folder) as bank, undisturbed(server, bank) as course:
            console.print(f"one process: {_told(course.seconds)}", highlight=False)
            cold, wrong = _apart(server, course)
            console.print(f"tasks apart: {_told(cold)}: {'; '.join(wrong) or 'same'}", highlight=False)
            verdicts = []
            for number, (kind, judged) in enumerate(Stage(server, course, cold).trials(planned), 1):
                console.print(
                    f"{number:>3}/{len(planned) + 2}  {judged.name}: {judged.seconds:.1f} s, {judged.said}",
                    highlight=False,
                    soft_wrap=True,
                )
                verdicts.append((kind, judged))
    print_table(console, f"chaos, seed {given.seed}", HEADINGS, _rows(verdicts))
    return int(bool(wrong) or any(judged.differences for _, judged in verdicts))


@contextmanager
def installed(server: embedded.ServerInfo, course: Course, step: str) -> Iterator[Settings]:
    """The bank as it stands before a step, as an installation whose commands start the embedded server."""
    template = query(course.before[step], "select current_database()")[0][0]
    drop_database(server, DATABASE)
    create_database(server, DATABASE, template)
    own = load_settings({"YIHU_VAR": os.environ[VARIABLE]})
    yield replace(own, landing=course.before[step].landing)
    drop_database(server, DATABASE)


def _apart(server: embedded.ServerInfo, course: Course) -> tuple[dict[str, float], list[str]]:
    """A night with every task, dbt and gate in a process of its own: seconds by step, and what differs."""
    with installed(server, course, "land") as settings:
        for name in STEPS:
            tried = tries.begin(
                settings, course.night, "land", name, is_apart=True, stays=False, is_cold=True
            )
            tried.process.join(tries.PATIENCE_SECONDS)
        steps = query(
            settings,
            "select step_name, seconds from ops.night_steps "
            "where night_id = (select max(night_id) from ops.nights)",
        )
        return {name: float(seconds) for name, seconds in steps}, differences(settings, course.whole)


@contextmanager
def _run() -> Iterator[Path]:
    """A folder for the run, with server and bank, on a disk of its own where one may be mounted."""
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


def _rows(verdicts: Sequence[tuple[str, Verdict]]) -> list[tuple[str | int | float, ...]]:
    rows = []
    for kind in dict.fromkeys(name for name, _ in verdicts):
        mine = [judged for name, judged in verdicts if name == kind]
        seen = [one for judged in mine for one in judged.watch.seen]
        rows.append(
            (
                kind,
                len(mine),
                sum(bool(judged.differences) for judged in mine),
                sum(one.looks for one in seen),
                round(max((one.longest_gap for one in seen), default=0.0), 1),
                sum(one.absences for one in seen),
            )
        )
    return rows


if __name__ == "__main__":
    raise SystemExit(main())
