"""Records that share a key, and the pairs among them: whole columns at a time, since a table of a million
records has tens of millions of such pairs.

A pair is written as one whole number, ``l * records + r`` (``l < r``, rids 0 … records - 1).
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from duckdb import DuckDBPyConnection

from pipelines.identity.matching.arrays import table_of

_RULE_BITS = 6  # room for the rule's number beside a pair


@dataclass(frozen=True)
class Blocks:
    """Records by shared key: ``rids`` key after key, ascending within each; where the blocks of two records
    and more start there, and how many records each has."""

    rids: np.ndarray
    starts: np.ndarray
    sizes: np.ndarray

    def affordable(self, budget: int, most: int) -> int:
        """The size of the largest blocks that a budget of pairs allows: ``most`` if all, 1 if none."""
        sizes = np.arange(most + 1)
        pairs = np.cumsum(np.bincount(self.sizes, minlength=most + 1) * (sizes * (sizes - 1) // 2))
        if pairs[-1] <= budget:
            return most
        there = np.unique(self.sizes)
        within = there[pairs[there] <= budget]
        return int(within[-1]) if len(within) else 1

    def pairs(self, size: int, records: int) -> np.ndarray:
        """The pairs within the blocks of up to so many records; once per block that has both."""
        found = [np.empty(0, np.int64)]
        for own in np.unique(self.sizes[self.sizes <= size]):
            members = self.rids[self.starts[self.sizes == own][:, None] + np.arange(own)]
            first, second = np.triu_indices(own, 1)
            found.append((members[:, first] * records + members[:, second]).ravel())
        return np.concatenate(found)


def blocks(connection: DuckDBPyConnection, keys: Iterable[str], most: int) -> Blocks:
    """The blocks of up to ``most`` records of the table ``fields`` that share a key; a null key is none.

    ``keys``: SQL over ``fields``; a value of one is also looked for among those of the others.
    """
    columns = [
        connection.execute(f"select hash({key}) as key, rid from fields where {key} is not null").fetchnumpy()
        for key in keys
    ]
    key, rid = (np.concatenate([own[name] for own in columns]).astype(np.uint64) for name in ("key", "rid"))
    # key and rid in one number: two keys that seem one would only be looked at in vain
    room = np.uint64(int(rid.max(initial=0)).bit_length())
    both = np.sort((key >> room << room) | rid)
    both = both[_is_first(both)]
    key, rid = both >> room, (both & ((np.uint64(1) << room) - np.uint64(1))).astype(np.int64)
    starts = np.flatnonzero(_is_first(key))
    sizes = np.diff(np.append(starts, len(key)))
    shared = (sizes > 1) & (sizes <= most)
    return Blocks(rid, starts[shared], sizes[shared])


def merged(found: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Of the pairs that each rule has found: every pair once, sorted, and a bit per rule that found it.

    The list is emptied on the way: it is the largest thing that matching holds.
    """
    for number in range(len(found)):
        found[number] = (found[number] << _RULE_BITS) | number
    codes = np.concatenate([np.empty(0, np.int64), *found])
    found.clear()
    codes.sort()
    bits = np.int64(1) << (codes & ((1 << _RULE_BITS) - 1))
    codes >>= _RULE_BITS
    starts = np.flatnonzero(_is_first(codes))
    return codes[starts], np.bitwise_or.reduceat(bits, starts) if len(starts) else bits


def write_pairs(connection: DuckDBPyConnection, pairs: np.ndarray, rules: np.ndarray, records: int) -> None:
    """Make the table ``pairs`` (l, r, rules)."""
    left, right = np.divmod(pairs, max(records, 1))
    connection.register("found_pairs", table_of(l=left, r=right, rules=rules))
    connection.execute("create or replace table pairs as from found_pairs")
    connection.unregister("found_pairs")


def _is_first(values: np.ndarray) -> np.ndarray:
    """Which of sorted values differ from the one before."""
    first = np.ones(len(values), bool)
    first[1:] = values[1:] != values[:-1]
    return first
