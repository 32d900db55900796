"""A new installation for a bench, driven by the command line as a person starts it, removed at the end."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from pipelines.settings import ROOT, Settings, load_settings
from pipelines.warehouse import connect, embedded


class BenchError(Exception):
    """A command that did not pass: there is nothing to measure."""


@dataclass(frozen=True)
class Installation:
    """A bank's settings, and the environment that gives a command the same."""

    settings: Settings
    environment: dict[str, str]

    def yihu(self, *arguments: str) -> float:
        """Run ``yihu`` with arguments; gives its wall time in seconds. BenchError where it fails."""
        started = time.monotonic()
        done = subprocess.run(
            [str(Path(sys.executable).parent / "yihu"), "--bank", self.settings.bank, *arguments],
            env=self.environment,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if done.returncode:
            raise BenchError(f"yihu {' '.join(arguments)} did not pass; it said:\n{done.stdout[-4000:]}")
        return time.monotonic() - started

    def ask(self, statement: str) -> list[tuple[Any, ...]]:
        """The rows of one statement, asked by the administrator."""
        with connect(self.settings) as connection, connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall()

    def steps(self) -> list[tuple[str, Decimal]]:
        """Name and seconds of every step of the last night, in order."""
        return self.ask(
            "select step_name, seconds from ops.night_steps "
            "where night_id = (select max(night_id) from ops.nights) order by step_number"
        )

    def print_steps(self, title: str, wall: float) -> None:
        """The steps of the last night as a plain table."""
        steps = self.steps()
        print(title)
        for name, seconds in steps:
            print(f"  {name:<16}{seconds:>9.1f} s")
        print(f"  {'around the steps':<16}{wall - float(sum(took for _, took in steps)):>9.1f} s")
        print(f"  {'wall':<16}{wall:>9.1f} s", flush=True)


@contextmanager
def installation(bank: str) -> Iterator[Installation]:
    """A new installation with an embedded server of its own."""
    folder = Path(tempfile.mkdtemp(prefix="yihu-bench-"))
    folder.chmod(0o755)  # the server's own user must be able to pass
    named = {"YIHU_BANK": bank, "YIHU_VAR": str(folder)}
    outside = {name: text for name, text in os.environ.items() if not name.startswith(("YIHU_", "AIRFLOW"))}
    settings = load_settings(named)
    try:
        yield Installation(settings, outside | named)
    finally:
        embedded.down(settings)
        shutil.rmtree(embedded.home(settings), ignore_errors=True)
        shutil.rmtree(folder, ignore_errors=True)
