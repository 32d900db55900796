"""Which pairs are looked at: records that share a key, as long as not too many share it.

Rules follow from the fields. A rule brings at most a number of pairs that grows linearly with the table: its
largest blocks (placeholders, a branch's own phone, the most frequent names) are left out first.
"""

from dataclasses import dataclass

import numpy as np
from duckdb import DuckDBPyConnection

from pipelines.identity.matching.candidates import blocks, merged, write_pairs
from pipelines.identity.matching.fields import Field
from pipelines.identity.matching.settings import MatchSettings
from pipelines.identity.matching.table import TELLING

_MOST_RULES = 62  # a bit each


@dataclass(frozen=True)
class BlockingRule:
    """Records with an equal key are compared. ``fields``: what the key is made of; ``keys``: SQL, null: none.

    ``is_telling``: a pair that it finds is looked at even if no other rule finds it. ``is_key``: the key is a
    number, a phone or an e-mail, of which crowds are watched.
    """

    fields: tuple[str, ...]
    keys: tuple[str, ...]
    is_telling: bool = False
    is_key: bool = False


@dataclass(frozen=True)
class Blocking:
    """How blocking is limited, pinned with a model: by rule, how many records may share a key; by how many
    rules a pair must be found unless one is telling alone."""

    sizes: tuple[int, ...]
    told: int


def blocking_rules(fields: list[Field]) -> list[BlockingRule]:
    """The rules that the fields allow."""
    names = [field.name for field in fields]
    kinds = {field.name: field.kind for field in fields}
    by_kind = {kind: [name for name in names if kinds[name] == kind] for kind in set(kinds.values())}
    rules = [
        BlockingRule((name,), (name,), is_telling=True, is_key=True)
        for kind in TELLING
        for name in by_kind.get(kind, [])
    ]
    for first, second in _couples(by_kind.get("phone", [])):
        rules.append(BlockingRule((first, second), (first, second)))
    rules += [
        BlockingRule((name,), (f"case when length({name}_local) > 4 then {name}_local end",))
        for name in by_kind.get("email", [])
    ]
    rules += [
        BlockingRule((name,), (f"case when length({name}) = 8 then {name} end",))
        for name in by_kind.get("date", [])
    ]
    return [*rules, *_by_name(names, by_kind), *_by_address(names, by_kind)][:_MOST_RULES]


def make_pairs(
    connection: DuckDBPyConnection,
    rules: list[BlockingRule],
    settings: MatchSettings,
    blocking: Blocking | None = None,
) -> Blocking:
    """Make the table ``pairs`` of ``fields``: ``l < r`` (rids) and ``rules``, a bit per rule that found the
    pair.

    Gives how it was limited: as ``blocking`` says, else by what the settings allow a table of this size.
    """
    records = connection.execute("select count(*) from fields").fetchone()[0]
    budget = max(settings.block_pairs_at_least, settings.block_pairs_per_record * records)
    sizes, found = [], []
    for number, rule in enumerate(rules):
        most = settings.shared_key_records if rule.is_key else settings.largest_block
        shared = blocks(connection, rule.keys, most)
        sizes.append(blocking.sizes[number] if blocking else shared.affordable(budget, most))
        found.append(shared.pairs(sizes[-1], records))
    pairs, bits = merged(found)
    most = max(settings.pairs_at_least, settings.pairs_per_record * records)
    told = blocking.told if blocking else _told(rules, bits, most)
    enough = (bits & _alone(rules) != 0) | (_times(rules, bits) >= told)
    write_pairs(connection, pairs[enough], bits[enough], records)
    return Blocking(tuple(sizes), told)


def is_told(rules: list[BlockingRule], told: int) -> str:
    """SQL: whether enough rules have found a pair, or one that is telling alone."""
    names = _names_alone(rules)
    times = f"bit_count(rules & {~names}) + cast(rules & {names} <> 0 as int)"
    return f"(rules & {_alone(rules)} <> 0 or {times} >= {told})"


def key_list(rules: list[BlockingRule]) -> str:
    """SQL: a record's keys as a list of {rule, key}; a key is null where the record has none."""
    keys = ", ".join(
        f"{{'rule': {number}, 'key': {key}}}" for number, rule in enumerate(rules) for key in rule.keys
    )
    return f"[{keys}]"


