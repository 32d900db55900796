"""The trained model: what each level is worth, how frequent each value is, how likely two records are one
person.

It is data: a JSON text and one parquet file of frequencies, so that a version can be kept, promoted and
compared. Values stand in it as hashes.
"""

import json
from dataclasses import asdict, dataclass, field
from math import log2
from pathlib import Path
from typing import Any

from duckdb import DuckDBPyConnection

from pipelines.identity.errors import IdentityError
from pipelines.identity.matching.blocking import Blocking
from pipelines.identity.matching.comparisons import Comparison
from pipelines.identity.matching.fields import literal
from pipelines.identity.matching.settings import MatchSettings
from pipelines.identity.matching.table import Habits

DIGITS = 6  # significant digits kept, so that the order of a sum moves nothing


class ModelError(IdentityError):
    """A model that does not fit the fields it is asked to weigh."""


@dataclass(frozen=True)
class Frequency:
    """Of one column: ``records`` with a value, ``repeats``: further records of the same person among those
    that share a value, on average; ``strangers``: records of other people that share a value, on average;
    ``floor``: how many of them even the rarest value is taken to have."""

    records: int
    repeats: float
    strangers: float
    floor: float

    @property
    def collision(self) -> float:
        """The share of strangers' pairs that agree on a value."""
        return min((self.strangers + self.floor) / self.records, 0.999)

    def rarity(self, count: str) -> str:
        """SQL: the bits by which a value that ``count`` records have is rarer than the average."""
        others = f"greatest({count} - {1 + self.repeats!r}, 0)"
        return f"log2({self.strangers + self.floor!r} / ({others} + {self.floor!r}))"


@dataclass(frozen=True)
class Model:
    """``m`` and ``u``: by comparison, the share of one person's and of strangers' pairs on each level.

    ``prior``: the share of all pairs that are one person. ``home``: by comparison, the same for two people of
    one household or office, and ``home_prior`` the share of all pairs that are such. ``frequencies``: by
    column whose values differ in frequency; the number of records with each value lies in the table
    ``frequencies`` (column_name, value: its stable hash, n), unless ``is_counted`` is false: then every value
    counts as an average one. ``blocking``, ``habits``, ``settings``: under which it was trained and is used.
    """

    comparisons: tuple[Comparison, ...]
    m: dict[str, tuple[float, ...]]
    u: dict[str, tuple[float, ...]]
    home: dict[str, tuple[float, ...]]
    prior: float
    home_prior: float
    frequencies: dict[str, "Frequency"]
    settings: MatchSettings
    blocking: Blocking
    habits: Habits = field(default_factory=Habits)
    is_counted: bool = True

    @property
    def prior_weight(self) -> float:
        """Bits of the prior odds."""
        return log2(self.prior / (1 - self.prior))

    def weight(self, comparison: str, level: int) -> float:
        """Bits that a level of a comparison adds, before its value's frequency."""
        return log2(self.m[comparison][level] / self.u[comparison][level])


def splink_settings(model: Model) -> dict[str, Any]:
    """The model as Splink takes it; frequencies travel as columns ``n_<column>``."""
    return {
        "link_type": "dedupe_only",
        "unique_id_column_name": "rid",
        "comparisons": [_splink_comparison(model, comparison) for comparison in model.comparisons],
        "blocking_rules_to_generate_predictions": [],
        "probability_two_random_records_match": model.prior,
        "retain_matching_columns": False,
        "retain_intermediate_calculation_columns": True,
        "additional_columns_to_retain": [
            "id_key",
            *(f"n_{column}" for column in frequent_columns(model.comparisons)),
        ],
    }


def frequent_columns(comparisons: tuple[Comparison, ...]) -> list[str]:
    """The columns whose frequent values are worth less, each once."""
    found = (level.frequent for comparison in comparisons for level in comparison.levels)
    return list(dict.fromkeys(column for column in found if column))


def content_of(model: Model) -> str:
    """The model as text, all but the counts of single values."""
    content = {
        "levels": {c.name: [level.code for level in c.levels] for c in model.comparisons},
        "m": model.m,
        "u": model.u,
        "home": model.home,
        "prior": model.prior,
        "home_prior": model.home_prior,
        "frequencies": {column: asdict(value) for column, value in model.frequencies.items()},
        "is_counted": model.is_counted,
        "settings": asdict(model.settings),
        "blocking": asdict(model.blocking),
        "habits": asdict(model.habits),
    }
    return json.dumps(content, indent=1, sort_keys=True) + "\n"


def model_of(content: str, comparisons: tuple[Comparison, ...]) -> Model:
    """The model that a text holds. ModelError where it was trained for other comparisons."""
    found = json.loads(content)
    levels = {c.name: [level.code for level in c.levels] for c in comparisons}
    if found["levels"] != levels:
        other = sorted(
            name for name in {*found["levels"], *levels} if found["levels"].get(name) != levels.get(name)
        )
        raise ModelError(f"the model was trained for other comparisons of {', '.join(other)}: train it again")
    probabilities = {
        part: {name: tuple(values) for name, values in found[part].items()} for part in ("m", "u", "home")
    }
    return Model(
        comparisons=comparisons,
        **probabilities,
        prior=found["prior"],
        home_prior=found["home_prior"],
        frequencies={column: Frequency(**value) for column, value in found["frequencies"].items()},
        settings=MatchSettings(**found["settings"]),
        blocking=Blocking(tuple(found["blocking"]["sizes"]), found["blocking"]["told"]),
        habits=Habits(**{name: tuple(values) for name, values in found["habits"].items()}),
        is_counted=found["is_counted"],
    )


def save_model(connection: DuckDBPyConnection, model: Model, folder: Path) -> None:
    """Write ``model.json`` and ``frequencies.parquet`` into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.json").write_text(content_of(model), encoding="utf-8")
    save_frequencies(connection, folder / "frequencies.parquet")


def save_frequencies(connection: DuckDBPyConnection, path: Path) -> None:
    """Write the table ``frequencies`` as parquet; a value that is not in it has one record."""
    connection.execute(
        f"copy (from frequencies where n > 1 order by column_name, value) to {literal(path.as_posix())} "
        "(format parquet, compression zstd)"
    )


def load_model(connection: DuckDBPyConnection, comparisons: tuple[Comparison, ...], folder: Path) -> Model:
    """The model of a folder and, in the connection, its table ``frequencies``."""
    load_frequencies(connection, folder / "frequencies.parquet")
    return read_model(comparisons, folder)


def read_model(comparisons: tuple[Comparison, ...], folder: Path) -> Model:
    """The model of a folder, for a connection that holds its frequencies already."""
    return model_of((folder / "model.json").read_text(encoding="utf-8"), comparisons)


def load_frequencies(connection: DuckDBPyConnection, path: Path) -> None:
    """Make the table ``frequencies`` from a parquet file."""
    connection.execute(
        f"create or replace table frequencies as from read_parquet({literal(path.as_posix())})"
    )


def _splink_comparison(model: Model, comparison: Comparison) -> dict[str, Any]:
    levels: list[dict[str, Any]] = [
        {"sql_condition": comparison.null, "label_for_charts": "null", "is_null_level": True}
    ]
    for level, m, u in zip(
        comparison.levels, model.m[comparison.name], model.u[comparison.name], strict=True
    ):
        levels.append(
            {
                "sql_condition": "ELSE" if level.sql == "else" else level.sql,
                "label_for_charts": level.code,
                "m_probability": m,
                "u_probability": u,
                "fix_m_probability": True,
                "fix_u_probability": True,
            }
        )
    return {"output_column_name": comparison.name, "comparison_levels": levels}
