"""The churn model on any table, its calibration, and how it is explained."""

import pickle
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.base import clone, is_classifier
from sklearn.metrics import average_precision_score, roc_auc_score
from threadpoolctl import threadpool_limits

from pipelines.churn import metrics
from pipelines.churn.calibration import fit_bands, fit_line, interval
from pipelines.churn.encoding import EncodingError
from pipelines.churn.explain import learn_explainer
from pipelines.churn.metrics import Outcome
from pipelines.churn.model import ChurnModel
from pipelines.churn.registry import TRUSTED

ROWS = 1_000


@pytest.fixture(scope="module")
def table():
    chance = np.random.default_rng(0)
    found = pd.DataFrame(
        {
            "number": chance.normal(size=ROWS),
            "gap": np.where(chance.random(ROWS) < 0.2, np.nan, chance.normal(size=ROWS)),
            "text": chance.choice(["a", "b", "c"], ROWS, p=[0.5, 0.2, 0.3]),
            "kind": pd.Categorical(chance.choice(["x", "y"], ROWS)),
            "flag": chance.random(ROWS) < 0.5,
            "whole": pd.array(chance.integers(0, 5, ROWS), dtype="Int64"),
        }
    )
    found.loc[::9, "text"] = None
    found.loc[::8, "whole"] = pd.NA
    return found


@pytest.fixture(scope="module")
def outcome(table):
    odds = -1 + 1.5 * table["number"] + 1.0 * (table["text"] == "b")
    return (np.random.default_rng(1).random(ROWS) < 1 / (1 + np.exp(-odds))).astype(int).to_numpy()


@pytest.fixture(scope="module")
def fitted(table, outcome):
    return ChurnModel(iterations=30).fit(table, outcome)


def test_it_is_an_estimator_like_any_other(table, outcome, fitted):
    assert is_classifier(fitted)
    assert clone(ChurnModel(leaves=5, monotone={"number": 1})).get_params()["leaves"] == 5
    again = clone(fitted).fit(table, outcome)
    probabilities = fitted.predict_proba(table)
    assert (again.predict_proba(table) == probabilities).all()
    assert probabilities.shape == (ROWS, 2)
    assert np.allclose(probabilities.sum(axis=1), 1)
    assert roc_auc_score(outcome, probabilities[:, 1]) > 0.8
    assert set(fitted.predict(table)) == {0, 1}
    assert list(fitted.feature_names_in_) == list(table.columns)


def test_arrays_and_other_classes_are_taken_too(outcome):
    numbers = np.random.default_rng(2).normal(size=(ROWS, 3))
    model = ChurnModel(iterations=5).fit(numbers, np.where(outcome == 1, "left", "stays"))
    assert list(model.classes_) == ["left", "stays"]
    assert set(model.predict(numbers)) <= {"left", "stays"}


def test_weights_count(table, outcome):
    light = ChurnModel(iterations=10).fit(table, outcome, sample_weight=np.where(outcome == 1, 0.1, 1.0))
    plain = ChurnModel(iterations=10).fit(table, outcome)
    assert light.predict_proba(table)[:, 1].mean() < plain.predict_proba(table)[:, 1].mean() / 2


def test_order_and_number_of_columns_do_not_matter_and_unknown_texts_count_as_missing(table, fitted):
    expected = fitted.predict_proba(table)
    turned = table[list(reversed(table.columns))].assign(more=1)
    assert (fitted.predict_proba(turned) == expected).all()
    strange, missing = table.head(50).assign(text="never seen"), table.head(50).assign(text=None)
    assert (fitted.predict_proba(strange) == fitted.predict_proba(missing)).all()


def test_the_same_bits_with_any_number_of_threads(table, outcome, fitted):
    with threadpool_limits(1):
        alone = clone(fitted).fit(table, outcome).predict_proba(table)
    assert (alone == fitted.predict_proba(table)).all()


def test_chunks_make_no_difference(table, fitted, monkeypatch):
    expected = fitted.predict_proba(table)
    monkeypatch.setattr("pipelines.churn.model._CHUNK", 333)
    assert (fitted.predict_proba(table) == expected).all()


def test_it_survives_being_kept(table, fitted):
    expected = fitted.predict_proba(table)
    assert (pickle.loads(pickle.dumps(fitted)).predict_proba(table) == expected).all()
    content = skops.io.dumps(fitted)
    assert set(skops.io.get_untrusted_types(data=content)) <= set(TRUSTED)
    assert (skops.io.loads(content, trusted=TRUSTED).predict_proba(table) == expected).all()


def test_a_direction_is_kept(table, outcome):
    model = ChurnModel(iterations=10, monotone={"number": -1}).fit(table, outcome)
    row = table.iloc[[0] * 50].assign(number=np.linspace(-3, 3, 50))
    assert (np.diff(model.predict_proba(row)[:, 1]) <= 0).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda table: table.drop(columns="number"), "lacks number"),
        (lambda table: table.assign(number=pd.Timestamp("2026-10-31")), "number is datetime64"),
    ],
)
def test_a_table_that_does_not_fit_is_an_error(table, outcome, fitted, change, message):
    with pytest.raises(EncodingError, match=message):
        fitted.predict_proba(change(table)) if "lacks" in message else clone(fitted).fit(
            change(table), outcome
        )


