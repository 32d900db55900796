"""Stability (C5): how far tonight's features and scores lie from those a model was judged by.

The measure is the population stability index (PSI) of credit-scoring practice: over the bins of a
distribution, the sum of ``(p - q) * ln(p / q)``, where p is a bin's share of tonight's rows and q its share
of the reference's. 0: the same distribution. It has no unit and no upper end.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import fsum, log

import numpy as np
import pandas as pd
from pandas.api import types

from pipelines.churn.features import BY_NAME

SCORE = "score"  # the part that is no feature: the model's own probabilities
PLACES = 8  # a PSI is landed with so many
_TOLD = 3  # features that the message names
_DECILES = np.arange(1, 10) / 10
# Part of the formula: a share of 0 has no logarithm, so a bin that is empty on one side counts as half a row
# there; one that is empty on both tells nothing and is left out.
_EMPTY = 0.5


@dataclass(frozen=True)
class Numbers:
    """A number in bins up to each of ``edges``, ascending, above the last, and missing; rows of each."""

    edges: tuple[float, ...]
    counts: tuple[int, ...]

    def count(self, values: pd.Series | np.ndarray) -> np.ndarray:
        """Rows of each bin, (edges + 2,) of int64."""
        return _count_numbers(self.edges, values)


@dataclass(frozen=True)
class Texts:
    """A text in one bin for each of ``values``, one for unknown ones, one for missing; rows of each."""

    values: tuple[str, ...]
    counts: tuple[int, ...]

    def count(self, values: pd.Series) -> np.ndarray:
        """Rows of each bin, (values + 2,) of int64."""
        return _count_texts(self.values, values)


@dataclass(frozen=True)
class Reference:
    """What a model is used to: the bins of each feature, in declared order, and of its probabilities."""

    features: dict[str, Numbers | Texts]
    score: Numbers


def fit_reference(features: pd.DataFrame, probabilities: np.ndarray) -> Reference:
    """The reference of a table (rows, features) and its calibrated probabilities, (rows,).

    Numbers are cut at their deciles, texts by value; a column is a text where it is no number.
    """
    return Reference(
        {
            name: _fit_numbers(column) if types.is_numeric_dtype(column) else _fit_texts(column)
            for name, column in features.items()
        },
        _fit_numbers(probabilities),
    )


class Tally:
    """Counts rows into a reference's bins, a chunk at a time; chunks and the whole give the same."""

    def __init__(self, reference: Reference) -> None:
        self.row_count = 0
        self._bins = {**reference.features, SCORE: reference.score}
        self._counts = {name: np.zeros(len(bins.counts), dtype=np.int64) for name, bins in self._bins.items()}

    def add(self, features: pd.DataFrame, probabilities: np.ndarray) -> None:
        """Count the rows of a table that has the reference's features, and their probabilities, (rows,)."""
        self.row_count += len(features)
        for name, bins in self._bins.items():
            self._counts[name] += bins.count(probabilities if name == SCORE else features[name])

    def indices(self) -> dict[str, Decimal]:
        """The PSI of each feature and, last, of the score, to eight places; none where no row was counted."""
        if not self.row_count:
            return {}
        return {name: psi(bins.counts, self._counts[name].tolist()) for name, bins in self._bins.items()}


def psi(reference: Sequence[int], tonight: Sequence[int]) -> Decimal:
    """The population stability index of two lists of rows per bin, each with a row at least."""
    of_reference, of_tonight = sum(reference), sum(tonight)
    parts = []
    for expected, found in zip(reference, tonight, strict=True):
        if expected or found:
            q, p = (expected or _EMPTY) / of_reference, (found or _EMPTY) / of_tonight
            parts.append((p - q) * log(p / q))
    return Decimal(f"{fsum(parts):.{PLACES}f}")


def tell_moved(moved: dict[str, Decimal], limit: Decimal) -> list[str]:
    """What staff should hear of the parts whose PSI is above the limit, those that moved furthest first."""
    said = []
    if SCORE in moved:
        said.append(
            f"the scores have moved: their PSI is {moved[SCORE]}, the bound is {limit}; where it is so at a "
            "month end, the inactivity rule scores from the next night on"
        )
    names = sorted(moved.keys() - {SCORE}, key=lambda name: (-moved[name], name))
    if names:
        shown = ", ".join(BY_NAME[name].en for name in names[:_TOLD])
        rest = " …" if len(names) > _TOLD else ""
        said.append(f"{len(names)} features moved: {shown}{rest}; look at churn_stabilities")
    return said


def _fit_numbers(values: pd.Series | np.ndarray) -> Numbers:
    numbers = _numbers(values)
    known = numbers[~np.isnan(numbers)]
    deciles = np.quantile(known, _DECILES, method="lower") if len(known) else known
    edges, repeats = np.unique(deciles, return_counts=True)
    # a value that fills a decile and more, as 0 of a count or 1 of a flag, gets a bin of its own
    below = np.nextafter(edges[repeats > 1], -np.inf)
    cut = tuple(np.union1d(edges, below).tolist())
    return Numbers(cut, tuple(_count_numbers(cut, numbers).tolist()))


def _fit_texts(values: pd.Series) -> Texts:
    known = tuple(sorted(values.dropna().astype(str).unique()))
    return Texts(known, tuple(_count_texts(known, values).tolist()))


def _count_numbers(edges: tuple[float, ...], values: pd.Series | np.ndarray) -> np.ndarray:
    numbers = _numbers(values)
    known = numbers[~np.isnan(numbers)]
    counts = np.bincount(np.searchsorted(np.array(edges), known, side="left"), minlength=len(edges) + 1)
    return np.append(counts, len(numbers) - len(known))


def _count_texts(kept: tuple[str, ...], values: pd.Series) -> np.ndarray:
    known = values.dropna().astype(str)
    places = pd.Index(kept, dtype=object).get_indexer(known.astype(object))
    counts = np.bincount(np.where(places < 0, len(kept), places), minlength=len(kept) + 1)
    return np.append(counts, len(values) - len(known))


def _numbers(values: pd.Series | np.ndarray) -> np.ndarray:
    return pd.Series(values).to_numpy(dtype=np.float64, na_value=np.nan)
