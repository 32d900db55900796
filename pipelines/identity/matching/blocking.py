"""Which pairs are looked at: records that share a key, as long as not too many share it.

Rules follow from the fields. A rule brings at most a number of pairs that grows linearly with the table: its
largest blocks (placeholders, a branch's own phone, the most frequent names) are left out first.
"""

from dataclasses import dataclass

from duckdb import DuckDBPyConnection

from pipelines.identity.matching.fields import Field
from pipelines.identity.matching.settings import MatchSettings
from pipelines.identity.matching.table import TELLING

_MOST_RULES = 62  # a bit each


@dataclass(frozen=True)
class BlockingRule:
    """Records with an equal key are compared. ``fields``: what the key is made of; ``keys``: SQL, null: none.

    ``is_telling``: a pair that it finds is looked at even if no other rule finds it."""

    fields: tuple[str, ...]
    keys: tuple[str, ...]
    is_telling: bool = False


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
        BlockingRule((name,), (name,), is_telling=True) for kind in TELLING for name in by_kind.get(kind, [])
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
    connection.execute("create or replace temp table found (l bigint, r bigint, rule bigint)")
    sizes = []
    for number, rule in enumerate(rules):
        most = settings.shared_key_records if rule.is_telling else settings.largest_block
        _make_blocks(connection, rule, most)
        sizes.append(blocking.sizes[number] if blocking else _affordable(connection, budget, most))
        _find(connection, number, sizes[-1])
    connection.execute(
        "create or replace temp table candidates as select l, r, bit_or(rule) as rules from found group "
        "by l, r"
    )
    connection.execute("drop table found")
    most = max(settings.pairs_at_least, settings.pairs_per_record * records)
    told = blocking.told if blocking else _told(connection, rules, most)
    connection.execute(
        f"create or replace table pairs as from candidates where {is_told(rules, told)} order by l, r"
    )
    connection.execute("drop table candidates")
    return Blocking(tuple(sizes), told)


def is_told(rules: list[BlockingRule], told: int) -> str:
    """SQL: whether enough rules have found a pair, or one that is telling alone."""
    alone = sum(1 << number for number, rule in enumerate(rules) if rule.is_telling)
    return f"(rules & {alone} <> 0 or bit_count(rules) >= {told})"


def key_list(rules: list[BlockingRule]) -> str:
    """SQL: a record's keys as a list of {rule, key}; a key is null where the record has none."""
    keys = ", ".join(
        f"{{'rule': {number}, 'key': {key}}}" for number, rule in enumerate(rules) for key in rule.keys
    )
    return f"[{keys}]"


def _told(connection: DuckDBPyConnection, rules: list[BlockingRule], most: int) -> int:
    """By how many rules a pair must be found so that about so many candidates are left."""
    counts = connection.execute(
        f"""
        select case when {is_told(rules, _MOST_RULES + 1)} then {
            _MOST_RULES
        } else bit_count(rules) end as told,
               count(*)
        from candidates group by told order by told desc
        """
    ).fetchall()
    pairs = 0
    for count, own in counts:
        pairs += own
        if pairs > most and count < _MOST_RULES:
            return count + 1
    return 1


def _make_blocks(connection: DuckDBPyConnection, rule: BlockingRule, most: int) -> None:
    keys = " union ".join(
        f"select hash({key}) as key, rid from fields where {key} is not null" for key in rule.keys
    )
    connection.execute(
        f"""
        create or replace temp table blocks as
        select list(rid order by rid) as rids from ({keys}) group by key having count(*) between 2 and {most}
        """
    )


def _affordable(connection: DuckDBPyConnection, budget: int, most: int) -> int:
    """The size of the largest blocks that a rule can afford: ``most`` where it can afford all, 1 where
    none."""
    pairs, largest = connection.execute(
        """
        select max(pairs), max(size) filter (pairs <= ?) from (
            select size, sum(size * (size - 1) / 2 * count(*)) over (order by size) as pairs
            from (select len(rids) as size from blocks) group by size
        )
        """,
        [budget],
    ).fetchone()
    return most if (pairs or 0) <= budget else largest or 1


def _find(connection: DuckDBPyConnection, number: int, size: int) -> None:
    """The pairs of a rule's blocks up to a size."""
    connection.execute(
        f"""
        insert into found
        with small as (select rids from blocks where len(rids) <= {size}),
        firsts as (select unnest(rids) as l, unnest(range(1, len(rids) + 1)) as place, rids from small)
        select l, unnest(rids[place + 1:]) as r, {1 << number} from firsts
        """
    )
    connection.execute("drop table blocks")


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
        BlockingRule((*parts, *uses), tuple(f"{part} || chr(31) || {anchor}" for part in parts))
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
