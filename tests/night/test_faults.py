"""A bank with every kind of fault, night after night: each is found as it should be, none is published.

`make examples` keeps the table of what caught which in docs/faults.md.
"""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pytest
from conftest import own_bank
from histories import all_in_one, at_once_then_one, night_by_night, outcome
from night_support import warm
from spoilt_nights import (
    TAKEN_IN,
    Engineer,
    engineer,
    fault_table,
    published_rows,
    quarantined_lines,
)

from pipelines.demo_bank import write_demo_bank
from pipelines.demo_bank.calendar import Calendar
from pipelines.demo_bank.fault_kinds import KINDS
from pipelines.demo_bank.faults import inject, read_plan, restore
from pipelines.settings import Settings


@dataclass(frozen=True)
class Size:
    """A bank from ``first`` to the last of its nights, and the faults put into it."""

    customers: int
    first: date
    nights: tuple[date, ...]
    faults: str

    @property
    def last(self) -> date:
        return self.nights[-1]


SMALL = Size(300, date(2026, 10, 1), (date(2026, 10, 13), date(2026, 10, 30)), "all:23")  # within a month
FIRST = date(2026, 9, 21)
TWENTY = (*(FIRST + timedelta(days) for days in range(19)), date(2026, 10, 20))  # a month end, and a gap
LONG = Size(3000, FIRST, TWENTY, "all:18@1")
EXAMPLES = "YIHU_EXAMPLES"  # a folder: keep the table there
PREFACE = """# What becomes of every fault

A demo bank of {customers} customers with each kind of fault planted in its deliveries (docs/demo_bank.md),
its nights run as a data engineer runs them. Nothing wrong was published: what readers saw in the end is
what the same bank publishes with those faults alone that a night takes in and tells of.
`make examples` makes this table again.

"""
SIZES = [pytest.param(SMALL, id="small"), pytest.param(LONG, id="long", marks=pytest.mark.long)]


@dataclass(frozen=True)
class Banks:
    """One bank twice: its nights with all faults, stops repaired; its history with those taken in alone."""

    size: Size
    spoilt: Settings
    clean: Settings
    engineer: Engineer


@pytest.fixture(scope="module")
def banks(request, server, tmp_path_factory) -> Iterator[Banks]:
    size, folder = request.param, tmp_path_factory.mktemp("faults")
    clean, spoilt = folder / "clean" / "landing", folder / "spoilt" / "landing"
    write_demo_bank(spoilt, customers=size.customers, first_date=size.first, last_date=size.last)
    faults = inject(spoilt, 7, Calendar(size.first, size.last), read_plan(size.faults))
    shutil.copytree(spoilt.parent, clean.parent)
    for fault in faults:
        if fault.kind not in TAKEN_IN:
            restore(clean, fault)
    with (
        warm(),
        own_bank(server, folder / "var_clean", landing=clean) as clean_settings,
        own_bank(server, folder / "var_spoilt", landing=spoilt) as spoilt_settings,
    ):
        all_in_one(clean_settings, size.nights)
        person = engineer(spoilt_settings)
        night_by_night(spoilt_settings, size.nights, person.run)
        yield Banks(size, spoilt_settings, clean_settings, person)


@pytest.mark.parametrize("banks", SIZES, indirect=True)
def test_every_fault_shows_itself_as_it_should(banks):
    """Each stop and each published night was judged on its way (see spoilt_nights); nothing was left over."""
    faults = banks.engineer.faults
    assert {fault.kind for fault in faults} == set(KINDS)
    assert banks.engineer.unseen() == []
    stopped = {fault.fault_no for fault in faults if fault.expected == "stop"}
    assert {number for number, how in banks.engineer.found.items() if how.startswith("stop")} == stopped
    bad = {
        (fault.source, fault.table, fault.received_date, int(fault.place.split(":")[0].removeprefix("line ")))
        for fault in faults
        if fault.expected == "quarantine"
    }
    assert quarantined_lines(banks.spoilt) == bad


@pytest.mark.parametrize("banks", SIZES, indirect=True)
def test_nothing_spoilt_is_published_and_all_else_is_as_without_faults(banks):
    faults = banks.engineer.faults
    found, wanted = (published_rows(bank, banks.size.last) for bank in (banks.spoilt, banks.clean))
    assert found.keys() == wanted.keys()
    made_up = {fault.key for fault in faults if fault.key[1:3] == "9F" and fault.kind not in TAKEN_IN}
    assert [row for rows in found.values() for row in rows for key in made_up if key in row] == []
    other = {name: [*(found[name] - wanted[name]), *(wanted[name] - found[name])] for name in found}
    assert {name: rows for name, rows in other.items() if rows} == {}


@pytest.mark.parametrize("banks", SIZES, indirect=True)
def test_the_table_of_faults_names_for_each_kind_what_caught_it(banks):
    table = fault_table(banks.engineer)
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines()[2:]]
    assert [row[0].strip("`") for row in rows] == list(KINDS)
    for kind, _, expected, rule, severity, happened in rows:
        assert rule, kind
        assert happened, kind
        wanted = {"stop": {"critical"}, "quarantine": {"the line"}, "warning": {"warning"}}
        assert severity in wanted.get(expected, {"–", "warning"}), kind
    if os.environ.get(EXAMPLES) and banks.size == SMALL:
        text = PREFACE.format(customers=banks.size.customers) + table
        (Path(os.environ[EXAMPLES]) / "faults.md").write_text(text, encoding="utf-8")


@pytest.mark.parametrize("banks", SIZES[1:], indirect=True)
def test_repaired_history_is_the_same_however_it_is_taken_in(server, banks):
    nightly = outcome(banks.spoilt, banks.size.last)
    for way in (at_once_then_one, all_in_one):
        var = banks.spoilt.var.with_name(way.__name__)
        with own_bank(server, var, landing=banks.spoilt.landing) as settings:
            way(settings, banks.size.nights)
            taken = outcome(settings, banks.size.last)
        assert {name for name in nightly if nightly[name] != taken.get(name)} == set()
        assert nightly.keys() == taken.keys()
