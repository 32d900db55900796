"""The figures of the report on hand-made rows of ops and of two editions, and what its page says of them."""

import html
import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from pipelines.gates import docs_folder
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
        '<span class="zh">客户合并与拆分</span><span class="en">Customers merged and split</span>',
        '<span class="zh">人工决定</span><span class="en">Decision of people</span>',
        '<span class="en">Identity numbers in conflict, open</span>: <b>30</b>',
    ):
        assert text in page


# ── ops by hand ─────────────────────────────────────────────────────────────────────────────────────────────

BEFORE = "edition_20260102_1"
NAMES = (
    ("scheme", "abc", "ABC分类", "ABC classes", 1),
    ("tier_abc", "a", "A类", "Class A", 2),
    ("tier_abc", "b", "B类", "Class B", 1),
    ("churn_band", "high", "高", "High", 2),
)


def rule(rule_id, severity="warning", outcome="passed", gate="delivery", table="core__transactions", count=0):
    words = "金额可读", "The amount can be read", "问<张>", "ask <Zhang>"
    return (gate, rule_id, table, "validity", severity, outcome, 100, count, None, "Zhang of core", *words)


@pytest.fixture
def told(settings, night):
    """Rows of ops around the night: deliveries, gates of two nights, quarantine, tie-outs, a waiver."""
    number, day = night.night_id, DAY - timedelta(1)
    with connect(settings) as connection, connection.cursor() as cursor:
        cursor.execute(
            "update ops.editions set edition_id = %s, business_date = %s where edition_id = 'before'",
            (BEFORE, day),
        )
        cursor.execute(f"create schema {BEFORE}")
        cursor.execute(OTHERS.format(BEFORE))
        for schema in (BEFORE, SCHEMA):
            cursor.execute(f"alter table {schema}.customer_360 add column customer_id text")
            cursor.execute(
                f"create table {schema}.customer_identities "
                "(source_code text, source_customer_id text, customer_id text)"
            )
        insert(cursor, f"{SCHEMA}.codes", NAMES)
        for schema, deposits, tiers in ((BEFORE, (10, 20), "ab"), (SCHEMA, (10, 25, 5), "abb")):
            people = [("person", sum_, sum_, sum_, 0, "CNY", f"c{n}") for n, sum_ in enumerate(deposits)]
            insert(cursor, f"{schema}.customer_360", people)
            insert(cursor, f"{schema}.customer_tiers", [("abc", tier, 1) for tier in tiers])
            insert(cursor, f"{schema}.customer_churn", [("high", 5, "0.9")])
            insert(cursor, f"{schema}.customer_identities", [("core", "N1", "c1")])
        landed = datetime(2026, 1, 4, 2, tzinfo=UTC)
        cursor.executemany(
            "insert into ops.deliveries (source_code, table_name, received_date, file_name, sha256, "
            "byte_count, row_count, night_id, landed_at) values (%s, %s, %s, 'f', 's', 1, %s, %s, %s)",
            [
                ("core", "customers", day, 7, number, landed),
                ("core", "customers", DAY, 2, number, landed),
                ("core", "transactions", DAY, 9, number, landed),
            ],
        )
        results = [
            rule("quarantine_share.core.transactions", "critical", "failed", count=2),
            rule("core.customers.name", outcome="failed", count=1),
            rule("core.customers.kind"),
            rule("customers.crashed", outcome="error", gate="edition", table="customer_360"),
        ]
        insert(cursor, "ops.gate_results", [(number, *each) for each in results])
        cells = [
            ("core", "transactions", DAY, line, "not_a_decimal", "amount", "6…(16)", "h", "k", number)
            for line in (2, 3)
        ]
        insert(cursor, "ops.quarantine", cells)
        cursor.execute(
            "create table raw.core__transactions (transaction_no text, account_no text, "
            "transaction_date text, _received_date date, _line_number bigint);"
            "create table raw.core__accounts (account_no text, customer_no text, _received_date date)"
        )
        lines = [("T1", "A1", "2026-01-03", DAY, 2), ("T2", "A2", "2026-01-02", DAY, 3)]
        insert(cursor, "raw.core__transactions", lines)
        insert(cursor, "raw.core__accounts", [("A1", "N1", day)])
        ties = [
            ("core", "transactions", DAY, "rows", 9, 9, 7, 2, 0, number, 0),
            ("core", "transactions", DAY, "amount", "90.50", 90, "80.25", "10.25", 0, number, 0),
            ("core", "customers", DAY, "rows", 3, 2, 2, 0, 1, number, 0),
        ]
        insert(cursor, "ops.tie_outs", ties)
        cursor.execute(
            "insert into ops.waivers (rule_id, from_date, until_date, reason, proposer, approver) "
            "values ('core.customers.name', %s, %s, 'agreed <with> core', 'Li', 'Wu'), "
            "('old', %s, %s, 'r', 'a', 'b')",
            (day, DAY, day, day),
        )
        insert(
            cursor,
            "ops.publications",
            [
                (BEFORE, "a", 1, "1:1"),
                (BEFORE, "b", 1, "1:2"),
                (SCHEMA, "a", 1, "1:1"),
                (SCHEMA, "b", 2, "2:9"),
            ],
        )
        insert(cursor, "ops.model_runs", [(number, DAY, "slow", 9, 1), (number, DAY, "fast", 1, 1)])
    return night


