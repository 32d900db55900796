"""An operational database read by watermark: a second real server, read-only, in one stream, once."""

import uuid
from contextlib import closing
from dataclasses import replace
from datetime import date, timedelta
from importlib import import_module

import psycopg2
import pytest

from pipelines.landing import DeliveryError, ensure_raw_tables, land
from pipelines.landing.raw import copy_rows
from pipelines.nights import open_night
from pipelines.sources import Bank, Source, load_source
from pipelines.warehouse import connect

FIRST = date(2026, 3, 30)
SECOND, THIRD = FIRST + timedelta(days=1), FIRST + timedelta(days=2)
VARIABLE = "YIHU_SOURCE_CRM_URL"
DECLARATION = """
source: crm
name_zh: 客户关系
name_en: Customer relations
provides: []
reader: postgres
url_env: YIHU_SOURCE_CRM_URL
time_limit_seconds: 20
tables:
  contacts:
    mode: upsert
    key: [contact_no]
    relation: crm.Contacts
    watermark: changed_at
    date_column: met_on
    sums: [cost]
    ignored: [internal_note]
    zh: 联系
    en: Contacts
    columns:
      contact_no: {type: text, required: true, privacy: C1, zh: 编号, en: Number}
      remark:     {type: text, privacy: C2, zh: 备注, en: Remark}
      met_on:     {type: date, privacy: C1, zh: 日期, en: Date}
      cost:       {type: decimal, unit: CNY, privacy: C1, zh: 费用, en: Cost}
"""
HOSTILE = "tab\there, back\\slash \\N \\. line\nend\r\n \"quoted\", 'once', 张三 \U0001f3e6"
TABLE = """
create schema crm;
create table crm."Contacts" (
    contact_no bigint primary key, remark text, met_on timestamptz, cost numeric(12, 2),
    internal_note text, changed_at timestamptz
);
"""


@pytest.fixture
def operational(second_server):
    """A bank's operational database on a server of its own; ``ask`` runs a statement there."""
    database = f"crm_{uuid.uuid4().hex[:8]}"
    with closing(psycopg2.connect(second_server.url("postgres"))) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(f"create database {database}")
    url = second_server.url(database)

    class Operational:
        address = url

        @staticmethod
        def ask(statement, *values):
            with closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as cursor:
                cursor.execute(statement, values or None)
                return cursor.fetchall() if cursor.description else []

        def add(self, number, changed_at, remark="met", met_on="2026-03-01 23:30+00", cost="1.10"):
            self.ask(
                'insert into crm."Contacts" values (%s, %s, %s, %s, %s, %s) on conflict (contact_no) '
                "do update set (remark, changed_at) = (excluded.remark, excluded.changed_at)",
                *(number, remark, met_on, cost, "not for us", changed_at),
            )

    made = Operational()
    made.ask(TABLE)
    made.add(1, "2026-03-29 08:00+08", HOSTILE)
    made.add(2, "2026-03-30 23:59:59.999999+08", "", cost="2.20")  # still the 30th in Shanghai
    made.add(3, "2026-03-31 00:00:00+08", " ")
    return made


@pytest.fixture
def crm(tmp_path) -> Source:
    (tmp_path / "crm.yml").write_text(DECLARATION, encoding="utf-8")
    return load_source("crm", tmp_path)


@pytest.fixture
def night(settings, operational, crm, monkeypatch):
    """``night(until)`` lands what is due at the bank that has the one source."""
    monkeypatch.setenv(VARIABLE, operational.address)

    def run(until, source=crm):
        bank = Bank("demo", "行", "Bank", "Asia/Shanghai", None, (source,))
        monkeypatch.setattr(import_module("pipelines.landing.land"), "load_bank", lambda code: bank)
        run.night = getattr(run, "night", None) or open_night(settings, until, "one")
        return land(settings, run.night, until)

    return run


def query(settings, statement):
    with connect(settings) as connection, connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall()


