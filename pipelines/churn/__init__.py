"""Churn: how likely each customer is to leave, why, and who trained what scores it."""

from pipelines.churn.errors import ChurnError
from pipelines.churn.rule import RuleError, score_by_inactivity
from pipelines.churn.score import score, scored_version

__all__ = ["ChurnError", "RuleError", "score", "score_by_inactivity", "scored_version"]
