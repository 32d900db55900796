"""Bad input stops a night: readers notice nothing, and the night says what is wrong and where."""

import csv
import gzip
import json
import re
import shutil
from contextlib import closing
from dataclasses import replace
from hashlib import sha256

import psycopg2
import pytest
from handmade_deliveries import control_of, data_bytes, read_delivery, write_delivery
from night_support import begin_night, digests, night_state, query, run_night
from small_bank import LAST, NEXT, copied, current_edition, reading, small_bank

from pipelines import nights
from pipelines.gates import GateClosed
from pipelines.landing import DeliveryError
from pipelines.policy import PolicyError
from pipelines.settings import ROOT
from pipelines.sources import load_source
from pipelines.steps import run_step
from pipelines.warehouse import admin_url, reader_url, rooms

TRANSACTIONS = load_source("core").table("transactions")
SECRET = "6222O2O2OO112233"  # stands in a number's place: it may be somebody's card number
HOSTILE = (
    "'; drop schema marts cascade; --",
    '"); drop table raw.core__customers; --',
    "$$; select pg_sleep(60); $$",
    "{{ 1 / 0 }}{% raw %}",
    "%s %(code)s %",
    "\\N",
    "\\.",
    "<script>alert(1)</script>",
    "../../../etc/passwd",
    "=cmd|' /C calc'!A0",
    "one\r\ntwo\tthree",
    "\x1e\x1f",
    "\u202egnp.exe",
    "\U0001f3e6" * 400,
)
FEW, MANY = 2, 10  # of the 250 lines that are added; policy bears one in a hundred


@pytest.fixture(scope="module")
def bank(server, tmp_path_factory):
    with small_bank(server, tmp_path_factory.mktemp("stopped")) as settings:
        yield settings


@pytest.fixture
def delivery(bank):
    """The next night's core.transactions; put right again after the test."""
    delivery = Delivery(bank)
    yield delivery
    delivery.mend()


class Delivery:
    def __init__(self, settings, day=NEXT):
        folder = settings.landing / "core" / day.isoformat()
        self.path, self.control = folder / TRANSACTIONS.file_name, folder / TRANSACTIONS.control_name
        self.good = self.path.read_bytes(), self.control.read_bytes()
        self.rows = read_delivery(settings.landing, TRANSACTIONS, day)

    def mend(self):
        self.path.write_bytes(self.good[0])
        self.control.write_bytes(self.good[1])

    def write(self, rows, promise=None):
        data = data_bytes(TRANSACTIONS, rows)
        self.path.write_bytes(data)
        self.control.write_text(json.dumps(control_of(TRANSACTIONS, rows, data) | (promise or {})))

    def signed(self, data):
        """Other bytes, and a control file that knows them."""
        self.path.write_bytes(data)
        promise = json.loads(self.good[1]) | {"sha256": sha256(data).hexdigest()}
        self.control.write_text(json.dumps(promise))

    def added(self, bad):
        """The day's rows and 250 more, ``bad`` of them unreadable."""
        more = [
            self.rows[0] | {"transaction_no": f"X{number:07d}", "amount": "0.01", "transaction_type": "FEE"}
            for number in range(250)
        ]
        for row in more[: bad - 1]:
            row["amount"] = SECRET
        more[bad - 1]["transaction_date"] = "02.11.2026"
        return self.rows + more


def stops(settings, day, error, *words, state="stopped", step="land"):
    """The night is stopped with these words, readers see what they saw, its page is written."""
    before, edition = reading(settings), current_edition(settings)
    with pytest.raises(error) as raised:
        run_night(settings, day)
    for word in words:
        assert word in str(raised.value)
    assert (reading(settings), current_edition(settings)) == (before, edition), "reporting moved"
    ((number,),) = query(settings, "select max(night_id) from ops.nights")
    ended = night_state(settings, nights.load_night(settings, number))
    assert ended[:2] == (state, step)
    recorded = query(
        settings,
        "select step.state, step.message, report.message from ops.night_steps as step "
        "inner join ops.night_steps as report on step.night_id = report.night_id "
        "where step.night_id = %s and step.step_name = %s and report.step_name = 'report'",
        number,
        step,
    )
    ((step_state, message, page),) = recorded
    assert step_state == "failed"
    for word in words:
        assert word in message
        assert word in ended[2]
    text = (settings.var / settings.bank / "reports" / f"{day}_night_{number}.html").read_text()
    assert page.endswith(f"{day}_night_{number}.html")
    assert "Not published" in text
    assert f"<b>{step}</b>" in text
    return message


