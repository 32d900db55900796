"""Who lives in the invented world, and which systems know them from which day on."""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from pipelines.demo_bank import names, numbers
from pipelines.demo_bank.streams import Streams
from pipelines.demo_bank.world import NEVER, World

PERSON, COMPANY, INSTITUTION = 0, 1, 2


@dataclass(frozen=True)
class People:
    """Arrays of length n, one place per real-world customer; days count from the first date (0)."""

    kind: np.ndarray
    joined: np.ndarray  # <= 0: known before the first date
    is_man: np.ndarray
    born: list[date]
    surname: np.ndarray
    given: np.ndarray
    region: np.ndarray
    branch: np.ndarray
    occupation: np.ndarray
    identity: list[str]
    phone: np.ndarray  # serial, -1 = none
    next_phone: np.ndarray
    phone_changed: np.ndarray  # day, NEVER = never
    has_email: np.ndarray

    @property
    def count(self) -> int:
        """How many real-world customers there are."""
        return len(self.kind)

    def name(self, person: int) -> str:
        """The full name."""
        kind, region = self.kind[person], int(self.region[person])
        if kind == COMPANY:
            return names.company_name(region, int(self.given[person]))
        if kind == INSTITUTION:
            return names.institution_name(region, int(self.given[person]))
        return names.person_name(int(self.surname[person]), int(self.given[person]))

    def phone_on(self, person: int, day: int) -> str:
        """The phone known on a day; empty when there is none."""
        changed = day >= self.phone_changed[person]
        serial = int(self.next_phone[person] if changed else self.phone[person])
        return numbers.phone(serial) if serial >= 0 else ""

    def email(self, person: int) -> str:
        """The e-mail address; empty when there is none."""
        return f"user{person + 1:07d}@example.com" if self.has_email[person] else ""

    def branch_no(self, person: int) -> str:
        """The number of the branch that keeps the customer."""
        return f"B{int(self.branch[person]) + 1:03d}"


def make_people(
    world: World, streams: Streams, customers: int, first_date: date, month_starts: list[int], days: int
) -> People:
    """`customers` who are there on the first date, and those who arrive in the months after."""
    arriving = max(1, round(customers * world.arrival_share_per_month))
    joined = np.concatenate(
        [_tenures(world, streams, customers), *_arrivals(streams, month_starts, arriving, days)]
    )
    count = len(joined)
    chance = streams.of("people")
    draw = chance.random(count)
    kind = np.where(draw < world.company_share, COMPANY, PERSON)
    kind = np.where(
        (draw >= world.company_share) & (draw < world.company_share + world.institution_share), 2, kind
    )
    region = chance.integers(0, world.regions, count)
    branch = region * world.branches_per_region + chance.integers(0, world.branches_per_region, count)
    is_man = chance.random(count) < 0.5
    age_at_joining = np.minimum(18 + np.rint(chance.gamma(3.0, 8.0, count)), 80)
    born = [
        first_date + timedelta(days=int(min(start, 0)) - int(years * 365.25) - int(extra))
        for start, years, extra in zip(joined, age_at_joining, chance.integers(0, 365, count), strict=True)
    ]
    occupation = chance.integers(0, len(names.OCCUPATIONS), count)
    phones = streams.of("phones").permutation(2 * count)
    contact = streams.of("contacts")
    changes = contact.random(count) < world.phone_change_share
    return People(
        kind=kind.astype(np.int8),
        joined=joined,
        is_man=is_man,
        born=born,
        surname=chance.integers(0, len(names.SURNAMES), count),
        given=chance.integers(0, 2 * len(names.GIVEN) ** 2, count),
        region=region,
        branch=branch,
        occupation=occupation,
        identity=_identities(streams, kind, born, is_man),
        phone=np.where(contact.random(count) < world.missing_phone_share, -1, phones[:count]),
        next_phone=phones[count:],
        phone_changed=np.where(changes, contact.integers(1, days + 1, count), NEVER),
        has_email=contact.random(count) >= world.missing_email_share,
    )


def _tenures(world: World, streams: Streams, customers: int) -> np.ndarray:
    share = streams.of("tenures").random(customers) ** 1.5
    return -1 - np.rint(share * world.oldest_tenure_days).astype(np.int64)


def _arrivals(streams: Streams, month_starts: list[int], arriving: int, days: int) -> list[np.ndarray]:
    """Days of arrival, month by month: an even part in each month that the world lasts."""
    parts = []
    for start, end in zip(month_starts, [*month_starts[1:], days], strict=True):
        if end - max(start, 1) >= 1:
            parts.append(np.sort(streams.of("arrivals", start).integers(max(start, 1), end, arriving)))
    return parts


def _identities(streams: Streams, kind: np.ndarray, born: list[date], is_man: np.ndarray) -> list[str]:
    """One number each, all different."""
    chance = streams.of("identities")
    taken: set[str] = set()
    found = []
    for who, birthday, man in zip(kind, born, is_man, strict=True):
        number = ""
        while not number or number in taken:
            region, serial = (int(n) for n in chance.integers(0, [10_000, 10**9]))
            if who == PERSON:
                number = numbers.person_number(region, birthday, serial % 500 * 2 + int(man))
            else:
                number = numbers.credit_code("91" if who == COMPANY else "12", region, serial)
        taken.add(number)
        found.append(number)
    return found
