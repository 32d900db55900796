"""The inactivity rule: both sides of every step, and rules that cannot be applied."""

from datetime import date
from decimal import Decimal

import pytest

from pipelines.churn import score
from pipelines.churn.rule import RuleError, score_by_inactivity
from pipelines.churn.scores import Score
from pipelines.nights import StepCounts, close_night, open_night
from pipelines.sources import load_source
from pipelines.warehouse import connect, rooms
from pipelines.workspace import LIVE, Workspace

D = date(2026, 10, 31)
STEPS = [(31, Decimal("0.06")), (0, Decimal("0.02")), (181, Decimal("0.60"))]


@pytest.mark.parametrize(
    ("days", "probability"),
    [(0, "0.02"), (30, "0.02"), (31, "0.06"), (180, "0.06"), (181, "0.60"), (9999, "0.60")],
)
def test_the_highest_step_reached_gives_the_probability(days, probability):
    assert list(score_by_inactivity([("c1", days)], STEPS)) == [("c1", Decimal(probability), days)]


def test_customers_are_streamed():
    endless = ((f"c{number}", 5) for number in iter(int, 1))
    assert next(score_by_inactivity(endless, STEPS)) == ("c0", Decimal("0.02"), 5)


@pytest.mark.parametrize(
    ("steps", "message"),
    [([], "no step"), ([(1, Decimal(0)), (1, Decimal(1))], "same day"), ([(9, Decimal(0))], "first step")],
)
def test_a_rule_that_cannot_be_applied_is_an_error(steps, message):
    with pytest.raises(RuleError, match=message):
        list(score_by_inactivity([("c1", 8)], steps))


@pytest.fixture(params=[LIVE, Workspace("w1")], ids=["live", "workspace"])
def workspace(request, settings):
    """Candidates and rule of a live night, or of one in a workspace."""
    workspace = request.param
    with connect(settings) as connection:
        rooms.create_workspace(connection, workspace)
    with connect(settings, "yihu_transformer") as connection, connection.cursor() as cursor:
        marts = workspace.schema("marts")
        cursor.execute(f"create table {marts}.churn_candidates (customer_id text, days_inactive integer)")
        cursor.execute(f"insert into {marts}.churn_candidates values ('c2', 31), ('c1', 30)")
    with connect(settings, "yihu_loader") as connection, connection.cursor() as cursor:
        rule = f"{workspace.schema('policy')}.churn_rule"
        cursor.execute(
            f"create table {rule} (days_inactive_from integer, churn_probability numeric,"
            " effective_from date, effective_to date)"
        )
        cursor.execute(
            f"insert into {rule} values"
            " (0, 0.02, '2026-01-01', null), (31, 0.06, '2026-10-31', '2026-10-31'),"
            " (31, 0.09, '2026-01-01', '2026-10-30'), (31, 0.12, '2026-11-01', null)"
        )
    return workspace


def landed(settings, workspace):
    with connect(settings) as connection, connection.cursor() as cursor:
        cursor.execute(
            "select _received_date, customer_id, role_code, churn_probability, probability_low,"
            " days_inactive, method_code, score_version, reason_1_code, reason_1_value, reason_2_code"
            f" from {workspace.schema('raw')}.churn_model__scores order by _received_date, _line_number"
        )
        return cursor.fetchall()


def test_a_score_has_the_declared_columns_in_their_order():
    declared = load_source("churn_model").table("scores").columns
    assert Score._fields == tuple(column.name for column in declared)


def test_the_step_lands_the_scores_of_the_night_once(settings, workspace):
    for run_id in ("run 1", "run 2"):
        night = open_night(settings, D, run_id, workspace)
        assert score(settings, night) == StepCounts(2, 2)
        close_night(settings, night, "stopped")
    assert landed(settings, workspace) == [
        (D, "c1", "champion", "0.02", None, "30", "rule", "inactivity-rule", "inactivity", "30", None),
        (D, "c2", "champion", "0.06", None, "31", "rule", "inactivity-rule", "inactivity", "31", None),
    ]


def test_no_step_in_force_lands_nothing(settings, workspace):
    night = open_night(settings, date(2025, 12, 31), "run 1", workspace)
    with pytest.raises(RuleError, match="no step"):
        score(settings, night)
