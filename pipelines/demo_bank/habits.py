"""What people own and how they behave, planned before the first day."""

from dataclasses import dataclass

import numpy as np

from pipelines.demo_bank.people import INSTITUTION, PERSON, People
from pipelines.demo_bank.streams import Streams, pick
from pipelines.demo_bank.world import NEVER, World

BRANCH_STYLE, MIXED_STYLE, DIGITAL_STYLE = range(3)


@dataclass(frozen=True)
class Habits:
    """Arrays of length n; money in yuan (float, only to plan with), days from the first date, NEVER = not."""

    wealth: np.ndarray
    elsewhere: np.ndarray  # held at other banks on the first date
    income: np.ndarray  # per month
    trend: np.ndarray  # growth of what is kept here, share per month; negative = declines
    tempo: np.ndarray  # own transactions per day
    style: np.ndarray
    thrift: np.ndarray  # 1 = spends as the world does, above = more
    pay_day: np.ndarray  # day of month
    is_salaried: np.ndarray
    salary_from: np.ndarray  # the day from which a salary is paid here
    salary_until: np.ndarray  # the day from which it is paid elsewhere
    standing_order: np.ndarray  # yuan per month, 0 = none
    overdraft: np.ndarray  # yuan
    pays_message_fee: np.ndarray
    pumps: np.ndarray  # brings money in at the end of a quarter: share of wealth, 0 = does not
    core_day: np.ndarray
    loan_day: np.ndarray
    card_day: np.ndarray
    wealth_day: np.ndarray
    has_term_deposit: np.ndarray
    has_second_account: np.ndarray
    foreign: np.ndarray  # currency of a savings account (place in market.CURRENCIES), 0 = none


def make_habits(world: World, streams: Streams, people: People, days: int) -> Habits:
    """Wealth, income, rhythm and relationships of everybody."""
    count, is_person = people.count, people.is_person
    wealth = _wealth(world, streams, people)
    income = _income(world, streams, people, wealth)
    loan_day, card_day, wealth_day, core_day = _relations(world, streams, people, wealth, days)
    chance = streams.of("habits")
    digital = np.clip(0.75 - (_ages(people) - 25) * 0.012, 0.1, 0.8)
    draw = chance.random(count)
    style = np.where(
        draw < digital, DIGITAL_STYLE, np.where(draw < digital + 0.25, MIXED_STYLE, BRANCH_STYLE)
    )
    orders = chance.random(count) < world.standing_order_share
    drafts = (chance.random(count) < world.overdraft_share) & is_person
    salaried, salary_from, salary_until = _salaries(world, streams, people, days)
    return Habits(
        wealth=wealth,
        elsewhere=_elsewhere(streams, wealth, is_person),
        income=income,
        trend=_trends(world, streams, count),
        tempo=world.transactions_per_month
        / 30
        * chance.lognormal(-0.5 * world.tempo_spread**2, world.tempo_spread, count),
        style=style,
        thrift=np.where(drafts, world.overdraft_thrift, chance.uniform(*world.thrift, count)),
        pay_day=chance.integers(1, 29, count),
        is_salaried=salaried,
        salary_from=salary_from,
        salary_until=salary_until,
        standing_order=np.where(orders, income * chance.uniform(*world.standing_order_of_income, count), 0),
        overdraft=np.where(drafts, income * chance.uniform(*world.overdraft_of_income, count), 0),
        pays_message_fee=chance.random(count) < world.message_fee_share,
        pumps=_pumps(world, streams, people, wealth),
        core_day=core_day,
        loan_day=loan_day,
        card_day=card_day,
        wealth_day=wealth_day,
        has_term_deposit=chance.random(count) < world.term_deposit_share,
        has_second_account=chance.random(count) < world.second_account_share,
        foreign=_foreign(world, streams, is_person, wealth),
    )


def _ages(people: People) -> np.ndarray:
    return (people.born.max() - people.born).astype(np.int64) / 365.25 + 18


