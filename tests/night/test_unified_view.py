"""The unified view of seven systems (U1, U2, U3, U6, U7): a day written by hand, and what readers see."""

from contextlib import closing
from decimal import Decimal

import psycopg2
import pytest
from conftest import own_bank
from handmade_bank import DAY, HENGYUAN, LI, RUIHE, SUN, WANG, ZHAO, D, seven_systems
from handmade_deliveries import write_day
from night_support import query, run_night, warm

from pipelines.sources import load_bank
from pipelines.warehouse import reader_url

NAMES = {"C1": "wang", "C2": "li", "C3": "hengyuan", "C4": "sun", "C5": "zhao"}


@pytest.fixture(scope="module")
def bank(server, tmp_path_factory):
    with own_bank(server, tmp_path_factory.mktemp("view")) as settings:
        write_day(settings.landing, load_bank("demo"), DAY, seven_systems())
        with warm():
            run_night(settings, DAY)
        yield settings


@pytest.fixture(scope="module")
def who(bank):
    """Customer id → the name of this page."""
    rows = ask(bank, "select source_customer_id, customer_id from reporting.customer_identities")
    ids = dict(rows)
    return {ids[number]: name for number, name in NAMES.items()} | {ids["E2"]: "ruihe"}


def ask(settings, statement):
    """The rows an analyst gets."""
    with closing(psycopg2.connect(reader_url(settings))) as connection, connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall()


def named(who, rows):
    """The rows in order, the customer by name (the first column)."""
    return sorted((who[customer], *rest) for customer, *rest in rows)


def test_records_of_seven_systems_are_six_customers(bank, who):
    rows = ask(bank, "select customer_id, source_count from reporting.customer_360")
    assert named(who, rows) == [
        ("hengyuan", 2),
        ("li", 2),
        ("ruihe", 1),
        ("sun", 2),
        ("wang", 5),
        ("zhao", 2),
    ]


def test_a_joint_account_is_split_to_the_cent(bank, who):
    rows = ask(
        bank,
        "select customer_id, role_code, holder_share_rate, balance_amount from reporting.customer_accounts "
        "where account_id = 'core:A1'",
    )
    assert named(who, rows) == [
        ("li", "joint", Decimal("0.5"), Decimal("50.01")),
        ("wang", "owner", Decimal("0.5"), Decimal("50.00")),
        ("zhao", "authorised", Decimal(0), Decimal(0)),
    ]


def test_the_curve_ends_with_what_is_held_tonight(bank, who):
    rows = ask(
        bank,
        "select customer_id, month_end_date::text, deposit_amount::text, loan_amount::text, aum_amount::text "
        "from reporting.customer_months where deposit_amount > 0",
    )
    assert named(who, rows) == [
        ("li", D, "50.01", "0.00", "91.01"),
        ("sun", D, "7.00", "0.00", "7.00"),
        ("wang", D, "50.00", "400.00", "50.00"),
    ]


def test_holdings_by_family_and_what_is_overdue(bank, who):
    rows = ask(
        bank,
        "select customer_id, deposit_amount, wealth_amount, insurance_amount, custody_amount, loan_amount, "
        "card_debt_amount, asset_amount, liability_amount, overdue_days, is_overdue, life_cycle_code "
        "from reporting.customer_360 where loan_amount > 0 or insurance_amount > 0",
    )
    assert [" ".join(map(str, row)) for row in named(who, rows)] == [
        "li 50.01 11.00 13.00 17.00 0.00 0.00 91.01 0.00 0 False dormant",
        "wang 50.00 0.00 0.00 0.00 400.00 19.00 50.00 419.00 31 True dormant",
    ]


