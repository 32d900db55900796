"""What two people may let in out of quarantine, from when it holds, and what is refused."""

from datetime import date, timedelta

import jinja2
import pytest
from click.testing import CliRunner
from psycopg2 import errors

from pipelines.approval import ApprovalError
from pipelines.cli import main
from pipelines.gates.quarantine import quarantined
from pipelines.gates.releases import ReleaseError, release
from pipelines.landing import ensure_raw_tables
from pipelines.landing.received import received_hash, released_dates
from pipelines.nights import NightError, close_night, open_night
from pipelines.publishing import ensure_governance_views, governance_is_ready
from pipelines.settings import ROOT
from pipelines.sources import declarations_for_dbt, load_source
from pipelines.warehouse import connect

D = date(2026, 10, 30)
NEXT = D + timedelta(days=1)
LATER = D + timedelta(days=3)
CORE = load_source("core")
SHA = "s" * 64
PEOPLE = ("no other way", "An", "Bo")


@pytest.fixture
def bank(settings):
    """Raw tables, and a closed night of D; nothing is published."""
    with connect(settings, "yihu_loader") as connection:
        ensure_raw_tables(connection, [CORE])
    with connect(settings) as connection:
        ensure_governance_views(connection)
    night = open_night(settings, D, "run 1")
    close_night(settings, night, "stopped")
    deliver(settings, "customers", D, {2: ("C1", None), 3: ("C2", "birth_date"), 4: ("C3", "opened_date")})
    return settings


def run(settings, statement, *values):
    with connect(settings) as connection, connection.cursor() as cursor:
        cursor.execute(statement, values or None)
        return cursor.fetchall() if cursor.description else []


def deliver(settings, table, day, lines):
    """``lines``: number → key and the column that is set aside, if any."""
    declared = CORE.table(table)
    month = day.replace(day=1)
    following = (month + timedelta(days=32)).replace(day=1)
    run(
        settings,
        f"create table if not exists raw.{declared.raw_name}_p{month:%Y%m} partition of "
        f"raw.{declared.raw_name} for values from (%s) to (%s)",
        *(month, following),
    )
    run(
        settings,
        "insert into ops.deliveries (source_code, table_name, received_date, file_name, sha256, byte_count, "
        "row_count, night_id) values ('core', %s, %s, 'f', %s, 1, 1, 1)",
        *(table, day, SHA),
    )
    for number, (key, column) in lines.items():
        run(
            settings,
            f"insert into raw.{declared.raw_name} ({declared.key[0]}, _received_date, _line_number) "
            "values (%s, %s, %s)",
            *(key, day, number),
        )
        if column:
            run(
                settings,
                "insert into ops.quarantine (source_code, table_name, received_date, line_number, rule_id, "
                "column_name, value_mask, night_id) values ('core', %s, %s, %s, 'not_a_date', %s, '?', 1)",
                *(table, day, number, column),
            )


def publish(settings, day):
    run(
        settings,
        "insert into ops.editions (edition_id, business_date, edition_number, state, cause, night_id, "
        "policy_version, model_version, code_release) values (%s, %s, 1, 'kept', 'night', 1, 'p', 'm', 'c')",
        *(f"edition_{day:%Y%m%d}_1", day),
    )


def let_in(settings, line=3, table="customers", people=PEOPLE, day=D):
    return release(settings, "core", table, day, [line], *people)


# ── from when it holds ──────────────────────────────────────────────────────────────────────────────────────


def test_a_line_of_an_open_date_comes_in_on_its_own(bank):
    assert let_in(bank) == D
    assert {(cell[3], cell[-1]) for cell in quarantined(bank, "core", None, None, 5).cells} == {
        (3, D),
        (4, None),
    }


def test_a_line_of_a_date_that_readers_have_seen_comes_in_after_the_last_one(bank):
    publish(bank, D)
    publish(bank, NEXT)
    assert let_in(bank) == NEXT + timedelta(days=1)


def test_a_line_of_loaded_history_comes_in_after_it(bank):
    night = open_night(bank, NEXT, "run 2")
    close_night(bank, night, "loaded")
    assert let_in(bank) == NEXT + timedelta(days=1)


def test_who_released_what_is_published_to_risk_readers(bank):
    publish(bank, D)
    let_in(bank)
    assert run(
        bank,
        "select released_from_date, release_reason, release_proposer, release_approver "
        "from reporting.data_quality_quarantine where line_number = 3",
    ) == [(NEXT, *PEOPLE)]


