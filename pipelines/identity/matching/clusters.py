"""From weighed pairs to persons: a cluster is accepted as a whole, not edge by edge.

Records that a chain of links joins are looked at together: every pair among them is weighed, and clusters
grow from the strongest mean link down, as long as the mean over all pairs and the weakest pair stay above the
declared limits and no two valid identity numbers meet. What people have decided goes before both.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
from duckdb import DuckDBPyConnection

from pipelines.identity.matching.arrays import components, table_of
from pipelines.identity.matching.settings import MatchSettings

_APART = -1000.0
Pair = tuple[int, int]
# the weights of pairs: (left, right) → weight, both as places in the graph, left < right
Weigh = Callable[[np.ndarray, np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Graph:
    """Records 0 … n-1 in an order that follows from what they say, and the links among them.

    ``numbers``: per record a code for its valid identity number, -1 without one. ``left`` < ``right``,
    ``weight``: the links, sorted. ``together`` and ``apart``: pairs (lower place first) that people have
    decided on.
    """

    numbers: np.ndarray
    left: np.ndarray
    right: np.ndarray
    weight: np.ndarray
    together: frozenset[Pair] = field(default_factory=frozenset)
    apart: frozenset[Pair] = field(default_factory=frozenset)


@dataclass(frozen=True)
class Conflict:
    """Two records that would join their clusters, were it not for two valid identity numbers in these."""

    left: int
    right: int
    weight: float


def cluster(
    connection: DuckDBPyConnection, weigh: Callable[[str, str], None], settings: MatchSettings
) -> list[Conflict]:
    """Make the table ``clusters`` (rid, cluster: the lowest rid in it) from ``fields`` and ``scores``.

    ``weigh(pairs, result)`` makes the table ``result`` (l, r, weight) for further pairs. The rids are 0 …
    n-1.
    """
    edges = connection.execute(
        "select l, r, weight from scores where weight >= ? order by l, r", [settings.link_weight]
    ).fetchnumpy()
    graph = Graph(_identity_numbers(connection), edges["l"], edges["r"], np.asarray(edges["weight"], float))

    def weights(left: np.ndarray, right: np.ndarray) -> np.ndarray:
        return weigh_arrays(connection, weigh, left, right)

    labels = partition(graph, weights, settings)
    connection.register("found_clusters", table_of(rid=np.arange(len(labels)), cluster=labels))
    connection.execute("create or replace table clusters as from found_clusters")
    connection.unregister("found_clusters")
    places, weight = conflicts(graph, labels)
    return [
        Conflict(int(graph.left[place]), int(graph.right[place]), float(bits))
        for place, bits in zip(places, weight, strict=True)
    ]


def weigh_arrays(
    connection: DuckDBPyConnection, weigh: Callable[[str, str], None], left: np.ndarray, right: np.ndarray
) -> np.ndarray:
    """The weights of pairs of rids, in their order."""
    connection.register("asked_pairs", table_of(place=np.arange(len(left)), l=left, r=right))
    connection.execute("create or replace temp table missing as from asked_pairs")
    connection.unregister("asked_pairs")
    weigh("missing", "further")
    found = connection.execute(
        "select weight from missing join further using (l, r) order by place"
    ).fetchnumpy()
    connection.execute("drop table further")
    return np.asarray(found["weight"], float)


def partition(graph: Graph, weigh: Weigh, settings: MatchSettings) -> np.ndarray:
    """Per record the lowest place in its cluster; the same for every order in which records became known."""
    count = len(graph.numbers)
    parts = _components(graph, settings.largest_component)
    sizes = np.bincount(parts, minlength=count)[parts]
    labels = np.full(count, count, dtype=np.int64)
    np.minimum.at(labels, parts, np.arange(count))
    labels = labels[parts]
    _settle_twos(graph, labels, sizes == 2)
    crowded = np.flatnonzero(sizes > 2)
    if len(crowded):
        left, right, weight = _complete(graph, weigh, crowded, parts)
        _settle_crowds(graph, labels, parts, left, right, weight, settings)
    for low, high in sorted(graph.together):
        _join(graph, labels, low, high)
    return labels


def conflicts(graph: Graph, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of every two clusters with different identity numbers that a link would join, the strongest such link.

    Gives places in the graph's links, sorted, and their weights.
    """
    number = np.full(len(labels) + 1, -1, dtype=np.int64)
    np.maximum.at(number, labels, graph.numbers)
    a, b = labels[graph.left], labels[graph.right]
    clash = np.flatnonzero((a != b) & (number[a] >= 0) & (number[b] >= 0) & (number[a] != number[b]))
    low, high = np.minimum(a, b)[clash], np.maximum(a, b)[clash]
    order = np.lexsort((clash, -graph.weight[clash], high, low))
    first = np.r_[True, (np.diff(low[order]) != 0) | (np.diff(high[order]) != 0)] if len(order) else order
    places = np.sort(clash[order][first.astype(bool)]) if len(order) else clash
    return places, graph.weight[places]


