"""One declaration, one truth: raw, staging, the delivery gate, dbt's sources and the dictionary agree."""

import re
import shutil
from datetime import date

import pytest
import yaml
from click.testing import CliRunner
from handmade_deliveries import read_delivery, write_delivery

from pipelines.cli import main
from pipelines.gates import load_suites
from pipelines.landing import Delivery, ensure_raw_tables, read_control, read_rows
from pipelines.settings import ROOT
from pipelines.sources import declared_sources
from pipelines.sources.generated import generated_files, stale_files, write_generated
from pipelines.warehouse import connect

SOURCES = {source.code: source for source in declared_sources()}
TABLES = {table.raw_name: table for source in SOURCES.values() for table in source.tables}
FILED = {name for name, table in TABLES.items() if not SOURCES[table.source].is_pipeline}
STAGING = ROOT / "dbt_project" / "models" / "staging"
CHINESE = {"utf-8", "gbk", "gb18030"}
PLUMBING = {"_received_date", "_line_number", "_extra"}


def test_what_is_written_from_the_declarations_is_not_stale():
    assert stale_files(ROOT) == [], "run `yihu sources write`"


def test_raw_holds_the_declared_columns(settings):
    with connect(settings, role="yihu_loader") as connection, connection.cursor() as cursor:
        ensure_raw_tables(connection, SOURCES.values())
        cursor.execute(
            "select table_name, array_agg(column_name::text order by ordinal_position) "
            "from information_schema.columns where table_schema = 'raw' group by table_name"
        )
        found = {name: [each for each in columns if each not in PLUMBING] for name, columns in cursor}
    assert found == {name: list(table.column_names) for name, table in TABLES.items()}


def test_dbt_s_sources_are_the_declared_tables_and_columns():
    found = {}
    for path in STAGING.glob("*/*__sources.yml"):
        for source in yaml.safe_load(path.read_text(encoding="utf-8"))["sources"]:
            for table in source["tables"]:
                assert table["identifier"] == f"{source['name']}__{table['name']}"
                found[table["identifier"]] = [column["name"] for column in table["columns"]]
    assert found == {name: list(table.column_names) for name, table in TABLES.items()}


def test_no_other_file_declares_a_source_s_tables():
    for path in STAGING.glob("*/*.yml"):
        if not path.name.endswith("__sources.yml"):
            assert "sources" not in yaml.safe_load(path.read_text(encoding="utf-8")), path


def test_one_staging_model_reads_each_declared_table():
    read = {}
    for path in STAGING.glob("*/*.sql"):
        text = path.read_text(encoding="utf-8")
        for source, table in re.findall(r"(?:landed|source)\('(\w+)', '(\w+)'\)", text):
            if source in SOURCES:
                read.setdefault(f"{source}__{table}", []).append(text)
    assert set(read) == set(TABLES)
    assert {name for name, texts in read.items() if len(texts) != 1} == set()


def test_the_delivery_gate_judges_the_declared_tables():
    suites = load_suites(ROOT, "delivery")
    assert {suite.table for suite in suites} == FILED
    for suite in suites:
        assert suite.source == TABLES[suite.table].source
        assert set(suite.sums) <= set(TABLES[suite.table].sums)
        assert (STAGING / suite.source / f"{suite.relation}.sql").is_file()


def test_the_dictionary_has_every_column_in_both_languages():
    for code, source in SOURCES.items():
        rows = [
            line.split(" | ")
            for line in (ROOT / "docs" / "deliveries" / f"{code}.md").read_text(encoding="utf-8").splitlines()
            if line.startswith("| `")
        ]
        columns = [column for table in source.tables for column in table.columns]
        assert [row[0] for row in rows] == [f"| `{column.name}`" for column in columns]
        for row, column in zip(rows, columns, strict=True):
            assert row[-2] == column.zh.replace("|", "\\|")
            assert row[-1].removesuffix(" |") == column.en.replace("|", "\\|")


@pytest.mark.parametrize("name", sorted(FILED))
def test_a_file_written_as_declared_is_landed_as_written(tmp_path, name):
    table, day = TABLES[name], date(2026, 3, 15)
    cells = {"date": "2026-03-14", "decimal": "0.5", "integer": "7"}
    rows = [
        {column.name: cells.get(column.type, f"{number}|'龚\t\"璟,") for column in table.columns}
        for number in (1, 2)
    ]
    if table.encoding not in CHINESE:
        rows = [
            {name: cell.replace("龚", "g").replace("璟", "j") for name, cell in row.items()} for row in rows
        ]
    delivery = Delivery(table, day, write_delivery(tmp_path, table, day, rows).parent)
    landed = [list(fields) for _, fields in read_rows(delivery, read_control(delivery))]
    assert landed == [list(row.values()) for row in rows]
    assert read_delivery(tmp_path, table, day) == rows


@pytest.fixture
def house(tmp_path):
    shutil.copytree(ROOT / "pipelines" / "sources", tmp_path / "pipelines" / "sources")
    write_generated(tmp_path)
    return tmp_path


def test_writing_again_writes_nothing(house):
    assert stale_files(house) == []
    assert write_generated(house) == []


def test_a_changed_declaration_makes_both_files_stale(house):
    path = house / "pipelines" / "sources" / "core.yml"
    path.write_text(path.read_text(encoding="utf-8").replace("en: Phone", "en: Telephone"), encoding="utf-8")
    names = ["_core__sources.yml", "core.md"]
    assert [path.name for path in stale_files(house)] == names
    assert [path.name for path in write_generated(house)] == names
    assert stale_files(house) == []


def test_units_and_what_is_special_of_a_table_are_in_the_dictionary(house):
    brought = ROOT / "tests" / "made_up_source" / "pipelines" / "sources" / "prepaid.yml"
    shutil.copy(brought, house / "pipelines" / "sources")
    text = {path.name: text for path, text in generated_files(house / "pipelines" / "sources").items()}
    assert "`holders.csv.gz` without header, gb18030, delimiter `\\u0001`; due at 03:00" in text["prepaid.md"]
    assert "its keys are gone from `cards`" in text["prepaid.md"]
    assert "| `amount` | decimal, 2 places | currency of the card | yes | C2 |" in text["prepaid.md"]
    assert "not landed: `terminal`" in text["prepaid.md"]


def test_the_command_line_checks():
    done = CliRunner().invoke(main, ["sources", "check"])
    assert done.exit_code == 0, done.output
    assert f"{len(SOURCES)} declarations hold" in done.output
