"""Publishing, rollback, adoption and collection on hand-made editions."""

import importlib
import multiprocessing
import os
import signal
import uuid
from contextlib import closing
from datetime import date

import psycopg2
import pytest
from handmade_editions import build, keep, open_night

from pipelines.publishing import (
    PublishError,
    ViewError,
    adopt,
    collect,
    ensure_governance_views,
    list_editions,
    publish,
    rollback,
)
from pipelines.warehouse import connect, reader_url
from pipelines.workspace import Workspace

publishing = importlib.import_module("pipelines.publishing.publish")

SEPTEMBER = date(2026, 9, 30)
D1, D2, D3 = date(2026, 10, 29), date(2026, 10, 30), date(2026, 10, 31)
WORKSPACE = Workspace("w1")


@pytest.fixture(autouse=True)
def _policy(settings):
    keep(settings, daily=7, month_ends=13)


def night_of(settings, day, aum=100, policy="p1", model="m1", after=""):
    night = open_night(settings, day)
    build(settings, day, aum, after=after)
    return publish(settings, night, policy, model)


def rebuild_of(settings, day, aum=100, policy="p1"):
    night = open_night(settings, day, WORKSPACE)
    build(settings, day, aum, WORKSPACE)
    return adopt(settings, night, policy, "m1")


def ask(settings, query, role="risk_reader", arguments=None):
    with connect(settings, role) as connection, connection.cursor() as cursor:
        cursor.execute(query, arguments)
        return cursor.fetchall()


def aum_shown(settings):
    """What reporting shows of every branch: (edition, AUM)."""
    with closing(psycopg2.connect(reader_url(settings))) as connection, connection.cursor() as cursor:
        cursor.execute("select distinct edition_id, aum_amount::int from reporting.customer_360")
        return cursor.fetchall()


def schemas(settings):
    found = ask(settings, "select nspname from pg_namespace where nspname like '%edition%' order by 1", None)
    return [name for (name,) in found]


def states(settings):
    return {one.edition_id: one.state for one in list_editions(settings)}


def test_publish_shows_the_edition_and_records_it(settings):
    result = night_of(settings, D1)
    assert (result.edition_id, result.outcome) == ("edition_20261029_1", "published")
    assert aum_shown(settings) == [("edition_20261029_1", 100)]
    rows = ask(settings, "select * from reporting.publications order by table_name")
    assert [row[2] for row in rows] == [
        "codes",
        "customer_360",
        "customer_accounts",
        "customer_churn",
        "customer_tiers",
    ]
    edition_id, day, table, count, digest, _, is_current, policy, model = rows[1]
    assert (edition_id, day, table, count) == (result.edition_id, D1, "customer_360", 2)
    assert (digest, is_current, policy, model) == (result.digests["customer_360"].digest, True, "p1", "m1")
    assert 0 < result.lock_ms < 1000
    assert list_editions(settings)[0].cause == "new night"
    assert schemas(settings) == ["edition_20261029_1"]


def test_publications_has_exactly_its_columns(settings):
    night_of(settings, D1)
    with connect(settings) as connection, connection.cursor() as cursor:
        cursor.execute("select * from reporting.publications limit 0")
        assert [column.name for column in cursor.description] == [
            "edition_id",
            "business_date",
            "table_name",
            "row_count",
            "digest",
            "published_at",
            "is_current",
            "policy_version",
            "model_version",
        ]


def test_second_publish_of_the_same_is_unchanged(settings):
    first = night_of(settings, D1)
    second = night_of(settings, D1)
    assert (second.outcome, second.edition_id, second.digests) == (
        "unchanged",
        first.edition_id,
        first.digests,
    )
    assert schemas(settings) == [first.edition_id]
    assert len(list_editions(settings)) == 1


def test_publish_task_run_again_after_its_commit(settings):
    night = open_night(settings, D1)
    build(settings, D1)
    first = publish(settings, night, "p1", "m1")
    again = publish(settings, night, "p1", "m1")
    assert (again.outcome, again.edition_id, again.digests) == ("published", first.edition_id, first.digests)


def test_nothing_to_publish(settings):
    with pytest.raises(
        PublishError, match=r"edition_next, 2026-10-29: there is no edition .*`build edition`"
    ):
        publish(settings, open_night(settings, D1), "p1", "m1")


