"""What a value becomes before it is compared, and what a rule file may say."""

import csv

import pytest

from pipelines.identity.matching import RulesError, TableError, match_settings, parse_rules, workspace
from pipelines.identity.matching.blocking import blocking_rules, make_pairs
from pipelines.identity.matching.settings import MatchSettings
from pipelines.identity.matching.table import load_records, make_fields


@pytest.fixture(scope="module")
def connection():
    with workspace() as opened:
        yield opened


def write(path, rows):
    with path.open("w", newline="", encoding="utf-8") as lines:
        writer = csv.DictWriter(lines, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


@pytest.fixture
def become(connection, tmp_path):
    """The values of one column of ``fields``, in the order of the rows."""

    def run(kinds, rows, column):
        rows = [{"id": str(number), **row} for number, row in enumerate(rows)]
        rules = parse_rules({"id": "id", "columns": {name: {"kind": kind} for name, kind in kinds.items()}})
        load_records(connection, [write(tmp_path / "records.csv", rows)], rules, [])
        make_fields(connection, rules, match_settings())
        return [row[0] for row in connection.execute(f"select {column} from fields order by line").fetchall()]

    return run


NUMBER = "11010519491231002X"


def test_a_number_that_too_many_records_carry_is_not_trusted(become):
    most = match_settings().shared_key_records
    trusted = become({"n": "id_number"}, [{"n": NUMBER}] * most, "id_key")
    assert set(trusted) == {f"ID:{NUMBER}"}
    assert set(become({"n": "id_number"}, [{"n": NUMBER}] * (most + 1), "id_key")) == {None}


SPELLINGS = [
    ("phone", "+86 138-0013-8001", "13800138001"),
    ("phone", "０１０－６５５５　１２３４", "1065551234"),
    ("phone", "13800138000", None),  # everybody's filler
    ("phone", "000000", None),
    ("phone", "110", None),
    ("email", " Anna.Li@Example.COM ", "anna.li@example.com"),
    ("email", "none@none.com", None),
    ("postcode", "SW1A 1AA", "sw1a1aa"),
    ("postcode", "000000", None),
    ("place", "Zürich", "zurich"),
    ("place", "北京市", "北京"),
    ("place", "市", "市"),
    ("place", "N/A", None),
    ("place", "不详", None),
    ("street", "12 St. John's Rd.", "12 street john s road"),
    ("house_number", "007 b", "7b"),
    ("category", " NSW ", "nsw"),
    ("text", "Cricketer;  Writer", "cricketer writer"),
    ("date", "1949-12-31", "19491231"),
    ("date", "1949年1月2日", "19490102"),
    ("date", "19491231", "19491231"),
    ("date", "31121949", "19491231"),
    ("date", "31.12.1949", "19491231"),
    ("date", "31 Dec 1949", "19491231"),
    ("date", "1949-12-31 00:00:00", "19491231"),
    ("date", "1949", "1949"),
    ("date", "1949-12", "194912"),
    ("date", "19491200", "194912"),
    ("date", "19490000", "1949"),
    ("date", "00000000", None),
    ("date", "99991231", None),
    ("date", "unknown", None),
]


def test_one_value_has_one_spelling(become):
    """Each value in a column of its own, so that no column is judged by its neighbours."""
    kinds = {f"c{number}": kind for number, (kind, _, _) in enumerate(SPELLINGS) if kind != "house_number"}
    kinds["house"] = "house_number"
    row = {f"c{number}": text for number, (kind, text, _) in enumerate(SPELLINGS) if kind != "house_number"}
    places = dict.fromkeys(kinds.values(), 0)
    columns, expected = ["house_1"], ["7b"]
    for kind, _, value in SPELLINGS:
        if kind != "house_number":
            places[kind] += 1
            columns.append(f"{kind}_{places[kind]}")
            expected.append(value)
    assert become(kinds, [{**row, "house": "007 b"}], f"[{', '.join(columns)}]") == [expected]


def test_american_dates_are_told_by_the_column(become):
    rows = [{"a": text} for text in ("12/31/1949", "02/03/1950", "05/25/1960")]
    assert become({"a": "date"}, rows, "date_1") == ["19491231", "19500203", "19600525"]


def test_year_month_and_day_make_a_date(become):
    kinds = {"y": "year", "m": "month", "d": "day"}
    rows = [{"y": "1949", "m": "2", "d": "3"}, {"y": "1949", "m": "", "d": ""}, {"y": "", "m": "2", "d": "3"}]
    assert become(kinds, rows, "date_1") == ["19490203", "1949", None]


def test_first_of_january_is_a_year_where_it_is_too_frequent(become):
    rare = [{"a": f"19{year}-03-{day:02}"} for year in range(40, 90) for day in range(1, 29)]
    some = [{"a": f"19{year}-01-01"} for year in range(40, 52)]
    assert become({"a": "date"}, rare + some, "date_1")[-1] == "19510101"
    assert become({"a": "date"}, rare[:100] + some, "date_1")[-1] == "1951"


FULL_NAMES = [
    ("Anna Maria Müller", "annamaria", "muller"),
    ("Müller, Anna Maria", "annamaria", "muller"),
    ("Sir John Smith, 1st Baronet", "john", "smith"),
    ("Dr. O'Neil", None, "oneil"),
    ("王小明", "小明", "王"),
    ("欧阳娜娜", "娜娜", "欧阳"),
    ("王 芳", "芳", "王"),
]


def test_a_full_name_comes_apart(become):
    found = become({"a": "full_name"}, [{"a": text} for text, _, _ in FULL_NAMES], "[given, surname]")
    assert found == [[given, surname] for _, given, surname in FULL_NAMES]


def test_the_full_name_speaks_where_the_parts_are_silent(become):
    kinds = {"f": "given_name", "s": "surname", "a": "full_name"}
    rows = [{"f": "Jo", "s": "Li", "a": "Anna Smith"}, {"f": "", "s": "", "a": "Anna Smith"}]
    assert become(kinds, rows, "given || surname") == ["joli", "annasmith"]


def test_names_in_several_columns_are_one(become):
    kinds = {"f1": "given_name", "f2": "given_name", "s": "surname"}
    rows = [{"f1": "Carl", "f2": "Heinz", "s": "B."}, {"f1": "Carl", "f2": "", "s": "B"}]
    assert become(kinds, rows, "given || '+' || surname") == ["carlheinz+b", "carl+b"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"columns": {"a": {"kind": "text"}}}, "`id`"),
        ({"id": "a"}, "columns"),
        ({"id": "a", "columns": {}}, "no columns"),
        ({"id": "a", "columns": {"b": {"kind": "shoe_size"}}}, "shoe_size is unknown"),
        ({"id": "a", "columns": {"a": {"kind": "text"}}}, "own id"),
        ({"id": "a", "colums": 1, "columns": {"b": {"kind": "text"}}}, "colums"),
        ({"id": "a", "columns": {"b": {"kind": "year"}, "c": {"kind": "year"}}}, "2 columns of kind year"),
        (["id"], "needs"),
    ],
)
def test_a_wrong_rule_file_says_what_is_wrong(content, words):
    with pytest.raises(RulesError, match=words):
        parse_rules(content)


