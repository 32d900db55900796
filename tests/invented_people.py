"""Invented people with invented errors, written down more than once: tables with a known truth."""

import csv
import random
from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path

STARTS = ["b", "br", "d", "f", "g", "gr", "h", "k", "kl", "l", "m", "n", "p", "r", "s", "st", "t", "w", "sch"]
VOWELS = ["a", "e", "i", "o", "u", "ei", "au", "ie"]
ENDS = ["", "n", "r", "l", "s", "t", "ck", "nn", "rt"]
TOWNS = 40


def write(path: Path, rows: Iterable[dict], seed: int) -> Path:
    """The rows as csv in an order of their own, with new record ids."""
    chance, rows = random.Random(seed), [dict(row) for row in rows]
    chance.shuffle(rows)
    with path.open("w", newline="", encoding="utf-8") as lines:
        writer = csv.DictWriter(lines, ["id", *rows[0]])
        writer.writeheader()
        writer.writerows({"id": f"{chance.getrandbits(48):012x}", **row} for row in rows)
    return path


def families(count: int, seed: int) -> list[dict]:
    """Families that share surname, home and often a phone; each member is recorded one to three times.

    Later records carry typing errors, moves and gaps. ``truth`` is the person.
    """
    chance = random.Random(seed)
    given, surnames, streets = _names(chance, 300), _names(chance, 900), _names(chance, 400)
    rows, person = [], 0
    for _ in range(count):
        home = _home(chance, streets)
        surname, phone = _often(chance, surnames), _phone(chance)
        parents = chance.randint(1935, 1985)
        for place in range(chance.choices([1, 2, 3, 4, 5], [35, 25, 18, 15, 7])[0]):
            first = {
                "given": _often(chance, given),
                "surname": surname if chance.random() < 0.9 else _often(chance, surnames),
                "born": _day(chance, parents + (25 if place > 1 else 0)).isoformat(),
                "phone": phone if chance.random() < 0.45 else _phone(chance),
                **home,
                "truth": str(person),
            }
            rows.append(first)
            for _ in range(chance.choices([0, 1, 2], [60, 28, 12])[0]):
                rows.append(_again(chance, first, streets))
            person += 1
    return rows


def name_and_birth_date(count: int, repeated: int, seed: int) -> list[dict]:
    """Persons by name and birth date alone; some are recorded twice, with an error or two."""
    chance = random.Random(seed)
    given, surnames = _names(chance, 130), _names(chance, 700)
    rows = []
    for person in range(count - repeated):
        born = _day(chance, chance.randint(1920, 2005))
        rows.append(
            {
                "given": _often(chance, given),
                "surname": _often(chance, surnames),
                "year": str(born.year),
                "month": str(born.month),
                "day": str(born.day),
                "truth": str(person),
            }
        )
    for first in chance.sample(rows, repeated):
        row = dict(first)
        for _ in range(chance.choices([1, 2], [85, 15])[0]):
            column = chance.choice(["given", "given", "surname", "surname", "year", "month", "day"])
            row[column] = (
                misspelt(chance, row[column])
                if column in ("given", "surname")
                else str(int(row[column]) + chance.choice([-10, -1, 1, 10]))
                if column == "year"
                else str(chance.randint(1, 12))
            )
        rows.append(row)
    return rows


def short_records(persons: int, seed: int) -> list[dict]:
    """Name, birth date, town and e-mail; many gaps, swapped names, errors in every column."""
    chance = random.Random(seed)
    given, surnames, towns = _names(chance, 60), _names(chance, 60), _names(chance, 15)
    rows = []
    for person in range(persons):
        first = {
            "given": chance.choice(given),
            "surname": chance.choice(surnames),
            "born": _day(chance, chance.randint(1950, 2015)).isoformat(),
            "town": _often(chance, towns),
            "email": f"{_name(chance)}{chance.randint(1, 99)}@{chance.choice(surnames)}.example",
            "truth": str(person),
        }
        rows.append(first)
        for _ in range(chance.randint(0, 6)):
            row = dict(first)
            for column in ("given", "surname", "town", "email"):
                if chance.random() < 0.2:
                    row[column] = misspelt(chance, row[column])
            if chance.random() < 0.25:
                row["born"] = (
                    date.fromisoformat(row["born"]) + timedelta(chance.choice([1, 9, 30, 365]))
                ).isoformat()
            if chance.random() < 0.1:
                row["given"], row["surname"] = row["surname"], row["given"]
            for column in ("given", "surname", "town", "email"):
                if chance.random() < 0.22:
                    row[column] = ""
            rows.append(row)
    return rows


def misspelt(chance: random.Random, text: str) -> str:
    """One letter wrong, missing, too many, or two swapped."""
    place, letter = chance.randrange(len(text)), chance.choice("abcdefghijklmnopqrstuvwxyz")
    before, after = text[:place], text[place + 1 :]
    return chance.choice(
        [
            before + letter + after,
            before + after,
            before + letter + text[place:],
            before + after[:1] + text[place] + after[1:],
        ]
    )


def _again(chance: random.Random, first: dict, streets: list[str]) -> dict:
    row = dict(first)
    if chance.random() < 0.15:
        row["phone"] = _phone(chance)
    if chance.random() < 0.2:
        row |= _home(chance, streets)
    for column, share in (("given", 0.05), ("surname", 0.05), ("street", 0.08), ("town", 0.04)):
        if chance.random() < share:
            row[column] = misspelt(chance, row[column])
    if chance.random() < 0.05:
        row["born"] = (
            date.fromisoformat(row["born"]) + timedelta(chance.choice([-1, 1, 10, 365]))
        ).isoformat()
    for column, share in (("born", 0.1), ("phone", 0.15)):
        if chance.random() < share:
            row[column] = ""
    return row


def _home(chance: random.Random, streets: list[str]) -> dict:
    town = chance.randrange(TOWNS)
    return {
        "street": chance.choice(streets),
        "house": str(chance.randint(1, 150)),
        "town": f"{STARTS[town % 17]}{VOWELS[town % 7]}{STARTS[town % 13]}ow",
        "postcode": str(1000 + 37 * town),
    }


def _names(chance: random.Random, count: int) -> list[str]:
    found: dict[str, None] = {}
    while len(found) < count:
        found[_name(chance)] = None
    return list(found)


def _name(chance: random.Random) -> str:
    syllables = range(chance.choice([1, 2, 2, 3]))
    return "".join(chance.choice(STARTS) + chance.choice(VOWELS) + chance.choice(ENDS) for _ in syllables)


def _often(chance: random.Random, names: list[str]) -> str:
    """A name, the first ones more often."""
    return chance.choices(names, [1 / (rank + 3) for rank in range(len(names))])[0]


def _phone(chance: random.Random) -> str:
    return f"1{chance.randint(30, 99)}{chance.randrange(10**8):08}"


def _day(chance: random.Random, year: int) -> date:
    return date(year, 1, 1) + timedelta(chance.randrange(364))
