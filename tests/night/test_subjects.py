"""A person's requests on a bank that has published: told, forgotten everywhere, decided on by people."""

import csv
import gzip
import json
import stat
from pathlib import Path

import pytest
from handmade_deliveries import read_delivery, write_delivery
from night_support import digests, query, rebuild, run_night
from psycopg2 import sql
from small_bank import LAST, NEXT, NIGHTS, current_edition, small_bank

from pipelines import subjects
from pipelines.approval import ApprovalError
from pipelines.landing.erasure import ERASED
from pipelines.sources import active_sources, load_source
from pipelines.subjects import SubjectError
from pipelines.subjects.tickets import open_ticket, use_ticket
from pipelines.warehouse import connect

BY_TWO = {"reason": "asked in writing", "proposer": "privacy desk", "approver": "data protection officer"}
NEW_PHONE = "12700099999"
ROOMS = ("raw", "policy", "staging", "intermediate", "marts", "protected", "ops", "reporting")


@pytest.fixture(scope="module")
def bank(server, tmp_path_factory):
    with small_bank(server, tmp_path_factory.mktemp("subjects")) as settings:
        yield settings


@pytest.fixture(scope="module")
def person(bank):
    """Somebody whom several sources know, whose birthday is still to come this year, and who can leave."""
    return query(
        bank,
        """
        select link.customer_id
        from raw.identity__links as link
        inner join marts.customers as customer on link.customer_id = customer.customer_id
        inner join protected.customer_contacts as contact on link.customer_id = contact.customer_id
        where customer.customer_kind_code = 'person' and not coalesce(customer.is_sole_trader, false)
            and contact.phone_number is not null and contact.identity_number is not null
            and extract(month from contact.birth_date) = 12
        group by 1 order by count(*) desc, 1 limit 1
        """,
    )[0][0]


@pytest.fixture(scope="module")
def clear(bank, person):
    """His clear values that are nobody else's, as any source has delivered them."""
    values = query(
        bank,
        """
        select attribute.value
        from protected.customer_records as record
        cross join lateral (
            values (identity_number), (phone_number), (email_address), (address_text)
        ) as attribute (value)
        where record.customer_id = %s and attribute.value is not null
            and not exists (
                select 1 from protected.customer_records as other
                where other.customer_id <> record.customer_id
                    and attribute.value in (other.identity_number, other.phone_number, other.email_address,
                        other.address_text)
            )
        """,
        person,
    )
    found = sorted({value for (value,) in values})
    assert len(found) >= 2
    return found


@pytest.fixture(scope="module")
def objector(bank, person):
    """Another person, who has a place in the order of contacts."""
    edition = current_edition(bank)
    return query(
        bank,
        f"select churn.customer_id from {edition}.customer_churn as churn "
        f"inner join {edition}.customer_360 as customer on churn.customer_id = customer.customer_id "
        "where customer.customer_kind_code = 'person' and churn.contact_rank is not null "
        "and churn.customer_id <> %s order by churn.contact_rank limit 1",
        person,
    )[0][0]


# ── told ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_everything_held_is_told_masked_without_a_ticket(bank, person, clear, tmp_path):
    done = subjects.export(bank, person, tmp_path / "held.json")
    assert stat.S_IMODE(done.path.stat().st_mode) == 0o600
    assert done.ticket_id is None
    text = done.path.read_text(encoding="utf-8")
    assert not [value for value in clear if value in text]
    held = json.loads(text)["held"]
    assert {each["room"] for each in held} >= {
        "raw",
        "staging",
        "marts",
        "protected",
        "reporting",
        *kept(bank),
    }
    tables = {each["table"] for each in held if each["room"] == "raw"}
    assert tables >= {"core__customers", "core__accounts", "core__balances", "core__transactions"}
    line = next(each for each in held if each["table"] == "core__customers")["rows"][0]
    with open(line["file"], encoding="utf-8", newline="") as file:
        assert list(csv.reader(file))[int(line["_line_number"]) - 1][0] == line["customer_no"]