def test_one_class_and_unknown_directions_are_errors(table, outcome):
    with pytest.raises(ValueError, match="two classes"):
        ChurnModel().fit(table, np.zeros(ROWS))
    with pytest.raises(EncodingError, match="nothing_such"):
        ChurnModel(monotone={"nothing_such": 1}).fit(table, outcome)


# ── calibration ─────────────────────────────────────────────────────────────────────────────────────────────


def test_calibration_moves_probabilities_to_what_happened_and_keeps_the_order(table, outcome, fitted):
    half = outcome * (np.random.default_rng(3).random(ROWS) < 0.5)
    model = clone(fitted).fit(table, outcome, calibration=(table, half))
    found = model.predict_proba(table)[:, 1]
    assert found.mean() == pytest.approx(half.mean(), rel=0.01)
    assert (
        np.argsort(found, kind="stable") == np.argsort(fitted.predict_proba(table)[:, 1], kind="stable")
    ).all()


@pytest.mark.parametrize("happened", [np.zeros(100), np.ones(100), np.arange(100) < 50], ids=str)
def test_a_line_that_cannot_be_learnt_keeps_the_order(happened):
    line = fit_line(np.linspace(-1, 1, 100), happened)
    assert line.slope > 0
    assert np.isfinite(line.offset)


def test_bands_hold_the_truth_as_often_as_they_say():
    chance, held = np.random.default_rng(0), 0
    true = np.repeat([0.02, 0.1, 0.3], 400)
    said = true * 1.2  # off by a fifth
    for _ in range(200):
        bands = fit_bands(said, chance.random(len(true)) < true, 0.9, count=3)
        low, high = interval(said, bands)
        held += np.mean([(low[place] <= true[place] <= high[place]) for place in (0, 400, 800)])
        assert (low <= said).all()
        assert (high >= said).all()
        assert (high <= 1).all()
    assert held / 200 > 0.85


# ── reasons ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_reasons_point_at_what_drives(table, fitted):
    groups = {"one": ["number", "gap"], "two": ["text", "kind"], "three": ["flag", "whole"]}
    explainer = learn_explainer(fitted, fitted.encode(table), groups)
    rows = table.iloc[[1] * 3].assign(number=[3.0, -3.0, 0.0], text=["a", "b", "b"], flag=True)
    found = explainer.reasons(fitted, fitted.encode(rows))
    names = [[fitted.feature_names_in_[place] if place >= 0 else None for place in row] for row in found]
    assert names[0][0] == "number"
    assert names[1][0] == "text"
    assert "number" not in names[1]  # only what raises the risk
    assert names[2][0] == "text"


# ── figures ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_figures_are_those_of_scikit_learn_with_ties_too():
    chance = np.random.default_rng(0)
    scores = chance.beta(1, 9, 3_000).round(2)
    happened = chance.random(3_000) < scores
    found = Outcome(scores, happened, (happened * 100).astype("int64"))
    once = np.ones(3_000)
    assert metrics.roc_auc(found)(once) == pytest.approx(roc_auc_score(happened, scores))
    assert metrics.pr_auc(found)(once) == pytest.approx(average_precision_score(happened, scores))
    # a weight of two is the row twice
    weights = np.where(np.arange(3_000) < 500, 2.0, 1.0)
    twice = np.r_[np.arange(3_000), np.arange(500)]
    assert metrics.roc_auc(found)(weights) == pytest.approx(roc_auc_score(happened[twice], scores[twice]))


def test_tops_money_and_skill_by_hand():
    found = Outcome(
        np.array([0.9, 0.5, 0.5, 0.1] + [0.0] * 16),
        np.array([1, 1, 0, 1] + [0] * 16, dtype=bool),
        np.array([100, 300, 0, 600] + [0] * 16),
    )
    once = np.ones(20)
    assert metrics.caught(found, 0.05)(once) == pytest.approx(1 / 3)
    assert metrics.caught(found, 0.10)(once) == pytest.approx((1 + 0.5) / 3)  # half of the tie
    assert metrics.caught(found, 0.20, found.lost_cents)(once) == pytest.approx(1)
    assert metrics.brier(found)(once) == pytest.approx((0.01 + 0.25 + 0.25 + 0.81) / 20)
    base = 3 / 20 * 17 / 20
    assert metrics.brier_skill(found)(once) == pytest.approx(1 - 1.32 / 20 / base)
    assert [one.observed for one in metrics.deciles(found)][:2] == [2, 1]
    by_name = metrics.by_segment(found, ["b1"] * 4 + ["b2"] * 16)
    assert [(one.name, one.observed, one.lost_cents) for one in by_name] == [("b1", 3, 1000), ("b2", 0, 0)]


def test_intervals_are_seeded_and_hold_the_figure():
    chance = np.random.default_rng(0)
    scores = chance.random(500)
    found = Outcome(scores, chance.random(500) < scores, np.zeros(500, dtype="int64"))
    once, again = metrics.figures(found, 0.9), metrics.figures(found, 0.9)
    assert once == again
    assert once["roc_auc"].low < once["roc_auc"].value < once["roc_auc"].high


def test_the_package_costs_a_night_without_models_no_seconds():
    heavy = (
        "import sys, pipelines.churn; print([n for n in ('sklearn', 'skops', 'pandas') if n in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", heavy], capture_output=True, text=True).stdout == "[]\n"
