"""Churn models on record: files that are checked, promotion by two people, and what scores the night."""

import io
import os
import subprocess
import sys
from contextlib import contextmanager
from copy import copy
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pandas as pd
import pytest
import skops.io
from click.testing import CliRunner
from made_up_churners import LIMITS, features, parts, write_mart
from rich.console import Console

from pipelines.approval import ApprovalError
from pipelines.churn import ChurnError, records, registry, score, scored_version
from pipelines.churn.features import LABELS, NAMES
from pipelines.churn.frame import labelled, read_frame, sample_share
from pipelines.churn.registry import Origin
from pipelines.churn.stability import SCORE
from pipelines.churn.train import train
from pipelines.churn.training import train_model
from pipelines.cli import main
from pipelines.nights import close_night, open_night
from pipelines.policy import read_policy, write_policy
from pipelines.settings import ROOT
from pipelines.warehouse import connect

D = date(2026, 10, 31)
MONTH = 24_321
ORIGIN = Origin(date(2026, 9, 30), MONTH - 14, MONTH - 3, ("a", "b", "c"), "p1")
CUSTOMERS = 40


@pytest.fixture(scope="module")
def trained():
    return train_model(*parts("drivers", customers=1_000), LIMITS)


@pytest.fixture
def night(settings):
    """A bank with policy, candidates and features of one month."""
    running = open_night(settings, D, "run 1")
    with connect(settings, "yihu_loader", running.night_id) as connection:
        write_policy(connection, read_policy(ROOT / "policy", "demo"))
    table = features(CUSTOMERS, 3).assign(customer_id=[f"c{n:02d}" for n in range(CUSTOMERS)], branch_id="b1")
    write_mart(settings, table.assign(month_number=MONTH))
    yield running
    close_night(settings, running, "stopped")


@contextmanager
def change(settings, statement, *values):
    with connect(settings) as connection, connection.cursor() as cursor:
        cursor.execute(statement, values or None)
        yield cursor


def ask(settings, statement):
    with connect(settings) as connection, connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall()


def put(settings, trained, **changes):
    with connect(settings) as connection:
        return registry.register(settings, connection, trained, replace(ORIGIN, **changes), "card")


def promote(settings, version, start=D, proposer="Li", approver="Wang"):
    with connect(settings) as connection:
        records.promote(connection, version, start, proposer, approver, "better")


def landed(settings):
    rows = ask(
        settings,
        "select role_code, method_code, score_version, count(*), count(distinct customer_id), "
        "count(reason_1_code), count(probability_low) from raw.churn_model__scores group by 1, 2, 3",
    )
    return {role: (method, version, *counts) for role, method, version, *counts in rows}


# ── the registry ────────────────────────────────────────────────────────────────────────────────────────────


def test_the_same_inputs_give_the_same_version_and_keep_the_file(settings, trained):
    version = put(settings, trained)
    before = registry.model_path(settings, version).read_bytes()
    assert put(settings, trained) == version
    assert registry.model_path(settings, version).read_bytes() == before
    assert put(settings, trained, digests=("other",)) != version
    with connect(settings) as connection:
        record = records.find(connection, version)
        again = registry.load(settings, record)
    table = features(100, 1)
    assert (again.model.predict_proba(table) == trained.scoring.model.predict_proba(table)).all()
    assert again.bands == trained.scoring.bands
    assert again.reference == trained.scoring.reference
    assert record.roc_auc == trained.evaluation.methods["model"]["roc_auc"].value


def test_a_file_that_was_altered_or_is_gone_is_refused(settings, trained):
    version = put(settings, trained)
    with connect(settings) as connection:
        record = records.find(connection, version)
    path = registry.model_path(settings, version)
    whole = path.read_bytes()
    path.write_bytes(skops.io.dumps(replace(trained.scoring, loss_share=0.0)))
    with pytest.raises(ChurnError, match="not the file that was registered"):
        registry.load(settings, record)
    path.unlink()
    with pytest.raises(ChurnError, match="restore it"):
        registry.load(settings, record)
    path.write_bytes(whole)
    registry.load(settings, record)


def test_a_file_that_lacks_what_scoring_needs_now_is_refused(settings, trained):
    older = copy(trained.scoring)
    del older.__dict__["reference"]
    version = put(settings, replace(trained, scoring=older))
    with connect(settings) as connection, pytest.raises(ChurnError, match="train again"):
        registry.load(settings, records.find(connection, version))


def test_a_model_of_other_features_is_refused_at_promotion_and_at_loading(settings, trained):
    other = replace(trained, scoring=replace(trained.scoring, feature_hash="of old"))
    version = put(settings, other)
    with pytest.raises(ChurnError, match="trained under features of old"):
        promote(settings, version)
    with connect(settings) as connection, pytest.raises(ChurnError, match="features of old, tonight's are"):
        registry.load(settings, records.find(connection, version))