def test_clear_text_takes_a_ticket_of_an_earlier_transaction(bank, person, clear, tmp_path):
    done = subjects.export(bank, person, tmp_path / "held.csv", "csv", reader="li", reason="his own request")
    text = done.path.read_text(encoding="utf-8")
    assert all(value in text for value in clear)
    assert query(
        bank,
        "select reader_name, customer_id, reason, used_in is not null from ops.subject_tickets "
        "where ticket_id = %s",
        done.ticket_id,
    ) == [("li", person, "his own request", True)]
    with connect(bank) as connection, connection.cursor() as cursor:
        with pytest.raises(SubjectError, match="was used"):
            use_ticket(cursor, done.ticket_id, person)
        cursor.execute(
            "insert into ops.subject_tickets (reader_name, customer_id, reason) values ('li', %s, 'x') "
            "returning ticket_id",
            (person,),
        )
        with pytest.raises(SubjectError, match="not committed"):
            use_ticket(cursor, cursor.fetchone()[0], person)
    other = open_ticket(bank, "somebody else", "li", "x")
    with connect(bank) as connection, connection.cursor() as cursor, pytest.raises(SubjectError):
        use_ticket(cursor, other, person)


def test_what_cannot_be_told(bank, person, tmp_path):
    (tmp_path / "there").touch()
    with pytest.raises(SubjectError, match="there already"):
        subjects.export(bank, person, tmp_path / "there")
    with pytest.raises(SubjectError, match="no record"):
        subjects.export(bank, "c0000000000000000", tmp_path / "nobody")
    with pytest.raises(SubjectError, match="a reader and a reason"):
        subjects.export(bank, person, tmp_path / "x", reader="li", reason=" ")


# ── forgotten ───────────────────────────────────────────────────────────────────────────────────────────────


def test_one_person_alone_forgets_nobody(bank, person):
    with pytest.raises(ApprovalError):
        subjects.forget(bank, person, "r", "li", "Li")
    company = query(
        bank, "select customer_id from marts.customers where customer_kind_code = 'company' limit 1"
    )[0][0]
    with pytest.raises(SubjectError, match="natural person"):
        subjects.forget(bank, company, **BY_TWO)


def test_a_forgotten_person_is_nowhere_and_stays_one_customer(bank, person, clear, objector):
    before, former = owners(bank, LAST), digests(bank, LAST)
    accounts = query(bank, "select count(*) from marts.account_holders where customer_id = %s", person)
    done = subjects.forget(bank, person, **BY_TWO)
    assert done.dates == NIGHTS
    assert not done.absent_files
    assert all(each.years > 0 for each in done.kept)
    assert found_in_rooms(bank, clear) == []
    assert found_in_files(bank, clear) == []
    assert not list((bank.var / bank.bank / "identity").rglob("*.duckdb"))

    rebuild(bank, LAST)
    assert owners(bank, LAST) == before, "every record has the customer it had"
    assert (found := digests(bank, LAST)) != former, "his age is told by the year alone"
    kept_for = "select cause from ops.editions where business_date = %s and state = 'kept'"
    assert query(bank, kept_for, LAST) == [("erasure",)]

    night = run_night(bank, LAST)  # live, from the rewritten deliveries, with an index made anew
    assert state_of(bank, night) == "unchanged"
    assert digests(bank, LAST) == found, "one set of digests"
    assert (
        query(bank, "select count(*) from marts.account_holders where customer_id = %s", person) == accounts
    )
    assert found_in_rooms(bank, clear) == []

    tell_again(bank, person)
    subjects.opt(bank, objector, True, **BY_TWO)
    assert state_of(bank, run_night(bank, NEXT)) == "published"
    assert found_in_rooms(bank, [*clear, NEW_PHONE]) == [], "what comes later lands as a pseudonym"
    state = "select is_do_not_contact, is_contactable from marts.contact_states where customer_id = %s"
    assert query(bank, state, person) == [(True, False)]


def test_a_forgotten_person_can_be_forgotten_again(bank, person):
    """After the night that had him told anew: its file is written over, too."""
    told = "select 'raw', md5(string_agg(t::text, '|' order by t::text)) from raw.core__customers as t"
    decisions = "select count(*) from ops.identity_decisions"
    before = query(bank, told), query(bank, decisions)
    done = subjects.forget(bank, person, **BY_TWO)
    assert any(NEXT.isoformat() in path for path in done.files)
    assert (query(bank, told), query(bank, decisions)) == before
    assert found_in_files(bank, [NEW_PHONE], NEXT) == []