def test_a_missing_column_is_named(connection, tmp_path):
    path = write(tmp_path / "records.csv", [{"id": "1", "a": "x"}])
    rules = parse_rules({"id": "id", "columns": {"a": {"kind": "text"}, "b": {"kind": "text"}}})
    with pytest.raises(TableError, match="no column b; it has id, a"):
        load_records(connection, [path], rules, [])


def test_parquet_and_csv_give_the_same_fields(connection, tmp_path, become):
    rows = [{"born": "1949-12-31", "n": "Jo"}, {"born": "1950-01-02", "n": ""}]
    kinds = {"born": "date", "n": "given_name"}
    from_csv = become(kinds, rows, "[date_1, given]")
    connection.execute(
        "copy (select record_id as id, cast(born as date) as born, n from records) "
        f"to '{tmp_path}/r.parquet' (format parquet)"
    )
    rules = parse_rules({"id": "id", "columns": {name: {"kind": kind} for name, kind in kinds.items()}})
    load_records(connection, [tmp_path / "r.parquet"], rules, [])
    make_fields(connection, rules, match_settings())
    assert [
        r[0] for r in connection.execute("select [date_1, given] from fields order by line").fetchall()
    ] == from_csv


def test_the_largest_blocks_go_first(connection, tmp_path):
    """Six records share one phone and two another: a budget of ten pairs keeps the small block alone."""
    rows = [{"id": str(n), "p": "5550000123" if n < 6 else "5550000456"} for n in range(8)]
    rules = parse_rules({"id": "id", "columns": {"p": {"kind": "phone"}}})
    load_records(connection, [write(tmp_path / "records.csv", rows)], rules, [])
    fields, _ = make_fields(connection, rules, match_settings())

    def pairs(budget):
        values = {**vars(match_settings()), "block_pairs_at_least": budget, "block_pairs_per_record": 0}
        make_pairs(connection, blocking_rules(fields), MatchSettings(**values))
        return connection.execute("select count(*) from pairs").fetchone()[0]

    assert (pairs(16), pairs(15), pairs(1), pairs(0)) == (16, 1, 1, 0)
