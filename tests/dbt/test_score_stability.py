"""A champion whose scores moved by a month end: score step, dbt's checks and the night after together."""

from datetime import date, timedelta

import pytest
from made_up_churners import LIMITS, features, parts, write_mart
from night_support import begin_night, query
from test_unit_tests import complaints, dbt

from pipelines import landing
from pipelines.churn import records, registry, score
from pipelines.churn.training import train_model
from pipelines.nights import close_night
from pipelines.policy import read_policy, write_policy
from pipelines.settings import ROOT
from pipelines.sources import pipeline_sources
from pipelines.warehouse import connect

MONTH_END = date(2026, 10, 31)
MONTH = 24_321
ORIGIN = registry.Origin(date(2026, 9, 30), MONTH - 14, MONTH - 3, ("a",), "p1")
CUSTOMERS = 600
CHECKS = "stg_churn_model__stabilities churn_stability_months churn_drift_checks"
OUTCOMES = (
    "score_version text, method_code text, snapshot_month_number integer, decile_number integer, "
    "customer_count bigint, churned_count bigint, expected_count numeric, silent_customer_count bigint, "
    "silent_churned_count bigint, month_number integer"
)


@pytest.fixture(scope="module")
def trained():
    return train_model(*parts("drivers", customers=1_000), LIMITS)


@pytest.mark.parametrize(("salary_fall", "has_moved"), [(0, False), (3, True)])
def test_scores_that_moved_by_a_month_end_give_way_the_night_after(settings, trained, salary_fall, has_moved):
    with connect(settings) as connection:
        version = registry.register(settings, connection, trained, ORIGIN, "card")
        records.promote(connection, version, MONTH_END, "Li", "Wang", "better")
    with connect(settings, "yihu_loader") as connection:
        landing.ensure_raw_tables(connection, pipeline_sources())
        write_policy(connection, read_policy(ROOT / "policy", "demo"))
    write_mart(settings, candidates(salary_fall))
    with connect(settings, "yihu_transformer") as connection, connection.cursor() as cursor:
        cursor.execute(f"create table marts.churn_outcome_months ({OUTCOMES})")

    checks, method, message = night(settings, MONTH_END)
    assert (checks, method, "the scores have moved" in message) == ([], "model", has_moved)
    ((landed,),) = query(
        settings,
        "select cast(psi_value as numeric) from raw.churn_model__stabilities where part_code = 'score'",
    )
    checks, method, message = night(settings, MONTH_END + timedelta(days=1))
    assert checks == [("score_stability", version, landed, has_moved)]
    assert (method, "score_stability is" in message) == (("rule", True) if has_moved else ("model", False))


def candidates(salary_fall):
    """Everybody in two months; the salaries of all have fallen by so much."""
    table = features(2 * CUSTOMERS, 3)
    return table.assign(
        salary_trend_change=table["salary_trend_change"] - salary_fall,
        customer_id=[f"c{n % CUSTOMERS:03d}" for n in range(2 * CUSTOMERS)],
        branch_id="b1",
        month_number=[MONTH + n // CUSTOMERS for n in range(2 * CUSTOMERS)],
    )


def night(settings, day):
    """The checks as dbt builds them, the method that then scores, and the score step's message."""
    running = begin_night(settings, day)
    with connect(settings) as connection, connection.cursor() as cursor:
        cursor.execute("delete from ops.views")
        cursor.execute("insert into ops.views (workspace, business_date) values ('', %s)", (day,))
    assert complaints(dbt(settings, running, "run", "--select", CHECKS)) == ""
    checks = query(
        settings, "select check_code, score_version, check_value, is_broken from marts.churn_drift_checks"
    )
    message = score(settings, running).message or ""
    ((method,),) = query(
        settings,
        "select distinct method_code from raw.churn_model__scores "
        "where _received_date = %s and role_code = 'champion'",
        day,
    )
    close_night(settings, running, "stopped")
    return checks, method, message
