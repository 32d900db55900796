"""Training (C2): a model from monthly snapshots, judged on a later one against simple rules, or refused."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from pipelines.churn import baselines, metrics
from pipelines.churn.calibration import Band, fit_bands
from pipelines.churn.explain import Explainer, learn_explainer
from pipelines.churn.features import (
    DAYS_INACTIVE,
    GROUPS,
    MONOTONE,
    NAMES,
    PERSISTENCE,
    SEGMENT,
    feature_hash,
    groups_of,
)
from pipelines.churn.frame import Frame
from pipelines.churn.leaks import telling_values
from pipelines.churn.metrics import Bin, Figure, Outcome
from pipelines.churn.model import ChurnModel
from pipelines.churn.splits import Split
from pipelines.churn.stability import Reference, fit_reference
from pipelines.churn.thresholds import Thresholds

_CAP = 0.99  # of the customers: what a few hold beyond it would drown the rest
_EXPLAINED = 2_000  # test rows whose groups are weighed for the report
Tell = Callable[[str], None]


@dataclass(frozen=True)
class ScoringModel:
    """All that scoring needs: what is kept in a model's file."""

    model: ChurnModel
    bands: list[Band]
    loss_share: float
    explainer: Explainer
    feature_names: list[str]
    feature_hash: str
    reference: Reference


@dataclass(frozen=True)
class Evaluation:
    """How a model did out of time: figures by method and name, drivers by group of features."""

    split: Split
    row_counts: dict[str, int]
    churner_counts: dict[str, int]
    methods: dict[str, dict[str, Figure]]
    gain: Figure
    gain_curves: dict[str, list[float]]
    deciles: list[Bin]
    segments: dict[str, list[Bin]]
    group_shares: dict[str, float]
    kinds: dict[str, int]
    trend: list[tuple[int, int, int]]

    def as_json(self) -> dict[str, Any]:
        """Plain lists, numbers and texts, for the registry."""
        return asdict(self)


@dataclass(frozen=True)
class Trained:
    """A model, its evaluation, why it may not serve (``refusal``), what must be explained (``alarm``)."""

    scoring: ScoringModel
    evaluation: Evaluation
    refusal: str | None
    alarm: str | None


def train_model(
    parts: Mapping[str, Frame],
    split: Split,
    thresholds: Thresholds,
    tell: Tell = lambda _: None,
    trend: Sequence[tuple[int, int, int]] = (),
) -> Trained:
    """Fit on ``parts["train"]``, calibrate on ``["calibration"]``, judge on ``["test"]``; chance is seeded.

    The rules that it is held against see the training part alone. ``trend``: month number, customers who
    could leave and who did, of every snapshot, for the report.
    """
    train, calibration, test = (parts[name] for name in ("train", "calibration", "test"))
    tell(f"baselines on {len(train.table):,} rows")
    rivals = rivals_of(train, test)
    tell(f"model on {len(train.table):,} rows and {len(NAMES)} features")
    fitted = ChurnModel(monotone=MONOTONE).fit(
        train.features, train.happened, calibration=(calibration.features, calibration.happened)
    )
    tell("curves and intervals")
    scoring = _scoring(fitted, parts, thresholds.interval_share)
    tell(f"judging on {len(test.table):,} rows")
    evaluation = evaluate(scoring, parts, split, rivals, thresholds, trend)
    refusal = thresholds.gain_refusal(evaluation.gain.value, evaluation.gain.low)
    reached = evaluation.methods["model"]["roc_auc"].value
    signs = [f"ROC AUC {reached:.3f} out of time"] if thresholds.is_suspicious(reached) else []
    signs += telling_values(train, thresholds)
    alarm = f"{'; '.join(signs)}: look for a leak" if signs else None
    return Trained(scoring, evaluation, refusal, alarm)


