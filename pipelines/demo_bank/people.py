"""Who lives in the invented world: attributes that every topic shares, as arrays."""

from dataclasses import dataclass

import numpy as np

from pipelines.demo_bank import names, numbers
from pipelines.demo_bank.calendar import Calendar
from pipelines.demo_bank.streams import Streams
from pipelines.demo_bank.world import NEVER, World

PERSON, COMPANY, INSTITUTION, SOLE = 0, 1, 2, 3
KINDS = ("P", "C", "I", "S")
_CREDIT_CLASSES = np.array([0, 91, 12, 92])


@dataclass(frozen=True)
class People:
    """Arrays of length n, one place per real-world customer; days count from the first date (0).

    `legal` is the person who represents a company or a sole trader, `spouse` the one whom a person is
    married to; -1 = none (known to this bank).
    """

    kind: np.ndarray
    joined: np.ndarray  # <= 0: known before the first date
    is_man: np.ndarray
    born: np.ndarray  # datetime64[D]
    surname: np.ndarray
    given: np.ndarray
    region: np.ndarray
    branch: np.ndarray
    occupation: np.ndarray
    identity: np.ndarray  # U18
    phone: np.ndarray  # serial, -1 = none
    next_phone: np.ndarray
    phone_changed: np.ndarray  # day, NEVER = never
    has_email: np.ndarray
    spouse: np.ndarray
    legal: np.ndarray
    relocated: np.ndarray  # day, NEVER = never
    next_region: np.ndarray

    @property
    def count(self) -> int:
        """How many real-world customers there are."""
        return len(self.kind)

    @property
    def is_person(self) -> np.ndarray:
        """Mask of natural persons."""
        return self.kind == PERSON

    @property
    def is_firm(self) -> np.ndarray:
        """Mask of companies and sole traders."""
        return (self.kind == COMPANY) | (self.kind == SOLE)

    def region_on(self, persons: np.ndarray, day: int) -> np.ndarray:
        """Where each of the persons lives on a day."""
        return np.where(self.relocated[persons] <= day, self.next_region[persons], self.region[persons])


def make_people(world: World, streams: Streams, customers: int, calendar: Calendar) -> People:
    """`customers` who are there on the first date, and those who arrive in the months after."""
    days = calendar.days
    joined = np.concatenate(
        [_tenures(world, streams, customers), *_arrivals(world, streams, customers, calendar)]
    )
    count = len(joined)
    chance = streams.of("people")
    kind = _kinds(world, chance.random(count))
    region = chance.integers(0, world.regions, count)
    branch = region * world.branches_per_region + chance.integers(0, world.branches_per_region, count)
    is_man = chance.random(count) < 0.5
    age = np.minimum(18 + np.rint(chance.gamma(3.0, 8.0, count)), 80) * 365.25 + chance.integers(
        0, 365, count
    )
    born = np.datetime64(calendar.first) + (np.minimum(joined, 0) - age.astype(np.int64))
    occupation = chance.integers(0, len(names.OCCUPATIONS), count)
    surname = chance.integers(0, len(names.SURNAMES), count)
    given = chance.integers(0, 2 * len(names.GIVEN) ** 2, count)
    spouse = _spouses(world, streams, kind, is_man, born)
    home = np.where((spouse >= 0) & is_man, spouse, np.arange(count))  # he lives where she does
    region, branch = region[home], branch[home]
    phones = streams.of("phones").permutation(2 * count)
    contact = streams.of("contacts")
    changes = contact.random(count) < world.phone_change_share
    moved, next_region = _relocations(world, streams, kind, joined, region, days)
    return People(
        kind=kind,
        joined=joined,
        is_man=is_man,
        born=born,
        surname=surname,
        given=given,
        region=region,
        branch=branch,
        occupation=occupation,
        identity=_identities(streams, kind, born, is_man),
        phone=np.where(contact.random(count) < world.missing_phone_share, -1, phones[:count]),
        next_phone=phones[count:],
        phone_changed=np.where(changes, contact.integers(1, days + 1, count), NEVER),
        has_email=contact.random(count) >= world.missing_email_share,
        spouse=spouse,
        legal=_representatives(streams, kind),
        relocated=moved,
        next_region=next_region,
    )


