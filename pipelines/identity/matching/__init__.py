"""Matching: which records of any table are one person."""

from pipelines.identity.matching.clusters import Conflict
from pipelines.identity.matching.engine import Matching, match, workspace
from pipelines.identity.matching.evaluate import Evaluation, evaluate
from pipelines.identity.matching.explain import Explanation, explain
from pipelines.identity.matching.model import Model, load_model, save_model
from pipelines.identity.matching.rules import Rules, RulesError, parse_rules, read_rules
from pipelines.identity.matching.settings import MatchSettings, match_settings
from pipelines.identity.matching.table import TableError

__all__ = [
    "Conflict",
    "Evaluation",
    "Explanation",
    "MatchSettings",
    "Matching",
    "Model",
    "Rules",
    "RulesError",
    "TableError",
    "evaluate",
    "explain",
    "load_model",
    "match",
    "match_settings",
    "parse_rules",
    "read_rules",
    "save_model",
    "workspace",
]
