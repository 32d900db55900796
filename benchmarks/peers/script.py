"""``python -m benchmarks.peers.script folder yyyy-mm-dd``: from Parquet files to finished tables."""

import re
import sys
import time
from datetime import date
from pathlib import Path

import duckdb

PARTS = ("macros", "months", "values", "stability", "tiers")


class ScriptError(Exception):
    """A script that asks for what policy does not have."""


def run(folder: Path, day: date) -> dict[str, float]:
    """Make ``tables.duckdb`` in the folder from its Parquet files; gives the seconds of each part."""
    seconds = {}
    with duckdb.connect(str(folder / "tables.duckdb")) as engine:
        engine.execute(f"set temp_directory = '{folder / 'spilled'}'")
        for part in PARTS:
            started = time.monotonic()
            if part == "macros":
                _open(engine, folder, day)
            engine.execute(_text(engine, part))
            seconds[part] = time.monotonic() - started
    return seconds


def _text(engine: duckdb.DuckDBPyConnection, part: str) -> str:
    """A part's statements; ScriptError where policy has none of the single numbers they ask for."""
    text = (Path(__file__).parent / f"{part}.sql").read_text()
    asked = set(re.findall(r"parameter\('(\w+)'\)", text))
    known = {code for (code,) in engine.execute("select parameter_code from parameters").fetchall()}
    if missing := sorted(asked - known):
        raise ScriptError(f"{part}.sql asks for {', '.join(missing)}, which policy/parameters.csv has not")
    return text


def _open(engine: duckdb.DuckDBPyConnection, folder: Path, day: date) -> None:
    """The files as views, the business date and policy's single numbers by name."""
    for file in sorted(folder.glob("*.parquet")):
        engine.execute(f"create view {file.stem} as select * from read_parquet('{file}')")
    engine.execute(
        f"""
        create macro business_date() as date '{day}';
        create macro parameter(code) as (select value from parameters where parameter_code = code);
        create macro weight(score, part) as (
            select weight from score_weights where score_code = score and part_code = part
        );
        """
    )


if __name__ == "__main__":
    for name, took in run(Path(sys.argv[1]), date.fromisoformat(sys.argv[2])).items():
        print(f"  script: {name:<12}{took:>9.1f} s", flush=True)
