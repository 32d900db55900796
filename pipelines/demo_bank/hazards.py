"""The true hazards of a month: how likely each way of leaving begins in the month that follows."""

from dataclasses import dataclass

import numpy as np

from pipelines.demo_bank.world import World

EVENTS = ("ATTRITION", "DORMANCY", "EXIT")
ATTRITION, DORMANCY, EXIT = range(3)
MILLION = 1_000_000
_HIGHEST = 300_000

# Factors by sign, for attrition, dormancy and exit.
_DRIVERS = {
    "complained": (8.0, 4.0, 14.0),
    "salary_moved": (10.0, 14.0, 6.0),
    "relocated": (6.0, 8.0, 14.0),
    "squeezed": (9.0, 1.5, 3.0),
    "complained_and_affluent": (3.0, 1.0, 2.5),
    "restless": (2.2, 2.2, 2.2),
}
_OTHER_DRIVERS = {
    "is_young": (7.0, 4.0, 10.0),
    "is_digital": (4.0, 2.0, 3.0),
    "relocated": (2.0, 2.0, 2.0),
    "restless": (2.2, 2.2, 2.2),
}
_BASE = (0.0019, 0.0017, 0.0014)
_OTHER_BASE = (0.0016, 0.0016, 0.0012)
_CONSTANT = (0.0075, 0.0065, 0.0060)
_INACTIVE, _ACTIVE = (0.11, 0.10, 0.10), (0.0006, 0.0005, 0.0004)
INACTIVE_DAYS = 45


@dataclass(frozen=True)
class Signs:
    """What a month-end knows of each customer in question: arrays of equal length."""

    complained: np.ndarray  # in the last 91 days
    salary_moved: np.ndarray  # in the last 91 days
    relocated: np.ndarray  # in the last 91 days
    squeezed: np.ndarray  # holds term deposits while the market pays much more than the bank
    is_affluent: np.ndarray
    restless: np.ndarray  # a trait that no table shows
    is_young: np.ndarray  # a customer for less than two years
    is_digital: np.ndarray
    inactive_days: np.ndarray  # since the customer last did something himself

    @property
    def complained_and_affluent(self) -> np.ndarray:
        """The interaction: a complaint weighs more with those who have a choice."""
        return self.complained & self.is_affluent


def hazards_of(world: World, signs: Signs, is_second_half: bool) -> np.ndarray:
    """Hazards (n, 3) in millionths, in the order of EVENTS."""
    count = len(signs.complained)
    if world.kind == "null":
        hazards = np.broadcast_to(_CONSTANT, (count, 3))
    elif world.kind == "rule":
        hazards = np.where((signs.inactive_days >= INACTIVE_DAYS)[:, None], _INACTIVE, _ACTIVE)
    elif world.kind == "drift" and is_second_half:
        hazards = _driven(signs, _OTHER_DRIVERS, _OTHER_BASE)
    else:
        hazards = _driven(signs, _DRIVERS, _BASE)
    return np.minimum(np.rint(hazards * MILLION), _HIGHEST).astype(np.int64)


def _driven(signs: Signs, drivers: dict[str, tuple[float, ...]], base: tuple[float, ...]) -> np.ndarray:
    hazards = np.tile(base, (len(signs.complained), 1))
    for name, factors in drivers.items():
        hazards *= np.where(getattr(signs, name)[:, None], factors, 1.0)
    return hazards
