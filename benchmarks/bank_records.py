"""Invented customer records of a bank, with the truth beside them: as many as wanted, in seconds.

Persons live in households (address, often surname, sometimes phone are shared) and bear few, frequent names.
A fifth of the records repeat a person; every record may be disturbed as a clerk or a system disturbs it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.demo_bank import names, numbers
from pipelines.demo_bank.texts import chosen, codes, column, from_codes, joined, put

# given a share, a mask of so many records drawn anew
Some = Callable[[float], np.ndarray]
PERSONS = 0.8  # persons per record
DISCLOSING = 0.78  # persons whose number the bank knows …
WITH_NUMBER = 0.9  # … and the share of their records that carry it: together 70 %
FILLERS = ("13800138000", "00000000000", "11111111111", "12345678901", "无")
SYSTEMS = ("core", "loans", "cards", "wealth", "channels", "crm")


@dataclass(frozen=True)
class Persons:
    """The truth: one place per person; texts, days and serials as the records would have them undisturbed."""

    name: np.ndarray
    born: np.ndarray  # datetime64[D]
    number: np.ndarray
    discloses: np.ndarray
    phone: np.ndarray  # serial
    email: np.ndarray
    address: np.ndarray
    room: np.ndarray
    is_man: np.ndarray


def write_records(folder: Path, count: int, seed: int) -> tuple[Path, Path]:
    """Write ``records.parquet`` (in no order) and ``truth.parquet`` (record_id, person); gives both."""
    chance = np.random.default_rng([seed, count])
    people = _persons(chance, round(PERSONS * count))
    own = len(people.name)
    person = np.concatenate([np.arange(own), chance.integers(0, own, count - own)])
    chance.shuffle(person)
    record_id = column(np.char.add("r", np.arange(count).astype(str)))
    records = {"record_id": record_id, **_records(chance, people, person)}
    files = folder / "records.parquet", folder / "truth.parquet"
    pq.write_table(pa.table(records), files[0])
    pq.write_table(pa.table({"record_id": record_id, "person": person}), files[1])
    return files


def _persons(chance: np.random.Generator, count: int) -> Persons:
    head = np.arange(count)
    joins = chance.random(count) < 0.4
    head[1:][joins[1:]] = head[:-1][joins[1:]]  # lives with the one before
    surname = _frequent(chance, len(names.SURNAMES), count, 4)
    surname = np.where(joins & (chance.random(count) < 0.5), surname[head], surname)
    signs = [_frequent(chance, len(names.GIVEN), count, 8) for _ in range(2)]
    given = 2 * (signs[0] * len(names.GIVEN) + signs[1]) + (chance.random(count) < 0.8)
    born = np.datetime64("1936-01-01") + chance.integers(0, 26_000, count)
    is_man = chance.random(count) < 0.5
    phone = np.arange(count)
    return Persons(
        name=names.person_names(surname, given),
        born=born,
        number=_numbers(chance, born, is_man),
        discloses=chance.random(count) < DISCLOSING,
        phone=np.where(joins & (chance.random(count) < 0.2), phone[head], phone),
        email=_emails(chance, count),
        address=names.addresses(
            chance.integers(0, len(names.REGIONS), count), chance.integers(0, 8 * 999, count)
        )[head],
        room=(chance.integers(1, 33, count) * 100 + chance.integers(1, 5, count)).astype("U4")[head],
        is_man=is_man,
    )


def _frequent(chance: np.random.Generator, words: int, count: int, evenness: float) -> np.ndarray:
    """Places of words, the first ones far more often."""
    weights = 1 / (np.arange(words) + evenness)
    return chance.choice(words, count, p=weights / weights.sum())


def _numbers(chance: np.random.Generator, born: np.ndarray, is_man: np.ndarray) -> np.ndarray:
    """One number per person: of those born on one day each has a region and serial of its own."""
    order = np.argsort(born, kind="stable")
    starts = np.flatnonzero(np.r_[True, np.diff(born[order]) > np.timedelta64(0)])
    place = np.empty(len(born), dtype=np.int64)
    place[order] = np.arange(len(born)) - np.repeat(starts, np.diff(np.r_[starts, len(born)]))
    serial = 2 * (place * 37 % 500) + is_man
    region = (place // 500 * 83 + chance.integers(0, 83, len(born))) % 10_000
    return numbers.person_numbers(region, born, serial)


def _emails(chance: np.random.Generator, count: int) -> np.ndarray:
    points = ord("a") + chance.integers(0, 26, (count, 7))
    points[:, 4:][chance.random((count, 3)) < 0.3] = 0
    local = joined(from_codes(points), chance.integers(0, 1000, count).astype("U3"))
    places = chance.integers(0, 4, count)
    mail = joined(local, chosen(("@mail.example", "@post.example", "@qiao.example", "@yun.example"), places))
    return put(mail, chance.random(count) < 0.5, "")


def _records(chance: np.random.Generator, people: Persons, person: np.ndarray) -> dict[str, pa.Array]:
    count = len(person)

    def some(share: float) -> np.ndarray:
        return chance.random(count) < share

    return {
        "system": column(chosen(SYSTEMS, chance.integers(0, len(SYSTEMS), count))),
        "name": column(_written_names(people.name[person], people.is_man[person], some)),
        "number": column(_written_numbers(people.number[person], people.discloses[person], some)),
        "born": column(_written_dates(chance, people.born[person], some)),
        "phone": column(_written_phones(chance, people.phone[person], len(people.phone), some)),
        "email": column(_written_emails(chance, people.email[person], some)),
        "address": column(_written_addresses(chance, people, person, some)),
        "sex": column(put(np.where(people.is_man[person] ^ some(0.004), "M", "F"), some(0.05), "")),
    }


def _written_names(written: np.ndarray, is_man: np.ndarray, some: Some) -> np.ndarray:
    polite = joined(written.astype("U1"), np.where(is_man, "先生", "女士"))
    written = put(written, some(0.02), names.misheard(written))
    written = put(written, some(0.015), names.traditional(written))
    written = put(written, some(0.015), names.spaced(written))
    written = put(written, some(0.003), polite)
    return put(put(written, some(0.002), "未知"), some(0.002), "")


def _written_numbers(written: np.ndarray, discloses: np.ndarray, some: Some) -> np.ndarray:
    is_old = np.char.startswith(written.astype("U8"), "99") & (codes(written)[:, 6] == ord("1"))
    written = put(written, some(0.007), numbers.mistyped(written))
    forms = (
        (is_old & some(0.04), numbers.fifteen_digits_of(written)),
        (some(0.1), numbers.lower_of(written)),
        (some(0.02), numbers.full_width_of(written)),
        (~discloses | ~some(WITH_NUMBER), ""),
        (some(0.003), "000000000000000000"),
    )
    for mask, other in forms:
        written = put(written, mask, other)
    return written


def _written_dates(chance: np.random.Generator, born: np.ndarray, some: Some) -> np.ndarray:
    years = born.astype("datetime64[Y]").astype(np.int64) + 1970
    months = born.astype("datetime64[M]").astype(np.int64) % 12 + 1
    days = (born - born.astype("datetime64[M]").astype("datetime64[D]")).astype(np.int64) + 1
    swaps = some(0.01) & (days <= 12)
    months, days = np.where(swaps, days, months), np.where(swaps, months, days)
    days = np.where(some(0.005), days % 28 + 1, days)
    years = np.where(some(0.005), years + chance.choice([-10, -1, 1, 10], len(years)), years)
    parts = [values.astype(f"U{width}") for values, width in ((years, 4), (months, 2), (days, 2))]
    year, month, day = parts[0], np.char.zfill(parts[1], 2), np.char.zfill(parts[2], 2)
    written = _between(("", "-", "-", ""), (year, month, day))
    forms = (
        (some(0.15), joined(year, month, day)),
        (some(0.03), _between(("", "年", "月", "日"), parts)),
        (some(0.06), ""),
        (some(0.01), "1900-01-01"),
    )
    for mask, other in forms:
        written = put(written, mask, other)
    return written


def _between(signs: tuple[str, ...], parts: Sequence[np.ndarray]) -> np.ndarray:
    """The parts with a sign before, between and after them."""
    every = [np.broadcast_to(np.array(sign), len(parts[0])) for sign in signs]
    return joined(every[0], *(text for pair in zip(parts, every[1:], strict=True) for text in pair))


def _written_phones(chance: np.random.Generator, serial: np.ndarray, persons: int, some: Some) -> np.ndarray:
    count = len(serial)
    serial = np.where(some(0.1), persons + np.arange(count), serial)  # a new phone
    crowd = 5 + persons // 4000
    shared = persons + count + chance.integers(0, crowd, count) * chance.integers(0, crowd, count) // crowd
    serial = np.where(some(0.01), shared, serial)  # a village's, a firm's, a branch's own
    written = numbers.phones(serial * 61_803_399 % 10**8)  # neighbours are not alike
    plus = joined(np.broadcast_to(np.array("+86 "), count), written)
    forms = (
        (some(0.04), plus),
        (some(0.08), ""),
        (some(0.01), np.array(FILLERS)[chance.integers(0, len(FILLERS), count)]),
    )
    for mask, other in forms:
        written = put(written, mask, other)
    return written


def _written_emails(chance: np.random.Generator, written: np.ndarray, some: Some) -> np.ndarray:
    has = written != ""
    written = put(written, has & some(0.08), _emails(chance, len(written)))
    written = put(written, has & some(0.03), np.char.upper(written))
    return put(written, some(0.15), "")


def _written_addresses(
    chance: np.random.Generator, people: Persons, person: np.ndarray, some: Some
) -> np.ndarray:
    count = len(person)
    elsewhere = names.addresses(
        chance.integers(0, len(names.REGIONS), count), chance.integers(0, 8 * 999, count)
    )
    address = put(people.address[person], some(0.08), elsewhere)
    room = put(people.room[person], some(0.12), "")
    ends = np.where(room == "", "", "室")
    return put(joined(address, room, ends), some(0.12), "")
