"""Brings the marts to a night's business date, by way of the month ends that lie between."""

import logging
import sys
from collections.abc import Callable
from json import loads

from pipelines import churn
from pipelines.building import history, warm
from pipelines.building.dbt import BuildError, BuildResult, build
from pipelines.children import follow_child
from pipelines.nights import Night
from pipelines.settings import Settings

RESULT = "result "  # what the child's last line begins with
Tell = Callable[[str], None]


def call_marts(settings: Settings, night: Night) -> BuildResult:
    """``build_marts`` in a process of its own, so that its memory comes back; BuildError has its words."""
    log = logging.getLogger("yihu.steps")
    said: list[str] = []

    def hear(line: str) -> None:
        said.append(line)
        if not line.startswith(RESULT):
            log.info("build: %s", line)

    code = follow_child(
        [sys.executable, "-m", "pipelines.building", "--night", str(night.night_id)],
        settings.environment(),
        hear,
    )
    if code or not said or not said[-1].startswith(RESULT):
        raise BuildError(said[-1] if said else f"the build of night {night.night_id} ended with code {code}")
    return BuildResult(**loads(said[-1].removeprefix(RESULT)))


def build_marts(settings: Settings, night: Night, tell: Tell = print) -> BuildResult:
    """Build the marts as of every stop up to the night's business date, scores at the month ends between.

    dbt runs in this process. Gives the counts of the last build.
    """
    for stop in history.stops(settings, night):
        is_last = stop.business_date == night.business_date
        with history.at(settings, night, stop) as then:
            if not is_last:
                tell(f"month end {stop.business_date}")
            layer = "marts" if is_last else "month_end"
            result = build(settings, then, layer, stop.since, warm.invoke)
            if not is_last:
                churn.score(settings, then)
    return result
