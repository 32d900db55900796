"""One kind of writer per room, closed rooms for readers, and no word from a night that has ended."""

import re
import shutil

import psycopg2
import pytest
from psycopg2 import errors

from pipelines.settings import Settings
from pipelines.warehouse import connect, reader_url, rooms
from pipelines.warehouse.migrations import FOLDER, migrate, migration_texts
from pipelines.workspace import LIVE, Workspace

WRITERS = ("yihu_loader", "yihu_transformer", "yihu_publisher")
READERS = ("bi_reader", "risk_reader")


def test_a_database_of_the_former_shape_is_brought_up(settings):
    for former in (
        "drop view ops.released_lines",
        "drop table ops.subject_records, ops.subject_mentions, ops.subject_decisions, ops.subject_tickets",
        "drop table ops.migrations",
        "drop table ops.quarantine_releases, ops.gate_measures",
        "alter table ops.gate_results drop column advice_zh, drop column advice_en",
        "comment on schema ops is 'rooms of the former release'",
    ):
        run(settings, None, former)
    with connect(settings) as connection:
        assert not rooms.are_ready(connection)
        rooms.create(connection)
        assert rooms.are_ready(connection)
    assert run(settings, None, "select migration_number, migration_name from ops.migrations") == [
        (1, "persons"),
        (2, "releases_and_measures"),
        (3, "clear_text"),
    ]
    for table in ("subject_decisions", "released_lines", "gate_measures"):
        assert run(settings, "yihu_publisher", f"select count(*) from ops.{table}") == [(0,)]
    assert run(settings, "yihu_publisher", "select advice_zh, advice_en from ops.gate_results") == []
    with connect(settings) as connection, connection.cursor() as cursor:
        assert migrate(cursor) == [], "each is applied once"


def test_a_migration_is_applied_once_in_order_and_never_changed(settings, tmp_path):
    shutil.copytree(FOLDER, tmp_path, dirs_exist_ok=True)
    (tmp_path / "0019_later.sql").write_text("alter table ops.made_up add column later text;")
    (tmp_path / "0018_sooner.sql").write_text("create table ops.made_up (sooner text);")
    with connect(settings) as connection, connection.cursor() as cursor:
        assert migrate(cursor, tmp_path) == ["sooner", "later"]
        assert migrate(cursor, tmp_path) == []
        with pytest.raises(rooms.RoomsError, match=r"0019 .later.*newer release"):
            migrate(cursor)
        (tmp_path / "0018_sooner.sql").write_text("create table ops.made_up (other text);")
        with pytest.raises(rooms.RoomsError, match=r"0018 .sooner. is not the one"):
            migrate(cursor, tmp_path)
        (tmp_path / "later.sql").touch()
        with pytest.raises(rooms.RoomsError, match="must be named"):
            migrate(cursor, tmp_path)
        connection.rollback()


def test_a_relation_of_ops_is_made_in_one_place():
    """What a release adds is a migration; rooms.sql stays at the shape of the one before."""
    made = re.compile(r"create (?:or replace )?(?:table|view) (?:if not exists )?(ops\.\w+)")
    texts = [(FOLDER.parent / "rooms.sql").read_text(encoding="utf-8"), *migration_texts()]
    names = [name for text in texts for name in made.findall(text)]
    assert len(texts) > 2
    assert len(names) == len(set(names))


@pytest.fixture
def furnished(settings: Settings) -> Settings:
    """A table in every room, made by the room's own writer."""
    for room, (writer, _) in rooms.ROOMS.items():
        run(settings, writer, f"create table {room}.things as select 1 as thing")
    run(settings, "yihu_transformer", "create schema edition_next")
    run(settings, "yihu_transformer", "create table edition_next.things as select 1 as thing")
    return settings


def run(settings: Settings, role: str | None, statement: str, night_id: int | None = None):
    with connect(settings, role, night_id) as connection, connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else None


def is_allowed(settings: Settings, role: str, statement: str) -> bool:
    try:
        run(settings, role, statement)
    except errors.InsufficientPrivilege:
        return False
    return True


