"""The Berka bank, three nights one after another: what is published against the archive itself."""

import os
from collections import Counter
from contextlib import closing, contextmanager
from datetime import date
from decimal import Decimal
from pathlib import Path

import psycopg2
import pytest
from berka_truth import Archive
from berka_worth import Worth
from conftest import own_bank
from night_support import digests, night_state, query, run_night, warm

from pipelines.settings import ROOT
from pipelines.sources.berka_archive import deliver_archive
from pipelines.warehouse import connect, reader_url

FILES = Path(os.environ.get("YIHU_BERKA_FILES") or ROOT.parent / "shared" / "data" / "berka")
DATES = (date(1993, 12, 31), date(1994, 2, 28), date(1994, 3, 30))
LAST = DATES[-1]
# accounts, loans, cards
KNOWN = {DATES[-1]: (1229, 37, 6)}

pytestmark = pytest.mark.skipif(
    not FILES.is_dir(), reason=f"the Berka files are not at {FILES} (YIHU_BERKA_FILES)"
)


@pytest.fixture(scope="module")
def archive():
    return Archive(FILES)


@pytest.fixture(scope="module")
def bank(server, tmp_path_factory):
    """The bank with all its deliveries, later ones too, before its first night."""
    with made_bank(server, tmp_path_factory.mktemp("berka")) as settings:
        deliver_archive(FILES, settings.landing, LAST)
        yield settings


@pytest.fixture(scope="module")
def wiped_bank(server, bank, tmp_path_factory):
    """The same deliveries, and a database that has seen nothing yet."""
    with made_bank(server, tmp_path_factory.mktemp("wiped"), bank.landing) as settings:
        yield settings


@contextmanager
def made_bank(server, folder, landing=None):
    with warm(), own_bank(server, folder, "berka", landing) as settings:
        with connect(settings) as connection, connection.cursor() as cursor:
            # a night that waits for itself fails
            cursor.execute(f"alter database {connection.info.dbname} set lock_timeout = '60s'")
        yield settings


@pytest.fixture(scope="module", params=DATES, ids=str)
def served(request, bank, archive):
    """One night after another: what readers see of it, and the truth."""
    day = request.param
    night = run_night(bank, day)
    assert night_state(bank, night)[0] == "published"
    return Served(bank, day, archive.on(day))


class Served:
    """A night's business date, its published rows by table, and the truth about the date."""

    def __init__(self, settings, day, truth):
        self.settings, self.day, self.truth, self.worth = settings, day, truth, Worth(truth)
        self.tables = {
            name: published(settings, name)
            for name in ("customer_360", "customer_accounts", "customer_values", "customer_tiers")
        }
        self.client = {
            row["customer_id"]: row["source_customer_id"]
            for row in published(settings, "customer_identities")
        }

    def customers(self, *columns, table="customer_360", scheme=None):
        """Client → his values of a table, of one scheme if there are several."""
        return {
            self.client[row["customer_id"]]: row[columns[0]]
            if len(columns) == 1
            else [row[c] for c in columns]
            for row in self.tables[table]
            if scheme in (None, row.get("scheme_code"))
        }

    def accounts(self, kind):
        """Number → row of the accounts (A), loans (L) or cards (C), each with its owner's row only."""
        rows = [row for row in self.tables["customer_accounts"] if row["role_code"] == "owner"]
        found = {row["source_account_id"][1:]: row for row in rows if row["source_account_id"][0] == kind}
        assert len(found) == sum(row["source_account_id"][0] == kind for row in rows), "one owner each"
        return found

    def ask(self, statement, *values):
        return query(self.settings, statement, *values)

    def read(self, statement, *values):
        """As an analyst who sees every branch."""
        with closing(psycopg2.connect(reader_url(self.settings))) as reader, reader.cursor() as cursor:
            cursor.execute(statement, values)
            return cursor.fetchall()

    def count(self, statement, *values):
        return self.ask(f"select count(*) from {statement}", *values)[0][0]


def published(settings, table):
    with closing(psycopg2.connect(reader_url(settings))) as connection, connection.cursor() as cursor:
        cursor.execute(f"select * from reporting.{table}")
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor]


# ── the figures ─────────────────────────────────────────────────────────────────────────────────────────


def test_clients_accounts_loans_and_cards_are_those_known_on_the_day(served):
    truth = served.truth
    assert Counter(served.client.values()) == Counter(truth.clients), "one customer each"
    assert set(served.customers("customer_id")) == truth.clients
    found = tuple(set(served.accounts(kind)) for kind in "ALC")
    assert found == (truth.accounts, set(truth.loans), truth.cards)
    if served.day in KNOWN:
        assert tuple(map(len, found)) == KNOWN[served.day]


def test_balances_at_the_end_of_the_day_are_the_archives_to_the_cent(served):
    balances = {number: row["balance_amount"] for number, row in served.accounts("A").items()}
    assert sum(balances.values()) == sum(served.truth.balances.values())
    assert balances == served.truth.balances


