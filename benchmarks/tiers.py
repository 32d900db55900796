"""Whether a night's values, stability and tiers cost what they should, and are right to the cent.

A bank is loaded up to the eve and one night makes the marts warm. The measured night brings movements of one
account of a hundred, some of them late. Then the same models are built once more in full, and a plain DuckDB
script (``benchmarks/peers``) computes the same tables from the same deliveries as Parquet. The bench fails on
any difference, telling table, key and column, and where a figure misses its aim.

Seconds are those of the models of value, stability and tiers and of what is made for them alone, as dbt tells
them; the months of accounts and customers below them are shown beside them. The script begins with the
deliveries, so its seconds hold those months, too.

Left out of the comparison: rates and average balances of accounts, the weights known of a score, reasons in
words and ranks of tiers, held tiers and their changes (T12 to T14), concentration (V10), and how the margins
expected of a customer come about (V7), which the script is given. Policy is taken as it stands on the
business date.
"""

import os
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from functools import partial
from pathlib import Path

from benchmarks.installation import BenchError, Installation, installation
from benchmarks.models import Models, read_models
from benchmarks.peers.compare import differences
from benchmarks.peers.delivery import thin_out
from benchmarks.peers.exports import export
from benchmarks.usage import Usage, watched
from pipelines import nights
from pipelines.building.dbt import build, call
from pipelines.months import month_number
from pipelines.settings import ROOT
from pipelines.warehouse import connect

LAST = date(2026, 10, 30)
CUSTOMERS = 1_000_000  # the aims are for so many: of fewer, what dbt adds to each model outweighs its work
MONTHS = 13
SHARE_MOVED = 0.01  # of all accounts
AIM_FULL = 3.5  # times the script's seconds
AIM_NIGHT = 1.0
AIM_NIGHT_SHARE = 0.6  # of our own full build


def measure(customers: int = CUSTOMERS, months: int = MONTHS) -> bool:
    """Measure night, full build and script, and compare their tables; whether all aims were met."""
    with installation("demo") as bench, tempfile.TemporaryDirectory(prefix="yihu-peers-") as made:
        _load(bench, customers, months)
        return judge_night(bench, Path(made), customers)


def judge_night(bench: Installation, folder: Path, customers: int) -> bool:
    """The measured night of a loaded bank, the script, the full build; whether all aims were met."""
    moved = _thin_out(bench)
    with watched(bench) as in_night:
        wall = bench.yihu("night", "--date", LAST.isoformat())
    bench.print_steps(f"warm night {LAST}, {moved} accounts moved", wall)
    models = read_models(bench.settings.var / bench.settings.bank / "dbt" / "live" / "manifest.json")
    night = _seconds(bench, models.measured)
    below = _seconds(bench, models.below)
    print(f"  measured models {sum(night.values()):.1f} s, those below them {sum(below.values()):.1f} s")
    with connect(bench.settings) as connection:
        export(connection, LAST, folder)
    with watched(bench, folder / "spilled") as in_script:
        in_script.memory = _run_script(folder)
    print(__doc__[__doc__.index("Left out of") :].strip())
    found = {"night": _differences(bench, folder)}
    with watched(bench) as in_full:
        _build_in_full(bench, models)
    full = _seconds(bench, models.measured)
    found["full build"] = _differences(bench, folder)
    _print_largest({"night": night, "full build": full})
    _print_usage({"night": in_night, "full build": in_full, "script": in_script})
    seconds = (sum(full.values()), sum(night.values()), in_script.seconds)
    return _judge_differences(found) & _judge(customers, *seconds)


def _load(bench: Installation, customers: int, months: int) -> None:
    """Everything up to the eve of the measured night, and one night that makes the marts warm."""
    made = ("--customers", str(customers), "--months", str(months), "--last-date", LAST.isoformat())
    before, eve = (LAST - timedelta(days) for days in (2, 1))
    print(f"{customers} customers, {months} months of history", flush=True)
    for title, command in (
        ("deliveries", ("demo", "write", *made)),
        ("bulk load", ("load", "--until", before.isoformat())),
        ("night before", ("night", "--date", eve.isoformat())),
    ):
        print(f"  {title:<16}{bench.yihu(*command):>9.1f} s", flush=True)


