"""Scores of a model: probability, its interval, what is lost, and three reasons, in chunks of customers."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from pipelines.churn.calibration import interval
from pipelines.churn.explain import REASONS
from pipelines.churn.features import BY_NAME, DAYS_INACTIVE, NAMES
from pipelines.churn.model import probability
from pipelines.churn.scores import MODEL, Score
from pipelines.churn.stability import Tally
from pipelines.churn.training import ScoringModel

CHUNK = 50_000


def read_chunks(path: Path, chunk: int = CHUNK) -> Iterator[pd.DataFrame]:
    """A csv of ``customer_id`` and the features, typed, a chunk at a time."""
    kinds = {name: "str" if BY_NAME[name].is_text else "float64" for name in NAMES}
    yield from pd.read_csv(
        path,
        dtype={"customer_id": "str", **kinds},
        keep_default_na=False,
        na_values={name: [""] for name in NAMES},
        chunksize=chunk,
    )


def score_table(
    scoring: ScoringModel,
    table: pd.DataFrame,
    role: str,
    version: str,
    reasons_from: float | None,
    tally: Tally | None = None,
) -> Iterator[Score]:
    """One score per row of a table with ``customer_id`` and the features, in its order.

    Who reaches the probability ``reasons_from`` gets reasons; None: nobody. ``tally`` counts what it scores.
    """
    numbers = scoring.model.encode(table)
    # rounded first: what is compared with a bound is what is landed
    found = probability(scoring.model.log_odds(numbers)).round(8)
    if tally:
        tally.add(table, found)
    low, high = interval(found, scoring.bands)
    reasons = np.full((len(table), REASONS), -1, dtype=np.int64)
    if reasons_from is not None and (chosen := found >= reasons_from).any():
        reasons[chosen] = scoring.explainer.reasons(scoring.model, numbers[chosen])
    codes, values = _reason_cells(scoring, numbers, reasons)
    loss = f"{scoring.loss_share:.8f}"
    for place, (customer, value, least, most, days) in enumerate(
        zip(
            table["customer_id"].tolist(),
            found.tolist(),
            low.tolist(),
            high.tolist(),
            table[DAYS_INACTIVE].tolist(),
            strict=True,
        )
    ):
        first, second, third = codes[place]
        yield Score(
            customer,
            role,
            f"{value:.8f}",
            f"{least:.8f}",
            f"{most:.8f}",
            loss,
            None if days != days else int(days),
            MODEL,
            version,
            *(first, values[place][0], second, values[place][1], third, values[place][2]),
        )


def _reason_cells(
    scoring: ScoringModel, numbers: np.ndarray, reasons: np.ndarray
) -> tuple[list[list[str | None]], list[list[str | None]]]:
    """Code and value of each reason: the value as it was, to four places; None for a text or a gap."""
    names = np.array([*scoring.feature_names, None], dtype=object)
    is_text = np.array([*scoring.model.encoding_.is_text, True])
    values = numbers[np.arange(len(numbers))[:, None], reasons]
    shown = np.full(reasons.shape, None, dtype=object)
    has_value = ~is_text[reasons] & ~np.isnan(values)
    shown[has_value] = [f"{value:.4f}" for value in values[has_value].tolist()]
    return names[reasons].tolist(), shown.tolist()