def test_aum_is_what_owners_hold_and_an_overdraft_is_a_liability(served):
    aum, overdrafts = served.customers("aum_amount"), served.customers("overdraft_amount")
    assert sum(aum.values()) == sum(served.truth.aum.values())
    assert aum == served.truth.aum
    assert overdrafts == served.truth.overdrafts
    assert min(aum.values()) == 0
    for deposit, overdraft, loan, card, liability in served.customers(
        "deposit_amount", "overdraft_amount", "loan_amount", "card_debt_amount", "liability_amount"
    ).values():
        assert deposit >= 0
        assert liability == overdraft + loan + card


def test_accounts_are_overdrawn(served):
    overdrawn = {number for number, balance in served.truth.balances.items() if balance < 0}
    assert overdrawn or served.day == DATES[0], "without one the rule is not tried"
    for number in overdrawn:
        assert served.accounts("A")[number]["balance_amount"] < 0
        assert served.customers("overdraft_amount")[served.truth.owners[number]] > 0


def test_a_loan_is_owed_less_what_was_paid_since_it_was_granted(served):
    debts = {number: row["balance_amount"] for number, row in served.accounts("L").items()}
    assert debts == served.truth.debts
    assert sum(served.customers("loan_amount").values()) == sum(debts.values())


def test_days_whose_balances_do_not_follow_are_listed(served):
    listed = served.ask(
        "select source_account_id, to_char(balance_date, 'YYMMDD'), gap_amount from marts.balance_gaps"
    )
    gaps = {key: gap for key, (_, gap) in served.truth.day_ends.items() if gap > Decimal("0.20")}
    assert {(account, day): gap for account, day, gap in listed} == gaps


# ── who is who ──────────────────────────────────────────────────────────────────────────────────────────


def test_a_disponent_is_a_customer_without_holdings(served):
    assert served.truth.disponents
    customers = served.customers("aum_amount", "account_count", "liability_amount", "life_cycle_code")
    for client in served.truth.disponents:
        assert customers[client] == [0, 0, 0, "authorised_only"]
    assert not [
        client
        for client, (*_, stage) in customers.items()
        if stage == "authorised_only" and client not in served.truth.disponents
    ]
    rights = [row for row in served.tables["customer_accounts"] if row["role_code"] == "disponent"]
    assert {served.client[row["customer_id"]] for row in rights} >= served.truth.disponents
    assert {row["balance_amount"] for row in rights} == {0}


def test_money_is_in_koruna(served):
    assert set(served.customers("currency_code").values()) == {"CZK"}
    assert {row["currency_code"] for row in served.tables["customer_accounts"]} == {"CZK"}


# ── value ───────────────────────────────────────────────────────────────────────────────────────────────

AMOUNTS = {
    "deposit": "deposit_contribution",
    "loan": "loan_contribution",
    "fee": "settlement_fee",
    "transaction_cost": "transaction_cost",
    "service_cost": "service_cost",
    "value": "current_value",
}


def test_what_every_customer_brought_and_cost_follows_the_rule_to_the_cent(served):
    columns = [f"{column}_12m_amount" for column in AMOUNTS.values()]
    found = served.customers(*columns, "revenue_12m_amount", table="customer_values")
    expected = {
        client: [getattr(amounts, name) for name in (*AMOUNTS, "revenue")]
        for client, amounts in served.worth.amounts.items()
    }
    assert found == expected
    deposits, loans, *_, revenue = map(sum, zip(*found.values(), strict=True))
    assert deposits > loans > 0
    assert revenue > 0
    assert min(value for *_, value, _ in found.values()) < 0, "who costs more than he brings is told so"


def test_totals_of_value_add_up(served):
    totals = served.read(
        "select scope_code, measure_code, sum(total_amount), sum(reached_amount), sum(customer_count) "
        "from reporting.value_concentrations where month_end_date = %s and customer_share = 1 group by 1, 2",
        served.day,
    )
    assert len(totals) == 4
    for _, measure, total, reached, customers in totals:
        name = {"revenue": "revenue", "contribution": "value"}[measure]
        assert total == reached == sum(getattr(row, name) for row in served.worth.amounts.values())
        assert customers == len(served.worth.holders)


def test_the_best_fifth_brings_what_it_brings(served):
    shares = served.read(
        "select distinct measure_code, top_customer_share, top_value_share "
        "from reporting.value_concentrations where scope_code = 'bank' and month_end_date = %s",
        served.day,
    )
    expected = {"revenue": served.worth.top("revenue"), "contribution": served.worth.top("value")}
    assert {measure: tuple(found) for measure, *found in shares} == expected
    for customers, brought in expected.values():
        assert customers <= Decimal("0.2") < brought < Decimal("0.8")


# ── tiers ───────────────────────────────────────────────────────────────────────────────────────────────