# room -> who may write there, and who may read; the publisher holds dbt's rights to take editions over
@pytest.mark.parametrize(
    ("room", "may_write", "may_read"),
    [
        ("raw", {"yihu_loader"}, set(WRITERS)),
        ("policy", {"yihu_loader"}, set(WRITERS)),
        ("staging", {"yihu_transformer", "yihu_publisher"}, set(WRITERS)),
        ("intermediate", {"yihu_transformer", "yihu_publisher"}, set(WRITERS)),
        ("marts", {"yihu_transformer", "yihu_publisher"}, set(WRITERS)),
        ("protected", {"yihu_transformer", "yihu_publisher"}, {"yihu_transformer", "yihu_publisher"}),
        ("edition_next", {"yihu_transformer", "yihu_publisher"}, {"yihu_transformer", "yihu_publisher"}),
    ],
)
def test_who_writes_and_reads_where(furnished, room, may_write, may_read):
    tried = (*WRITERS, *READERS, "reporting_owner")
    assert {
        r for r in tried if is_allowed(furnished, r, f"insert into {room}.things values (2)")
    } == may_write
    assert {r for r in tried if is_allowed(furnished, r, f"select * from {room}.things")} == may_read
    assert {
        r for r in tried if is_allowed(furnished, r, f"create table {room}.new_{r} (a text)")
    } == may_write
    assert is_allowed(furnished, None, f"drop table {room}.things")


@pytest.mark.parametrize(
    ("statement", "may"),
    [
        ("create view reporting.v_{role} as select 1 as one", {"yihu_publisher", "reporting_owner"}),
        ("delete from ops.deliveries", {"yihu_loader"}),
        ("delete from ops.quarantine", {"yihu_loader"}),
        ("delete from ops.tie_outs", {"yihu_loader"}),
        ("delete from ops.policy_versions", {"yihu_loader"}),
        ("delete from ops.editions", {"yihu_publisher"}),
        ("delete from ops.publications", {"yihu_publisher"}),
        ("delete from ops.gate_results", {"yihu_publisher"}),
        ("delete from ops.gate_measures", {"yihu_publisher"}),
        ("delete from ops.nights", set()),
        ("delete from ops.night_steps", set()),
        ("delete from ops.waivers", set()),
        ("delete from ops.reader_branches", set()),
        ("select * from ops.nights", {*WRITERS, "reporting_owner"}),
        ("select * from ops.quarantine", {*WRITERS, "reporting_owner"}),
        ("create table ops.mine_{role} (a text)", set()),
        ("create table public.mine_{role} (a text)", set()),
        ("create schema mine_{role}", {"yihu_transformer", "yihu_publisher"}),
        ("create temporary table mine (a text)", set(WRITERS)),
    ],
)
def test_who_does_what_elsewhere(settings, statement, may):
    tried = (*WRITERS, *READERS, "reporting_owner")
    assert {r for r in tried if is_allowed(settings, r, statement.format(role=r))} == may


def test_readers_see_reporting_and_nothing_else(furnished):
    run(furnished, "yihu_publisher", "create view reporting.shown as select 1 as one")
    run(furnished, "yihu_publisher", "grant select on reporting.shown to bi_reader")
    reader = psycopg2.connect(reader_url(furnished))
    reader.autocommit = True
    with reader.cursor() as cursor:
        cursor.execute("select one from reporting.shown")
        assert cursor.fetchone() == (1,)
        cursor.execute(
            """
            select nspname from pg_namespace
            where has_schema_privilege(oid, 'usage') and nspname not like 'pg\\_%%'
              and nspname <> 'information_schema'
            """
        )
        assert cursor.fetchall() == [("reporting",)]
        for closed in ("raw.things", "protected.things", "edition_next.things", "ops.quarantine"):
            with pytest.raises(errors.InsufficientPrivilege):
                cursor.execute(f"select * from {closed}")
        with pytest.raises(errors.InsufficientPrivilege):
            cursor.execute("set role yihu_publisher")
    reader.close()
    assert run(furnished, None, "select * from ops.reader_branches") == [("yihu_analyst", "*")]
    assert reader_url(furnished) == reader_url(furnished)


def test_the_loader_partitions_its_tables(settings):
    run(settings, "yihu_loader", "create table raw.core__a (a text, d date) partition by range (d)")
    run(
        settings,
        "yihu_loader",
        "create table raw.core__a_p202610 partition of raw.core__a "
        "for values from ('2026-10-01') to ('2026-11-01')",
    )
    run(settings, "yihu_loader", "insert into raw.core__a values ('x', '2026-10-31')")
    assert run(settings, "yihu_transformer", "select a from raw.core__a") == [("x",)]
    assert run(settings, "yihu_transformer", "select a from raw.core__a_p202610") == [("x",)]


