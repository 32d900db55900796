"""Volume and distribution against the nights before: what is usual, what is told, what is kept of a night."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from night_support import query

from pipelines.gates.limits import FLOW, MEAN, SHARE, STOCK, LimitsError, TrendLimits, read_limits
from pipelines.gates.measures import Measure, keep_measures, known_measures
from pipelines.gates.policy_values import PolicyValues
from pipelines.gates.suites import Rule, Suite, SuiteError, Watched
from pipelines.gates.trend import Trend, delivery_trend, edition_trend
from pipelines.gates.window import Window
from pipelines.nights import close_night, open_night
from pipelines.policy.read import read_policy
from pipelines.settings import ROOT
from pipelines.sources import load_source
from pipelines.warehouse import connect
from pipelines.workspace import Workspace

D = date(2026, 10, 29)  # a Thursday
LIMITS = TrendLimits(
    days=Decimal(30),
    months=Decimal(12),
    known_count=Decimal(3),
    row_count=Decimal(50),
    spread_count=Decimal(5),
    fall_share=Decimal("0.5"),
    rise_count=Decimal(10),
    stock_share=Decimal("0.25"),
    move_share=Decimal("0.10"),
    mean_share=Decimal("0.20"),
    silence_severity="warning",
)
DECLARATION = """
source: shop
name_zh: 商店
name_en: Shop
provides: [balances]
tables:
  sales:
    mode: increment
    key: [sale_no]
    zh: 销售
    en: Sales
    columns:
      sale_no: {type: text, required: true, privacy: C1, zh: 编号, en: Number}
      phone: {type: text, privacy: C2, zh: 电话, en: Phone}
