"""churn_training: a new challenger among the churn models, every month.

Makes   a churn model from the monthly snapshots in the marts, judged on a later one against the best
        inactivity rule, or a refusal; a row of ops.churn_models and a page in English and Chinese.
When    04:00 on the fifth in the bank's time zone, when the month's first nights have brought its late data.
Reads   features and outcomes in `marts`, as the last night left them.
Readers risk staff read the page and promote a model with `yihu churn promote`; until then the night scores it
        as challenger only.
Fails   Too few customers or churners, no gain over the rule, or too good to be true: nothing changes, whoever
        scores keeps scoring; the log says why. With a written reason: `yihu train --reason …`. Not retried.
"""

import os

from airflow.sdk import CronTriggerTimetable, Param, dag, get_current_context, task


@dag(
    dag_id="churn_training",
    schedule=CronTriggerTimetable("0 4 5 * *", timezone=os.environ.get("YIHU_TIME_ZONE", "Asia/Shanghai")),
    catchup=False,
    max_active_runs=1,
    params={"business_date": Param(None, type=["null", "string"], format="date")},
    default_args={"retries": 0},
    doc_md=__doc__,
    tags=["yihu"],
)
def churn_training() -> None:
    """Train, judge, put on record."""

    @task
    def train() -> None:
        """One challenger, or a reason why there is none."""
        from pipelines.churn.train import train_task

        train_task(get_current_context())

    train()


churn_training()
