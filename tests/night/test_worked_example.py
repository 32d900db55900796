"""The worked example of docs/tiers.md: its rows delivered, one night run, every figure as published.

The figures stand here by hand a second time. Each is compared with the page and with what readers see.
"""

import csv
import io
import re
from contextlib import closing
from datetime import date
from decimal import Decimal, InvalidOperation

import psycopg2
import pytest
from conftest import own_bank
from handmade_deliveries import write_day
from night_support import query, run_night, warm

from pipelines.settings import ROOT
from pipelines.sources import load_bank
from pipelines.warehouse import reader_url

DAY = date(2026, 10, 31)
PAGE = (ROOT / "docs" / "tiers.md").read_text(encoding="utf-8")
NAMES = {"C1": "Lin", "C2": "Wu", "C3": "Zheng", "C4": "Zhou", "C5": "Feng"} | {
    f"C{number}": "He" for number in range(6, 11)
}
SCHEMES = ("rfm", "abc", "aum_level", "four_classes", "maintenance_layer", "pyramid", "mvc", "tenure")
LEVELS = {1: "ordinary", 2: "gold"}

# account → average, rate, transfer price, V1, V2, fee, transaction, service and fixed cost of October
ACCOUNTS = """
A1 12000.00 0.003 0.015 12.40   0.00   0.00 0.70 1.00 3.00
A2 30000.00 0.018 0.021  7.75   0.00   0.00 0.00 0.20 0.50
N1 240000.00 0.042 0.03  0.00 248.00   0.00 0.00 2.00 8.00
K1 3600.00  -     0.025  0.00  -7.75 100.00 0.30 1.50 4.00
G1 0.00     -     -      0.00   0.00   0.00 0.00 0.50 2.00
"""
VALUES = """
deposit_contribution_1m_amount 20.15
deposit_contribution_12m_amount 618.31
loan_contribution_1m_amount 240.25
loan_contribution_12m_amount 2912.25
settlement_fee_12m_amount 10.00
cards_fee_12m_amount 100.00
fee_12m_amount 110.00
transaction_cost_1m_amount 1.00
transaction_cost_12m_amount 4.70
service_cost_12m_amount 62.40
privilege_cost_12m_amount 30.00
variable_cost_1m_amount 36.20
variable_cost_12m_amount 97.10
current_value_1m_amount 324.20
current_value_3m_amount 836.78
revenue_12m_amount 3640.56
current_value_12m_amount 3543.46
fixed_cost_12m_amount 210.00
allocated_value_12m_amount 3333.46
expected_loss_1m_amount 27.41
expected_loss_12m_amount 324.41
risk_adjusted_value_12m_amount 3219.05
bank_value_share 0.31587242
product_class_count 5
product_count 5
retained_amount 103320.55
elsewhere_amount 46890.00
wallet_confidence_code inferred
wallet_share 0.60560182
"""
# part → value, score, weight; the total → score, weight known
STABILITY = """
credit 0.9 0.9 0.30
income_volatility 0.07142857 0.91071429 0.20
asset_volatility 0.21256039 0.64573268 0.20
income_growth 0.2 0.7 0.15
growth -0.31612903 0.18387097 0.15
stability - 0.71387004 1
"""
STABILITY_OF_WU = """
credit - - 0.30
income_volatility 1.8333335 0 0.20
asset_volatility 0 1 0.20
income_growth - - 0.15
growth 0 0.5 0.15
stability - 0.5 0.55
"""
LOYALTY = """
switching_cost 0.00956618 0.956618 0.10
price_sensitivity 0.46666667 0 0.10
duration 120 0.5 0.20
continuity_days 1.25 0.125 0.15
continuity_kinds 5 1 0.15
cooperation 0.25 0.5 0.10
feedback 0.5 0.75 0.10
repeat_purchase 0.5 0.5 0.10
loyalty - 0.5394118 1
"""
# person → current value, potential score and value, life-time value, classes, retained
POSITIONS = """
Wu 7287.20 0.65 15649.97 22937.17 1 600000.00
Lin 3543.46 0.31956729 7398.36 10941.82 5 103320.55
Zheng 382.50 0.65 14.37 396.87 1 32490.41
Zhou 6.70 0.8 172.27 178.97 1 657.53
Feng -1.85 0.65 -2.10 -3.95 1 900.00
He 0.00 1 0.00 0.00 0 0.00
"""
# per scheme: metric, threshold, distance up, distance down, tier, rule, detail
TIERS = {
    "rfm": "4.7 4 - 0.7 high rfm R4 F5 M5",
    "abc": "308590 4000 91410 304590 b abc 0.2000 / 0.4000",
    "aum_level": "72000 100000 928000 -28000 gold tier.watch 4",
    "four_classes": "0.655 0.6 - 0.055 vip four_classes.vip 0.6550 / 0.7139 / 0.3196",
    "maintenance_layer": "73100 50000 26900 23100 outlet_staff maintenance_layer.staff "
    "assets 50000, card; 42 / 60",
    "pyramid": "0.8 0.8 - 0 a pyramid.a 0.8000 / 0.5394 / 10941.82 / policy",
    "mvc": "0.8 0.8 - 0 mvc mvc.mvc 3543.46 / 0.8000 / 7398.36 / policy",
    "tenure": "120 120 120 0 level_4 tenure.anniversary 10 / 10 / 20",
}
TIER_COLUMNS = (
    "metric_value",
    "threshold_value",
    "next_distance",
    "lower_distance",
    "tier_code",
    "reason_code",
    "reason_detail",
)
MORE = {
    "aum_level": {
        "metric_tier_code": "ordinary",
        "state_code": "watch",
        "since_date": "2025-10-01",
        "reason_en": "Watch: metric 72000 is below this tier's bound 100000 at 4 month ends in a row",
    },
    "four_classes": {
        "reason_en": "Profitability score 0.655 (high from 0.6) and stability high; "
        "profitability / stability / potential (proxy): 0.6550 / 0.7139 / 0.3196"
    },
    "maintenance_layer": {"play_code": "retain", "owner_manager_id": "M1"},
    "tenure": {"gift_code": "health_check"},
}
# months on end with the same standing: how many, average, months below (or counting up from), held, state
STATES_OF_LIN = "9 120000 0 gold current, 1 70000 1 gold current, 1 70000 2 gold current, "
STATES_OF_LIN += "1 70000 3 gold current, 1 72000 4 gold watch"
STATES_OF_ZHENG = (
    "4 120000 0 gold current, 1 3000 1 gold current, 1 3000 2 gold current, 1 3000 3 gold current, "
)
STATES_OF_ZHENG += "1 3000 4 gold watch, 1 3000 5 gold watch, 1 3000 6 gold watch, 3 3000 0 ordinary current"
OTHERS = """
Wu high a gold vip relationship_manager inactive mvc level_3
Zheng high b ordinary potential out_of_scope inactive other level_3
Zhou high b ordinary potential out_of_scope inactive mgc trial
Feng middle c ordinary mass out_of_scope inactive bz level_3
He low c ordinary potential out_of_scope suspect other none
"""