def test_the_publisher_takes_an_edition_over(furnished):
    with connect(furnished, "yihu_publisher") as connection, connection.cursor() as cursor:
        cursor.execute("alter schema edition_next rename to edition_20261031_1")
        cursor.execute("alter table edition_20261031_1.things owner to yihu_publisher")
        cursor.execute("alter schema edition_20261031_1 owner to yihu_publisher")
        cursor.execute("grant usage on schema edition_20261031_1 to reporting_owner")
        cursor.execute("grant select on edition_20261031_1.things to reporting_owner")
        cursor.execute("create view reporting.things as select * from edition_20261031_1.things")
        cursor.execute("alter view reporting.things owner to reporting_owner")
        cursor.execute("grant select on reporting.things to bi_reader")
    assert run(furnished, "bi_reader", "select * from reporting.things") == [(1,)]
    for frozen in (
        "insert into edition_20261031_1.things values (2)",
        "drop table edition_20261031_1.things",
        "alter schema edition_20261031_1 rename to edition_next",
        "drop view reporting.things",
    ):
        assert not is_allowed(furnished, "yihu_transformer", frozen)
    run(
        furnished,
        "yihu_publisher",
        "create or replace view reporting.things as select * from edition_20261031_1.things where thing > 1",
    )
    run(furnished, "yihu_publisher", "drop schema edition_20261031_1 cascade")


def test_a_workspace_has_the_same_rooms_and_leaves_nothing(furnished):
    one, other = Workspace("w1"), Workspace("w1_b")
    with connect(furnished) as connection:
        for workspace in (one, one, other):
            rooms.create_workspace(connection, workspace)
    run(furnished, "yihu_loader", "create table w1__raw.links (a text)")
    run(furnished, "yihu_transformer", "create table w1__marts.customers as select a from w1__raw.links")
    run(furnished, "yihu_transformer", "create schema w1__edition_next")
    assert not is_allowed(furnished, "yihu_loader", "create table w1__marts.mine (a text)")
    assert not is_allowed(furnished, "yihu_transformer", "create table w1__raw.mine (a text)")
    assert not is_allowed(furnished, "bi_reader", "select * from w1__marts.customers")
    with connect(furnished) as connection:
        assert len(rooms.drop_workspace(connection, one)) == len(rooms.ROOMS) + 1
        with pytest.raises(rooms.RoomsError):
            rooms.drop_workspace(connection, LIVE)
    assert run(furnished, "yihu_loader", "select count(*) from raw.things") == [(1,)]
    left = run(furnished, None, "select count(*) from pg_namespace where nspname like 'w1%'")
    assert left == [(len(rooms.ROOMS),)]


def open_night(settings: Settings) -> int:
    statement = (
        "insert into ops.nights (business_date, run_id, state, is_scheduled) "
        "values ('2026-10-31', 'test', 'running', false) returning night_id"
    )
    return run(settings, None, statement)[0][0]


@pytest.mark.parametrize("role", WRITERS)
def test_only_the_running_night_writes(settings, role):
    night = open_night(settings)
    assert run(settings, role, "select current_user", night) == [(role,)]
    run(settings, None, f"update ops.nights set state = 'superseded' where night_id = {night}")
    later = open_night(settings)
    with pytest.raises(errors.RaiseException, match=f"night {night} is no longer the running night"):
        run(settings, role, "select 1", night)
    with pytest.raises(errors.RaiseException, match="no night is named"):
        run(settings, role, "select ops.check_fence()")
    assert run(settings, role, "select 1 as one", later) == [(1,)]
    assert not is_allowed(settings, "bi_reader", "select ops.check_fence()")


def test_a_take_over_waits_for_what_the_night_is_writing(settings):
    night = open_night(settings)
    with connect(settings, "yihu_loader", night), pytest.raises(errors.LockNotAvailable):
        run(settings, None, "set lock_timeout = '50ms'; update ops.nights set state = 'superseded'")


def test_a_failed_block_leaves_nothing_and_keeps_its_role(settings):
    with pytest.raises(errors.DivisionByZero):
        run(settings, "yihu_loader", "create table raw.half (a text); select 1 / 0")
    assert run(settings, None, "select to_regclass('raw.half')") == [(None,)]
    with connect(settings, "yihu_loader") as connection, connection.cursor() as cursor:
        connection.rollback()
        cursor.execute("select current_user")
        assert cursor.fetchone() == ("yihu_loader",)
    assert connection.closed


