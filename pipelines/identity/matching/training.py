"""Training without truth: how one person's records and strangers' records look, from the table itself.

Strangers are shown by random pairs, one person's records by expectation and maximisation over the candidate
pairs. A comparison learns only from pairs that were found without its own fields, so that what a blocking
rule asked for is not taken for what records agree on. First guesses count as a few pairs' worth of evidence,
so that a small table cannot run away. Splink evaluates the levels; the rounds run on counts of equal
patterns.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from duckdb import DuckDBPyConnection

from pipelines.identity.matching.blocking import Blocking, BlockingRule
from pipelines.identity.matching.comparisons import Comparison
from pipelines.identity.matching.model import DIGITS, Frequency, Model, frequent_columns
from pipelines.identity.matching.scoring import add_counts, compare, rarity
from pipelines.identity.matching.settings import MatchSettings
from pipelines.identity.matching.table import Habits, stable_hash

_SMALLEST = 1e-7
_RAREST = 0.02  # other people who have the rarest value, at least


@dataclass(frozen=True)
class _Patterns:
    """Pairs grouped by what they look like.

    Levels (patterns × comparisons), rules that found them, bits of rarity (of all shared values, of those
    that a household shares), number of pairs.
    """

    levels: np.ndarray
    rules: np.ndarray
    rarity: np.ndarray
    home_rarity: np.ndarray
    counts: np.ndarray


def train(
    connection: DuckDBPyConnection,
    comparisons: tuple[Comparison, ...],
    rules: list[BlockingRule],
    settings: MatchSettings,
    blocking: Blocking,
    habits: Habits,
) -> Model:
    """The model of the tables ``fields`` and ``pairs``, made under these habits and this blocking; makes
    ``frequencies`` and ``compared``."""
    records = connection.execute("select count(*) from fields").fetchone()[0]
    candidates = connection.execute("select count(*) from pairs").fetchone()[0]
    step = max(1.0, candidates / settings.training_pairs)
    _random_pairs(connection, records, settings)
    connection.execute(
        f"create or replace temp table training_pairs as select l, r, rules from pairs "
        f"where hash(l, r, {settings.seed}) % 1000000 < {1000000 / step}"
    )
    model = _first_model(comparisons, records, settings, blocking, habits)
    _count_values(connection, model)
    add_counts(connection, model)
    for pairs in ("training_pairs", "random_pairs"):
        compare(connection, model, pairs, f"{pairs}_levels")
    # a person's own records add to the count of its values; how many they are is known only after a first run
    for is_first in (True, False):
        repeats = 0.0 if is_first else model.prior * (records - 1)
        model = _with_frequencies(connection, model, repeats)
        found, strangers = (
            _patterns(connection, model, pairs) for pairs in ("training_pairs", "random_pairs")
        )
        model = _rounds(model, found, strangers, rules, records * (records - 1) / 2 / step, settings)
    for pairs in ("training_pairs", "random_pairs"):
        connection.execute(f"drop table {pairs}")
        connection.execute(f"drop table {pairs}_levels")
    return model


def _random_pairs(connection: DuckDBPyConnection, records: int, settings: MatchSettings) -> None:
    """Seeded random pairs of different records, or all pairs of a small table."""
    if records * (records - 1) / 2 <= settings.sample_pairs:
        chosen = "select l.rid as l, r.rid as r from fields as l join fields as r on l.rid < r.rid"
    else:
        chosen = (
            f"select hash(i, {settings.seed}) % {records} as l, hash(i, {settings.seed + 1}) % "
            f"{records} as r "
            f"from range({settings.sample_pairs}) as t(i)"
        )
    connection.execute(
        f"create or replace temp table random_pairs as select cast(l as bigint) as l, cast(r as bigint) "
        f"as r, "
        f"0 as rules from ({chosen}) where l <> r"
    )


def _first_model(
    comparisons: tuple[Comparison, ...],
    records: int,
    settings: MatchSettings,
    blocking: Blocking,
    habits: Habits,
) -> Model:
    m = {
        c.name: tuple(level.guess / sum(v.guess for v in c.levels) for level in c.levels) for c in comparisons
    }
    even = {c.name: tuple(1 / len(c.levels) for _ in c.levels) for c in comparisons}
    prior = min(0.1, 0.5 / max(records, 2))
    return Model(comparisons, m, even, m, prior, 0.0, {}, settings, blocking, habits)


def _count_values(connection: DuckDBPyConnection, model: Model) -> None:
    """The table ``frequencies``: how many records have each value."""
    connection.execute("create or replace table frequencies (column_name varchar, value ubigint, n bigint)")
    for column in frequent_columns(model.comparisons):
        connection.execute(
            f"insert into frequencies select '{column}', {stable_hash(column)}, count(*) from fields "
            f"where {column} is not null group by {column}"
        )


def _with_frequencies(connection: DuckDBPyConnection, model: Model, repeats: float) -> Model:
    """The model with what the table ``frequencies`` says of each column but a person's own repetitions."""
    rows = connection.execute(
        f"""
        select column_name, sum(n), sum(n * greatest(n - {1 + repeats!r}, 0)) from frequencies
        group by column_name order by column_name
        """
    ).fetchall()
    counted = {}
    for column, known, strangers in rows:
        average = _rounded(float(strangers) / max(int(known), 1))
        counted[column] = Frequency(
            max(int(known), 2), repeats, average, _rounded(min(1.0, max(average, _RAREST)))
        )
    for column in frequent_columns(model.comparisons):
        counted.setdefault(column, Frequency(2, repeats, 0.0, _RAREST))
    return replace(model, frequencies=counted)


