"""From weighed pairs to persons: a cluster is accepted as a whole, not edge by edge.

Records that a chain of links joins are looked at together: every pair among them is weighed, and clusters
grow
from the strongest mean link down, as long as the mean over all pairs and the weakest pair stay above the
declared
limits and no two valid identity numbers meet.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from duckdb import DuckDBPyConnection
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from pipelines.identity.matching.settings import MatchSettings

LARGEST = 400  # records of a component that are weighed pair by pair; larger ones are cut at weak links first
_APART = -1000.0
Weigh = Callable[[str, str], None]


@dataclass(frozen=True)
class Conflict:
    """Two records that would join their clusters, were it not for two valid identity numbers in these."""

    left: int
    right: int
    weight: float


def cluster(connection: DuckDBPyConnection, weigh: Weigh, settings: MatchSettings) -> list[Conflict]:
    """Make the table ``clusters`` (rid, cluster: the lowest rid in it) from ``fields`` and ``scores``.

    ``weigh(pairs, result)`` makes the table ``result`` (l, r, weight) for further pairs.
    """
    count = connection.execute("select count(*) from fields").fetchone()[0]
    edges = connection.execute(
        "select l, r, weight from scores where weight >= ? order by l, r", [settings.link_weight]
    ).fetchnumpy()
    parts = _components(count, edges["l"], edges["r"], edges["weight"])
    labels, ids = parts.copy(), _identity_numbers(connection)
    sizes = np.bincount(parts, minlength=count)
    crowded = np.flatnonzero(sizes[parts] > 2)
    if len(crowded):
        _complete(connection, weigh, crowded, parts[crowded])
        _settle_all(connection, labels, ids, settings)
    _settle_pairs(labels, ids, edges)
    lowest = np.full(count, count, dtype=np.int64)
    np.minimum.at(lowest, labels, np.arange(count))
    _write(connection, lowest[labels])
    return _conflicts(connection, settings)


def _components(count: int, left: np.ndarray, right: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """A component number per record; components above the limit are taken apart at ever stronger links."""
    keep = np.ones(len(left), bool)
    least = np.full(count, -np.inf)
    while True:
        shape = (np.ones(keep.sum(), np.int8), (left[keep], right[keep]))
        _, parts = connected_components(coo_matrix(shape, shape=(count, count)), directed=False)
        large = np.bincount(parts, minlength=count)[parts] > LARGEST
        if not large.any():
            return parts
        inside = keep & large[left]
        floor = np.maximum(least[left[inside]], np.floor(weight[inside].min())) + 1
        keep[np.flatnonzero(inside)[weight[inside] < floor]] = False
        least[large] = floor.max()


def _write(connection: DuckDBPyConnection, lowest: np.ndarray) -> None:
    table = pa.table({"rid": np.arange(len(lowest)), "cluster": lowest})
    connection.register("found_clusters", table)
    connection.execute("create or replace table clusters as from found_clusters")
    connection.unregister("found_clusters")


def _complete(connection: DuckDBPyConnection, weigh: Weigh, records: np.ndarray, parts: np.ndarray) -> None:
    """Make ``inner``: every pair within a component of three or more, weighed."""
    connection.register("members_found", pa.table({"rid": records, "part": parts.astype(np.int64)}))
    connection.execute("create or replace temp table members as from members_found")
    connection.unregister("members_found")
    connection.execute(
        """
        create or replace temp table inner_pairs as
        select l.rid as l, r.rid as r, l.part from members as l join members as r on l.part = r.part and
        l.rid < r.rid
        """
    )
    connection.execute(
        "create or replace temp table missing as select l, r from inner_pairs anti join scores using (l, r)"
    )
    weigh("missing", "further")
    connection.execute(
        """
        create or replace temp table inner_scores as
        select part, l, r, coalesce(scores.weight, further.weight) as weight
        from inner_pairs left join scores using (l, r) left join further using (l, r)
        order by part, l, r
        """
    )


def _settle_all(
    connection: DuckDBPyConnection, labels: np.ndarray, ids: np.ndarray, settings: MatchSettings
) -> None:
    """Take the components apart where they are no whole; new labels follow the old ones."""
    rows = connection.execute("from inner_scores order by part, l, r").fetchnumpy()
    fresh = len(labels)
    for left, right, weight in _by_part(rows):
        members = np.unique(np.concatenate([left[:1], right[left == left[0]]]))
        numbers = ids[members]
        if weight.min() >= settings.link_weight and len(set(numbers[numbers >= 0])) < 2:
            continue
        for group in _agglomerate(members, left, right, weight, numbers, settings):
            labels[group] = fresh
            fresh += 1
    _, labels[:] = np.unique(labels, return_inverse=True)


def _by_part(rows: dict[str, np.ndarray]) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    starts = np.flatnonzero(np.r_[True, rows["part"][1:] != rows["part"][:-1]])
    for start, end in zip(starts, np.r_[starts[1:], len(rows["part"])], strict=True):
        yield rows["l"][start:end], rows["r"][start:end], np.asarray(rows["weight"][start:end], float)


def _agglomerate(
    members: np.ndarray,
    left: np.ndarray,
    right: np.ndarray,
    weight: np.ndarray,
    numbers: np.ndarray,
    settings: MatchSettings,
) -> list[np.ndarray]:
    """The clusters of one component: always the two with the strongest mean link are joined next."""
    size = len(members)
    first, second = np.searchsorted(members, left), np.searchsorted(members, right)
    pairs = np.full((size, size), _APART)
    pairs[first, second] = pairs[second, first] = weight
    total = np.clip(pairs, settings.deepest_weight, settings.widest_weight)
    worst = pairs.copy()
    groups: list[list[int] | None] = [[place] for place in range(size)]
    counts = np.ones(size)
    held = numbers.copy()
    mean = total.copy()
    np.fill_diagonal(mean, -np.inf)
    while True:
        best = int(mean.argmax())
        a, b = divmod(best, size)
        if mean[a, b] < settings.cluster_weight:
            return [members[group] for group in groups if group]
        clash = held[a] >= 0 and held[b] >= 0 and held[a] != held[b]
        if clash or worst[a, b] < settings.worst_weight:
            mean[a, b] = mean[b, a] = -np.inf
            continue
        groups[a], groups[b] = groups[a] + groups[b], None
        held[a] = max(held[a], held[b])
        total[a] += total[b]
        total[:, a] = total[a]
        worst[a] = np.minimum(worst[a], worst[b])
        worst[:, a] = worst[a]
        counts[a] += counts[b]
        fresh = total[a] / (counts[a] * counts)
        fresh[[place for place, group in enumerate(groups) if group is None]] = -np.inf
        fresh[a] = -np.inf
        mean[a], mean[:, a] = fresh, fresh
        mean[b] = mean[:, b] = -np.inf


def _settle_pairs(labels: np.ndarray, ids: np.ndarray, edges: dict[str, np.ndarray]) -> None:
    """Two records alone: apart where two identity numbers meet."""
    left, right = edges["l"], edges["r"]
    together = labels[left] == labels[right]
    clash = together & (ids[left] >= 0) & (ids[right] >= 0) & (ids[left] != ids[right])
    labels[right[clash]] = labels.max() + 1 + np.arange(clash.sum())


def _conflicts(connection: DuckDBPyConnection, settings: MatchSettings) -> list[Conflict]:
    """Of every two clusters with two identity numbers that a link would join, the strongest such link."""
    rows = connection.execute(
        """
        with numbered as (
            select cluster, min(id_key) as number from clusters join fields using (rid) group by cluster
        )
        select l, r, weight from scores
        join clusters as a on a.rid = l join clusters as b on b.rid = r
        join numbered as x on x.cluster = a.cluster join numbered as y on y.cluster = b.cluster
        where weight >= ? and x.number <> y.number
        qualify row_number() over (
            partition by least(a.cluster, b.cluster), greatest(a.cluster, b.cluster)
            order by weight desc, l, r
        ) = 1
        order by l, r
        """,
        [settings.link_weight],
    ).fetchall()
    return [Conflict(*row) for row in rows]


def _identity_numbers(connection: DuckDBPyConnection) -> np.ndarray:
    """Per record the number of its valid identity number, -1 without one."""
    rows = connection.execute(
        "select coalesce(dense_rank() over (order by id_key nulls last), 0) - 1 as id, id_key is null "
        "as none "
        "from fields order by rid"
    ).fetchnumpy()
    return np.where(rows["none"], -1, rows["id"]).astype(np.int64)
