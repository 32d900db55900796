import csv
import gzip
import json
import re
import shutil
from collections import defaultdict
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from pyarrow import parquet

from pipelines.demo_bank import DemoBankError, keep_demo_bank, numbers, write_demo_bank
from pipelines.demo_bank.bank import MANIFEST
from pipelines.demo_bank.calendar import Calendar
from pipelines.demo_bank.truth import HAZARDS, truth_path
from pipelines.demo_bank.world import World
from pipelines.demo_bank.writing import EMPTY, SOURCES, WritingError, money, numbered, write_table
from pipelines.sources.declaration import load_source

FIRST, LAST = date(2025, 9, 1), date(2025, 10, 31)
SMALL = {"seed": 7, "customers": 150, "first_date": FIRST, "last_date": LAST}
TINY = {"seed": 7, "customers": 50, "first_date": FIRST, "last_date": date(2025, 9, 30)}
DATES = [Calendar(FIRST, LAST).text(day) for day in range(Calendar(FIRST, LAST).days)]
FULL_WIDTH = str.maketrans("０１２３４５６７８９Ｘ", "0123456789X")
FORMAT_TABLES = ("customers", "cardholders", "companies", "clients", "investors", "borrowers", "users")
# Seldom filled, or only by a larger or longer-lived bank than the small one.
RARE = {
    "core.deleted_transactions",
    "loans.loan_rates",
    "loans.guarantors",
    "loans.credit_events",
    "cards.card_events",
    "crm.feedback",
    "crm.referrals",
    "crm.campaign_responses",
    "crm.privileges_used",
    "crm.applications",
    "crm.declared_assets",
    "corporate.annual_statements",
    "corporate.credit_lines",
    "corporate.groups",
    "corporate.group_members",
    "corporate.agreements",
}


def hash_of(landing: Path) -> str:
    found = sha256()
    for path in sorted([*landing.rglob("*"), truth_path(landing), truth_path(landing, HAZARDS)]):
        if path.is_file():
            found.update(str(path.relative_to(landing.parent)).encode() + path.read_bytes())
    return found.hexdigest()


@pytest.fixture(scope="module")
def landing(tmp_path_factory):
    landing = tmp_path_factory.mktemp("demo") / "landing"
    write_demo_bank(landing, **SMALL)
    return landing


def read_file(path: Path, table) -> list[dict[str, str]]:
    """The rows of a delivered file as texts, None as an empty one; the format is the declared one."""
    if table.file == "parquet":
        rows = parquet.read_table(path).to_pylist()
        return [
            {k: "" if v is None else f"{v:f}" if isinstance(v, Decimal) else str(v) for k, v in row.items()}
            for row in rows
        ]
    content = path.read_bytes()
    content = gzip.decompress(content) if table.file == "csv.gz" else content
    text = content.removeprefix(b"\xef\xbb\xbf").decode(table.encoding)
    lines = csv.reader(text.splitlines(), delimiter=table.delimiter, strict=True)
    head = next(lines) if table.header else list(table.column_names)
    assert tuple(head) == table.column_names
    return [dict(zip(head, fields, strict=True)) for fields in lines]


@pytest.fixture(scope="module")
def rows(landing):
    """Rows of a table as dicts with `received`, over all days in order of receipt."""

    @lru_cache(maxsize=64)
    def read(source: str, name: str) -> list[dict[str, str]]:
        table = load_source(source).table(name)
        return [
            {**row, "received": when}
            for when in DATES
            for row in read_file(landing / source / when / table.file_name, table)
        ]

    return read


def every_table():
    return [table for source in SOURCES for table in load_source(source).tables]


def identity_rows(rows):
    for source, table in (
        ("core", "customers"),
        ("loans", "borrowers"),
        ("cards", "cardholders"),
        ("wealth", "investors"),
        ("channels", "users"),
        ("crm", "clients"),
        ("corporate", "companies"),
    ):
        for row in rows(source, table):
            yield source, row


def plain(written: str) -> str:
    """Without blanks and signs, in ASCII capitals."""
    return re.sub(r"[\s-]", "", written.translate(FULL_WIDTH)).upper()


def test_two_runs_give_equal_bytes_and_other_seeds_and_worlds_give_others(tmp_path):
    for place, change in {
        "one": {},
        "two": {},
        "seed": {"seed": 8},
        "world": {"world": World(kind="null")},
    }.items():
        write_demo_bank(tmp_path / place / "landing", **{**TINY, **change})
        (tmp_path / place / "landing" / MANIFEST).unlink()
    hashes = {place: hash_of(tmp_path / place / "landing") for place in ("one", "two", "seed", "world")}
    assert hashes["one"] == hashes["two"]
    assert len(set(hashes.values())) == 3


