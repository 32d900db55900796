"""Source records: what each system calls a customer, and what it believes the identity number to be."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from pipelines.demo_bank import numbers
from pipelines.demo_bank.calendar import Calendar
from pipelines.demo_bank.names import OCCUPATIONS, REGIONS
from pipelines.demo_bank.people import COMPANY, PERSON, People
from pipelines.demo_bank.streams import Streams
from pipelines.demo_bank.world import NEVER, World

PREFIXES = {"core": "C", "loans": "L", "cards": "H", "wealth": "W"}
KINDS = "PCI"


@dataclass(frozen=True)
class Correction:
    """A number believed until the day before `day`; the right one is delivered on `day`."""

    day: int
    wrong: str


@dataclass
class Records:
    """The customer records of one source."""

    source: str
    people: People
    calendar: Calendar
    since: np.ndarray
    serial: np.ndarray  # 1.., 0 = unknown to this source
    writing: np.ndarray  # a draw 0-1 that decides how the number is written
    world: World
    corrections: dict[int, Correction] = field(default_factory=dict)
    _due: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))

    def customer_no(self, person: int) -> str:
        """The id of the record in this source."""
        return f"{PREFIXES[self.source]}{int(self.serial[person]):07d}"

    def known(self) -> np.ndarray:
        """The people this source knows (sooner or later), by serial."""
        order = np.argsort(self.serial, kind="stable")
        return order[self.serial[order] > 0]

    def correct(self, person: int, day: int, wrong: str) -> None:
        """Deliver a wrong number first and the right one on a later day."""
        self.corrections[person] = Correction(day, wrong)
        self._due[day].append(person)

    def plan(self) -> None:
        """Put every first delivery and every change of phone on its day."""
        for person in self.known():
            first = max(int(self.since[person]), 0)
            self._due[first].append(int(person))
            changed = int(self.people.phone_changed[person])
            if self.source == "core" and first < changed < NEVER:
                self._due[changed].append(int(person))

    def rows(self, day: int) -> Iterator[tuple[str, ...]]:
        """Rows of new and changed records of a day, by serial."""
        due = sorted(set(self._due.pop(day, ())), key=lambda person: self.serial[person])
        for person in due:
            yield self._core_row(person, day) if self.source == "core" else self._other_row(person, day)

    def _number(self, person: int, day: int) -> str:
        correction = self.corrections.get(person)
        if correction and day < correction.day:
            return correction.wrong
        number, draw = self.people.identity[person], self.writing[person]
        if self.people.kind[person] != PERSON or self.source == "core":
            return number
        old_style = self.people.born[person].year < 2000 and draw < self.world.fifteen_digit_share
        if self.source == "loans" and old_style:
            return numbers.fifteen_digits(number)
        if self.source == "wealth" and draw < self.world.full_width_share:
            return numbers.full_width(number)
        return number.lower() if self.source == "cards" else number

    def _who(self, person: int, day: int) -> tuple[str, str, str]:
        kind = "ID" if self.people.kind[person] == PERSON else "USCC"
        return self.people.name(person), kind, self._number(person, day)

    def _birth(self, person: int) -> tuple[str, str]:
        if self.people.kind[person] != PERSON:
            return "", ""
        return self.people.born[person].isoformat(), "M" if self.people.is_man[person] else "F"

    def _core_row(self, person: int, day: int) -> tuple[str, ...]:
        people, name_and_number = self.people, self._who(person, day)
        is_body = people.kind[person] >= COMPANY
        return (
            self.customer_no(person),
            KINDS[people.kind[person]],
            *name_and_number,
            *self._birth(person),
            people.phone_on(person, day),
            people.email(person),
            REGIONS[people.region[person]],
            "" if is_body else OCCUPATIONS[people.occupation[person]],
            people.branch_no(person),
            self.calendar.text(self.since[person]),
        )

    def _other_row(self, person: int, day: int) -> tuple[str, ...]:
        people = self.people
        # The other systems keep the phone they were told first.
        phone = people.phone_on(person, int(self.since[person]))
        contact = (*self._birth(person), phone) if self.source == "loans" else (phone, people.email(person))
        return (
            self.customer_no(person),
            *self._who(person, day),
            *contact,
            people.branch_no(person),
            self.calendar.text(self.since[person]),
        )


def make_records(
    world: World, streams: Streams, people: People, calendar: Calendar, since: dict[str, np.ndarray]
) -> dict[str, Records]:
    """Records of each source, given the day from which each customer is known to it (NEVER = not)."""
    records = {}
    for source, days in since.items():
        chance = streams.of(f"records {source}")
        draws = chance.random(people.count)
        known = np.flatnonzero(days < calendar.days)
        order = known[np.lexsort((draws[known], np.maximum(days[known], 0)))]
        serial = np.zeros(people.count, dtype=np.int64)
        serial[order] = np.arange(1, len(order) + 1)
        writing = chance.random(people.count)
        records[source] = Records(source, people, calendar, days, serial, writing, world)
    _plan_corrections(world, streams, people, calendar, records)
    for source in records.values():
        source.plan()
    return records


def _plan_corrections(
    world: World, streams: Streams, people: People, calendar: Calendar, records: dict[str, Records]
) -> None:
    """Persons whose second system first held a blank, a stray, or somebody else's number."""
    chance = streams.of("corrections")
    taken = set(people.identity)
    candidates = _candidates(chance, people, calendar, records)
    merges = max(world.least_corrections, round(people.count * world.merge_correction_share))
    splits = max(world.least_corrections, round(people.count * world.split_correction_share))
    chosen = candidates[: merges + splits]
    owners = [person for _, person in candidates[merges + splits :]] or [person for _, person in candidates]
    for place, (source, person) in enumerate(chosen):
        start = max(int(records[source].since[person]), 0)
        day = int(chance.integers(start + 1, calendar.days))
        if place >= merges:
            other = owners[(place * 7) % len(owners)]
            wrong = people.identity[other] if other != person else ""
        else:
            wrong = _stray(people, person, chance, taken) if place % 2 else ""
        records[source].correct(person, day, wrong)


def _candidates(
    chance: np.random.Generator, people: People, calendar: Calendar, records: dict[str, Records]
) -> list[tuple[str, int]]:
    """(source, person) of persons whom core knows and a second source too, one each, in drawn order."""
    core = records["core"]
    last = calendar.days * 2 // 3
    found = {}
    for source in ("wealth", "cards"):
        known = (records[source].serial > 0) & (core.serial > 0) & (people.kind == PERSON)
        for person in np.flatnonzero(known & (records[source].since < last)):
            found[int(person)] = source
    persons = sorted(found)
    return [(found[persons[place]], persons[place]) for place in chance.permutation(len(persons))]


def _stray(people: People, person: int, chance: np.random.Generator, taken: set[str]) -> str:
    """A well-formed number of nobody, born on the same day."""
    number = ""
    while not number or number in taken:
        region, serial = (int(n) for n in chance.integers(0, [10_000, 1_000]))
        number = numbers.person_number(region, people.born[person], serial)
    taken.add(number)
    return number
