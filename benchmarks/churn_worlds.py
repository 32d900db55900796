"""A demo bank of one world through the pipeline, a model from its marts, and what the world itself knows."""

import time
from datetime import date, timedelta

import numpy as np
import pandas as pd
from pyarrow import parquet
from sklearn.linear_model import LogisticRegression

from benchmarks.installation import Installation, installation
from pipelines.churn import ChurnError, metrics
from pipelines.churn.frame import Frame, labelled, read_frame
from pipelines.churn.metrics import Outcome
from pipelines.churn.records import promote
from pipelines.churn.splits import split_snapshots
from pipelines.churn.thresholds import read_thresholds
from pipelines.churn.train import Result, train
from pipelines.demo_bank.truth import HAZARDS, IDENTITIES, truth_path
from pipelines.months import last_date, month_name, month_number
from pipelines.warehouse import connect

LAST = date(2026, 10, 31)
REPLAYS = 100
_SCORED = """
    select score.method_code, step.message
    from marts.customer_churn_scores as score
    cross join ops.night_steps as step
    where step.step_name = 'score' and step.night_id = (select max(night_id) from ops.nights)
    limit 1
"""
CAP = 0.99
Figures = dict[str, float]


def figures_of_world(world: str, customers: int, months: int, seed: int) -> Figures:
    """Every figure of one world and seed; what a world is not asked for is told beside."""
    last = month_number(LAST)
    until = last - months // 2 if world == "drift" else last
    with installation("demo") as bench:
        made = ("--customers", str(customers), "--months", str(months), "--last-date", LAST.isoformat())
        seconds = bench.yihu("demo", "write", "--world", world, "--seed", str(seed), *made)
        seconds += bench.yihu("load", "--until", last_date(until).isoformat())
        print(f"  {world} {seed}: {customers} customers loaded in {seconds:.0f} s", flush=True)
        return _of_drift(bench, until) if world == "drift" else _of_training(bench, world)


def _of_training(bench: Installation, world: str) -> Figures:
    started = time.monotonic()
    try:
        result = train(bench.settings, reason=None if world == "leak" else "bench", tell=lambda _: None)
    except ChurnError as error:
        print(f"  {error}", flush=True)
        is_alarm = "look for a leak" in str(error)
        return {"refused": float(not is_alarm), "alarm": float(is_alarm), "claims to beat the rule": 0.0}
    found: Figures = {
        "training seconds": time.monotonic() - started,
        "refused": float(result.trained.refusal is not None),
        "alarm": float(result.trained.alarm is not None),
        "claims to beat the rule": float(result.trained.refusal is None),
        **_told(result),
    }
    return found | _against_truth(bench, result)


def _told(result: Result) -> Figures:
    methods = result.trained.evaluation.methods
    return {
        **{f"ROC AUC of the {name}": methods[name]["roc_auc"].value for name in methods},
        **{f"PR AUC of the {name}": methods[name]["pr_auc"].value for name in methods},
        "base rate": methods["model"]["base_rate"].value,
        "gain over the rule": result.trained.evaluation.gain.value,
    }


def _against_truth(bench: Installation, result: Result) -> Figures:
    """The model and the true hazard on the same customers: those whom the world holds for at risk."""
    frames = _frames(bench)
    hazards = _hazards(bench)
    known = {name: _at_risk(frame, hazards) for name, frame in frames.items()}
    calibration, test = known["calibration"], known["test"]
    model = result.trained.scoring
    is_told = test.table["hazard"].nunique() > 1  # a constant tells nothing
    if not (is_told and calibration.happened.any() and test.happened.any()):
        return {}
    true = _told_by_hazard(calibration, test)
    ours = model.model.predict_proba(test.features)[:, 1]
    judged = {
        name: Outcome(scores, test.happened, test.lost_cents)
        for name, scores in (("ours", ours), ("true", true))
    }
    once, base = np.ones(len(ours)), test.happened.mean()
    above = {name: metrics.pr_auc(one)(once) - base for name, one in judged.items()}
    skill = {name: metrics.brier_skill(one)(once) for name, one in judged.items()}
    tops = {
        name: result.trained.evaluation.methods[name]["top_10_churners"].value for name in ("model", "rule")
    }
    bins = metrics.deciles(judged["ours"])
    return {
        "PR AUC above base, share of the true hazard's": above["ours"] / above["true"],
        "churners in the top decile against the best rule": tops["model"] / tops["rule"],
        "Brier skill, share of the true hazard's": skill["ours"] / skill["true"],
        **{f"observed / expected, decile {one.name}": one.ratio or np.nan for one in bins[:3]},
        **_money(test, ours, true, model.loss_share, frames["train"]),
    }


