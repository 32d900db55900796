"""How well and how fast the churn model scores: on a real bank, in the demo bank's worlds, on a million rows.

``berka``    4,057 real accounts: 10 × 5-fold mean ROC AUC and PR AUC (see their README for the faults of the
             label; the quantities of 1998 are no features).
``scoring``  1,000,000 made-up customers: seconds and memory, with reasons above the lowest band and for all.
``drivers``, ``null``, ``rule``, ``leak``, ``drift``: a demo bank of that world goes through the pipeline, a
             model is trained on its marts and held, out of time, against the hazards that drew its events.
             Both are judged by policy's label, among those whom the world holds for at risk, and both are
             calibrated on the same snapshot.
``lifetime`` a demo bank of that first world, life-time values as of a year before its end against that year.

Prints asked and got for each figure, mean and spread over the seeds; exit code 1 where one falls short.
"""

import argparse
import resource
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.model_selection import StratifiedKFold

from benchmarks.churn_worlds import Figures, figures_of_world
from benchmarks.lifetimes import figures_of_lifetimes
from pipelines.churn.calibration import fit_bands
from pipelines.churn.explain import learn_explainer
from pipelines.churn.features import FEATURES, NAMES, feature_hash, groups_of
from pipelines.churn.model import ChurnModel
from pipelines.churn.serving import read_chunks, score_table
from pipelines.churn.stability import Tally, fit_reference
from pipelines.churn.training import ScoringModel
from pipelines.settings import ROOT

BERKA = ROOT.parent / "shared" / "data" / "berka" / "derived"
NEVER_FEATURES = ("churned", "avg_balance_label", "tx_count_label", "balance_ratio", "account_id")
WORLDS = ("drivers", "null", "rule", "leak", "drift")
CUSTOMERS = {"drivers": 100_000}
FEWER = 20_000
MONTHS = 24
SCORED = 1_000_000
LOWEST_BAND_ENDS = 0.2
_FOLDS = 5
_Z = 1.645  # of a 90 % interval


@dataclass(frozen=True)
class Aim:
    """What a figure must reach: at least, or at most."""

    least: float | None = None
    most: float | None = None

    def is_met(self, value: float) -> bool:
        """Whether a figure reaches it; what is not a number does not."""
        return (self.least is None or value >= self.least) and (self.most is None or value <= self.most)

    def __str__(self) -> str:
        parts = [
            *([] if self.least is None else [f"≥ {self.least:g}"]),
            *([] if self.most is None else [f"≤ {self.most:g}"]),
        ]
        return " and ".join(parts) or "–"


AIMS = {
    "berka": {"ROC AUC": Aim(least=0.785), "PR AUC": Aim(least=0.26)},
    "scoring": {
        "seconds, reasons above the lowest band": Aim(most=60),
        "seconds, reasons for everybody": Aim(most=180),
        "memory in GB": Aim(most=2),
    },
    "drivers": {
        "PR AUC above base, share of the true hazard's": Aim(least=0.9),
        "churners in the top decile against the best rule": Aim(least=1.1),
        "Brier skill, share of the true hazard's": Aim(least=0.6),
        "observed / expected, decile 1": Aim(0.8, 1.25),
        "observed / expected, decile 2": Aim(0.8, 1.25),
        "observed / expected, decile 3": Aim(0.8, 1.25),
        "replays inside the money interval": Aim(least=85),
        "capped money, expected / lost": Aim(0.95, 1.05),
        "training seconds": Aim(most=600),
    },
    "null": {"refused": Aim(least=1)},
    "rule": {"claims to beat the rule": Aim(most=0)},
    "leak": {"alarm": Aim(least=1)},
    "drift": {"degraded to the rule": Aim(least=1), "with a warning": Aim(least=1)},
    "lifetime": {
        "best fifth caught, against the naive baseline": Aim(least=1.05),
        "capped total, foretold / realised": Aim(0.95, 1.05),
    },
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what is named, or all; 0 when every figure reached its aim."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.churn", description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="name", help=" | ".join(AIMS))
    parser.add_argument("--seeds", type=int, default=5, help="of each world")
    parser.add_argument("--customers", type=int, help="of each world; default 100,000 and 20,000")
    parser.add_argument("--months", type=int, default=MONTHS)
    parser.add_argument("--rows", type=int, default=SCORED, help="to score")
    given = parser.parse_args(arguments)
    if unknown := sorted(set(given.names) - set(AIMS)):
        parser.error(f"no bench {', '.join(unknown)}; there are {', '.join(AIMS)}")
    met = True
    for name in given.names or AIMS:
        print(f"\n{name}", flush=True)
        found: list[Figures] = list(_runs(name, given))
        met &= judge(AIMS[name], found)
    return 0 if met else 1


