"""What all topics of the simulation share."""

from dataclasses import dataclass

import numpy as np

from pipelines.demo_bank.calendar import Calendar
from pipelines.demo_bank.habits import Habits, make_habits
from pipelines.demo_bank.ledger import Ledger
from pipelines.demo_bank.life import Life
from pipelines.demo_bank.market import Market, make_market
from pipelines.demo_bank.people import People, make_people
from pipelines.demo_bank.registers import Register, make_register
from pipelines.demo_bank.streams import Streams
from pipelines.demo_bank.world import World


@dataclass(frozen=True)
class Scene:
    """The world, its people, what happens to them, and the ledger of their deposits.

    `registers` are the systems' customers by source; a topic of another system adds its own.
    """

    world: World
    streams: Streams
    calendar: Calendar
    people: People
    habits: Habits
    market: Market
    life: Life
    ledger: Ledger
    registers: dict[str, Register]
    current: np.ndarray  # main current account of each person, -1 = none (yet)

    def has_account(self, persons: np.ndarray) -> np.ndarray:
        """Which of the persons have an open main current account."""
        return self.ledger.is_open(self.current[persons])

    def paying_today(self, day: int) -> np.ndarray:
        """Mask of people whose monthly day is this one and who are still here."""
        return (self.habits.pay_day == self.calendar.date_of(day).day) & (self.life.gone_on > day)

    def chance(self, topic: str, day: int) -> np.random.Generator:
        """The topic's chance on a day."""
        return self.streams.of(topic, day)


def make_scene(world: World, seed: int, customers: int, calendar: Calendar) -> Scene:
    """The stage before the first day."""
    streams = Streams(seed)
    people = make_people(world, streams, customers, calendar)
    habits = make_habits(world, streams, people, calendar.days)
    market = make_market(world, streams, calendar)
    since = {
        "core": habits.core_day,
        "loans": habits.loan_day,
        "cards": habits.card_day,
        "wealth": habits.wealth_day,
    }
    return Scene(
        world=world,
        streams=streams,
        calendar=calendar,
        people=people,
        habits=habits,
        market=market,
        life=Life(world, streams, calendar, people, habits, market),
        ledger=Ledger(),
        registers={name: make_register(name, streams, days, calendar.days) for name, days in since.items()},
        current=np.full(people.count, -1),
    )
