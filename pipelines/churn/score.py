"""The night's score step: every candidate by champion and challenger, landed like a source.

The champion is a model only while it can be trusted; else the inactivity rule scores, and the step says why.
While a model is champion, what it scores is counted against its reference (C5): see ``stability``.
"""

import logging
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from psycopg2 import sql
from psycopg2.extensions import connection as Connection

from pipelines.churn.errors import ChurnError
from pipelines.churn.features import NAMES, check_features
from pipelines.churn.records import OnRecord, challenger, champion
from pipelines.churn.rule import score_by_inactivity
from pipelines.churn.scores import CHALLENGER, CHAMPION, RULE_VERSION, Score, Stability, rule_score
from pipelines.churn.thresholds import read_thresholds
from pipelines.landing import write_rows
from pipelines.months import month_number
from pipelines.nights import Night, StepCounts
from pipelines.settings import Settings
from pipelines.warehouse import connect

if TYPE_CHECKING:
    from pipelines.churn.stability import Tally
    from pipelines.churn.training import ScoringModel

_CHUNK = 10_000
log = logging.getLogger("yihu.steps")


@dataclass(frozen=True)
class Serving:
    """A model that scores tonight; ``tally`` counts what the champion scores."""

    role: str
    version: str
    scoring: "ScoringModel"
    tally: "Tally | None"


def score(settings: Settings, night: Night) -> StepCounts:
    """Land one score per candidate and role, replacing those of the night's business date.

    The rule's steps are the rows of ``policy.churn_rule`` in force on the business date. Gives candidates
    read and scores landed, with what stands in a model's way and what has moved. RuleError: the rule is
    needed, has no step.
    """
    workspace, day = night.workspace, night.business_date
    marts, policy = workspace.schema("marts"), workspace.schema("policy")
    with (
        connect(settings, "yihu_loader") as reader,
        connect(settings, "yihu_loader", night.night_id) as writer,
        tempfile.TemporaryDirectory(prefix="yihu-churn-") as folder,
    ):
        serving, warnings = _serving(settings, reader, day, marts, policy)
        has_champion = any(one.role == CHAMPION for one in serving)
        scores: list[Iterable[Score]] = []
        if not has_champion:
            steps = _read_steps(reader, policy, day)
            candidates = _read_candidates(reader, marts)
            scores.append(rule_score(*row) for row in score_by_inactivity(candidates, steps))
        if serving:
            path = Path(folder) / "features.csv"
            _copy_features(reader, marts, day, path)
            bound = _lowest_band_ends(reader, policy, day)
            scores += [_by_model(one, path, bound) for one in serving]
        roles, raw = len(scores), workspace.schema("raw")
        count = write_rows(writer, raw, "churn_model", "scores", day, chain.from_iterable(scores))
        stabilities = list(chain.from_iterable(map(_stabilities, serving)))
        write_rows(writer, raw, "churn_model", "stabilities", day, stabilities)
        warnings += _moved(reader, day, policy, stabilities)
    for warning in warnings:
        log.warning("score: %s", warning)
    return StepCounts(count // roles, count, "; ".join(warnings) or None)


def scored_version(settings: Settings, night: Night) -> str:
    """The version of the champion's scores of a night: a model's, or the rule's name."""
    statement = sql.SQL(
        "select score_version from {} where _received_date = %s and role_code = %s limit 1"
    ).format(sql.Identifier(night.workspace.schema("raw"), "churn_model__scores"))
    with connect(settings, "yihu_loader") as connection, connection.cursor() as cursor:
        cursor.execute(statement, (night.business_date, CHAMPION))
        row = cursor.fetchone()
    return row[0] if row else RULE_VERSION


def _serving(
    settings: Settings, connection: Connection, day: date, marts: str, policy: str
) -> tuple[list[Serving], list[str]]:
    """The models that can score on a date, the champion first, and why others cannot."""
    first = champion(connection, day)
    roles = {CHAMPION: first, CHALLENGER: challenger(connection, day, first)}
    found, warnings = [], []
    for role, record in roles.items():
        if record is None:
            continue
        from pipelines.churn import registry  # takes seconds to import, and a bank may have no model
        from pipelines.churn.stability import Tally

        try:
            _check(connection, record, role, day, marts, policy)
            scoring = registry.load(settings, record)
            tally = Tally(scoring.reference) if role == CHAMPION else None
            found.append(Serving(role, record.version, scoring, tally))
        except ChurnError as error:
            instead = "; the inactivity rule scores instead" if role == CHAMPION else ""
            warnings.append(f"{role}: {error}{instead}")
    return found, warnings


def _check(connection: Connection, record: OnRecord, role: str, day: date, marts: str, policy: str) -> None:
    """ChurnError where a model should not score; a challenger may be old or have drifted."""
    check_features(connection, marts)
    if not _has_features(connection, marts, day):
        raise ChurnError(f"{marts}.churn_features has no row of {day:%Y-%m}")
    if role == CHALLENGER:
        return
    thresholds = read_thresholds(connection, day, policy)
    if thresholds.is_stale(record.last_month, month_number(day)):
        raise ChurnError(
            f"churn model {record.version} has seen no outcome of the last "
            f"{thresholds.model_age_months} months: train again"
        )
    for check, value, bound in _broken(connection, marts, record.version):
        raise ChurnError(
            f"churn model {record.version} has drifted: {check} is {value}, the bound is {bound}: train again"
        )


def _by_model(serving: Serving, path: Path, bound: float) -> Iterator[Score]:
    """The champion's reasons are for everybody above the lowest band; the challenger's nobody reads."""
    from pipelines.churn.serving import read_chunks, score_table  # see _serving

    reasons_from = bound if serving.role == CHAMPION else None
    for table in read_chunks(path):
        yield from score_table(
            serving.scoring, table, serving.role, serving.version, reasons_from, serving.tally
        )


def _stabilities(serving: Serving) -> Iterator[Stability]:
    """What the champion's tally comes to, once it has scored everybody."""
    if serving.tally:
        for part, value in serving.tally.indices().items():
            yield Stability(serving.version, part, value, serving.tally.row_count)


def _moved(connection: Connection, day: date, policy: str, stabilities: Sequence[Stability]) -> list[str]:
    """What staff should hear of the champion's tally; it is the drift checks that judge the score."""
    if not stabilities:
        return []
    from pipelines.churn.stability import tell_moved  # see _serving

    thresholds = read_thresholds(connection, day, policy)
    indices = {one.part_code: one.psi_value for one in stabilities}
    return tell_moved(thresholds.moved(indices, stabilities[0].customer_count), thresholds.psi_limit)


def _broken(connection: Connection, marts: str, version: str) -> list[tuple[str, Decimal, Decimal]]:
    """The checks that a model fails, where they have been built."""
    with connection.cursor() as cursor:
        cursor.execute("select to_regclass(%s)", (f"{marts}.churn_drift_checks",))
        if cursor.fetchone()[0] is None:
            return []
        cursor.execute(
            sql.SQL(
                "select check_code, check_value, bound_value from {} where score_version = %s and is_broken "
                "order by check_code"
            ).format(sql.Identifier(marts, "churn_drift_checks")),
            (version,),
        )
        return cursor.fetchall()


def _has_features(connection: Connection, marts: str, day: date) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            sql.SQL("select exists (select from {} where month_number = %s)").format(
                sql.Identifier(marts, "churn_features")
            ),
            (month_number(day),),
        )
        return cursor.fetchone()[0]


