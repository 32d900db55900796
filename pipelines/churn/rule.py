"""The inactivity rule: the longer a customer has been silent, the likelier he is to leave."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal


class RuleError(Exception):
    """A rule without a step, or a customer below its first one."""


def score_by_inactivity(
    rows: Iterable[tuple[str, int]], steps: Sequence[tuple[int, Decimal]]
) -> Iterator[tuple[str, Decimal, int]]:
    """Score customers one by one.

    ``rows`` are (customer_id, days_inactive), ``steps`` are (days_inactive_from, churn_probability in 0..1),
    both in any order. Yields (customer_id, churn_probability, days_inactive) with the probability of the
    highest step that the days reach. RuleError when there is no step, two begin on one day, or the days reach
    none.
    """
    starts, probabilities = _ordered(steps)
    for customer_id, days in rows:
        reached = bisect_right(starts, days)
        if not reached:
            raise RuleError(
                f"churn rule: {days} days of inactivity lie below the first step, {starts[0]} days"
            )
        yield customer_id, probabilities[reached - 1], days


def _ordered(steps: Sequence[tuple[int, Decimal]]) -> tuple[list[int], list[Decimal]]:
    ordered = dict(sorted(steps))
    if not ordered:
        raise RuleError("churn rule: no step is valid; add rows to policy/churn_rule.csv")
    if len(ordered) < len(steps):
        raise RuleError("churn rule: two steps begin on the same day; keep one in policy/churn_rule.csv")
    return list(ordered), list(ordered.values())