def _money(test: Frame, ours: np.ndarray, true: np.ndarray, loss_share: float, train_frame: Frame) -> Figures:
    """Replays of the horizon from the true hazards: how often the money lost lies in the model's interval."""
    left = train_frame.happened & (train_frame.exposed_cents > 0)
    shares = np.clip(train_frame.lost_cents[left] / train_frame.exposed_cents[left], 0, 1)
    exposed = test.exposed_cents.astype(float)
    _, low, high = metrics.money_interval(ours, exposed, shares, 0.9)
    cap = np.quantile(exposed, CAP)
    capped = np.minimum(exposed, cap)
    taken = test.happened & (exposed > 0)
    taken_shares = np.clip(test.lost_cents[taken] / exposed[taken], 0, 1)
    chance = np.random.default_rng(0)
    inside, lost = 0, 0.0
    for _ in range(REPLAYS):
        gone = chance.random(len(true)) < true
        drawn = chance.choice(taken_shares, gone.sum())
        inside += low <= float((exposed[gone] * drawn).sum()) <= high
        lost += float((capped[gone] * drawn).sum())
    return {
        "replays inside the money interval": inside * 100 / REPLAYS,
        "capped money, expected / lost": float((ours * capped * loss_share).sum()) * REPLAYS / lost,
    }


def _frames(bench: Installation) -> dict[str, Frame]:
    """The frames of the training, read whole."""
    with connect(bench.settings, "yihu_loader") as connection:
        thresholds = read_thresholds(connection, LAST)
        last = month_number(LAST) - thresholds.horizon_months
        with labelled(connection, "marts", last) as snapshots:
            split = split_snapshots(
                (one.month_number for one in snapshots),
                thresholds.horizon_months,
                thresholds.calibration_months,
            )
            return {
                name: read_frame(connection, getattr(split, name), 1.0)
                for name in ("train", "calibration", "test")
            }


def _hazards(bench: Installation) -> pd.DataFrame:
    """customer_id, month_number, hazard: that any way of leaving begins in the month that follows."""
    hazards = parquet.read_table(truth_path(bench.settings.landing, HAZARDS)).to_pandas()
    parts = [hazards[name].astype(float) for name in ("hazard_attrition", "hazard_dormancy", "hazard_exit")]
    hazards["hazard"] = sum(parts)
    days = pd.to_datetime(hazards["month_end"])
    hazards["month_number"] = days.dt.year * 12 + days.dt.month - 1
    people = pd.read_csv(truth_path(bench.settings.landing, IDENTITIES), dtype=str)
    records = pd.DataFrame(
        bench.ask(
            "select source_code, source_customer_id, customer_id "
            "from intermediate.int_customer_records_linked"
        ),
        columns=["source_code", "source_customer_id", "customer_id"],
    )
    owners = people.merge(records, on=["source_code", "source_customer_id"])[["person_id", "customer_id"]]
    found = hazards.merge(owners.drop_duplicates("person_id"), on="person_id")
    return found[["customer_id", "month_number", "hazard"]].drop_duplicates(["customer_id", "month_number"])


def _at_risk(frame: Frame, hazards: pd.DataFrame) -> Frame:
    table = frame.table.merge(hazards, on=["customer_id", "month_number"], how="inner", validate="1:1")
    return Frame(table, frame.digest)


def _told_by_hazard(calibration: Frame, test: Frame) -> np.ndarray:
    """How likely the label is for who has this hazard and this much to carry out.

    A hazard speaks of an event in the month that follows, the label of three months and of a share of the
    assets; what lies between is learnt on the calibration snapshot.
    """
    line = LogisticRegression(C=np.inf).fit(_hazard_and_assets(calibration), calibration.happened)
    return line.predict_proba(_hazard_and_assets(test))[:, 1]


def _hazard_and_assets(frame: Frame) -> np.ndarray:
    hazard = np.clip(frame.table["hazard"].to_numpy(dtype=float), 1e-6, 1 - 1e-6)
    return np.column_stack([np.log(hazard / (1 - hazard)), np.log1p(frame.exposed_cents / 100)])


def _of_drift(bench: Installation, month: int) -> Figures:
    """A model trained as of the month end before the drivers change scores the nights of those after it.

    It is found out when the night says so and the inactivity rule scores instead.
    """
    result = train(bench.settings, reason="bench", tell=lambda _: None)
    if result.trained.refusal:
        print(f"  {result.trained.refusal}", flush=True)
        return {"degraded to the rule": 0.0, "refused": 1.0}
    start = last_date(month) + timedelta(days=1)
    with connect(bench.settings) as connection:
        promote(connection, result.version, start, "bench", "another bench", "the only model")
    for later in range(month + 1, month_number(LAST) + 1):
        bench.yihu("night", "--date", last_date(later).isoformat())
        ((method, message),) = bench.ask(_SCORED)
        checks = bench.ask(
            "select check_code, check_value, bound_value, is_broken from marts.churn_drift_checks "
            "where method_code = 'model' and is_judged order by check_code"
        )
        found = ", ".join(f"{code} {value:.3f} (bound {bound:.2f})" for code, value, bound, _ in checks)
        print(
            f"  {month_name(later)}: the {method} scored; {found or message or 'no outcome yet'}", flush=True
        )
        if method == "rule":
            return {
                "degraded to the rule": float(any(is_broken for *_, is_broken in checks)),
                "with a warning": float("has drifted" in (message or "")),
                "months until found out": float(later - month),
            }
    return {"degraded to the rule": 0.0}