@pytest.fixture(scope="module")
def bank(server, tmp_path_factory):
    with own_bank(server, tmp_path_factory.mktemp("worked")) as settings:
        write_day(settings.landing, load_bank("demo"), DAY, rows_of_page())
        with warm():
            run_night(settings, DAY)
        yield settings


@pytest.fixture(scope="module")
def who(bank):
    """Customer id → the name on the page."""
    rows = ask(bank, "select source_customer_id, customer_id from reporting.customer_identities")
    return {
        row["customer_id"]: NAMES[row["source_customer_id"]]
        for row in rows
        if row["source_customer_id"] in NAMES
    }


# ── reading ─────────────────────────────────────────────────────────────────────────────────────────────────


def rows_of_page():
    """``<source>.<table>`` → rows, as `write_day` takes them."""
    blocks = re.findall(r"```csv (\S+)\n(.*?)```", PAGE, re.DOTALL)
    return {name: list(csv.DictReader(io.StringIO(lines))) for name, lines in blocks}


def page_table(title, first_cell):
    """Row name → cells of the table under a heading whose head begins with ``first_cell``."""
    section = next(part for part in PAGE.split("\n## ") if part.startswith(title))
    found = {}
    inside = False
    for line in section.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")] if line.startswith("|") else []
        inside = bool(cells) and (inside or cells[0] == first_cell)
        if inside and cells[0].startswith("`"):
            found[cells[0].strip("`")] = [plain(cell) for cell in cells[1:]]
    return found


