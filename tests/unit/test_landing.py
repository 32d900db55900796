"""Landing: a good delivery is in raw exactly as it came; what is wrong with a file is said with its line."""

import gzip
import hashlib
from dataclasses import replace
from datetime import date

import pytest
from handmade_deliveries import csv_bytes, write_delivery
from hypothesis import HealthCheck, example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from psycopg2 import sql

from pipelines.churn.scores import rule_score
from pipelines.landing import (
    Delivery,
    DeliveryError,
    ensure_raw_tables,
    new_columns,
    read_control,
    read_rows,
    write_rows,
)
from pipelines.landing.raw import copy_rows
from pipelines.sources import active_sources, pipeline_sources
from pipelines.sources.declaration import Column, Source, Table
from pipelines.warehouse import connect

DAY = date(2026, 3, 15)
CELL = Column("note", "text", None, None, False, "C1", "注", "Note")
NOTES = Table(
    source="small",
    name="notes",
    mode="increment",
    key=("note_no",),
    columns=(
        replace(CELL, name="note_no", required=True),
        CELL,
        replace(CELL, name="made", type="date", format="yyyy-mm-dd"),
        replace(CELL, name="amount", type="decimal", scale=2),
    ),
    delimiter=",",
    encoding="utf-8",
    file="csv",
    due="01:30",
    date_column="made",
    sums=("amount",),
    zh="注",
    en="Notes",
)
SMALL = Source("small", "小", "Small", (), (NOTES,), False)
ROWS = [
    {"note_no": "1", "note": "a", "made": "2026-03-14", "amount": "0.10"},
    {"note_no": "2", "note": "", "made": "2026-03-15", "amount": "0.20"},
    {"note_no": "3", "note": " ", "made": "", "amount": "-5"},
]


def read(tmp_path, table=NOTES, rows=ROWS, **changes):
    """Line numbers and cells of a delivery that was just written."""
    path = write_delivery(tmp_path, table, DAY, rows, **changes)
    delivery = Delivery(table, DAY, path.parent)
    return list(read_rows(delivery, read_control(delivery)))


def refused(tmp_path, table=NOTES, rows=ROWS, **changes) -> str:
    with pytest.raises(DeliveryError) as raised:
        read(tmp_path, table, rows, **changes)
    message = str(raised.value)
    assert message.startswith("small.notes 2026-03-15: ")
    assert "Nothing was landed." in message
    return message


# ── one file ────────────────────────────────────────────────────────────────────────────────────────────────


def test_rows_come_as_delivered_with_their_lines(tmp_path):
    assert read(tmp_path) == [
        (2, ["1", "a", "2026-03-14", "0.10"]),
        (3, ["2", "", "2026-03-15", "0.20"]),
        (4, ["3", " ", "", "-5"]),
    ]


def test_a_record_over_several_lines_is_numbered_by_its_first(tmp_path):
    rows = [ROWS[0] | {"note": "one\ntwo\r\nthree"}, ROWS[1]]
    assert [(line, cells[1]) for line, cells in read(tmp_path, rows=rows)] == [
        (2, "one\ntwo\r\nthree"),
        (5, ""),
    ]


@pytest.mark.parametrize(
    ("changes", "rows"),
    [
        ({"file": "csv.gz"}, ROWS),
        ({"delimiter": ";"}, ROWS),
        ({"delimiter": "\t"}, ROWS),
        ({"delimiter": "|"}, [ROWS[0] | {"note": "a|b"}]),
        ({"delimiter": "\x01", "file": "csv.gz"}, [ROWS[0] | {"note": "a,b|c\td"}]),
        ({"encoding": "gb18030"}, [ROWS[0] | {"note": "张三，一户𠮷"}]),
        ({"encoding": "gbk", "delimiter": "|"}, [ROWS[0] | {"note": "镕稵"}]),  # ends in the bytes of 5 and |
        ({}, []),
    ],
)
def test_files_are_read_as_declared(tmp_path, changes, rows):
    cells = [cells for _, cells in read(tmp_path, replace(NOTES, **changes), rows)]
    assert cells == [[row[name] for name in NOTES.column_names] for row in rows]


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
@pytest.mark.parametrize("header", [True, False])
def test_a_byte_order_mark_is_no_part_of_the_first_cell(tmp_path, encoding, header):
    table = replace(NOTES, encoding=encoding, header=header)
    data = "\ufeff".encode(encoding) + csv_bytes(table, ROWS)
    assert [cells[0] for _, cells in read(tmp_path, table, data=data)] == ["1", "2", "3"]