def test_promotion_takes_two_people_a_model_on_record_and_a_date_nobody_has_seen(settings, trained):
    version = put(settings, trained)
    for approver in ("Li", " li "):
        with pytest.raises(ApprovalError, match="two people"):
            promote(settings, version, approver=approver)
    with pytest.raises(ChurnError, match="not on record"):
        promote(settings, "nothing")
    refused = put(settings, replace(trained, refusal="no gain"), digests=("x",))
    with pytest.raises(ChurnError, match=r"refused \(no gain\)"):
        promote(settings, refused)
    assert not registry.model_path(settings, refused).exists()
    assert ask(settings, "select count(*) from ops.churn_promotions") == [(0,)]
    night = open_night(settings, D, "run 1")
    with change(
        settings,
        "insert into ops.editions values ('e1', %s, 1, 'kept', '', %s, '', '', '')",
        D,
        night.night_id,
    ):
        pass
    with pytest.raises(ChurnError, match="is published already"):
        promote(settings, version)
    promote(settings, version, date(2026, 11, 1))


def test_what_is_too_good_needs_a_reason(settings, trained):
    suspicious = replace(trained, alarm="ROC AUC 0.99")
    with pytest.raises(ChurnError, match="--reason"):
        put(settings, suspicious)
    assert ask(settings, "select count(*) from ops.churn_models") == [(0,)]
    with connect(settings) as connection:
        registry.register(settings, connection, suspicious, ORIGIN, "card", "a closing notice is a fact")
    assert ask(settings, "select reason from ops.churn_models") == [("a closing notice is a fact",)]


def test_the_champion_of_a_date_is_the_last_promoted_and_the_newest_other_is_challenger(settings, trained):
    old = put(settings, trained)
    new = put(settings, trained, digests=("new",), trained_date=date(2026, 10, 15))
    promote(settings, old, date(2026, 10, 1))
    promote(settings, new, date(2026, 10, 20))
    promote(settings, "inactivity-rule", date(2026, 11, 1))

    def roles(day):
        with connect(settings) as connection:
            first = records.champion(connection, day)
            second = records.challenger(connection, day, first)
        return [one and one.version for one in (first, second)]

    assert roles(date(2026, 9, 30)) == [None, None]
    assert roles(date(2026, 10, 1)) == [old, None]  # the new one was not there yet
    assert roles(date(2026, 10, 19)) == [old, new]
    assert roles(date(2026, 10, 20)) == [new, old]
    assert roles(date(2026, 11, 1)) == [None, new]


# ── the night's scores ──────────────────────────────────────────────────────────────────────────────────────


def test_a_challenger_scores_beside_the_rule(settings, night, trained):
    version = put(settings, trained)
    counts = score(settings, night)
    assert (counts.rows_in, counts.rows_out, counts.message) == (CUSTOMERS, 2 * CUSTOMERS, None)
    assert landed(settings) == {
        "challenger": ("model", version, CUSTOMERS, CUSTOMERS, 0, CUSTOMERS),
        "champion": ("rule", "inactivity-rule", CUSTOMERS, CUSTOMERS, CUSTOMERS, 0),
    }
    assert scored_version(settings, night) == "inactivity-rule"


def test_a_promoted_model_scores_and_scoring_again_lands_the_same(settings, night, trained):
    version = put(settings, trained)
    promote(settings, version)
    everything = "select * from raw.churn_model__scores order by _line_number"
    score(settings, night)
    first = ask(settings, everything)
    score(settings, night)
    assert ask(settings, everything) == first
    method, champion, count, *_, reasons, _ = landed(settings)["champion"]
    assert (method, champion, count) == ("model", version, CUSTOMERS)
    assert 0 < reasons < CUSTOMERS  # above the lowest band only
    assert ask(
        settings,
        "select count(*) from raw.churn_model__scores where (reason_1_code is not null) "
        "<> (cast(churn_probability as numeric) >= 0.2)",
    ) == [(0,)]
    assert scored_version(settings, night) == version


def drift(settings, version):
    with connect(settings, "yihu_transformer") as connection, connection.cursor() as cursor:
        cursor.execute(
            "create table marts.churn_drift_checks as select cast(%s as text) as score_version, "
            "'calibration' as check_code, 0.5 as check_value, 0.8 as bound_value, true as is_broken",
            (version,),
        )


def lose(settings, version):
    registry.model_path(settings, version).unlink()


def alter(settings, version):
    registry.model_path(settings, version).write_bytes(b"")


def outdate(settings, version):
    with change(settings, "update ops.churn_models set last_month = %s", MONTH - 13):
        pass