def _patterns(connection: DuckDBPyConnection, model: Model, pairs: str) -> _Patterns:
    """The pairs of a table, counted by pattern."""
    gammas = ", ".join(f"gamma_{c.name}" for c in model.comparisons)
    rare = " + ".join(rarity(model, c.name) for c in model.comparisons)
    home = " + ".join(["0", *(rarity(model, c.name) for c in model.comparisons if not c.is_own)])
    rows = connection.execute(
        f"""
        select {gammas}, rules, cast(round({rare}) as int) as rare, cast(round({home}) as int) as home,
               count(*) as n
        from {pairs}_levels join {pairs} using (l, r) group by all order by all
        """
    ).fetchnumpy()
    levels = np.stack([np.asarray(rows[f"gamma_{c.name}"]) for c in model.comparisons], axis=1)
    rare, home, counts = (np.asarray(rows[name], float) for name in ("rare", "home", "n"))
    return _Patterns(levels, np.asarray(rows["rules"]), rare, home, counts)


def _rounds(
    model: Model,
    found: _Patterns,
    strangers: _Patterns,
    rules: list[BlockingRule],
    all_pairs: float,
    settings: MatchSettings,
) -> Model:
    """Expectation and maximisation until the prior stands still."""
    blind = {c.name: _found_without(found, c, rules) for c in model.comparisons}
    nobody = np.zeros(len(strangers.counts))
    model = _strangers_step(model, strangers, nobody)
    homes = sum(not c.is_own and c.name != "surname" for c in model.comparisons)
    model = replace(model, home=_first_home(model), home_prior=model.prior if homes else 0.0)
    for _ in range(settings.rounds):
        person, home = _chances(model, found)
        former = model.prior
        model = replace(
            model,
            prior=_share_of_pairs(person, found, all_pairs),
            home_prior=_share_of_pairs(home, found, all_pairs) if homes else 0.0,
            m=_credible(
                model, _learnt(model, found, person, blind, settings, _first_guesses(model)), settings
            ),
            home=_learnt(model, found, home, blind, settings, _first_home(model)),
        )
        model = _strangers_step(model, strangers, sum(_chances(model, strangers)))
        model = replace(model, home={c.name: _at_home(model, c) for c in model.comparisons})
        if abs(model.prior - former) < 1e-4 * former:
            break
    # less than one pair seen is none: no doubt about a home that nobody saw
    return replace(model, home_prior=0.0) if model.home_prior * all_pairs < 1 else model


def _share_of_pairs(chance: np.ndarray, found: _Patterns, all_pairs: float) -> float:
    share = float((chance * found.counts).sum() / all_pairs)
    return _rounded(min(max(share, 0.01 / (1 + all_pairs)), 0.5))


def _first_guesses(model: Model) -> dict[str, np.ndarray]:
    return {c.name: np.array([level.guess for level in c.levels]) for c in model.comparisons}


def _first_home(model: Model) -> dict[str, tuple[float, ...]]:
    """One household shares what one person's records do, but names given, dates and numbers by chance."""
    guesses = {
        c.name: model.u[c.name] if c.is_own else tuple(level.guess for level in c.levels)
        for c in model.comparisons
    }
    return {name: tuple(value / sum(values) for value in values) for name, values in guesses.items()}


