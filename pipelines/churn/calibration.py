"""Calibration: scores become probabilities that happen as often as they say, with their intervals."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import beta

_STEPS = 50
_CLOSE = 1e-10
_PRIOR = 0.5  # of a beta distribution: Jeffreys', half a row of each outcome


@dataclass(frozen=True)
class Line:
    """Log-odds are moved by ``offset`` and stretched by ``slope``."""

    offset: float
    slope: float

    def moved(self, log_odds: np.ndarray) -> np.ndarray:
        """Calibrated log-odds."""
        return self.offset + self.slope * log_odds


def fit_line(log_odds: np.ndarray, happened: np.ndarray) -> Line:
    """The line under which what happened is likeliest (Newton's steps); it never turns the order round.

    Where nothing or everything happened, or the scores say nothing, only the offset is learnt.
    """
    outcome = np.asarray(happened, dtype=float)
    count = len(outcome)
    share = (outcome.sum() + _PRIOR) / (count + 2 * _PRIOR)
    flat = Line(float(np.log(share / (1 - share)) - (log_odds.mean() if count else 0)), 1.0)
    if not 0 < outcome.sum() < count or np.ptp(log_odds) == 0:
        return flat
    # counted as Platt does, so that a clean cut between the classes stays finite
    target = np.where(outcome > 0, (outcome.sum() + 1) / (outcome.sum() + 2), 1 / (count - outcome.sum() + 2))
    offset, slope = 0.0, 1.0
    for _ in range(_STEPS):
        fitted = 1 / (1 + np.exp(-np.clip(offset + slope * log_odds, -30, 30)))
        weight = np.maximum(fitted * (1 - fitted), 1e-12)
        off = target - fitted
        gradient = off.sum(), (off * log_odds).sum()
        a, b, c = weight.sum(), (weight * log_odds).sum(), (weight * log_odds * log_odds).sum()
        determinant = a * c - b * b
        if determinant <= 0:
            return flat
        move = (
            (c * gradient[0] - b * gradient[1]) / determinant,
            (a * gradient[1] - b * gradient[0]) / determinant,
        )
        offset, slope = offset + move[0], slope + move[1]
        if max(map(abs, move)) < _CLOSE:
            break
    return Line(float(offset), float(slope)) if np.isfinite(slope) and slope > 0 else flat


@dataclass(frozen=True)
class Band:
    """Of scores up to ``upper``: how far the true share may lie from the probability, as factors of it."""

    upper: float
    low_factor: float
    high_factor: float


def fit_bands(probabilities: np.ndarray, happened: np.ndarray, level: float, count: int = 10) -> list[Band]:
    """Bands of equally many rows with the interval of their share at ``level`` (as 0.9), lowest first."""
    order = np.argsort(probabilities, kind="stable")
    found = []
    for places in np.array_split(order, min(count, max(len(order), 1))):
        expected = float(probabilities[places].mean()) if len(places) else 0.5
        hits = float(np.asarray(happened)[places].sum())
        low, high = beta.ppf([(1 - level) / 2, (1 + level) / 2], hits + _PRIOR, len(places) - hits + _PRIOR)
        upper = float(probabilities[places].max()) if len(places) else 1.0
        found.append(Band(upper, min(1.0, float(low) / expected), max(1.0, float(high) / expected)))
    return found


def interval(probabilities: np.ndarray, bands: Sequence[Band]) -> tuple[np.ndarray, np.ndarray]:
    """Lower and upper end for each probability; the probability always lies inside."""
    uppers = np.array([band.upper for band in bands[:-1]])
    place = np.searchsorted(uppers, probabilities, side="left")
    low = np.array([band.low_factor for band in bands])[place] * probabilities
    high = np.array([band.high_factor for band in bands])[place] * probabilities
    return low, np.minimum(high, 1.0)