def evaluate(
    scoring: ScoringModel,
    parts: Mapping[str, Frame],
    split: Split,
    rivals: Mapping[str, np.ndarray],
    thresholds: Thresholds,
    trend: Sequence[tuple[int, int, int]] = (),
) -> Evaluation:
    """Every figure of the model and its rivals (method → scores of the test rows) on the test part."""
    test, level = parts["test"], thresholds.interval_share
    scores = scoring.model.predict_proba(test.features)[:, 1]
    outcomes = {
        name: Outcome(values, test.happened, test.lost_cents)
        for name, values in {"model": scores, **rivals}.items()
    }
    return Evaluation(
        split=split,
        row_counts={name: len(frame.table) for name, frame in parts.items()},
        churner_counts={name: int(frame.happened.sum()) for name, frame in parts.items()},
        methods={
            name: metrics.figures(outcome, level, is_probability=name != "persistence")
            for name, outcome in outcomes.items()
        },
        gain=metrics.gain(outcomes["model"], outcomes["rule"], level),
        gain_curves={name: metrics.gain_curve(outcome) for name, outcome in outcomes.items()},
        deciles=metrics.deciles(outcomes["model"]),
        segments={
            name: metrics.by_segment(outcomes["model"], test.table[name]) for name in ("branch_id", SEGMENT)
        },
        group_shares=_group_shares(scoring, test.features),
        kinds={name: int(test.table[name].sum()) for name in ("is_attrition", "is_dormancy", "is_exit")},
        trend=list(trend),
    )


def loss_share(frame: Frame) -> float:
    """Which share of their assets those who left took with them; amounts beyond a cap count as the cap."""
    left = frame.happened
    if not left.any():
        return 0.0
    cap = np.quantile(frame.exposed_cents, _CAP, method="lower")
    had, lost = np.minimum(frame.exposed_cents[left], cap), np.minimum(frame.lost_cents[left], cap)
    return min(1.0, int(lost.sum()) / int(had.sum())) if had.sum() else 0.0


def rivals_of(train: Frame, test: Frame) -> dict[str, np.ndarray]:
    """What a model must be better than: scores of the test rows by method, learnt on training rows alone."""
    rule = baselines.best_inactivity_rule(train.table[DAYS_INACTIVE], train.happened)
    regression = baselines.fit_regression(train.features, train.happened)
    return {
        "rule": rule.score(test.table[DAYS_INACTIVE]),
        "regression": regression.score(test.features),
        "persistence": baselines.persistence(test.table[PERSISTENCE]),
    }


def _scoring(model: ChurnModel, parts: Mapping[str, Frame], level: float) -> ScoringModel:
    train, calibration, test = (parts[name] for name in ("train", "calibration", "test"))
    scores = model.predict_proba(calibration.features)[:, 1]
    sample = model.encode(train.features.iloc[:: max(len(train.table) // _EXPLAINED, 1)])
    both = Frame(pd.concat([train.table, calibration.table], ignore_index=True), "")
    return ScoringModel(
        model=model,
        bands=fit_bands(scores, calibration.happened, level),
        loss_share=loss_share(both),
        explainer=learn_explainer(model, sample, groups_of(list(NAMES))),
        feature_names=list(NAMES),
        feature_hash=feature_hash(),
        # the test snapshot: the newest, and scored as a night is, by a model that has learnt from none of it
        reference=fit_reference(test.features, model.predict_proba(test.features)[:, 1].round(8)),
    )


def _group_shares(scoring: ScoringModel, features: pd.DataFrame) -> dict[str, float]:
    """How much each group of features moves the log-odds, as a share of what all groups move."""
    numbers = scoring.model.encode(features.iloc[:: max(len(features) // _EXPLAINED, 1)])
    moved = np.abs(scoring.explainer.parts(scoring.model, numbers)).mean(axis=0)
    shares = moved / moved.sum() if moved.sum() else moved
    found = dict(zip(scoring.explainer.groups, map(float, shares), strict=True))
    return {
        group: found[group]
        for group in sorted(found, key=lambda name: (-found[name], name))
        if group in GROUPS
    }
