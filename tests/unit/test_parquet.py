"""Parquet deliveries: the same rows as in a CSV file, and a retyped column stops."""

import io
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from handmade_deliveries import write_delivery
from test_landing import DAY, NOTES, ROWS

from pipelines.landing import Delivery, DeliveryError, new_columns, read_control, read_rows

pyarrow = pytest.importorskip("pyarrow")
from pyarrow import parquet  # noqa: E402

TABLE = replace(NOTES, file="parquet")
COLUMNS = {
    "amount": pyarrow.array([Decimal("0.10"), None, Decimal("-5")], pyarrow.decimal128(18, 2)),
    "note_no": pyarrow.array(["1", "2", "3"]).dictionary_encode(),
    "note": ["a", None, " "],
    "made": [date(2026, 3, 14), date(2026, 3, 15), None],
}
SUMS = {"amount": "-4.90"}


def delivery_of(folder, columns, compression="snappy", row_group_size=2, **control) -> Delivery:
    file = io.BytesIO()
    parquet.write_table(pyarrow.table(columns), file, row_group_size, compression=compression)
    control = {"rows": 3, "sums": SUMS} | control
    path = write_delivery(folder, TABLE, DAY, data=file.getvalue(), control=control)
    return Delivery(TABLE, DAY, path.parent)


def read(delivery):
    return list(read_rows(delivery, read_control(delivery)))


def test_rows_are_text_by_name_and_numbered_from_one(tmp_path):
    assert read(delivery_of(tmp_path, COLUMNS)) == [
        (1, ["1", "a", "2026-03-14", "0.10"]),
        (2, ["2", "", "2026-03-15", ""]),
        (3, ["3", " ", "", "-5.00"]),
    ]


def test_the_content_is_told_the_same_however_it_is_compressed(tmp_path):
    def content(*arguments) -> bytes:
        delivery, heard = delivery_of(tmp_path, *arguments), []
        list(read_rows(delivery, read_control(delivery), heard.append))
        return b"".join(heard)

    assert content(COLUMNS, "gzip", 3) == content(COLUMNS, "snappy", 2)
    assert content(COLUMNS | {"note": ["a", " ", None]}) != content(COLUMNS)


def test_text_is_taken_for_every_type(tmp_path):
    columns = {name: [row[name] for row in ROWS] for name in NOTES.column_names}
    rows = read(delivery_of(tmp_path, columns, sums={"amount": "-4.70"}))
    assert [cells for _, cells in rows] == [tuple(row.values()) for row in ROWS]


def test_small_and_whole_numbers_have_no_exponent(tmp_path):
    amounts = pyarrow.array([Decimal("0"), Decimal("1E-9"), Decimal("5")], pyarrow.decimal128(38, 9))
    rows = read(delivery_of(tmp_path, COLUMNS | {"amount": amounts}, sums={"amount": "5.000000001"}))
    assert [cells[3] for _, cells in rows] == ["0.000000000", "0.000000001", "5.000000000"]
    rows = read(delivery_of(tmp_path, COLUMNS | {"amount": [1, 2, 3]}, sums={"amount": "6"}))
    assert [cells[3] for _, cells in rows] == ["1", "2", "3"]


def test_a_new_column_is_kept_aside(tmp_path):
    delivery = delivery_of(tmp_path, {"flag": [True, None, False], **COLUMNS})
    assert [cells[4] for _, cells in read(delivery)] == ['{"flag": "True"}', "", '{"flag": "False"}']
    assert new_columns(delivery) == ["flag"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"amount": [0.1, 0.2, 0.3]}, "column amount has the type double, declared is decimal"),
        ({"made": [1, 2, 3]}, r"column made has the type int64, declared is date \(yyyy-mm-dd\)"),
        ({"note_no": [1, 2, 3]}, "column note_no has the type int64, declared is text"),
        ({"amount": None}, "the schema is a wrong header of 3 columns, not 4 .missing: amount"),
        ({"card_pin": ["1", "2", "3"]}, "credential"),
        ({"note": ["a\0b", "", ""]}, "row 1 holds a NUL character"),
        ({"made": [date(2026, 3, 16)] * 3}, "line 1 has made 2026-03-16, which is after the date"),
    ],
)
def test_what_is_wrong_stops_the_delivery(tmp_path, changes, words):
    columns = {name: column for name, column in (COLUMNS | changes).items() if column is not None}
    with pytest.raises(DeliveryError, match=f"small.notes 2026-03-15: .*{words}"):
        read(delivery_of(tmp_path, columns))


@pytest.mark.parametrize(
    ("control", "words"),
    [
        ({"rows": 4}, "the file has 3 rows, the control file promises 4"),
        ({"sums": {"amount": "1"}}, "amount adds up to -4.90, the control total is 1"),
        ({"sha256": "0" * 64}, "the file is truncated or changed: [0-9]+ bytes, the control file"),
    ],
)
def test_the_control_file_holds_for_parquet_too(tmp_path, control, words):
    with pytest.raises(DeliveryError, match=words):
        read(delivery_of(tmp_path, COLUMNS, **control))


def test_other_bytes_are_no_parquet_file(tmp_path):
    path = write_delivery(tmp_path, TABLE, DAY, data=b"PAR1, or not", control={"rows": 1, "sums": SUMS})
    delivery = Delivery(TABLE, DAY, path.parent)
    with pytest.raises(DeliveryError, match="is no parquet file"):
        read(delivery)
