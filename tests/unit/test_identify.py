"""The identify step on a real warehouse: what arrives, in whatever nights, gives one ledger; people and
models change it."""

import random
import signal
import subprocess
import sys
from datetime import date, timedelta

import psycopg2
import pytest
from click.testing import CliRunner

from pipelines.approval import ApprovalError
from pipelines.cli import main
from pipelines.identity import index, models
from pipelines.identity.decisions import DecisionError, decide
from pipelines.identity.identify import identify, index_folder
from pipelines.identity.matcher import IdentifyError
from pipelines.identity.models import ModelRegistryError, promote, train
from pipelines.identity.preview import preview
from pipelines.identity.why import WhyError, why
from pipelines.nights import NightError, StepCounts, close_night, open_night
from pipelines.settings import ROOT
from pipelines.warehouse import connect, rooms
from pipelines.workspace import LIVE, Workspace

DAY = date(2026, 1, 1)
VERSIONS = "intermediate.int_customer_versions_unioned"
WU, LI = "11010519491231002X", "440308199901101512"
COLUMNS = (
    *("source_code", "source_customer_id", "received_date", "line_number", "customer_kind_code"),
    *("identity_type_code", "identity_number", "full_name", "birth_date", "phone_number", "email_address"),
)
ZHAO = {"name": "赵明岚", "born": "1971-03-05", "phone": "12700000011", "email": "zml71@example.com"}


@pytest.fixture
def bank(settings):
    """A bank whose customer versions a test writes itself; live and in workspace w1."""
    with connect(settings) as connection:
        rooms.create_workspace(connection, Workspace("w1"))
    with connect(settings, "yihu_transformer") as connection, connection.cursor() as cursor:
        texts = [name for name in COLUMNS if name not in ("received_date", "line_number", "birth_date")]
        cursor.execute(
            f"create table {VERSIONS} (received_date date, line_number bigint, birth_date date, "
            f"{' text, '.join(texts)} text, is_sole_trader boolean, address_text text, sex_code text)"
        )
        cursor.execute(f"create view w1__{VERSIONS} as select * from {VERSIONS}")
    return settings


def receive(
    settings, day, record, number=None, name=None, born=None, phone=None, email=None, kind=None, line=2
):
    source, _, customer = record.partition("/")
    values = (
        *(
            source,
            customer,
            DAY + timedelta(day),
            line,
            kind,
            number and "id",
            number,
            name,
            born,
            phone,
            email,
        ),
    )
    with connect(settings, "yihu_transformer") as connection, connection.cursor() as cursor:
        cursor.execute(
            f"insert into {VERSIONS} ({', '.join(COLUMNS)}) values ({', '.join(['%s'] * len(values))})",
            values,
        )


def redeliver(settings, day):
    """Something else is on record as received on a day."""
    with connect(settings) as connection, connection.cursor() as cursor:
        cursor.execute(
            "insert into ops.deliveries (source_code, table_name, received_date, file_name, sha256, "
            "byte_count, "
            "row_count, night_id) select 'core', 'customers', %s, 'f', 'other', 1, 1, max(night_id) from "
            "ops.nights",
            (DAY + timedelta(day),),
        )


def run_night(settings, day, workspace=LIVE, is_published=True):
    business_date = DAY + timedelta(day)
    night = open_night(settings, business_date, f"run {day}", workspace)
    try:
        return identify(settings, night)
    finally:
        if is_published and workspace.is_live:
            with connect(settings) as connection, connection.cursor() as cursor:
                cursor.execute(
                    "insert into ops.editions values (%s, %s, 1, 'kept', 'night', %s, 'p', 'm', 'r')"
                    " on conflict do nothing",
                    (f"edition_{day}", business_date, night.night_id),
                )
        close_night(settings, night, "published" if is_published else "stopped")


def ledger(settings, schema="raw"):
    """Every landed change: day, line, record, customer and former customer by their founders, the codes,
    evidence."""
    with connect(settings) as connection, connection.cursor() as cursor:
        cursor.execute(
            "select _received_date, _line_number, source_code || '/' || source_customer_id, customer_id, "
            "former_customer_id, change_code, rule_code, cause_code, "
            "linked_source_code || '/' || linked_source_customer_id, link_weight, changed_date "
            f"from {schema}.identity__links order by 1, 2"
        )
        rows = cursor.fetchall()
    founders = {}
    for row in rows:
        founders.setdefault(row[3], row[2])
    assert all(row[10] == row[0].isoformat() for row in rows)
    return [
        ((row[0] - DAY).days, row[1], row[2], founders[row[3]], founders.get(row[4]), *row[5:10])
        for row in rows
    ]