def test_a_release_changes_what_is_received_from_its_date_on_and_not_before(bank):
    publish(bank, D)
    with connect(bank) as connection, connection.cursor() as cursor:
        before = {day: received_hash(cursor, day) for day in (D, NEXT)}
    let_in(bank)
    with connect(bank) as connection, connection.cursor() as cursor:
        assert received_hash(cursor, D) == before[D]
        assert received_hash(cursor, NEXT) != before[NEXT]


def test_a_release_holds_no_more_when_the_delivery_is_replaced(bank):
    let_in(bank)
    run(bank, "update ops.deliveries set sha256 = %s", "t" * 64)
    assert run(bank, "select * from ops.released_lines") == []
    assert let_in(bank) == D  # its line is another one now


def test_the_views_of_a_former_release_get_the_new_columns(bank):
    with connect(bank) as connection, connection.cursor() as cursor:
        assert governance_is_ready(connection)
        cursor.execute("drop view reporting.data_quality_quarantine")
        cursor.execute("create view reporting.data_quality_quarantine as select 1 as business_date")
        assert not governance_is_ready(connection)


# ── what is refused ─────────────────────────────────────────────────────────────────────────────────────────


def refused(bank, words, error=ReleaseError, **how):
    with pytest.raises(error, match=words):
        let_in(bank, **how)
    assert run(bank, "select * from ops.quarantine_releases") == []


def test_one_person_alone_is_refused(bank):
    refused(bank, "two people", ApprovalError, people=("reason", "An", " an"))


def test_a_release_without_reason_is_refused(bank):
    refused(bank, "needs a reason", people=(" ", "An", "Bo"))


def test_a_line_that_is_not_in_quarantine_is_refused(bank):
    refused(bank, "line 2 is not in quarantine", line=2)
    refused(bank, "line 99 is not in quarantine", line=99)
    refused(bank, "no table core.nothing", table="nothing")


def test_a_cell_that_is_required_or_a_key_is_refused(bank):
    refused(bank, "line 4 cannot do without opened_date, and no value is guessed", line=4)
    deliver(bank, "balances", D, {2: ("A1", "balance_date")})
    refused(bank, r"cannot do without balance_date \(a key\)", line=2, table="balances")


def test_all_lines_or_none(bank):
    with pytest.raises(ReleaseError, match="line 4"):
        release(bank, "core", "customers", D, [3, 4], *PEOPLE)
    assert run(bank, "select * from ops.quarantine_releases") == []


def test_a_line_whose_key_came_again_is_refused(bank):
    publish(bank, D)
    deliver(bank, "customers", NEXT, {2: ("C2", None)})
    refused(bank, f"the key of line 3 was delivered again on {NEXT}")


def test_a_line_whose_key_was_deleted_since_is_refused(bank):
    publish(bank, D)
    deliver(bank, "transactions", D, {2: ("T1", "other_bank")})
    deliver(bank, "deleted_transactions", NEXT, {2: ("T1", None)})
    refused(bank, f"the key of line 2 was deleted on {NEXT}", table="transactions", line=2)


def test_a_snapshot_that_readers_have_seen_is_refused(bank):
    snapshot = next(table for table in CORE.tables if table.mode == "snapshot")
    optional = next(column.name for column in snapshot.columns if not column.required)
    deliver(bank, snapshot.name, D, {2: ("C1", optional)})
    publish(bank, D)
    refused(bank, "the next one tells all its rows anew", table=snapshot.name, line=2)


def test_nothing_is_released_while_a_night_runs(bank):
    night = open_night(bank, NEXT, "run 2")
    refused(bank, f"night {night.night_id} for {NEXT} is running", NightError)


def test_a_line_is_released_once(bank):
    let_in(bank)
    with pytest.raises(ReleaseError, match=f"line 3 is released already, from {D} on"):
        let_in(bank)


# ── what the typed views show of it ─────────────────────────────────────────────────────────────────────────


def landed(bank, table, known_until):
    """The landed lines of a table of core, as its typed view has them."""
    portable, sources = (
        (ROOT / "dbt_project" / "macros" / name).read_text(encoding="utf-8")
        for name in ("portable.sql", "sources.sql")
    )
    macros = portable.partition("{% materialization")[0].rpartition("{%- endmacro %}")
    macros = "".join(macros[:2]) + sources
    with connect(bank) as connection, connection.cursor() as cursor:
        values = {
            "workspace": "",
            "declarations": declarations_for_dbt([CORE]),
            "released": released_dates(cursor),
        }
        cursor.execute(
            "insert into ops.views (workspace, business_date) values ('', %s) "
            "on conflict (workspace) do update set business_date = excluded.business_date",
            (known_until,),
        )
    return jinja2.Template(f"{macros}{{{{ landed('core', '{table}') }}}}").render(
        source=lambda room, name: f"ops.{name}" if room == "ops" else f"raw.{room}__{name}",
        var=lambda name, default=None: values.get(name, default),
    )