def _copy_features(connection: Connection, marts: str, day: date, path: Path) -> None:
    statement = sql.SQL(
        "copy (select customer_id, {} from {} where month_number = {} order by customer_id) "
        "to stdout with (format csv, header)"
    ).format(
        sql.SQL(", ").join(map(sql.Identifier, NAMES)),
        sql.Identifier(marts, "churn_features"),
        sql.Literal(month_number(day)),
    )
    with path.open("wb") as file, connection.cursor() as cursor:
        cursor.copy_expert(statement, file)


def _lowest_band_ends(connection: Connection, schema: str, day: date) -> float:
    """The probability from which a customer is above the lowest band."""
    statement = sql.SQL(
        "select min(lower_bound) from {} where band_set_code = 'churn_band' and rank > 1 "
        "and effective_from <= %(day)s and coalesce(effective_to, %(day)s) >= %(day)s"
    ).format(sql.Identifier(schema, "bands"))
    with connection.cursor() as cursor:
        cursor.execute(statement, {"day": day})
        bound = cursor.fetchone()[0]
    return 0.0 if bound is None else float(bound)


def _read_steps(reader: Connection, schema: str, business_date: date) -> list[tuple[int, Decimal]]:
    statement = sql.SQL(
        """
        select days_inactive_from, churn_probability
        from {} where effective_from <= %(day)s and coalesce(effective_to, %(day)s) >= %(day)s
        """
    ).format(sql.Identifier(schema, "churn_rule"))
    with reader.cursor() as cursor:
        cursor.execute(statement, {"day": business_date})
        return cursor.fetchall()


def _read_candidates(reader: Connection, schema: str) -> Iterator[tuple[str, int]]:
    statement = sql.SQL("select customer_id, days_inactive from {} order by customer_id").format(
        sql.Identifier(schema, "churn_candidates")
    )
    with reader.cursor("candidates") as cursor:
        cursor.itersize = _CHUNK
        cursor.execute(statement)
        yield from cursor