def customers(settings, schema="raw"):
    """Every record's customer, as sets of records."""
    last = {row[2]: row[3] for row in ledger(settings, schema)}
    return {frozenset(name for name in last if last[name] == founder) for founder in last.values()}


def erase_index(settings):
    with connect(settings) as connection:
        folder = index_folder(settings, connection)
    assert (folder / "index.duckdb").exists()
    index.erase(folder)


def by_people(settings, kind, left, right, approver="B"):
    return decide(settings, tuple(left.split("/")), tuple(right.split("/")), kind, "seen", "A", approver)


def test_the_step_lands_changes_on_the_date_they_were_received(bank):
    receive(bank, 0, "core/1", WU)
    receive(bank, 0, "core/2", "unknown")
    receive(bank, 2, "loans/7", "110105491231002")
    receive(bank, 9, "loans/8", LI)
    assert run_night(bank, 3) == StepCounts(3, 3)
    assert [row[:9] for row in ledger(bank)] == [
        (0, 2, "core/1", "core/1", None, "first", "single", "data", None),
        (0, 3, "core/2", "core/2", None, "first", "single", "data", None),
        (2, 2, "loans/7", "core/1", None, "first", "identity_number", "data", "core/1"),
    ]


def test_ids_are_fixed_for_ever(bank):
    receive(bank, 0, "core/1")
    run_night(bank, 0)
    with connect(bank) as connection, connection.cursor() as cursor:
        cursor.execute("select customer_id from raw.identity__links")
        assert cursor.fetchall() == [("c3c3f6b7da8803fb8",)]


def test_the_last_line_of_a_date_counts_and_what_says_nothing_new_is_no_version(bank):
    receive(bank, 0, "a/1", WU)
    receive(bank, 0, "b/1", None, line=9)
    receive(bank, 0, "b/1", WU, line=3)
    receive(bank, 1, "a/1", WU)
    assert run_night(bank, 0) == StepCounts(2, 2)
    assert run_night(bank, 1) == StepCounts(0, 0)
    assert customers(bank) == {frozenset({"a/1"}), frozenset({"b/1"})}


def test_a_name_a_birth_date_and_a_phone_are_one_person_and_a_phone_alone_is_not(bank):
    receive(bank, 0, "core/1", WU, **ZHAO)
    receive(bank, 0, "crm/1", **(ZHAO | {"email": None}))
    receive(bank, 0, "crm/2", name="赵晓禾", born="1998-11-20", phone=ZHAO["phone"])
    receive(bank, 0, "crm/3", name="明岚贸易有限公司", phone=ZHAO["phone"], email=ZHAO["email"])
    run_night(bank, 0)
    assert customers(bank) == {frozenset({"core/1", "crm/1"}), frozenset({"crm/2"}), frozenset({"crm/3"})}
    assert ledger(bank)[1][5:9] == ("first", "name_date_contact", "data", "core/1")


def test_organisations_are_one_by_name_and_phone(bank):
    receive(bank, 0, "core/1", name="沧渚信创纺织有限公司", phone="12700000021", kind="company")
    receive(bank, 0, "crm/1", name="沧渚信创纺织有限公司", phone="127-0000-0021")
    receive(bank, 0, "crm/2", name="沧渚信创纺织有限公司", phone="12700000099")
    run_night(bank, 0)
    assert customers(bank) == {frozenset({"core/1", "crm/1"}), frozenset({"crm/2"})}


def test_a_thousand_customers_sharing_a_phone_stay_a_thousand(bank):
    chance = random.Random(5)
    with connect(bank, "yihu_transformer") as connection, connection.cursor() as cursor:
        for place in range(1000):
            name = "赵钱孙李周吴郑王"[place % 8] + "".join(chance.sample("明岚秋禾渚晓澄浦霁云", 2))
            born = date(1950, 1, 1) + timedelta(chance.randrange(18_000))
            cursor.execute(
                f"insert into {VERSIONS} (source_code, source_customer_id, received_date, line_number, "
                f"full_name, "
                "birth_date, phone_number) values ('core', %s, %s, 2, %s, %s, '12700000042')",
                (f"{place}", DAY + timedelta(place % 3), name, born),
            )
    for day in range(3):
        run_night(bank, day)
    assert len(customers(bank)) == 1000