def test_a_whole_bank_is_kept_and_a_broken_one_is_written_anew(tmp_path):
    landing = tmp_path / "landing"
    first = write_demo_bank(landing, **TINY)
    bytes_of = hash_of(landing)
    assert first.is_fresh
    assert not write_demo_bank(landing, **TINY).is_fresh
    assert not keep_demo_bank(landing).is_fresh, "a bank of another size than the default is kept"
    shutil.rmtree(landing / "cards" / DATES[20])
    manifest = json.loads((landing / MANIFEST).read_text())
    (landing / MANIFEST).write_text(json.dumps({**manifest, "state": "writing"}))
    steps = []
    again = keep_demo_bank(landing, progress=lambda done, days: steps.append((done, days)))
    assert again.is_fresh
    assert again.rows == first.rows
    assert steps[-1] == (30, 30)
    assert hash_of(landing) == bytes_of


def test_an_interrupted_bank_is_written_anew(tmp_path):
    def interrupt(done: int, days: int) -> None:
        if done == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_demo_bank(tmp_path / "landing", **TINY, progress=interrupt)
    assert write_demo_bank(tmp_path / "landing", **TINY).is_fresh


def test_deliveries_of_somebody_else_are_never_touched(tmp_path):
    mine = tmp_path / "landing" / "core" / "2025-09-01" / "customers.csv"
    mine.parent.mkdir(parents=True)
    mine.write_text("x")
    with pytest.raises(DemoBankError, match="did not write"):
        write_demo_bank(tmp_path / "landing", **SMALL)
    assert mine.read_text() == "x"


@pytest.mark.parametrize("change", [{"customers": 3}, {"last_date": FIRST}, {"world": World(kind="flat")}])
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
        read = read_file(folder / table.file_name, table)
        assert control["sha256"] == sha256(content).hexdigest()
        assert control["rows"] == len(read)
        sums = {column: sum((Decimal(row[column]) for row in read), Decimal()) for column in table.sums}
        assert {column: Decimal(text) for column, text in control["sums"].items()} == sums
        assert content.startswith(b"\xef\xbb\xbf") == (table.source == "crm")
        total += len(read)
    assert total > 0 or f"{table.source}.{table.name}" in RARE


@pytest.mark.parametrize("table", every_table(), ids=lambda table: table.raw_name)
def test_rows_are_clean(rows, table):
    seen, last = set(), {}
    for row in rows(table.source, table.name):
        key = tuple(row[column] for column in table.key)
        assert (key, row["received"]) not in seen
        assert table.mode != "increment" or key not in last
        assert not table.date_column or row[table.date_column] <= row["received"]
        assert table.mode != "increment" or not table.date_column or row[table.date_column] == row["received"]
        assert all(row[column.name] for column in table.columns if column.required)
        content = {name: row[name] for name in table.column_names}
        assert table.mode != "upsert" or last.get(key) != content, "an upsert without a change"
        seen.add((key, row["received"]))
        last[key] = content
        for column in table.columns:
            if column.type == "decimal" and row[column.name]:
                assert re.fullmatch(rf"-?\d+\.\d{{{column.scale}}}", row[column.name])


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
        ("core", "account_holders", "customer_no", "customers"),
        ("core", "account_holders", "account_no", "accounts"),
        ("core", "customer_relations", "customer_no", "customers"),
        ("loans", "repayments", "loan_no", "loans"),
        ("loans", "credit_grades", "borrower_no", "borrowers"),
        ("cards", "card_events", "card_ref", "cards"),
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


def test_identity_numbers_belong_to_nobody_and_most_are_well_formed(rows):
    right, count, writings = 0, 0, set()
    for _, row in identity_rows(rows):
        number = plain(row["identity_number"])
        if row["identity_type"] not in ("ID", "USCC") or len(set(number)) < 2:
            continue
        is_body = row["identity_type"] == "USCC"
        region = number[2:4] if is_body and len(number) == 18 else number[:2]
        count += 1
        if len(number) == 18 and region == numbers.UNASSIGNED_REGION:
            check = numbers.credit_check if is_body else numbers.person_check
            right += check(number[:17]) == number[17]
        else:
            right += len(number) == 15 and region == numbers.UNASSIGNED_REGION
        writings.add(len(number))
    assert right / count > 0.95
    assert {15, 18} <= writings


def test_the_check_characters_are_those_of_the_standards():
    # The standard's own worked examples.
    assert numbers.person_check("11010519491231002") == "X"
    assert numbers.person_check("44052418800101001") == "4"
    assert numbers.fifteen_digits_of(np.array(["11010519491231002X"])).tolist() == ["110105491231002"]
    assert numbers.full_width_of(np.array(["12X"])).tolist() == ["１２Ｘ"]


def test_contacts_lie_outside_every_real_range(rows):
    for _, row in identity_rows(rows):
        phone = plain(row["phone"])
        mobile = phone[-11:] if len(phone) >= 11 else ""
        assert not re.fullmatch(r"1[3-9]\d{9}", mobile), phone
        assert not row.get("email") or row["email"].strip().endswith("@example.com")