def judge(aims: dict[str, Aim], runs: Sequence[Figures]) -> bool:
    """Print each figure's mean and spread beside its aim; whether all means reach theirs."""
    met = bool(runs)
    names = list(dict.fromkeys([*aims, *(name for run in runs for name in run)]))
    for name in names:
        values = np.array([run.get(name, np.nan) for run in runs])
        mean = float(values.mean()) if len(values) else np.nan
        aim = aims.get(name)
        is_met = aim is None or aim.is_met(mean)
        met &= is_met
        spread = f" ± {values.std(ddof=1):.4f}" if len(values) > 1 else ""
        mark = "" if aim is None else f"asked {aim}: {'met' if is_met else 'MISSED'}"
        print(f"  {name:<54}{mean:>10.4f}{spread:<12} {mark}", flush=True)
    return met


def _runs(name: str, given: argparse.Namespace) -> Iterator[Figures]:
    if name == "berka":
        yield from berka()
    elif name == "scoring":
        yield scoring(given.rows)
    else:
        measure = figures_of_lifetimes if name == "lifetime" else partial(figures_of_world, name)
        for seed in range(1, given.seeds + 1):
            yield measure(given.customers or CUSTOMERS.get(name, FEWER), given.months, seed)


# ── a real bank ─────────────────────────────────────────────────────────────────────────────────────────────


def berka_table(folder: Path = BERKA) -> tuple[pd.DataFrame, np.ndarray]:
    """Features up to 1997 and the label of 1998, (4057, …) and (4057,)."""
    features = pd.read_csv(folder / "account_features_1993_1997.csv.gz")
    labels = pd.read_csv(folder / "account_churn_labels_1998.csv.gz")
    whole = features.drop(columns="churned").merge(labels, on="account_id", validate="1:1")
    return whole.drop(columns=list(NEVER_FEATURES)), whole["churned"].to_numpy()


def berka(repeats: int = 10, folder: Path = BERKA) -> Iterator[Figures]:
    """One run per repeat of five folds; the figures are means over the folds. Prints 90 % intervals."""
    table, happened = berka_table(folder)
    assert not set(NEVER_FEATURES) & set(table.columns)
    last = (table["avg_balance_obs"] / features_of_berka(folder)["balance_last"]).to_numpy()
    print(f"  {len(table)} accounts, {table.shape[1]} features, {happened.sum()} churned", flush=True)
    folds: list[Figures] = []
    for repeat in range(repeats):
        places = StratifiedKFold(_FOLDS, shuffle=True, random_state=repeat).split(table, happened)
        found = [_fold(table, happened, last, *fold) for fold in places]
        folds += found
        yield {name: float(np.mean([one[name] for one in found])) for name in found[0]}
    for name in folds[0]:
        values = np.array([one[name] for one in folds])
        # folds share training rows: the variance of a mean over them is that of Nadeau and Bengio
        error = values.std(ddof=1) * np.sqrt(1 / len(values) + 1 / (_FOLDS - 1))
        low, high = values.mean() - _Z * error, values.mean() + _Z * error
        print(f"  {name}: {values.mean():.4f}, 90 % interval {low:.4f} to {high:.4f}", flush=True)