def _components(graph: Graph, largest: int) -> np.ndarray:
    """The lowest place in each record's component; one above the limit is taken apart at ever stronger links.

    Links between records that people have decided to be two do not count.
    """
    count = len(graph.numbers)
    left, right, weight = graph.left, graph.right, graph.weight
    if graph.apart:
        own = ~_among(left, right, graph.apart, count)
        left, right, weight = left[own], right[own], weight[own]
    floor = np.full(count, -np.inf)
    while True:
        parts = components(left, right, count)
        large = np.bincount(parts, minlength=count)[parts] > largest
        inside = large[left]
        if not inside.any():
            return parts
        weakest = np.full(count, np.inf)
        np.minimum.at(weakest, parts[left[inside]], weight[inside])
        floor[large] = np.maximum(floor, np.floor(weakest[parts]))[large] + 1
        keep = ~inside | (weight >= floor[left])
        left, right, weight = left[keep], right[keep], weight[keep]


def _among(left: np.ndarray, right: np.ndarray, pairs: frozenset[Pair], count: int) -> np.ndarray:
    codes = np.array([low * count + high for low, high in pairs], dtype=np.int64)
    return np.isin(left * count + right, codes)


def _settle_twos(graph: Graph, labels: np.ndarray, is_two: np.ndarray) -> None:
    """Two records alone: apart where two identity numbers meet."""
    second = np.flatnonzero(is_two & (labels != np.arange(len(labels))))
    first = labels[second]
    numbers = graph.numbers
    clash = (numbers[first] >= 0) & (numbers[second] >= 0) & (numbers[first] != numbers[second])
    labels[second[clash]] = second[clash]


