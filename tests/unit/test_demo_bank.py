import csv
import json
import re
import shutil
from collections import defaultdict
from datetime import date
from decimal import Decimal
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from pipelines.demo_bank import DemoBankError, numbers, write_demo_bank
from pipelines.demo_bank.bank import MANIFEST, truth_path
from pipelines.demo_bank.calendar import Calendar
from pipelines.demo_bank.people import INSTITUTION, PERSON
from pipelines.demo_bank.simulation import Simulation
from pipelines.demo_bank.world import NEVER, World
from pipelines.demo_bank.writing import SOURCES, money
from pipelines.sources.declaration import load_source

FIRST, LAST = date(2025, 9, 1), date(2025, 11, 30)
SMALL = {"seed": 7, "customers": 120, "first_date": FIRST, "last_date": LAST}
DATES = [Calendar(FIRST, LAST).text(day) for day in range(Calendar(FIRST, LAST).days)]
FULL_WIDTH = str.maketrans("０１２３４５６７８９Ｘ", "0123456789X")


def hash_of(landing: Path) -> str:
    found = sha256()
    for path in sorted([*landing.rglob("*"), truth_path(landing)]):
        if path.is_file():
            found.update(str(path.relative_to(landing.parent)).encode() + path.read_bytes())
    return found.hexdigest()


@pytest.fixture(scope="module")
def landing(tmp_path_factory):
    landing = tmp_path_factory.mktemp("demo") / "landing"
    write_demo_bank(landing, **SMALL)
    return landing


@pytest.fixture(scope="module")
def rows(landing):
    """Rows of a table as dicts with `received`, over all days in order of receipt."""

    def read(source: str, table: str) -> list[dict[str, str]]:
        found = []
        for when in DATES:
            with (landing / source / when / f"{table}.csv").open(encoding="utf-8", newline="") as file:
                found += [{**row, "received": when} for row in csv.DictReader(file)]
        return found

    return read


def every_table():
    return [table for source in SOURCES for table in load_source(source).tables]


def identity_rows(rows):
    for source, table in (
        ("core", "customers"),
        ("loans", "borrowers"),
        ("cards", "cardholders"),
        ("wealth", "investors"),
    ):
        for row in rows(source, table):
            yield source, row


def normal(number: str) -> str:
    """The 18-character writing in capitals."""
    number = number.translate(FULL_WIDTH).upper()
    if len(number) == 15:
        first_17 = number[:6] + "19" + number[6:]
        return first_17 + numbers.person_check(first_17)
    return number


def test_two_runs_give_equal_bytes_and_another_seed_gives_others(landing, tmp_path):
    write_demo_bank(tmp_path / "again" / "landing", **SMALL)
    assert hash_of(tmp_path / "again" / "landing") == hash_of(landing)
    write_demo_bank(tmp_path / "other" / "landing", **{**SMALL, "seed": 8})
    assert hash_of(tmp_path / "other" / "landing") != hash_of(landing)


def test_a_whole_bank_is_kept_and_a_broken_one_is_written_anew(landing, tmp_path):
    copy = tmp_path / "landing"
    shutil.copytree(landing.parent, tmp_path, dirs_exist_ok=True)
    kept = write_demo_bank(copy, **SMALL)
    assert not kept.is_fresh
    assert kept.rows["core.transactions"] > 0
    shutil.rmtree(copy / "cards" / DATES[40])
    (copy / MANIFEST).write_text(json.dumps({"state": "writing"}))
    steps = []
    again = write_demo_bank(copy, **SMALL, progress=lambda done, days: steps.append((done, days)))
    assert again.is_fresh
    assert again.rows == kept.rows
    assert steps[-1] == (len(DATES), len(DATES))
    assert hash_of(copy) == hash_of(landing)


def test_deliveries_of_somebody_else_are_never_touched(tmp_path):
    mine = tmp_path / "landing" / "core" / "2025-09-01" / "customers.csv"
    mine.parent.mkdir(parents=True)
    mine.write_text("x")
    with pytest.raises(DemoBankError, match="did not write"):
        write_demo_bank(tmp_path / "landing", **SMALL)
    assert mine.read_text() == "x"