def landed(settings):
    return query(
        settings,
        "select contact_no, remark, met_on, cost, _received_date, _line_number from raw.crm__contacts "
        "order by _received_date, _line_number",
    )


def test_rows_come_by_watermark_as_they_are(settings, night):
    assert night(FIRST).rows_out == 2
    assert landed(settings) == [
        ("1", HOSTILE, "2026-03-02", "1.10", FIRST, 1),  # the date is the bank's, not the server's
        ("2", None, "2026-03-02", "2.20", FIRST, 2),
    ]
    assert night(SECOND).rows_out == 1
    assert landed(settings)[2:] == [("3", " ", "2026-03-02", "1.10", SECOND, 1)]


def test_what_was_read_is_on_record(settings, night):
    night(FIRST)
    night(SECOND)
    rows = query(
        settings,
        "select received_date, file_name, length(sha256), byte_count > 0, row_count, control_sums->>'cost', "
        "watermark_from, watermark_until, extra_columns from ops.deliveries order by 1",
    )
    name, seconds = f"{VARIABLE}:crm.Contacts", "00:00:00"
    assert rows == [
        (FIRST, name, 64, True, 2, "3.30", None, f"{SECOND} {seconds}", []),
        (SECOND, name, 64, True, 1, "1.10", f"{SECOND} {seconds}", f"{THIRD} {seconds}", []),
    ]


def test_what_was_read_once_is_not_read_again(settings, night, operational):
    night(FIRST)
    before = landed(settings)
    operational.ask("update crm.\"Contacts\" set remark = 'changed in silence'")
    assert night(FIRST).deliveries == 0
    assert landed(settings) == before


def test_a_gap_is_read_day_by_day(settings, night, operational):
    night(FIRST)
    operational.add(2, "2026-04-01 12:00+08", "again")
    assert night(THIRD).deliveries == 2
    assert [(row[0], row[1], row[4]) for row in landed(settings)[2:]] == [
        ("3", " ", SECOND),
        ("2", "again", THIRD),
    ]


def test_a_new_column_is_kept_aside_and_told(settings, night, operational):
    operational.ask('alter table crm."Contacts" add mood text, add "odd name" int default 7')
    operational.ask('update crm."Contacts" set mood = %s where contact_no = 1', HOSTILE)
    night(FIRST)
    assert query(settings, "select _extra from raw.crm__contacts order by _line_number") == [
        ({"mood": HOSTILE, "odd name": "7"},),
        ({"odd name": "7"},),
    ]
    assert query(settings, "select extra_columns from ops.deliveries") == [(["mood", "column 8"],)]


def test_a_statement_there_cannot_write(settings, night, operational, crm):
    operational.ask(
        "create table crm.seen (n int); create function crm.peep() returns int language sql as "
        "'insert into crm.seen values (1) returning 1'; "
        'create view crm.contacts_view as select *, crm.peep() from crm."Contacts"'
    )
    table = replace(crm.tables[0], relation="crm.contacts_view")
    with pytest.raises(DeliveryError, match=r"contacts_view could not be read \(ReadOnlySqlTransaction\)"):
        night(FIRST, replace(crm, tables=(table,)))
    assert operational.ask("select count(*) from crm.seen") == [(0,)]