def _thin_out(bench: Installation) -> int:
    accounts = bench.ask("select count(*) from marts.accounts where closed_date is null")[0][0]
    return thin_out(bench.settings.landing, bench.settings.bank, LAST, max(1, round(accounts * SHARE_MOVED)))


def _seconds(bench: Installation, names: Sequence[str]) -> dict[str, float]:
    """Model → seconds in the last night."""
    listed = ", ".join(f"'{name}'" for name in names)
    return dict(
        bench.ask(
            "select model_name, cast(seconds as double precision) from ops.model_runs "
            "where night_id = (select max(night_id) from ops.model_runs) "
            f"and business_date = date '{LAST}' and model_name in ({listed})"
        )
    )


def _run_script(folder: Path) -> float:
    """The script in a process of its own; gives the gigabytes it took at its peak."""
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.peers.script", str(folder), LAST.isoformat()], cwd=ROOT
    )
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise BenchError(f"the script of peers did not pass: exit code {process.returncode}")
    return used.ru_maxrss / 1e6


def _build_in_full(bench: Installation, models: Models) -> None:
    """The measured models once more, from nothing, as a night of its own."""
    night = nights.open_night(bench.settings, LAST, f"bench__{uuid.uuid4().hex}")
    with nights.hold(bench.settings, night):
        build(bench.settings, night, "marts", None, partial(_call, (*models.first, *models.measured)))
        nights.close_night(bench.settings, night, "failed", "build", "a bench's full build is not published")


def _call(models: Iterable[str], arguments: Sequence[str], environment: dict[str, str]) -> tuple[int, str]:
    """Run dbt for some models in the place of a layer, without the tests of data."""
    given = list(arguments)
    place = given.index("--selector")
    given[place : place + 2] = ["--select", *models]
    return call([*given, "--exclude-resource-type", "test"], environment)


def _differences(bench: Installation, folder: Path) -> list[str]:
    with connect(bench.settings) as connection:
        return differences(connection, folder, month_number(LAST))


def _print_largest(runs: dict[str, dict[str, float]]) -> None:
    for title, seconds in runs.items():
        print(f"largest models, {title}")
        for name, took in sorted(seconds.items(), key=lambda each: -each[1])[:8]:
            print(f"    {name:<40}{took:>9.2f} s")


def _print_usage(runs: dict[str, Usage]) -> None:
    print(f"  {'':<14}{'wall s':>10}{'memory GB':>12}{'temporary GB':>14}")
    for title, usage in runs.items():
        spilled = usage.temporary + usage.folder
        print(f"  {title:<14}{usage.seconds:>10.1f}{usage.memory:>12.2f}{spilled:>14.2f}")
    print(f"  load average {os.getloadavg()[1]:.1f} over five minutes", flush=True)


def _judge_differences(found: dict[str, list[str]]) -> bool:
    for title, lines in found.items():
        for line in lines:
            print(f"DIFFERS after the {title}: {line}")
        print(f"equal to the cent after the {title}: {_verdict(not lines)}")
    return not any(found.values())


def _judge(customers: int, full: float, night: float, script: float) -> bool:
    lines = (
        ("full build / script", full / script, AIM_FULL),
        ("night / script", night / script, AIM_NIGHT),
        ("night / full build", night / full, AIM_NIGHT_SHARE),
    )
    print(f"seconds: full build {full:.1f}, night {night:.1f}, script {script:.1f}")
    for name, got, aim in lines:
        told = _verdict(got <= aim) if customers >= CUSTOMERS else f"not judged below {CUSTOMERS} customers"
        print(f"  {name:<22}{got:>8.2f}   aim {aim:g}: {told}")
    return customers < CUSTOMERS or all(got <= aim for _, got, aim in lines)


def _verdict(good: bool) -> str:
    return "met" if good else "MISSED"
