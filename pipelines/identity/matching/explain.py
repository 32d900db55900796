"""Why two records are one person, or are not: weights by comparison, with masked values."""

from dataclasses import dataclass

from duckdb import DuckDBPyConnection

from pipelines.identity.matching.model import Model
from pipelines.identity.matching.scoring import compare, rarity, rule_code, total, weigh
from pipelines.wording import mask


@dataclass(frozen=True)
class Reason:
    """What one comparison says: its level (None: a value is missing), bits, both records' masked values."""

    comparison: str
    level_code: str | None
    weight: float
    left: str | None
    right: str | None


@dataclass(frozen=True)
class Explanation:
    """A pair's weight: the prior, the reasons and what a shared home takes off; or the rule's, if more."""

    rule_code: str
    weight: float
    prior_weight: float
    household_weight: float
    reasons: tuple[Reason, ...]


def explain(connection: DuckDBPyConnection, model: Model, left: int, right: int) -> Explanation:
    """The explanation of two records (rids of the table ``compared``)."""
    low, high = sorted((left, right))
    connection.execute(
        f"create or replace temp table asked as select {int(low)}::bigint as l, {int(high)}::bigint as r"
    )
    compare(connection, model, "asked", "asked_levels")
    reasons = tuple(_reason(connection, model, place, low, high) for place in range(len(model.comparisons)))
    code, before = connection.execute(
        f"select {rule_code(model)}, {total(model)} from asked_levels"
    ).fetchone()
    weigh(connection, model, "asked_levels", "asked_score")
    weight = connection.execute("select weight from asked_score").fetchone()[0]
    for table in ("asked", "asked_levels", "asked_score"):
        connection.execute(f"drop table {table}")
    household = before - model.prior_weight - sum(reason.weight for reason in reasons)
    return Explanation(code, weight, round(model.prior_weight, 4), round(household, 4), reasons)


def _reason(connection: DuckDBPyConnection, model: Model, place: int, left: int, right: int) -> Reason:
    comparison = model.comparisons[place]
    level, weight = connection.execute(
        f"select gamma_{comparison.name}, mw_{comparison.name} + {rarity(model, comparison.name)} from "
        f"asked_levels"
    ).fetchone()
    shown = " || ' ' || ".join(f"coalesce({name}, '')" for name in comparison.fields)
    values = dict(
        connection.execute(
            f"select rid, trim({shown}) from compared where rid in (?, ?)", [left, right]
        ).fetchall()
    )
    return Reason(
        comparison.name,
        comparison.levels[level].code if level >= 0 else None,
        round(weight, 4),
        *(mask(values[rid]) if values[rid] else None for rid in (left, right)),
    )
