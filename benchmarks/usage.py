"""What a stretch of work takes while it runs: wall seconds, the database's memory and its temporary files."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.installation import Installation
from pipelines.warehouse import embedded

_PAUSE = 0.2


@dataclass
class Usage:
    """Wall seconds; gigabytes: memory at the peak, temporary files in all, a folder at its largest."""

    seconds: float = 0.0
    memory: float = 0.0
    temporary: float = 0.0
    folder: float = 0.0


@contextmanager
def watched(bench: Installation, folder: Path | None = None) -> Iterator[Usage]:
    """Look at the bank's server, and at a folder, while the caller works; the figures stand after it."""
    usage, done = Usage(), threading.Event()
    server = int((embedded.home(bench.settings) / "data" / "postmaster.pid").read_text().split()[0])
    before, started = _temporary_bytes(bench), time.monotonic()
    watcher = threading.Thread(target=_watch, args=(usage, done, server, folder), daemon=True)
    watcher.start()
    try:
        yield usage
    finally:
        usage.seconds = time.monotonic() - started
        done.set()
        watcher.join()
        usage.temporary = (_temporary_bytes(bench) - before) / 1e9


def _watch(usage: Usage, done: threading.Event, server: int, folder: Path | None) -> None:
    while not done.wait(_PAUSE):
        usage.memory = max(usage.memory, sum(_own_bytes(process) for process in _processes(server)) / 1e9)
        if folder:
            usage.folder = max(usage.folder, _size(folder) / 1e9)


def _processes(server: int) -> list[int]:
    """The server and its children, as many as there are just now."""
    children = Path(f"/proc/{server}/task/{server}/children")
    return [server, *map(int, children.read_text().split())] if children.exists() else []


def _own_bytes(process: int) -> int:
    """Memory that is the process's own: shared buffers are not counted once for each."""
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:  # it has just ended
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("RssAnon:"))


def _size(folder: Path) -> int:
    total = 0
    for file in folder.rglob("*"):
        try:
            total += file.stat().st_size
        except OSError:  # it has just been removed
            continue
    return total


def _temporary_bytes(bench: Installation) -> int:
    bench.ask("select pg_stat_force_next_flush(), pg_stat_clear_snapshot()")
    return bench.ask("select temp_bytes from pg_catalog.pg_stat_database where datname = current_database()")[
        0
    ][0]
