"""What policy says about training and serving a churn model."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from psycopg2.extensions import connection as Connection

from pipelines.policy import parameter


@dataclass(frozen=True)
class Thresholds:
    """The rows of ``policy.parameters`` that training and scoring go by; shares and scores in 0–1."""

    horizon_months: int
    calibration_months: int
    training_row_count: int
    eligible_count: int
    churner_count: int
    rule_gain_share: float
    leak_score: float
    leak_share: float
    outcome_minimum_count: int
    interval_share: float
    model_age_months: int
    psi_limit: Decimal

    def refusal(self, eligible_count: int, churner_count: int) -> str | None:
        """Why so few customers are not learnt from; None where they are enough."""
        if eligible_count < self.eligible_count:
            return (
                f"{eligible_count} eligible customers at the last labelled month end, "
                f"fewer than {self.eligible_count}"
            )
        if churner_count < self.churner_count:
            return f"{churner_count} churners to learn from, fewer than {self.churner_count}"
        return None

    def gain_refusal(self, gain: float, low: float | None) -> str | None:
        """Why a model is refused whose average precision exceeds the rule's by ``gain``; None: it is not."""
        if not gain >= self.rule_gain_share:
            return (
                f"average precision {gain:+.1%} against the best inactivity rule, "
                f"less than {self.rule_gain_share:+.1%}"
            )
        if low is None or low <= 0:
            return f"average precision {gain:+.1%} against the best inactivity rule may be chance"
        return None

    def is_suspicious(self, roc_auc: float) -> bool:
        """Whether a model is too good to be true."""
        return roc_auc > self.leak_score

    def is_telling(self, row_count: int, share: float) -> bool:
        """Whether of so many customers too many left for what they have in common to be a cause."""
        return row_count >= self.outcome_minimum_count and share > self.leak_share

    def is_stale(self, last_month: int, business_month: int) -> bool:
        """Whether the last outcomes that a model has seen lie too far back; both are month numbers."""
        return business_month - last_month > self.model_age_months

    def moved(self, indices: Mapping[str, Decimal], row_count: int) -> dict[str, Decimal]:
        """The parts whose PSI over so many rows is above the limit; of too few rows none is judged."""
        if row_count < self.eligible_count:
            return {}
        return {name: value for name, value in indices.items() if value > self.psi_limit}


def read_thresholds(connection: Connection, business_date: date, schema: str = "policy") -> Thresholds:
    """The thresholds in force on a date; PolicyError names the row that is missing."""

    def value(name: str) -> Decimal:
        return Decimal(parameter(connection, name, business_date, schema))

    return Thresholds(
        horizon_months=int(value("churn_horizon_months")),
        calibration_months=int(value("churn_calibration_months")),
        training_row_count=int(value("churn_training_row_count")),
        eligible_count=int(value("churn_eligible_count")),
        churner_count=int(value("churn_churner_count")),
        rule_gain_share=float(value("churn_rule_gain_share")),
        leak_score=float(value("churn_leak_score")),
        leak_share=float(value("churn_leak_share")),
        outcome_minimum_count=int(value("churn_outcome_minimum_count")),
        interval_share=float(value("churn_interval_share")),
        model_age_months=int(value("churn_model_age_months")),
        psi_limit=value("churn_psi_limit"),
    )
