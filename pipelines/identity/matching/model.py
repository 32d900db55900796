"""The trained model: what each level is worth, how frequent each value is, how likely two records are one
person.

It is data: a JSON text and one parquet file of frequencies, so that a version can be kept, promoted and
compared.
"""

import json
from dataclasses import asdict, dataclass
from math import log2
from pathlib import Path
from typing import Any

from duckdb import DuckDBPyConnection

from pipelines.identity.matching.comparisons import Comparison
from pipelines.identity.matching.fields import literal

DIGITS = 6  # significant digits kept, so that the order of a sum moves nothing


@dataclass(frozen=True)
class Frequency:
    """Of one column: ``records`` with a value, ``repeats``: further records of the same person among those
    that
    share a value, on average; ``strangers``: records of other people that share a value, on average;
    ``floor``:
    how many of them even the rarest value is taken to have."""

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

    ``prior``: the share of all pairs that are one person. ``home``: by comparison, the same for two people
    of one
    household or office, and ``home_prior`` the share of all pairs that are such. ``frequencies``: by
    column whose values differ in
    frequency; the number of records with each value lies in the table ``frequencies`` (column_name, value,
    n).
    """

    comparisons: tuple[Comparison, ...]
    m: dict[str, tuple[float, ...]]
    u: dict[str, tuple[float, ...]]
    home: dict[str, tuple[float, ...]]
    prior: float
    home_prior: float
    frequencies: dict[str, "Frequency"]

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


def save_model(connection: DuckDBPyConnection, model: Model, folder: Path) -> None:
    """Write ``model.json`` and ``frequencies.parquet`` into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    content = {
        "m": model.m,
        "u": model.u,
        "home": model.home,
        "prior": model.prior,
        "home_prior": model.home_prior,
        "frequencies": {column: asdict(value) for column, value in model.frequencies.items()},
    }
    (folder / "model.json").write_text(json.dumps(content, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    name = literal((folder / "frequencies.parquet").as_posix())
    connection.execute(
        f"copy (from frequencies order by column_name, value) to {name} (format parquet, compression zstd)"
    )


def load_model(connection: DuckDBPyConnection, comparisons: tuple[Comparison, ...], folder: Path) -> Model:
    """The model of a folder and, in the connection, its table ``frequencies``."""
    content = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    name = literal((folder / "frequencies.parquet").as_posix())
    connection.execute(f"create or replace table frequencies as from read_parquet({name})")
    probabilities = {
        part: {name: tuple(values) for name, values in content[part].items()} for part in ("m", "u", "home")
    }
    return Model(
        comparisons=comparisons,
        **probabilities,
        prior=content["prior"],
        home_prior=content["home_prior"],
        frequencies={column: Frequency(**value) for column, value in content["frequencies"].items()},
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
