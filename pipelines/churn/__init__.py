"""Score: how likely each customer is to leave."""

from pipelines.churn.rule import RuleError, score_by_inactivity
from pipelines.churn.score import SCORE_VERSION, score

__all__ = ["SCORE_VERSION", "RuleError", "score", "score_by_inactivity"]
