"""Who is one customer, folded over the dates on which something became known: a pure function of the past.

At the end of each date the records that are then linked are taken apart into customers as the matcher does
(``matching.clusters``). A customer's id is the birth id of its record first received (same date: lowest
source code, then source customer id), so that neither files nor rows nor nights have an order that matters.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np

from pipelines.identity.matching.clusters import Graph, conflicts, partition
from pipelines.identity.matching.settings import MatchSettings

NEVER = np.iinfo(np.int64).max  # the end of what still holds
NOBODY = -1

CHANGES = ("first", "merge", "split")
CAUSES = ("data", "decision", "model")
RULES = ("single", "identity_number", "company_code", "name_date_contact", "model", "decision")

# weights of pairs of versions (places in a region)
Weigh = Callable[[np.ndarray, np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Verdict:
    """What people have decided on two records (places in a region): from ``since`` on they are one, or are
    two."""

    left: int
    right: int
    is_same: bool
    since: int
    until: int = NEVER


@dataclass(frozen=True)
class Region:
    """Records that links can reach, by place; days are ordinals.

    Of records: ``part`` (records of different parts never meet), ``founder`` (place of the record that its
    customer is named by before the first day folded, -1: not received yet); they stand in the order of their
    birth. Of versions, in the order of their rids: ``record``, ``arrived``, ``ended`` (day of the version
    that follows), ``number`` (code of the valid identity number, -1: none). Of links between versions, in
    order: ``left`` < ``right``, ``weight``, ``rule`` (place in RULES).
    """

    part: np.ndarray
    founder: np.ndarray
    record: np.ndarray
    arrived: np.ndarray
    ended: np.ndarray
    number: np.ndarray
    left: np.ndarray
    right: np.ndarray
    weight: np.ndarray
    rule: np.ndarray
    conflicts: frozenset[tuple[int, int]] = frozenset()


@dataclass(frozen=True)
class Conflict:
    """Two records (places, lower first) that a link would make one,
        but for the identity numbers of their customers:
    from a day on, or no longer (``weight`` None)."""

    left: int
    right: int
    rule: int
    weight: float | None


@dataclass(frozen=True)
class Changes:
    """The records whose customer changes on a day, in the order of their birth; codes are places in the
    tuples above.

    ``former``: -1 for a record first received. ``linked``: the record that speaks most for the change, with
    its weight in bits (-1 and nan: none); of a split, the one left behind that it is still most like.
    """

    day: date
    record: np.ndarray
    founder: np.ndarray
    former: np.ndarray
    change: np.ndarray
    cause: np.ndarray
    rule: np.ndarray
    linked: np.ndarray
    weight: np.ndarray
    conflicts: list[Conflict]


def fold(
    region: Region,
    verdicts: Iterable[Verdict],
    days: Iterable[int],
    weigh: Weigh,
    settings: MatchSettings,
    model_day: int | None = None,
) -> Iterator[Changes]:
    """The changes of customer on each of ``days`` (ascending), days without one left out.

    On ``model_day`` everything is looked at again, and what changes does so because of the model. The cost is
    that of the parts in which something happens.
    """
    walk = _Walk(region, list(verdicts), weigh, settings)
    for day in days:
        changes = walk.step(day, day == model_day)
        if len(changes.record) or changes.conflicts:
            yield changes


class _Walk:
    """The customers at the end of a day, and what leads to them."""

    def __init__(
        self, region: Region, verdicts: list[Verdict], weigh: Weigh, settings: MatchSettings
    ) -> None:
        self.region, self.verdicts, self.weigh, self.settings = region, verdicts, weigh, settings
        self.founder = region.founder.copy()
        self.conflicts = {pair: int(region.part[pair[0]]) for pair in region.conflicts}
        count = int(region.part.max(initial=-1)) + 1
        self.versions = _Grouped(region.part[region.record], count)
        self.links = _Grouped(region.part[region.record[region.left]], count)
        self.starting = _Grouped(*_dense(region.arrived))
        self.ending = _Grouped(*_dense(region.ended))
        self.arrivals, self.ends = np.unique(region.arrived), np.unique(region.ended)
        self.spot = np.full(len(region.record), NOBODY)  # place of a version among those that are looked at

    def step(self, day: int, is_model: bool) -> Changes:
        region = self.region
        decided = [verdict for verdict in self.verdicts if day in (verdict.since, verdict.until)]
        parts = self._touched(day, is_model, decided)
        versions = self.versions.of(parts)
        versions = np.sort(versions[(region.arrived[versions] <= day) & (day < region.ended[versions])])
        self.spot[versions] = np.arange(len(versions))
        graph, links = self._graph(day, parts, versions)
        labels = partition(graph, lambda a, b: self.weigh(versions[a], versions[b]), self.settings)
        self.spot[versions] = NOBODY

        record = region.record[versions]
        eldest = np.full(len(versions), NEVER)
        np.minimum.at(eldest, labels, record)
        founder = eldest[labels]
        former = self.founder[record]
        moved = np.flatnonzero(founder != former)
        moved = moved[np.argsort(record[moved])]
        is_first, is_left = former[moved] == NOBODY, self.founder[founder[moved]] == former[moved]
        change = np.where(is_first, 0, np.where(is_left, 2, 1))
        cause = np.zeros(len(moved), dtype=np.int64)
        if decided:
            theirs = {
                int(region.part[place]) for verdict in decided for place in (verdict.left, verdict.right)
            }
            cause[np.isin(region.part[record[moved]], sorted(theirs))] = 1
        if is_model:
            cause[:] = 2
        cause[is_first] = 0
        evidence = _Evidence(graph, links, labels, former)
        is_alone, is_split = founder[moved] == record[moved], change == CHANGES.index("split")
        linked, weight = evidence.inside(moved)
        linked[is_alone], weight[is_alone] = NOBODY, np.nan
        linked[is_split], weight[is_split] = evidence.left_behind(moved[is_split])
        changes = Changes(
            day=date.fromordinal(day),
            record=record[moved],
            founder=founder[moved],
            former=former[moved],
            change=change,
            cause=cause,
            rule=np.where(is_alone, RULES.index("single"), evidence.rule[moved]),
            linked=np.where(linked == NOBODY, NOBODY, record[linked]) if len(record) else linked,
            weight=weight,
            conflicts=self._conflicts(parts, graph, links, labels, record),
        )
        self.founder[record] = founder
        return changes

    def _conflicts(
        self, parts: np.ndarray, graph: Graph, rules: np.ndarray, labels: np.ndarray, record: np.ndarray
    ) -> list[Conflict]:
        """What opens and what closes, in order."""
        found = {}
        for place, weight in zip(*conflicts(graph, labels), strict=True):
            low, high = sorted((int(record[graph.left[place]]), int(record[graph.right[place]])))
            found[low, high] = Conflict(low, high, int(rules[place]), float(weight))
        looked_at = set(map(int, parts))
        former = (
            {pair for pair, part in self.conflicts.items() if part in looked_at} if self.conflicts else set()
        )
        for pair in former - set(found):
            del self.conflicts[pair]
        opened = [found[pair] for pair in found if pair not in former]
        self.conflicts |= {(each.left, each.right): int(self.region.part[each.left]) for each in opened}
        closed = [Conflict(*pair, RULES.index("single"), None) for pair in former - set(found)]
        return sorted(opened + closed, key=lambda each: (each.left, each.right))

    def _touched(self, day: int, is_model: bool, decided: list[Verdict]) -> np.ndarray:
        region = self.region
        if is_model:
            return np.arange(len(self.versions.starts) - 1)
        versions = np.concatenate(
            [
                self.starting.of(np.flatnonzero(self.arrivals == day)),
                self.ending.of(np.flatnonzero(self.ends == day)),
            ]
        )
        records = [place for verdict in decided for place in (verdict.left, verdict.right)]
        return np.unique(region.part[np.r_[region.record[versions], np.array(records, dtype=np.int64)]])

    def _graph(self, day: int, parts: np.ndarray, versions: np.ndarray) -> tuple[Graph, np.ndarray]:
        """The links among the current versions of some parts, and which of the region's links these are."""
        region, spot = self.region, self.spot
        links = np.sort(self.links.of(parts))
        links = links[(spot[region.left[links]] >= 0) & (spot[region.right[links]] >= 0)]
        seen = (
            {int(record): place for place, record in enumerate(region.record[versions])}
            if self.verdicts
            else {}
        )
        pairs: dict[bool, set[tuple[int, int]]] = {True: set(), False: set()}
        for verdict in self.verdicts:
            if verdict.since <= day < verdict.until and verdict.left in seen and verdict.right in seen:
                low, high = sorted((seen[verdict.left], seen[verdict.right]))
                pairs[verdict.is_same].add((low, high))
        graph = Graph(
            numbers=region.number[versions],
            left=spot[region.left[links]],
            right=spot[region.right[links]],
            weight=region.weight[links],
            together=frozenset(pairs[True]),
            apart=frozenset(pairs[False]),
        )
        return graph, region.rule[links]


