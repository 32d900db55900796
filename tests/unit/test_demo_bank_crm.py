"""E-channels, client file and corporate system: every table every day, nobody's rows, states that move on."""

from collections import Counter, defaultdict
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest

from pipelines.demo_bank import write_demo_bank
from pipelines.demo_bank.calendar import Calendar
from pipelines.landing.delivery import Delivery, read_control
from pipelines.landing.files import read_rows
from pipelines.sources.declaration import load_bank

FIRST, LAST = date(2025, 11, 1), date(2026, 1, 31)
CALENDAR = Calendar(FIRST, LAST)
DAYS = [CALENDAR.date_of(day) for day in range(CALENDAR.days)]
BANK = load_bank("demo")
TABLES = {f"{table.source}.{table.name}": table for source in BANK.sources for table in source.tables}
OURS = [name for name in TABLES if name.split(".")[0] in ("channels", "crm", "corporate")]


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    """All rows of a table as dicts with `received`, read as a night reads them: totals and dates checked."""
    landing = tmp_path_factory.mktemp("demo") / "landing"
    write_demo_bank(landing, seed=11, customers=900, first_date=FIRST, last_date=LAST)
    kept: dict[str, list[dict[str, str]]] = {}

    def read(name: str) -> list[dict[str, str]]:
        if name not in kept:
            table, found = TABLES[name], []
            for day in DAYS:
                one = Delivery(table, day, landing / table.source / day.isoformat())
                for _, cells in read_rows(one, read_control(one)):
                    found.append(
                        {**dict(zip(table.column_names, cells, strict=True)), "received": day.isoformat()}
                    )
            kept[name] = found
        return kept[name]

    return read


def last_of(rows, key: str) -> dict[str, dict[str, str]]:
    return {row[key]: row for row in rows}


@pytest.mark.parametrize("name", TABLES)
def test_every_declared_table_of_the_seven_comes_every_day_and_passes_its_checks(rows, name):
    assert len({source.code for source in BANK.sources}) == 7
    found = rows(name)
    if TABLES[name].mode == "snapshot":
        assert {row["received"] for row in found} == {day.isoformat() for day in DAYS}


@pytest.mark.parametrize("name", OURS)
def test_rows_are_clean(rows, name):
    table, seen, last = TABLES[name], set(), {}
    assert rows(name)
    for row in rows(name):
        key = tuple(row[column] for column in table.key)
        assert (key, row["received"]) not in seen
        assert table.mode != "increment" or key not in last
        assert all(row[column.name] for column in table.columns if column.required)
        if table.mode == "increment":
            assert row[table.date_column] == row["received"]
        content = {column: row[column] for column in table.column_names}
        assert table.mode == "snapshot" or last.get(key) != content, "an upsert without a change"
        seen.add((key, row["received"]))
        last[key] = content


@pytest.mark.parametrize(
    ("child", "column", "parent", "key"),
    [
        ("channels.session_weeks", "user_no", "channels.users", "user_no"),
        ("crm.assignments", "client_no", "crm.clients", "client_no"),
        ("crm.assignments", "manager_no", "crm.managers", "manager_no"),
        ("crm.contacts", "client_no", "crm.clients", "client_no"),
        ("crm.contacts", "manager_no", "crm.managers", "manager_no"),
        ("crm.feedback", "client_no", "crm.clients", "client_no"),
        ("crm.referrals", "client_no", "crm.clients", "client_no"),
        ("crm.referrals", "referred_client_no", "crm.clients", "client_no"),
        ("crm.campaign_responses", "client_no", "crm.clients", "client_no"),
        ("crm.campaign_responses", "campaign_no", "crm.campaigns", "campaign_no"),
        ("crm.leads", "client_no", "crm.clients", "client_no"),
        ("crm.targets", "manager_no", "crm.managers", "manager_no"),
        ("crm.privileges_used", "client_no", "crm.clients", "client_no"),
        ("crm.applications", "client_no", "crm.clients", "client_no"),
        ("crm.declared_assets", "client_no", "crm.clients", "client_no"),
        ("corporate.annual_statements", "company_no", "corporate.companies", "company_no"),
        ("corporate.credit_lines", "company_no", "corporate.companies", "company_no"),
        ("corporate.groups", "head_company_no", "corporate.companies", "company_no"),
        ("corporate.group_members", "company_no", "corporate.companies", "company_no"),
        ("corporate.group_members", "group_no", "corporate.groups", "group_no"),
        ("corporate.agreements", "company_no", "corporate.companies", "company_no"),
    ],
)
def test_nothing_is_an_orphan_on_the_day_it_arrives(rows, child, column, parent, key):
    known: dict[str, str] = {}
    for row in rows(parent):
        known.setdefault(row[key], row["received"])
    assert all(known[row[column]] <= row["received"] for row in rows(child) if row[column])


