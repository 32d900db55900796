"""What people own and how they behave, planned before the first day."""

from dataclasses import dataclass

import numpy as np

from pipelines.demo_bank.people import PERSON, People
from pipelines.demo_bank.streams import Streams, pick
from pipelines.demo_bank.world import NEVER, World

STEADY, GROWING, DECLINING, SLEEPING, FADING, LEAVING = range(6)
BRANCH_STYLE, MIXED_STYLE, DIGITAL_STYLE = range(3)


@dataclass(frozen=True)
class Habits:
    """Arrays of length n; money in yuan (float, only to plan with), days from the first date, NEVER = not."""

    wealth: np.ndarray
    income: np.ndarray
    mood: np.ndarray
    onset: np.ndarray  # the day a mood begins to show
    leaves: np.ndarray
    wakes: np.ndarray
    tempo: np.ndarray  # own transactions per day
    style: np.ndarray
    thrift: np.ndarray  # 1 = spends as the world does, above = more
    pay_day: np.ndarray  # day of month
    is_salaried: np.ndarray
    drift: np.ndarray  # share of money moved in (growing) or out (declining) per month
    standing_order: np.ndarray  # yuan per month, 0 = none
    overdraft: np.ndarray  # yuan
    pays_message_fee: np.ndarray
    core_day: np.ndarray
    loan_day: np.ndarray
    card_day: np.ndarray
    wealth_day: np.ndarray
    has_term_deposit: np.ndarray
    has_second_account: np.ndarray

    def pace(self, world: World, day: int) -> np.ndarray:
        """How lively everybody is on a day, 0 (silent) to 1."""
        pace = np.ones(len(self.mood))
        since = day - self.onset
        fading = (self.mood == FADING) & (since > 0)
        pace[fading] = np.exp(-since[fading] / world.fading_days)
        pace[fading & (since > 3 * world.fading_days)] = 0
        pace[self.mood == SLEEPING] = 0
        pace[self.wakes <= day] = 1
        leaving = (self.mood == LEAVING) & (since > 0)
        pace[leaving] = np.maximum(1 - since[leaving] / world.leaving_days, 0.1)
        return pace


def make_habits(world: World, streams: Streams, people: People, days: int) -> Habits:
    """Wealth, income, moods and relationships of everybody."""
    wealth = _wealth(world, streams, people)
    income = _income(world, streams, people, wealth)
    loan_day, card_day, wealth_day, core_day = _relations(world, streams, people, wealth, days)
    mood, onset, leaves, wakes = _moods(world, streams, people, loan_day, days)
    # Who is on the way out signs nothing new.
    card_day = np.where((mood == LEAVING) & (card_day > onset), NEVER, card_day)
    wealth_day = np.where((mood == LEAVING) & (wealth_day > onset), NEVER, wealth_day)
    chance = streams.of("habits")
    count = people.count
    digital = np.clip(0.75 - (_ages(people) - 25) * 0.012, 0.1, 0.8)
    draw = chance.random(count)
    style = np.where(
        draw < digital, DIGITAL_STYLE, np.where(draw < digital + 0.25, MIXED_STYLE, BRANCH_STYLE)
    )
    low, high = world.standing_order_of_income
    orders = chance.random(count) < world.standing_order_share
    drift = np.where(
        mood == GROWING,
        chance.uniform(*world.growth_share_per_month, count),
        chance.uniform(*world.decline_share_per_month, count),
    )
    drafts = (chance.random(count) < world.overdraft_share) & (people.kind == PERSON)
    return Habits(
        wealth=wealth,
        income=income,
        mood=mood,
        onset=onset,
        leaves=leaves,
        wakes=wakes,
        tempo=world.transactions_per_month
        / 30
        * chance.lognormal(-0.5 * world.tempo_spread**2, world.tempo_spread, count),
        style=style,
        thrift=np.where(drafts, world.overdraft_thrift, chance.uniform(*world.thrift, count)),
        pay_day=chance.integers(1, 29, count),
        is_salaried=(chance.random(count) < world.salaried_share) & (people.kind == PERSON),
        drift=drift,
        standing_order=np.where(orders, income * chance.uniform(low, high, count), 0),
        overdraft=np.where(drafts, income * chance.uniform(*world.overdraft_of_income, count), 0),
        pays_message_fee=chance.random(count) < world.message_fee_share,
        core_day=core_day,
        loan_day=loan_day,
        card_day=card_day,
        wealth_day=wealth_day,
        has_term_deposit=chance.random(count) < world.term_deposit_share,
        has_second_account=chance.random(count) < world.second_account_share,
    )


def _ages(people: People) -> np.ndarray:
    youngest = max(born.year for born in people.born) + 18
    return np.array([youngest - born.year for born in people.born])