@pytest.mark.parametrize(
    ("aum", "policy", "model", "cause"),
    [
        (101, "p1", "m1", "data or decision"),
        (101, "p2", "m1", "policy"),
        (100, "p1", "m2", "model"),
        (100, "p2", "m2", "policy, model"),
    ],
)
def test_a_changed_rerun_replaces_with_its_cause(settings, aum, policy, model, cause):
    night_of(settings, D1)
    result = night_of(settings, D1, aum, policy, model)
    assert (result.edition_id, result.outcome) == ("edition_20261029_2", "replaced")
    assert aum_shown(settings) == [("edition_20261029_2", aum)]
    assert list_editions(settings)[0].cause == cause
    assert states(settings) == {"edition_20261029_1": "superseded", "edition_20261029_2": "kept"}


def test_release_is_a_cause(settings, monkeypatch):
    night_of(settings, D1)
    monkeypatch.setattr(publishing.Versions, "__init__", _released(publishing.Versions.__init__))
    assert night_of(settings, D1).outcome == "replaced"
    assert list_editions(settings)[0].cause == "release"


def _released(former):
    return lambda self, policy, model: former(self, policy, model, "9.9.9")


def test_older_date_does_not_move_reporting(settings):
    night_of(settings, D2, 200)
    night_of(settings, D1, 100)
    assert aum_shown(settings) == [("edition_20261030_1", 200)]


def test_superseded_night_is_refused_by_the_fence(settings):
    old = open_night(settings, D1)
    build(settings, D1)
    new = open_night(settings, D1)
    for _ in range(2):
        with pytest.raises(psycopg2.errors.RaiseException, match="no longer the running night"):
            publish(settings, old, "p1", "m1")
    assert states(settings) == {}
    assert publish(settings, new, "p1", "m1").outcome == "published"


def test_only_the_live_night_publishes(settings):
    with pytest.raises(PublishError, match="workspace w1, 2026-10-29: only the live night publishes"):
        publish(settings, open_night(settings, D1, WORKSPACE), "p1", "m1")


def test_killed_inside_publish_then_run_again(settings):
    night_of(settings, D1, 100)
    night = open_night(settings, D2)
    build(settings, D2, 200)

    def die(connection, views):
        install(connection, views)
        os.kill(os.getpid(), signal.SIGKILL)

    def killed():
        publishing.install = die
        publish(settings, night, "p1", "m1")

    install = publishing.install
    child = multiprocessing.get_context("fork").Process(target=killed)
    child.start()
    child.join()
    assert child.exitcode == -signal.SIGKILL
    assert aum_shown(settings) == [("edition_20261029_1", 100)]
    assert publish(settings, night, "p1", "m1").outcome == "published"
    assert aum_shown(settings) == [("edition_20261030_1", 200)]


def test_edition_is_frozen_and_readers_are_kept_out(settings):
    edition_id = night_of(settings, D1).edition_id
    denied = psycopg2.errors.InsufficientPrivilege
    with pytest.raises(denied):
        ask(settings, f"delete from {edition_id}.customer_360 returning 1", "yihu_transformer")
    for table in (f"{edition_id}.customer_360", "ops.nights", "ops.reader_branches", "ops.quarantine"):
        for role in ("bi_reader", "risk_reader"):
            with pytest.raises(denied):
                ask(settings, f"select * from {table}", role)
    with pytest.raises(denied):
        ask(settings, "select * from reporting.data_quality_quarantine", "bi_reader")
    assert ask(settings, "select * from reporting.data_quality_quarantine") == []


