"""``yihu train``: a model from what the marts hold, judged, put on record, and shown as a page."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from psycopg2.extensions import connection as Connection

from pipelines.churn.card import write_card
from pipelines.churn.errors import ChurnError
from pipelines.churn.features import check_features
from pipelines.churn.frame import Frame, Snapshot, labelled, read_frame, sample_share
from pipelines.churn.page import write_page
from pipelines.churn.registry import Origin, register, version_of
from pipelines.churn.splits import Split, SplitError, split_snapshots
from pipelines.churn.thresholds import Thresholds, read_thresholds
from pipelines.churn.training import Tell, Trained, train_model
from pipelines.months import month_number
from pipelines.settings import Settings, load_settings
from pipelines.warehouse import connect

_JUDGED_SHARE = 6  # calibration and test snapshots may each be this part of all rows
MARTS = "marts"
log = logging.getLogger("yihu.steps")


@dataclass(frozen=True)
class Result:
    """A training that came to its end: on record as ``version``, its page, and what is to be said of it."""

    version: str
    trained: Trained
    page: Path


def train(
    settings: Settings, business_date: date | None = None, reason: str | None = None, tell: Tell = print
) -> Result:
    """Train on the marts as they stand, by outcomes known up to a date (None: that of the last night).

    The frame is read by COPY, a sample where it is large. ChurnError: too few customers, months or churners,
    features other than declared, or too good to be true without a reason; the inactivity rule keeps scoring.
    What is refused for lack of gain is put on record, too.
    """
    with connect(settings, "yihu_loader") as reader:
        built, policy_version = _last_build(reader)
        day = business_date or built
        if day > built:
            raise ChurnError(f"the marts are as of {built}, not yet of {day}: run that night first")
        check_features(reader, MARTS)
        thresholds = read_thresholds(reader, day)
        tell("reading features and outcomes")
        last_snapshot = month_number(day) - thresholds.horizon_months
        with labelled(reader, MARTS, last_snapshot) as snapshots:
            split = _split(snapshots, thresholds)
            parts = _read(reader, snapshots, split, thresholds, tell)
        trend = [(one.month_number, one.eligible_count, one.churner_count) for one in snapshots]
    trained = train_model(parts, split, thresholds, tell, trend)
    origin = Origin(
        trained_date=day,
        first_month=split.train[0],
        last_month=split.test[-1] + split.horizon_months,
        digests=tuple(frame.digest for frame in parts.values()),
        policy_version=policy_version,
    )
    version = version_of(trained, origin)
    page = settings.var / settings.bank / "reports" / f"churn_{version}.html"
    write_page(page, settings.bank, version, trained, origin)
    tell(f"the page of the training is {page}")
    with connect(settings) as writer:
        register(settings, writer, trained, origin, write_card(version, trained, origin), reason)
    return Result(version, trained, page)


def _last_build(connection: Connection) -> tuple[date, str]:
    """As of which date the live marts stand, and under which policy they were built."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select build.business_date, night.policy_version from ops.mart_builds as build "
            "inner join ops.nights as night using (night_id) where build.workspace = '' "
            "order by build.business_date desc limit 1"
        )
        row = cursor.fetchone()
    if row is None:
        raise ChurnError("no marts have been built yet: run a night first")
    return row[0], row[1] or ""


def _split(snapshots: list[Snapshot], thresholds: Thresholds) -> Split:
    """The parts in time; ChurnError where there are too few months, customers or churners."""
    try:
        split = split_snapshots(
            (one.month_number for one in snapshots), thresholds.horizon_months, thresholds.calibration_months
        )
    except SplitError as error:
        raise ChurnError(f"no model was trained: {error}") from error
    by_month = {one.month_number: one for one in snapshots}
    refusal = thresholds.refusal(
        by_month[split.test[-1]].eligible_count, sum(by_month[month].churner_count for month in split.train)
    )
    if refusal:
        raise ChurnError(f"no model was trained: {refusal}; the inactivity rule keeps scoring")
    return split


def _read(
    connection: Connection, snapshots: list[Snapshot], split: Split, thresholds: Thresholds, tell: Tell
) -> dict[str, Frame]:
    """The frames of the three parts; together no more rows than policy allows."""
    rows = {one.month_number: one.eligible_count for one in snapshots}
    judged = thresholds.training_row_count // _JUDGED_SHARE
    limits = {"calibration": judged, "test": judged, "train": thresholds.training_row_count - 2 * judged}
    found = {}
    for name in ("train", "calibration", "test"):
        months = getattr(split, name)
        share = sample_share(sum(rows[month] for month in months), limits[name])
        found[name] = read_frame(connection, months, share)
        tell(f"{name}: {len(found[name].table):,} rows of {len(months)} month ends")
    return found


def train_task(context: Mapping[str, Any]) -> None:
    """Train for an Airflow task; ``context`` is the task's context. ChurnError where no model came of it."""
    day = context["params"].get("business_date")
    result = train(load_settings(), date.fromisoformat(day) if day else None, tell=log.info)
    if result.trained.refusal:
        raise ChurnError(f"refused: {result.trained.refusal}; the inactivity rule keeps scoring")
