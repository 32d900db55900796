"""Training: snapshots that share no label, rules to beat, and when a model is refused."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_up_churners import LIMITS, MONTHS, features, frame, parts

from pipelines.churn import baselines
from pipelines.churn.card import write_card
from pipelines.churn.features import BY_NAME, FEATURES, GROUPS, KEYS, NAMES, feature_hash
from pipelines.churn.leaks import telling_values
from pipelines.churn.page import write_page
from pipelines.churn.registry import Origin
from pipelines.churn.serving import score_table
from pipelines.churn.splits import SplitError, split_snapshots
from pipelines.churn.training import loss_share, rivals_of, train_model
from pipelines.settings import ROOT

CUSTOMERS = 1_200


@pytest.fixture(scope="module")
def worlds():
    found = {}

    def trained(world):
        if world not in found:
            found[world] = train_model(*parts(world, customers=CUSTOMERS), LIMITS)
        return found[world]

    return trained


# ── snapshots ───────────────────────────────────────────────────────────────────────────────────────────────


@given(st.sets(st.integers(24_000, 24_060), min_size=1, max_size=40), st.integers(1, 12), st.integers(1, 4))
def test_no_label_window_overlaps_that_of_another_part(months, horizon, calibration_count):
    try:
        split = split_snapshots(months, horizon, calibration_count)
    except SplitError:
        return
    assert split.test == (max(months),)
    windows = [
        {month for one in part for month in split.window(one)}
        for part in (split.train, split.calibration, split.test)
    ]
    for former, later, part in zip(windows, windows[1:], (split.calibration, split.test), strict=False):
        assert not former & later
        assert max(former) <= min(part)  # what is learnt from was known when the next part began
    assert set(split.train) | set(split.calibration) | set(split.test) <= months


def test_all_that_can_teach_teaches():
    split = split_snapshots(range(100, 112), 3)
    assert (split.train, split.calibration, split.test) == (tuple(range(100, 106)), (108,), (111,))
    with pytest.raises(SplitError, match="at least 7 in a row"):
        split_snapshots(range(100, 106), 3)


# ── what is refused ─────────────────────────────────────────────────────────────────────────────────────────


def test_a_model_of_what_drives_is_kept_and_better_than_every_rule(worlds):
    trained = worlds("drivers")
    assert (trained.refusal, trained.alarm) == (None, None)
    methods = trained.evaluation.methods
    assert methods["model"]["roc_auc"].value > methods["regression"]["roc_auc"].value > 0.7
    assert methods["rule"]["roc_auc"].value < 0.6
    assert methods["model"]["brier_skill"].low > 0
    assert all(0.6 < one.ratio < 1.6 for one in trained.evaluation.deciles[:3])
    assert list(trained.evaluation.group_shares)[:2] in (
        ["salary_and_life", "service"],
        ["service", "salary_and_life"],
    )
    assert trained.scoring.loss_share == pytest.approx(0.7, abs=0.02)


def test_where_nothing_drives_training_is_refused(worlds):
    assert "inactivity rule" in worlds("null").refusal


def test_where_silence_is_all_the_model_does_not_claim_more(worlds):
    trained = worlds("rule")
    assert "inactivity rule" in trained.refusal
    assert trained.evaluation.methods["rule"]["roc_auc"].value > 0.7


def test_a_leak_raises_the_alarm(worlds):
    trained = worlds("leak")
    assert trained.refusal is None
    assert "ROC AUC" in trained.alarm
    assert next(iter(trained.evaluation.group_shares)) == "digital"


def test_a_value_that_only_some_who_leave_show_raises_the_alarm():
    found = parts("drivers", customers=CUSTOMERS)[0]["train"]
    left, stayed = (np.flatnonzero(found.happened == happened) for happened in (True, False))

    def shown(leavers: int, stayers: int) -> list[str]:
        table = found.table.assign(has_new_phone=0.0)
        table.loc[np.r_[left[:leavers], stayed[:stayers]], "has_new_phone"] = 1.0
        return list(telling_values(replace(found, table=table), LIMITS))

    assert shown(20, 10) == ["67% of 30 with has_new_phone 1 left"]
    assert shown(15, 15) == shown(20, 9) == []


def test_few_customers_and_few_churners_are_refused():
    assert LIMITS.refusal(500, 100) is None
    assert "499 eligible" in LIMITS.refusal(499, 100)
    assert "99 churners" in LIMITS.refusal(500, 99)


def test_the_margin_over_the_rule_and_the_alarm_are_policy():
    assert LIMITS.gain_refusal(0.05, 0.001) is None
    assert "less than" in LIMITS.gain_refusal(0.049, 0.001)
    assert "chance" in LIMITS.gain_refusal(0.06, 0.0)
    assert "chance" in LIMITS.gain_refusal(0.06, None)
    assert "less than" in LIMITS.gain_refusal(float("nan"), 0.1)
    assert not LIMITS.is_suspicious(0.90)
    assert LIMITS.is_suspicious(0.901)
    assert not LIMITS.is_stale(100, 112)
    assert LIMITS.is_stale(100, 113)
    wider = replace(LIMITS, rule_gain_share=0.1)
    assert wider.gain_refusal(0.06, 0.01)


def test_training_twice_gives_the_same(worlds):
    first, again = worlds("drivers"), train_model(*parts("drivers", customers=CUSTOMERS), LIMITS)
    assert first.evaluation == again.evaluation
    table = features(200, 9)
    assert (first.scoring.model.predict_proba(table) == again.scoring.model.predict_proba(table)).all()


# ── rules to beat ───────────────────────────────────────────────────────────────────────────────────────────


def test_the_best_rule_is_searched_on_the_training_part_only():
    found = parts("rule", customers=CUSTOMERS)[0]
    rule = baselines.best_inactivity_rule(found["train"].table["days_inactive"], found["train"].happened)
    assert any(85 <= day <= 92 for day in rule.days)
    assert list(rule.probabilities) == sorted(rule.probabilities)
    turned = replace(found["test"], table=found["test"].table.assign(is_churned=~found["test"].happened))
    before, after = (rivals_of(found["train"], test) for test in (found["test"], turned))
    assert all((before[name] == after[name]).all() for name in ("rule", "regression", "persistence"))


def test_logistic_regression_takes_gaps_and_texts():
    found = frame(MONTHS[:3], "drivers", customers=400)
    model = baselines.fit_regression(found.features, found.happened)
    odd = found.features.head(3).assign(preferred_channel_code=["new", None, "one"])
    assert np.isfinite(model.score(odd)).all()


def test_what_is_lost_is_capped():
    found = frame(MONTHS[:1], "drivers", customers=1_000)
    table = found.table.assign(lost_cents=0, exposed_cents=100)
    table["is_churned"] = np.arange(1_000) < 10
    table.loc[:9, "lost_cents"] = 50
    table.loc[0, ["exposed_cents", "lost_cents"]] = 10**12  # one who would drown the rest
    assert loss_share(replace(found, table=table)) == pytest.approx((9 * 50 + 100) / 1_000)
    assert loss_share(replace(found, table=table.assign(is_churned=False))) == 0


# ── features, scores and page ───────────────────────────────────────────────────────────────────────────────


def test_features_are_declared_once_with_group_and_names():
    assert len(set(NAMES)) == len(NAMES)
    assert {one.group for one in FEATURES} == set(GROUPS)
    assert all(one.zh and one.en and one.direction in (-1, 0, 1) for one in FEATURES)
    changed = (replace(FEATURES[0], direction=0), *FEATURES[1:])
    assert feature_hash(changed) != feature_hash()
    assert feature_hash((replace(FEATURES[0], zh="别名"), *FEATURES[1:])) == feature_hash()


def test_features_are_the_columns_of_the_mart():
    """What the model's last select names, and nothing else."""
    text = (ROOT / "dbt_project/models/marts/churn/churn_features.sql").read_text(encoding="utf-8")
    select = text[text.index("select") : text.rindex("\nfrom {{ ref('churn_candidates') }}")]
    depth, column, columns = 0, "", []
    for line in select.removeprefix("select").splitlines():
        for sign in line.split("--")[0]:
            depth += (sign in "({") - (sign in ")}")
            if sign == "," and not depth:
                columns, column = [*columns, column], ""
            else:
                column += sign
        column += " "
    found = {one.split(" as ")[-1].strip().split(".")[-1] for one in [*columns, column]}
    assert found == {*NAMES, *KEYS}