def test_arrivals_tell_what_came_and_what_did_not(settings, told):
    core = next(source for source in read_figures(settings, told).arrivals if source.code == "core")
    tables = {table.name: table for table in core.tables}
    assert (tables["transactions"].row_count, tables["transactions"].missing) == (9, ())
    assert (tables["customers"].delivery_count, tables["customers"].row_count) == (1, 2), "tonight's alone"
    assert tables["accounts"].missing == (DAY,)
    assert tables["accounts"].missing_words == "2026-01-03"
    assert core.missing_count == len(core.tables) - 2
    assert (core.row_count, core.due) == (11, "01:30")


def test_a_failure_is_explained_by_its_lines_customers_money_waiver_and_next_step(settings, told):
    found = {each.rule.rule_id: each for each in read_figures(settings, told).explained}
    assert set(found) == {"quarantine_share.core.transactions", "core.customers.name", "customers.crashed"}
    share = found["quarantine_share.core.transactions"]
    assert share.is_critical
    assert [(row.line_number, row.value_mask) for row in share.samples] == [(2, "6…(16)"), (3, "6…(16)")]
    affected = share.affected
    assert (affected.line_count, affected.traced_count, affected.customer_count) == (2, 1, 1)
    assert affected.aum_amount == 25, "what c1 holds in the edition of the date"
    assert [(each.column.en, each.quarantined_value) for each in share.money] == [
        ("Amount", Decimal("10.25"))
    ]
    assert (share.advice.zh, share.advice.en) == ("问<张>", "ask <Zhang>")
    assert "could not be judged" in found["customers.crashed"].advice.en
    assert (found["core.customers.name"].waiver_id, found["core.customers.name"].affected) == (1, None)
    assert found["customers.crashed"].is_critical, "a rule that could not be judged closes the gate"


def test_changes_stand_beside_the_edition_before_with_their_causes(settings, told):
    found = read_figures(settings, told)
    lines = {each.title.en: (each.now, each.former, each.difference) for each in found.headline}
    assert lines["Customers"] == (3, 2, 1)
    assert lines["AUM at day end"] == (40, 30, 10)
    causes = {each.title.en: each for each in found.causes}
    assert causes["New data"].told.en == "8 new rows", "nine less the late one"
    assert causes["Late or corrected data"].told.en.startswith("1 rows")
    assert causes["Late or corrected data"].is_active
    assert causes["Changed master data"].told.en.startswith("2 new or changed")
    assert not causes["Policy"].is_active
    tiers = {each.beside.title.en: each.beside.difference for each in found.schemes[0].standings}
    assert (found.schemes[0].title.en, tiers) == ("ABC classes", {"Class A": 0, "Class B": 1})
    assert [each.beside.difference for each in found.bands.standings] == [0]
    assert [(row.table_name, row.is_same) for row in found.digests] == [("a", True), ("b", False)]
    assert [row.model_name for row in found.models] == ["slow", "fast"]


def test_waivers_in_force_and_the_trend_are_the_nights_own(settings, told):
    found = read_figures(settings, told)
    assert [(row.rule_id, row.failed_count) for row in found.waivers] == [("core.customers.name", 1)]
    (validity,) = found.trend
    (tonight,) = validity.nights
    assert (tonight.rule_count, tonight.critical_count, tonight.warning_count) == (4, 2, 1)
    assert 'class="bad"' in validity.svg
    assert 'class="warn"' in validity.svg


def test_a_critical_rule_that_is_waived_closes_nothing_and_counts_as_a_warning(settings, told):
    with connect(settings) as connection, connection.cursor() as cursor:
        cursor.execute(
            "insert into ops.waivers (rule_id, from_date, until_date, reason, proposer, approver) "
            "values ('quarantine_share.core.transactions', %s, %s, 'r', 'a', 'b')",
            (DAY, DAY),
        )
    found = read_figures(settings, told)
    explained = {each.rule.rule_id: each.is_critical for each in found.explained}
    assert not explained["quarantine_share.core.transactions"]
    (tonight,) = found.trend[0].nights
    assert (tonight.critical_count, tonight.warning_count) == (1, 2)


def test_the_page_tells_the_differing_totals_first_and_escapes_what_people_wrote(settings, told):
    page = write_report(settings, told).read_text("utf-8")
    apart, even = page.index("differs"), page.index("measures tie out")
    assert apart < even
    assert html.escape("agreed <with> core") in page
    assert "<with>" not in page
    assert html.escape("ask <Zhang>") in page, "what to do"
    assert page.index('id="verdict"') < page.index('id="arrivals"') < page.index('id="failures"')
    assert not re.search(r"https?:|@import|<link|<img|<iframe", page)


def test_the_page_links_the_data_docs_that_lie_beside_it(settings, told, tmp_path):
    folder = docs_folder(settings, told)
    folder.mkdir(parents=True)
    (folder / "edition.customer_360.html").write_text("")
    link = f'href="{folder.name}/edition.customer_360.html"'
    assert link in write_report(settings, told).read_text("utf-8")
    assert link not in write_report(settings, told, tmp_path / "elsewhere.html").read_text("utf-8")


def test_a_night_that_failed_shows_no_edition_of_its_own(settings, told):
    with connect(settings) as connection, connection.cursor() as cursor:
        cursor.execute(
            "insert into ops.night_steps "
            "(night_id, step_name, step_number, state, started_at, seconds, message) "
            "values (%s, 'land', 1, 'failed', clock_timestamp(), 1, 'DeliveryError: core.customers is late')",
            (told.night_id,),
        )
    found = read_figures(settings, told)
    assert (found.edition, found.totals, found.headline, found.schemes) == (None, None, (), ())
    assert found.shown.edition_id == SCHEMA, "readers keep what is published"
    page = write_report(settings, told).read_text("utf-8")
    assert "Not published: stopped by what was found" in page
    assert "<b>land</b>" in page