class _Grouped:
    """Places by group, found without a search."""

    def __init__(self, group: np.ndarray, count: int) -> None:
        self.order = np.argsort(group, kind="stable")
        self.starts = np.searchsorted(group[self.order], np.arange(count + 1))

    def of(self, groups: np.ndarray) -> np.ndarray:
        """The places of some groups."""
        sizes = self.starts[groups + 1] - self.starts[groups]
        within = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        return self.order[np.repeat(self.starts[groups], sizes) + within]


def _dense(values: np.ndarray) -> tuple[np.ndarray, int]:
    found, places = np.unique(values, return_inverse=True)
    return places, len(found)


class _Evidence:
    """What speaks for the customer of each record: its strongest link to another one of his, else what people
    have decided; and of a record that stands apart from some it was one with, the strongest link to these."""

    def __init__(self, graph: Graph, rules: np.ndarray, labels: np.ndarray, former: np.ndarray) -> None:
        self.node, self.other = np.r_[graph.left, graph.right], np.r_[graph.right, graph.left]
        self.weight = np.r_[graph.weight, graph.weight]
        is_inside = labels[self.node] == labels[self.other]
        was_inside = (former[self.node] == former[self.other]) & (former[self.node] != NOBODY)
        self._inside = self._strongest(is_inside, len(labels))
        self._behind = self._strongest(was_inside & ~is_inside, len(labels))
        self.rule = np.full(len(labels), RULES.index("decision"))
        linked = self._inside != NOBODY
        self.rule[linked] = np.r_[rules, rules][self._inside[linked]]
        self._partner = np.full(len(labels), NOBODY)
        for low, high in sorted(graph.together):
            self._partner[low], self._partner[high] = high, low

    def inside(self, records: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Of each record the other one and the bits of the link; the partner that people gave it where
        none."""
        linked, weight = self._ends(self._inside[records])
        return np.where(linked == NOBODY, self._partner[records], linked), weight

    def left_behind(self, records: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Of each record the one it was parted from and the bits of what still links them."""
        return self._ends(self._behind[records])

    def _strongest(self, counts: np.ndarray, records: int) -> np.ndarray:
        links = np.flatnonzero(counts)
        links = links[np.lexsort((self.other[links], -self.weight[links], self.node[links]))]
        found = np.full(records, NOBODY)
        nodes, first = np.unique(self.node[links], return_index=True)
        found[nodes] = links[first]
        return found

    def _ends(self, links: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        if not len(self.node):
            return np.full(len(links), NOBODY), np.full(len(links), np.nan)
        is_known = links != NOBODY
        return np.where(is_known, self.other[links], NOBODY), np.where(is_known, self.weight[links], np.nan)