def rename(settings, version):
    with change(settings, "update ops.churn_models set feature_hash = 'of old'"):
        pass


def widen(settings, version):
    with change(settings, "alter table marts.churn_features add column surprise integer"):
        pass


def empty(settings, version):
    with change(settings, "update marts.churn_features set month_number = 1"):
        pass


@pytest.mark.parametrize(
    ("harm", "message"),
    [
        (drift, "has drifted: calibration is 0.5, the bound is 0.8"),
        (lose, "restore it"),
        (alter, "not the file"),
        (outdate, "no outcome of the last 12 months"),
        (rename, "features of old, tonight's are"),
        (widen, "surprise"),
        (empty, "no row of 2026-10"),
    ],
)
def test_a_model_that_cannot_be_trusted_gives_way_to_the_rule(settings, night, trained, harm, message):
    version = put(settings, trained)
    promote(settings, version)
    harm(settings, version)
    counts = score(settings, night)
    assert message in counts.message
    assert "the inactivity rule scores instead" in counts.message
    assert landed(settings)["champion"][:3] == ("rule", "inactivity-rule", CUSTOMERS)


def test_drift_of_another_version_harms_nobody(settings, night, trained):
    version = put(settings, trained)
    promote(settings, version)
    drift(settings, "another")
    assert score(settings, night).message is None
    assert landed(settings)["champion"][0] == "model"


# ── what has moved ──────────────────────────────────────────────────────────────────────────────────────────


def fill_mart(settings, customers, **columns):
    """So many candidates tonight, some columns of whose features are other than a model is used to."""
    table = features(customers, 3).assign(
        customer_id=[f"c{n:03d}" for n in range(customers)], branch_id="b1", month_number=MONTH, **columns
    )
    with change(settings, "drop table marts.churn_features, marts.churn_candidates"):
        pass
    write_mart(settings, table)


def stabilities(settings):
    rows = ask(
        settings,
        "select score_version, part_code, psi_value::numeric, customer_count::integer, _received_date "
        "from raw.churn_model__stabilities order by _line_number",
    )
    assert len({part for _, part, *_ in rows}) == len(rows)
    return {part: row for _, part, *row in rows}, {version for version, *_ in rows}


def test_what_a_champion_scores_is_counted_and_lands_again_the_same(settings, night, trained):
    fill_mart(settings, 600)
    version = put(settings, trained)
    promote(settings, version)
    assert score(settings, night).message is None
    found, versions = stabilities(settings)
    assert (list(found), versions) == ([*NAMES, SCORE], {version})
    assert {(count, day) for _, count, day in found.values()} == {(600, D)}
    assert all(0 <= value < Decimal("0.25") for value, *_ in found.values())
    score(settings, night)
    assert stabilities(settings) == (found, versions)


def test_features_that_moved_are_told_and_the_model_scores_on(settings, night, trained):
    fill_mart(settings, 600, age_years=17.0, tenure_months=0.0)
    version = put(settings, trained)
    promote(settings, version)
    told = score(settings, night).message
    assert told == "2 features moved: Age, Months since the first account; look at churn_stabilities"
    assert landed(settings)["champion"][:2] == ("model", version)


def test_of_few_customers_no_move_is_told(settings, night, trained):
    fill_mart(settings, 499, age_years=17.0)
    promote(settings, put(settings, trained))
    assert score(settings, night).message is None
    assert stabilities(settings)[0]["age_years"][0] > Decimal("0.25")


def test_where_the_rule_scores_nothing_is_counted(settings, night, trained):
    version = put(settings, trained)
    promote(settings, version)
    score(settings, night)
    assert stabilities(settings)[1] == {version}
    drift(settings, version)  # the night is tried again, and the rule scores beside the challenger
    put(settings, trained, digests=("another",), trained_date=D)
    assert "has drifted" in score(settings, night).message
    assert stabilities(settings) == ({}, set())


# ── training on the marts ───────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def history(settings):
    """Marts of a bank with months of features and labels, built by a night that has ended."""
    found = parts("drivers", customers=600)[0]
    running = open_night(settings, D, "run 1")
    with connect(settings, "yihu_loader", running.night_id) as connection:
        write_policy(connection, read_policy(ROOT / "policy", "demo"))
    whole = pd.concat([one.table for one in found.values()], ignore_index=True)
    whole["month_number"] += MONTH - 3 - whole["month_number"].max()
    write_mart(settings, whole)
    whole["lost_amount"] = whole["lost_cents"] / 100
    labels = ["customer_id", "month_number", *LABELS]
    file = io.StringIO(whole[labels].to_csv(index=False, header=False))
    with connect(settings, "yihu_transformer") as connection, connection.cursor() as cursor:
        kinds = "text, month_number integer, is_attrition boolean, is_dormancy boolean, is_exit boolean, "
        cursor.execute(
            f"create table marts.churn_labels (customer_id {kinds} is_churned boolean, lost_amount numeric)"
        )
        cursor.copy_expert("copy marts.churn_labels from stdin with (format csv)", file)
    with change(settings, "insert into ops.mart_builds values ('', %s, '', true, %s)", D, running.night_id):
        pass
    close_night(settings, running, "loaded")
    return whole