def test_attributes_say_where_they_come_from(bank, who):
    """Core first, the industry of the register first, of hobbies what was said last or first received."""
    rows = ask(
        bank,
        "select customer_id, attribute_code, attribute_value, source_code, rule_code, as_of_date::text "
        "from reporting.customer_attributes where attribute_code in "
        "('phone_number', 'email_address', 'industry_code', 'hobby_name', 'risk_rating_code', "
        "'is_sole_trader')",
    )
    assert {row for row in named(who, rows) if row[2] != "false"} == {
        ("wang", "phone_number", None, "core", "priority", D),
        ("wang", "email_address", None, "cards", "priority", D),
        ("wang", "hobby_name", "围棋", "core", "newest", D),
        ("li", "phone_number", None, "core", "priority", D),
        ("li", "risk_rating_code", "r3", "wealth", "priority", D),
        ("sun", "phone_number", None, "crm", "priority", D),
        ("hengyuan", "industry_code", "transport", "corporate", "priority", D),
        ("zhao", "is_sole_trader", "true", "core", "priority", D),
    }


def test_who_cannot_be_reached_is_listed(bank, who):
    """A missing phone is filled from the client file; an address that no system knows stays missing."""
    rows = ask(
        bank,
        "select customer_id, is_phone_missing, is_address_missing, is_reachable, is_do_not_contact "
        "from reporting.contact_gaps",
    )
    assert named(who, rows) == [
        ("hengyuan", True, True, False, False),
        ("li", False, True, True, False),
        ("ruihe", True, True, False, False),
        ("sun", False, True, True, True),
        ("zhao", True, True, False, False),
    ]
    flags = "select customer_id, is_contactable, has_contact_gap from reporting.customer_360"
    assert ("wang", True, False) in named(who, ask(bank, flags))
    assert ("sun", False, True) in named(who, ask(bank, flags))


def test_groups_are_proven_by_shared_keys(bank, who):
    rows = ask(
        bank,
        "select customer_id, group_id, role_code, evidence_code, since_date::text "
        "from reporting.customer_groups",
    )
    assert named(who, rows) == sorted(
        [
            ("wang", "spouse:core:C1+C2", "spouse", "core", "2010-05-01"),
            ("li", "spouse:core:C1+C2", "spouse", "core", "2010-05-01"),
            ("hengyuan", "legal_representative:core:C3", "company", "core", "2015-05-01"),
            ("wang", "legal_representative:core:C3", "legal_representative", "core", "2015-05-01"),
            ("wang", "guarantor:loans:N1", "borrower", "loans", "2024-01-01"),
            ("zhao", "guarantor:loans:N1", "guarantor", "loans", "2024-01-01"),
            ("hengyuan", "company_group:corporate:G1", "head", "corporate", D),
            ("ruihe", "company_group:corporate:G1", "member", "corporate", "2024-01-01"),
            ("wang", "joint_account:core:A1", "owner", "core", "2020-01-01"),
            ("li", "joint_account:core:A1", "joint", "core", "2021-01-01"),
        ]
    )


def test_branches_not_on_record_are_listed(bank):
    rows = ask(bank, "select branch_id, status_code, customer_count from reporting.branches order by 1")
    assert rows == [("B1", "open", 5), ("B9", "unknown", 1)]


def test_preferences_are_stated_or_unknown(bank, who):
    rows = ask(
        bank,
        "select customer_id, preferred_channel_code, preference_basis_code, annual_income_amount::text, "
        "occupation_code, video_session_count_12m from reporting.customer_360 "
        "where preferred_channel_code is not null",
    )
    assert named(who, rows) == [("wang", "mobile", "stated", "120000.50", "teacher", 3)]


def test_rows_and_money_of_every_source_tie_out(bank):
    rows = ask(
        bank,
        "select source_code, count(*), sum(abs(difference_value)), sum(excluded_value) "
        "from reporting.source_tie_outs group by 1 order by 1",
    )
    assert [row[0] for row in rows] == sorted(source.code for source in load_bank("demo").sources)
    assert all(row[2:] == (0, 0) for row in rows)


def test_no_clear_contact_or_number_is_published(bank):
    secrets = {WANG, LI, SUN, ZHAO, HENGYUAN, RUIHE, "王一诺", "wang@example.com", "云岚市一号"}
    views = query(
        bank, "select relname from pg_catalog.pg_class where relnamespace = 'reporting'::regnamespace"
    )
    for (view,) in views:
        text = "\n".join(row for (row,) in query(bank, f"select t::text from reporting.{view} as t"))
        assert not {secret for secret in secrets if secret in text}, view
