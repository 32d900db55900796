"""What a month end published of tiers stays; the level that is held takes late rows in (T12, law 12)."""

from contextlib import closing

import psycopg2
import pytest
from handmade_deliveries import read_delivery, write_delivery
from night_support import digests, query, rebuild, run_night
from small_bank import NEXT, NIGHTS, small_bank

from pipelines.sources import load_source
from pipelines.warehouse import reader_url

MONTH_END = NIGHTS[1]
TIERS = ("customer_tiers", "customer_tier_changes", "tier_migrations", "tier_contradictions")
LATE_BALANCE = "900000000.00"  # even a single day of it makes the month's average a diamond's
DIAMOND = 4
ALL_ROWS = "count(*), md5(string_agg(row::text, '|' order by row::text))"


@pytest.fixture(scope="module")
def bank(server, tmp_path_factory):
    """Three nights are published; the deliveries of the fourth bring a balance of the second's month."""
    with small_bank(server, tmp_path_factory.mktemp("past_tiers")) as settings:
        yield settings


@pytest.fixture(scope="module")
def story(bank):
    """Who the late row is about, what the month end said before, and the night that brings the row."""
    account, customer = query(
        bank,
        "select account.source_account_id, account.customer_id from marts.accounts as account "
        "inner join marts.tier_months as tier on account.customer_id = tier.customer_id "
        "inner join marts.months as month on tier.month_number = month.month_number "
        "where account.source_code = 'core' and account.product_class_code = 'current_deposit' "
        "and account.currency_code = 'CNY' and account.closed_date is null and account.opened_date < %s "
        "and tier.scheme_code = 'aum_level' and tier.tier_code = 'ordinary' "
        "and month.last_date = %s order by 1 limit 1",
        MONTH_END.replace(day=1),
        MONTH_END,
    )[0]
    before = seen(bank), months_of(bank, customer)
    table = load_source("core").table("balances")
    late = {"account_no": account, "balance_date": str(MONTH_END.replace(day=15)), "balance": LATE_BALANCE}
    write_delivery(bank.landing, table, NEXT, [*read_delivery(bank.landing, table, NEXT), late])
    run_night(bank, NEXT)
    return customer, *before


def seen(settings):
    """The tier tables of the month end: digests of its kept edition, its rows, and what the history shows."""
    published = {name: digests(settings, MONTH_END)[name] for name in TIERS}
    edition = edition_of(settings)
    rows = {name: query(settings, f"select {ALL_ROWS} from {edition}.{name} as row") for name in TIERS}
    with closing(psycopg2.connect(reader_url(settings))) as connection, connection.cursor() as cursor:
        cursor.execute(
            f"select {ALL_ROWS} from (select customer_id, scheme_code, tier_code, state_code, since_date, "
            "metric_value, reason_code, reason_en, edition_id from reporting.customer_tiers_history "
            "where business_date = %s) as row",
            (MONTH_END,),
        )
        history = cursor.fetchall()
    return published, rows, history


def edition_of(settings):
    return query(
        settings, "select edition_id from ops.editions where business_date = %s and state = 'kept'", MONTH_END
    )[0][0]


def months_of(settings, customer):
    """A customer's level at the month end as granted then, as the fold holds it, and his average by now."""
    return query(
        settings,
        "select tier.tier_code, tier.metric_value, state.held_rank, now.aum_month_average_amount "
        "from marts.tier_months as tier "
        "inner join marts.months as month on tier.month_number = month.month_number "
        "inner join marts.tier_states as state on tier.customer_id = state.customer_id "
        "and tier.scheme_code = state.scheme_code and tier.month_number = state.month_number "
        "inner join marts.customer_months as now on tier.customer_id = now.customer_id "
        "and tier.month_number = now.month_number "
        "where tier.scheme_code = 'aum_level' and tier.customer_id = %s and month.last_date = %s",
        customer,
        MONTH_END,
    )[0]


def test_the_month_end_says_what_it_said(bank, story):
    _, before, _ = story
    published, _, history = before
    assert published["customer_tier_changes"][0] > 0, "the month end has changes to keep"
    assert history[0][0] == published["customer_tiers"][0], "the history shows every tier of the month end"
    assert seen(bank) == before


def test_the_level_held_takes_the_late_row_in(bank, story):
    customer, _, (tier, metric, rank, average) = story
    assert (tier, rank, metric) == ("ordinary", 1, average)
    tier_now, metric_now, rank_now, average_now = months_of(bank, customer)
    assert (tier_now, metric_now) == (tier, metric), "what was granted at the month end is kept"
    assert rank_now == DIAMOND
    assert average_now > average
    published = query(
        bank,
        f"select tier_code, since_date from edition_{NEXT:%Y%m%d}_1.customer_tiers "
        "where scheme_code = 'aum_level' and customer_id = %s",
        customer,
    )
    assert published == [("diamond", MONTH_END.replace(day=1))]
    correction = query(
        bank,
        "select former_tier_code, tier_code, correction_amount "
        f"from edition_{NEXT:%Y%m%d}_1.customer_tier_changes "
        "where scheme_code = 'aum_level' and customer_id = %s",
        customer,
    )
    assert correction == [("ordinary", "diamond", average_now - average)]


def test_the_month_end_again_comes_out_the_same(bank, story):
    _, before, _ = story
    assert rebuild(bank, MONTH_END)[0] == "unchanged"
    assert seen(bank) == before