def history(seed):
    """Some dates of a small bank: (day, record, fields), corrections and gaps among them."""
    chance = random.Random(seed)
    people = [
        {
            "name": chance.choice("赵钱孙李周吴") + "".join(chance.sample("明岚秋禾渚晓澄浦", 2)),
            "born": (date(1960, 1, 1) + timedelta(chance.randrange(15_000))).isoformat(),
            "phone": f"127000{place // 2:05}",
            "email": f"p{place}@example.com",
            "number": chance.choice([WU, LI, None, None]) if place < 6 else None,
        }
        for place in range(40)
    ]
    owners = {
        f"{source}/{n}": chance.choice(people) for source in ("core", "crm", "loans") for n in range(25)
    }
    told = []
    for day in range(6):
        for record in chance.sample(sorted(owners), 30):
            if chance.random() < 0.1:
                owners[record] = chance.choice(people)
            told.append((day, record, {k: v for k, v in owners[record].items() if chance.random() < 0.8}))
    return told


@pytest.mark.parametrize("seed", range(3))
def test_night_by_night_again_and_at_once_in_a_workspace_land_the_same(bank, seed):
    told = history(seed)
    random.Random(seed).shuffle(told)
    for day, record, said in told:
        receive(bank, day, record, **said)
    for day in (0, 1, 2, 4):
        run_night(bank, day)
    erase_index(bank)  # a cache: made anew, and noticed by nobody
    run_night(bank, 5, is_published=False)
    counts = run_night(bank, 5)
    by_night = ledger(bank)
    assert run_night(bank, 5) == counts
    assert ledger(bank) == by_night
    run_night(bank, 5, Workspace("w1"))
    assert ledger(bank, "w1__raw") == by_night
    assert {"merge", "split"} <= {row[5] for row in by_night}
    assert "model" in {row[6] for row in by_night}


def test_what_is_not_published_yet_may_change(bank):
    receive(bank, 0, "core/1", WU)
    run_night(bank, 0)
    receive(bank, 1, "core/2", WU)
    run_night(bank, 1, is_published=False)
    with connect(bank, "yihu_transformer") as connection, connection.cursor() as cursor:
        cursor.execute(f"delete from {VERSIONS} where source_customer_id = '2'")
    assert run_night(bank, 2) == StepCounts(0, 0)
    assert len(ledger(bank)) == 1


@pytest.mark.parametrize(
    "statement",
    [
        f"delete from {VERSIONS} where source_customer_id = '2'",
        f"insert into {VERSIONS} (source_code, source_customer_id, received_date, line_number)"
        " values ('a', '1', '2026-01-02', 2)",
        f"update {VERSIONS} set identity_number = null",
    ],
)
def test_a_changed_past_is_an_error_and_lands_nothing(bank, statement):
    receive(bank, 0, "core/1", WU)
    receive(bank, 1, "core/2", WU)
    run_night(bank, 1)
    before = ledger(bank)
    with connect(bank, "yihu_transformer") as connection, connection.cursor() as cursor:
        cursor.execute(statement)
    redeliver(bank, 1)
    receive(bank, 2, "core/3", WU)
    with pytest.raises(
        IdentifyError, match=r"identity.links 2026-01-02: .* `yihu rebuild --date 2026-01-02`"
    ):
        run_night(bank, 2)
    assert ledger(bank) == before


def test_a_bank_without_customers_lands_nothing(bank):
    assert run_night(bank, 0) == StepCounts(0, 0)
    assert run_night(bank, 1) == StepCounts(0, 0)


def test_a_night_taken_over_lands_nothing(bank):
    receive(bank, 0, "core/1", WU)
    night = open_night(bank, DAY, "run 1")
    open_night(bank, DAY, "run 1")
    with pytest.raises((psycopg2.errors.RaiseException, NightError), match="no longer the running night"):
        identify(bank, night)


