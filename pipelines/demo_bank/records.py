"""Source records: what each of the seven systems calls a customer and believes about him.

A record is an index 0..count-1 of its system; its number is the index + 1 behind the system's letter. Records
of one person differ as those of real systems do (`disturbances`); `truth` tells which belong together.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import compute, csv

from pipelines.demo_bank import disturbances as dirt
from pipelines.demo_bank import names, numbers
from pipelines.demo_bank.calendar import Calendar
from pipelines.demo_bank.corrections import Correction, plan_corrections
from pipelines.demo_bank.people import COMPANY, INSTITUTION, KINDS, SOLE, People
from pipelines.demo_bank.portraits import FAMILY, Portraits, make_portraits
from pipelines.demo_bank.registers import PREFIXES, Register, make_register
from pipelines.demo_bank.scene import Scene
from pipelines.demo_bank.streams import Streams
from pipelines.demo_bank.texts import chosen, column, numbered, put
from pipelines.demo_bank.world import NEVER

TABLES = {
    "core": "core.customers",
    "loans": "loans.borrowers",
    "cards": "cards.cardholders",
    "wealth": "wealth.investors",
    "channels": "channels.users",
    "crm": "crm.clients",
    "corporate": "corporate.companies",
}
RISK_RATINGS = ("R1", "R2", "R3", "R4", "R5")
PREFERRED_CHANNELS = ("PHONE", "MESSAGE", "BRANCH", "MOBILE", "VIDEO")
VIDEO = 4
# Texts of so many records are wide for a moment only.
_CHUNK = 50_000
# Numbers of 15 digits leave the century out.
_YOUNGEST_OLD_NUMBER = np.datetime64("2000-01-01")


@dataclass(frozen=True)
class Facts:
    """What is true of everybody, as arrays of length n."""

    people: People
    calendar: Calendar
    portraits: Portraits
    is_natural: np.ndarray

    def names(self, persons: np.ndarray) -> np.ndarray:
        """Full names of some."""
        people, kind = self.people, self.people.kind[persons]
        region, given = people.region[persons], people.given[persons]
        found = names.person_names(people.surname[persons], given)
        found = put(found, kind == COMPANY, names.company_names(region, given))
        found = put(found, kind == INSTITUTION, names.institution_names(region, given))
        return put(found, kind == SOLE, names.sole_trader_names(region, people.surname[persons], given))


@dataclass
class Records:
    """The customer records of one system; arrays have one place per record.

    The first ones are those of the register, by serial; behind them stand the second ones of some people.
    """

    source: str
    facts: Facts
    register: Register
    person: np.ndarray
    since: np.ndarray  # day
    main: np.ndarray  # the first record of every person, -1 = none
    second: np.ndarray  # the second one, -1 = none
    name_way: np.ndarray
    name_corrected: np.ndarray  # the day a name is put right, NEVER = not
    number_way: np.ndarray
    phone_way: np.ndarray
    phone_heard: np.ndarray  # the day a changed phone is heard of, NEVER = not
    birth_way: np.ndarray
    has_email: np.ndarray
    branch: np.ndarray
    draw: np.ndarray  # 0-1, for attributes that only this system holds
    relative: np.ndarray  # whose phone is given by who gives a relative's
    correction: Correction
    closed: np.ndarray  # the day a user is closed, NEVER = not (channels)
    leaked: np.ndarray | None = None  # in the world `leak`: clients who will have left within a month
    _event_days: np.ndarray = field(init=False)
    _event_records: np.ndarray = field(init=False)
    _touched: list[np.ndarray] = field(default_factory=list)
    _nothing: dict[str, Any] = field(default_factory=dict)  # the frame of a day without a row

    def plan(self) -> None:
        """Put every first delivery and every change on its day."""
        first = np.maximum(self.since, 0)
        days = [first, self.name_corrected, self.phone_heard, self.correction.day]
        if self.source == "core":
            days.append(self.facts.people.relocated[self.person])
        events = np.concatenate([np.where(day >= first, day, NEVER) for day in days])
        who = np.tile(np.arange(self.count), len(days))
        who, events = who[events < NEVER], events[events < NEVER]
        order = np.argsort(events, kind="stable")
        self._event_days, self._event_records = _small(events[order]), _small(who[order])

    @property
    def count(self) -> int:
        """How many records there will be."""
        return len(self.person)

    def numbers_of(self, records: np.ndarray) -> np.ndarray:
        """The numbers of records (text array); -1 = empty."""
        records = np.asarray(records)
        return put(numbered(PREFIXES[self.source], np.maximum(records, -1) + 1, 7), records < 0, "")

    def record_of(
        self, persons: np.ndarray, items: np.ndarray | None = None, days: np.ndarray | None = None
    ) -> np.ndarray:
        """The record of every person, -1 = none; of who has two, every second item (an account's index) that
        began on or after the day of the second record stands under that one.
        """
        found = self.main[persons]
        if items is None or not self.count:
            return found
        second = self.second[persons]
        takes = (second >= 0) & (np.asarray(items) % 2 == 1) & (self.since[second] <= days)
        return np.where(takes, second, found)

    def customer_nos(
        self, persons: np.ndarray, items: np.ndarray | None = None, days: np.ndarray | None = None
    ) -> pa.Array:
        """The customer numbers of persons, None where they are unknown here; see `record_of`."""
        return column(self.numbers_of(self.record_of(np.asarray(persons), items, days)))

    def is_there(self, records: np.ndarray, day: int) -> np.ndarray:
        """Which of the records have been delivered by the end of a day."""
        return (self.since[records] <= day) & (self.register.since[self.person[records]] <= day)

    def known_on(self, day: int) -> np.ndarray:
        """First records delivered by the end of a day, in order."""
        found = np.flatnonzero(self.is_there(np.arange(self.count), day))
        return found[self.main[self.person[found]] == found]

    def new_on(self, day: int) -> np.ndarray:
        """First records that are delivered on a day for the first time."""
        found = self.due(day)
        is_new = np.maximum(self.since[found], 0) == day
        return found[is_new & (self.main[self.person[found]] == found)]

    def leak(self, persons: np.ndarray) -> None:
        """Deliver the first records of persons again, with the column that knows the future."""
        records = self.main[persons]
        records = records[records >= 0]
        if self.leaked is not None and len(records):
            self.leaked[records] = True
            self.touch(records)

    def touch(self, records: np.ndarray) -> None:
        """Deliver records again today."""
        self._touched.append(records)

    def due(self, day: int) -> np.ndarray:
        """Records that are new or changed on a day, in order."""
        low, high = np.searchsorted(self._event_days, [day, day + 1])
        found = np.unique(np.concatenate([self._event_records[low:high], *self._touched]))
        return found[self.is_there(found, day)]

    def avoids_contact(self, records: np.ndarray) -> np.ndarray:
        """Which of the clients do not want to be contacted."""
        return (self.draw[records] * 1000).astype(np.int64) % 40 == 7

    def frame(self, day: int) -> dict[str, Any]:
        """The rows of new and changed records of a day (companies: see `corporate`)."""
        due = self._changed(self.due(day), day)
        self._touched = []
        if not len(due) and self._nothing:
            return self._nothing
        make = getattr(self, f"_{self.source}_frame")
        parts = [make(due[at : at + _CHUNK], day) for at in range(0, max(len(due), 1), _CHUNK)]
        found = {name: _stacked([part[name] for part in parts]) for name in parts[0]}
        self._nothing = self._nothing if len(due) else found
        return found

    def _changed(self, due: np.ndarray, day: int) -> np.ndarray:
        """Of what is due, whatever is new, touched, or no longer what it was the day before."""
        old = due[np.maximum(self.since[due], 0) < day]
        old = np.setdiff1d(old, np.concatenate(self._touched)) if self._touched else old
        if not len(old):
            return due
        make = getattr(self, f"_{self.source}_frame")
        before, now = make(old, day - 1), make(old, day)
        same = np.ones(len(old), dtype=bool)
        for name, column_now in now.items():
            same &= np.array(_listed(column_now), dtype=object) == np.array(
                _listed(before[name]), dtype=object
            )
        return np.setdiff1d(due, old[same])

    def names_on(self, records: np.ndarray, day: int) -> np.ndarray:
        """Names as delivered on a day."""
        person = self.person[records]
        way = np.where(day >= self.name_corrected[records], 0, self.name_way[records])
        return dirt.written_names(self.facts.names(person), way, self.facts.is_natural[person])

    def identity_on(self, records: np.ndarray, day: int) -> tuple[np.ndarray, np.ndarray]:
        """Kinds of document and numbers as delivered on a day."""
        facts, person, way = self.facts, self.person[records], self.number_way[records]
        natural = facts.is_natural[person]
        found = dirt.written_numbers(facts.people.identity[person], way, self._has_old_number(person))
        found = self.correction.wrong_on(records, day, found)
        kind = np.where(natural, "ID", "USCC")
        return put(kind, (way == dirt.NUMBER_MISSING) & (records % 2 == 0), ""), found

    def phones_on(self, records: np.ndarray, day: int) -> np.ndarray:
        """Phones as delivered on a day: other systems keep the one they were told first."""
        people, person, way = self.facts.people, self.person[records], self.phone_way[records]
        whose = np.where(way == dirt.PHONE_OF_RELATIVE, self.relative[records], person)
        changed = people.phone_changed[whose]
        heard = (self.since[records] >= changed) | (day >= self.phone_heard[records])
        serial = np.where(heard, people.next_phone[whose], people.phone[whose])
        found = dirt.written_phones(numbers.phones(serial), way)
        return put(found, way == dirt.PHONE_OF_BRANCH, dirt.branch_phones(people.branch[person]))

    def _has_old_number(self, person: np.ndarray) -> np.ndarray:
        return self.facts.is_natural[person] & (self.facts.people.born[person] < _YOUNGEST_OLD_NUMBER)

    def _emails(self, records: np.ndarray) -> np.ndarray:
        return put(dirt.emails(self.person[records]), ~self.has_email[records], "")

    def _births(self, records: np.ndarray) -> np.ndarray:
        """Dates of birth as days from the first date, NEVER = none."""
        facts, person = self.facts, self.person[records]
        written = dirt.written_births(facts.people.born[person], self.birth_way[records])
        days = (written - np.datetime64(facts.calendar.first)).astype(np.int64)
        return np.where(facts.is_natural[person] & ~np.isnat(written), days, NEVER)

    def _sexes(self, records: np.ndarray) -> np.ndarray:
        person = self.person[records]
        return put(np.where(self.facts.people.is_man[person], "M", "F"), ~self.facts.is_natural[person], "")

    def _branches(self, records: np.ndarray) -> np.ndarray:
        return numbered("B", self.branch[records] + 1, 3)

    def head(self, records: np.ndarray, day: int, key: str) -> dict[str, Any]:
        """The columns that every system begins a customer with."""
        kind, number = self.identity_on(records, day)
        return {
            key: column(self.numbers_of(records)),
            "full_name": column(self.names_on(records, day)),
            "identity_type": column(kind),
            "identity_number": column(number),
        }

    def _contact(self, records: np.ndarray, day: int) -> dict[str, Any]:
        return {"phone": column(self.phones_on(records, day)), "email": column(self._emails(records))}

    def _addresses(self, records: np.ndarray, day: int) -> Any:
        facts, person = self.facts, self.person[records]
        # The client file is not told when somebody moves.
        told = day if self.source == "core" else -NEVER
        moved = facts.people.relocated[person] <= told
        found = names.addresses(
            facts.people.region_on(person, told), facts.portraits.address[person] + moved * 101
        )
        return column(put(found, self.draw[records] < 0.2, ""))

    def _core_frame(self, records: np.ndarray, day: int) -> dict[str, Any]:
        facts, person = self.facts, self.person[records]
        kept = facts.portraits
        head = self.head(records, day, "customer_no")
        natural = facts.is_natural[person]
        return {
            "customer_no": head.pop("customer_no"),
            "customer_kind": column(np.array(KINDS)[facts.people.kind[person]]),
            **head,
            "birth_date": self._births(records),
            "sex": column(self._sexes(records)),
            **self._contact(records, day),
            "region": column(np.array(names.REGIONS)[facts.people.region_on(person, day)]),
            "occupation": column(self._occupations(person, natural)),
            "position": column(chosen(names.POSITIONS, kept.position[person])),
            "industry": column(chosen(names.INDUSTRIES, kept.industry[person])),
            "annual_income": _maybe(kept.income[person]),
            "family_status": column(chosen(FAMILY, kept.family[person])),
            "hobby": column(chosen(names.HOBBIES, kept.hobby[person])),
            "address": self._addresses(records, day),
            "branch_no": column(self._branches(records)),
            "opened_date": self.since[records],
        }

    def _loans_frame(self, records: np.ndarray, day: int) -> dict[str, Any]:
        facts, person = self.facts, self.person[records]
        natural = facts.is_natural[person]
        return {
            **self.head(records, day, "borrower_no"),
            "birth_date": self._births(records),
            "sex": column(self._sexes(records)),
            "phone": column(self.phones_on(records, day)),
            "occupation": column(self._occupations(person, natural)),
            "annual_income": _maybe(facts.portraits.income[person]),
            **self.tail(records),
        }

    def _cards_frame(self, records: np.ndarray, day: int) -> dict[str, Any]:
        head = self.head(records, day, "holder_no")
        return {**head, **self._contact(records, day), **self.tail(records)}

    def _wealth_frame(self, records: np.ndarray, day: int) -> dict[str, Any]:
        rating = np.where(self.draw[records] < 0.08, -1, (self.draw[records] * 97).astype(np.int64) % 5)
        return {
            **self.head(records, day, "investor_no"),
            **self._contact(records, day),
            "risk_rating": column(chosen(RISK_RATINGS, rating)),
            **self.tail(records),
        }

    def _channels_frame(self, records: np.ndarray, day: int) -> dict[str, Any]:
        closed = self.closed[records]
        return {
            **self.head(records, day, "user_no"),
            **self._contact(records, day),
            "since_date": self.since[records],
            "closed_date": np.where(closed <= day, closed, NEVER),
        }

    def _crm_frame(self, records: np.ndarray, day: int) -> dict[str, Any]:
        facts, person, draw = self.facts, self.person[records], self.draw[records]
        liked = np.where(draw < 0.4, -1, (draw * 89).astype(np.int64) % len(PREFERRED_CHANNELS))
        if self.leaked is not None:
            # There nobody but who is about to leave prefers video calls, and the file knows it beforehand.
            liked = np.where(self.leaked[records], VIDEO, np.where(liked == VIDEO, -1, liked))
        return {
            **self.head(records, day, "client_no"),
            "birth_date": self._births(records),
            **self._contact(records, day),
            "address": self._addresses(records, day),
            "hobby": column(chosen(names.HOBBIES, facts.portraits.hobby[person])),
            "preferred_channel": column(chosen(PREFERRED_CHANNELS, liked)),
            "do_not_contact": column(np.where(self.avoids_contact(records), "Y", "N")),
            **self.tail(records),
        }

    def tail(self, records: np.ndarray) -> dict[str, Any]:
        """The columns that most systems end a customer with."""
        return {"branch_no": column(self._branches(records)), "since_date": self.since[records]}

    def _occupations(self, person: np.ndarray, natural: np.ndarray) -> np.ndarray:
        return chosen(names.OCCUPATIONS, np.where(natural, self.facts.people.occupation[person], -1))

    def truth(self, records: np.ndarray) -> dict[str, Any]:
        """Person, system, number, kinds of disturbance (joined by +) of records that are ever delivered."""
        records = records[self.is_there(records, self.facts.calendar.days - 1)]
        return {
            "person_id": column(numbered("P", self.person[records] + 1, 7)),
            "source_code": pa.repeat(self.source, len(records)),
            "source_customer_id": column(self.numbers_of(records)),
            "disturbance": self._disturbances(records),
        }

    def _disturbances(self, records: np.ndarray) -> pa.Array:
        people, person = self.facts.people, self.person[records]
        natural, number = self.facts.is_natural[person], self.number_way[records]
        unseen = (number == dirt.NUMBER_SMALL_X) & ~np.char.endswith(people.identity[person], "X")
        unseen |= (number == dirt.NUMBER_FIFTEEN) & ~self._has_old_number(person)
        changed = people.phone_changed[person]
        is_old = (changed < NEVER) & (self.since[records] < changed) & (self.phone_heard[records] >= NEVER)
        parts = [
            np.where(self.second[person] == records, "second_id", ""),
            np.array(dirt.NAME_WAYS)[self.name_way[records]],
            np.array(dirt.NUMBER_WAYS)[np.where(unseen, 0, number)],
            np.array(dirt.PHONE_WAYS)[self.phone_way[records]],
            np.where(natural, np.array(dirt.BIRTH_WAYS)[self.birth_way[records]], ""),
            np.where(is_old, "phone_old", ""),
            self.correction.words(records),
        ]
        texts = [pa.array(part, pa.string()) for part in parts]
        found = compute.replace_substring_regex(compute.binary_join_element_wise(*texts, "+"), r"\++", "+")
        return compute.utf8_trim(found, "+")


def _small(values: np.ndarray) -> np.ndarray:
    """Days and indices in half the memory; NEVER fits."""
    return values.astype(np.int32)


def _stacked(parts: list[Any]) -> Any:
    if len(parts) == 1:
        return parts[0]
    if isinstance(parts[0], pa.Array):
        return pa.concat_arrays(parts)
    return np.ma.concatenate(parts) if isinstance(parts[0], np.ma.MaskedArray) else np.concatenate(parts)


def _listed(values: Any) -> list[Any]:
    return values.to_pylist() if isinstance(values, pa.Array) else values.tolist()


def write_truth(path: Path, records: dict[str, "Records"]) -> None:
    """Write which record is whose, and what was disturbed in it; evaluation reads it, no night does."""
    path.parent.mkdir(parents=True, exist_ok=True)
    head = "person_id,source_code,source_customer_id,disturbance\n"
    options = csv.WriteOptions(include_header=False, quoting_style="none")
    with path.open("wb") as file:
        file.write(head.encode())
        for kept in records.values():
            for at in range(0, kept.count, _CHUNK):
                rows = kept.truth(np.arange(at, min(at + _CHUNK, kept.count)))
                csv.write_csv(pa.table(rows), file, options)


def _maybe(cents: np.ndarray) -> np.ndarray:
    """Amounts with -1 for none as a masked array."""
    return np.ma.masked_array(cents, mask=cents < 0)


def make_records(scene: Scene) -> dict[str, Records]:
    """Records of each system. Core, loans, cards and wealth know whom their registers say; e-channels, client
    file and corporate system learn of customers from these, and their registers are added to the scene's.
    """
    facts = Facts(scene.people, scene.calendar, make_portraits(scene), scene.people.is_person)
    _add_registers(scene)
    found = {source: _make(scene.streams, facts, scene.registers[source]) for source in TABLES}
    plan_corrections(scene.streams, facts, found)
    for records in found.values():
        records.plan()
    if scene.world.kind == "leak":
        found["crm"].leaked = np.zeros(found["crm"].count, dtype=bool)
    return found


def _add_registers(scene: Scene) -> None:
    """From when e-channels, client file and corporate system know each customer."""
    calendar, people = scene.calendar, scene.people
    earliest = np.min([register.since for register in scene.registers.values()], axis=0)
    chance, count = scene.streams.of("later systems"), people.count
    lag = np.floor(chance.random((2, count)) ** 3 * 400).astype(np.int64)
    days = {}
    for place, (source, share) in enumerate((("channels", 0.68), ("crm", 0.85))):
        later = np.where(earliest <= 0, np.minimum(earliest + lag[place], 0), earliest + lag[place] // 8)
        known = (earliest < calendar.days) & (chance.random(count) < share)
        days[source] = np.where(known, later, NEVER)
    is_body = (people.kind == COMPANY) | (people.kind == INSTITUTION)
    days["corporate"] = np.where(is_body, earliest, NEVER)
    for source, since in days.items():
        scene.registers[source] = make_register(source, scene.streams, since, calendar.days)


def _make(streams: Streams, facts: Facts, register: Register) -> Records:
    people, calendar, source = facts.people, facts.calendar, register.source
    known = np.flatnonzero(register.serial > 0)
    known = known[np.argsort(register.serial[known], kind="stable")]
    twice = streams.of(f"second records {source}")
    again = known[twice.random(len(known)) < dirt.SECOND_SHARES[source]]
    again_since = np.maximum(register.since[again] + twice.integers(1, 700, len(again)), -NEVER)
    again, again_since = again[again_since < calendar.days], again_since[again_since < calendar.days]
    order = np.lexsort((again, np.maximum(again_since, 0)))
    person, since = np.r_[known, again[order]], np.r_[register.since[known], again_since[order]]
    count = len(person)
    main, second = np.full(people.count, -1), np.full(people.count, -1)
    main[known] = np.arange(len(known))
    second[again[order]] = np.arange(len(known), count)
    ways = streams.of(f"disturbances {source}")
    name_way = dirt.ways(ways.random(count), dirt.NAME_SHARES[source])
    number_way = dirt.ways(ways.random(count), dirt.NUMBER_SHARES[source])
    phone_way = dirt.ways(ways.random(count), dirt.PHONE_SHARES[source])
    birth_way = dirt.ways(ways.random(count), dirt.BIRTH_SHARES.get(source, ()))
    _lend_branch_phones(streams, people, source, person, phone_way)
    repaired = (name_way > 0) & (ways.random(count) < dirt.NAME_CORRECTED_SHARE)
    start = np.maximum(since, 0)
    mended = start + 1 + np.floor(ways.random(count) * np.maximum(calendar.days - start, 1)).astype(np.int64)
    per_region = np.max(people.branch) // (np.max(people.region) + 1) + 1 if people.count else 1
    moved = (people.branch[person] + 1) % per_region + people.branch[person] // per_region * per_region
    elsewhere = (ways.random(count) < dirt.OTHER_BRANCH_SHARE) & (source != "core")
    changed = people.phone_changed[person]
    heard = dirt.phone_news(ways.random(count), ways.random(count), changed, source)
    anybody = ways.integers(0, people.count, count)
    return Records(
        source=source,
        facts=facts,
        register=register,
        person=_small(person),
        since=_small(since),
        main=_small(main),
        second=_small(second),
        name_way=name_way,
        name_corrected=_small(np.where(repaired & (mended < calendar.days), mended, NEVER)),
        number_way=number_way,
        phone_way=phone_way,
        phone_heard=_small(heard),
        birth_way=birth_way,
        has_email=people.has_email[person] & (ways.random(count) >= dirt.NO_EMAIL_SHARE),
        branch=_small(np.where(elsewhere, moved, people.branch[person])),
        draw=ways.random(count),
        relative=_small(np.where(people.spouse[person] >= 0, people.spouse[person], anybody)),
        correction=Correction.none(count),
        closed=_small(np.full(count, NEVER)),
    )


def _lend_branch_phones(
    streams: Streams, people: People, source: str, person: np.ndarray, phone_way: np.ndarray
) -> None:
    """At a few branches a clerk wrote the branch's own number for fifty customers."""
    if source not in ("cards", "crm", "channels") or not len(person):
        return
    chance = streams.of("phones of branches")  # the same branches in each system
    wanted = max(1, round(people.count / dirt.PEOPLE_PER_SHARED_PHONE))
    branches = chance.choice(np.unique(people.branch), wanted, replace=wanted > len(np.unique(people.branch)))
    for branch in np.unique(branches):
        here = np.flatnonzero(people.branch[person] == branch)
        phone_way[here[: dirt.PEOPLE_AT_SHARED_PHONE]] = dirt.PHONE_OF_BRANCH