def test_a_file_without_header_begins_with_its_first_row(tmp_path):
    table = replace(NOTES, header=False)
    assert [(line, cells[0]) for line, cells in read(tmp_path, table)] == [(1, "1"), (2, "2"), (3, "3")]
    assert read(tmp_path, table, rows=[]) == []


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", ["empty (0 bytes)", "promises 3 rows"]),
        (b"1,a,,0.10,new\r\n", ["line 1 has 5 fields, 4 are declared"]),
        (csv_bytes(NOTES, ROWS), ["line 1 is a header, the declaration says header: false"]),
    ],
)
def test_a_file_without_header_is_refused_as_others(tmp_path, data, words):
    message = refused(tmp_path, replace(NOTES, header=False), data=data)
    for word in words:
        assert word in message


def test_a_truncated_file_without_header_is_told_by_its_lines(tmp_path):
    message = refused(tmp_path, replace(NOTES, header=False), control={"sha256": "0" * 64})
    assert "bytes, 3 lines, the control file promises 3 rows" in message


# ── new columns ─────────────────────────────────────────────────────────────────────────────────────────────


def test_a_new_column_is_kept_aside(tmp_path):
    data = b'note_no,colour,note,made,amount,330106199001011234\r\n1,red,a,,0.10,\r\n2,,b,,0.20,x"\r\n'
    path = write_delivery(tmp_path, NOTES, DAY, data=data, control={"rows": 2, "sums": {"amount": "0.30"}})
    delivery = Delivery(NOTES, DAY, path.parent)
    assert list(read_rows(delivery, read_control(delivery))) == [
        (2, ["1", "a", "", "0.10", '{"colour": "red"}']),
        (3, ["2", "b", "", "0.20", '{"330106199001011234": "x\\""}']),
    ]
    assert new_columns(delivery) == ["colour", "column 6"]


def test_an_ignored_column_is_neither_landed_nor_told(tmp_path):
    table = replace(NOTES, ignored=("colour", "never_came"))
    path = write_delivery(
        tmp_path,
        table,
        DAY,
        data=b"note_no,colour,note,made,amount\r\n1,red,a,,0.10\r\n",
        control={"rows": 1, "sums": {"amount": "0.10"}},
    )
    delivery = Delivery(table, DAY, path.parent)
    assert list(read_rows(delivery, read_control(delivery))) == [(2, ["1", "a", "", "0.10"])]
    assert new_columns(delivery) == []


@pytest.mark.parametrize(
    ("header", "words"),
    [
        (b"note_no,note,made,amount,", ["column 5 has no name of its own"]),
        (b"note_no,note,made,amount,x,x", ["column 5 has no name of its own"]),
        (b"note_no,made,note,amount,x", ["another order: note_no, made, note, amount"]),
        (b"note_no,note,made,amount,user_password", ["line 1, column 5", "credential"]),
    ],
)
def test_a_new_column_needs_a_name_and_the_others_their_order(tmp_path, header, words):
    message = refused(tmp_path, data=header + b"\r\n", control={"rows": 0, "sums": {"amount": "0"}})
    for word in words:
        assert word in message


def test_a_last_line_without_its_end_is_whole(tmp_path):
    assert len(read(tmp_path, data=csv_bytes(NOTES, ROWS).rstrip(b"\r\n"))) == 3


def test_unreadable_numbers_and_dates_are_not_landing_s(tmp_path):
    rows = [ROWS[0] | {"made": "9999-99-99", "amount": "1O.00"}, ROWS[1]]
    assert len(read(tmp_path, rows=rows, control={"sums": {"amount": "10.20"}})) == 2


def test_control_totals_are_exact(tmp_path):
    rows = [{"note_no": str(number), "amount": "0.10"} for number in range(30)]
    rows.append({"note_no": "x", "amount": "99999999999999999999999999999999.01"})
    assert len(
        read(tmp_path, rows=rows, control={"sums": {"amount": "100000000000000000000000000000002.01"}})
    )


