"""Stability: the index by hand, over chunks, and of what is new, missing or always the same."""

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_up_churners import LIMITS, features

from pipelines.churn.features import NAMES
from pipelines.churn.stability import SCORE, Tally, fit_reference, psi, tell_moved

ROWS = 1_000


def scores(rows: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).beta(1, 9, rows).round(8)


def tallied(reference, table, probabilities, chunk=None):
    tally = Tally(reference)
    for start in range(0, len(table), chunk or len(table)):
        rows = slice(start, start + (chunk or len(table)))
        tally.add(table.iloc[rows], probabilities[rows])
    return tally


def index_of(reference, tonight):
    """The PSI of one feature between two lists of its values."""
    former, latter = pd.DataFrame({"age_years": reference}), pd.DataFrame({"age_years": tonight})
    found = fit_reference(former, np.zeros(len(former)))
    return tallied(found, latter, np.zeros(len(latter))).indices()["age_years"]


@pytest.mark.parametrize(
    ("reference", "tonight", "expected"),
    [
        # (0.25 - 0.5) ln 0.5 + (0.75 - 0.5) ln 1.5
        ((50, 50), (25, 75), "0.27465307"),
        # (0.2 - 0.1) ln 2 + (0.3 - 0.3) ln 1 + (0.5 - 0.6) ln (5 / 6)
        ((10, 30, 60), (20, 30, 50), "0.08754687"),
        # half a row for the empty bin: (0.5 - 1) ln 0.5 + (0.5 - 0.005) ln (0.5 / 0.005)
        ((100, 0), (50, 50), "2.62613283"),
        ((50, 50), (100, 0), "2.62613283"),
        ((7, 0, 3), (70, 0, 30), "0.00000000"),  # empty on both sides
    ],
)
def test_the_index_is_that_of_the_formula(reference, tonight, expected):
    assert psi(reference, tonight) == Decimal(expected)


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=1, max_size=12))
def test_the_index_is_never_negative(bins):
    reference, tonight = ([*one, 1] for one in zip(*bins, strict=True))
    assert psi(reference, tonight) >= 0
    assert psi(reference, reference) == 0
    assert psi(reference, [3 * count for count in reference]) == 0


def test_numbers_are_cut_at_their_deciles():
    reference = fit_reference(pd.DataFrame({"age_years": np.arange(1, 101)}), np.arange(100) / 100)
    assert reference.features["age_years"].edges == (10, 20, 30, 40, 50, 60, 70, 80, 90)
    assert reference.features["age_years"].counts == (*[10] * 10, 0)
    assert reference.score.counts == (*[10] * 10, 0)
    tonight = np.arange(1, 101) + 20.0
    tally = Tally(reference)
    tally.add(pd.DataFrame({"age_years": tonight}), np.arange(100) / 100)
    # the lowest two bins lose 10 rows each (half a row is left), the highest gets 20 more
    expected = 2 * (0.005 - 0.1) * np.log(0.005 / 0.1) + (0.3 - 0.1) * np.log(0.3 / 0.1)
    assert tally.indices() == {"age_years": Decimal(f"{expected:.8f}"), SCORE: 0}


def test_the_same_table_has_not_moved_and_a_shifted_one_has():
    table, probabilities = features(ROWS, 1), scores(ROWS)
    reference = fit_reference(table, probabilities)
    assert list(reference.features) == list(NAMES)
    same = tallied(reference, table, probabilities).indices()
    assert list(same) == [*NAMES, SCORE]
    assert set(same.values()) == {0}
    others = tallied(reference, features(ROWS, 2), scores(ROWS, 2))
    assert LIMITS.moved(others.indices(), others.row_count) == {}
    shifted = tallied(reference, table.assign(age_years=table["age_years"] + 40), probabilities * 2)
    assert set(LIMITS.moved(shifted.indices(), shifted.row_count)) == {"age_years", SCORE}


