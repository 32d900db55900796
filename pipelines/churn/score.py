"""The night's score step: every candidate by the inactivity rule, landed like a source."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from psycopg2 import sql
from psycopg2.extensions import connection as Connection

from pipelines.churn.rule import score_by_inactivity
from pipelines.churn.scores import rule_score
from pipelines.landing import write_rows
from pipelines.nights import Night, StepCounts
from pipelines.settings import Settings
from pipelines.warehouse import connect

SCORE_VERSION = "inactivity-rule"
_CHUNK = 10_000


def score(settings: Settings, night: Night) -> StepCounts:
    """Land one score per row of ``churn_candidates``, replacing those of the night's business date.

    The steps are the rows of ``policy.churn_rule`` in force on the business date. Gives candidates read and
    scores landed; RuleError when no step is in force.
    """
    workspace, day = night.workspace, night.business_date
    with (
        connect(settings, "yihu_loader") as reader,
        connect(settings, "yihu_loader", night.night_id) as writer,
    ):
        steps = _read_steps(reader, workspace.schema("policy"), day)
        candidates = _read_candidates(reader, workspace.schema("marts"))
        rows = (
            rule_score(customer_id, probability, days, SCORE_VERSION)
            for customer_id, probability, days in score_by_inactivity(candidates, steps)
        )
        count = write_rows(writer, workspace.schema("raw"), "churn_model", "scores", day, rows)
    return StepCounts(count, count)


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
