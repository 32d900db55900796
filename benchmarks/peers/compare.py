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
            found += compare(engine, table, file)
    return found


def compare(engine: duckdb.DuckDBPyConnection, table: Compared, file: Path) -> list[str]:
    """One line for each column of a table in which the Parquet file of ours and the script's table differ."""
    described = engine.execute(f"describe select * from read_parquet('{file}')").fetchall()
    columns = [name for name, *_ in described if name not in (*table.key, *table.left_out)]
    joined = f"read_parquet('{file}') as ours full join {table.name} as theirs using ({', '.join(table.key)})"
    ours, theirs = (f"{side}.{table.key[0]} is null" for side in ("ours", "theirs"))
    differing = {"row": f"({ours} or {theirs})"} | {
        name: f"(not {ours} and not {theirs} and ours.{name} is distinct from theirs.{name})"
        for name in columns
    }
    counts = ", ".join(f"count(*) filter ({test})" for test in differing.values())
    rows, *found = engine.execute(f"select count(*), {counts} from {joined}").fetchone()
    print(f"  compared: {table.name:<28}{rows:>12} rows, {len(columns)} columns", flush=True)
    lines = []
    for (name, test), count in zip(differing.items(), found, strict=True):
        if not count:
            continue
        told = f"{theirs}, {theirs}" if name == "row" else f"ours.{name}, theirs.{name}"
        key = ", ".join(table.key)
        asked = f"select concat_ws(' ', {key}), {told} from {joined} where {test} order by {key} limit 1"
        first, mine, other = engine.execute(asked).fetchone()
        values = f"ours {mine}, the script {other}"
        if name == "row":
            values = "only ours has it" if mine else "only the script has it"
        lines.append(f"{table.name}, {first}, {name}: {count} differ, {values}")
    return lines
