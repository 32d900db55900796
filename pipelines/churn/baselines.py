"""What a model must be better than: persistence, the best inactivity rule, a logistic regression."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from pipelines.churn.encoding import Encoding, learn

_RANKS = 200  # places between which a number's rank is interpolated
_RARE = 1e-4
_STRENGTH = 0.1


def persistence(change: pd.Series) -> np.ndarray:
    """What fell goes on falling: the more it fell, the higher; unknown counts as no change. (rows,)"""
    return -change.fillna(0).to_numpy(dtype=float)


@dataclass(frozen=True)
class InactivityRule:
    """Probabilities by days without activity: ``days`` where each step begins, ascending."""

    days: tuple[float, ...]
    probabilities: tuple[float, ...]

    def score(self, days_inactive: pd.Series) -> np.ndarray:
        """The step that the days reach, (rows,)."""
        place = np.searchsorted(
            np.array(self.days), days_inactive.fillna(0).to_numpy(dtype=float), side="right"
        )
        return np.array(self.probabilities)[np.maximum(place - 1, 0)]


def best_inactivity_rule(days_inactive: pd.Series, happened: np.ndarray) -> InactivityRule:
    """Of all rules that rise with the days, the one that fits training rows best (isotonic regression)."""
    days = days_inactive.fillna(0).to_numpy(dtype=float)
    fitted = IsotonicRegression(increasing=True).fit(days, np.asarray(happened, dtype=float))
    starts = np.unique(days)
    shares = fitted.predict(starts)
    is_step = np.append(True, np.diff(shares) > _RARE)
    return InactivityRule(tuple(starts[is_step].tolist()), tuple(shares[is_step].tolist()))


@dataclass(frozen=True)
class Regression:
    """A logistic regression on ranks: every number by where it lies in the training, every text by itself."""

    encoding: Encoding
    edges: np.ndarray
    model: LogisticRegression

    def score(self, table: pd.DataFrame) -> np.ndarray:
        """Probability of each row, (rows,), to eight places: the last bits follow the machine."""
        with threadpool_limits(1):
            return self.model.predict_proba(_ranks(self.encoding, self.edges, table))[:, 1].round(8)


def fit_regression(table: pd.DataFrame, happened: np.ndarray) -> Regression:
    """Fit on training rows; one thread, because threads change the order of sums."""
    encoding = learn(table)
    numbers = encoding.numbers(table)
    shares = np.linspace(0, 1, _RANKS)
    empty = np.isnan(numbers).all(axis=0)
    edges = np.nanquantile(np.where(empty, 0.0, numbers), shares, axis=0)
    with threadpool_limits(1):
        model = LogisticRegression(C=_STRENGTH, max_iter=300).fit(_ranks(encoding, edges, table), happened)
    return Regression(encoding, edges, model)


def _ranks(encoding: Encoding, edges: np.ndarray, table: pd.DataFrame) -> np.ndarray:
    numbers = encoding.numbers(table)
    parts = []
    for place, name in enumerate(encoding.names):
        column = numbers[:, place]
        is_missing = np.isnan(column)
        if name in encoding.categories:
            parts += [(column == code).astype(float) for code in range(len(encoding.categories[name]))]
        else:
            # the middle of equal edges: many share one value, as nought
            low = np.searchsorted(edges[:, place], column, side="left")
            high = np.searchsorted(edges[:, place], column, side="right")
            parts.append(np.where(is_missing, 0.0, (low + high) / _RANKS - 1.0))
        if is_missing.any() or name in encoding.categories:
            parts.append(is_missing.astype(float))
        else:
            parts.append(np.zeros(len(column)))
    return np.column_stack(parts)
