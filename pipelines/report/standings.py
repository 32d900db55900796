"""Tiers and churn bands of an edition beside those of the one before it."""

from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby

from psycopg2.extensions import connection as Connection

from pipelines.report.changes import Beside
from pipelines.report.rows import Rows, all_rows, is_there
from pipelines.report.words import Both

_NAMES = """
select code_set, code, name_zh, name_en, rank from {schema}.codes
where code_set in ('scheme', 'churn_band') or code_set like 'tier!_%%' escape '!' order by rank, code
"""


@dataclass(frozen=True)
class Standing:
    """One tier or band: customers now and before; ``length`` and ``former_length`` of the list's longest."""

    beside: Beside
    length: float
    former_length: float | None
    money: Decimal | None = None


@dataclass(frozen=True)
class Scheme:
    """A scheme's tiers, or the churn bands, from the highest down."""

    title: Both
    standings: tuple[Standing, ...]


def read_names(connection: Connection, schema: str) -> dict[tuple[str, str], Both]:
    """Names of schemes, tiers and bands by code set and code."""
    if not is_there(connection, schema, "codes"):
        return {}
    return {
        (row.code_set, row.code): Both(row.name_zh, row.name_en)
        for row in all_rows(connection, _NAMES.format(schema=schema))
    }


def compare_tiers(
    names: dict[tuple[str, str], Both], tiers: Rows, former_tiers: Rows, has_former: bool
) -> tuple[Scheme, ...]:
    """Every scheme of the edition, in its order."""
    before = {(row.scheme_code, row.tier_code): row.customer_count for row in former_tiers}
    found = []
    for scheme, group in groupby(tiers, key=lambda row: row.scheme_code):
        rows = list(group)
        held = {row.tier_code: row.customer_count for row in rows}
        gone = [tier for code, tier in before if code == scheme and tier not in held]
        figures = [
            Beside(
                names.get((f"tier_{scheme}", tier), Both(tier, tier)),
                held.get(tier, 0),
                before.get((scheme, tier), 0) if has_former else None,
            )
            for tier in [*held, *gone]
        ]
        found.append(Scheme(names.get(("scheme", scheme), Both(scheme, scheme)), _measured(figures)))
    order = [title for (code_set, _), title in names.items() if code_set == "scheme"]
    return tuple(sorted(found, key=lambda one: order.index(one.title) if one.title in order else len(order)))


def compare_bands(
    names: dict[tuple[str, str], Both], churn: Rows, former_churn: Rows, has_former: bool
) -> Scheme | None:
    """The churn bands with the money at risk; None without scores."""
    before = {row.churn_band_code: row.customer_count for row in former_churn}
    held = {row.churn_band_code: row for row in churn}
    if not held:
        return None
    codes = [*held, *(code for code in before if code not in held)]
    figures = [
        Beside(
            names.get(("churn_band", code), Both(code, code)),
            held[code].customer_count if code in held else 0,
            before.get(code, 0) if has_former else None,
        )
        for code in codes
    ]
    money = [held[code].money_at_risk_amount if code in held else Decimal(0) for code in codes]
    return Scheme(Both("流失等级", "Churn bands"), _measured(figures, money))


def _measured(figures: list[Beside], money: list[Decimal] | None = None) -> tuple[Standing, ...]:
    longest = max((max(each.now or 0, each.former or 0) for each in figures), default=0) or 1
    return tuple(
        Standing(
            each,
            float((each.now or 0) / longest),
            None if each.former is None else float(each.former / longest),
            amount,
        )
        for each, amount in zip(figures, money or [None] * len(figures), strict=True)
    )
