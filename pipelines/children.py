"""Child processes of a step: they die with it, so a killed try cannot write behind its successor."""

import ctypes
import gc
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence

_SET_PARENT_DEATH_SIGNAL = 1  # prctl(2), Linux
_COLLECTION = (50_000, 20, 100)


def run_child(
    arguments: Sequence[str], environment: Mapping[str, str], cwd: str | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a program to its end and return its exit code and output; it is killed when this process dies."""
    return subprocess.run(
        list(arguments),
        env={**os.environ, **environment},
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        preexec_fn=_die_with_parent if sys.platform == "linux" else None,
    )


def follow_child(
    arguments: Sequence[str], environment: Mapping[str, str], hear: Callable[[str], None]
) -> int:
    """Run a program to its end, giving each line of its output as it comes; returns its exit code.

    It is killed when this process dies.
    """
    with subprocess.Popen(
        list(arguments),
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=_die_with_parent if sys.platform == "linux" else None,
    ) as child:
        for line in child.stdout:
            if line.strip():
                hear(line.rstrip())
    return child.returncode


def collect_rarely() -> None:
    """Let this process look for cyclic garbage less often, for what keeps a large graph of lasting objects.

    dbt's manifest and the expectations of a gate are walked again and again otherwise (docs/performance.md).
    """
    gc.set_threshold(*_COLLECTION)


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGKILL)