def test_branch_predicate(settings):
    night_of(settings, SEPTEMBER)
    night_of(settings, D1)
    teller = f"teller_{uuid.uuid4().hex[:12]}"
    try:
        with connect(settings) as connection, connection.cursor() as cursor:
            cursor.execute(f"create role {teller} in role bi_reader")
            cursor.execute("insert into ops.reader_branches values (%s, 'north')", (teller,))
        for table in ("customer_360", "customer_tiers", "customer_churn", "customer_360_history"):
            assert ask(settings, f"select customer_id, branch_id from reporting.{table}", teller) == [
                ("c1", "north")
            ]
        assert ask(settings, "select code from reporting.codes", teller) == [("gold",)]
        # A reader without any branch sees no customer.
        assert ask(settings, "select * from reporting.customer_360", "bi_reader") == []
        # A function of the reader's own is not fed the rows of other branches.
        with closing(psycopg2.connect(settings.database_url)) as connection, connection.cursor() as cursor:
            cursor.execute(
                "create function pg_temp.spy(text) returns boolean language plpgsql cost 0.0001 "
                "as $$ begin raise notice 'saw %', $1; return true; end $$"
            )
            cursor.execute(f"set role {teller}")
            cursor.execute("select * from reporting.customer_360 where pg_temp.spy(customer_id)")
            assert [notice.split()[-1] for notice in connection.notices] == ["c1"]
    finally:
        with connect(settings) as connection, connection.cursor() as cursor:
            cursor.execute(f"drop role if exists {teller}")


def test_reasons_are_worded(settings):
    night_of(settings, D1)
    _allow_all(settings)
    assert ask(settings, "select distinct reason_zh, reason_en from reporting.customer_tiers") == [
        ("资产100元，达到50元", "AUM 100 reaches 50")
    ]
    query = "select distinct reason_1_zh, reason_1_en, model_version from reporting.customer_churn"
    assert ask(settings, query) == [("31天无交易", "inactive for 31 days", "m1")]
    query = "select distinct reason_2_zh, reason_2_en, reason_3_zh from reporting.customer_churn"
    assert ask(settings, query) == [(None, None, None)]
    assert ask(settings, "select to_regclass('reporting.reasons')", None) == [(None,)]


THREE_REASONS = """
alter table {schema}.customer_churn
    add reason_1_code text, add reason_1_value numeric(18, 4),
    add reason_2_code text, add reason_2_value numeric(18, 4),
    add reason_3_code text, add reason_3_value numeric(18, 4);
update {schema}.customer_churn set
    reason_1_code = 'feature', reason_1_value = 7.5000, reason_2_code = 'inactive', reason_2_value = 40.0000,
    reason_3_code = 'unheard_of', reason_3_value = 1;
insert into {schema}.reasons
select 'feature', '某特征为{{metric}}', 'a feature of {{metric}}', max(business_date) from {schema}.reasons
"""


def test_each_of_three_reasons_is_worded_with_its_own_value(settings):
    """Also beside a month-end edition from before there were three."""
    night_of(settings, SEPTEMBER)
    night_of(settings, D1, after=THREE_REASONS)
    _allow_all(settings)
    words = "reason_1_zh, reason_1_en, reason_2_zh, reason_2_en, reason_3_zh, reason_3_en"
    assert ask(settings, f"select distinct {words} from reporting.customer_churn") == [
        ("某特征为7.5", "a feature of 7.5", "40天无交易", "inactive for 40 days", None, None)
    ]
    assert ask(settings, f"select distinct {words} from reporting.customer_churn_history") == [
        ("31天无交易", "inactive for 31 days", None, None, None, None)
    ]


def _allow_all(settings, reader="risk_reader"):
    with connect(settings) as connection, connection.cursor() as cursor:
        cursor.execute("insert into ops.reader_branches values (%s, '*') on conflict do nothing", (reader,))


COMMENTS = """
select c.relname, coalesce(a.attname, ''), d.description
from pg_description as d join pg_class as c on c.oid = d.objoid and d.classoid = 'pg_class'::regclass
left join pg_attribute as a on a.attrelid = c.oid and a.attnum = d.objsubid and d.objsubid > 0
where c.relnamespace = 'reporting'::regnamespace
"""