def lands(server, settings):
    """Landing the next night goes through (in a copy, so that the bank waits for it still)."""
    with copied(server, settings) as copy:
        night = begin_night(copy, NEXT)
        run_step(copy, night, "land")
        ((dates,),) = query(
            copy,
            "select count(*) from ops.deliveries where received_date = %s and source_code = 'core'",
            NEXT,
        )
        assert dates == len(load_source("core").tables)


PLACE = f"core.transactions {NEXT}: "


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda one: one.path.unlink(), ["the delivery is missing", "transactions.csv.gz"]),
        (
            lambda one: one.path.write_bytes(gzip.compress(gzip.decompress(one.good[0])[:-40])),
            ["truncated", "lines below the header", "promises"],
        ),
        (lambda one: one.path.write_bytes(b""), ["empty (0 bytes)"]),
        (
            lambda one: one.signed(gzip.compress(gzip.decompress(one.good[0]).replace(b"amount", b"sum", 1))),
            ["line 1", "missing: amount; not declared: column 5"],
        ),
        (
            lambda one: one.write([*one.rows, one.rows[0]]),
            ["lines 2 and", "have the same key (transaction_no)"],
        ),
        (
            lambda one: one.write([one.rows[0] | {"transaction_date": "2026-11-03"}, *one.rows[1:]]),
            ["line 2 has transaction_date 2026-11-03", "after the date of receipt"],
        ),
        (
            lambda one: one.write(one.rows, {"sums": {"amount": "1.00"}}),
            ["amount adds up to", "the control total is 1.00"],
        ),
        (lambda one: one.write(one.rows, {"rows": 99}), ["rows, the control file promises 99"]),
    ],
    ids=[
        "missing",
        "truncated",
        "empty",
        "header",
        "duplicate keys",
        "future date",
        "control total",
        "row count",
    ],
)
def test_a_bad_delivery_stops_the_night_before_anything_lands(server, bank, delivery, spoil, words):
    spoil(delivery)
    stops(bank, NEXT, DeliveryError, PLACE, *words, "Nothing was landed.", "run the night again")
    assert query(bank, "select count(*) from raw.core__transactions where _received_date = %s", NEXT) == [
        (0,)
    ]
    delivery.mend()
    lands(server, bank)


def test_a_file_put_into_a_published_night_stops_the_next(server, bank):
    late = Delivery(bank, LAST)
    late.write(late.rows[:-1])
    words = [
        f"core.transactions {LAST}: ",
        "was changed in the folder of a date that is published",
        f"{NEXT} or later",
    ]
    stops(bank, NEXT, DeliveryError, *words)
    late.mend()
    lands(server, bank)


def test_the_same_delivery_twice_changes_nothing(bank):
    before, edition = digests(bank, LAST), current_edition(bank)
    Delivery(bank, LAST).mend()  # the same bytes, written again
    night = run_night(bank, LAST)
    assert night_state(bank, night)[0] == "unchanged"
    assert (digests(bank, LAST), current_edition(bank)) == (before, edition)
    assert query(
        bank,
        "select rows_in, message from ops.night_steps where night_id = %s and step_name = 'land'",
        night.night_id,
    ) == [(0, "0 deliveries")]


# ── policy ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("second", "words"),
    [
        (("2026-10-15", ""), ["rfm_window_months", "overlap", "parameters.csv row"]),
        (("2026-11-05", ""), ["rfm_window_months", f"gap between {LAST}", f"begin it on {NEXT}"]),
    ],
    ids=["overlap", "gap"],
)
def test_a_policy_that_does_not_hold_stops_the_night(server, bank, tmp_path, second, words):
    """The old row ends on the last published date; the new one begins too early, or after a gap."""
    folder = tmp_path / "policy"
    shutil.copytree(ROOT / "policy", folder)
    path = folder / "parameters.csv"
    with path.open(newline="", encoding="utf-8") as lines:
        rows = list(csv.reader(lines))
    at = rows[0].index("effective_from")
    old = next(row for row in rows if row[0] == "rfm_window_months")
    new = [*old[:at], *second, *old[at + 2 :]]
    old[at + 1] = LAST.isoformat()
    with path.open("w", newline="", encoding="utf-8") as lines:
        csv.writer(lines).writerows([*rows, new])
    stops(replace(bank, policy_folder=folder), NEXT, PolicyError, *words)
    lands(server, bank)