@pytest.mark.parametrize("change", [{"customers": 3}, {"last_date": FIRST}])
def test_impossible_banks_are_refused(tmp_path, change):
    with pytest.raises(DemoBankError):
        write_demo_bank(tmp_path / "landing", **{**SMALL, **change})


@pytest.mark.parametrize("table", every_table(), ids=lambda table: table.raw_name)
def test_every_folder_is_whole_and_its_control_file_right(landing, table):
    total = 0
    assert sorted(path.name for path in (landing / table.source).iterdir()) == DATES
    for when in DATES:
        folder = landing / table.source / when
        content = (folder / table.file_name).read_bytes()
        control = json.loads((folder / table.control_name).read_text())
        lines = content.decode().splitlines()
        read = list(csv.DictReader(lines))
        assert lines[0] == ",".join(table.column_names)
        assert control["sha256"] == sha256(content).hexdigest()
        assert control["rows"] == len(read) == len(lines) - 1
        sums = {column: sum((Decimal(row[column]) for row in read), Decimal()) for column in table.sums}
        assert {column: Decimal(text) for column, text in control["sums"].items()} == sums
        total += len(read)
    assert total > 0


@pytest.mark.parametrize("table", every_table(), ids=lambda table: table.raw_name)
def test_rows_are_clean(rows, table):
    seen, last = set(), {}
    for row in rows(table.source, table.name):
        key = tuple(row[column] for column in table.key)
        assert (key, row["received"]) not in seen
        assert table.mode == "upsert" or key not in last
        assert not table.date_column or row[table.date_column] <= row["received"]
        assert table.mode == "upsert" or row[table.date_column] == row["received"]
        assert all(row[column.name] for column in table.columns if column.required)
        content = {name: row[name] for name in table.column_names}
        assert last.get(key) != content, "an upsert without a change"
        seen.add((key, row["received"]))
        last[key] = content
        for column in table.columns:
            if column.type == "decimal" and row[column.name]:
                assert re.fullmatch(r"-?\d+\.\d{2,4}", row[column.name])


@pytest.mark.parametrize(
    ("source", "child", "column", "parent"),
    [
        ("core", "accounts", "customer_no", "customers"),
        ("core", "balances", "account_no", "accounts"),
        ("core", "transactions", "account_no", "accounts"),
        ("loans", "loans", "borrower_no", "borrowers"),
        ("loans", "loan_balances", "loan_no", "loans"),
        ("cards", "cards", "holder_no", "cardholders"),
        ("cards", "card_balances", "card_ref", "cards"),
        ("cards", "card_transactions", "card_ref", "cards"),
        ("wealth", "contracts", "investor_no", "investors"),
        ("wealth", "contract_values", "contract_no", "contracts"),
        ("wealth", "orders", "contract_no", "contracts"),
    ],
)
def test_nothing_is_an_orphan_on_the_day_it_arrives(rows, source, child, column, parent):
    known = {}
    for row in rows(source, parent):
        known.setdefault(row[column], row["received"])
    assert all(known[row[column]] <= row["received"] for row in rows(source, child))


@pytest.mark.parametrize(
    ("source", "balances", "transactions", "key", "up"),
    [
        ("core", "balances", "transactions", "account_no", "C"),
        ("cards", "card_balances", "card_transactions", "card_ref", "D"),
    ],
)
def test_balances_tie_to_transactions(rows, source, balances, transactions, key, up):
    moved = defaultdict(Decimal)
    for row in rows(source, transactions):
        amount = Decimal(row["amount"])
        assert amount > 0
        moved[row[key], row["transaction_date"]] += amount if row["direction"] == up else -amount
    balance: dict[str, Decimal] = {}
    for row in rows(source, balances):
        account, when, reported = row[key], row["balance_date"], Decimal(row["balance"])
        opening = reported if when == DATES[0] else balance.get(account, Decimal())
        balance[account] = opening + moved.pop((account, when), Decimal())
        assert balance[account] == reported
    assert not moved, "transactions on a day without a balance"


def test_only_current_accounts_are_overdrawn_and_closed_ones_are_empty(rows):
    accounts = {row["account_no"]: row for row in rows("core", "accounts")}
    last = {row["account_no"]: Decimal(row["balance"]) for row in rows("core", "balances")}
    assert all(last[number] == 0 for number, row in accounts.items() if row["closed_date"])
    assert all(last[number] >= 0 for number, row in accounts.items() if row["product_code"] == "TD")
    assert any(row["closed_date"] for row in accounts.values())