def plain(cell):
    """A number where it is one, nothing for a dash, else the text."""
    if cell is None or cell in ("—", "-"):
        return None
    try:
        return Decimal(str(cell).replace(",", ""))
    except InvalidOperation:
        return str(cell)


def by_hand(table):
    """Row name → cells of one of the tables above."""
    return {
        name: [plain(cell) for cell in cells] for name, *cells in map(str.split, table.strip().splitlines())
    }


def ask(settings, statement):
    """The rows an analyst gets, by column name."""
    with closing(psycopg2.connect(reader_url(settings))) as connection, connection.cursor() as cursor:
        cursor.execute(statement)
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def row_of(settings, who, table, name):
    """The one row of a published table that is a person's."""
    return next(
        row for row in ask(settings, f"select * from reporting.{table}") if who[row["customer_id"]] == name
    )


def cells(page, count):
    """The leading cells of every row of a table of the page."""
    return {name: row[:count] for name, row in page.items()}


# ── value ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_each_account_brings_and_costs(bank):
    assert cells(page_table("Value,", "account"), 9) == by_hand(ACCOUNTS)
    rows = query(
        bank,
        "select split_part(account_id, ':', 2), deposit_average_amount + loan_average_amount, account_rate, "
        "transfer_rate, deposit_contribution_amount, loan_contribution_amount, fee_amount, "
        "transaction_cost_amount, service_cost_amount, fixed_cost_amount from marts.account_value_months "
        "where month_number = (select max(month_number) from marts.months)",
    )
    found = {name: list(figures) for name, *figures in rows}
    assert {name: found[name] for name in by_hand(ACCOUNTS)} == by_hand(ACCOUNTS)


def test_a_balance_without_a_transfer_price_is_told_of(bank):
    compiled = bank.var / bank.bank / "dbt" / "live" / "compiled" / "yihu" / "models" / "marts" / "value"
    rule = (compiled / "_value.yml" / "is_priced_account_value_months_.sql").read_text()
    with closing(psycopg2.connect(bank.database_url)) as connection, connection.cursor() as cursor:
        cursor.execute(rule)
        assert cursor.fetchall() == []
        cursor.execute(
            "update marts.account_value_months set transfer_rate = null "
            "where account_id like '%:A1' and month_number = (select max(month_number) from marts.months)"
        )
        cursor.execute(rule)
        assert [account.split(":")[1] for (account,) in cursor.fetchall()] == ["A1"]
        connection.rollback()


def test_what_the_customer_is_worth(bank, who):
    expected = {name: figure for name, (figure,) in by_hand(VALUES).items()}
    assert {name: row[0] for name, row in page_table("Value of", "column").items()} == expected
    published = row_of(bank, who, "customer_values", "Lin")
    assert {name: plain(published[name]) for name in expected} == expected


