"""Rates and prices of the invented world by day: list rates, transfer prices, exchange rates, fund prices.

Basis points (1/100 per cent) for interest; whole units of 10**-8 for exchange rates, of 10**-4 for prices.
"""

from dataclasses import dataclass

import numpy as np

from pipelines.demo_bank.calendar import Calendar
from pipelines.demo_bank.streams import Streams
from pipelines.demo_bank.world import World

CURRENCIES = ("CNY", "USD", "HKD", "EUR")
PRODUCTS = ("FUND", "WMP", "INSURANCE", "CUSTODY")
FUND, WMP, INSURANCE, CUSTODY = range(4)
CURVES = ("DEPOSIT", "LOAN")
PER_BASIS_POINT = 10_000  # units of 10**-8
PAR = 10_000  # a price of 1
_FIRST_RATES = (7.12, 0.913, 7.78)
_FRIDAY = 4


@dataclass(frozen=True)
class Market:
    """Arrays with one row per day of the calendar."""

    terms: tuple[int, ...]  # of the list rates, 0 = current account
    list_rates: np.ndarray  # (days, terms)
    curve_terms: tuple[int, ...]
    curves: np.ndarray  # (days, curves, terms)
    exchange: np.ndarray  # (days, currencies); the first is 1
    prices: np.ndarray  # (days, products)
    loan_shift: np.ndarray  # (days,) what new loans cost more than those of former years

    def list_rate(self, term: int, day: int) -> int:
        """What the bank pays for a term of so many days."""
        return int(self.list_rates[max(day, 0), self.terms.index(term)])

    def gap(self, day: int) -> int:
        """How much more the market pays than the bank's list, for a year."""
        market = self.curves[max(day, 0), 0, self.curve_terms.index(365)]
        return int(market - self.list_rate(365, day))

    def in_yuan(self, cents: np.ndarray, currency: np.ndarray, day: int) -> np.ndarray:
        """Cents of several currencies as cents of yuan."""
        return cents * (self.exchange[max(day, 0), currency] // 10_000) // 10_000


def make_market(world: World, streams: Streams, calendar: Calendar) -> Market:
    """All rates and prices of the world."""
    days = calendar.days
    shift = _steps(streams, "list rates", days, world.list_rate_change_days, (-15, 6))
    terms = (0, *world.term_days)
    base = np.array([world.current_rate_basis_points, *world.term_rates_basis_points])
    list_rates = np.maximum(base[None, :] + shift[:, None] * (np.array(terms) > 0), 5)
    curve_terms = (91, 182, 365, 1095, 3650)
    return Market(
        terms=terms,
        list_rates=list_rates,
        curve_terms=curve_terms,
        curves=_curves(streams, list_rates[:, -1], curve_terms),
        exchange=_exchange(streams, days),
        prices=_prices(world, streams, calendar),
        loan_shift=_steps(streams, "loan rates", days, world.loan_rate_change_days, (-20, 10)) - 5,
    )


def _steps(streams: Streams, name: str, days: int, every: int, sizes: tuple[int, int]) -> np.ndarray:
    """Nothing at first; moved by a draw of `sizes` (basis points) every so many days, more or less."""
    chance, found, day = streams.of(name), np.zeros(days, dtype=np.int64), 0
    while True:
        day += int(chance.integers(every * 2 // 3, every * 4 // 3))
        move = int(chance.integers(*sizes))
        if day >= days:
            return found
        found[day:] += move


def _curves(streams: Streams, year_rate: np.ndarray, terms: tuple[int, ...]) -> np.ndarray:
    """Transfer prices: the market swings around the bank's list, by months."""
    chance, days = streams.of("transfer prices"), len(year_rate)
    month = np.arange(days) // 30
    swing = 22 + 30 * np.sin(2 * np.pi * (month / 9 + chance.random())) + chance.normal(0, 5, days)[month]
    slope = np.log(np.array(terms) / 365) * 12
    smooth = year_rate[month * 30]
    deposit = smooth[:, None] + swing[:, None] + slope[None, :]
    return np.maximum(np.rint(np.stack([deposit, deposit + 60], axis=1)), 5).astype(np.int64)


def _exchange(streams: Streams, days: int) -> np.ndarray:
    """Daily rates in units of 10**-8 yuan, rounded to four decimal places."""
    moves = streams.of("exchange").normal(0, 0.0025, (days, len(_FIRST_RATES)))
    rates = np.array(_FIRST_RATES) * np.exp(np.cumsum(moves, axis=0) * 0.7)
    whole = np.rint(rates * 10_000).astype(np.int64) * 10_000
    return np.concatenate([np.full((days, 1), 10**8), whole], axis=1)


def _prices(world: World, streams: Streams, calendar: Calendar) -> np.ndarray:
    """A fund that moves on weekdays, wealth products and insurance that grow; custody is money."""
    chance, days = streams.of("prices"), calendar.days
    weekday = (np.arange(days) + calendar.first.weekday()) % 7
    moves = chance.normal(world.daily_return, world.daily_volatility, days) * (weekday <= _FRIDAY)
    fund = 1.5 * np.exp(np.cumsum(moves))
    age = np.arange(days) / 365
    wmp = 1 + world.wealth_product_basis_points / 10_000 * age
    insurance = 1 + world.insurance_basis_points / 10_000 * age
    prices = np.stack([fund, wmp, insurance, np.ones(days)], axis=1)
    return np.rint(prices * PAR).astype(np.int64)
