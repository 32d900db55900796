"""Whether our tables and the script's are equal to the cent."""

from dataclasses import dataclass
from pathlib import Path

import duckdb
from psycopg2.extensions import connection as Connection

from benchmarks.peers.exports import write_parquet


@dataclass(frozen=True)
class Compared:
    """A mart of ours: what identifies a row, whether only the month counts, what the script leaves out."""

    name: str
    key: tuple[str, ...]
    only_month: bool = False
    left_out: tuple[str, ...] = ()


COMPARED = (
    Compared("customer_value_months", ("customer_id", "month_number")),
    Compared("customer_trailing_values", ("customer_id",), left_out=("customer_kind_code", "branch_id")),
    Compared("stability_parts", ("customer_id", "score_code", "part_code")),
    Compared(
        "customer_stability_scores",
        ("customer_id",),
        left_out=("stability_known_weight", "loyalty_known_weight", "has_month_end_spike"),
    ),
    Compared("customer_potentials", ("customer_id",)),
    Compared(
        "scheme_months", ("customer_id", "scheme_code"), True, ("tier_rank", "reason_detail", "month_number")
    ),
    Compared(
        "account_value_months",
        ("account_id", "month_number"),
        left_out=("deposit_average_amount", "account_rate", "transfer_rate"),
    ),
)


def differences(connection: Connection, folder: Path, month_number: int) -> list[str]:
    """One line per table and column in which ours and the script's tables differ, with the first key."""
    found = []
    with duckdb.connect(str(folder / "tables.duckdb"), read_only=True) as engine:
        for table in COMPARED:
            chosen = f" where month_number = {month_number}" if table.only_month else ""
            file = folder / "ours" / f"{table.name}.parquet"
            file.parent.mkdir(exist_ok=True)
            write_parquet(connection, f"select * from marts.{table.name}{chosen}", file)
            found += _compare(engine, table, file)
    return found


def _compare(engine: duckdb.DuckDBPyConnection, table: Compared, file: Path) -> list[str]:
    ours = engine.execute(f"describe select * from read_parquet('{file}')").fetchall()
    columns = [name for name, *_ in ours if name not in (*table.key, *table.left_out)]
    equal = " and ".join(f"ours.{name} = theirs.{name}" for name in table.key)
    key = " || ' ' || ".join(f"coalesce(ours.{name}, theirs.{name})" for name in table.key)
    judged = {"row": f"ours.{table.key[0]} is null or theirs.{table.key[0]} is null"}
    for name in columns:
        judged[name] = (
            f"ours.{table.key[0]} is not null and theirs.{table.key[0]} is not null "
            f"and ours.{name} is distinct from theirs.{name}"
        )
    counts = ", ".join(f"count(*) filter ({test}), min({key}) filter ({test})" for test in judged.values())
    joined = f"read_parquet('{file}') as ours full join {_theirs(engine, table)} as theirs on {equal}"
    row = engine.execute(f"select {counts}, count(*) from {joined}").fetchone()
    print(f"  compared: {table.name:<28}{row[-1]:>12} rows, {len(columns)} columns", flush=True)
    lines = []
    for place, name in enumerate(judged):
        count, first = row[2 * place : 2 * place + 2]
        if count:
            lines.append(
                f"{table.name}, {first}, {name}: {count} differ" + _values(engine, joined, key, first, name)
            )
    return lines


def _theirs(engine: duckdb.DuckDBPyConnection, table: Compared) -> str:
    return {"customer_potentials": "potentials"}.get(table.name, table.name)


def _values(engine: duckdb.DuckDBPyConnection, joined: str, key: str, first: str, name: str) -> str:
    if name == "row":
        asked = f"select ours is not null from {joined} where {key} = ?"
        ours = engine.execute(asked, [first]).fetchone()[0]
        return ", only ours has it" if ours else ", only the script has it"
    values = engine.execute(
        f"select ours.{name}, theirs.{name} from {joined} where {key} = ?", [first]
    ).fetchone()
    return f", ours {values[0]}, the script {values[1]}"