def test_comments_and_grants_survive(settings):
    night_of(settings, D1)
    with connect(settings) as connection, connection.cursor() as cursor:
        cursor.execute("revoke select on reporting.codes from bi_reader")
    night_of(settings, D2, 200, after="comment on column {schema}.customer_360.aum_amount is '新 | New'")
    comments = {(view, column): text for view, column, text in ask(settings, COMMENTS, None)}
    assert comments["customer_360", ""] == "客户视图 | Customer view"
    assert comments["customer_360", "aum_amount"] == "新 | New"
    assert comments["customer_360", "customer_id"] == "客户编号 | Customer id"
    assert (
        comments["customer_360_history", ""]
        == "客户视图（各月末版本） | Customer view (every kept month-end)"
    )
    for added in ("edition_id", "policy_version", "model_version", "reason_1_zh", "reason_1_en"):
        assert " | " in comments["customer_churn", added]
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        ask(settings, "select * from reporting.codes", "bi_reader")
    options = ask(
        settings,
        "select distinct relowner::regrole::text, reloptions from pg_class "
        "where relnamespace = 'reporting'::regnamespace",
        None,
    )
    assert options == [("reporting_owner", ["security_barrier=true"])]


def test_governance_views_are_commented_and_can_be_made_again(settings):
    for _ in range(2):
        with connect(settings) as connection:
            ensure_governance_views(connection)
    open_night(settings, D1)
    open_night(settings, D1, WORKSPACE)
    assert ask(settings, "select business_date, state from reporting.nights", "bi_reader") == [
        (D1, "running")
    ]
    missing = ask(
        settings,
        "select c.relname, a.attname from pg_class as c join pg_attribute as a on a.attrelid = c.oid "
        "where c.relnamespace = 'reporting'::regnamespace and a.attnum > 0 and "
        "(col_description(c.oid, a.attnum) not like '% | %') is not false",
        None,
    )
    assert missing == []


def test_history_is_the_kept_month_ends(settings):
    night_of(settings, D1, 100)
    history = (
        "select business_date, edition_id, aum_amount::int from reporting.customer_360_history order by 1"
    )
    _allow_all(settings)
    assert ask(settings, f"select distinct * from ({history}) as h") == []
    night_of(settings, D3, 300)
    rebuild_of(settings, SEPTEMBER, 90)
    query = f"select distinct * from ({history}) as h order by 1"
    assert ask(settings, query) == [
        (SEPTEMBER, "edition_20260930_1", 90),
        (D3, "edition_20261031_1", 300),
    ]
    rebuild_of(settings, SEPTEMBER, 91)
    assert ask(settings, query)[0] == (SEPTEMBER, "edition_20260930_2", 91)
    rollback(settings)
    assert ask(settings, query) == [(SEPTEMBER, "edition_20260930_2", 91)]


def test_rollback(settings):
    night_of(settings, D1, 100)
    with pytest.raises(PublishError, match=r"no older edition .*only edition_20261029_1"):
        rollback(settings)
    night_of(settings, D2, 200)
    assert rollback(settings) == "edition_20261029_1"
    assert aum_shown(settings) == [("edition_20261029_1", 100)]
    assert states(settings)["edition_20261030_1"] == "rolled_back"
    current = ask(settings, "select distinct edition_id from reporting.publications where is_current")
    assert current == [("edition_20261029_1",)]
    assert night_of(settings, D2, 200).edition_id == "edition_20261030_2"
    assert list_editions(settings)[0].cause == "again after rollback"
    assert aum_shown(settings) == [("edition_20261030_2", 200)]


def test_adopt_equal_changes_nothing(settings):
    first = night_of(settings, D1, 100)
    night_of(settings, D2, 200)
    result = rebuild_of(settings, D1, 100)
    assert (result.outcome, result.edition_id) == ("unchanged", first.edition_id)
    assert len(list_editions(settings)) == 2
    assert "w1__edition_next" in schemas(settings)


def test_adopt_different_replaces_the_date(settings):
    night_of(settings, D1, 100)
    night_of(settings, D2, 200)
    result = rebuild_of(settings, D1, 150, policy="p2")
    assert (result.outcome, result.edition_id) == ("replaced", "edition_20261029_2")
    assert aum_shown(settings) == [("edition_20261030_1", 200)]
    assert list_editions(settings)[1].cause == "policy"
    assert rebuild_of(settings, D2, 250).outcome == "replaced"
    assert aum_shown(settings) == [("edition_20261030_2", 250)]
    assert rollback(settings) == "edition_20261029_2"
    assert aum_shown(settings) == [("edition_20261029_2", 150)]


