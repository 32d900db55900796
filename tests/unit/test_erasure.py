"""What takes the place of a forgotten person's values, and that nothing else of a landing file changes."""

import gzip
import io
import json
from dataclasses import replace
from datetime import date

import pyarrow
import pytest
from handmade_deliveries import csv_bytes, read_delivery, write_delivery
from pyarrow import parquet

from pipelines.landing import DeliveryError
from pipelines.landing.delivery import Delivery
from pipelines.landing.erasure import ERASED, named_columns, personal_columns, pseudonyms
from pipelines.landing.rewriting import discard, put_in_place, write_fresh
from pipelines.sources import DeclarationError, declared_sources, load_source
from pipelines.subjects.freeze import birth_id
from pipelines.subjects.obligations import years_later

DAY = date(2026, 10, 30)
CORE = load_source("core")
CUSTOMERS = CORE.table("customers")


def customer(number, **cells):
    person = {"customer_kind": "P", "full_name": "钱测", "branch_no": "B001", "opened_date": "2020-01-01"}
    return {"customer_no": number, **person, **cells}


def delivered(landing, table, rows):
    write_delivery(landing, table, DAY, rows)
    return Delivery(table, DAY, landing / table.source / DAY.isoformat())


def rewrite(delivery, changes):
    done = write_fresh(delivery, changes)
    put_in_place(delivery)
    discard(delivery)
    return done


# ── which values, and what stands for them ──────────────────────────────────────────────────────────────────


def test_every_source_of_customers_says_whose_its_rows_are():
    silent = [
        each.code for each in declared_sources() if "customer_versions" in each.provides and not each.subjects
    ]
    assert silent == []


def test_identity_is_personal_and_money_is_not():
    names = [column.name for column in personal_columns(CORE, CUSTOMERS)]
    assert names == ["full_name", "identity_number", "birth_date", "phone", "email", "address"]
    assert personal_columns(CORE, CORE.table("balances")) == ()
    assert personal_columns(CORE, CORE.table("branches")) == ()
    companies = load_source("corporate").table("companies")
    assert list(named_columns(companies)) == [
        ("legal_representative_number", ("legal_representative_name", "legal_representative_number"))
    ]
    assert list(named_columns(load_source("berka").table("client"))) == []


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ({"identity_type": "ID", "identity_number": "990000200001010000"}, {"identity_number": ERASED}),
        ({"identity_type": "USCC", "identity_number": " 92990000X"}, {"identity_number": f"92{ERASED}"}),
        ({"birth_date": "1960-12-31"}, {"birth_date": "1960-01-01"}),
        ({"birth_date": "2000-02-29"}, {"birth_date": "2000-01-01"}),
        ({"birth_date": "soon"}, {"birth_date": ERASED}),
        ({"birth_date": "1970-13-45"}, {"birth_date": ERASED}),  # it was unreadable and stays so
        ({"birth_date": "19700520"}, {"birth_date": ERASED}),
        ({"phone": None, "email": ""}, {}),
    ],
)
def test_what_stands_for_a_value(cells, expected):
    line = dict.fromkeys(CUSTOMERS.column_names) | cells
    assert pseudonyms(personal_columns(CORE, CUSTOMERS), line) == expected


@pytest.mark.parametrize(
    ("date_format", "cell", "expected"),
    [
        ("yymmdd", "701231", "700101"),
        ("yymmdd", "701345", ERASED),
        ("yymmdd", "1970-12-31", ERASED),
        ("yymmddhhmmss", "701231 00:00:00", "700101 00:00:00"),
    ],
)
def test_a_date_keeps_its_year_in_its_declared_format(date_format, cell, expected):
    column = replace(CUSTOMERS.column("birth_date"), format=date_format)
    assert pseudonyms([column], {"birth_date": cell}) == {"birth_date": expected}


def test_a_declaration_names_columns_that_are_there(tmp_path):
    text = "source: s\nname_zh: 中\nname_en: e\nprovides: []\nsubjects: [nobody]\ntables:\n"
    text += "  t:\n    mode: upsert\n"
    text += "    key: [k]\n    zh: 中\n    en: e\n    columns:\n"
    text += "      k: {type: text, required: true, privacy: C1, zh: 中, en: e}\n"
    (tmp_path / "s.yml").write_text(text, encoding="utf-8")
    with pytest.raises(DeclarationError, match="nobody"):
        load_source("s", tmp_path)


# ── the file ────────────────────────────────────────────────────────────────────────────────────────────────


