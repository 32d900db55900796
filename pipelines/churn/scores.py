"""What the score step lands: the shapes of ``raw.churn_model__…``, in declared order."""

from decimal import Decimal
from typing import NamedTuple

CHAMPION, CHALLENGER = "champion", "challenger"
RULE, MODEL = "rule", "model"
RULE_VERSION = "inactivity-rule"
INACTIVITY = "inactivity"  # the rule's only reason: how many days


class Score(NamedTuple):
    """What is landed for one customer and role; probabilities and shares in 0–1, null where not known.

    A reason is the code of a feature (or ``inactivity``) that raises the probability, and its value as it was
    (null for a text). Strongest first.
    """

    customer_id: str
    role_code: str
    churn_probability: Decimal | str
    probability_low: Decimal | str | None
    probability_high: Decimal | str | None
    loss_share: Decimal | str | None
    days_inactive: int | None
    method_code: str
    score_version: str
    reason_1_code: str | None = None
    reason_1_value: int | str | None = None
    reason_2_code: str | None = None
    reason_2_value: int | str | None = None
    reason_3_code: str | None = None
    reason_3_value: int | str | None = None


class Stability(NamedTuple):
    """How far a feature, or the ``score``, lies from what the champion is used to; no unit, 0: not at all."""

    score_version: str
    part_code: str
    psi_value: Decimal
    customer_count: int


def rule_score(customer_id: str, probability: Decimal | str, days_inactive: int) -> Score:
    """The champion's score where the inactivity rule gives it."""
    return Score(
        customer_id,
        CHAMPION,
        probability,
        None,
        None,
        None,
        days_inactive,
        RULE,
        RULE_VERSION,
        INACTIVITY,
        days_inactive,
    )