def test_new_last_column_is_taken_and_survives_rollback(settings):
    night_of(settings, SEPTEMBER, 90)
    night_of(settings, D1, 100)
    added = "alter table {schema}.customer_360 add column region_name text default 'x'"
    night_of(settings, D2, 200, after=added)
    _allow_all(settings)
    shown = "select distinct aum_amount::int, region_name from reporting.customer_360"
    assert ask(settings, shown) == [(200, "x")]
    assert ask(settings, shown + "_history") == [(90, None)]
    rollback(settings)
    assert ask(settings, shown) == [(100, None)]
    night_of(settings, D2, 200, after=added)
    assert ask(settings, shown) == [(200, "x")]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("drop column aum_amount", "column aum_amount is gone"),
        ("alter column aum_amount type numeric(20, 2)", "was numeric\\(18,2\\) and is numeric\\(20,2\\)"),
        (
            "drop column business_date, add column x text, add column business_date date",
            "column x stands before",
        ),
    ],
)
def test_changed_shape_is_a_release_step(settings, change, message):
    night_of(settings, D1)
    with pytest.raises(ViewError, match=rf"reporting\.customer_360: .*{message}.* release step"):
        night_of(settings, D2, 200, after=f"alter table {{schema}}.customer_360 {change}")
    assert aum_shown(settings) == [("edition_20261029_1", 100)]
    assert states(settings) == {"edition_20261029_1": "kept"}


def test_table_taken_away_is_a_release_step(settings):
    night_of(settings, D1)
    with pytest.raises(ViewError, match=r"no table codes, which reporting publishes.* release step"):
        night_of(settings, D2, after="drop table {schema}.codes")


def test_reader_who_holds_on_does_not_hang_publishing(settings, monkeypatch):
    night_of(settings, D1, 100)
    night = open_night(settings, D2)
    build(settings, D2, 200)
    monkeypatch.setattr("pipelines.publishing.views.PATIENCE_SECONDS", 0.2)
    with closing(psycopg2.connect(reader_url(settings))) as reader, reader.cursor() as cursor:
        cursor.execute("select count(*) from reporting.customer_tiers")
        with pytest.raises(PublishError, match=r"through 2 attempts \(server processes \d+\).*has not moved"):
            publish(settings, night, "p1", "m1", attempts=2)
        cursor.execute("select distinct edition_id from reporting.customer_360")
        assert cursor.fetchall() == [("edition_20261029_1",)]
    assert publish(settings, night, "p1", "m1").outcome == "published"


def test_collector_keeps_by_policy(settings):
    keep(settings, daily=2, month_ends=1)
    for day, aum in ((date(2026, 8, 31), 80), (SEPTEMBER, 90), (D1, 100), (D1, 101), (D2, 200)):
        night_of(settings, day, aum)
    assert collect(settings) == ["edition_20261029_1", "edition_20260831_1"]
    assert collect(settings) == []
    assert schemas(settings) == ["edition_20260930_1", "edition_20261029_2", "edition_20261030_1"]
    assert states(settings)["edition_20260831_1"] == "dropped"
    rollback(settings)
    keep(settings, daily=1, month_ends=1)
    assert collect(settings) == []  # the rolled-back one can still be looked at
    night_of(settings, D2, 210)
    night_of(settings, D3, 300)
    assert collect(settings) == [
        "edition_20261030_2",
        "edition_20261030_1",
        "edition_20261029_2",
        "edition_20260930_1",
    ]
    assert aum_shown(settings) == [("edition_20261031_1", 300)]


def test_collector_leaves_what_a_view_reads(settings):
    night_of(settings, SEPTEMBER, 90)
    night_of(settings, D1, 100)
    keep(settings, daily=1, month_ends=0)
    assert collect(settings) == []  # the history still reads it
    night_of(settings, D2, 200)
    assert collect(settings) == ["edition_20261029_1", "edition_20260930_1"]


def test_collector_drops_what_a_dead_night_left(settings):
    night = open_night(settings, D1)
    build(settings, D1)
    assert collect(settings) == []
    with connect(settings) as connection, connection.cursor() as cursor:
        cursor.execute("update ops.nights set state = 'failed' where night_id = %s", (night.night_id,))
    assert collect(settings) == ["edition_next"]
    assert schemas(settings) == []
