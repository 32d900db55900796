"""Which system knows whom, since when, and by which number."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from pipelines.demo_bank.streams import Streams
from pipelines.demo_bank.world import NEVER
from pipelines.demo_bank.writing import numbered

PREFIXES = {
    "core": "C",
    "loans": "L",
    "cards": "H",
    "wealth": "W",
    "channels": "U",
    "crm": "R",
    "corporate": "E",
}


@dataclass
class Register:
    """One system's customers: the day from which it knows each (NEVER = not) and the serial it gave."""

    source: str
    since: np.ndarray
    serial: np.ndarray  # 1.., 0 = never known; serials planned for those who left before stay unused

    def numbers(self, persons: np.ndarray) -> pa.Array:
        """The customer numbers of persons in this system; an absent text where it never knows them."""
        serial = self.serial[persons]
        return numbered(PREFIXES[self.source], np.where(serial > 0, serial, -1), 7)

    def due(self, day: int) -> np.ndarray:
        """Persons whom the system first delivers on a day, by serial; day 0 brings all from before."""
        found = np.flatnonzero(self.since <= 0 if day == 0 else self.since == day)
        return found[np.argsort(self.serial[found], kind="stable")]

    def known(self, day: int) -> np.ndarray:
        """Persons whom the system knows by the end of a day, by serial."""
        found = np.flatnonzero(self.since <= day)
        return found[np.argsort(self.serial[found], kind="stable")]

    def knows(self, persons: np.ndarray, day: int) -> np.ndarray:
        """Which of the persons the system knows by the end of a day."""
        return self.since[persons] <= day

    def forget_plans(self, persons: np.ndarray, day: int) -> None:
        """Whoever has left will not come to this system later."""
        later = persons[self.since[persons] > day]
        self.since[later] = NEVER


def make_register(source: str, streams: Streams, since: np.ndarray, days: int) -> Register:
    """Serials in the order in which customers come, those of one day shuffled; `since` is copied."""
    known = np.flatnonzero(since < days)
    draws = streams.of(f"records {source}").random(len(since))
    order = known[np.lexsort((draws[known], np.maximum(since[known], 0)))]
    serial = np.zeros(len(since), dtype=np.int64)
    serial[order] = np.arange(1, len(order) + 1)
    return Register(source, np.where(since < days, since, NEVER), serial)