def test_stability_and_loyalty_part_by_part(bank, who):
    weights = {(row["score_code"], row["part_code"]): row["weight"] for row in weights_of(bank)}
    for title, first_cell, person, score, table in (
        ("Stability", "part", "Lin", "stability", STABILITY),
        ("Stability", "part of Wu", "Wu", "stability", STABILITY_OF_WU),
        ("Loyalty", "part", "Lin", "loyalty", LOYALTY),
    ):
        expected = by_hand(table)
        assert cells(page_table(title, first_cell), 3) == expected
        row = row_of(bank, who, "customer_stability", person)
        found = {
            part: [row[f"{part}_value"], row[f"{part}_score"], weights[score, part]]
            for part in expected
            if part != score
        }
        assert found | {score: [None, row[f"{score}_score"], row[f"{score}_known_weight"]]} == expected


def weights_of(settings):
    rows = query(settings, "select score_code, part_code, weight from policy.score_weights")
    return [dict(zip(("score_code", "part_code", "weight"), row, strict=True)) for row in rows]


def test_what_the_ranks_are_made_of(bank, who):
    assert page_table("Potential", "person") == by_hand(POSITIONS)
    rows = query(
        bank,
        "select value.customer_id, value.current_value_12m_amount, potential.potential_score, "
        "potential.potential_value_amount, potential.lifetime_value_amount, value.product_class_count, "
        "value.retained_amount from marts.customer_trailing_values as value "
        "inner join marts.customer_potentials as potential on value.customer_id = potential.customer_id",
    )
    assert len(rows) == len(NAMES)
    expected = by_hand(POSITIONS)
    assert [(who[customer], figures) for customer, *figures in rows] == [
        (who[customer], expected[who[customer]]) for customer, *_ in rows
    ]


# ── tiers ───────────────────────────────────────────────────────────────────────────────────────────────────


def expected_tier(scheme):
    """Column → figure of Lin's tier in a scheme, by hand."""
    *words, detail = TIERS[scheme].split(" ", len(TIER_COLUMNS) - 1)
    figures = [*map(plain, words), plain(detail)]
    return dict(zip(TIER_COLUMNS, figures, strict=True)) | MORE.get(scheme, {})


@pytest.mark.parametrize("scheme", SCHEMES)
def test_lins_tier_and_its_reason(bank, who, scheme):
    expected = expected_tier(scheme)
    assert {name: row[0] for name, row in page_table(scheme, "column").items()} == expected
    rows = ask(bank, f"select * from reporting.customer_tiers where scheme_code = '{scheme}'")
    published = next(row for row in rows if who[row["customer_id"]] == "Lin")
    assert {name: plain(published[name]) for name in expected} == expected


def test_the_level_held_month_by_month(bank, who):
    expected = [
        [*lin, *zheng] for lin, zheng in zip(months(STATES_OF_LIN), months(STATES_OF_ZHENG), strict=True)
    ]
    assert list(page_table("aum_level", "month").values()) == expected
    rows = query(
        bank,
        "select state.customer_id, month.aum_month_average_amount, state.below_count, state.held_rank, "
        "state.state_code from marts.tier_states as state inner join marts.customer_months as month "
        "on state.customer_id = month.customer_id and state.month_number = month.month_number "
        "where state.scheme_code = 'aum_level' order by state.month_number",
    )
    for name, table in (("Lin", STATES_OF_LIN), ("Zheng", STATES_OF_ZHENG)):
        found = [[*row[:2], LEVELS[row[2]], row[3]] for customer, *row in rows if who[customer] == name]
        assert found == months(table)


def months(table):
    """One list of cells per month."""
    spans = [part.split() for part in table.split(", ")]
    return [[plain(cell) for cell in cells] for count, *cells in spans for _ in range(int(count))]


def test_the_tiers_of_the_others(bank, who):
    expected = by_hand(OTHERS)
    assert page_table("The others", "person") == expected
    rows = ask(bank, "select customer_id, scheme_code, tier_code from reporting.customer_tiers")
    for row in rows:
        name = who[row["customer_id"]]
        if name != "Lin":
            assert (name, row["scheme_code"], row["tier_code"]) == (
                name,
                row["scheme_code"],
                expected[name][SCHEMES.index(row["scheme_code"])],
            )
    assert len(rows) == len(SCHEMES) * len(NAMES)