@pytest.mark.parametrize(
    ("source", "table", "column"),
    [
        ("loans", "loan_balances", "balance"),
        ("cards", "card_balances", "balance"),
        ("wealth", "contract_values", "market_value"),
    ],
)
def test_debts_and_values_are_never_negative(rows, source, table, column):
    assert all(Decimal(row[column]) >= 0 for row in rows(source, table))


def test_identity_numbers_are_well_formed_and_belong_to_nobody(rows):
    writings = set()
    for _, row in identity_rows(rows):
        written = row["identity_number"]
        if not written:
            continue
        number = normal(written)
        if row["identity_type"] == "USCC":
            assert number[2:4] == numbers.UNASSIGNED_REGION
            assert numbers.credit_check(number[:17]) == number[17]
            continue
        assert number[:2] == numbers.UNASSIGNED_REGION
        assert numbers.person_check(number[:17]) == number[17]
        date.fromisoformat(f"{number[6:10]}-{number[10:12]}-{number[12:14]}")
        if row.get("birth_date"):
            assert number[6:14] == row["birth_date"].replace("-", "")
            assert int(number[16]) % 2 == (row["sex"] == "M")
        writings.add("15" if len(written) == 15 else "wide" if not written.isascii() else "18")
    assert {"15", "18"} <= writings


def test_the_check_characters_are_those_of_the_standards():
    # The standard's own worked examples.
    assert numbers.person_check("11010519491231002") == "X"
    assert numbers.person_check("44052418800101001") == "4"
    assert numbers.fifteen_digits("11010519491231002X") == "110105491231002"
    assert numbers.full_width("12X") == "１２Ｘ"


def test_contacts_lie_outside_every_real_range(rows):
    for _, row in identity_rows(rows):
        assert not row["phone"] or re.fullmatch(r"127\d{8}", row["phone"])
        assert not row.get("email") or row["email"].endswith("@example.com")


def test_truth_names_every_record_once_and_exact_matching_finds_it_in_the_end(landing, rows):
    with truth_path(landing).open(encoding="utf-8", newline="") as file:
        truth = {
            (row["source_code"], row["source_customer_id"]): row["person_id"] for row in csv.DictReader(file)
        }
    last, first = {}, {}
    for source, row in identity_rows(rows):
        record = (source, next(iter(row.values())))
        last[record] = normal(row["identity_number"])
        first.setdefault(record, last[record])
    assert set(last) == set(truth)
    owner = {}
    for record, number in last.items():
        assert owner.setdefault(number, truth[record]) == truth[record]
    assert len(owner) == len(set(truth.values())) >= SMALL["customers"]
    wrong = {record for record in last if first[record] != last[record]}
    shared = {record for record in wrong if owner.get(first[record], truth[record]) != truth[record]}
    assert len(shared) >= 3, "records that must split"
    assert len(wrong - shared) >= 3, "records that must merge"


def test_the_world_has_every_kind_band_and_mood():
    bank = Simulation(World(), 20251101, 2000, Calendar(FIRST, date(2026, 10, 31)))
    habits, people = bank.scene.habits, bank.people
    persons = people.kind == PERSON
    assert people.count >= 2000
    assert (people.kind == INSTITUTION).any()
    assert len(set(people.identity)) == people.count
    bands = np.bincount(
        np.digitize(habits.wealth[persons & (people.joined <= 0)], [1e5, 1e6, 5e6]), minlength=4
    )
    assert (bands > 0).all()
    assert (np.bincount(habits.mood, minlength=6) > 0).all()
    richest = np.sort(habits.wealth[persons])[-persons.sum() // 50 :].sum()
    assert richest / habits.wealth[persons].sum() > 0.3
    alone = (habits.core_day == NEVER) & (habits.card_day != NEVER)
    assert alone.any()


@pytest.mark.parametrize(("cents", "text"), [(0, "0.00"), (5, "0.05"), (-5, "-0.05"), (-12345, "-123.45")])
def test_money_is_written_exactly(cents, text):
    assert money(cents) == text
