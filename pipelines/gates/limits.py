"""How far a night may lie from the nights before it, as the policy of its date says."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from statistics import median

from pipelines.gates.policy_values import PolicyValues
from pipelines.gates.suites import SEVERITIES
from pipelines.months import is_month_end, month_number

# What is measured: rows that come, rows that are there, a part of all, a mean.
FLOW, STOCK, SHARE, MEAN = "flow", "stock", "share", "mean"


class LimitsError(Exception):
    """The policy holds some of the limits and not the others, or one that cannot be meant."""


@dataclass(frozen=True)
class Usual:
    """What is usual: the median of the known nights, and the lowest and highest value that pass."""

    middle: Decimal
    lowest: Decimal
    highest: Decimal
    night_count: int
    was_never_nothing: bool

    def holds(self, value: Decimal) -> bool:
        """Whether a value passes; nothing at all does not where something always came."""
        return self.lowest <= value <= self.highest and not (self.was_never_nothing and not value)


@dataclass(frozen=True)
class TrendLimits:
    """The policy rows ``gate_trend_…``; counts and shares as Decimal, ``silence_severity`` a severity."""

    days: Decimal
    months: Decimal
    known_count: Decimal
    row_count: Decimal
    spread_count: Decimal
    fall_share: Decimal
    rise_count: Decimal
    stock_share: Decimal
    move_share: Decimal
    mean_share: Decimal
    silence_severity: str

    def comparable(self, kind: str, day: date, days: list[date]) -> list[date]:
        """The dates before ``day`` that it is held against.

        What comes follows the week and the month: a month's end is held against those of the last months,
        any other date against the same weekday. What is there is held against every night.
        """
        before = [known for known in days if known < day]
        if kind == FLOW and is_month_end(day):
            first = month_number(day) - self.months
            return [known for known in before if is_month_end(known) and month_number(known) >= first]
        recent = [known for known in before if (day - known).days <= self.days]
        if kind == FLOW:
            return [known for known in recent if known.weekday() == day.weekday() and not is_month_end(known)]
        return recent

    def usual(self, kind: str, known: list[Decimal]) -> Usual | None:
        """The usual of the known nights; None where they are too few, or hold too few rows to speak of."""
        if len(known) < self.known_count:
            return None
        middle = median(known)
        if kind in (FLOW, STOCK) and middle < self.row_count:
            return None
        spread = self.spread_count * median([abs(value - middle) for value in known])
        fall, rise = self._least_moves(kind, abs(middle))
        return Usual(
            middle=middle,
            lowest=min(*known, middle - max(spread, fall)),
            highest=max(*known, middle + max(spread, rise)),
            night_count=len(known),
            was_never_nothing=kind in (FLOW, STOCK) and min(known) > 0,
        )

    def _least_moves(self, kind: str, middle: Decimal) -> tuple[Decimal, Decimal]:
        """By how much a value may fall and rise however little it moved before."""
        if kind == FLOW:
            return self.fall_share * middle, (self.rise_count - 1) * middle
        if kind == SHARE:
            return self.move_share, self.move_share
        move = middle * (self.stock_share if kind == STOCK else self.mean_share)
        return move, move


PARAMETERS = {  # field → its row of policy/parameters.csv
    "days": "gate_trend_days",
    "months": "gate_trend_months",
    "known_count": "gate_trend_known_count",
    "row_count": "gate_trend_row_count",
    "spread_count": "gate_trend_spread_count",
    "fall_share": "gate_trend_fall_share",
    "rise_count": "gate_trend_rise_count",
    "stock_share": "gate_trend_stock_share",
    "move_share": "gate_trend_move_share",
    "mean_share": "gate_trend_mean_share",
    "silence_severity": "gate_trend_silence_severity",
}


def read_limits(policy: PolicyValues) -> TrendLimits | None:
    """The limits in force on the business date; None where the policy holds none of them.

    Raises LimitsError where some are missing, or the severity is none.
    """
    missing = [name for name in PARAMETERS.values() if name not in policy.parameters]
    if len(missing) == len(PARAMETERS):
        return None
    if missing:
        raise LimitsError(
            f"the policy holds no {', '.join(missing)} on {policy.business_date}: nothing was judged; add "
            f"rows to policy/parameters.csv, or close every gate_trend_… to ask for no trend"
        )
    limits = TrendLimits(**{field: policy.parameters[name] for field, name in PARAMETERS.items()})
    if limits.silence_severity not in SEVERITIES:
        raise LimitsError(
            f"{PARAMETERS['silence_severity']} is {limits.silence_severity} on {policy.business_date}: "
            f"nothing was judged; use one of {', '.join(SEVERITIES)} in policy/parameters.csv"
        )
    return limits
