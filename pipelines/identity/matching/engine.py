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
from pipelines.identity.matching.comparisons import comparisons_of
from pipelines.identity.matching.model import Model
from pipelines.identity.matching.rules import Rules
from pipelines.identity.matching.scoring import score
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
def workspace(memory: str = "2GB", threads: int | None = None) -> Iterator[DuckDBPyConnection]:
    """A DuckDB on disk that is gone afterwards; memory beyond the limit goes to its folder."""
    folder = Path(tempfile.mkdtemp(prefix="yihu-matching-"))
    folder.chmod(0o700)
    try:
        options = {"memory_limit": memory, "temp_directory": str(folder / "spill")}
        if threads:
            options["threads"] = str(threads)
        with duckdb.connect(str(folder / "matching.duckdb"), config=options) as connection:
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
) -> Matching:
    """Match the records of files from scratch: train on them, weigh their pairs, cluster."""
    settings = settings or match_settings()
    records = load_records(connection, paths, rules, keep or [])
    fields = make_fields(connection, rules)
    blocks = blocking_rules(fields)
    pairs = make_pairs(connection, blocks, settings)
    model = train(connection, tuple(comparisons_of(fields)), blocks, settings)
    score(connection, model, "pairs", "scores")
    conflicts = cluster(connection, lambda pairs, result: score(connection, model, pairs, result), settings)
    return Matching(records, pairs, model, conflicts)
