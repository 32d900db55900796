"""The churn model (C2): small boosted trees, averaged and calibrated; a scikit-learn estimator for any table.

Chosen by measurement: docs/decisions/2026-11-22-small-trees-on-some-columns.md.
"""

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.utils.validation import check_is_fitted, column_or_1d

from pipelines.churn.calibration import Line, fit_line
from pipelines.churn.encoding import Encoding, EncodingError, as_table, learn

_CHUNK = 100_000  # rows that are encoded at a time
_BLOCK = 4_000  # rows that fit a processor's cache: every tree passes over them
_PLACES = 1e-12  # probabilities lie between this and 1 less this


class ChurnModel(ClassifierMixin, BaseEstimator):
    """How likely each row is of the second of two classes.

    Takes a DataFrame of numbers, texts (object, string, category, bool) and missing values; anything it has
    not seen in training counts as missing. The same rows give the same bits with any number of threads.

    iterations, learning_rate, leaves, least_leaf, penalty: of each member, as scikit-learn's
    ``max_iter``, ``learning_rate``, ``max_leaf_nodes``, ``min_samples_leaf``, ``l2_regularization``.
    column_share: which share of the columns a split may choose from.
    members: how many ensembles are averaged, each with its own chance.
    monotone: column → 1 (the more, the likelier), -1 or 0; columns that are not named are free.
    random_state: the first member's chance; the others follow.
    """

    def __init__(
        self,
        iterations: int = 75,
        learning_rate: float = 0.1,
        leaves: int = 8,
        least_leaf: int = 40,
        penalty: float = 3.0,
        column_share: float = 0.5,
        members: int = 2,
        monotone: Mapping[str, int] | None = None,
        random_state: int = 0,
    ) -> None:
        self.iterations = iterations
        self.learning_rate = learning_rate
        self.leaves = leaves
        self.least_leaf = least_leaf
        self.penalty = penalty
        self.column_share = column_share
        self.members = members
        self.monotone = monotone
        self.random_state = random_state

    def fit(
        self,
        X: pd.DataFrame,
        y: Any,
        sample_weight: Any = None,
        calibration: tuple[pd.DataFrame, Any] | None = None,
    ) -> Self:
        """Learn from rows and their classes; ``calibration`` is a later table and its classes.

        With it, log-odds are moved and stretched to what happened there; without, they stay as learnt. No
        row is set aside. EncodingError for a table, ValueError for classes that cannot be learnt from.
        """
        table = as_table(X)
        classes = column_or_1d(y)
        self.classes_ = np.unique(classes)
        if len(self.classes_) != 2:
            raise ValueError(f"two classes are needed, these are {len(self.classes_)}")
        if len(classes) != len(table):
            raise ValueError(f"{len(table)} rows and {len(classes)} classes: give one class for each row")
        self.encoding_ = learn(table)
        self.feature_names_in_ = np.array(self.encoding_.names, dtype=object)
        self.n_features_in_ = len(self.encoding_.names)
        numbers = self.encoding_.numbers(table)
        self.reference_ = _reference(numbers, self.encoding_)
        is_second = classes == self.classes_[1]
        self.members_ = [
            self._member(place).fit(numbers, is_second, sample_weight) for place in range(self.members)
        ]
        self.line_ = Line(0.0, 1.0)
        if calibration is not None:
            later, outcome = calibration
            happened = column_or_1d(outcome) == self.classes_[1]
            self.line_ = fit_line(self.raw_log_odds(self.encode(later)), happened)
        return self

    def encode(self, X: pd.DataFrame) -> np.ndarray:
        """The table as the trees read it: (rows, columns) of float64, nan where missing or never seen."""
        check_is_fitted(self)
        return self.encoding_.numbers(as_table(X))

    def raw_log_odds(self, numbers: np.ndarray) -> np.ndarray:
        """Log-odds of encoded rows before calibration, (rows,): what reasons are reckoned in."""
        total = np.zeros(len(numbers))
        for start in range(0, len(numbers), _BLOCK):
            rows = slice(start, start + _BLOCK)
            for member in self.members_:
                total[rows] += member.decision_function(numbers[rows])
        return total / len(self.members_)

    def log_odds(self, numbers: np.ndarray) -> np.ndarray:
        """Calibrated log-odds of encoded rows, (rows,)."""
        return self.line_.moved(self.raw_log_odds(numbers))

    def decision_function(self, X: pd.DataFrame) -> np.ndarray:
        """Calibrated log-odds, (rows,); above zero the second class is the likelier."""
        table = as_table(X)
        starts = range(0, max(len(table), 1), _CHUNK)
        return np.concatenate(
            [self.log_odds(self.encode(table.iloc[start : start + _CHUNK])) for start in starts]
        )

    def predict_proba(self, X: pd.DataFrame) -> np.ndarray:
        """Probabilities of the first and the second class, (rows, 2)."""
        second = probability(self.decision_function(X))
        return np.column_stack([1 - second, second])

    def predict(self, X: pd.DataFrame) -> np.ndarray:
        """The likelier class of each row."""
        return self.classes_[(self.decision_function(X) > 0).astype(int)]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True
        tags.input_tags.string = True
        return tags

    def _member(self, place: int) -> HistGradientBoostingClassifier:
        return HistGradientBoostingClassifier(
            max_iter=self.iterations,
            learning_rate=self.learning_rate,
            max_leaf_nodes=self.leaves,
            min_samples_leaf=self.least_leaf,
            l2_regularization=self.penalty,
            max_features=self.column_share,
            categorical_features=self.encoding_.is_text,
            monotonic_cst=self._directions(),
            early_stopping=False,
            random_state=self.random_state + place,
        )

    def _directions(self) -> list[int]:
        wanted = dict(self.monotone or {})
        if unknown := sorted(set(wanted) - set(self.encoding_.names)):
            raise EncodingError(f"monotone names {', '.join(unknown)}, which the table does not have")
        return [
            0 if name in self.encoding_.categories else wanted.get(name, 0) for name in self.encoding_.names
        ]


def probability(log_odds: np.ndarray) -> np.ndarray:
    """Log-odds as probabilities, a hair away from 0 and 1."""
    return np.clip(1 / (1 + np.exp(-log_odds)), _PLACES, 1 - _PLACES)


def _reference(numbers: np.ndarray, encoding: Encoding) -> np.ndarray:
    """The usual row: medians and most frequent texts; missing where more than half are missing."""
    found = np.full(numbers.shape[1], np.nan)
    for place, is_text in enumerate(encoding.is_text):
        column = numbers[:, place]
        known = column[~np.isnan(column)]
        if 2 * len(known) < len(column) or not len(known):
            continue
        found[place] = (
            np.bincount(known.astype(int)).argmax() if is_text else np.quantile(known, 0.5, method="lower")
        )
    return found
