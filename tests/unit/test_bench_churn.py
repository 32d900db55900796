"""The bench of the churn model: a figure that falls short fails it, and Berka's label is no feature."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks.churn import BERKA, NEVER_FEATURES, Aim, berka, berka_table, judge
from pipelines.churn.model import ChurnModel

FOLDER = Path(os.environ.get("YIHU_BERKA_FILES", BERKA.parent)) / "derived"
needs_berka = pytest.mark.skipif(not FOLDER.is_dir(), reason="Berka's records are not here")


def test_asked_and_got_are_told_and_one_that_falls_short_fails(capsys):
    aims = {"good": Aim(least=1), "between": Aim(0.8, 1.25)}
    assert judge(aims, [{"good": 1.0, "between": 0.8}, {"good": 1.2, "between": 1.25, "beside": 3}])
    assert "≥ 0.8 and ≤ 1.25: met" in capsys.readouterr().out
    assert not judge(aims, [{"good": 0.9, "between": 1.0}])
    assert not judge(aims, [{"good": 2.0}])  # a figure that was not reached at all
    assert not judge(aims, [])
    assert "MISSED" in capsys.readouterr().out


@needs_berka
def test_nothing_of_1998_is_a_feature():
    table, happened = berka_table(FOLDER)
    assert not set(NEVER_FEATURES) & set(table.columns)
    assert (len(table), happened.sum()) == (4_057, 406)
    assert max(abs(pd.Series(happened).corr(table[name])) for name in table.select_dtypes("number")) < 0.3


@needs_berka
def test_one_repeat_on_berka_reaches_what_is_asked():
    (found,) = berka(repeats=1, folder=FOLDER)
    assert found["ROC AUC"] >= 0.785
    assert found["PR AUC"] >= 0.26
    assert found["ROC AUC"] > found["ROC AUC of one rule"] + 0.05


@needs_berka
def test_berka_gives_the_same_bits_again():
    table, happened = berka_table(FOLDER)
    rows = np.arange(800)
    first, again = (ChurnModel().fit(table.iloc[rows], happened[rows]).predict_proba(table) for _ in "12")
    assert (first == again).all()
