"""A person forgotten on a landed bank of three records: what changes where, and what is refused."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from handmade_deliveries import read_delivery, write_day

from pipelines import subjects
from pipelines.cli import main
from pipelines.gates.releases import release
from pipelines.landing import land, write_rows
from pipelines.landing.erasure import ERASED
from pipelines.nights import close_night, open_night
from pipelines.policy import read_policy, write_policy
from pipelines.settings import ROOT
from pipelines.sources import load_bank, load_source
from pipelines.subjects import SubjectError
from pipelines.subjects.forget import identity_numbers
from pipelines.subjects.freeze import birth_id
from pipelines.subjects.person import find_person, sources_of
from pipelines.warehouse import connect
from pipelines.warehouse.rooms import create_workspace, drop_workspace
from pipelines.workspace import Workspace

D = date(2026, 10, 30)
NEXT = D + timedelta(days=1)
BY_TWO = {"reason": "asked in writing", "proposer": "An", "approver": "Bo"}
CUSTOMERS = load_source("core").table("customers")
COMPANIES = load_source("corporate").table("companies")
NUMBER = "990000196005200000"
PERSON = birth_id(("core", "C1"))
MARTS = """
create table marts.customers (customer_id text, customer_kind_code text);
create table marts.account_holders (customer_id text, account_id text);
create table marts.accounts (account_id text, closed_date date);
"""
PROTECTED = f"""
create table protected.customer_contacts as select '{PERSON}' as customer_id, '12700000001' as phone_number
"""


def customer(number, **cells):
    person = {"customer_kind": "P", "full_name": "钱测", "branch_no": "B001", "opened_date": "2020-01-01"}
    return {"customer_no": number, **person, **cells}


def company(number, **cells):
    told = {"full_name": "测试公司", "kind": "COMPANY", "is_state_owned": "N", "is_listed": "N"}
    return {"company_no": number, **told, "branch_no": "B001", "since_date": "2020-01-01", **cells}


HIS = customer("C1", identity_type="ID", identity_number=NUMBER, phone="12700000001")
LED = {"legal_representative_name": "钱测", "legal_representative_number": NUMBER}


@pytest.fixture
def bank(settings):
    """One date landed and published; C1 leads company K1."""
    land_day(settings, D, [HIS, customer("C2", birth_date="soon")], [company("K1", **LED), company("K2")])
    with connect(settings, "yihu_loader") as connection:
        write_policy(connection, read_policy(ROOT / "policy", settings.bank))
        link = ("core", "C1", PERSON, None, "alone", "first", "data", None, None, None, D)
        write_rows(connection, "raw", "identity", "links", D, [link])
    run(settings, MARTS)
    run(
        settings,
        "insert into ops.editions (edition_id, business_date, edition_number, state, cause, night_id, "
        "policy_version, model_version, code_release) values ('e', %s, 1, 'kept', 'night', 1, 'p', 'm', 'c')",
        D,
    )
    return settings


def land_day(settings, day, customers, companies=()):
    """Deliver a day to all sources and land it in a night that ends."""
    rows = {"core.customers": customers, "corporate.companies": companies}
    write_day(settings.landing, load_bank(settings.bank), day, rows)
    night = open_night(settings, day, f"run of {day}")
    land(settings, night, day)
    close_night(settings, night, "loaded")


def run(settings, statement, *values):
    with connect(settings) as connection, connection.cursor() as cursor:
        cursor.execute(statement, values or None)
        return cursor.fetchall() if cursor.description else []


def test_what_others_let_in_stays_let_in(bank):
    run(
        bank,
        "insert into ops.quarantine (source_code, table_name, received_date, line_number, rule_id, "
        "column_name, night_id) values ('core', 'customers', %s, 3, 'not_a_date', 'birth_date', 1)",
        D,
    )
    release(bank, "core", "customers", D, [3], "right but for the date", "Cai", "Du")
    subjects.forget(bank, PERSON, **BY_TWO)
    assert read_delivery(bank.landing, CUSTOMERS, D)[0]["full_name"] == ERASED
    assert run(bank, "select line_number, business_date from ops.released_lines") == [(3, NEXT)]


def test_who_is_named_in_anothers_record_stays_forgotten_there(bank):
    """A company tells its legal representative anew after he was forgotten."""
    subjects.forget(bank, PERSON, **BY_TWO)
    assert named(bank) == {("K1", D): (ERASED, ERASED), ("K2", D): (None, None)}
    land_day(
        bank, NEXT, [], [company("K1", **LED), company("K2", **LED | {"legal_representative_number": "9"})]
    )
    assert named(bank)["K1", NEXT] == (ERASED, ERASED), "nothing clear lands"
    assert named(bank)["K2", NEXT] == ("钱测", "9"), "whoever leads another company is told"

    done = subjects.forget(bank, PERSON, **BY_TWO)
    assert any(NEXT.isoformat() in path for path in done.files)
    told = read_delivery(bank.landing, COMPANIES, NEXT)
    assert [row["legal_representative_number"] for row in told] == [ERASED, "9"]


def test_forgotten_representatives_are_not_taken_for_each_other(bank):
    subjects.forget(bank, PERSON, **BY_TWO)
    land_day(bank, NEXT, [customer("C3", identity_number="8")], [company("K3", **LED)])
    other = birth_id(("core", "C3"))
    link = ("core", "C3", other, None, "alone", "first", "data", None, None, None, NEXT)
    with connect(bank, "yihu_loader") as connection:
        write_rows(connection, "raw", "identity", "links", NEXT, [link])
    for _ in range(2):
        done = subjects.forget(bank, other, **BY_TWO)
        assert not [path for path in done.files if "companies" in path]
    with connect(bank) as connection, connection.cursor() as cursor:
        person = find_person(cursor, other)
        assert identity_numbers(cursor, person, sources_of(bank, person)) == []


def contents(settings):
    """Every file of the landing folder, and what raw and the ledger say of them."""
    files = {path: path.read_bytes() for path in settings.landing.rglob("*") if path.is_file()}
    rows = "select t::text from {} as t order by 1"
    tables = ("raw.core__customers", "raw.corporate__companies", "ops.deliveries", "ops.subject_decisions")
    return files, [run(settings, rows.format(table)) for table in tables]


def test_a_file_that_cannot_be_written_leaves_all_as_it_was(bank):
    """The companies' come second: whoever runs may write anywhere, so a file stands where a folder must."""
    before = contents(bank)
    obstacle = bank.landing / "corporate" / D.isoformat() / ".fresh"
    obstacle.touch()
    with pytest.raises(SubjectError, match=r"companies\.csv cannot be written anew .*; nothing was changed"):
        subjects.forget(bank, PERSON, **BY_TWO)
    obstacle.unlink()
    assert contents(bank) == before

    subjects.forget(bank, PERSON, **BY_TWO)
    land_day(bank, NEXT, [])  # which refuses what was changed in a published folder