BODY = csv_bytes(NOTES, ROWS)
HEADER = b"note_no,note,made,amount\r\n"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", ["empty (0 bytes)", "promises 3 rows"]),
        (BODY.replace(b"note_no,note,made,", b"note_no,made,"), ["3 columns, not 4", "missing: note;"]),
        (BODY.replace(b"amount", b"Amount"), ["missing: amount; not declared: column 4"]),
        (BODY.replace(b"note_no,note,", b"note,note_no,"), ["another order: note, note_no, made, amount"]),
        (BODY.replace(b",note,", b",note,note,"), ["given twice: note"]),
        (BODY.replace(b",note,", b",card_pin,"), ["line 1, column 2", "credential"]),
        (HEADER + b"1,a,2026-03-14,1\r\n2,b\r\n", ["line 3 has 2 fields, the header has 4"]),
        (HEADER + b"1,a,2026-03-14,1\r\n\r\n", ["line 3 has 0 fields"]),
        (HEADER + b'1,"a\r\nb",,1\r\n2,b,,1,9\r\n', ["line 4 has 5 fields"]),
        (HEADER + b'1,"a"b,,1\r\n', ["line 2 is not well-formed"]),
        (HEADER + b'1,"a,,1\r\n', ["line 2 is not well-formed"]),
        (HEADER + b"1,a\0b,,1\r\n", ["line 2 holds a NUL byte"]),
        (HEADER + b"1,a,,1\r\n2,\xff\xfe,,1\r\n", ["line 3, byte 3 is not utf-8"]),
        (HEADER + b"1,a,2026-03-16,1\r\n", ["line 2 has made 2026-03-16", "after the date of receipt"]),
        (HEADER + b"1,a,,0.10\r\n2,a,,0.20\r\n", ["2 rows", "promises 3."]),
        (BODY.replace(b"0.20", b"0.21"), ["amount adds up to -4.69", "total is -4.70", "difference 0.01"]),
    ],
)
def test_what_is_wrong_is_said_with_its_number(tmp_path, data, words):
    message = refused(tmp_path, data=data)
    for word in words:
        assert word in message


def test_no_value_of_a_file_without_header_is_told(tmp_path):
    message = refused(tmp_path, data=b"330106199001011234,Zhang San,2026-03-14,1\r\n")
    assert "Zhang" not in message
    assert "1990" not in message


def test_a_truncated_file_is_told_by_its_rows(tmp_path):
    whole = csv_bytes(NOTES, ROWS)
    message = refused(tmp_path, data=whole[:-20], control={"sha256": hashlib.sha256(whole).hexdigest()})
    assert f"{len(whole) - 20} bytes, 2 lines below the header, the control file promises 3 rows" in message


def test_a_truncated_gzip_file_is_told(tmp_path):
    table = replace(NOTES, file="csv.gz")
    data = gzip.compress(csv_bytes(NOTES, ROWS))[:-12]
    assert "truncated" in refused(tmp_path, table, data=data, control={"sha256": "0" * 64})
    assert "cannot be read" in refused(tmp_path, table, data=data)


@pytest.mark.parametrize(
    ("control", "word"),
    [
        (b"", "cannot be read"),
        (b"[]", "not an object"),
        (b"{}", "no number of rows"),
        (b'{"rows": -1}', "no number of rows"),
        (b'{"rows": 3}', "no sha256"),
        (b'{"rows": 3, "sha256": "12"}', "no sha256"),
        (b'{"rows": 3, "sha256": "%s"}' % (b"a" * 64), "no control total of amount"),
        (
            b'{"rows": 3, "sha256": "%s", "sums": {"amount": "NaN"}}' % (b"a" * 64),
            "no control total of amount",
        ),
    ],
)
def test_a_bad_control_file_is_told(tmp_path, control, word):
    path = write_delivery(tmp_path, NOTES, DAY, ROWS)
    delivery = Delivery(NOTES, DAY, path.parent)
    delivery.control_path.write_bytes(control)
    with pytest.raises(DeliveryError, match=f"small.notes 2026-03-15: the control file .*{word}"):
        read_control(delivery)


def test_totals_may_be_written_as_numbers(tmp_path):
    assert read(tmp_path, control={"sums": {"amount": -4.7}})


# ── into raw ────────────────────────────────────────────────────────────────────────────────────────────────

# any text that a UTF-8 file can hold, NUL aside; the listed signs much more often than others
hostile = st.text(
    st.one_of(
        st.sampled_from("\"'\\,;\n\r\t N.张\u200b\u2028\U0001f3e6"),
        st.characters(codec="utf-8", exclude_characters="\0"),
    ),
    max_size=20,
)


@pytest.fixture
def loader(settings):
    """A connection of the loader, with the small source's raw table."""
    with connect(settings, role="yihu_loader") as connection:
        ensure_raw_tables(connection, [SMALL])
        yield connection