def test_scores_of_a_model_have_intervals_and_reasons(worlds):
    scoring = worlds("drivers").scoring
    table = features(400, 5).assign(customer_id=[f"c{number}" for number in range(400)])
    scores = list(score_table(scoring, table, "champion", "v1", reasons_from=0.2))
    assert len(scores) == 400
    for one in scores:
        assert float(one.probability_low) <= float(one.churn_probability) <= float(one.probability_high)
        assert (one.reason_1_code is None) >= (float(one.churn_probability) < 0.2)
    high = [one for one in scores if float(one.churn_probability) >= 0.2]
    assert high
    leaders = pd.Series([one.reason_1_code for one in high]).value_counts()
    assert set(leaders.index[:2]) <= {"salary_trend_change", "open_complaint_count"}
    one = next(one for one in high if one.reason_1_code == "open_complaint_count")
    row = table.set_index("customer_id").loc[one.customer_id]
    assert float(one.reason_1_value) == row["open_complaint_count"]
    assert BY_NAME[one.reason_1_code].group == "service"
    assert not any(one.reason_1_code for one in score_table(scoring, table, "challenger", "v1", None))


def test_the_page_and_the_card_show_every_figure(worlds, tmp_path):
    trained = worlds("drivers")
    origin = Origin(pd.Timestamp("2026-10-31").date(), 24_300, 24_314, ("a",), "p1")
    pages = [
        write_page(tmp_path / f"{number}.html", "demo", "v1", trained, origin).read_bytes()
        for number in (1, 2)
    ]
    assert pages[0] == pages[1]
    text = pages[0].decode()
    assert text.count("<svg") == 2
    assert "http://" not in text
    assert "https://" not in text
    assert 'class="zh"' in text
    assert 'class="en"' in text
    refused = write_page(tmp_path / "3.html", "demo", "v1", worlds("null"), origin).read_text()
    assert "the inactivity rule keeps scoring" in refused
    card = write_card("v1", trained, origin)
    assert feature_hash() in card
    assert f"{trained.evaluation.methods['model']['roc_auc'].value:.3f}" in card
