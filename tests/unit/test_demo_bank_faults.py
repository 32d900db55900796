"""Dirt on request: each kind does what it says, is told, and can be undone."""

import csv
import re
import shutil
from collections import Counter
from datetime import date
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from pipelines.cli.demo import demo
from pipelines.demo_bank import FaultsError, read_faults, restore, write_demo_bank
from pipelines.demo_bank.calendar import Calendar
from pipelines.demo_bank.fault_kinds import EXPECTED, KINDS
from pipelines.demo_bank.faults import FaultPlan, forget, inject, read_plan
from pipelines.landing import DeliveryError
from pipelines.landing.delivery import Delivery, read_control
from pipelines.landing.files import new_columns, read_rows
from pipelines.sources.declaration import load_source

FIRST, LAST = date(2025, 9, 1), date(2025, 10, 25)
CALENDAR = Calendar(FIRST, LAST)
SMALL = {"seed": 7, "customers": 500, "first_date": FIRST, "last_date": LAST}
# What a file's own checks find; the rest is for the gates, which see what is in the database already.
BY_LANDING = {
    "missing_file",
    "missing_control",
    "wrong_row_count",
    "wrong_control_total",
    "wrong_sha",
    "truncated_file",
    "header_changed",
    "missing_column",
    "wrong_encoding",
    "future_date",
}


@pytest.fixture(scope="module")
def clean(tmp_path_factory):
    landing = tmp_path_factory.mktemp("clean") / "landing"
    write_demo_bank(landing, **SMALL)
    return landing


@pytest.fixture(scope="module")
def copied(clean, tmp_path_factory):
    landing = tmp_path_factory.mktemp("spoilt") / "landing"
    shutil.copytree(clean, landing)
    return landing


@pytest.fixture
def spoil(copied):
    """Spoils one and the same copy, which is put right again after each test."""

    def spoilt(plan: FaultPlan) -> Path:
        inject(copied, 7, CALENDAR, plan)
        return copied

    yield spoilt
    for fault in read_faults(copied):
        restore(copied, fault)
    forget(copied)


def contents(landing: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(landing)): path.read_bytes() for path in landing.rglob("*") if path.is_file()
    }


def delivery(landing: Path, source: str, table: str, received: str) -> Delivery:
    declared = load_source(source).table(table)
    return Delivery(declared, date.fromisoformat(received), landing / source / received)


def read(landing: Path, fault) -> list[tuple[int, list[str]]]:
    found = delivery(landing, fault.source, fault.table, fault.received_date)
    return [(line, list(cells)) for line, cells in read_rows(found, read_control(found))]


def all_rows(landing: Path, source: str, table: str) -> Counter:
    found = Counter()
    for day in range(CALENDAR.days):
        one = delivery(landing, source, table, CALENDAR.text(day))
        found.update(tuple(cells) for _, cells in read_rows(one, read_control(one)))
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_finds_a_place_is_seen_and_can_be_undone(clean, spoil, kind):
    landing = spoil(FaultPlan((kind,), all_within=30))
    (fault,) = read_faults(landing)
    assert (fault.kind, fault.expected) == (kind, EXPECTED[kind])
    folder = Path(fault.source) / fault.received_date
    assert contents(landing / folder) != contents(clean / folder)
    if kind in BY_LANDING:
        with pytest.raises(DeliveryError):
            read(landing, fault)
    else:
        rows = read(landing, fault)
        if fault.place.startswith("line "):
            line = int(fault.place.removeprefix("line ").split(":")[0])
            assert line in {number for number, _ in rows}
            assert not fault.key or fault.key in dict(rows)[line]
    if kind == "new_column":
        one = delivery(landing, fault.source, fault.table, fault.received_date)
        assert new_columns(one) == ["remark"]
    restore(landing, fault)
    restore(landing, fault)
    for received in {fault.received_date, *re.findall(r"\d{4}-\d\d-\d\d", fault.place)}:
        folder = Path(fault.source) / received
        assert contents(landing / folder) == contents(clean / folder)


def test_what_is_put_aside_leaves_the_clean_rows_byte_by_byte(clean, spoil):
    landing = spoil(read_plan("quarantine@2"))
    faults = read_faults(landing)
    assert len(faults) > 50
    assert {fault.expected for fault in faults} == {"quarantine"}
    bad = Counter((f.source, f.table, f.received_date) for f in faults)
    for name, content in contents(clean).items():
        source, received, file = name.split("/") if name.count("/") == 2 else ("", "", "")
        table = file.split(".")[0]
        if (source, table, received) not in bad:
            assert (landing / name).read_bytes() == content
    for source, table, received in bad:
        kept, one = (delivery(each, source, table, received) for each in (clean, landing))
        rows = [cells for _, cells in read_rows(kept, read_control(kept))]
        assert [cells for _, cells in read_rows(one, read_control(one))][: len(rows)] == rows
        assert read_control(one).rows == len(rows) + 1


