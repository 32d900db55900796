"""The bench of value, stability and tiers: it sees every difference, and its script divides to the cent."""

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from benchmarks.models import read_models
from benchmarks.peers import script
from benchmarks.peers.compare import Compared, compare

TABLE = Compared("amounts", ("customer_id",), left_out=("name_zh",))


@pytest.fixture
def engine() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("create macro business_date() as date '2026-10-30'")
        connection.execute("create macro parameter(code) as '0'")
        connection.execute((Path(script.__file__).parent / "macros.sql").read_text())
        yield connection


def _compared(engine: duckdb.DuckDBPyConnection, folder: Path, ours: str, theirs: str) -> list[str]:
    file = folder / "ours.parquet"
    shape = "as rows (customer_id, amount, name_zh)"
    engine.execute(f"copy (select * from (values {ours}) {shape}) to '{file}' (format parquet)")
    engine.execute(f"create table amounts as select * exclude name_zh from (values {theirs}) {shape}")
    return compare(engine, TABLE, file)


def test_equal_tables_have_no_differences(engine: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    ours = "('a', 1.00, '甲'), ('b', null, '乙')"
    assert _compared(engine, tmp_path, ours, "('b', null, ''), ('a', 1.00, '')") == []


@pytest.mark.parametrize(
    ("theirs", "told"),
    [
        ("('a', 1.00, ''), ('b', 2.01, '')", "amounts, b, amount: 1 differ, ours 2.00, the script 2.01"),
        ("('a', 1.00, ''), ('b', null, '')", "amounts, b, amount: 1 differ, ours 2.00, the script None"),
        ("('a', 1.00, '')", "amounts, b, row: 1 differ, only ours has it"),
        (
            "('a', 1.00, ''), ('b', 2.00, ''), ('c', 0.00, '')",
            "amounts, c, row: 1 differ, only the script has it",
        ),
    ],
)
def test_a_difference_is_told_with_table_key_and_column(
    engine: duckdb.DuckDBPyConnection, tmp_path: Path, theirs: str, told: str
) -> None:
    assert _compared(engine, tmp_path, "('a', 1.00, '甲'), ('b', 2.00, '乙')", theirs) == [told]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("per(0.05, 2)", "0.03"),  # half a cent goes away from zero
        ("per(-0.05, 2)", "-0.03"),
        ("per(4.35, 2)", "2.18"),
        ("cents(0.0100000000, 2)", "0.01"),
        ("part_of(1.00, 3.00)", "0.33333333"),
        ("part_of(2.00, 3.00)", "0.66666667"),
        ("ratio(0.12345678, 0.8)", "0.15432098"),  # the ninth place is a five
        ("for_days(cast(0.06 as decimal(18, 8)), 30, 360)", "0.01"),
        ("for_days(cast(-0.06 as decimal(18, 8)), 30, 360)", "-0.01"),
        ("for_days(cast(90000000000000.00 as decimal(18, 2)), 31, 360)", "7750000000000.00"),
        ("stands_at(2, 3)", "0.3333"),
    ],
)
def test_the_script_divides_to_the_last_place(
    engine: duckdb.DuckDBPyConnection, expression: str, expected: str
) -> None:
    assert engine.execute(f"select {expression}").fetchone() == (Decimal(expected),)


def test_models_are_told_from_what_reads_them(tmp_path: Path) -> None:
    def node(path: str, *parents: str, materialized: str = "table") -> dict:
        return {
            "path": path,
            "name": Path(path).stem,
            "depends_on": {"nodes": [f"model.yihu.{parent}" for parent in parents]},
            "config": {"materialized": materialized},
        }

    nodes = (
        node("staging/core/stg_core__accounts.sql"),
        node("intermediate/int_shared.sql", "stg_core__accounts", materialized="view"),
        node("marts/customer_months.sql", "int_shared"),
        node("intermediate/int_own.sql", "customer_months"),
        node("intermediate/int_scoped.sql", "int_shared"),
        node("marts/accounts.sql", "int_scoped"),
        node("marts/value/customer_values.sql", "int_own", "int_scoped", "accounts"),
        node("edition/customer_values_shown.sql", "customer_values"),
    )
    manifest = tmp_path / "manifest.json"
    manifest.write_text(json.dumps({"nodes": {f"model.yihu.{each['name']}": each for each in nodes}}))
    found = read_models(manifest)
    assert found.measured == ("customer_values", "int_own")
    assert found.below == ("accounts", "customer_months", "int_scoped", "int_shared")
    assert found.first == ("int_scoped", "int_shared")
