"""What both gates take of a warm night, beyond the import of the library that judges their rules.

A bank is loaded in bulk, one night makes the marts warm, the next is measured as the command line runs it.
The steps of both gates count whole: typing, quarantine, tie-outs, the processes of the gates with their Data
Docs. What their two imports take is measured beside it, in processes that do nothing else, and taken off.
"""

import subprocess
import sys
import time
from datetime import date, timedelta
from statistics import median

from benchmarks.installation import Installation, installation

LAST = date(2026, 10, 30)
CUSTOMERS = 100_000
MONTHS = 13
AIM_SHARE = 0.20
GATES = ("gate_delivery", "gate_edition")
IMPORTS = 3


def measure(customers: int = CUSTOMERS, months: int = MONTHS) -> bool:
    """Run the nights and print their steps; whether both gates stay within AIM_SHARE of the warm one."""
    with installation("demo") as bench:
        _make_warm(bench, customers, months)
        wall = bench.yihu("night", "--date", LAST.isoformat())
        bench.print_steps(f"warm night {LAST}: {customers} customers, {months} months", wall)
        seconds = {name: float(took) for name, took in bench.steps()}
        ((rules, measures),) = bench.ask(
            "select (select count(*) from ops.gate_results where night_id = newest.night_id), "
            "(select count(*) from ops.gate_measures where night_id = newest.night_id) "
            "from (select max(night_id) as night_id from ops.nights) as newest"
        )
    share = share_of_night(seconds, wall, imported := _import_seconds())
    verdict = "met" if share <= AIM_SHARE else "MISSED"
    print(f"  {'rules, measures':<16}{rules:>9} {measures:>9}")
    print(f"  {'one import':<16}{imported:>9.1f} s")
    print(f"both gates: {100 * share:.1f} % of a warm night, aim {100 * AIM_SHARE:.0f} %: {verdict}")
    return share <= AIM_SHARE


def share_of_night(steps: dict[str, float], wall: float, imported: float) -> float:
    """The part of a night's wall seconds that both gates take beyond one import each; never below 0."""
    return max(sum(steps[name] - imported for name in GATES), 0.0) / wall


def _make_warm(bench: Installation, customers: int, months: int) -> None:
    """Everything up to the eve of the measured night, and one night that makes the marts warm."""
    made = ("--customers", str(customers), "--months", str(months), "--last-date", LAST.isoformat())
    before, eve = (LAST - timedelta(days) for days in (2, 1))
    bench.yihu("demo", "write", *made)
    bench.yihu("load", "--until", before.isoformat())
    bench.yihu("night", "--date", eve.isoformat())


def _import_seconds() -> float:
    """The median of a few processes that import what a gate imports and end."""
    took = []
    for _ in range(IMPORTS):
        started = time.monotonic()
        subprocess.run([sys.executable, "-c", "import great_expectations"], check=True, capture_output=True)
        took.append(time.monotonic() - started)
    return median(took)
