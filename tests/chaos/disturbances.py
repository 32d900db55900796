"""What can happen to a night, and how it is brought about."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from night_support import query

from chaos.tries import PATIENCE_SECONDS, Try
from pipelines.settings import Settings
from pipelines.warehouse import embedded
from pipelines.warehouse.connect import ANALYST

LEFT_BYTES = 256 * 1024  # of a disk that is full
FILE_BYTES = 1024 * 1024  # where no disk may be made: no file of the server grows beyond it


class StrikeError(Exception):
    """A disturbance that did not come about: there is nothing to judge."""


@dataclass(frozen=True)
class Disturbance:
    """What happens to a night (one of KINDS), and at which share of a step's seconds (None: at its end)."""

    what: str
    step: str
    share: float | None = None

    def __str__(self) -> str:
        where = f"after {self.step}" if self.share is None else f"{self.share:.0%} into {self.step}"
        return f"{self.what} {where}"


@dataclass(frozen=True)
class Kind:
    """A way to disturb; ``takes_server``: the server itself may go with it, and readers notice."""

    strike: Callable[[Settings, Try], None]
    takes_server: bool = False
    stays: bool = False


def kill(settings: Settings, tried: Try) -> None:
    """SIGKILL for the process at work."""
    tried.process.kill()
    _end(tried)
    if tried.process.exitcode != -signal.SIGKILL:
        raise StrikeError(f"the try ended by itself, with {tried.process.exitcode}")


def kill_server(settings: Settings, tried: Try) -> None:
    """SIGKILL for PostgreSQL's postmaster; its other processes notice by themselves."""
    os.kill(postmaster(settings), signal.SIGKILL)
    _end(tried)


def drop_connections(settings: Settings, tried: Try) -> None:
    """End every connection of the night."""
    _terminate(settings, 60)
    _end(tried)


def drop_oldest_connection(settings: Settings, tried: Try) -> None:
    """End the connection by which the night holds its lock."""
    _terminate(settings, 1)
    _end(tried)


def fill_disk(settings: Settings, tried: Try) -> None:
    """Leave next to nothing free where the server's data lie, until the try has failed."""
    home = embedded.home(settings)
    if os.path.ismount(settings.var):
        ballast = settings.var / "ballast"
        try:
            deadline = time.monotonic() + PATIENCE_SECONDS
            while tried.process.is_alive() and time.monotonic() < deadline:
                _fill(ballast, home)  # and again: a server drops tables, and that makes room
                tried.process.join(0.02)
            _end(tried)
        finally:
            ballast.unlink(missing_ok=True)
    else:
        _limit_files(settings, FILE_BYTES)
        try:
            _end(tried)
        finally:
            _limit_files(settings, None)
    if tried.process.exitcode == 0:
        raise StrikeError("the try ended well: the disk was not full enough")


KINDS = {
    "killed": Kind(kill, stays=True),
    "PostgreSQL killed": Kind(kill_server, takes_server=True),
    "connections dropped": Kind(drop_connections),
    "lock's connection dropped": Kind(drop_oldest_connection),
    "disk full": Kind(fill_disk, takes_server=True),
}


def reach(tried: Try, sign: Any) -> None:
    """Wait for what a try tells; StrikeError where it does not come to its step."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not sign.wait(0.05):
        if not tried.process.is_alive() or time.monotonic() > deadline:
            raise StrikeError(f"the try never got through {tried.signs.step}")


def postmaster(settings: Settings) -> int:
    """The process id of an installation's embedded server."""
    return int((embedded.home(settings) / "data" / "postmaster.pid").read_text().split()[0])


def _end(tried: Try) -> None:
    """Let the try end; StrikeError where it hangs."""
    tried.process.join(PATIENCE_SECONDS)
    if tried.process.is_alive():
        tried.process.kill()
        raise StrikeError(f"the try hung for {PATIENCE_SECONDS} s after it was disturbed")


def _fill(ballast: Path, disk: Path) -> None:
    """Let a file grow until LEFT_BYTES are free; what somebody else takes first is as good."""
    free = os.statvfs(disk)
    byte_count = free.f_bavail * free.f_frsize - LEFT_BYTES
    if byte_count > 0:
        with suppress(OSError), ballast.open("ab") as file:
            os.posix_fallocate(file.fileno(), file.tell(), byte_count)


def _terminate(settings: Settings, most: int) -> None:
    ended = query(
        settings,
        "select pg_terminate_backend(pid) from (select pid from pg_catalog.pg_stat_activity "
        "where datname = current_database() and backend_type = 'client backend' "
        "and pid <> pg_backend_pid() and usename <> %s order by backend_start limit %s) as found",
        ANALYST,
        most,
    )
    if not ended:
        raise StrikeError("the night had no connection")


def _limit_files(settings: Settings, most: int | None) -> None:
    """Let no file of the server's processes grow beyond so many bytes (None: as far as it may)."""
    with suppress(FileNotFoundError):  # a server that fell has no process left
        first = postmaster(settings)
        children = Path(f"/proc/{first}/task/{first}/children").read_text().split()
        for process in (str(first), *children):
            # as the server's own user: root in a container may not touch others' limits
            owner = os.stat(f"/proc/{process}")
            rights = {"user": owner.st_uid, "group": owner.st_gid, "extra_groups": []}
            command = ["prlimit", "--pid", process, f"--fsize={most or 'unlimited'}:"]
            subprocess.run(command, check=False, cwd="/", **(rights if os.geteuid() == 0 else {}))