def _at_home(model: Model, comparison: Comparison) -> tuple[float, ...]:
    """Two people of one household agree on what is their own as strangers do; how they differ is learnt.

    (Spouses are of an age, brothers are not born on one day.)
    """
    if not comparison.is_own:
        return model.home[comparison.name]
    share, learnt = np.array(model.u[comparison.name]), np.array(model.home[comparison.name])
    cut = len(share) - comparison.poor
    share[cut:] = learnt[cut:] / learnt[cut:].sum() * share[cut:].sum()
    return _shares(share)


def _chances(model: Model, patterns: _Patterns) -> tuple[np.ndarray, np.ndarray]:
    """Per pattern the probability of one person and that of two people of one household."""
    person = np.full(len(patterns.counts), model.prior_weight) + patterns.rarity
    home = np.full(len(patterns.counts), np.log2(max(model.home_prior, 1e-30))) + patterns.home_rarity
    for place, comparison in enumerate(model.comparisons):
        u = np.array(model.u[comparison.name])
        levels = patterns.levels[:, place]  # -1, not known, is the last
        person += np.append(np.log2(np.array(model.m[comparison.name]) / u), 0.0)[levels]
        home += np.append(np.log2(np.array(model.home[comparison.name]) / u), 0.0)[levels]
    odds = np.exp2(np.clip(np.stack([person, home]), -200, 200))
    return tuple(odds / (1 + odds.sum(axis=0)))


def _found_without(found: _Patterns, comparison: Comparison, rules: list[BlockingRule]) -> np.ndarray:
    """Which patterns a rule found that does not ask for the comparison's fields; all, where there is none."""
    mask = sum(1 << n for n, rule in enumerate(rules) if not set(rule.fields) & set(comparison.fields))
    blind = (found.rules.astype(np.int64) & mask) != 0
    return blind if blind.any() else np.ones(len(blind), bool)


def _learnt(
    model: Model,
    found: _Patterns,
    chance: np.ndarray,
    blind: dict[str, np.ndarray],
    settings: MatchSettings,
    guesses: dict[str, Any],
) -> dict[str, tuple[float, ...]]:
    """The share of each level among the pairs of a class, by comparison; guesses count as a few pairs."""
    learnt = {}
    for place, comparison in enumerate(model.comparisons):
        levels = found.levels[:, place]
        use = blind[comparison.name] & (levels >= 0)
        seen = np.bincount(
            levels[use], weights=(chance * found.counts)[use], minlength=len(comparison.levels)
        )
        guess = np.asarray(guesses[comparison.name])
        learnt[comparison.name] = _shares(seen + settings.prior_pairs * guess / guess.sum())
    return learnt


def _credible(
    model: Model, learnt: dict[str, tuple[float, ...]], settings: MatchSettings
) -> dict[str, tuple[float, ...]]:
    """What was learnt of one person, where no more than the declared share stands on the poor levels.

    Without it, a table with more families than repeated persons would teach that one person has many names.
    """
    credible = dict(learnt)
    for comparison in model.comparisons:
        share = np.array(learnt[comparison.name])
        poor = share[len(share) - comparison.poor :].sum()
        if comparison.poor and poor > settings.most_differing:
            share[: len(share) - comparison.poor] *= (1 - settings.most_differing) / (1 - poor)
            share[len(share) - comparison.poor :] *= settings.most_differing / poor
            credible[comparison.name] = _shares(share)
    return credible


def _strangers_step(model: Model, strangers: _Patterns, chance: np.ndarray) -> Model:
    u = {}
    for place, comparison in enumerate(model.comparisons):
        levels = strangers.levels[:, place]
        use = levels >= 0
        seen = np.bincount(
            levels[use], weights=((1 - chance) * strangers.counts)[use], minlength=len(comparison.levels)
        )
        share = (seen + 0.5) / (seen + 0.5).sum()
        first = comparison.levels[0]
        if first.frequent:  # known exactly from the frequencies
            share[0] = model.frequencies[first.frequent].collision
        u[comparison.name] = _shares(share)
    return replace(model, u=u)


def _shares(values: np.ndarray) -> tuple[float, ...]:
    share = np.maximum(values / values.sum(), _SMALLEST)
    return tuple(_rounded(float(value)) for value in share / share.sum())


def _rounded(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")
