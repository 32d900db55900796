"""Churn models on record: what was trained, and from when each one scores.

The champion of a business date is what was promoted last up to it; before the first promotion the inactivity
rule scores. The challenger is the newest model on record besides.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

from psycopg2.extensions import connection as Connection

from pipelines.approval import require_two_people
from pipelines.churn.errors import ChurnError
from pipelines.churn.features import feature_hash
from pipelines.churn.scores import RULE_VERSION
from pipelines.nights import published_until

REGISTERED, REFUSED = "registered", "refused"


@dataclass(frozen=True)
class OnRecord:
    """A training on record; ``effective_from`` None: never promoted, ``file_sha256`` None: no file kept."""

    version: str
    trained_date: date
    last_month: int
    feature_hash: str
    file_sha256: str | None
    state: str
    message: str | None
    roc_auc: float | None
    pr_auc: float | None
    gain: float | None
    effective_from: date | None


def promote(
    connection: Connection, version: str, start: date, proposer: str, approver: str, reason: str
) -> None:
    """Let a model, or the inactivity rule by its name, score from a date on that readers have not seen."""
    require_two_people(proposer, approver)
    with connection.cursor() as cursor:
        seen = published_until(cursor)
        if seen is not None and start <= seen:
            raise ChurnError(
                f"{seen} is published already: promote from a later date on; nothing was promoted"
            )
        if version != RULE_VERSION:
            record = find(connection, version)
            if record is None:
                raise ChurnError(f"churn model {version} is not on record: `yihu churn models` lists them")
            if record.state == REFUSED:
                raise ChurnError(
                    f"churn model {version} was refused ({record.message}): nothing was promoted"
                )
            if record.feature_hash != feature_hash():
                raise ChurnError(
                    f"churn model {version} was trained under features {record.feature_hash}, those declared "
                    f"now are {feature_hash()}: train again; nothing was promoted"
                )
        cursor.execute(
            "insert into ops.churn_promotions (model_version, effective_from, proposer, approver, reason) "
            "values (%s, %s, %s, %s, %s)",
            (version, start, proposer.strip(), approver.strip(), reason),
        )


def champion(connection: Connection, business_date: date) -> OnRecord | None:
    """The model that was promoted last up to a date; None: the inactivity rule."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select model_version from ops.churn_promotions where effective_from <= %s "
            "order by effective_from desc, promotion_id desc limit 1",
            (business_date,),
        )
        row = cursor.fetchone()
        if row is None or row[0] == RULE_VERSION:
            return None
        record = find(connection, row[0])
    if record is None:
        raise ChurnError(f"churn model {row[0]} is promoted but not on record: promote another one")
    return record


def challenger(connection: Connection, business_date: date, besides: OnRecord | None) -> OnRecord | None:
    """The newest model that was trained before a date and is not the champion; None: there is none."""
    return next(
        (
            record
            for record in reversed(on_record(connection))
            if record.state == REGISTERED
            and record.trained_date < business_date
            and (besides is None or record.version != besides.version)
        ),
        None,
    )


def on_record(connection: Connection) -> list[OnRecord]:
    """Every training, newest last."""
    with connection.cursor() as cursor:
        cursor.execute(_RECORDS.format(condition="true"))
        return [OnRecord(*row) for row in cursor.fetchall()]


def find(connection: Connection, version: str) -> OnRecord | None:
    """One training on record."""
    with connection.cursor() as cursor:
        cursor.execute(_RECORDS.format(condition="model_version = %s"), (version,))
        row: tuple[Any, ...] | None = cursor.fetchone()
    return OnRecord(*row) if row else None


_RECORDS = """
select
    model_version, trained_date, last_month, feature_hash, file_sha256, state_code, message,
    cast(metrics #>> '{{methods,model,roc_auc,value}}' as double precision),
    cast(metrics #>> '{{methods,model,pr_auc,value}}' as double precision),
    cast(metrics #>> '{{gain,value}}' as double precision),
    (select min(effective_from) from ops.churn_promotions as promotion
     where promotion.model_version = model.model_version)
from ops.churn_models as model
where {condition}
order by trained_date, registered_at, model_version
"""