"""


def back(days: int, until: date = D) -> date:
    return until - timedelta(days)


def numbers(*values: object) -> list[Decimal]:
    return [Decimal(str(value)) for value in values]


# ── which nights, and what is usual ─────────────────────────────────────────────────────────────────────────


def test_what_comes_is_held_against_the_same_weekday_and_what_is_there_against_every_night():
    days = [back(number) for number in range(60, -3, -1)]
    assert LIMITS.comparable(FLOW, D, days) == [back(28), back(21), back(14), back(7)]
    assert LIMITS.comparable(STOCK, D, days) == [back(number) for number in range(30, 0, -1)]


def test_a_month_end_is_held_against_month_ends_of_the_last_year():
    days = [date(2024, 1, 1) + timedelta(number) for number in range(1100)]
    found = LIMITS.comparable(FLOW, date(2026, 2, 28), days)
    assert (len(found), found[0], found[-1]) == (12, date(2025, 2, 28), date(2026, 1, 31))
    assert date(2026, 1, 31) not in LIMITS.comparable(FLOW, date(2026, 2, 7), days)  # a Saturday, too


@pytest.mark.parametrize(
    ("kind", "known", "bad", "good"),
    [
        (FLOW, (100, 100, 100), (49, 1001, 0), (50, 1000)),
        (FLOW, (100, 150, 60, 200), (0,), (1, 1250)),  # noisy: five deviations are more than half
        (FLOW, (60, 0, 60, 60), (601,), (0, 10)),  # nothing has come before
        (STOCK, (100, 100, 100), (74, 126, 0), (75, 125)),
        (STOCK, (100, 100, 100, 200), (74, 201), (200,)),  # what was there once is no news
        (SHARE, ("0.3", "0.3", "0.3"), ("0.19", "0.41"), ("0.2", "0.4")),
        (SHARE, ("0", "0", "0"), ("0.11",), ("0.1", "0")),
        (MEAN, (1000, 1000, 1000), ("799.99", 1201), (800, 1200)),
        (MEAN, (-1000, -1000, -1000), (-1201, -799), (-1200, -800)),
    ],
)
def test_what_is_usual(kind, known, bad, good):
    usual = LIMITS.usual(kind, numbers(*known))
    assert [usual.holds(value) for value in numbers(*bad)] == [False] * len(bad)
    assert [usual.holds(value) for value in numbers(*good)] == [True] * len(good)


@pytest.mark.parametrize(
    ("kind", "known"), [(FLOW, (100, 100)), (SHARE, ()), (FLOW, (49, 49, 49)), (STOCK, (20, 49, 500))]
)
def test_silent_about_few_nights_and_few_rows(kind, known):
    assert LIMITS.usual(kind, numbers(*known)) is None


def test_limits_are_rows_of_policy():
    rows = read_policy(ROOT / "policy", "demo").tables["parameters"]
    shipped = {
        row["parameter_code"]: row["value"] if row["unit"] == "code" else Decimal(row["value"])
        for row in rows
    }
    assert read_limits(PolicyValues(D, shipped, {})) == LIMITS
    assert read_limits(PolicyValues(D, {"gate_quarantine_share": Decimal(1)}, {})) is None
    with pytest.raises(LimitsError, match="gate_trend_silence_severity is loud on 2026-10-29"):
        read_limits(PolicyValues(D, shipped | {"gate_trend_silence_severity": "loud"}, {}))
    del shipped["gate_trend_days"]
    with pytest.raises(LimitsError, match="no gate_trend_days on 2026-10-29"):
        read_limits(PolicyValues(D, shipped, {}))


# ── a gate ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def shop(settings, tmp_path):
    (tmp_path / "shop.yml").write_text(DECLARATION, encoding="utf-8")
    query_(settings, "create table raw.shop__sales (sale_no text, phone text, _received_date date)")
    return settings, load_source("shop", tmp_path)


def query_(settings, statement, *values):
    with connect(settings) as connection, connection.cursor() as cursor:
        cursor.execute(statement, values or None)


def ended(settings, day=D, state="published", workspace=None):
    night = open_night(settings, day, f"run {day} {state}", *([workspace] if workspace else []))
    close_night(settings, night, state)
    return night.night_id


def deliver(settings, night_id, day, rows, without_phone=0):
    query_(
        settings,
        "insert into ops.deliveries (source_code, table_name, received_date, file_name, sha256, byte_count, "
        "row_count, night_id) values ('shop', 'sales', %s, 'f', 's', 1, %s, %s)",
        *(day, rows, night_id),
    )
    query_(
        settings,
        "insert into raw.shop__sales select n::text, case when n > %s then '1' end, %s "
        "from generate_series(1, %s) as n",
        *(without_phone, day, rows),
    )


def suite(relation="sales", **watched):
    rule = Rule("x", "validity", "critical", "shop keepers", "规则", "rule", "t", None)
    gate = "delivery" if "empty" in watched else "edition"
    table = "shop__sales" if gate == "delivery" else relation
    return Suite(gate, table, relation, "shop", {}, (rule,), (), Watched(**watched))


def judge_delivery(shop, after=1, until=D, limits=LIMITS, empty=("phone",)) -> Trend:
    settings, source = shop
    with connect(settings) as connection, connection.cursor() as cursor:
        window = Window(back(after, until), until)
        return delivery_trend(cursor, [source], [suite(empty=empty)], window, limits)


def by_rule(trend):
    return {result.rule_id: result for result in trend.results}


def test_a_delivery_of_half_the_rows_is_told_with_what_was_usual(shop):
    night_id = ended(shop[0], back(1))
    for weeks in range(1, 5):
        deliver(shop[0], night_id, back(7 * weeks), 98 + weeks)
        deliver(shop[0], night_id, back(7 * weeks - 1), 10)  # other weekdays bring few
    deliver(shop[0], night_id, D, 45)

    result = by_rule(judge_delivery(shop))["volume.shop.sales"]

    assert (result.outcome_code, result.severity_code, result.checked_count) == ("failed", "warning", 1)
    assert result.observed_value == "2026-10-29 rows: 45, usual 100.5 (50.25 to 1,005.0, by 4 nights)"
    assert (result.table_name, result.owner_name) == ("shop__sales", "data operations")
    assert "delivered again" in result.advice_en


def test_nothing_at_all_is_as_severe_as_policy_says(shop):
    night_id = ended(shop[0], back(1))
    for weeks in range(1, 5):
        deliver(shop[0], night_id, back(7 * weeks), 100)
    deliver(shop[0], night_id, D, 0)

    told = by_rule(judge_delivery(shop))["volume.shop.sales"]
    strict = replace(LIMITS, silence_severity="critical")
    closing = by_rule(judge_delivery(shop, limits=strict))["volume.shop.sales"]

    assert (told.outcome_code, told.severity_code) == ("failed", "warning")
    assert (closing.outcome_code, closing.severity_code) == ("failed", "critical")
    assert "whether nothing happened that day" in closing.advice_en


def test_every_date_of_a_window_is_held_against_those_before_it(shop):
    night_id = ended(shop[0], back(7))
    for day in range(40, -1, -1):
        deliver(shop[0], night_id, back(day), 20 if day == 3 else 100)

    result = by_rule(judge_delivery(shop, after=7))["volume.shop.sales"]

    assert (result.checked_count, result.unexpected_count) == (7, 1)
    assert result.observed_value.startswith("2026-10-26 rows: 20, ")


def test_a_delivery_without_history_is_silent(shop):
    deliver(shop[0], ended(shop[0]), D, 4000)
    assert {result.outcome_code for result in judge_delivery(shop, after=400).results} == {"passed"}


def test_newly_empty_cells_are_told_and_a_rerun_replaces_its_own_measures(shop):
    settings = shop[0]
    for day in range(4, 0, -1):
        night_id = ended(settings, back(day))
        deliver(settings, night_id, back(day), 100, without_phone=10)
        for _ in range(2):
            keep(settings, night_id, "delivery", judge_delivery(shop, until=back(day)).measures)
    deliver(settings, night_id, D, 100, without_phone=30)

    trend = judge_delivery(shop)

    assert trend.measures == (Measure("shop__sales", "empty.phone", D, Decimal("0.3")),)
    assert by_rule(trend)["empties.shop.sales"].observed_value == (
        "2026-10-29 empty phone: 0.300000, usual 0.100000 (0.000000 to 0.200000, by 4 nights)"
    )
    assert query(settings, "select count(*) from ops.gate_measures") == [(4,)]


def test_a_column_that_is_not_declared_is_refused(shop):
    with pytest.raises(SuiteError, match=r"shop__sales.yml: watched.empty names fax, which the declaration"):
        judge_delivery(shop, empty=("fax",))


def keep(settings, night_id, gate, measures):
    with connect(settings) as connection, connection.cursor() as cursor:
        keep_measures(cursor, night_id, gate, measures)


def test_only_earlier_dates_of_nights_that_ended_well_count_the_newest_of_each(settings):
    def remember(day, value, state="published", workspace=None):
        measure = Measure("people", "rows", day, Decimal(value))
        keep(settings, ended(settings, day, state, workspace), "edition", [measure])

    remember(back(31), 1)  # too long ago
    remember(back(3), 2)
    remember(back(3), 3)
    remember(back(2), 4, "stopped")
    remember(back(1), 5, "unchanged")
    remember(D, 6)
    remember(back(3), 7, workspace=Workspace("rebuild_20261026"))
    remember(back(1), 8, "failed", Workspace("rebuild_20261028"))

    with connect(settings) as connection, connection.cursor() as cursor:
        known = known_measures(cursor, "edition", D, LIMITS)
        assert known_measures(cursor, "delivery", D, LIMITS) == {}
    assert known == {("people", "rows"): {back(3): 7, back(1): 5}}


@pytest.mark.parametrize(("rows", "counted"), [(None, [5]), ("month", [2]), ("none", [])])
def test_a_table_by_month_is_counted_in_its_newest_month(settings, rows, counted):
    query_(settings, "create schema edition_next")
    query_(settings, "create table edition_next.people as select unnest(array[1, 1, 1, 2, 2]) as month")
    with connect(settings) as connection, connection.cursor() as cursor:
        trend = edition_trend(cursor, [suite("people", rows=rows)], "edition_next", D, LIMITS)
    assert [one.value for one in trend.measures] == counted
    assert len(trend.results) == len(counted)


def test_an_edition_is_held_against_the_editions_before_and_a_rebuild_finds_the_same(settings):
    query_(settings, "create schema edition_next")
    query_(settings, "create table edition_next.people (kind text, tier text, aum numeric(18, 2))")
    people = suite("people", means=("aum",), shares=(("kind", "tier"),))

    def fill(gold, plain, aum=10):
        query_(settings, "truncate edition_next.people")
        for tier, count in (("gold", gold), ("plain", plain)):
            query_(
                settings,
                "insert into edition_next.people select 'a', %s, %s from generate_series(1, %s)",
                *(tier, aum, count),
            )

    def judge(day):
        with connect(settings) as connection, connection.cursor() as cursor:
            return edition_trend(cursor, [people], "edition_next", day, LIMITS)

    fill(30, 70)
    for day in range(4, 0, -1):
        trend = judge(back(day))
        assert {result.outcome_code for result in trend.results} == {"passed"}
        keep(settings, ended(settings, back(day)), "edition", trend.measures)
    fill(0, 70, aum=13)
    tonight = judge(D)
    told = {result.rule_id: result.observed_value for result in tonight.results}
    assert told == {
        "volume.people": "2026-10-29 rows: 70, usual 100 (75.00 to 125.00, by 4 nights)",
        "means.people": "2026-10-29 mean aum: 13.00, usual 10.00 (8.0000 to 12.0000, by 4 nights)",
        "shares.people": "2026-10-29 share a plain: 1.000000, usual 0.700000 (0.600000 to 0.800000, by 4 "
        "nights); 2026-10-29 share a gold: 0, usual 0.300000 (0.200000 to 0.400000, by 4 nights)",
    }
    keep(settings, ended(settings, D), "edition", tonight.measures)
    assert judge(D) == tonight
    rule = tonight.results[0]
    assert (rule.owner_name, rule.severity_code, rule.unexpected_count) == ("shop keepers", "warning", 1)
