"""customer_nightly: one trustworthy record per customer, every night.

Makes   the edition of a business date: the unified customer view, tiers, churn scores, and the views of
        `reporting` that show them.
When    02:00 in the bank's time zone, for the day that has just ended; one run per business date.
Reads   the deliveries received up to the business date.
Readers BI analysts query `reporting`; risk staff read the night's report.
Fails   A closed gate or a bad delivery is not retried: read the report (its path is in the log of `report`),
        have the source deliver again into the same folder, clear the run from `land`. Anything else is
        retried twice. `reporting` keeps the last good edition until a night passes. A run that is not done
        five hours after it was queued is told to those on duty. See docs/runbook.md.
"""

import os
from datetime import timedelta

from airflow.sdk import (
    CronPartitionTimetable,
    DeadlineAlert,
    DeadlineReference,
    ExceptionRetryPolicy,
    Param,
    RetryAction,
    RetryRule,
    SyncCallback,
    TriggerRule,
    dag,
    get_current_context,
    task,
)

QUALITY_FAILURES = (
    "pipelines.gates.GateClosed",
    "pipelines.landing.DeliveryError",
    "pipelines.policy.PolicyError",
)


def run(step: str) -> None:
    """Hand the task's context to the step of this name."""
    from pipelines.steps import run_task

    run_task(step, get_current_context())


@dag(
    dag_id="customer_nightly",
    schedule=CronPartitionTimetable(
        "0 2 * * *",
        timezone=os.environ.get("YIHU_TIME_ZONE", "Asia/Shanghai"),
        run_offset=-1,
        key_format="%Y-%m-%d",
    ),
    deadline=DeadlineAlert(
        reference=DeadlineReference.DAGRUN_QUEUED_AT,
        interval=timedelta(hours=5),
        callback=SyncCallback("pipelines.messages.tell_missed_deadline"),
    ),
    catchup=False,
    max_active_runs=1,
    params={
        "business_date": Param(None, type=["null", "string"], format="date"),
        "night_id": Param(None, type=["null", "integer"]),
    },
    default_args={
        "retries": 2,
        "retry_delay": timedelta(minutes=5),
        "retry_policy": ExceptionRetryPolicy(
            rules=[RetryRule(exception=list(QUALITY_FAILURES), action=RetryAction.FAIL)]
        ),
    },
    doc_md=__doc__,
    tags=["yihu"],
)
def customer_nightly() -> None:
    """Land, gate, identify, build, score, build the edition, gate it, publish, report."""
    land = task(task_id="land")(run)("land")
    gate_delivery = task(task_id="gate_delivery")(run)("gate_delivery")
    identify = task(task_id="identify")(run)("identify")
    build = task(task_id="build")(run)("build")
    score = task(task_id="score")(run)("score")
    build_edition = task(task_id="build_edition")(run)("build_edition")
    gate_edition = task(task_id="gate_edition")(run)("gate_edition")
    publish = task(task_id="publish")(run)("publish")
    report = task(task_id="report", trigger_rule=TriggerRule.ALL_DONE)(run)("report")

    @task(trigger_rule=TriggerRule.ONE_FAILED, retries=0)
    def watcher() -> None:
        """Fail the run when any step failed: the report is a leaf that always succeeds."""
        raise RuntimeError("a step of this night failed: see its log and the report")

    steps = [land, gate_delivery, identify, build, score, build_edition, gate_edition, publish, report]
    land >> gate_delivery >> identify >> build >> score >> build_edition >> gate_edition >> publish >> report
    steps >> watcher()


customer_nightly()
