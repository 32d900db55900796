"""How well the starting model finds the demo bank's customers, by what two records have to go by."""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from duckdb import DuckDBPyConnection

from benchmarks.demo_records import write_demo_records
from pipelines.identity.arrivals import customer_rules
from pipelines.identity.matching import match, workspace
from pipelines.identity.matching.engine import comparisons_of_rules
from pipelines.identity.matching.model import model_of
from pipelines.settings import ROOT

CUSTOMERS = 20_000
STARTING = ROOT / "pipelines" / "identity" / "starting_model.json"
AIM_PRECISION = 0.999
AIM_RECALL = {2: 0.99, 1: 0.90, 0: 0.90}  # of pairs of whose records so many carry a valid number
_SIDES = {2: "a number on both sides", 1: "a number on one side", 0: "no number"}


@dataclass(frozen=True)
class Found:
    """Shares of pairs: ``precision`` of the linked ones; ``recall`` of true ones, in all, by how many of the
    two carry a number, and by kind of disturbance of either."""

    precision: float
    recall: float
    by_numbers: dict[int, float]
    by_disturbance: dict[str, float]


def measure(customers: int = CUSTOMERS) -> bool:
    """Match a demo bank and print asked and got; whether all aims were met."""
    with tempfile.TemporaryDirectory(prefix="yihu-bench-") as folder:
        found = find(write_demo_records(Path(folder), customers))
    print(f"demo bank of {customers} customers, starting model")
    met = []
    for name, got, aim in _told(found):
        met.append(aim is None or got >= aim)
        told = "" if aim is None else f"   aim {aim:g}: {'met' if met[-1] else 'MISSED'}"
        print(f"  {name:<44}{got:>9.5f}{told}")
    return all(met)


def find(records: Path) -> Found:
    """Match records as ``write_demo_records`` writes them; the truth is read after matching has ended."""
    rules = customer_rules()
    model = model_of(STARTING.read_text("utf-8"), comparisons_of_rules(rules))
    with workspace() as connection:
        match(connection, [records], rules, keep=["person_id", "disturbance"], model=model)
        connection.execute(
            """
            create table judged as
            select line, person_id, cluster, id_key is not null as has_number,
                   string_split(coalesce(disturbance, 'undisturbed'), '+') as kinds
            from records join fields using (line) join clusters using (rid)
            """
        )
        linked, true, right = (_pairs(connection, group) for group in ("cluster", "person_id", "all"))
        connection.execute(
            """
            create table true_pairs as
            select l.cluster = r.cluster as is_found,
                   cast(l.has_number as int) + cast(r.has_number as int) as numbers,
                   list_distinct(l.kinds || r.kinds) as kinds
            from judged as l join judged as r on l.person_id = r.person_id and l.line < r.line
            """
        )
        shares = "select {0}, avg(cast(is_found as int)) from {1} group by 1 order by 1"
        by_numbers = connection.execute(shares.format("numbers", "true_pairs")).fetchall()
        by_kind = connection.execute(
            shares.format("kind", "(select is_found, unnest(kinds) as kind from true_pairs)")
        ).fetchall()
    return Found(right / linked, right / true, dict(by_numbers), dict(by_kind))


def _pairs(connection: DuckDBPyConnection, group: str) -> int:
    columns = "cluster, person_id" if group == "all" else group
    statement = f"select sum(n * (n - 1) // 2) from (select count(*) as n from judged group by {columns})"
    return int(connection.execute(statement).fetchone()[0])


def _told(found: Found) -> Iterator[tuple[str, float, float | None]]:
    yield "precision", found.precision, AIM_PRECISION
    yield "recall", found.recall, None
    for numbers, share in sorted(found.by_numbers.items(), reverse=True):
        yield f"recall, {_SIDES[numbers]}", share, AIM_RECALL[numbers]
    for kind, share in found.by_disturbance.items():
        yield f"recall, {kind}", share, None
