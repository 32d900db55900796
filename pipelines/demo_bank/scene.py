"""What all topics of the simulation share."""

from dataclasses import dataclass

import numpy as np

from pipelines.demo_bank.calendar import Calendar
from pipelines.demo_bank.habits import Habits
from pipelines.demo_bank.ledger import Ledger
from pipelines.demo_bank.people import People
from pipelines.demo_bank.streams import Streams
from pipelines.demo_bank.world import World


@dataclass(frozen=True)
class Scene:
    """The world, its people and the ledger of their deposits."""

    world: World
    streams: Streams
    calendar: Calendar
    people: People
    habits: Habits
    ledger: Ledger
    current: np.ndarray  # main current account of each person, -1 = none (yet)
    gone: np.ndarray  # who has left

    def has_account(self, persons: np.ndarray) -> np.ndarray:
        """Which of the persons have an open main current account."""
        return self.ledger.is_open(self.current[persons])

    def paying_today(self, day: int) -> np.ndarray:
        """Mask of people whose monthly day is this one."""
        return (self.habits.pay_day == self.calendar.date_of(day).day) & ~self.gone

    def chance(self, topic: str, day: int) -> np.random.Generator:
        """The topic's chance on a day."""
        return self.streams.of(topic, day)