def _complete(
    graph: Graph, weigh: Weigh, crowded: np.ndarray, parts: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Every pair within a component of three or more, weighed; by component, then by places."""
    order = crowded[np.argsort(parts[crowded], kind="stable")]
    starts = np.flatnonzero(np.r_[True, np.diff(parts[order]) != 0])
    sizes = np.diff(np.r_[starts, len(order)])
    pairs = []
    for size in np.unique(sizes):
        members = order[starts[sizes == size][:, None] + np.arange(size)]
        first, second = np.triu_indices(size, 1)
        pairs.append((members[:, first].ravel(), members[:, second].ravel()))
    left, right = (np.concatenate(own) for own in zip(*pairs, strict=True))
    order = np.lexsort((right, left, parts[left]))
    left, right = left[order], right[order]
    count = len(graph.numbers)
    known, asked = graph.left * count + graph.right, left * count + right
    place = np.minimum(np.searchsorted(known, asked), max(len(known) - 1, 0))
    is_known = known[place] == asked if len(known) else np.zeros(len(asked), bool)
    weight = np.where(is_known, graph.weight[place] if len(known) else 0.0, np.nan)
    if not is_known.all():
        weight[~is_known] = weigh(left[~is_known], right[~is_known])
    return left, right, weight


def _settle_crowds(
    graph: Graph,
    labels: np.ndarray,
    parts: np.ndarray,
    left: np.ndarray,
    right: np.ndarray,
    weight: np.ndarray,
    settings: MatchSettings,
) -> None:
    """Take the components apart where they are no whole."""
    starts = np.flatnonzero(np.r_[True, np.diff(parts[left]) != 0])
    ends = np.r_[starts[1:], len(left)]
    part = parts[left[starts]]
    is_whole = (np.minimum.reduceat(weight, starts) >= settings.link_weight) & _is_at_peace(graph, parts)[
        part
    ]
    for start, end in zip(starts[~is_whole], ends[~is_whole], strict=True):
        members = np.r_[left[start], right[start:end][left[start:end] == left[start]]]
        for group in _agglomerate(
            members, left[start:end], right[start:end], weight[start:end], graph, settings
        ):
            labels[group] = group.min()


def _is_at_peace(graph: Graph, parts: np.ndarray) -> np.ndarray:
    """Per component: at most one identity number, and no two records that people have told apart."""
    has_number = graph.numbers >= 0
    lowest, highest = np.full(len(parts), np.iinfo(np.int64).max), np.full(len(parts), -1, dtype=np.int64)
    np.minimum.at(lowest, parts[has_number], graph.numbers[has_number])
    np.maximum.at(highest, parts[has_number], graph.numbers[has_number])
    peace = (highest < 0) | (lowest == highest)
    peace[parts[np.array([place for pair in graph.apart for place in pair], dtype=np.int64)]] = False
    return peace


def _agglomerate(
    members: np.ndarray,
    left: np.ndarray,
    right: np.ndarray,
    weight: np.ndarray,
    graph: Graph,
    settings: MatchSettings,
) -> Iterator[np.ndarray]:
    """The clusters of one component: always the two with the strongest mean link are joined next."""
    size = len(members)
    first, second = np.searchsorted(members, left), np.searchsorted(members, right)
    pairs = np.full((size, size), _APART)
    pairs[first, second] = pairs[second, first] = weight
    total = np.clip(pairs, settings.deepest_weight, settings.widest_weight)
    worst = pairs.copy()
    for low, high in _placed(members, graph.apart):
        worst[low, high] = worst[high, low] = -np.inf
    groups: list[list[int] | None] = [[place] for place in range(size)]
    held = graph.numbers[members].copy()
    counts = np.ones(size)
    alive = np.ones(size, bool)

    mean = total.copy()
    np.fill_diagonal(mean, -np.inf)
    while True:
        a, b = divmod(int(mean.argmax()), size)
        if mean[a, b] < settings.cluster_weight:
            break
        clash = held[a] >= 0 and held[b] >= 0 and held[a] != held[b]
        if clash or worst[a, b] < settings.worst_weight:
            mean[a, b] = mean[b, a] = -np.inf
            continue
        groups[a], groups[b] = groups[a] + groups[b], None
        held[a] = max(held[a], held[b])
        alive[b] = False
        total[a] += total[b]
        total[:, a] = total[a]
        worst[a] = np.minimum(worst[a], worst[b])
        worst[:, a] = worst[a]
        counts[a] += counts[b]
        fresh = np.where(alive, total[a] / (counts[a] * counts), -np.inf)
        fresh[a] = -np.inf
        mean[a] = mean[:, a] = fresh
        mean[b] = mean[:, b] = -np.inf
    return (members[sorted(group)] for group in groups if group)


def _join(graph: Graph, labels: np.ndarray, low: int, high: int) -> None:
    """Two records that people say are one bring their clusters along, but for those that people keep apart.

    Then only one of the two goes over to the other's cluster, if nobody is kept apart from it there.
    """
    if labels[low] == labels[high]:
        return
    ours, theirs = (np.flatnonzero(labels == labels[place]) for place in (low, high))
    for moving, staying in ((theirs, ours), (np.array([high]), ours), (np.array([low]), theirs)):
        moved, stayed = set(map(int, moving)), set(map(int, staying))
        if not any((a in moved and b in stayed) or (b in moved and a in stayed) for a, b in graph.apart):
            left = np.setdiff1d(np.concatenate([ours, theirs]), np.concatenate([moving, staying]))
            labels[np.concatenate([moving, staying])] = min(moving.min(), staying.min())
            if len(left):
                labels[left] = left.min()
            return


def _placed(members: np.ndarray, pairs: frozenset[Pair]) -> Iterator[Pair]:
    """The pairs among the members, as places in these."""
    places = {int(member): place for place, member in enumerate(members)} if pairs else {}
    return ((places[low], places[high]) for low, high in pairs if low in places and high in places)


def _identity_numbers(connection: DuckDBPyConnection) -> np.ndarray:
    """Per record a code for its valid identity number, -1 without one."""
    codes = np.full(connection.execute("select count(*) from fields").fetchone()[0], -1, dtype=np.int64)
    rows = connection.execute(
        "select rid, cast(hash(id_key) >> 1 as bigint) as code from fields where id_key is not null"
    ).fetchnumpy()
    codes[rows["rid"]] = rows["code"]
    return codes