def test_rooms_may_be_made_again(furnished):
    with connect(furnished) as connection:
        assert rooms.are_ready(connection)
        rooms.create(connection)
        assert rooms.are_ready(connection)
    assert run(furnished, "yihu_transformer", "select * from raw.things") == [(1,)]


# ── out of the rooms ────────────────────────────────────────────────────────────────────────────────────────


def test_no_role_can_log_in_or_give_itself_more(settings):
    powers = "rolcanlogin or rolsuper or rolcreaterole or rolcreatedb or rolreplication or rolbypassrls"
    found = run(settings, None, f"select rolname, {powers} from pg_roles")
    found = [(role, is_mighty) for role, is_mighty in found if role in rooms.ROLES]
    assert sorted(found) == sorted((role, False) for role in rooms.ROLES)
    analyst = run(
        settings,
        None,
        "select g.rolname from pg_auth_members as m inner join pg_roles as g on m.roleid = g.oid "
        "inner join pg_roles as r on m.member = r.oid where r.rolname = 'yihu_analyst'",
    )
    assert analyst in ([], [("bi_reader",)])


@pytest.mark.parametrize(
    "statement",
    [
        "create role more login",
        "alter role {role} superuser",
        "alter role reporting_owner login password 'p'",
        "grant yihu_loader to {role}",
        "select pg_read_file('/etc/passwd')",
        "select pg_ls_dir('/')",
        "select lo_import('/etc/passwd')",
        "copy (select 1) to program 'true'",
        "copy (select 1) to '/tmp/yihu_out'",
        "select * from pg_authid",
        "select * from pg_catalog.pg_statistic",
        "select pg_reload_conf()",
        "set log_statement = 'all'",
        "insert into ops.reader_branches values ('{role}', '*')",
        "update ops.nights set state = 'published'",
        "insert into ops.waivers (rule_id, from_date, until_date, reason, proposer, approver) "
        "values ('r', '2026-01-01', '2026-01-01', 'r', 'a', 'b')",
        "truncate ops.editions",
        "create function ops.f() returns int language sql as 'select 1'",
        "create function public.f() returns int language sql as 'select 1'",
        "drop schema reporting cascade",
        "alter schema raw owner to {role}",
    ],
)
def test_what_no_role_may_do(furnished, statement):
    for role in (*WRITERS, *READERS, "reporting_owner"):
        assert not is_allowed(furnished, role, statement.format(role=role)), role


@pytest.mark.parametrize("mode", ["read write", "read only"])
def test_a_reader_gains_nothing_by_the_way_he_asks(furnished, mode):
    """Savepoints, cursors, prepared statements and a role given back lead into no other room."""
    reader = psycopg2.connect(reader_url(furnished))
    closed = "select * from protected.things"
    with reader, reader.cursor() as cursor:
        cursor.execute(f"set transaction {mode}")
        for asked in (
            closed,
            f"declare rows cursor for {closed}",
            f"prepare asked as {closed}; execute asked",
            f"explain analyze {closed}",
            "do $$ begin perform thing from protected.things; end $$",
            "set role reporting_owner",
            "set session authorization yihu_transformer",
            "select ops.check_fence()",
            "table protected.things",
            "select query_to_xml('table protected.things', true, false, '')",
            "select (select thing from protected.things)",
        ):
            cursor.execute("savepoint before")
            with pytest.raises(errors.InsufficientPrivilege):
                cursor.execute(asked)
            cursor.execute("rollback to savepoint before")
            cursor.execute("reset role")
    reader.close()


def test_readers_can_run_no_function_of_ours_that_acts_for_its_owner(settings):
    found = run(
        settings,
        None,
        "select p.oid::regprocedure::text, has_function_privilege('bi_reader', p.oid, 'execute'), "
        "coalesce(array_to_string(p.proconfig, ';'), '') like '%search_path=%' from pg_proc as p "
        "inner join pg_namespace as n on p.pronamespace = n.oid "
        "where p.prosecdef and n.nspname !~ '^(pg_|information_schema)'",
    )
    assert ("ops.check_fence()", False, True) in found
    assert [name for name, _, is_fixed in found if not is_fixed] == [], "its search_path is its caller's"
    # what readers may call lies in the room that they may enter
    assert [name for name, may, _ in found if may and not name.startswith("reporting.")] == []