def _kinds(world: World, draw: np.ndarray) -> np.ndarray:
    shares = (world.company_share, world.institution_share, world.sole_trader_share)
    edges = np.cumsum(shares)
    kinds = np.array([COMPANY, INSTITUTION, SOLE, PERSON], dtype=np.int8)
    return kinds[np.searchsorted(edges, draw, side="right")]


def _tenures(world: World, streams: Streams, customers: int) -> np.ndarray:
    share = streams.of("tenures").random(customers) ** 1.5
    return -1 - np.rint(share * world.oldest_tenure_days).astype(np.int64)


def _arrivals(world: World, streams: Streams, customers: int, calendar: Calendar) -> list[np.ndarray]:
    """Days of arrival, month by month: an even part in each month that the world lasts."""
    arriving = max(1, round(customers * world.arrival_share_per_month))
    starts, parts = calendar.month_starts(), []
    for start, end in zip(starts, [*starts[1:], calendar.days], strict=True):
        if end - max(start, 1) >= 1:
            parts.append(np.sort(streams.of("arrivals", start).integers(max(start, 1), end, arriving)))
    return parts


def _spouses(
    world: World, streams: Streams, kind: np.ndarray, is_man: np.ndarray, born: np.ndarray
) -> np.ndarray:
    """Couples of about the same age."""
    chance, spouse = streams.of("spouses"), np.full(len(kind), -1)
    marries = (kind == PERSON) & (chance.random(len(kind)) < world.married_share)
    men, women = (np.flatnonzero(marries & (is_man == sex)) for sex in (True, False))
    pairs = min(len(men), len(women))
    men = np.sort(chance.permutation(men)[:pairs])
    women = np.sort(chance.permutation(women)[:pairs])
    men, women = men[np.argsort(born[men], kind="stable")], women[np.argsort(born[women], kind="stable")]
    spouse[men], spouse[women] = women, men
    return spouse


def _representatives(streams: Streams, kind: np.ndarray) -> np.ndarray:
    chance, legal = streams.of("representatives"), np.full(len(kind), -1)
    persons, firms = np.flatnonzero(kind == PERSON), np.flatnonzero((kind == COMPANY) | (kind == SOLE))
    if len(persons):
        legal[firms] = persons[chance.integers(0, len(persons), len(firms))]
    return legal


def _relocations(
    world: World, streams: Streams, kind: np.ndarray, joined: np.ndarray, region: np.ndarray, days: int
) -> tuple[np.ndarray, np.ndarray]:
    """The day on which each person moves to another region, and where."""
    chance, count = streams.of("relocations"), len(kind)
    after = np.floor(chance.exponential(30.44 / world.relocations_per_month, count)).astype(np.int64) + 1
    day = np.maximum(joined, 0) + after
    step = chance.integers(1, world.regions, count)
    return np.where((kind == PERSON) & (day < days), day, NEVER), (region + step) % world.regions


def _identities(streams: Streams, kind: np.ndarray, born: np.ndarray, is_man: np.ndarray) -> np.ndarray:
    """One number each, all different."""
    chance, found = streams.of("identities"), np.zeros(len(kind), dtype="U18")
    open_places = np.arange(len(kind))
    while len(open_places):
        region = chance.integers(0, 10_000, len(open_places))
        serial = chance.integers(0, 10**9, len(open_places))
        who = open_places[kind[open_places] == PERSON]
        is_person = kind[open_places] == PERSON
        found[who] = numbers.person_numbers(
            region[is_person], born[who], serial[is_person] % 500 * 2 + is_man[who]
        )
        bodies = open_places[~is_person]
        found[bodies] = numbers.credit_codes(
            _CREDIT_CLASSES[kind[bodies]], region[~is_person], serial[~is_person]
        )
        _, first = np.unique(found, return_index=True)
        taken = np.zeros(len(found), dtype=bool)
        taken[first] = True
        open_places = np.flatnonzero(~taken)
    return found