def seen(bank, day, key="C2"):
    view = landed(bank, "customers", day)
    return run(
        bank, f"select _received_date, birth_date from {view} as seen where customer_no = %s order by 1", key
    )


def test_a_released_line_gives_way_to_a_later_one_of_its_key(bank):
    publish(bank, D)
    let_in(bank)
    assert seen(bank, D) == []
    assert seen(bank, NEXT) == [(NEXT, None)]
    deliver(bank, "customers", NEXT, {2: ("C2", None)})
    assert seen(bank, NEXT) == [(NEXT, None)]
    assert run(
        bank, f"select _line_number from {landed(bank, 'customers', NEXT)} as seen where customer_no = 'C2'"
    ) == [(2,)]


def test_a_later_line_that_is_set_aside_itself_says_nothing(bank):
    publish(bank, D)
    deliver(bank, "customers", NEXT, {2: ("C2", "birth_date")})
    assert let_in(bank) == NEXT
    assert seen(bank, NEXT) == [(NEXT, None)], "the source says nothing else of it"
    assert let_in(bank, line=2, day=NEXT) == NEXT
    (number,) = run(
        bank, f"select _line_number from {landed(bank, 'customers', NEXT)} as seen where customer_no = 'C2'"
    )
    assert number == (2,), "the later of two lines that were let in"


def test_a_line_that_was_let_in_after_all_is_what_the_source_said(bank):
    publish(bank, D)
    deliver(bank, "customers", NEXT, {2: ("C2", "birth_date")})
    let_in(bank, line=2, day=NEXT)
    with pytest.raises(ReleaseError, match=f"the key of line 3 was delivered again on {NEXT}"):
        let_in(bank)


def test_a_released_line_costs_the_days_it_is_about(bank):
    """The plan reads partitions of its own month and of those up to its release, however long history is."""
    publish(bank, D)
    let_in(bank)
    for months in (-400, -60, 60, 400):
        deliver(bank, "customers", D + timedelta(days=months), {2: (f"X{months}", None)})
    view = landed(bank, "customers", LATER)
    (branch,) = [part for part in view.split("union all") if "released_lines" in part]
    plan = run(bank, "explain " + branch.rstrip().removesuffix(")"))
    read = {word for (line,) in plan for word in line.split() if word.startswith("core__customers_p")}
    assert read == {"core__customers_p202610"}


@pytest.mark.parametrize("role", ["yihu_loader", "yihu_transformer", "yihu_publisher", "bi_reader"])
def test_no_role_of_the_night_releases(bank, role):
    let_in(bank)
    for statement in (
        "delete from ops.quarantine_releases",
        "update ops.quarantine_releases set reason = 'x'",
    ):
        with pytest.raises(errors.InsufficientPrivilege), connect(bank, role) as connection:
            connection.cursor().execute(statement)


# ── the command ─────────────────────────────────────────────────────────────────────────────────────────────


def test_the_command_asks_for_two_people_and_says_from_when(bank, monkeypatch):
    monkeypatch.setenv("YIHU_DATABASE_URL", bank.database_url)
    monkeypatch.setenv("YIHU_VAR", str(bank.var))
    line = ["quarantine", "release", "--source", "core", "--table", "customers", "--date", str(D)]
    asked = CliRunner().invoke(main, [*line, "--line", "3", "--reason", "r", "--proposer", "An"])
    assert asked.exit_code == 2
    assert "--approver" in asked.output
    alone = CliRunner().invoke(
        main, [*line, "--line", "3", "--reason", "r", "--proposer", "An", "--approver", "An"]
    )
    assert (alone.exit_code, "two people" in alone.output) == (1, True)
    done = CliRunner().invoke(
        main, [*line, "--line", "3", "--reason", "r", "--proposer", "An", "--approver", "Bo"]
    )
    assert done.exit_code == 0, done.output
    assert f"1 lines count as received on {D}" in done.output
    listed = CliRunner(env={"COLUMNS": "200"}).invoke(main, ["quarantine", "list"])
    assert listed.exit_code == 0