@pytest.mark.parametrize("slow", ["pg_sleep(30)", "case when contact_no = 2 then pg_sleep(30) end"])
def test_a_slow_source_is_stopped_and_nothing_is_landed(settings, night, operational, crm, slow):
    operational.ask(
        f'create view crm.slow as select c.*, cast({slow} as text) as slept from crm."Contacts" as c'
    )
    table = replace(crm.tables[0], relation="crm.slow")
    with pytest.raises(DeliveryError, match="took longer than 1 seconds to read"):
        night(FIRST, replace(crm, tables=(table,), time_limit_seconds=1))
    assert query(settings, "select count(*) from ops.deliveries") == [(0,)]
    assert night(FIRST).rows_out == 2


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ('alter table crm."Contacts" drop remark', "has not the declared columns: remark missing"),
        ('alter table crm."Contacts" drop changed_at', "changed_at missing"),
        (
            'alter table crm."Contacts" alter cost type double precision',
            "cost has the type float8, declared is",
        ),
        (
            'alter table crm."Contacts" alter met_on type int using 1',
            "met_on has the type int4, declared is date",
        ),
        (
            'alter table crm."Contacts" alter changed_at type text',
            "the watermark changed_at has the type text",
        ),
        (
            'update crm."Contacts" set changed_at = null where contact_no = 3',
            "1 rows of crm.Contacts have no",
        ),
        ('alter table crm."Contacts" add login_password text', "column 7 .* named like a credential"),
        ('drop table crm."Contacts"', "is not there, or may not be read"),
        ("update crm.\"Contacts\" set met_on = '2026-04-02'", "2 rows have met_on after the date of receipt"),
        (
            'create table crm.more as table crm."Contacts"; drop table crm."Contacts"; '
            'insert into crm.more select * from crm.more; alter table crm.more rename to "Contacts"',
            r"have the same key \(contact_no\)",
        ),
    ],
)
def test_a_source_that_is_not_as_declared_stops_the_night(settings, night, operational, change, words):
    operational.ask(change)
    with pytest.raises(DeliveryError, match=f"crm.contacts {FIRST}: .*{words}") as raised:
        night(FIRST)
    assert "Nothing was landed." in str(raised.value)
    assert "run the night again" in str(raised.value)
    assert query(settings, "select count(*) from ops.deliveries") == [(0,)]


def test_a_day_that_is_not_over_is_not_read(night):
    with pytest.raises(DeliveryError, match="the day is not over at the source"):
        night(date(9998, 1, 1))


def test_an_address_that_is_missing_or_wrong_is_told_without_its_password(night, operational, monkeypatch):
    monkeypatch.setenv(VARIABLE, operational.address.replace("yihu:", "yihu:se/cret@x"))
    with pytest.raises(DeliveryError, match=f"cannot be reached .* the address in {VARIABLE}") as raised:
        night(FIRST)
    assert "cret" not in str(raised.value)
    monkeypatch.delenv(VARIABLE)
    with pytest.raises(DeliveryError, match=f"{VARIABLE} is not set"):
        night(FIRST)


MANY = (
    "insert into crm.\"Contacts\" select n, repeat('x', 100), '2026-03-01', 1, null, '2026-03-30 12:00+08' "
    "from generate_series(10, 60000) as n"  # far more than the pipe holds
)


def test_an_error_of_our_own_server_comes_out_as_itself(settings, night, operational, crm):
    operational.ask(MANY)
    with connect(settings, role="yihu_loader") as connection:
        ensure_raw_tables(connection, [crm])
        with connection.cursor() as cursor:
            copy_rows(cursor, "raw", crm.tables[0], [FIRST], [])  # makes the month's partition
            cursor.execute("alter table raw.crm__contacts add constraint small check (cost <> '2.20')")
    with pytest.raises(psycopg2.errors.CheckViolation):
        night(FIRST)


def test_a_source_that_fails_half_way_leaves_nothing(settings, night, operational, crm):
    operational.ask(MANY)
    operational.ask(
        "create view crm.broken as select contact_no, remark, met_on, cost, changed_at, "
        'case when contact_no = 59000 then 1 / (contact_no - 59000) end as ratio from crm."Contacts"'
    )
    table = replace(crm.tables[0], relation="crm.broken")
    with pytest.raises(DeliveryError, match=r"crm.broken could not be read \(DivisionByZero\)"):
        night(FIRST, replace(crm, tables=(table,)))
    assert query(settings, "select count(*) from ops.deliveries") == [(0,)]
    assert night(FIRST).rows_out == 59_993
