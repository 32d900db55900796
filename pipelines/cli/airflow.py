"""Runs the night's DAG in this process: the same DAG that the scheduler runs."""

import logging
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipelines.nights import Night, hold
from pipelines.settings import Settings

DAG_ID = "customer_nightly"


class OrchestrationError(Exception):
    """Airflow could not be prepared, or the run failed."""


def prepare(settings: Settings) -> bool:
    """Point Airflow at its home under ``var`` and migrate its metadata; True when it was new."""
    home = settings.var / "airflow"
    os.environ.update(
        {
            "AIRFLOW_HOME": str(home),
            "AIRFLOW__CORE__DAGS_FOLDER": str(settings.root / "dags"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__UNIT_TEST_MODE": "False",
            "AIRFLOW__LOGGING__LOGGING_LEVEL": "ERROR",
            "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/airflow.db",
            "YIHU_BANK": settings.bank,
            "YIHU_VAR": str(settings.var),
        }
    )
    marker = home / "migrated"
    if marker.exists():
        return False
    home.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        [str(Path(sys.executable).parent / "airflow"), "db", "migrate"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        raise OrchestrationError(f"airflow db migrate failed: {done.stdout[-2000:]}")
    marker.touch()
    return True


def run_night(settings: Settings, night: Night, skipped: tuple[str, ...] = ()) -> bool:
    """Run the DAG for a night that is open, holding its lock; True when every step succeeded.

    ``skipped`` steps are marked as done without running: bulk history needs no edition. What Airflow and the
    steps print goes to the night's log; the terminal shows the steps as they begin and end.
    """
    log = log_file(settings, night)
    log.parent.mkdir(parents=True, exist_ok=True)
    with hold(settings, night), _terminal_to(log):
        from airflow.dag_processing.dagbag import DagBag

        dag = DagBag(str(settings.root / "dags")).dags[DAG_ID]
        for task in dag.tasks:
            task.retries = 0  # a person is watching: the error is shown at once
        dag.deadline = (
            None  # the scheduler's alone: a run in one process looks for it in the metadata in vain
        )
        run = dag.test(
            logical_date=None,
            run_conf={"business_date": night.business_date.isoformat(), "night_id": night.night_id},
            mark_success_pattern=re.compile("|".join(skipped)) if skipped else None,
        )
    return run.state == "success"


def log_file(settings: Settings, night: Night) -> Path:
    """Where a night of the command line writes its log."""
    return settings.var / settings.bank / "logs" / f"{night.business_date}_night_{night.night_id}.log"


@contextmanager
def _terminal_to(log: Path) -> Iterator[None]:
    """Send everything this process prints to a file, except the progress of the steps."""
    sys.stdout.flush()
    sys.stderr.flush()
    kept = os.dup(1), os.dup(2)
    progress = logging.StreamHandler(os.fdopen(os.dup(1), "w", buffering=1))
    steps = logging.getLogger("yihu.steps")
    steps.setLevel(logging.INFO)
    steps.propagate = False
    steps.addHandler(progress)
    with log.open("ab", buffering=0) as file:
        try:
            os.dup2(file.fileno(), 1)
            os.dup2(file.fileno(), 2)
            yield
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            for descriptor, original in zip((1, 2), kept, strict=True):
                os.dup2(original, descriptor)
                os.close(original)
            steps.removeHandler(progress)
            progress.close()
