"""Digests against an independent computation, and what they must notice."""

import hashlib
from datetime import date
from decimal import Decimal

import pytest

from pipelines.publishing import Digest, DigestError, schema_digests
from pipelines.warehouse import connect

ROWS = [
    ("c1", True, 3, 5_000_000_000, date(2026, 10, 31), Decimal("0.10"), None),
    ("客户二", False, -3, None, date(1899, 1, 2), Decimal("-12345678901234.50"), ""),
    (None, None, None, None, None, None, None),
    ("c1", True, 3, 5_000_000_000, date(2026, 10, 31), Decimal("0.10"), None),
]
TYPES = "a text, b boolean, c smallint, d bigint, e date, f numeric(18, 2), g varchar(5)"


def make(cursor, rows, types=TYPES, table="t"):
    cursor.execute("create schema if not exists d")
    cursor.execute(f"create table d.{table} ({types})")
    for row in rows:
        cursor.execute(f"insert into d.{table} values ({', '.join(['%s'] * len(row))})", row)


def as_text(value):
    if value is None:
        return chr(30)
    return str(value).lower() if isinstance(value, bool) else str(value)


def independent(rows):
    hashes = [hashlib.md5(chr(31).join(map(as_text, row)).encode()).digest() for row in rows]
    total = sum(int.from_bytes(one[:8], "big") for one in hashes)
    return Digest(len(rows), f"{len(rows)}:{total}")


def test_equals_independent_computation(settings):
    with connect(settings) as connection, connection.cursor() as cursor:
        make(cursor, ROWS)
        cursor.execute("set local datestyle to 'German'")
        assert schema_digests(connection, "d") == {"t": independent(ROWS)}


def test_sum_is_wider_than_64_bits(settings):
    rows = [(str(number),) for number in range(500)]
    with connect(settings) as connection, connection.cursor() as cursor:
        make(cursor, rows, "a text")
        found = schema_digests(connection, "d")["t"]
    assert found == independent(rows)
    assert int(found.digest.split(":")[1]) > 2**64


def test_empty_table(settings):
    with connect(settings) as connection, connection.cursor() as cursor:
        make(cursor, [])
        assert schema_digests(connection, "d") == {"t": Digest(0, "0:0")}


def test_row_order_does_not_matter(settings):
    with connect(settings) as connection, connection.cursor() as cursor:
        make(cursor, ROWS)
        make(cursor, ROWS[::-1], table="u")
        found = schema_digests(connection, "d")
    assert found["t"] == found["u"]


@pytest.mark.parametrize(
    "other",
    [
        [("c1", "20"), ("c2", "10")],  # values swapped between two rows
        [("c1", "10"), ("c2", "20"), ("c3", "5"), ("c3", "5")],  # an equal pair: no cancelling out
        [("c1", "10"), ("c2", None)],
        [("c1", "10"), ("c2", "")],
        [("10", "c1"), ("20", "c2")],  # columns swapped
    ],
)
def test_sees_a_change(settings, other):
    with connect(settings) as connection, connection.cursor() as cursor:
        make(cursor, [("c1", "10"), ("c2", "20")], "a text, b text")
        make(cursor, other, "a text, b text", table="u")
        found = schema_digests(connection, "d")
    assert found["t"].digest != found["u"].digest


@pytest.mark.parametrize("type_name", ["double precision", "real", "numeric", "timestamptz", "char(3)"])
def test_refuses_a_type_without_canonical_text(settings, type_name):
    with connect(settings) as connection, connection.cursor() as cursor:
        make(cursor, [], f"a text, b {type_name}")
        with pytest.raises(DigestError, match=r"d\.t\.b is .*: cast it to text"):
            schema_digests(connection, "d")
