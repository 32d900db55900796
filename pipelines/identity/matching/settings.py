"""The numbers of matching, declared in ``settings.yml`` beside this file."""

from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path

import yaml


@dataclass(frozen=True)
class MatchSettings:
    """See ``settings.yml``; weights are bits (log2 of odds)."""

    link_weight: float
    cluster_weight: float
    worst_weight: float
    widest_weight: float
    deepest_weight: float
    certain_weight: float
    agreed_weight: float
    largest_component: int
    shared_key_records: int
    block_pairs_per_record: int
    block_pairs_at_least: int
    pairs_per_record: int
    pairs_at_least: int
    largest_block: int
    sample_pairs: int
    training_pairs: int
    prior_pairs: float
    most_differing: float
    rounds: int
    memory: str
    seed: int


@cache
def match_settings() -> MatchSettings:
    """The declared settings; each is there, none is unknown."""
    declared = yaml.safe_load(Path(__file__).with_name("settings.yml").read_text(encoding="utf-8"))
    if set(declared) != {field.name for field in fields(MatchSettings)}:
        raise ValueError("settings.yml and MatchSettings name different numbers")
    return MatchSettings(**declared)