@pytest.mark.parametrize("kind", ["late_rows", "empty_day"])
def test_rows_that_come_late_all_come(clean, spoil, kind):
    landing = spoil(FaultPlan((kind,), per_day=0.2))
    names = {(fault.source, fault.table) for fault in read_faults(landing)}
    assert names
    for source, table in names:
        assert all_rows(landing, source, table) == all_rows(clean, source, table)


def test_a_late_row_is_months_old(clean, spoil):
    landing = spoil(FaultPlan(("late_rows",), all_within=1))
    (fault,) = read_faults(landing)
    own = date.fromisoformat(fault.place.split("of ")[1])
    assert (date.fromisoformat(fault.received_date) - own).days >= 35


@pytest.mark.parametrize("kind", ["corrected_rows", "deleted_rows"])
def test_corrected_and_deleted_rows_end_as_in_the_clean_bank(clean, spoil, kind):
    landing = spoil(FaultPlan((kind,), per_day=0.3))
    assert read_faults(landing)

    def last_state(folder: Path) -> dict[str, tuple[str, ...]]:
        found = {}
        for day in range(CALENDAR.days):
            for source, table in (("core", "transactions"), ("core", "deleted_transactions")):
                one = delivery(folder, source, table, CALENDAR.text(day))
                for _, cells in read_rows(one, read_control(one)):
                    if table == "transactions":
                        found[cells[0]] = tuple(cells)
                    else:
                        del found[cells[0]]
        return found

    assert last_state(landing) == last_state(clean)
    first = Counter(cells[0] for cells in all_rows(landing, "core", "transactions").elements())
    assert (max(first.values()) == 2) == (kind == "corrected_rows")


def test_a_negative_balance_is_that_of_a_term_deposit(clean, spoil):
    landing = spoil(FaultPlan(("negative_balance",), all_within=20))
    (fault,) = read_faults(landing)
    row = next(cells for _, cells in read(landing, fault) if cells[0] == fault.key)
    assert Decimal(row[2]) < 0
    accounts = {cells[0]: cells for cells in all_rows(clean, "core", "accounts")}
    assert "TD" in accounts[fault.key]


def test_a_file_that_comes_twice_stays_the_same_twice(spoil):
    landing = spoil(read_plan("same_file_twice,unreadable_date:40@2"))
    twice = [fault for fault in read_faults(landing) if fault.kind == "same_file_twice"]
    assert len(twice) > 5
    for fault in twice:
        name = load_source(fault.source).table(fault.table).file_name
        former = fault.place.removeprefix("file of ")
        one, two = (landing / fault.source / day / name for day in (former, fault.received_date))
        assert one.read_bytes() == two.read_bytes(), fault


def test_equal_seeds_spoil_equally_and_no_file_twice(clean, spoil, tmp_path):
    plan = read_plan("all:40@0.5")
    two = tmp_path / "landing"
    shutil.copytree(clean, two)
    inject(two, 7, CALENDAR, plan)
    one = spoil(plan)
    assert contents(one.parent) == contents(two.parent)
    faults = read_faults(one)
    assert {fault.kind for fault in faults} == set(KINDS)
    places = Counter((fault.source, fault.table, fault.received_date) for fault in faults)
    assert max(places.values()) == 1
    for fault in faults:
        restore(one, fault)
    assert contents(one) == contents(clean)


def test_a_bank_is_spoilt_on_request_alone(clean, tmp_path):
    assert not read_faults(clean)
    landing = tmp_path / "landing"
    small = {**SMALL, "customers": 100, "last_date": date(2025, 9, 30)}
    write_demo_bank(landing, **small, faults="wrong_sha:5")
    assert [fault.kind for fault in read_faults(landing)] == ["wrong_sha"]
    assert not write_demo_bank(landing, **small, faults="wrong_sha:5").is_fresh
    assert write_demo_bank(landing, **small).is_fresh
    assert not read_faults(landing)


def test_the_truth_is_a_table_of_its_own_and_never_in_the_landing(clean, spoil):
    landing = spoil(read_plan("stop:20"))
    with (landing.parent / "truth" / "faults.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["expected"] for row in rows] == ["stop"] * len(rows)
    assert set(contents(landing)) <= set(contents(clean))


def test_an_operator_lists_faults_and_puts_one_right(clean, spoil):
    landing = spoil(FaultPlan(("wrong_sha",), all_within=5))
    (fault,) = read_faults(landing)
    runner, settings = CliRunner(), SimpleNamespace(landing=landing)
    listed = runner.invoke(demo, ["faults"], obj=settings)
    assert listed.output.startswith("1 wrong_sha: ")
    assert runner.invoke(demo, ["restore", "2"], obj=settings).exit_code == 1
    assert runner.invoke(demo, ["restore", "1"], obj=settings).exit_code == 0
    folder = Path(fault.source) / fault.received_date
    assert contents(landing / folder) == contents(clean / folder)


@pytest.mark.parametrize("text", ["no_such_kind", "all:x", "all@y"])
def test_a_plan_that_cannot_be_read_is_refused(text):
    with pytest.raises(FaultsError, match="faults"):
        read_plan(text)