def test_no_machine_decides_on_who_has_opted_out(bank, objector):
    """As of the night after, which the erasure's test has run."""
    assert current_edition(bank).startswith(f"edition_{NEXT:%Y%m%d}")
    columns = "strategy_code, strategy_basis_code, contact_rank, is_within_budget"
    shown = f"select {columns} from {current_edition(bank)}.customer_churn"
    assert query(bank, f"{shown} where customer_id = %s", objector) == [(None, "opted_out", None, False)]
    assert query(bank, f"{shown} where strategy_basis_code <> 'opted_out' and strategy_code is null") == []
    tiers = (
        f"select distinct is_machine_decided from {current_edition(bank)}.customer_tiers where customer_id"
    )
    assert query(bank, f"{tiers} = %s", objector) == [(False,)]
    assert query(bank, f"{tiers} <> %s order by 1", objector) in ([(True,)], [(False,), (True,)])


def state_of(settings, night):
    return query(settings, "select state from ops.nights where night_id = %s", night.night_id)[0][0]


# ── looking ─────────────────────────────────────────────────────────────────────────────────────────────────


def kept(settings):
    """The editions kept beside the current one."""
    rows = query(settings, "select edition_id from ops.editions where state = 'kept'")
    return {name for (name,) in rows} - {current_edition(settings)}


def owners(settings, day):
    """Every source record's customer, in the kept edition of a date."""
    edition = query(
        settings, "select edition_id from ops.editions where business_date = %s and state = 'kept'", day
    )[0][0]
    return query(
        settings,
        "select source_code, source_customer_id, customer_id "
        f"from {edition}.customer_identities order by 1, 2",
    )


def found_in_rooms(settings, values):
    """Tables and views of any room in a row of which one of the values stands."""
    tables = query(
        settings,
        "select n.nspname, c.relname from pg_catalog.pg_class as c "
        "inner join pg_catalog.pg_namespace as n on c.relnamespace = n.oid "
        "where c.relkind in ('r', 'p', 'v') and not c.relispartition "
        "and (n.nspname = any(%s) or starts_with(n.nspname, 'edition_'))",
        list(ROOMS),
    )
    found = []
    with connect(settings) as connection, connection.cursor() as cursor:
        for schema, table in tables:
            cursor.execute(
                sql.SQL("select 1 from {} as t where t::text ~ %s limit 1").format(
                    sql.Identifier(schema, table)
                ),
                ("|".join(value.replace("+", "\\+").replace(".", "\\.") for value in values),),
            )
            if cursor.fetchone():
                found.append(f"{schema}.{table}")
    return found


def found_in_files(settings, values, until=LAST):
    """Files of the landing folder that hold one of the values."""
    encodings = {
        (source.code, table.file_name): table
        for source in active_sources(settings.bank)
        for table in source.tables
    }
    found = []
    for path in sorted(settings.landing.glob("*/*/*")):
        table = encodings.get((path.parent.parent.name, path.name))
        if table is None or path.parent.name > until.isoformat():
            continue
        if any(value in text_of(path, table) for value in values):
            found.append(str(path))
    return found


def text_of(path: Path, table):
    if table.file == "parquet":
        from pyarrow import parquet

        return str(parquet.read_table(path).to_pylist())
    data = path.read_bytes()
    return (gzip.decompress(data) if table.file == "csv.gz" else data).decode(table.encoding)


def tell_again(settings, person):
    """The core tells the forgotten person anew, with a new phone, on the night after."""
    table = load_source("core").table("customers")
    number = query(
        settings,
        "select source_customer_id from raw.identity__links where customer_id = %s and source_code = 'core'",
        person,
    )[0][0]
    told = [
        row
        for path in sorted((settings.landing / "core").glob("*/customers.csv"))
        for row in csv.DictReader(path.open(encoding="utf-8"))
        if row["customer_no"] == number
    ][-1]
    assert told["full_name"] == ERASED
    rows = [row for row in read_delivery(settings.landing, table, NEXT) if row["customer_no"] != number]
    write_delivery(settings.landing, table, NEXT, [*rows, {**told, "full_name": "赵测", "phone": NEW_PHONE}])
