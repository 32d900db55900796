"""How well and how fast the matcher finds the persons behind a bank's records.

Two banks of invented records, the larger ten times the smaller. Each is matched in a process of its own,
first with training, then with the model that was kept; the process is measured from its start to its end.
Then the larger bank is indexed as the nights do, and one more process takes in a night's new records. Last,
the demo bank's customers are matched with the starting model and told by what their records have to go by.
"""

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from benchmarks import demo_matching
from benchmarks.bank_records import write_records
from benchmarks.installation import BenchError
from benchmarks.matching_child import FIRST_DATE, INDEX, KEPT, NIGHT, NIGHT_DATE, RULES, TRAINING
from pipelines.settings import ROOT

RECORDS = (100_000, 1_000_000)
SEED = 20261030
AIM_F1 = 0.98
AIM_GIGABYTES = 1.5
AIM_SECONDS = {TRAINING: 60.0, KEPT: 20.0}  # for 1,000,000 records
NIGHT_RECORDS = 5_000  # new ones …
AIM_NIGHT_SECONDS = 3.0  # … against 1,000,000, from a cold process
AIM_PRECISION_FALL = 0.001  # from the smaller bank to the larger, at most


@dataclass(frozen=True)
class Run:
    """One process: wall and processor seconds, gigabytes at its peak, how right its pairs are."""

    seconds: float
    processor_seconds: float
    gigabytes: float
    precision: float = 1.0
    recall: float = 1.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        return 2 * self.precision * self.recall / (self.precision + self.recall)


def measure(records: tuple[int, ...] = RECORDS) -> bool:
    """Match each number of records in both ways and print asked and got; whether all aims were met."""
    runs = {count: _measure_bank(count) for count in records}
    met = [_judge(count, way, run) for count, ways in runs.items() for way, run in ways.items()]
    if len(records) > 1:
        small, large = (runs[pick(records)] for pick in (min, max))
        for way in AIM_SECONDS:
            fall = small[way].precision - large[way].precision
            met.append(fall <= AIM_PRECISION_FALL)
            print(
                f"precision {way}, from {min(records)} to {max(records)} records: falls by {fall:.5f}, "
                f"aim at most {AIM_PRECISION_FALL}: {_verdict(met[-1])}"
            )
    met.append(demo_matching.measure())
    return all(met)


def _measure_bank(count: int) -> dict[str, Run]:
    with tempfile.TemporaryDirectory(prefix="yihu-bench-") as made:
        folder = Path(made)
        started = time.monotonic()
        write_records(folder, count, SEED)
        print(f"{count} records, written in {time.monotonic() - started:.1f} s", flush=True)
        runs = {way: _run(folder, way) for way in AIM_SECONDS}
        if count == max(RECORDS):
            _split(folder)
            _start(folder, INDEX)
            runs[NIGHT] = _start(folder, NIGHT)
        return runs


def _split(folder: Path) -> None:
    """The records as customer versions: a night's new ones, and all that came before."""
    columns = ", ".join(RULES["columns"])
    for name, day, chosen in (("before", FIRST_DATE, ">"), ("night", NIGHT_DATE, "<=")):
        duckdb.execute(
            f"""
            copy (
                select date '{day}' as received_date, system as source_code, record_id as source_customer_id,
                       2 as line_number, date '{day}' as born_date, {columns}
                from (select *, row_number() over (order by hash(record_id)) as place
                      from read_parquet('{folder}/records.parquet'))
                where place {chosen} {NIGHT_RECORDS}
            ) to '{folder}/{name}.csv' (header)
            """
        )


def _run(folder: Path, way: str) -> Run:
    """Match in a new process, and hold what it found against the truth."""
    return replace(_start(folder, way), **_precision_and_recall(folder))


def _start(folder: Path, way: str) -> Run:
    """Do something in a new process, as wait4 saw it."""
    started = time.monotonic()
    command = [sys.executable, "-m", "benchmarks.matching_child", str(folder), way]
    process = subprocess.Popen(command, cwd=ROOT)
    _, status, used = os.wait4(process.pid, 0)
    seconds = time.monotonic() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise BenchError(f"matching {way} did not pass: exit code {process.returncode}")
    return Run(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / 1e6)


def _judge(count: int, way: str, run: Run) -> bool:
    aims = AIM_SECONDS | {NIGHT: AIM_NIGHT_SECONDS}
    asked = aims[way] if count == max(RECORDS) else None
    lines = [
        ("wall seconds", run.seconds, asked, asked is None or run.seconds <= asked),
        ("processor seconds", run.processor_seconds, None, True),
        ("gigabytes", run.gigabytes, AIM_GIGABYTES, run.gigabytes <= AIM_GIGABYTES),
        ("precision", run.precision, None, True),
        ("recall", run.recall, None, True),
        ("F1", run.f1, AIM_F1, run.f1 >= AIM_F1),
    ]
    lines = lines[:3] if way == NIGHT else lines
    print(f"{count} records, {way}")
    for name, got, aim, good in lines:
        told = "" if aim is None else f"   aim {aim:g}: {_verdict(good)}"
        print(f"  {name:<18}{got:>10.{1 if 'seconds' in name else 5}f}{told}")
    return all(good for *_, good in lines)


def _verdict(good: bool) -> str:
    return "met" if good else "MISSED"


def _precision_and_recall(folder: Path) -> dict[str, float]:
    right, linked, true = duckdb.execute(
        f"""
        with judged as (
            select cluster_id, person, count(*) as n
            from read_csv('{folder}/clusters.csv', header = true) join read_parquet('{folder}/truth.parquet')
            using (record_id) group by all
        ),
        clusters as (select sum(n) as n from judged group by cluster_id),
        persons as (select sum(n) as n from judged group by person)
        select (select sum(n * (n - 1) // 2) from judged), (select sum(n * (n - 1) // 2) from clusters),
               (select sum(n * (n - 1) // 2) from persons)
        """
    ).fetchone()
    return {"precision": float(right / linked), "recall": float(right / true)}
