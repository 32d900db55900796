"""What core and the client file know of a person beside name and number; drawn apart from all else."""

from dataclasses import dataclass

import numpy as np

from pipelines.demo_bank import names
from pipelines.demo_bank.people import COMPANY
from pipelines.demo_bank.scene import Scene

FAMILY = ("SINGLE", "COUPLE", "CHILDREN", "EMPTY_NEST")
_FAMILY_SHARES = (  # by age below 28, below 55, above
    (0.75, 0.17, 0.08, 0.0),
    (0.15, 0.22, 0.60, 0.03),
    (0.08, 0.22, 0.10, 0.60),
)
_UNKNOWN_SHARE = 0.25
# From this yearly income on a supervisor, a manager, an executive.
_INCOMES_OF_POSITIONS = (80_000, 150_000, 400_000)
_POSITIONS_OF_OCCUPATIONS = {"SELF_EMPLOYED": "OWNER", "STUDENT": "NONE", "RETIRED": "NONE"}


@dataclass(frozen=True)
class Portraits:
    """Arrays of length n; codes are places in the tuples of names and FAMILY, -1 = unknown."""

    position: np.ndarray
    industry: np.ndarray
    family: np.ndarray
    hobby: np.ndarray
    address: np.ndarray  # a draw for names.addresses
    income: np.ndarray  # cents per year, -1 = unknown


def make_portraits(scene: Scene) -> Portraits:
    """Portraits of everybody; incomes are those of the habits, told roughly."""
    people, today = scene.people, np.datetime64(scene.calendar.first)
    chance, count = scene.streams.of("portraits"), people.count
    is_person = people.is_person
    age = (today - people.born).astype(np.int64) // 365
    band = np.digitize(age, [28, 55])
    family = (chance.random(count)[:, None] > np.cumsum(_FAMILY_SHARES, axis=1)[band]).sum(axis=1)
    income = scene.habits.income * 12
    told = np.rint(income * chance.uniform(0.8, 1.2, count) / 1000).astype(np.int64) * 100_000
    position = np.digitize(income, _INCOMES_OF_POSITIONS)
    for occupation, other in _POSITIONS_OF_OCCUPATIONS.items():
        here = people.occupation == names.OCCUPATIONS.index(occupation)
        position = np.where(here, names.POSITIONS.index(other), position)
    industry = chance.integers(0, len(names.INDUSTRIES), count)
    industry = np.where(people.kind == COMPANY, names.industry_of_companies(people.given), industry)

    def known(values: np.ndarray, share: float = _UNKNOWN_SHARE) -> np.ndarray:
        return np.where(is_person & (chance.random(count) >= share), values, -1)

    return Portraits(
        position=known(position),
        industry=np.where(is_person, known(industry), industry),
        family=known(np.minimum(family, len(FAMILY) - 1)),
        hobby=known(chance.integers(0, len(names.HOBBIES), count), 0.6),
        address=chance.integers(0, len(names.STREETS) * 999, count),
        income=known(told, 0.3),
    )
