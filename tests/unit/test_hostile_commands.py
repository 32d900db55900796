"""What somebody types at the command line stays a word: no statement, no path and no template."""

from datetime import date

import pytest
from click.testing import CliRunner
from handmade_deliveries import write_day
from hypothesis import HealthCheck, example, given
from hypothesis import settings as rounds
from hypothesis import strategies as st

from pipelines.cli import main
from pipelines.landing import DeliveryError, ensure_raw_tables, land
from pipelines.nights import open_night
from pipelines.sources import load_bank, pipeline_sources
from pipelines.warehouse import WarehouseError, connect
from pipelines.warehouse.embedded import EmbeddedError, program
from pipelines.workspace import Workspace, WorkspaceError

DAY = "2026-10-31"
BRANCH = {"branch_no": "B1", "branch_name": "云岚支行", "region": "云岚市", "opened_date": "1990-01-01"}
PEOPLE = ("--reason", "r", "--proposer", "An", "--approver", "Bo")
COMMANDS = (
    ("quarantine", "list", "--source", "{}", "--table", "{}"),
    ("quarantine", "release", "--source", "{}", "--table", "{}", "--date", DAY, "--line", "2", *PEOPLE),
    ("waive", "--from", DAY, "--until", DAY, *PEOPLE, "--", "{}"),
    ("workspace", "drop", "--", "{}"),
    ("identity", "promote", *PEOPLE, "--", "{}"),
    ("identity", "decide", "--same", "{}/1", "core/{}", *PEOPLE),
    ("churn", "promote", "--from", DAY, *PEOPLE, "--", "{}"),
    ("subject", "export", "--", "{}"),
    ("subject", "export", "--out", "{}", "--", "{}"),
    ("subject", "export", "--clear", "--reader", "{}", "--reason", "{}", "--", "{}"),
    ("subject", "forget", *PEOPLE, "--", "{}"),
    ("subject", "opt-out", *PEOPLE, "--", "{}"),
    ("subject", "opt-in", *PEOPLE, "--", "{}"),
    ("report", "--night", "{}"),
    ("portrait", "--out", "{}"),
    ("night", "--date", "{}"),
    ("rebuild", "--date", "{}"),
    ("db", "client", "--", "{}"),
    ("--bank", "{}", "status"),
)
HOSTILE = (
    "'; drop schema ops cascade; --",
    "core'||(select 1)||'",
    '"; drop schema raw cascade; --',
    "../../../../bin/true",
    "/etc/passwd",
    "{{ 1 / 0 }}",
    "%s%(x)s",
    "$(touch hostile)",
    "`touch hostile`",
    "\\",
    "-h",
    " ",
    "a\nb",
)


@pytest.fixture
def bank(settings, monkeypatch, tmp_path):
    """Raw tables and nothing in them; the commands work on it."""
    with connect(settings, "yihu_loader") as connection:
        ensure_raw_tables(connection, [*load_bank("demo").sources, *pipeline_sources()])
    monkeypatch.setenv("YIHU_DATABASE_URL", settings.database_url)
    monkeypatch.setenv("YIHU_VAR", str(settings.var))
    monkeypatch.setenv("YIHU_BANK", "demo")  # each call leaves there what it was given
    monkeypatch.chdir(tmp_path)
    return settings


def everything(settings):
    """Every relation, and the rows of ops."""
    with connect(settings) as connection, connection.cursor() as cursor:
        cursor.execute(
            "select n.nspname, c.relname from pg_catalog.pg_class as c "
            "inner join pg_catalog.pg_namespace as n on c.relnamespace = n.oid "
            "where n.nspname !~ '^pg_' and c.relkind <> 'i' order by 1, 2"
        )
        found = cursor.fetchall()
        for _, name in [each for each in found if each[0] == "ops"]:
            cursor.execute(f"select count(*) from ops.{name}")
            found.append((name, cursor.fetchone()))
        return found


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_hostile_word_is_no_statement_and_no_path(bank, tmp_path, command):
    before, files = everything(bank), sorted(tmp_path.rglob("*"))
    for word in HOSTILE:
        done = CliRunner().invoke(main, [part.replace("{}", word) for part in command])
        assert done.exception is None or isinstance(done.exception, SystemExit), (word, done.exception)
        is_listing = command[:2] == ("quarantine", "list")
        assert (done.exit_code == 0) == is_listing, (word, done.output)
        assert "Traceback" not in done.output
    assert everything(bank) == before
    assert sorted(tmp_path.rglob("*")) == files


@rounds(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=30))
@example("a'b")
@example("raw; drop schema raw")
@example("a__b")
def test_a_workspace_is_a_plain_name_or_none(name):
    try:
        schema = Workspace(name).schema("marts")
    except WorkspaceError:
        return
    assert schema == (f"{name}__marts" if name else "marts")
    assert name == "" or (name.isascii() and name.replace("_", "").isalnum() and name == name.lower())


@pytest.mark.parametrize(
    "name", ["../../../bin/true", "/bin/true", "psql; true", "..", "", "no_such_program"]
)
def test_a_program_of_postgresql_is_no_path(settings, name):
    with pytest.raises((EmbeddedError, WarehouseError), match="no program of PostgreSQL"):
        program(settings, name)


# ── file names ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def landing(settings):
    """One day of every table, without rows but for one."""
    write_day(settings.landing, load_bank("demo"), date.fromisoformat(DAY), {"core.branches": [BRANCH]})
    return settings


@pytest.mark.parametrize(
    "name",
    [
        "'; drop table raw.core__customers; --.csv",
        "customers.csv;customers.csv",
        "{{ 1 % 0 }}{% raw %}.csv",
        "$(touch hostile).csv",
        "..csv",
        "客户.csv",
        "-rf.csv",
        "a\nb.csv",
    ],
)
def test_a_file_of_a_hostile_name_is_refused_or_no_delivery(landing, name):
    folder = landing.landing / "core" / DAY
    (folder / name).write_text("a\n1\n", encoding="utf-8")
    night = open_night(landing, date.fromisoformat(DAY), "run")
    if name.startswith("."):
        assert land(landing, night, night.business_date).rows_out == 1
        return
    with pytest.raises(DeliveryError, match=r"belongs to no declared table. Nothing was landed"):
        land(landing, night, night.business_date)


def test_folders_of_hostile_names_are_not_looked_into(landing):
    for name in ("..", "2026-10-31; drop", "2026-10-31\n", "../2026-10-31", "２０２６-10-30"):
        (landing.landing / "core" / name).mkdir(parents=True, exist_ok=True)
    night = open_night(landing, date.fromisoformat(DAY), "run")
    assert land(landing, night, night.business_date).rows_out == 1


def test_a_delivery_that_is_a_folder_is_none(landing):
    path = landing.landing / "core" / DAY / "customers.csv"
    path.unlink()
    path.mkdir()
    night = open_night(landing, date.fromisoformat(DAY), "run")
    with pytest.raises(DeliveryError, match="the delivery is missing"):
        land(landing, night, night.business_date)
