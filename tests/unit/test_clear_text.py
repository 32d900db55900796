"""Clear text by ticket: who, whom and why stand on record before a reader sees anything, however he asks."""

import uuid
from contextlib import closing
from urllib.parse import urlsplit

import psycopg2
import pytest
from psycopg2 import errors

from pipelines.warehouse import admin_url, connect, rooms

OPEN = "select reporting.open_clear_text_ticket(%s, %s)"
READ = "select * from reporting.read_clear_text(%s)"
WHY = "complaint 17"
SHOWN = [("full_name", "王一"), ("phone_number", "12700000001")]


@pytest.fixture
def bank(settings):
    """Two customers of two branches, in the rooms of dbt."""
    run(
        settings,
        "yihu_transformer",
        "create table marts.customers as select * from (values ('c1', 'north'), ('c2', null)) "
        "as t (customer_id, branch_id); "
        "create table protected.customer_contacts as select * from (values "
        "('c1', '王一', '12700000001', cast(null as text)), ('c2', '李二', '12700000002', 'x@example.com')) "
        "as t (customer_id, full_name, phone_number, email_address)",
    )
    return settings


@pytest.fixture
def login(bank):
    """Makes logins of a role with their branches; gives the address of each."""
    made = []

    def make(role="risk_reader", branch="north"):
        name = f"reader_{uuid.uuid4().hex[:12]}"
        made.append(name)
        run(bank, None, f"create role {name} login password 'p' in role {role}")
        if branch:
            run(bank, None, f"insert into ops.reader_branches values ('{name}', '{branch}')")
        address = urlsplit(admin_url(bank))
        return address._replace(netloc=f"{name}:p@{address.netloc.rpartition('@')[2]}").geturl()

    yield make
    for name in made:
        run(bank, None, f"drop role {name}")


def run(settings, role, statement, *values):
    with connect(settings, role) as connection, connection.cursor() as cursor:
        cursor.execute(statement, values or None)
        return cursor.fetchall() if cursor.description else None


def ask(url, statement, *values):
    """One transaction of a reader, committed."""
    with closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall()


def draw(url, customer="c1"):
    return ask(url, OPEN, customer, WHY)[0][0]


def tickets(bank):
    return run(
        bank,
        None,
        "select ticket_id, reader_name, customer_id, reason, used_in is not null "
        "from ops.subject_tickets order by 1",
    )


def test_a_ticket_opens_one_customer_once_and_says_who_and_why(bank, login):
    reader = login()
    ticket = draw(reader)
    assert ask(reader, READ, ticket) == SHOWN
    assert tickets(bank) == [(ticket, urlsplit(reader).username, "c1", WHY, True)]
    with pytest.raises(errors.InsufficientPrivilege, match="it was used"):
        ask(reader, READ, ticket)


def test_a_ticket_of_the_same_transaction_opens_nothing(bank, login):
    """Else who reads could roll back the record of it."""
    with closing(psycopg2.connect(login())) as connection, connection.cursor() as cursor:
        cursor.execute(OPEN, ("c1", WHY))
        (ticket,) = cursor.fetchone()
        with pytest.raises(errors.InsufficientPrivilege, match="not committed"):
            cursor.execute(READ, (ticket,))
        connection.rollback()
        with pytest.raises(errors.InsufficientPrivilege):
            cursor.execute(READ, (ticket,))
    assert tickets(bank) == []


def test_a_reading_that_is_rolled_back_leaves_its_ticket(bank, login):
    reader = login()
    ticket = draw(reader)
    with closing(psycopg2.connect(reader)) as connection, connection.cursor() as cursor:
        cursor.execute(READ, (ticket,))
        assert cursor.fetchall() == SHOWN
        connection.rollback()
    assert tickets(bank) == [(ticket, urlsplit(reader).username, "c1", WHY, False)]


@pytest.mark.parametrize("end", ["release savepoint drawn", "rollback to savepoint drawn"])
def test_a_savepoint_is_no_transaction(bank, login, end):
    with closing(psycopg2.connect(login())) as connection, connection.cursor() as cursor:
        cursor.execute("savepoint drawn")
        cursor.execute(OPEN, ("c1", WHY))
        (ticket,) = cursor.fetchone()
        cursor.execute(end)
        with pytest.raises(errors.InsufficientPrivilege):
            cursor.execute(READ, (ticket,))
        connection.rollback()
    assert tickets(bank) == []


def test_a_block_that_catches_its_own_error_shows_nothing(bank, login):
    """A subtransaction of plpgsql is one of the same transaction."""
    told = (
        "do $$ declare seen text; begin "
        "begin perform reporting.open_clear_text_ticket('c1', 'x'); "
        "select string_agg(attribute_value, ',') into seen from reporting.read_clear_text("
        "(select 1)); exception when insufficient_privilege then seen := 'nothing'; end; "
        "raise notice '%', seen; end $$"
    )
    with closing(psycopg2.connect(login())) as connection, connection.cursor() as cursor:
        cursor.execute(told)
        assert [notice.split()[-1] for notice in connection.notices] == ["nothing"]


def test_a_read_only_session_shows_nothing(bank, login):
    reader = login()
    ticket = draw(reader)
    with closing(psycopg2.connect(reader)) as connection, connection.cursor() as cursor:
        connection.set_session(readonly=True)
        for statement, values in ((OPEN, ("c1", WHY)), (READ, (ticket,))):
            with pytest.raises(errors.ReadOnlySqlTransaction):
                cursor.execute(statement, values)
            connection.rollback()
    assert ask(reader, READ, ticket) == SHOWN, "the ticket stands"


def test_a_ticket_is_its_readers_own(bank, login):
    ticket = draw(login())
    with pytest.raises(errors.InsufficientPrivilege, match="another reader's"):
        ask(login(), READ, ticket)


@pytest.mark.parametrize(
    ("branch", "customer", "is_shown"),
    [
        ("north", "c2", False),
        ("unknown", "c2", True),
        ("*", "c2", True),
        (None, "c1", False),
        ("*", "nobody", False),
    ],
)
def test_a_reader_sees_his_branches_alone(bank, login, branch, customer, is_shown):
    reader = login(branch=branch)
    ticket = draw(reader, customer)
    if is_shown:
        assert dict(ask(reader, READ, ticket))["full_name"] == "李二"
        return
    with pytest.raises(errors.InsufficientPrivilege, match="not there or of none of your branches"):
        ask(reader, READ, ticket)


@pytest.mark.parametrize(("customer", "why"), [("c1", " "), ("", WHY), (None, WHY), ("c1", None)])
def test_a_ticket_needs_a_customer_and_a_reason(bank, login, customer, why):
    with pytest.raises(errors.InvalidParameterValue, match="no ticket was opened"):
        ask(login(), OPEN, customer, why)


def test_who_may_ask_and_for_whom_the_functions_act(bank, login):
    with pytest.raises(errors.InsufficientPrivilege):
        draw(login("bi_reader"))
    for role in (*rooms.WRITERS, rooms.REPORTING_OWNER):
        with pytest.raises(errors.InsufficientPrivilege):
            run(bank, role, OPEN, "c1", WHY)
    for forbidden in (
        "delete from ops.subject_tickets",
        "update ops.subject_tickets set reason = 'x'",
        "select * from protected.customer_contacts where false; create table reporting.mine (a text)",
        "select * from raw.identity__links",
        "update protected.customer_contacts set full_name = 'x'",
    ):
        with pytest.raises((errors.InsufficientPrivilege, errors.UndefinedTable)):
            run(bank, rooms.CLEAR_TEXT_OWNER, forbidden)