KILLED = """
import sys, threading, os, signal
from datetime import date
from pipelines.identity.identify import identify, index_folder
from pipelines.nights import open_night
from pipelines.settings import load_settings
settings = load_settings()
night = open_night(settings, date.fromisoformat(sys.argv[1]), "run 5")
threading.Timer(float(sys.argv[2]), lambda: os.kill(os.getpid(), signal.SIGKILL)).start()
while True:
    identify(settings, night)
"""


def test_nights_killed_half_way_leave_the_ledger_whole(bank):
    for day, record, said in history(9):
        receive(bank, day, record, **said)
    run_night(bank, 1)
    for day, seconds in ((3, 0.15), (3, 0.4), (5, 0.8)):
        done = subprocess.run(
            [sys.executable, "-c", KILLED, (DAY + timedelta(day)).isoformat(), str(seconds)],
            env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), **bank.environment()},
            cwd=ROOT,
            check=False,
        )
        assert done.returncode == -signal.SIGKILL
    run_night(bank, 5)
    run_night(bank, 5, Workspace("w1"))
    assert ledger(bank) == ledger(bank, "w1__raw")


# ── people decide ────────────────────────────────────────────────────────


def test_a_wrong_merge_comes_apart_with_its_history(bank):
    receive(bank, 0, "core/1", **ZHAO)
    receive(bank, 0, "crm/1", **ZHAO)
    receive(bank, 0, "crm/2", WU)
    run_night(bank, 0)
    assert by_people(bank, "different", "crm/1", "core/1") == DAY + timedelta(1)
    run_night(bank, 2)
    assert by_people(bank, "same", "crm/1", "crm/2") == DAY + timedelta(3)
    run_night(bank, 3)
    by_people(bank, "open", "core/1", "crm/1")
    run_night(bank, 4)
    assert [(row[0], *row[2:9]) for row in ledger(bank)[3:]] == [
        (1, "crm/1", "crm/1", "core/1", "split", "single", "decision", "core/1"),
        (3, "crm/2", "crm/1", "crm/2", "merge", "decision", "decision", "crm/1"),
        (4, "crm/1", "core/1", "crm/1", "merge", "name_date_contact", "decision", "core/1"),
        (4, "crm/2", "core/1", "crm/1", "merge", "decision", "decision", "crm/1"),
    ]
    run_night(bank, 4, Workspace("w1"))
    assert ledger(bank, "w1__raw") == ledger(bank)


def test_decisions_need_two_people_known_records_and_no_contradiction(bank):
    for record in ("a/1", "b/1", "c/1"):
        receive(bank, 0, record)
    with pytest.raises(ApprovalError, match="nothing is published"):
        by_people(bank, "same", "a/1", "b/1")
    run_night(bank, 0)
    with pytest.raises(DecisionError, match="d/1 has never been received"):
        by_people(bank, "same", "a/1", "d/1")
    with pytest.raises(ApprovalError, match="must be two people"):
        by_people(bank, "same", "a/1", "b/1", approver="A")
    with pytest.raises(DecisionError, match="named twice"):
        by_people(bank, "same", "a/1", "a/1")
    by_people(bank, "same", "a/1", "b/1")
    by_people(bank, "same", "b/1", "c/1")
    with pytest.raises(DecisionError, match="a/1 and c/1 would be decided to be one, by way of others"):
        by_people(bank, "different", "c/1", "a/1")
    by_people(bank, "open", "b/1", "a/1")
    by_people(bank, "different", "c/1", "a/1")


# ── models ───────────────────────────────────────────────────────────────


def test_a_model_holds_from_its_promotion_on_and_is_the_cause_of_what_it_changes(bank):
    told = history(4)
    for day, record, said in told:
        receive(bank, min(day, 3), record, **said, line=100 + day)
    run_night(bank, 2)
    before = ledger(bank)
    trained = train(bank)
    assert [each.start for each in models.on_record(bank)] == [None]
    run_night(bank, 2)
    assert ledger(bank) == before  # trained is not promoted
    with preview(bank, trained.version) as (day, changes):
        assert day == DAY + timedelta(2)
        imagined = {(f"{row[0]}/{row[1]}", row[5]) for row in changes}
    with pytest.raises(ApprovalError, match="two people"):
        promote(bank, trained.version, "A", " A ", "better")
    with pytest.raises(ModelRegistryError, match="not on record"):
        promote(bank, "none", "A", "B", "better")
    assert promote(bank, trained.version, "A", "B", "better") == DAY + timedelta(3)
    run_night(bank, 3)
    by_model = {(row[2], row[5]) for row in ledger(bank) if row[7] == "model"}
    assert by_model
    assert {record for record, _ in imagined} & {record for record, _ in by_model}
    assert ledger(bank)[: len(before)] == before
    receive(bank, 4, "core/1", WU)
    run_night(bank, 4)
    run_night(bank, 4, Workspace("w1"))
    assert ledger(bank, "w1__raw") == ledger(bank)