def _wealth(world: World, streams: Streams, people: People) -> np.ndarray:
    """Even steps through the distribution, so that a small bank has its rich too."""
    chance = streams.of("wealth")
    count = people.count
    share = (chance.permutation(count) + chance.random(count)) / count
    body = world.median_wealth * np.exp(
        world.wealth_spread * _normal_quantile(np.minimum(share, 1 - world.tail_share))
    )
    above = np.maximum(1 - share, 1 / (2 * count))
    tail = world.tail_start * (world.tail_share / above) ** (1 / world.tail_exponent)
    wealth = np.where(share > 1 - world.tail_share, tail, body)
    return np.where(people.kind == PERSON, wealth, np.maximum(wealth, 50_000) * world.company_wealth_factor)


def _normal_quantile(share: np.ndarray) -> np.ndarray:
    """Tukey's lambda approximation of the normal quantile: close enough for a simulator."""
    share = np.clip(share, 1e-6, 1 - 1e-6)
    return (share**0.135 - (1 - share) ** 0.135) / 0.1975


def _income(world: World, streams: Streams, people: People, wealth: np.ndarray) -> np.ndarray:
    noise = streams.of("income").lognormal(0, world.income_spread, people.count)
    income = world.median_income * noise * (wealth / world.median_wealth) ** world.income_wealth_exponent
    return np.where(people.kind == PERSON, income, income * 4)


def _relations(
    world: World, streams: Streams, people: People, wealth: np.ndarray, days: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The day each system (loans, cards, wealth, core) first knows each customer; one at least does."""
    chance = streams.of("relations")
    count = people.count
    person = people.kind == PERSON
    draw = chance.random(count)
    only_cards = person & (draw < world.only_cards_share)
    only_wealth = person & ~only_cards & (draw < world.only_cards_share + world.only_wealth_share)
    core = ~only_cards & ~only_wealth
    lends = (core | only_cards) & (people.kind != 2) & (chance.random(count) < world.loan_share)
    carded = only_cards | (core & person & (chance.random(count) < world.card_share))
    rich = wealth > np.quantile(wealth, 0.85)
    wanted = np.where(rich, world.wealth_share_of_rich, world.wealth_share)
    invests = only_wealth | (core & (people.kind != 2) & (chance.random(count) < wanted))
    core_day = np.where(core, people.joined, NEVER)
    found = []
    for has, alone in ((lends, False), (carded, only_cards), (invests, only_wealth)):
        later = _later(world, chance, people.joined, days)
        found.append(np.where(alone, people.joined, np.where(has, later, NEVER)))
    return found[0], found[1], found[2], core_day


def _later(world: World, chance: np.random.Generator, joined: np.ndarray, days: int) -> np.ndarray:
    """A day on or after joining; for old customers mostly before the first date."""
    count = len(joined)
    start = np.maximum(joined, 1)
    during = start + np.floor(chance.random(count) * np.maximum(days - start, 1)).astype(np.int64)
    before = np.minimum(joined + np.floor(chance.random(count) * -joined).astype(np.int64), -1)
    together = chance.random(count) < world.opened_together_share
    old = np.where(
        chance.random(count) < world.opened_during_share, during, np.where(together, joined, before)
    )
    return np.where(joined <= 0, old, np.where(together, joined, during))


def _moods(
    world: World, streams: Streams, people: People, loan_day: np.ndarray, days: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    chance = streams.of("moods")
    count = people.count
    mood = pick(chance, world.mood_shares, count)
    young = (people.joined > -365) & (
        chance.random(count) < (world.young_hazard_factor - 1) * sum(world.mood_shares[4:])
    )
    mood = np.where(young & (mood == STEADY), np.where(chance.random(count) < 0.5, FADING, LEAVING), mood)
    mood = np.where((people.joined > 0) & (mood == SLEEPING), STEADY, mood)
    mood = np.where((people.kind == 2) & (mood == LEAVING), STEADY, mood)
    # A debtor cannot walk away, nor fall asleep.
    debtor = loan_day != NEVER
    mood = np.where(debtor & np.isin(mood, (LEAVING, FADING)), DECLINING, mood)
    mood = np.where(debtor & (mood == SLEEPING), STEADY, mood)
    start = np.maximum(people.joined, 0) + 5
    onset = start + np.floor(chance.random(count) * np.maximum(days - start, 1)).astype(np.int64)
    leaves = np.where(mood == LEAVING, onset + world.leaving_days, NEVER)
    wakes = np.where(
        np.isin(mood, (SLEEPING, FADING)) & (chance.random(count) < world.waking_share),
        onset + 200 + np.floor(chance.random(count) * 120).astype(np.int64),
        NEVER,
    )
    return mood, onset, leaves, wakes
