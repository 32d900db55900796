"""The report page's figures of identity: what merged and split tonight, by cause, and what is in conflict."""

from datetime import date, timedelta

import pytest

from pipelines.nights import close_night, open_night
from pipelines.report import read_figures, write_report
from pipelines.warehouse import connect

DAY = date(2026, 1, 3)
SCHEMA = "edition_20260103_1"
CODES = (
    ("identity_change", "merge", "合并", "Merge", 2),
    ("identity_change", "split", "拆分", "Split", 3),
    ("identity_cause", "data", "数据变化", "New data", 1),
    ("identity_cause", "decision", "人工决定", "Decision of people", 2),
    ("identity_rule", "model", "模型判定相似", "Alike to the model", 4),
)
OTHERS = """
create table {0}.customer_360 (
    customer_kind_code text, deposit_amount numeric, aum_amount numeric, aum_month_average_amount numeric,
    liability_amount numeric, currency_code text
);
create table {0}.customer_tiers (scheme_code text, tier_code text, tier_rank int);
create table {0}.customer_churn (
    churn_band_code text, money_at_risk_amount numeric, churn_probability numeric
);
create table {0}.codes (code_set text, code text, name_zh text, name_en text, rank int);
create table {0}.customer_identity_changes (
    customer_id text, change_code text, cause_code text, changed_date date, business_date date
);
create table {0}.customer_identity_conflicts (
    customer_id text, linked_customer_id text, rule_code text, link_weight numeric, since_date date
);
"""


def insert(cursor, table, rows):
    marks = ", ".join(["%s"] * len(rows[0]))
    cursor.executemany(f"insert into {table} values ({marks})", rows)


@pytest.fixture
def night(settings):
    """A night whose edition holds what identity has changed on three dates."""
    found = open_night(settings, DAY, "run")
    with connect(settings) as connection, connection.cursor() as cursor:
        cursor.execute(f"create schema {SCHEMA}")
        cursor.execute(OTHERS.format(SCHEMA))
        insert(cursor, f"{SCHEMA}.codes", CODES)
        changes = [
            ("c1", "merge", "data", 0),  # seen by readers before
            ("c2", "merge", "data", 1),
            ("c2", "merge", "data", 2),
            ("c3", "split", "decision", 2),
        ]
        rows = [(*each, DAY - timedelta(2) + timedelta(day), DAY) for *each, day in changes]
        insert(cursor, f"{SCHEMA}.customer_identity_changes", rows)
        conflicts = [(f"c{number}", "c99", "model", number, DAY) for number in range(30)]
        insert(cursor, f"{SCHEMA}.customer_identity_conflicts", conflicts)
        insert(
            cursor,
            "ops.editions",
            [
                ("before", DAY - timedelta(2), 1, "kept", "night", found.night_id, "p", "m", "r"),
                (SCHEMA, DAY, 1, "kept", "night", found.night_id, "p", "m", "r"),
            ],
        )
    yield found
    close_night(settings, found, "published")


def test_merges_and_splits_since_the_edition_before_are_told_by_cause(settings, night):
    found = read_figures(settings, night)
    assert [tuple(row) for row in found.identity_changes] == [
        ("合并", "Merge", "数据变化", "New data", 2, 1),
        ("拆分", "Split", "人工决定", "Decision of people", 1, 1),
    ]


def test_all_conflicts_are_counted_and_the_strongest_new_ones_shown(settings, night):
    found = read_figures(settings, night)
    assert found.conflict_count == 30
    assert [row.customer_id for row in found.conflicts] == [f"c{number}" for number in range(29, 9, -1)]


def test_the_page_says_it_in_both_languages(settings, night):
    page = write_report(settings, night).read_text("utf-8")
    for text in (
        "客户合并与拆分 · Customers merged and split",
        "人工决定",
        "Decision of people",
        "<b>30</b> open",
    ):
        assert text in page