def features_of_berka(folder: Path = BERKA) -> pd.DataFrame:
    """The features file, in the order of ``berka_table``."""
    return pd.read_csv(folder / "account_features_1993_1997.csv.gz")


def _fold(
    table: pd.DataFrame, happened: np.ndarray, last: np.ndarray, train: np.ndarray, test: np.ndarray
) -> Figures:
    scores = ChurnModel().fit(table.iloc[train], happened[train]).predict_proba(table.iloc[test])[:, 1]
    return {
        "ROC AUC": roc_auc_score(happened[test], scores),
        "PR AUC": average_precision_score(happened[test], scores),
        "ROC AUC of one rule": roc_auc_score(happened[test], np.nan_to_num(last[test], posinf=1e9)),
    }


# ── a million customers ─────────────────────────────────────────────────────────────────────────────────────


def scoring(rows: int) -> Figures:
    """Score so many made-up customers from a csv, as the night does, twice; memory is this process's peak."""
    with tempfile.TemporaryDirectory(prefix="yihu-scoring-") as folder:
        path = Path(folder) / "features.csv"
        model = _write_customers(path, rows)
        found: Figures = {}
        for title, reasons_from in (("above the lowest band", LOWEST_BAND_ENDS), ("for everybody", 0.0)):
            wall, own = time.monotonic(), time.process_time()
            reasoned = count = 0
            tally = Tally(model.reference)
            for table in read_chunks(path):
                for one in score_table(model, table, "champion", "bench", reasons_from, tally):
                    count += 1
                    reasoned += one.reason_1_code is not None
            found[f"seconds, reasons {title}"] = time.monotonic() - wall
            found[f"processor seconds, reasons {title}"] = time.process_time() - own
            found[f"customers with reasons {title}"] = reasoned
            assert count == rows
    found["memory in GB"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    return found


def _write_customers(path: Path, rows: int, chunk: int = 100_000) -> ScoringModel:
    """Customers whose risk follows a few features; a model learnt from the first of them."""
    model = None
    for start in range(0, rows, chunk):
        table, happened = _made_up(min(chunk, rows - start), start)
        if model is None:
            model = _learnt(table, happened)
        table.insert(0, "customer_id", [f"c{start + place:08d}" for place in range(len(table))])
        table.to_csv(path, mode="a", header=not start, index=False, float_format="%.6g")
    assert model is not None
    return model


def _made_up(rows: int, seed: int) -> tuple[pd.DataFrame, np.ndarray]:
    chance = np.random.default_rng(seed)
    columns = {
        one.name: chance.choice(["a", "b", "c"], rows)
        if one.is_text
        else chance.integers(0, 50, rows).astype(float)
        if one.unit in ("count", "days", "months", "years")
        else chance.normal(size=rows)
        for one in FEATURES
    }
    table = pd.DataFrame(columns)[list(NAMES)]
    table.loc[chance.random(rows) < 0.3, "days_to_maturity"] = np.nan
    odds = -2.2 + 0.8 * table["salary_trend_change"] + 0.05 * (table["days_inactive"] - 25)
    return table, chance.random(rows) < 1 / (1 + np.exp(-odds.to_numpy()))


def _learnt(table: pd.DataFrame, happened: np.ndarray) -> ScoringModel:
    model = ChurnModel().fit(table.iloc[:50_000], happened[:50_000])
    scores = model.predict_proba(table.iloc[50_000:])[:, 1]
    return ScoringModel(
        model=model,
        bands=fit_bands(scores, happened[50_000:], 0.9),
        loss_share=0.7,
        explainer=learn_explainer(model, model.encode(table.iloc[:2_000]), groups_of(list(NAMES))),
        feature_names=list(NAMES),
        feature_hash=feature_hash(),
        reference=fit_reference(table.iloc[50_000:], scores),
    )


if __name__ == "__main__":
    sys.exit(main())
