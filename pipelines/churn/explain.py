"""Why a score is high: what each group of features adds to the log-odds, and which feature leads its group.

A group's part is the difference to the same customer with the usual values in that group. Within a group the
feature leads whose own curve, drawn once after training, stands highest at the customer's value.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from pipelines.churn.model import ChurnModel

REASONS = 3
_LEAST = 0.01  # log-odds: what moves less is no reason
_SAMPLE = 64  # rows over which a curve is averaged
_POINTS = 12  # of a curve


@dataclass(frozen=True)
class Curve:
    """How the log-odds go with one feature: ``effects`` at ``points``, and where it is missing."""

    points: np.ndarray
    effects: np.ndarray
    missing: float

    def at(self, values: np.ndarray) -> np.ndarray:
        """The effect at the point nearest to each value."""
        if not len(self.points):
            return np.full(len(values), self.missing)
        middles = (self.points[1:] + self.points[:-1]) / 2
        found = self.effects[np.searchsorted(middles, values)]
        return np.where(np.isnan(values), self.missing, found)


@dataclass(frozen=True)
class Explainer:
    """``groups``: code → places of its columns among the model's; ``curves``: one per column."""

    groups: dict[str, list[int]]
    curves: list[Curve]

    def parts(self, model: ChurnModel, numbers: np.ndarray) -> np.ndarray:
        """What each group adds to the log-odds of encoded rows, (rows, groups), groups in their order."""
        whole, changed = model.raw_log_odds(numbers), numbers.copy()
        found = np.empty((len(numbers), len(self.groups)))
        for place, columns in enumerate(self.groups.values()):
            changed[:, columns] = model.reference_[columns]
            found[:, place] = whole - model.raw_log_odds(changed)
            changed[:, columns] = numbers[:, columns]
        return found

    def reasons(self, model: ChurnModel, numbers: np.ndarray) -> np.ndarray:
        """Columns of the features that lead the groups that raise the risk most, (rows, 3); -1 where none."""
        parts = self.parts(model, numbers)
        leaders = self._leaders(numbers)
        best = np.argsort(-parts, axis=1, kind="stable")[:, :REASONS]
        rows = np.arange(len(numbers))[:, None]
        found = np.where(parts[rows, best] >= _LEAST, leaders[rows, best], -1)
        if found.shape[1] < REASONS:
            found = np.pad(found, ((0, 0), (0, REASONS - found.shape[1])), constant_values=-1)
        return found

    def _leaders(self, numbers: np.ndarray) -> np.ndarray:
        found = np.empty((len(numbers), len(self.groups)), dtype=np.int64)
        for place, columns in enumerate(self.groups.values()):
            effects = np.column_stack([self.curves[column].at(numbers[:, column]) for column in columns])
            found[:, place] = np.array(columns)[effects.argmax(axis=1)]
        return found


def learn_explainer(model: ChurnModel, numbers: np.ndarray, groups: Mapping[str, Sequence[str]]) -> Explainer:
    """Draw the curve of every column over every n-th of the encoded training rows."""
    step = max(len(numbers) // _SAMPLE, 1)
    sample = numbers[::step][:_SAMPLE]
    names = list(model.encoding_.names)
    curves = [_curve(model, sample, numbers[:, place], place) for place in range(len(names))]
    return Explainer(
        {group: [names.index(name) for name in members] for group, members in groups.items()}, curves
    )


def _curve(model: ChurnModel, sample: np.ndarray, column: np.ndarray, place: int) -> Curve:
    known = column[~np.isnan(column)]
    if model.encoding_.is_text[place]:
        points = np.unique(known)
    else:
        points = (
            np.unique(np.quantile(known, np.linspace(0, 1, _POINTS), method="lower")) if len(known) else known
        )
    values = np.array([*points, np.nan, model.reference_[place]])
    rows = np.tile(sample, (len(values), 1))
    rows[:, place] = np.repeat(values, len(sample))
    means = model.raw_log_odds(rows).reshape(len(values), len(sample)).mean(axis=1)
    effects = means - means[-1]
    return Curve(points, effects[:-2], float(effects[-2]))