def test_a_client_has_one_manager_at_a_time_and_no_manager_too_many_clients(rows):
    stays = defaultdict(list)
    for row in last_by(rows("crm.assignments"), ("client_no", "from_date")):
        stays[row["client_no"]].append(
            (row["from_date"], row["until_date"] or "9999-12-31", row["manager_no"])
        )
    for found in stays.values():
        found.sort()
        assert all(before[1] < after[0] for before, after in pairwise(found))
    load = Counter(found[-1][2] for found in stays.values())
    assert max(load.values()) <= 800
    assert any(len(found) > 1 for found in stays.values()), "nobody changes hands"


def last_by(rows, keys: tuple[str, ...]) -> list[dict[str, str]]:
    return list({tuple(row[key] for key in keys): row for row in rows}.values())


def test_feedback_is_closed_with_an_outcome_or_stays_open(rows):
    last = last_of(rows("crm.feedback"), "feedback_no")
    kinds = Counter((row["kind"], row["outcome"]) for row in last.values())
    assert kinds["COMPLAINT", "RESOLVED"] > kinds["COMPLAINT", "UNRESOLVED"] > 0
    assert kinds["COMPLAINT", ""] > 0
    assert kinds["PRAISE", "UNRESOLVED"] == kinds["SUGGESTION", "UNRESOLVED"] == 0
    for row in rows("crm.feedback"):
        assert bool(row["closed_date"]) == bool(row["outcome"])
        assert row["closed_date"] in ("", row["received"])
        assert row["closed_date"] or row["received_date"] == row["received"]


def test_complaints_are_those_of_the_life_that_drives_leaving(rows):
    first = {row["feedback_no"]: row for row in reversed(rows("crm.feedback")) if row["kind"] == "COMPLAINT"}
    months = len(DAYS) / 30.44
    share = len(first) / months / len(last_of(rows("crm.clients"), "client_no"))
    assert 0.01 < share < 0.04


def test_leads_move_forward_only_and_end_won_or_lost(rows):
    order = ("NEW", "CONTACTED", "OFFERED", "WON", "LOST")
    stages = defaultdict(list)
    for row in rows("crm.leads"):
        stages[row["lead_no"]].append(order.index(row["stage"]))
        assert bool(row["closed_date"]) == (row["stage"] in ("WON", "LOST"))
        assert row["updated_date"] == row["received"]
    assert all(found == sorted(set(found)) for found in stages.values())
    ends = Counter(order[found[-1]] for found in stages.values())
    assert all(ends[stage] for stage in order)


def test_applications_take_their_time(rows):
    for row in last_of(rows("crm.applications"), "application_no").values():
        assert "09:00" <= row["opened_time"] <= "17:00"
        assert bool(row["closed_date"]) == bool(row["closed_time"])
        if row["closed_date"]:
            start, end = ((row[f"{at}_date"], row[f"{at}_time"]) for at in ("opened", "closed"))
            assert start < end
    assert {row["kind"] for row in rows("crm.applications")} == {"ACCOUNT", "LOAN", "CARD"}


def test_targets_are_set_once_a_year(rows):
    years = {row["target_year"]: row["received"] for row in rows("crm.targets")}
    assert years == {"2025": FIRST.isoformat(), "2026": "2026-01-01"}


def test_sessions_are_sparse_and_told_on_sundays(rows):
    weeks = rows("channels.session_weeks")
    assert all(date.fromisoformat(row["received"]).weekday() == 6 for row in weeks)
    for row in weeks:
        end, last = (date.fromisoformat(row[name]) for name in ("week_end_date", "last_session_date"))
        assert end - timedelta(days=6) <= last <= end
    users = len(last_of(rows("channels.users"), "user_no"))
    told = len({(row["user_no"], row["week_end_date"]) for row in weeks})
    per_month = told / users / (len(DAYS) / 30.44)
    assert 0.8 < per_month < 1.6


def test_companies_have_every_size_and_lines_are_not_overdrawn(rows):
    statements = [Decimal(row["total_assets"]) for row in rows("corporate.annual_statements")]
    assert min(statements) < 10_000_000 < 60_000_000 < max(statements)
    for row in rows("corporate.credit_lines"):
        assert 0 <= Decimal(row["used_amount"]) <= Decimal(row["approved_amount"])
        assert row["status"] != "CLOSED" or row["until_date"] == row["received"]
    companies = last_of(rows("corporate.companies"), "company_no").values()
    for row in companies:
        is_company = row["kind"] == "COMPANY"
        assert bool(row["institution_type"]) == bool(row["institution_rank"]) == (not is_company)
        assert row["founded_date"] <= row["since_date"]
        assert bool(row["legal_representative_name"]) == bool(row["legal_representative_number"])
    heads = {(row["group_no"], row["head_company_no"]) for row in rows("corporate.groups")}
    members = {(row["group_no"], row["company_no"]) for row in rows("corporate.group_members")}
    assert heads < members


def test_who_wants_no_contact_gets_none(rows):
    silent = {row["client_no"] for row in rows("crm.clients") if row["do_not_contact"] == "Y"}
    assert silent
    assert not silent & {row["client_no"] for row in rows("crm.contacts") + rows("crm.campaign_responses")}