def test_files_that_changed_places_before_a_crash_are_mended_by_the_same_call(bank):
    before = contents(bank)[0]
    subjects.forget(bank, PERSON, **BY_TWO)
    after = contents(bank)
    company = bank.landing / "corporate" / D.isoformat() / COMPANIES.file_name
    for path in (company, company.with_name(COMPANIES.control_name)):
        path.write_bytes(before[path])  # its ledger was committed, its move was lost
    done = subjects.forget(bank, PERSON, **BY_TWO)
    assert str(company) in done.files
    assert contents(bank)[0] == after[0]
    assert list(bank.landing.rglob(".*")) == []
    land_day(bank, NEXT, [])


def test_a_workspace_that_was_kept_comes_first(bank):
    kept = Workspace("rebuild_20261030")
    with connect(bank) as connection:
        create_workspace(connection, kept)
    with pytest.raises(SubjectError, match="Drop rebuild_20261030 first"):
        subjects.forget(bank, PERSON, **BY_TWO)
    assert named(bank)["K1", D] == ("钱测", NUMBER)
    with connect(bank) as connection:
        drop_workspace(connection, kept)
    subjects.forget(bank, PERSON, **BY_TWO)


def test_what_was_told_of_him_and_what_the_matcher_left_go(bank):
    run(bank, PROTECTED)
    other = birth_id(("core", "C2"))
    exports, identity = (bank.var / bank.bank / name for name in ("subjects", "identity"))
    for path in (
        exports / f"{PERSON}_ticket_1.json",
        exports / f"{other}_ticket_2.json",
        identity / "database" / "index.duckdb",
        identity / "rebuild_20261030-x" / "index.duckdb",
        identity / "database" / "spill" / "1.tmp",
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    subjects.forget(bank, PERSON, **BY_TWO)
    assert [path.name for path in exports.iterdir()] == [f"{other}_ticket_2.json"]
    assert not list(identity.rglob("*.*"))
    assert run(bank, "select phone_number from protected.customer_contacts") == [(None,)]
    (path,) = run(bank, "select pg_relation_filepath('protected.customer_contacts')")[0]
    folder = run(bank, "show data_directory")[0][0]
    assert b"12700000001" not in Path(folder, path).read_bytes(), "nor is it left in the table's file"


def test_the_command_says_what_the_next_night_costs(bank, monkeypatch):
    monkeypatch.setenv("YIHU_VAR", str(bank.var))
    monkeypatch.setenv("YIHU_DATABASE_URL", bank.database_url)
    people = [text for name, value in BY_TWO.items() for text in (f"--{name}", value)]
    done = CliRunner().invoke(main, ["subject", "forget", PERSON, "--no-rebuild", *people])
    assert done.exit_code == 0, done.output
    assert "The next night builds everything anew" in done.output
    assert f"yihu rebuild --date {D}" in done.output


def named(settings):
    """Who leads a company, as raw has it: by company and date of receipt."""
    rows = run(
        settings,
        "select company_no, _received_date, legal_representative_name, legal_representative_number "
        "from raw.corporate__companies",
    )
    return {(number, day): tuple(cells) for number, day, *cells in rows}