def test_why_tells_for_and_against_and_shows_no_value(bank):
    receive(bank, 0, "core/1", WU, **ZHAO)
    receive(bank, 0, "crm/1", **ZHAO)
    receive(bank, 0, "loans/1", LI, name=ZHAO["name"], phone=ZHAO["phone"])
    with pytest.raises(ApprovalError, match="nothing is published"):
        why(bank, "core/1", "crm/1")
    run_night(bank, 0)
    told = why(bank, "core/1", "crm/1")
    assert told.left_customer_id == told.right_customer_id
    assert told.explanation.rule_code == "name_date_contact"
    assert not any(value in repr(told) for value in (*ZHAO.values(), WU))
    apart = why(bank, "loans/1", "core/1")
    assert apart.numbers_differ
    assert apart.left_customer_id != apart.right_customer_id
    # of two customers, the two records that are most alike
    assert {why(bank, apart.left_customer_id, apart.right_customer_id).left[0]} <= {"loans", "core", "crm"}
    with pytest.raises(WhyError, match="nobody/9 is no record"):
        why(bank, "nobody/9", "core/1")


def test_a_preview_changes_nothing(bank):
    receive(bank, 0, "core/1", **ZHAO)
    receive(bank, 0, "crm/1", **ZHAO)
    run_night(bank, 0)
    before = ledger(bank)
    pair = (("core", "1"), ("crm", "1"))
    with preview(bank, different=[pair]) as (_, changes):
        assert [(row[0], row[5]) for row in changes] == [("crm", "split")]
    with preview(bank, numbers={"link_weight": 60, "agreed_weight": 0}) as (_, changes):
        assert [(row[0], row[5]) for row in changes] == [("crm", "split")]
    with preview(bank) as (_, changes):
        assert list(changes) == []
    assert ledger(bank) == before


# ── the commands ─────────────────────────────────────────────────────────


def command(settings, *arguments):
    return CliRunner().invoke(main, ["identity", *arguments], env=settings.environment())


def test_the_commands_say_what_they_did_and_what_to_do(bank):
    receive(bank, 0, "core/1", WU, **ZHAO)
    receive(bank, 0, "crm/1", **ZHAO)
    receive(bank, 0, "crm/2", name="李秋禾")
    assert "nothing is published yet" in command(bank, "train").output
    run_night(bank, 0)
    told = command(bank, "why", "core/1", "crm/1")
    assert told.exit_code == 0
    assert "one customer, c3c3f6b7da8803fb8" in told.output
    assert "name_date_contact" in told.output
    assert not any(value in told.output for value in (*ZHAO.values(), WU))
    assert "two customers" in command(bank, "why", "core/1", "crm/2").output
    by_two = ("--reason", "seen", "--proposer", "A", "--approver")
    assert "is no record" in command(bank, "decide", "--same", "core1", "crm/2", *by_two, "B").output
    assert "name one of" in command(bank, "decide", *by_two, "B").output
    refused = command(bank, "decide", "--same", "core/1", "crm/2", *by_two, "A")
    assert (refused.exit_code, "two people" in refused.output) == (1, True)
    imagined = command(bank, "preview", "--same", "core/1", "crm/2")
    assert "1 records would join another customer, 0 would part" in imagined.output
    assert "no number of matching is called nothing" in command(bank, "preview", "--set", "nothing=1").output
    assert "is no NAME=NUMBER" in command(bank, "preview", "--set", "nothing").output
    taken = command(bank, "decide", "--same", "core/1", "crm/2", *by_two, "B")
    assert "core/1 and crm/2: same from 2026-01-02 on" in taken.output
    version = command(bank, "train").output.split()[2].rstrip(":")
    assert "not promoted" in command(bank, "models").output
    assert f"{version} holds from 2026-01-02" in command(bank, "promote", version, *by_two, "B").output
    assert "2026-01-02" in command(bank, "models").output
