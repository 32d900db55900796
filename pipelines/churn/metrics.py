"""How good scores are: order, calibration and money, each with an interval from seeded resampling (C2)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

RESAMPLES = 200
TOPS = (0.05, 0.1, 0.2)  # shares of the customers that are looked at first
_DECILES = 10


@dataclass(frozen=True)
class Figure:
    """A figure and the interval that resampled customers give; ``low`` and ``high`` None: too few of them."""

    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Outcome:
    """Who was scored how, and what became of him; each (rows,). Money in cents, lost by those who left."""

    scores: np.ndarray
    happened: np.ndarray
    lost_cents: np.ndarray

    def taken(self, places: np.ndarray) -> "Outcome":
        """Some of the rows."""
        return Outcome(self.scores[places], self.happened[places], self.lost_cents[places])


Weighted = Callable[[np.ndarray], float]  # weights of the rows → figure


def roc_auc(outcome: Outcome) -> Weighted:
    """The share of pairs, one who left and one who stayed, that are in the right order; ties are half."""
    order, ends = _groups(outcome.scores)
    happened = outcome.happened[order].astype(float)

    def figure(weights: np.ndarray) -> float:
        weight = weights[order]
        hits, misses = _sums(weight * happened, ends), _sums(weight * (1 - happened), ends)
        after = misses.sum() - np.cumsum(misses)
        pairs = hits.sum() * misses.sum()
        return float((hits * (after + misses / 2)).sum() / pairs) if pairs else np.nan

    return figure


def pr_auc(outcome: Outcome) -> Weighted:
    """Average precision: the precision reached at each score, weighted by who is found there."""
    order, ends = _groups(outcome.scores)
    happened = outcome.happened[order].astype(float)

    def figure(weights: np.ndarray) -> float:
        weight = weights[order]
        hits, rows = _sums(weight * happened, ends), _sums(weight, ends)
        found, seen = np.cumsum(hits), np.cumsum(rows)
        precision = np.divide(found, seen, out=np.zeros_like(found), where=seen > 0)
        return float((precision * hits).sum() / hits.sum()) if hits.sum() else np.nan

    return figure


def caught(outcome: Outcome, top: float, values: np.ndarray | None = None) -> Weighted:
    """The share of the leavers (or of ``values``, as money) among the ``top`` share with the highest scores.

    A group of equal scores that straddles the edge counts in proportion.
    """
    order, ends = _groups(outcome.scores)
    worth = (outcome.happened if values is None else values)[order].astype(float)

    def figure(weights: np.ndarray) -> float:
        weight = weights[order]
        rows, found = _sums(weight, ends), _sums(weight * worth, ends)
        if not found.sum():
            return np.nan
        room = np.clip((top * rows.sum() - (np.cumsum(rows) - rows)) / np.maximum(rows, 1e-12), 0, 1)
        return float((room * found).sum() / found.sum())

    return figure


def gain_curve(outcome: Outcome, points: int = 20) -> list[float]:
    """Which share of the leavers are among the first 0, 1/points, … of the customers."""
    once = np.ones(len(outcome.scores))
    return [caught(outcome, place / points)(once) for place in range(points + 1)]


def brier(outcome: Outcome) -> Weighted:
    """The mean square of probability less outcome."""
    squares = (outcome.scores - outcome.happened) ** 2
    return lambda weights: float((weights * squares).sum() / weights.sum())


def brier_skill(outcome: Outcome) -> Weighted:
    """How much of the Brier score of one probability for all is gone: 1 is perfect, 0 no better."""
    squares, happened = (outcome.scores - outcome.happened) ** 2, outcome.happened.astype(float)

    def figure(weights: np.ndarray) -> float:
        share = (weights * happened).sum() / weights.sum()
        base = share * (1 - share)
        return float(1 - (weights * squares).sum() / weights.sum() / base) if base else np.nan

    return figure


def figures(
    outcome: Outcome, level: float, seed: int = 0, *, is_probability: bool = True
) -> dict[str, Figure]:
    """Every figure of one set of scores by name; ``level`` is that of the intervals, as 0.9."""
    share = outcome.happened.mean()
    measures: dict[str, Weighted] = {"roc_auc": roc_auc(outcome), "pr_auc": pr_auc(outcome)}
    for top in TOPS:
        name = f"top_{round(100 * top)}"
        measures[f"{name}_churners"] = caught(outcome, top)
        measures[f"{name}_money"] = caught(outcome, top, outcome.lost_cents)
        measures[f"{name}_lift"] = _scaled(caught(outcome, top), 1 / top)
    if is_probability:
        measures |= {"brier": brier(outcome), "brier_skill": brier_skill(outcome)}
    found = with_intervals(measures, len(outcome.scores), level, seed)
    return {"base_rate": Figure(float(share)), **found}


def gain(model: Outcome, rule: Outcome, level: float, seed: int = 0) -> Figure:
    """By which share the model's average precision exceeds the rule's, on the same rows."""
    ours, theirs = pr_auc(model), pr_auc(rule)
    measure = {"gain": lambda weights: ours(weights) / theirs(weights) - 1}
    return with_intervals(measure, len(model.scores), level, seed)["gain"]


def with_intervals(measures: dict[str, Weighted], rows: int, level: float, seed: int) -> dict[str, Figure]:
    """Each figure with the interval over resampled rows (Poisson weights, the same for all figures)."""
    chance = np.random.default_rng(seed)
    once = np.ones(rows)
    drawn: dict[str, list[float]] = {name: [] for name in measures}
    for _ in range(RESAMPLES):
        weights = chance.poisson(1.0, rows).astype(float)
        if not weights.any():
            continue
        for name, measure in measures.items():
            drawn[name].append(measure(weights))
    found = {}
    for name, measure in measures.items():
        values = np.array(drawn[name])
        values = values[np.isfinite(values)]
        ends = np.quantile(values, [(1 - level) / 2, (1 + level) / 2]) if len(values) else (None, None)
        found[name] = Figure(measure(once), *(None if end is None else float(end) for end in ends))
    return found


@dataclass(frozen=True)
class Bin:
    """One group of customers: how many, how many were expected to leave, how many did, and what they took."""

    name: str
    customer_count: int
    expected: float
    observed: int
    lost_cents: int

    @property
    def ratio(self) -> float | None:
        """Observed over expected; None where nobody was expected."""
        return self.observed / self.expected if self.expected else None


def deciles(outcome: Outcome) -> list[Bin]:
    """Ten groups of equally many rows, the likeliest to leave first, as ``churn_outcomes`` counts them."""
    order = np.argsort(-outcome.scores, kind="stable")
    return [
        _bin(str(number), outcome.taken(places))
        for number, places in enumerate(np.array_split(order, _DECILES), start=1)
    ]


def by_segment(outcome: Outcome, segments: Sequence[object]) -> list[Bin]:
    """One group for each value of a column, in order of its name."""
    names = np.array([str(one) for one in segments], dtype=object)
    return [_bin(name, outcome.taken(np.flatnonzero(names == name))) for name in sorted(set(names))]


def money_interval(
    probabilities: np.ndarray, exposed: np.ndarray, shares: np.ndarray, level: float, seed: int = 0
) -> tuple[float, float, float]:
    """Mean, lower and upper end of the money that will be lost, by drawing who leaves and what he takes.

    ``exposed`` is what each has, ``shares`` the shares that former leavers took, drawn with equal chance.
    """
    chance = np.random.default_rng(seed)
    totals = [
        float((exposed[left] * chance.choice(shares, left.sum())).sum())
        for left in (chance.random(len(probabilities)) < probabilities for _ in range(5 * RESAMPLES))
    ]
    low, high = np.quantile(totals, [(1 - level) / 2, (1 + level) / 2])
    return float(np.mean(totals)), float(low), float(high)


def _bin(name: str, outcome: Outcome) -> Bin:
    return Bin(
        name,
        len(outcome.scores),
        float(outcome.scores.sum()),
        int(outcome.happened.sum()),
        int(outcome.lost_cents.sum()),
    )


def _groups(scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The order from the highest score down, and where each group of equal scores ends in it."""
    order = np.argsort(-scores, kind="stable")
    ordered = scores[order]
    ends = np.flatnonzero(np.append(np.diff(ordered) != 0, True))
    return order, ends


def _sums(values: np.ndarray, ends: np.ndarray) -> np.ndarray:
    return np.diff(np.cumsum(values)[ends], prepend=0)


def _scaled(measure: Weighted, factor: float) -> Weighted:
    return lambda weights: factor * measure(weights)
