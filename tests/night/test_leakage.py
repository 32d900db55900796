"""What a month end knew stays what it knew (C2): nothing that comes later moves features or scores by a bit.

Two banks get equal deliveries up to a month end. One is built as of that day and then goes on. The other's
later deliveries are all different and tell the past anew; it takes everything in at once, so that what came
later lies there while the month end is built.
"""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from unittest.mock import patch

import pytest
from conftest import own_bank
from handmade_deliveries import read_delivery, write_delivery
from night_support import LOADING, query, run_night, warm

from pipelines import gates
from pipelines.demo_bank import write_demo_bank
from pipelines.settings import Settings
from pipelines.sources import Table, load_source

FIRST, KNOWN, LAST = date(2026, 8, 1), date(2026, 8, 31), date(2026, 9, 10)
LATER = KNOWN + timedelta(days=1)
# What is delivered later here no gate would let pass.
OPEN = gates.GateVerdict(True, (), (), 1, "", date.min)
# Columns that the later deliveries must move in the month after, else they prove nothing.
MOVED = (
    *(
        "aum_now_change",
        "net_outflow_last_share",
        "complaint_count",
        "days_since_complaint",
        "market_gap_rate",
    ),
    *("has_new_relocation", "has_new_branch", "contact_count", "aum_trailing_amount"),
    *("transaction_trailing_count", "days_to_maturity"),
)
Known = list[tuple[str, ...]]


@pytest.fixture(scope="module")
def banks(server, tmp_path_factory) -> Iterator[tuple[Settings, Settings]]:
    """One bank as it was delivered, and one that was delivered something else after KNOWN."""
    folder = tmp_path_factory.mktemp("leakage")
    write_demo_bank(folder / "landing", customers=80, first_date=FIRST, last_date=LAST)
    shutil.copytree(folder / "landing", folder / "other")
    tell_otherwise(folder / "other")
    with loaded(server, folder / "landing") as bank, loaded(server, folder / "other") as other:
        yield bank, other


@contextmanager
def loaded(server, landing: Path) -> Iterator[Settings]:
    """A bank with an empty database over a landing folder."""
    with own_bank(server, landing.parent / f"var_{landing.name}", "demo", landing) as settings:
        yield replace(settings, landing=landing)


def test_what_came_later_moves_nothing_that_was_known(banks):
    bank, other = banks
    with warm(), patch.object(gates, "call_gate", lambda *_: OPEN):
        run_night(bank, KNOWN, skipped=LOADING)
        known = features(bank, KNOWN), scores(bank, KNOWN)
        run_night(bank, LAST, skipped=LOADING)
        run_night(other, LAST, skipped=LOADING)
    assert len(known[0]) > 60
    assert len(known[1]) > 60
    assert (features(bank, KNOWN), scores(bank, KNOWN)) == known, "the night after moved what was known"
    assert (features(other, KNOWN), scores(other, KNOWN)) == known, "what came later was known before"
    assert moved(bank, other) == set(MOVED), "the other deliveries say nothing else"


def features(settings: Settings, until: date) -> Known:
    """Every row of churn_features up to a month end, as text."""
    month = until.year * 12 + until.month - 1
    return query(
        settings, "select t::text from marts.churn_features as t where month_number <= %s order by 1", month
    )


def scores(settings: Settings, until: date) -> Known:
    """Every score given up to a date, as text, without the number of its line."""
    return query(
        settings,
        "select (to_jsonb(t) - '_line_number')::text from raw.churn_model__scores as t "
        "where _received_date <= %s order by 1",
        until,
    )


def moved(bank: Settings, other: Settings) -> set[str]:
    """The columns of MOVED whose values of the last month differ between the banks."""
    found = [
        {
            name: query(settings, f"select customer_id, {name} {OF_THE_LAST_MONTH} order by 1")
            for name in MOVED
        }
        for settings in (bank, other)
    ]
    return {name for name in MOVED if found[0][name] != found[1][name]}


OF_THE_LAST_MONTH = f"from marts.churn_features where month_number = {LAST.year * 12 + LAST.month - 1}"


# ── the other deliveries ────────────────────────────────────────────────────────────────────────────────────


def tell_otherwise(landing: Path) -> None:
    """After KNOWN: other amounts day by day, and on the first day all of the past told anew."""
    core, crm = load_source("core"), load_source("crm")
    for name, amount in (("transactions", "amount"), ("balances", "balance")):
        table = core.table(name)
        told = [row for day in days(FIRST, KNOWN) for row in read_delivery(landing, table, day)]
        for day in days(LATER, LAST):
            rows = [scaled(row, amount, 2) for row in read_delivery(landing, table, day)]
            again = [scaled(row, amount, 3) for row in told] if day == LATER else []
            if name == "transactions":
                again += [{**row, "transaction_no": f"X{row['transaction_no']}"} for row in again]
            write_delivery(landing, table, day, [*again, *rows])
    tell_again(landing, core.table("customers"), region="另一地区", address="另一地址", branch_no="B099")
    tell_again(
        landing, core.table("accounts"), branch_no="B099", maturity_date=str(KNOWN + timedelta(days=60))
    )
    tell_again(landing, core.table("transfer_prices"), annual_rate="0.09000000")
    clients = [row["client_no"] for row in read_delivery(landing, crm.table("clients"), FIRST)]
    complaint = {"kind": "COMPLAINT", "category": "FEES", "received_date": str(LATER), "branch_no": "B001"}
    contact = {"manager_no": "M1", "contact_date": str(LATER), "channel": "PHONE", "purpose": "SALES"}
    contact["result"] = "INTERESTED"
    for table, event in ((crm.table("feedback"), complaint), (crm.table("contacts"), contact)):
        rows = [event | {table.key[0]: f"X{client}", "client_no": client} for client in clients]
        write_delivery(landing, table, LATER, [*read_delivery(landing, table, LATER), *rows])


def tell_again(landing: Path, table: Table, **cells: str) -> None:
    """After KNOWN all rows have other cells, and on the first day so has the newest version of every key."""
    newest: dict[tuple[str, ...], Mapping[str, str]] = {}
    for day in days(FIRST, LAST):
        rows = {tuple(row[name] for name in table.key): row for row in read_delivery(landing, table, day)}
        newest |= rows
        if day > KNOWN:
            told = newest if day == LATER else rows
            write_delivery(landing, table, day, [{**row, **cells} for row in told.values()])


def scaled(row: Mapping[str, str], name: str, factor: int) -> dict[str, str]:
    return {**row, name: str(Decimal(row[name]) * factor)}


def days(first: date, last: date) -> Iterator[date]:
    return (first + timedelta(days=number) for number in range((last - first).days + 1))