def fetch(connection, table, columns):
    with connection.cursor() as cursor:
        names = sql.SQL(", ").join(map(sql.Identifier, columns))
        statement = sql.SQL("select {} from {} order by _received_date, _line_number")
        cursor.execute(statement.format(names, sql.Identifier("raw", table)))
        return cursor.fetchall()


@hypothesis_settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(hostile, min_size=1, max_size=8))
@example(["\\N", "\\.", '"', '""', "NULL", ",", ";", "\n", "\r", "\r\n", " ", "\\\\", "\\n", "a\tb", "'"])
def test_hostile_cells_are_in_raw_exactly_as_in_the_file(loader, tmp_path, cells):
    rows = [{"note_no": str(number), "note": cell, "amount": "1"} for number, cell in enumerate(cells)]
    lines = [(DAY, line, values) for line, values in read(tmp_path, rows=rows)]
    with loader.cursor() as cursor:
        cursor.execute("truncate raw.small__notes")
        assert copy_rows(cursor, "raw", NOTES, [DAY], lines) == len(cells)
    assert fetch(loader, "small__notes", ["note"]) == [(cell or None,) for cell in cells]


def test_many_rows_go_through_in_chunks_and_months(loader):
    days = [date(2026, 1, 31), date(2026, 2, 1), date(2026, 12, 31)]
    rows = ((day, line, (f"{line}", "x" * 60, "", "1")) for day in days for line in range(2, 10_002))
    with loader.cursor() as cursor:
        assert copy_rows(cursor, "raw", NOTES, days, rows) == 30_000
        cursor.execute(
            "select tableoid::regclass::text, count(*) from raw.small__notes group by 1 order by 1"
        )
        assert cursor.fetchall() == [
            (f"raw.small__notes_p{month}", 10_000) for month in ("202601", "202602", "202612")
        ]


def test_an_error_among_the_rows_comes_out_as_itself(loader):
    def rows():
        yield DAY, 2, ("1", "a", "", "1")
        raise DeliveryError("line 3")

    with loader.cursor() as cursor, pytest.raises(DeliveryError, match="line 3"):
        copy_rows(cursor, "raw", NOTES, [DAY], rows())


def test_raw_tables_can_be_made_again_and_grow_by_declared_columns(loader):
    grown = replace(SMALL, tables=(replace(NOTES, columns=(*NOTES.columns, replace(CELL, name="added"))),))
    for source in (SMALL, grown, grown, SMALL):
        ensure_raw_tables(loader, [source])
    assert fetch(loader, "small__notes", ["added"]) == []


def test_the_transformer_reads_raw_and_a_reader_does_not(settings):
    with connect(settings, role="yihu_loader") as connection:
        ensure_raw_tables(connection, pipeline_sources())
        write_rows(connection, "raw", "churn_model", "scores", DAY, [rule_score("c1", "0.02", 5)])
    with connect(settings, role="yihu_transformer") as connection:
        assert fetch(connection, "churn_model__scores", ["customer_id"]) == [("c1",)]
    with (
        connect(settings, role="bi_reader") as connection,
        pytest.raises(Exception, match="permission denied for schema raw"),
    ):
        fetch(connection, "churn_model__scores", ["customer_id"])


def test_the_night_s_own_rows_replace_those_of_their_date(settings):
    columns = ["customer_id", "former_customer_id", "changed_date", "_received_date", "_line_number"]
    links = [
        ("core", "1", "c1", None, "first", "first", "data", None, None, None, DAY),
        ("core", "2", "c1", "c2", "exact", "merge", "data", None, None, None, DAY),
    ]
    with connect(settings, role="yihu_loader") as connection:
        for rows in (links, links[1:]):
            assert write_rows(connection, "raw", "identity", "links", DAY, iter(rows)) == len(rows)
        write_rows(connection, "raw", "identity", "links", date(2026, 4, 1), links[:1])
        assert fetch(connection, "identity__links", columns) == [
            ("c1", "c2", "2026-03-15", DAY, 2),
            ("c1", None, "2026-03-15", date(2026, 4, 1), 2),
        ]


def test_every_declared_raw_table_can_be_made(settings):
    sources = [*active_sources("demo"), *active_sources("berka"), *pipeline_sources()]
    with connect(settings, role="yihu_loader") as connection:
        ensure_raw_tables(connection, sources)
        with connection.cursor() as cursor:
            cursor.execute(
                "select count(*) from pg_class where relkind = 'p' and relnamespace = 'raw'::regnamespace"
            )
            assert cursor.fetchone()[0] == sum(len(source.tables) for source in sources)
