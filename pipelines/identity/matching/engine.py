"""The matcher: records in, persons out."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
from duckdb import DuckDBPyConnection

from pipelines.identity.matching.blocking import blocking_rules, make_pairs
from pipelines.identity.matching.clusters import Conflict, cluster
from pipelines.identity.matching.comparisons import Comparison, comparisons_of
from pipelines.identity.matching.fields import fields_of
from pipelines.identity.matching.model import Model, load_model
from pipelines.identity.matching.rules import Rules
from pipelines.identity.matching.scoring import add_counts, score, touched
from pipelines.identity.matching.settings import MatchSettings, match_settings
from pipelines.identity.matching.table import load_records, make_fields
from pipelines.identity.matching.training import train


@dataclass(frozen=True)
class Matching:
    """What a run gives: the tables ``records``, ``fields``, ``scores`` and ``clusters`` of the connection."""

    records: int
    pairs: int
    model: Model
    conflicts: list[Conflict]


@contextmanager
def workspace() -> Iterator[DuckDBPyConnection]:
    """A DuckDB on disk that is gone afterwards; what exceeds the declared memory goes to its folder, readable
    to its owner."""
    folder = Path(tempfile.mkdtemp(prefix="yihu-matching-"))  # mode 0700
    options = {"memory_limit": match_settings().memory, "temp_directory": str(folder / "spill")}
    try:
        with duckdb.connect(config=options) as connection:
            connection.execute("set enable_progress_bar = false")
            yield connection
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def match(
    connection: DuckDBPyConnection,
    paths: list[Path],
    rules: Rules,
    *,
    keep: list[str] | None = None,
    settings: MatchSettings | None = None,
    model_folder: Path | None = None,
    model: Model | None = None,
) -> Matching:
    """Match the records of files: train on them, or take the model of a folder, or one that counts no values;
    weigh their pairs; cluster."""
    records = load_records(connection, paths, rules, keep or [])
    if model_folder:
        model = load_model(connection, comparisons_of_rules(rules), model_folder)
    if model:
        fields, _ = make_fields(connection, rules, model.settings, model.habits)
        make_pairs(connection, blocking_rules(fields), model.settings, model.blocking)
        add_counts(connection, model, touched(connection, "pairs", "fields"))
    else:
        model = train_on_records(connection, rules, settings or match_settings())

    def weigh(chosen: str, result: str) -> None:
        score(connection, model, chosen, result)

    weigh("pairs", "scores")
    pairs = connection.execute("select count(*) from pairs").fetchone()[0]
    return Matching(records, pairs, model, cluster(connection, weigh, model.settings))


def train_on_records(connection: DuckDBPyConnection, rules: Rules, settings: MatchSettings) -> Model:
    """The model of the table ``records``; makes ``fields``, ``pairs``, ``frequencies`` and ``compared``."""
    fields, habits = make_fields(connection, rules, settings)
    blocks = blocking_rules(fields)
    blocking = make_pairs(connection, blocks, settings)
    return train(connection, tuple(comparisons_of(fields)), blocks, settings, blocking, habits)


def comparisons_of_rules(rules: Rules) -> tuple[Comparison, ...]:
    """The comparisons that the rules' columns allow."""
    return tuple(comparisons_of(fields_of(rules)))
