"""Whether a night costs what the night brings, and not what history holds (law 3).

The same bank with a shorter and a longer history: both are loaded in bulk, side by side, and one night makes
the marts warm; the next is measured, of one bank after the other. Database seconds are what the server itself
says it was at work for this database; the blocks it touched tell the same on a machine that is busy.
"""

import resource
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial

from benchmarks.installation import Installation, installation

LAST = date(2026, 10, 30)
CUSTOMERS = 100_000
MONTHS = (13, 37)
AIM_RATIO = 1.15
AIM_MODEL_RATIO = 1.3


@dataclass(frozen=True)
class Measured:
    """A warm night: seconds the database was at work, blocks it touched, and seconds of each model."""

    database_seconds: float
    blocks: int
    models: dict[str, float]


def measure(customers: int = CUSTOMERS, months: tuple[int, ...] = MONTHS) -> bool:
    """Measure the warm night after each length of history; whether the longest stays within the aims."""
    with ExitStack() as stack:
        banks = {count: stack.enter_context(installation("demo")) for count in months}
        with ThreadPoolExecutor(len(banks)) as pool:
            list(pool.map(partial(_load, customers), banks.values(), banks))
        found = {count: _warm_night(bench, count) for count, bench in banks.items()}
    if len(found) == 1:
        return True
    short, long = found[min(found)], found[max(found)]
    name = max(long.models, key=lambda model: long.models[model])
    model_ratio = long.models[name] / short.models[name]
    ratio = long.database_seconds / short.database_seconds
    print(f"largest model {name}: {short.models[name]:.2f} s, {long.models[name]:.2f} s: {model_ratio:.2f}")
    print(f"blocks touched by the database: {short.blocks}, {long.blocks}: {long.blocks / short.blocks:.2f}")
    print(f"history ratio {max(found)}/{min(found)}: {ratio:.2f}")
    return ratio <= AIM_RATIO and model_ratio <= AIM_MODEL_RATIO


def _load(customers: int, bench: Installation, months: int) -> None:
    """Everything up to the eve of the measured night, and one night that makes the marts warm."""
    made = ("--customers", str(customers), "--months", str(months), "--last-date", LAST.isoformat())
    before, eve = (LAST - timedelta(days) for days in (2, 1))
    took = {
        "deliveries": bench.yihu("demo", "write", *made),
        "bulk load": bench.yihu("load", "--until", before.isoformat()),
        "night before": bench.yihu("night", "--date", eve.isoformat()),
    }
    title = f"{customers} customers, {months} months of history"
    print(
        "\n".join([title, *(f"  {name:<16}{seconds:>9.1f} s" for name, seconds in took.items())]), flush=True
    )


def _warm_night(bench: Installation, months: int) -> Measured:
    before = _at_work(bench)
    wall = bench.yihu("night", "--date", LAST.isoformat())
    seconds, blocks = (now - then for now, then in zip(_at_work(bench), before, strict=True))
    bench.print_steps(f"warm night {LAST}, {months} months of history", wall)
    models = dict(
        bench.ask(
            "select model_name, cast(sum(seconds) as double precision) from ops.model_runs "
            "where night_id = (select max(night_id) from ops.nights) group by model_name"
        )
    )
    for name, took in sorted(models.items(), key=lambda each: -each[1])[:5]:
        print(f"    {name:<40}{took:>9.2f} s")
    ((told,),) = bench.ask(
        "select message from ops.night_steps where step_name = 'publish' order by night_id desc limit 1"
    )
    print(f"  {'publish':<16}{told}")
    print(f"  {'database':<16}{seconds:>9.1f} s at work, {_gigabytes(bench):.1f} GB in all")
    print(f"  {'peak memory':<16}{_peak_gigabytes():>9.2f} GB of the largest process so far", flush=True)
    return Measured(seconds, blocks, models)


def _at_work(bench: Installation) -> tuple[float, int]:
    """Seconds at work and blocks touched since the server was made."""
    bench.ask("select pg_stat_force_next_flush(), pg_stat_clear_snapshot()")
    return bench.ask(
        "select active_time / 1000, blks_hit + blks_read from pg_catalog.pg_stat_database "
        "where datname = current_database()"
    )[0]


def _gigabytes(bench: Installation) -> float:
    """Everything the installation keeps on disk: deliveries, database, logs."""
    used = bench.ask("select pg_database_size(current_database())")[0][0]
    files = (path for path in bench.settings.landing.rglob("*") if path.is_file())
    return (used + sum(path.stat().st_size for path in files)) / 1e9


def _peak_gigabytes() -> float:
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e6