def test_only_the_cells_of_the_line_change(tmp_path):
    rows = [
        customer("C1", full_name='孙"测",又名', address="路\n一号"),
        customer("C2", full_name="李\r\n测", phone="12700000001", address="a,b"),
        customer("C3"),
    ]
    delivery = delivered(tmp_path, CUSTOMERS, rows)
    before = delivery.path.read_bytes()

    done = rewrite(
        delivery, {4: {"full_name": ERASED, "phone": ERASED}}
    )  # line 1 header, line 2 and 3 are C1

    after = delivery.path.read_bytes()
    assert after == before.replace('"李\r\n测"'.encode(), ERASED.encode()).replace(
        b"12700000001", ERASED.encode()
    )
    assert done.byte_count == len(after)
    assert json.loads(delivery.control_path.read_text())["sha256"] == done.sha256
    assert [path.name for path in delivery.folder.iterdir() if path.name.startswith(".")] == []
    assert rewrite(delivery, {4: {"full_name": ERASED, "phone": ERASED}}) == done, "again is the same"


@pytest.mark.parametrize("kind", ["csv", "csv.gz", "parquet"])
@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_every_kind_of_file(tmp_path, kind, encoding):
    table = replace(CUSTOMERS, file=kind, encoding=encoding)
    rows = [customer(f"C{number}", phone=f"1270000000{number}") for number in range(4)]
    delivery = delivered(tmp_path, table, rows)
    first = 1 if kind == "parquet" else 2

    rewrite(delivery, {first + 2: {"full_name": ERASED, "birth_date": None}})

    found = read_delivery(tmp_path, table, DAY)
    assert [row["full_name"] for row in found] == ["钱测", "钱测", ERASED, "钱测"]
    assert [row["phone"] for row in found] == [row["phone"] for row in rows]
    if kind == "csv.gz":
        assert gzip.GzipFile(fileobj=io.BytesIO(delivery.path.read_bytes())).read(1)


@pytest.mark.parametrize("has_header", [True, False])
def test_a_byte_order_mark_stays(tmp_path, has_header):
    table = replace(CUSTOMERS, header=has_header)
    data = b"\xef\xbb\xbf" + csv_bytes(table, [customer("C1"), customer("C2")])
    write_delivery(tmp_path, table, DAY, [customer("C1"), customer("C2")], data=data)
    delivery = Delivery(table, DAY, tmp_path / table.source / DAY.isoformat())
    rewrite(delivery, {1 + has_header: {"full_name": ERASED}})
    assert delivery.path.read_bytes() == data.replace("钱测".encode(), ERASED.encode(), 1)


def test_a_parquet_file_keeps_its_types(tmp_path):
    table = replace(CUSTOMERS, file="parquet")
    rows = [customer("C1", birth_date="1970-05-20"), customer("C2")]
    texts = pyarrow.table({name: [row.get(name) for row in rows] for name in table.column_names})
    at = texts.schema.get_field_index("birth_date")
    typed = texts.set_column(
        at, "birth_date", pyarrow.array([date(1970, 5, 20), None], type=pyarrow.date32())
    )
    file = io.BytesIO()
    parquet.write_table(typed, file)
    write_delivery(tmp_path, table, DAY, rows, data=file.getvalue())
    delivery = Delivery(table, DAY, tmp_path / table.source / DAY.isoformat())

    rewrite(delivery, {1: {"full_name": ERASED, "birth_date": "1970-01-01"}})

    found = parquet.read_table(delivery.path)
    assert found.schema == typed.schema
    assert found.column("birth_date").to_pylist() == [date(1970, 1, 1), None]
    assert found.column("full_name").to_pylist() == [ERASED, "钱测"]


def test_columns_that_are_not_declared_are_emptied(tmp_path):
    delivery = delivered(tmp_path, CUSTOMERS, [customer("C1"), customer("C2")])
    header, *lines = delivery.path.read_bytes().splitlines(keepends=True)
    wide = [header.replace(b"\r\n", b",nickname\r\n"), *(line.replace(b"\r\n", b",x\r\n") for line in lines)]
    delivery.path.write_bytes(b"".join(wide))
    rewrite(delivery, {3: {"full_name": ERASED}})
    assert [line.rpartition(b",")[2] for line in delivery.path.read_bytes().splitlines()] == [
        b"nickname",
        b"x",
        b"",
    ]


def test_a_file_that_was_not_whole_is_told(tmp_path):
    delivery = delivered(tmp_path, CUSTOMERS, [customer("C1"), customer("C2")])
    delivery.path.write_bytes(b"".join(delivery.path.read_bytes().splitlines(keepends=True)[:-1]))
    with pytest.raises(DeliveryError, match="promises 2"):
        rewrite(delivery, {2: {"full_name": ERASED}})


# ── who and how long ────────────────────────────────────────────────────────────────────────────────────────


def test_the_customer_id_is_the_matchers():
    assert birth_id(("core", "C1")) != birth_id(("cards", "C1"))
    assert len(birth_id(("core", "C1"))) == 17


def test_years_end_on_the_same_day():
    assert years_later(date(2026, 10, 30), 10) == date(2036, 10, 30)
    assert years_later(date(2028, 2, 29), 1) == date(2029, 2, 28)