def _wealth(world: World, streams: Streams, people: People) -> np.ndarray:
    """Even steps through the distribution, so that a small bank has its rich too.

    The richest share of customers holds the share of all wealth that the world says.
    """
    chance = streams.of("wealth")
    count = people.count
    share = (chance.permutation(count) + chance.random(count)) / count
    body = world.median_wealth * np.exp(
        world.wealth_spread * _normal_quantile(np.minimum(share, 1 - world.tail_share))
    )
    above = np.maximum(1 - share, 1 / (2 * count))
    tail = world.tail_start * (world.tail_share / above) ** (1 / world.tail_exponent)
    wealth = np.where(share > 1 - world.tail_share, tail, body)
    wealth = np.where(people.is_person, wealth, np.maximum(wealth, 50_000) * world.company_wealth_factor)
    richest = np.argsort(wealth, kind="stable")[-max(round(count * world.richest_share), 1) :]
    rest = wealth.sum() - wealth[richest].sum()
    wealth[richest] *= rest * world.richest_hold / (1 - world.richest_hold) / wealth[richest].sum()
    return wealth


def _normal_quantile(share: np.ndarray) -> np.ndarray:
    """Tukey's lambda approximation of the normal quantile: close enough for a simulator."""
    share = np.clip(share, 1e-6, 1 - 1e-6)
    return (share**0.135 - (1 - share) ** 0.135) / 0.1975


def _elsewhere(streams: Streams, wealth: np.ndarray, is_person: np.ndarray) -> np.ndarray:
    chance = streams.of("elsewhere")
    held = wealth * chance.lognormal(-0.5, 0.9, len(wealth))
    return np.where(chance.random(len(wealth)) < np.where(is_person, 0.6, 0.8), held, 0)


def _trends(world: World, streams: Streams, count: int) -> np.ndarray:
    chance = streams.of("trends")
    kind = pick(chance, world.trend_shares, count)
    grows = chance.uniform(*world.growth_share_per_month, count)
    shrinks = -chance.uniform(*world.decline_share_per_month, count)
    return np.where(kind == 1, grows, np.where(kind == 2, shrinks, 0.0))


def _salaries(
    world: World, streams: Streams, people: People, days: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Who gets a salary here, from which day, and the day on which it moves to another bank."""
    chance, count = streams.of("salaries"), people.count
    first = (chance.random(count) < world.salaried_share) & people.is_person
    start = np.maximum(people.joined, 0)
    comes = start + np.floor(chance.exponential(30.44 / world.salary_arrivals_per_month, count)).astype(
        np.int64
    )
    salary_from = np.where(first, people.joined, comes)
    goes = np.maximum(salary_from, 0) + 1
    goes += np.floor(chance.exponential(30.44 / world.salary_moves_per_month, count)).astype(np.int64)
    is_salaried = people.is_person & (salary_from < days)
    return is_salaried, salary_from, np.where(is_salaried & (goes < days), goes, NEVER)


def _pumps(world: World, streams: Streams, people: People, wealth: np.ndarray) -> np.ndarray:
    chance, count = streams.of("quarter ends"), people.count
    able = np.where(people.is_firm, world.pumping_share_of_firms, world.pumping_share_of_rich)
    able = np.where(people.is_firm | (wealth > np.quantile(wealth, 0.85)), able, 0)
    size = chance.uniform(*world.pumped_of_wealth, count)
    return np.where(chance.random(count) < able, size, 0.0)


def _foreign(world: World, streams: Streams, is_person: np.ndarray, wealth: np.ndarray) -> np.ndarray:
    chance, count = streams.of("foreign savings"), len(wealth)
    share = np.where(wealth > np.quantile(wealth, 0.8), 4, 1) * world.foreign_account_share
    currency = 1 + pick(chance, world.foreign_currencies, count)
    return np.where(is_person & (chance.random(count) < share), currency, 0)


def _income(world: World, streams: Streams, people: People, wealth: np.ndarray) -> np.ndarray:
    noise = streams.of("income").lognormal(0, world.income_spread, people.count)
    income = world.median_income * noise * (wealth / world.median_wealth) ** world.income_wealth_exponent
    return np.where(people.is_person, income, income * 3)


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
    lends = (core | only_cards) & (people.kind != INSTITUTION) & (chance.random(count) < world.loan_share)
    carded = only_cards | (core & person & (chance.random(count) < world.card_share))
    rich = wealth > np.quantile(wealth, 0.85)
    wanted = np.where(rich, world.wealth_share_of_rich, world.wealth_share)
    invests = only_wealth | (core & (people.kind != INSTITUTION) & (chance.random(count) < wanted))
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