def test_training_reads_the_marts_and_leaves_model_card_and_page(settings, history):
    said = []
    result = train(settings, tell=said.append)
    assert (result.trained.refusal, result.trained.alarm) == (None, None)
    assert result.page.is_file()
    assert registry.model_path(settings, result.version).is_file()
    ((version, last_month, state, card),) = ask(
        settings, "select model_version, last_month, state_code, card from ops.churn_models"
    )
    assert (version, last_month, state) == (result.version, MONTH, "registered")
    assert card.startswith("# 流失模型")
    assert any("rows" in one for one in said)
    assert train(settings, tell=said.append).version == version


def command(settings, *arguments):
    return CliRunner().invoke(main, arguments, env=settings.environment())


def test_the_commands_train_list_and_promote(settings, history, monkeypatch):
    # a console keeps the width of the moment it was made, which is when the first test imported the commands
    monkeypatch.setattr(sys.modules["pipelines.cli.churn"], "console", Console(width=200))
    assert "churn models" in command(settings, "churn", "models").output
    told = command(settings, "train", "--date", "2026-10-31")
    assert told.exit_code == 0, told.output
    assert "is on record as challenger" in told.output
    ((version,),) = ask(settings, "select model_version from ops.churn_models")
    listed = command(settings, "churn", "models").output
    assert version in listed
    assert "not promoted" in listed
    by_two = ("--from", "2026-11-01", "--reason", "better", "--proposer", "Li", "--approver")
    refused = command(settings, "churn", "promote", version, *by_two, "Li")
    assert (refused.exit_code, "two people" in refused.output) == (1, True)
    assert (
        f"{version} scores from 2026-11-01"
        in command(settings, "churn", "promote", version, *by_two, "Wu").output
    )
    later = command(settings, "train", "--date", "2026-11-30")
    assert (later.exit_code, "run that night first" in later.output) == (1, True)


def test_the_dag_trains_once_a_month(tmp_path):
    """The poster has one task; the fifth brings the month's late data."""
    read = (
        "import json, sys; sys.path.insert(0, 'dags'); import churn_training; "
        "dag = churn_training.churn_training(); "
        "print(json.dumps([dag.dag_id, dag.timetable.expression, sorted(dag.task_dict)]))"
    )
    environment = os.environ | {"AIRFLOW_HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", read], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert done.stdout.splitlines()[-1:] == ['["churn_training", "0 4 5 * *", ["train"]]'], done.stderr


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("delete from marts.churn_labels where customer_id > 'c2'", "fewer than 500"),
        ("update marts.churn_labels set is_churned = false", "0 churners"),
        ("delete from marts.churn_labels where month_number < 24314", "no model was trained"),
        ("alter table marts.churn_features drop column days_inactive", "days_inactive"),
        ("delete from ops.mart_builds", "run a night first"),
    ],
)
def test_what_cannot_be_learnt_from_is_said(settings, history, statement, message):
    with change(settings, statement):
        pass
    with pytest.raises(ChurnError, match=message):
        train(settings, tell=lambda _: None)
    assert ask(settings, "select count(*) from ops.churn_models") == [(0,)]


def test_an_earlier_date_knows_fewer_outcomes(settings, history):
    with connect(settings, "yihu_loader") as connection:
        with labelled(connection, "marts", MONTH - 4) as snapshots:
            assert snapshots[-1].month_number < MONTH - 3
        with labelled(connection, "marts", MONTH) as snapshots:
            assert snapshots[-1].month_number == MONTH - 3


def test_a_sample_is_the_same_rows_every_time(settings, history):
    with connect(settings, "yihu_loader") as connection, labelled(connection, "marts", MONTH) as snapshots:
        months = [one.month_number for one in snapshots]
        rows = sum(one.eligible_count for one in snapshots)
        whole = read_frame(connection, months, 1.0)
        half, again = (read_frame(connection, months, sample_share(rows, rows // 2)) for _ in range(2))
    assert len(whole.table) == rows
    assert half.digest == again.digest != whole.digest
    assert len(half.table) == pytest.approx(rows / 2, rel=0.05)
    keys = [
        set(zip(one.table["customer_id"], one.table["month_number"], strict=True)) for one in (half, whole)
    ]
    assert keys[0] < keys[1]
    assert (whole.lost_cents == (history.sort_values(["month_number", "customer_id"])["lost_cents"])).all()