def test_of_few_customers_nothing_is_judged():
    indices = {"age_years": Decimal("0.25000001"), "credit_score": Decimal("0.25")}
    assert LIMITS.moved(indices, 500) == {"age_years": Decimal("0.25000001")}
    assert LIMITS.moved(indices, 499) == {}
    assert LIMITS.moved({}, 500) == {}
    wider = replace(LIMITS, psi_limit=Decimal("0.3"))
    assert wider.moved(indices, 500) == {}


def test_what_is_missing_is_a_bin_of_its_own():
    full, gaps = [1.0, 2.0] * 50, [1.0, 2.0] * 40 + [np.nan] * 20
    # (0.4 - 0.5) ln 0.8 twice, (0.2 - 0.005) ln 40
    expected = 2 * -0.1 * np.log(0.8) + 0.195 * np.log(40)
    assert index_of(full, gaps) == index_of(gaps, full) == Decimal(f"{expected:.8f}")
    assert index_of(["a", "b"] * 50, ["a", "b"] * 40 + [None] * 20) == Decimal(f"{expected:.8f}")
    assert index_of([np.nan] * 10, [np.nan] * 30) == 0
    assert index_of([np.nan] * 10, [1.0] * 10) > 1
    assert index_of(pd.Series([None] * 10, dtype="str"), ["a"] * 10) > 1


def test_texts_that_are_new_share_a_bin():
    known = ["a"] * 50 + ["b"] * 50
    one, two = ["a"] * 50 + ["b"] * 40 + ["c"] * 10, ["a"] * 50 + ["b"] * 40 + ["c"] * 5 + ["d"] * 5
    # (0.4 - 0.5) ln 0.8 + (0.1 - 0.005) ln 20
    expected = -0.1 * np.log(0.8) + 0.095 * np.log(20)
    assert index_of(known, one) == index_of(known, two) == Decimal(f"{expected:.8f}")


@pytest.mark.parametrize("heavy", [0.0, 1.0])
def test_a_value_that_most_have_can_move_either_way(heavy):
    """95 of 100 share a value, which is every decile: what lies beside it must not fall into its bin."""
    most = [heavy] * 95 + [1 - heavy] * 5
    assert index_of(most, [heavy] * 50 + [1 - heavy] * 50) > Decimal("0.25")
    assert index_of([heavy] * 100, [heavy] * 50 + [heavy - 1] * 50) > Decimal("0.25")
    assert index_of([heavy] * 100, [heavy] * 50 + [heavy + 1] * 50) > Decimal("0.25")
    assert index_of(most, most * 7) == 0


@pytest.mark.parametrize("chunk", [1, 7, 333, ROWS - 1])
def test_chunks_give_what_the_whole_gives(chunk):
    reference = fit_reference(features(ROWS, 1), scores(ROWS, 1))
    table, probabilities = features(ROWS, 2), scores(ROWS, 2)
    whole = tallied(reference, table, probabilities)
    parts = tallied(reference, table, probabilities, chunk)
    assert (parts.indices(), parts.row_count) == (whole.indices(), ROWS)
    order = np.random.default_rng(3).permutation(ROWS)
    assert tallied(reference, table.iloc[order], probabilities[order]).indices() == whole.indices()


def test_the_same_table_gives_the_same_reference():
    assert fit_reference(features(ROWS, 1), scores(ROWS)) == fit_reference(features(ROWS, 1), scores(ROWS))


def test_where_nobody_was_scored_nothing_is_told():
    assert Tally(fit_reference(features(10), scores(10))).indices() == {}


def test_what_moved_furthest_is_told_first():
    limit = Decimal("0.25")
    moved = {name: Decimal(value) for name, value in (("age_years", "0.3"), ("tenure_months", "0.5"))}
    assert tell_moved(moved, limit) == [
        "2 features moved: Months since the first account, Age; look at churn_stabilities"
    ]
    many = moved | {"credit_score": Decimal("0.3"), "source_count": Decimal("0.26"), SCORE: Decimal("0.4")}
    first, second = tell_moved(many, limit)
    assert first.startswith("the scores have moved: their PSI is 0.4, the bound is 0.25")
    assert second == (
        "4 features moved: Months since the first account, Age, Credit score …; look at churn_stabilities"
    )
    assert tell_moved({}, limit) == []