def test_aum_levels_are_held_as_the_rule_says(served):
    names = {rank: code for rank, _, code in served.worth.bands}
    found = served.customers(
        "tier_code", "metric_tier_code", "metric_value", table="customer_tiers", scheme="aum_level"
    )
    assert found == {
        client: [names[held.rank], names[held.metric_rank], held.metric]
        for client, (*_, held) in served.worth.levels.items()
    }
    assert any(tier != metric for tier, metric, _ in found.values()), "somebody is held above his metric"


def test_who_went_from_which_aum_level_to_which_in_every_month(served):
    found = served.ask(
        "select month_end_date, from_tier_code, to_tier_code, customer_count "
        "from reporting.tier_migrations where scheme_code = 'aum_level'"
    )
    shown = min(day for day, *_ in found)
    expected = {key: count for key, count in served.worth.migrations().items() if key[0] >= shown}
    assert {tuple(key): count for *key, count in found} == expected
    assert len({day for day, *_ in expected}) == min(len(served.worth.months), 13)
    assert {("gold", "ordinary"), ("ordinary", "gold"), ("platinum", "ordinary")} <= {
        tuple(pair) for _, *pair in expected
    }


def test_every_scheme_tells_its_customers_apart(served):
    for scheme in {row["scheme_code"] for row in served.tables["customer_tiers"]}:
        tiers = Counter(served.customers("tier_code", table="customer_tiers", scheme=scheme).values())
        assert sum(tiers.values()) == len(served.truth.clients), scheme
        assert max(tiers.values()) < 0.9 * len(served.truth.clients), (scheme, tiers)


# ── the future stays unseen ─────────────────────────────────────────────────────────────────────────────


def test_nothing_is_visible_that_was_not_known_on_the_day(served):
    for table in ("account", "client", "disp", "loan", "card", "trans", "district"):
        assert served.count(f"raw.berka__{table} where _received_date > %s", served.day) == 0, table
    assert served.count("raw.berka__account") == len(served.truth.accounts)
    assert served.count("raw.berka__trans") == len(served.truth.transactions)
    opened = [row["opened_date"] for row in served.tables["customer_accounts"]]
    assert max(opened) <= served.day
    assert max(day for day in served.customers("last_active_date").values() if day) <= served.day
    assert served.count("raw.berka__loan where status is not null") == 0, "no loan has run out by March 1994"
    assert not [row for row in served.tables["customer_accounts"] if row["closed_date"]]
    assert served.ask("select to_regclass('raw.berka__order')") == [(None,)], "orders have no date"


# ── the real faults ─────────────────────────────────────────────────────────────────────────────────────


def test_the_undocumented_type_vyber_is_a_withdrawal(served):
    directions = dict(
        served.ask(
            "select direction_code, count(*) from staging.stg_berka__transactions group by direction_code"
        )
    )
    types = served.truth.count("type")
    assert types["VYBER"] > 0
    assert directions == {"credit": types["PRIJEM"], "debit": types["VYDAJ"] + types["VYBER"]}
    assert served.ask(
        "select distinct typed.direction_code from raw.berka__trans as line "
        "inner join staging.stg_berka__transactions as typed on line.trans_id = typed.source_transaction_id "
        "where line.type = 'VYBER'"
    ) == [("debit",)]


def test_an_empty_and_a_blank_purpose_are_both_no_purpose(served):
    purposes = served.truth.count("k_symbol")
    assert purposes[""] > 0
    assert purposes[" "] > 0
    assert served.count("raw.berka__trans where k_symbol = ' '") == purposes[" "], "landed as it stands"
    assert served.count("raw.berka__trans where k_symbol is null") == purposes[""]
    without = served.count("staging.stg_berka__transactions where purpose_code is null")
    assert without == purposes[""] + purposes[" "]


def test_the_question_marks_of_later_years_are_never_served(served):
    columns = served.ask(
        "select attname from pg_catalog.pg_attribute where attrelid = 'raw.berka__district'::regclass "
        "and attnum > 0 and not attisdropped and left(attname, 1) <> '_' order by attnum"
    )
    assert columns == [("a1",), ("a2",), ("a3",)]
    assert served.count("raw.berka__district") == 77
    assert served.count("raw.berka__district as line where line::text like '%%?%%'") == 0


def test_no_line_is_set_aside(served):
    assert served.count("ops.quarantine") == 0


# ── the same again ──────────────────────────────────────────────────────────────────────────────────────


def test_the_same_date_again_changes_nothing(bank):
    before = digests(bank, LAST)
    assert len(before) >= 10
    night = run_night(bank, LAST)
    assert night_state(bank, night)[0] == "unchanged"
    assert digests(bank, LAST) == before


def test_a_wiped_database_loaded_in_one_go_publishes_the_same(bank, wiped_bank):
    night = run_night(wiped_bank, LAST)
    assert night_state(wiped_bank, night)[0] == "published"
    assert digests(wiped_bank, LAST) == digests(bank, LAST)