# ── single lines that cannot be read ────────────────────────────────────────────────────────────────────────


def test_many_unreadable_lines_close_the_gate_few_are_set_aside(bank, delivery):
    delivery.write(delivery.added(MANY))
    words = [
        "quarantine_share.core.transactions on core__transactions",
        f"{MANY} unexpected",
        f"closed on {NEXT}",
    ]
    message = stops(bank, NEXT, GateClosed, *words, step="gate_delivery")
    assert SECRET not in message
    assert "quarantine_share.core.transactions" in page(bank)

    delivery.write(delivery.added(FEW))  # delivered again: the same folder, as the night is not published
    deliver_hostile_texts(bank.landing)
    night = run_night(bank, NEXT)
    assert night_state(bank, night)[0] == "published"
    assert current_edition(bank) == "edition_20261102_1"
    found = query(
        bank,
        "select source_code, table_name, received_date, line_number, rule_id, column_name, value_mask, "
        "length(value_hmac) from ops.quarantine order by line_number",
    )
    first = len(delivery.rows) + 2
    assert found == [
        ("core", "transactions", NEXT, first, "not_a_decimal", "amount", "6…(16)", 64),
        ("core", "transactions", NEXT, first + 1, "not_a_date", "transaction_date", "0…(10)", 64),
    ]
    assert SECRET not in page(bank)
    assert query(bank, "select count(*) from marts.transactions where transaction_id like '%%X0%%'") == [
        (250 - FEW,)
    ]
    are_texts_and_nothing_else(bank)


def deliver_hostile_texts(landing):
    """Branches, and customers with an account each, whose free cells and numbers are those of HOSTILE."""
    dated = {"branch_no": HOSTILE[0], "opened_date": "2020-01-01"}
    account = {"product_code": "CUR", "currency": "CNY", "annual_rate": "0.002", **dated}
    free = ("customer_no", "full_name", "identity_number", "phone", "email", "region", "address", "hobby")
    made = {
        "branches": [
            {"branch_no": text, "branch_name": text, "region": text, "opened_date": "1990-01-01"}
            for text in HOSTILE
        ],
        "customers": [
            {**dict.fromkeys(free, text), **dated, "customer_kind": "P", "identity_type": "ID"}
            for text in HOSTILE
        ],
        "accounts": [{**account, "account_no": text, "customer_no": text} for text in HOSTILE],
        "account_holders": [
            {"account_no": text, "customer_no": text, "role": "OWNER", "from_date": "2020-01-01"}
            for text in HOSTILE
        ],
        "balances": [{"account_no": text, "balance_date": str(NEXT), "balance": "1.00"} for text in HOSTILE],
    }
    for name, rows in made.items():
        table = load_source("core").table(name)
        write_delivery(landing, table, NEXT, [*read_delivery(landing, table, NEXT), *rows])


def are_texts_and_nothing_else(bank):
    """Every hostile text went through all rooms as it came, and did nothing on its way."""
    changed = {}
    for column, relation, prefix in (
        ("customer_no", "raw.core__customers", ""),
        ("full_name", "protected.customer_records", ""),
        ("source_customer_id", "reporting.customer_identities", ""),
        ("account_id", "reporting.customer_accounts", "core:"),
        ("branch_name", "reporting.branches", ""),
        ("hobby_name", "reporting.customer_360", ""),
    ):
        texts = [prefix + text for text in HOSTILE]
        address = reader_url(bank) if relation.startswith("reporting") else admin_url(bank)
        with closing(psycopg2.connect(address)) as connection, connection.cursor() as cursor:
            cursor.execute(f"select {column} from {relation} where {column} = any(%s)", (texts,))
            found = [text for (text,) in cursor.fetchall()]
        if sorted(found) != sorted(texts):
            changed[relation] = found
    assert changed == {}
    assert query(bank, "select count(*) from pg_namespace where nspname = any(%s)", list(rooms.ROOMS)) == [
        (len(rooms.ROOMS),)
    ]
    assert "<script>alert" not in page(bank)


def page(settings):
    """The newest report."""
    return max((settings.var / settings.bank / "reports").iterdir(), key=night_number).read_text()


def night_number(path):
    return int(re.search(r"_night_(\d+)", path.name)[1])
