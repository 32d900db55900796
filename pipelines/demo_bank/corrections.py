"""Numbers that a second system first held wrong: records that merge, or split, once the right one comes."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pipelines.demo_bank import numbers
from pipelines.demo_bank.streams import Streams
from pipelines.demo_bank.world import NEVER

if TYPE_CHECKING:
    from pipelines.demo_bank.records import Facts, Records

BLANK, STRAY, OTHERS = 1, 2, 3
WORDS = ("", "merge_correction", "merge_correction", "split_correction")
_SYSTEMS = ("wealth", "cards")
_MERGE_SHARE, _SPLIT_SHARE, _LEAST = 0.004, 0.002, 3


@dataclass
class Correction:
    """Arrays with one place per record: day of the right number (NEVER = none), what was wrong and how."""

    day: np.ndarray
    way: np.ndarray
    place: np.ndarray  # in `wrong`
    wrong: np.ndarray  # U18, only as many as there are corrections

    @classmethod
    def none(cls, count: int) -> "Correction":
        """No correction for any of the records."""
        ways, places = np.zeros(count, dtype=np.int8), np.zeros(count, dtype=np.int32)
        return cls(np.full(count, NEVER, dtype=np.int32), ways, places, np.zeros(1, dtype="U18"))

    def wrong_on(self, records: np.ndarray, day: int, right: np.ndarray) -> np.ndarray:
        """The right numbers, with the wrong ones where they are still believed."""
        believed = (self.way[records] > 0) & (day < self.day[records])
        return np.where(believed, self.wrong[self.place[records]], right)

    def words(self, records: np.ndarray) -> np.ndarray:
        """What kind of correction records get; empty = none."""
        return np.array(WORDS)[self.way[records]]


def plan_corrections(streams: Streams, facts: "Facts", records: "dict[str, Records]") -> None:
    """Persons whose second system first held a blank, a stray, or somebody else's number."""
    chance = streams.of("corrections")
    source, persons = _candidates(facts, records)
    order = chance.permutation(len(persons))
    source, persons = source[order], persons[order]
    count = facts.people.count
    merges = max(_LEAST, round(count * _MERGE_SHARE))
    splits = max(_LEAST, round(count * _SPLIT_SHARE))
    chosen = slice(0, min(merges + splits, len(persons)))
    place = np.arange(chosen.stop)
    way = np.where(place >= merges, OTHERS, np.where(place % 2, STRAY, BLANK))
    owners = persons[chosen.stop :] if len(persons) > chosen.stop else persons
    others = owners[place * 7 % max(len(owners), 1)] if len(owners) else persons[chosen]
    stray = _strays(chance, facts, persons[chosen])
    wrong = np.select([way == STRAY, way == OTHERS], [stray, facts.people.identity[others]], "")
    days = chance.random(len(place))
    for number, system in enumerate(_SYSTEMS):
        mine = np.flatnonzero(source[chosen] == number)
        kept = records[system]
        who = kept.main[persons[chosen][mine]]
        start = np.maximum(kept.since[who], 0)
        room = np.maximum(facts.calendar.days - 1 - start, 1)
        kept.correction.day[who] = start + 1 + np.floor(days[mine] * room).astype(np.int64)
        kept.correction.way[who], kept.correction.place[who] = way[mine], np.arange(len(mine))
        kept.correction.wrong = wrong[mine] if len(mine) else kept.correction.wrong
        kept.number_way[who] = 0


def _candidates(facts: "Facts", records: "dict[str, Records]") -> tuple[np.ndarray, np.ndarray]:
    """System (place in _SYSTEMS) and person: core knows him by his number, and that system knows him too."""
    core, last = records["core"], facts.calendar.days * 2 // 3
    plain = (core.main >= 0) & facts.is_natural
    plain[plain] = core.number_way[core.main[plain]] == 0
    source = np.full(facts.people.count, -1)
    for number in reversed(range(len(_SYSTEMS))):
        kept = records[_SYSTEMS[number]]
        known = plain & (kept.main >= 0) & (kept.second < 0)
        known[known] = kept.since[kept.main[known]] < last
        source[known] = number
    persons = np.flatnonzero(source >= 0)
    return source[persons], persons


def _strays(chance: np.random.Generator, facts: "Facts", persons: np.ndarray) -> np.ndarray:
    """Well-formed numbers of nobody, born on the same days; empty where the draw met somebody's."""
    region, serial = chance.integers(0, [[10_000], [1_000]], (2, len(persons)))
    found = numbers.person_numbers(region, facts.people.born[persons], serial)
    return np.where(np.isin(found, facts.people.identity), "", found)