def test_truth_names_every_record_once(landing, rows):
    with truth_path(landing).open(encoding="utf-8", newline="") as file:
        named = [(row["source_code"], row["source_customer_id"]) for row in csv.DictReader(file)]
    delivered = {(source, next(iter(row.values()))) for source, row in identity_rows(rows)}
    assert len(named) == len(set(named))
    assert set(named) == delivered


def test_holders_may_be_several_and_relations_have_two_sides(rows):
    roles = {row["role"] for row in rows("core", "account_holders")}
    assert roles == {"OWNER", "JOINT", "AUTHORISED"}
    couples = {
        (row["customer_no"], row["related_customer_no"])
        for row in rows("core", "customer_relations")
        if row["relation"] == "SPOUSE"
    }
    assert couples
    assert couples == {(other, one) for one, other in couples}


def test_a_market_value_is_quantity_times_price_to_the_cent(rows):
    values = rows("wealth", "contract_values")
    products = {row["contract_no"]: row["product_code"] for row in rows("wealth", "contracts")}
    assert set(products.values()) == {"FUND", "WMP", "INSURANCE", "CUSTODY"}
    for row in values:
        worth = Decimal(row["quantity"]) * Decimal(row["price"])
        assert Decimal(row["market_value"]) == worth.quantize(Decimal("0.01"), ROUND_HALF_UP)
        assert products[row["contract_no"]] != "CUSTODY" or row["price"] == "1.0000"


def test_repayments_of_principal_are_what_debts_lose(rows):
    paid = defaultdict(Decimal)
    for row in rows("loans", "repayments"):
        paid[row["loan_no"], row["repayment_date"]] += Decimal(row["principal"])
    balance: dict[str, Decimal] = {}
    for row in rows("loans", "loan_balances"):
        loan, now = row["loan_no"], Decimal(row["balance"])
        before = balance.get(loan, now)
        assert before - paid.pop((loan, row["balance_date"]), Decimal()) == now or loan not in balance
        balance[loan] = now
    assert not paid


def test_rates_and_prices_are_known_from_the_first_day_on(rows):
    assert {row["product_code"] for row in rows("core", "product_rates")} == {"CUR", "TD"}
    assert {row["curve"] for row in rows("core", "transfer_prices")} == {"DEPOSIT", "LOAN"}
    days = defaultdict(set)
    for row in rows("core", "exchange_rates"):
        days[row["currency"]].add(row["rate_date"])
    assert days == {currency: set(DATES) for currency in ("USD", "HKD", "EUR")}
    assert all(row["from_date"] <= row["received"] for row in rows("core", "channel_costs"))


@pytest.mark.parametrize(("cents", "text"), [(0, "0.00"), (5, "0.05"), (-5, "-0.05"), (-12345, "-123.45")])
def test_money_is_written_exactly(cents, text):
    assert money(cents) == text


def test_a_frame_that_is_not_the_declared_table_is_refused(tmp_path):
    table, calendar = load_source("core").table("balances"), Calendar(FIRST, LAST)
    good = {"account_no": ["A1"], "balance_date": 3, "balance": [5]}
    assert write_table(tmp_path, table, good, calendar) == 1
    with pytest.raises(WritingError, match="declared are account_no, balance_date, balance"):
        write_table(tmp_path, table, {"account_no": ["A1"], "balance": [5]}, calendar)
    with pytest.raises(WritingError, match="2 values of balance, not 1"):
        write_table(tmp_path, table, {**good, "balance": [5, 6]}, calendar)


@pytest.mark.parametrize("source", ["core", "cards", "corporate", "crm", "wealth", "loans", "channels"])
def test_texts_and_numbers_survive_every_format(tmp_path, source):
    table = next(one for one in load_source(source).tables if one.name in FORMAT_TABLES)
    awkward = {"text": ["云岚市 a", "b"], "date": [-1, EMPTY], "decimal": [-5, EMPTY], "integer": [7, EMPTY]}
    frame = {column.name: awkward[column.type] for column in table.columns}
    write_table(tmp_path, table, frame, Calendar(FIRST, LAST))
    for row, place in zip(read_file(tmp_path / table.file_name, table), (0, 1), strict=True):
        for column in table.columns:
            wanted = {
                "text": ("云岚市 a", "b"),
                "date": ("2025-08-31", ""),
                "decimal": (f"-{Decimal(5).scaleb(-(column.scale or 0)):f}", ""),
                "integer": ("7", ""),
            }[column.type][place]
            assert row[column.name] == wanted


def test_numbers_are_padded_and_a_negative_one_is_none():
    assert numbered("A", np.array([7, -1, 123]), 5).to_pylist() == ["A00007", None, "A00123"]
