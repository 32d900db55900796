"""Pairs of records that share a key, found by whole columns, against what a join finds."""

import duckdb
import numpy as np
import pytest

from pipelines.identity.matching.candidates import blocks, merged, write_pairs

RECORDS = 500
KEYS = (("a",), ("a", "b"), ("a || chr(31) || b",))


@pytest.fixture
def connection():
    with duckdb.connect() as opened:
        opened.execute(
            f"create table fields as select i as rid, case when i % 7 > 0 then 'v' || i * i % 61 end as a, "
            f"'v' || i * 3 % 97 as b from range({RECORDS}) as t(i) order by i % 11"
        )
        yield opened


def joined(connection, keys, most):
    """The same by a join: both keys of a rule are looked for among each other."""
    every = " union ".join(f"select {key} as key, rid from fields where {key} is not null" for key in keys)
    return set(
        connection.execute(
            f"with held as ({every}), small as (select key from held group by key having count(*) <= {most}) "
            "select distinct x.rid, y.rid from held as x join held as y using (key) semi join small "
            "using (key) where x.rid < y.rid"
        ).fetchall()
    )


@pytest.mark.parametrize("keys", KEYS)
@pytest.mark.parametrize("most", [5, 8, 50])
def test_pairs_are_those_of_a_join(connection, keys, most):
    pairs = blocks(connection, keys, 50).pairs(most, RECORDS)
    found = {(int(pair) // RECORDS, int(pair) % RECORDS) for pair in pairs}
    assert found == joined(connection, keys, most)


def test_a_budget_leaves_out_the_largest_blocks(connection):
    shared = blocks(connection, ("a",), 50)
    all_pairs = len(shared.pairs(50, RECORDS))
    assert shared.affordable(all_pairs, 50) == 50
    size = shared.affordable(all_pairs - 1, 50)
    assert size < shared.sizes.max()
    assert 0 < len(shared.pairs(size, RECORDS)) < all_pairs
    assert shared.affordable(0, 50) == 1


def test_a_pair_is_written_once_with_all_its_rules(connection):
    found = [np.array([7, 3]), np.array([3, 3]), np.array([], dtype=np.int64)]
    pairs, rules = merged(found)
    write_pairs(connection, pairs, rules, 5)
    assert connection.execute("from pairs").fetchall() == [(0, 3, 0b11), (1, 2, 0b01)]
    pairs, rules = merged([])
    write_pairs(connection, pairs, rules, 0)
    assert connection.execute("select count(*) from pairs").fetchone() == (0,)
