"""Declarations: those of the product hold; a fault in one names the file, the table and the column."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
import yaml

from pipelines.sources import (
    DeclarationError,
    active_sources,
    declarations_for_dbt,
    load_bank,
    load_source,
    pipeline_sources,
)
from pipelines.sources.declaration import FOLDER, is_credential, read_date, read_decimal


def declared(**changes):
    """A small good source; ``changes`` replace entries, named by their path with double underscores."""
    source = {
        "source": "small",
        "name_zh": "小",
        "name_en": "Small",
        "provides": ["accounts"],
        "tables": {
            "accounts": {
                "mode": "upsert",
                "key": ["account_no"],
                "zh": "账户",
                "en": "Accounts",
                "columns": {
                    "account_no": {
                        "type": "text",
                        "required": True,
                        "privacy": "C1",
                        "zh": "账号",
                        "en": "Number",
                    },
                    "opened": {"type": "date", "privacy": "C1", "zh": "开户", "en": "Opened"},
                    "amount": {"type": "decimal", "privacy": "C2", "zh": "金额", "en": "Amount"},
                },
            }
        },
    }
    for path, value in changes.items():
        place = source
        *folders, last = path.split("__")
        for folder in folders:
            place = place[folder]
        if value is None:
            place.pop(last, None)
        else:
            place[last] = value
    return source


def load(folder: Path, source) -> object:
    (folder / "small.yml").write_text(
        yaml.safe_dump(source, allow_unicode=True, sort_keys=False), encoding="utf-8"
    )
    return load_source("small", folder)


def test_every_declaration_of_the_product_holds():
    for path in FOLDER.glob("*.yml"):
        if path.stem != "banks":
            assert load_source(path.stem).code == path.stem


@pytest.mark.parametrize(
    ("bank", "codes"),
    [
        ("demo", ["core", "loans", "cards", "wealth", "channels", "crm", "corporate"]),
        ("berka", ["berka"]),
    ],
)
def test_banks_have_their_sources(bank, codes):
    assert [source.code for source in active_sources(bank)] == codes
    assert not any(source.is_pipeline for source in active_sources(bank))


def test_a_bank_knows_its_time_zone_and_last_date():
    assert (load_bank("demo").time_zone, load_bank("demo").last_date) == ("Asia/Shanghai", date(2026, 10, 31))
    assert (load_bank("berka").time_zone, load_bank("berka").last_date) == (
        "Europe/Prague",
        date(1994, 3, 30),
    )


def test_the_sources_that_the_night_lands_are_marked():
    assert [(source.code, source.is_pipeline) for source in pipeline_sources()] == [
        ("identity", True),
        ("churn_model", True),
    ]


def test_defaults(tmp_path):
    table = load(tmp_path, declared()).table("accounts")
    assert (table.delimiter, table.encoding, table.file, table.due) == (",", "utf-8", "csv", "01:30")
    assert (table.file_name, table.control_name) == ("accounts.csv", "accounts.control.json")
    assert table.raw_name == "small__accounts"
    assert table.column("opened").format == "yyyy-mm-dd"


def test_dbt_is_told_names_types_and_formats(tmp_path):
    (described,) = declarations_for_dbt([load(tmp_path, declared())])
    assert (described["source"], described["table"]) == ("small", "accounts")
    opened = described["columns"][1]
    assert (opened["name"], opened["type"], opened["format"], opened["required"]) == (
        "opened",
        "date",
        "yyyy-mm-dd",
        False,
    )


ACCOUNTS = "tables__accounts__"
COLUMNS = ACCOUNTS + "columns__"
READ = {"reader": "postgres", "url_env": "YIHU_SOURCE_SMALL_URL", ACCOUNTS + "watermark": "changed_at"}


def declared_gone(**changes):
    """A table of deleted keys."""
    columns = {
        name: {"type": "text", "required": True, "privacy": "C1", "zh": "键", "en": "Key"}
        for name in ("account_no", "opened")
    }
    table = {"mode": "delete", "deletes": "accounts", "key": ["account_no"], "zh": "删", "en": "Gone"}
    return {**table, "columns": columns, **changes}


def test_a_database_is_declared_with_its_address_and_watermarks(tmp_path):
    source = load(tmp_path, declared(**READ, **{ACCOUNTS + "relation": "app.Accounts"}))
    assert (source.reader, source.url_env, source.time_limit_seconds) == (
        "postgres",
        "YIHU_SOURCE_SMALL_URL",
        1800,
    )
    assert (source.tables[0].relation, source.tables[0].watermark) == ("app.Accounts", "changed_at")


def test_a_table_may_list_the_keys_that_are_gone(tmp_path):
    assert load(tmp_path, declared(tables__gone=declared_gone())).table("gone").deletes == "accounts"


@pytest.mark.parametrize("sign", ["\\u0001", "\\t", "|", ","])
def test_a_delimiter_may_be_written_as_an_escape(tmp_path, sign):
    text = yaml.safe_dump(declared(tables__accounts__delimiter="@"), allow_unicode=True)
    (tmp_path / "small.yml").write_text(text.replace("'@'", f'"{sign}"'), encoding="utf-8")
    table = load_source("small", tmp_path).tables[0]
    assert table.delimiter == sign.encode().decode("unicode_escape")


def test_a_number_may_have_a_unit_and_a_file_no_header(tmp_path):
    source = load(
        tmp_path, declared(tables__accounts__columns__amount__unit="CNY", tables__accounts__header=False)
    )
    assert source.tables[0].column("amount").unit == "CNY"
    assert not source.tables[0].header


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"source": "other"}, ["small.yml", "other"]),
        ({"name_zh": None}, ["small.yml", "name_zh is missing"]),
        ({"pipeline": "yes"}, ["pipeline", "neither true nor false"]),
        ({"owner": "x"}, ["owner is unknown"]),
        ({ACCOUNTS + "mode": "append"}, ["table accounts", "append"]),
        ({ACCOUNTS + "key": []}, ["table accounts", "key names no column"]),
        ({ACCOUNTS + "key": ["no"]}, ["table accounts", "key names column 'no'"]),
        ({ACCOUNTS + "key": ["opened"]}, ["table accounts, column opened", "required: true"]),
        ({ACCOUNTS + "sums": ["opened"]}, ["table accounts, column opened", "sums"]),
        ({ACCOUNTS + "sums": ["gone"]}, ["sums names column 'gone'"]),
        ({ACCOUNTS + "sums": ["amount", "amount"]}, ["given twice"]),
        ({ACCOUNTS + "date_column": "amount"}, ["table accounts, column amount", "date_column"]),
        ({ACCOUNTS + "due": 90}, ["table accounts", "due 90", "quotes"]),
        ({ACCOUNTS + "due": "25:00"}, ["25:00"]),
        ({ACCOUNTS + "file": "xlsx"}, ["xlsx"]),
        ({ACCOUNTS + "encoding": "utf-16"}, ["utf-16"]),
        ({ACCOUNTS + "header": "no"}, ["table accounts, header"]),
        ({ACCOUNTS + "ignored": ["amount"]}, ["ignored names column 'amount'"]),
        ({ACCOUNTS + "mode": "delete"}, ["table accounts", "deletes and mode delete belong together"]),
        ({ACCOUNTS + "deletes": "accounts"}, ["table accounts", "deletes and mode delete belong together"]),
        ({"tables__gone": declared_gone(deletes="nowhere")}, ["table gone", "'nowhere'"]),
        ({"tables__gone": declared_gone(key=["opened"])}, ["table gone", "key ['opened'] is not the key"]),
        ({ACCOUNTS + "watermark": "opened"}, ["table accounts", "reader postgres"]),
        ({"url_env": "YIHU_SOURCE_SMALL_URL"}, ["url_env belongs to reader postgres"]),
        ({"reader": "oracle"}, ["reader", "oracle"]),
        (READ | {"url_env": "HOME"}, ["'HOME' names no variable", "YIHU_SOURCE_SMALL_URL"]),
        (READ | {"time_limit_seconds": 0}, ["time_limit_seconds 0"]),
        (READ | {ACCOUNTS + "watermark": None}, ["table accounts", "watermark is missing"]),
        (READ | {ACCOUNTS + "watermark": "a;b"}, ["table accounts, watermark", "plain name"]),
        (READ | {ACCOUNTS + "relation": "a.b.c"}, ["table accounts, relation", "plain name"]),
        (READ | {ACCOUNTS + "delimiter": ";"}, ["table accounts", "delimiter belongs to reader files"]),
        (READ | {ACCOUNTS + "mode": "snapshot"}, ["table accounts", "snapshot"]),
        ({COLUMNS + "opened__unit": "days"}, ["column opened", "unit"]),
        ({COLUMNS + "amount__unit": 3}, ["column amount", "unit"]),
        ({ACCOUNTS + "delimiter": "||"}, ["delimiter"]),
        ({ACCOUNTS + "delimiter": '"'}, ["delimiter"]),
        ({COLUMNS + "opened__type": "datetime"}, ["table accounts, column opened", "datetime"]),
        ({COLUMNS + "opened__format": "dd.mm.yyyy"}, ["column opened", "dd.mm.yyyy"]),
        ({COLUMNS + "amount__format": "yymmdd"}, ["column amount", "format belongs to dates"]),
        ({COLUMNS + "amount__privacy": "C3"}, ["column amount", "credentials"]),
        ({COLUMNS + "amount__privacy": "secret"}, ["column amount", "secret"]),
        ({COLUMNS + "amount__required": "no"}, ["column amount", "required"]),
        ({COLUMNS + "amount__zh": None}, ["column amount", "zh is missing"]),
        ({COLUMNS + "amount__en": ""}, ["column amount", "en is not a text"]),
        (
            {COLUMNS + "Amount": {"type": "text", "privacy": "C1", "zh": "x", "en": "x"}},
            ["column Amount", "lower case"],
        ),
        ({COLUMNS + "card_pin": {"type": "text", "privacy": "C1", "zh": "x", "en": "x"}}, ["card_pin"]),
        ({"tables": {}}, ["tables"]),
        ({"tables__" + "a" * 60: declared()["tables"]["accounts"]}, ["too long"]),
    ],
)
def test_a_fault_is_named(tmp_path, changes, words):
    with pytest.raises(DeclarationError) as raised:
        load(tmp_path, declared(**changes))
    for word in ["small.yml", *words]:
        assert word in str(raised.value)


def test_a_column_given_twice_is_a_fault(tmp_path):
    text = yaml.safe_dump(declared(), allow_unicode=True).replace("opened:", "amount:")
    (tmp_path / "small.yml").write_text(text, encoding="utf-8")
    with pytest.raises(DeclarationError, match=r"small\.yml.*'amount' is given twice"):
        load_source("small", tmp_path)


def test_a_source_without_a_declaration_is_a_fault(tmp_path):
    with pytest.raises(DeclarationError, match="'gone' has no declaration"):
        load_source("gone", tmp_path)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"time_zone": "Mars/Olympus"}, "Mars/Olympus"),
        ({"last_date": "soon"}, "last_date"),
        ({"sources": ["identity"]}, "identity"),
        ({"sources": "core"}, "list of names"),
    ],
)
def test_a_fault_of_a_bank_is_named(tmp_path, change, word):
    (tmp_path / "identity.yml").write_text((FOLDER / "identity.yml").read_text(encoding="utf-8"), "utf-8")
    bank = {"name_zh": "行", "name_en": "Bank", "time_zone": "Asia/Shanghai", "sources": []} | change
    (tmp_path / "banks.yml").write_text(yaml.safe_dump({"small": bank}), encoding="utf-8")
    with pytest.raises(DeclarationError, match=word):
        load_bank("small", tmp_path)


def test_an_unknown_bank_is_a_fault():
    with pytest.raises(DeclarationError, match=r"no bank 'other'.*berka, demo"):
        load_bank("other")


@pytest.mark.parametrize(
    ("text", "date_format", "day"),
    [
        ("2026-10-31", "yyyy-mm-dd", date(2026, 10, 31)),
        ("2026-02-30", "yyyy-mm-dd", None),
        (" 2026-10-31", "yyyy-mm-dd", None),
        ("20261031", "yyyy-mm-dd", None),
        ("700101", "yymmdd", date(1970, 1, 1)),
        ("691231", "yymmdd", date(2069, 12, 31)),
        ("940231", "yymmdd", None),
        ("940119 00:00:00", "yymmddhhmmss", date(1994, 1, 19)),
        ("940119", "yymmddhhmmss", None),
        ("９４0119", "yymmdd", None),
        ("", "yymmdd", None),
    ],
)
def test_dates_are_read_by_their_format(text, date_format, day):
    assert read_date(text, date_format) == day


@pytest.mark.parametrize("text", ["", " 1", "1_000", "NaN", "1e5", "1,5", ".5", "5.", "0x1F", "１", "--1"])
def test_only_plain_numbers_are_numbers(text):
    assert read_decimal(text) is None


def test_numbers_are_exact():
    assert read_decimal("-12345678901234567890.10") == Decimal("-12345678901234567890.10")


@pytest.mark.parametrize("name", ["password", "card_pin", "CVV", "login-passwd", "cvc2", "密码"])
def test_credentials_are_known_by_name(name):
    assert is_credential(name)


@pytest.mark.parametrize("name", ["shipping", "opinion", "pinned_date", "account_no"])
def test_other_names_are_no_credentials(name):
    assert not is_credential(name)