def _told(rules: list[BlockingRule], bits: np.ndarray, most: int) -> int:
    """By how many rules a pair must be found so that about so many candidates are left."""
    times = np.where(bits & _alone(rules) != 0, _MOST_RULES, _times(rules, bits))
    pairs = np.cumsum(np.bincount(times, minlength=_MOST_RULES + 1)[::-1])[::-1]
    for told in range(_MOST_RULES - 1, 0, -1):
        if pairs[told] > most:
            return told + 1
    return 1


def _times(rules: list[BlockingRule], bits: np.ndarray) -> np.ndarray:
    """How many rules have found a pair; those that know nothing but its names say the same, and count as
    one."""
    names = _names_alone(rules)
    return np.bitwise_count(bits & ~names).astype(np.int64) + (bits & names != 0)


def _names_alone(rules: list[BlockingRule]) -> int:
    return sum(1 << number for number, rule in enumerate(rules) if set(rule.fields) <= {"given", "surname"})


def _alone(rules: list[BlockingRule]) -> int:
    return sum(1 << number for number, rule in enumerate(rules) if rule.is_telling)


def _couples(names: list[str]) -> list[tuple[str, str]]:
    return [(first, second) for place, first in enumerate(names) for second in names[place + 1 :]]


def _by_name(names: list[str], by_kind: dict[str, list[str]]) -> list[BlockingRule]:
    parts = [name for name in ("given", "surname") if name in names]
    if not parts:
        return []
    anchors: list[tuple[tuple[str, ...], str]] = []
    for date in by_kind.get("date", []):
        anchors += [
            ((date,), f"left({date}, 4)"),
            ((date,), f"nullif(substr({date}, 5, 4), '')"),
            ((date,), f"case when length({date}) = 8 then left({date}, 3) || right({date}, 2) end"),
        ]
    for kind in ("postcode", "place", "street", "text", "house_number"):
        anchors += [((name,), name) for name in by_kind.get(kind, [])]
    rules = [
        BlockingRule(
            (*parts, *uses),
            tuple(f"{part} || chr(31) || {anchor}" for part in parts),
            is_telling=uses[0].startswith(("street", "text")),
        )
        for uses, anchor in anchors
    ]
    # the beginning of a name survives most errors
    rules += [
        BlockingRule(
            (*parts, date), tuple(f"left({part}, 2) || chr(31) || left({date}, 6)" for part in parts)
        )
        for date in by_kind.get("date", [])
    ]
    if len(parts) == 2:
        ordered = "least(given, surname) || chr(31) || greatest(given, surname)"
        rules += [
            BlockingRule(("given", "surname"), (ordered,)),
            BlockingRule(
                ("given", "surname"),
                ("given || chr(31) || left(surname, 2)", "surname || chr(31) || left(given, 2)"),
            ),
            BlockingRule(
                ("given", "surname"),
                (
                    "left(given, 3) || chr(31) || left(surname, 3)",
                    "left(surname, 3) || chr(31) || left(given, 3)",
                ),
            ),
            BlockingRule(
                ("given", "surname"), ("coalesce(given_known[1], given_first) || chr(31) || surname",)
            ),
        ]
    else:
        rules.append(BlockingRule((parts[0],), (parts[0],)))
    return rules


def _by_address(names: list[str], by_kind: dict[str, list[str]]) -> list[BlockingRule]:
    rules = []
    areas = [*by_kind.get("postcode", []), *by_kind.get("place", [])]
    dates = by_kind.get("date", [])
    for street in by_kind.get("street", []):
        if "house_1" in names:
            rules.append(BlockingRule((street, "house_1"), (f"{street} || chr(31) || house_1",)))
        rules += [BlockingRule((street, area), (f"{street} || chr(31) || {area}",)) for area in areas]
    for area in areas:
        if "house_1" in names:
            rules.append(BlockingRule((area, "house_1"), (f"{area} || chr(31) || house_1",)))
        rules += [BlockingRule((area, date), (f"{area} || chr(31) || left({date}, 4)",)) for date in dates]
    return rules
