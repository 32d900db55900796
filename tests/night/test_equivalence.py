"""However history was taken in, marts and edition are the same (law 2)."""

import json
from contextlib import ExitStack
from datetime import date, timedelta

import pytest
from conftest import own_bank
from handmade_deliveries import read_delivery, write_delivery
from histories import all_in_one, at_once_then_one, night_by_night, outcome
from night_support import query, run_night, warm

from pipelines.demo_bank import write_demo_bank
from pipelines.gates.releases import release
from pipelines.sources import load_source

FIRST = date(2026, 8, 20)
LAST = date(2026, 10, 5)
NIGHTS = [LAST - timedelta(days) for days in range(6, -1, -1)]  # the second is a month end
CORE = load_source("core")
WAYS = {"nightly": night_by_night, "bulk": at_once_then_one, "rebuilt": all_in_one}
SET_ASIDE, SEEN, RELEASED, OPEN = NIGHTS[0], NIGHTS[3], NIGHTS[4], NIGHTS[5]
LATE_HOBBY, OPEN_HOBBY, WRONG_HOBBY, RIGHT_HOBBY = "剪纸", "风筝", "不该出现", "皮影"


@pytest.fixture(scope="module")
def banks(server, tmp_path_factory):
    """The same deliveries in three databases, each taken in another way."""
    folder = tmp_path_factory.mktemp("equivalence")
    landing = folder / "landing"
    write_demo_bank(
        landing,
        customers=60,
        first_date=FIRST,
        last_date=LAST,
        faults="late_rows,corrected_rows,deleted_rows@4",
    )
    add_deletion(landing)
    add_merge(landing)
    add_overdues(landing)
    add_repricing(landing)
    add_late_privilege(landing)
    add_other_currency(landing)
    add_joint_holder(landing)
    lines = add_unreadable(landing)
    made = {}
    with warm(), ExitStack() as opened:
        for name, way in WAYS.items():
            bank = made[name] = opened.enter_context(own_bank(server, folder / name, landing=landing))
            waive_few_lines(bank)
            let_in(bank, landing, OPEN, lines[OPEN])
            if way is night_by_night:
                way(bank, NIGHTS, releasing(lines[SET_ASIDE]))
            else:
                for line in lines[SET_ASIDE]:
                    let_in(bank, landing, SET_ASIDE, [line])
                way(bank, NIGHTS)
        yield made


def add_deletion(landing):
    """A transaction of a closed month is taken back."""
    gone = next(row for row in read_delivery(landing, CORE.table("transactions"), FIRST + timedelta(days=3)))
    table = CORE.table("deleted_transactions")
    told = read_delivery(landing, table, NIGHTS[4])
    write_delivery(landing, table, NIGHTS[4], [*told, {"transaction_no": gone["transaction_no"]}])


def add_merge(landing):
    """A cardholder turns out to be somebody whom core knows under another name."""
    table = load_source("cards").table("cardholders")
    numbers = [row["identity_number"] for row in read_delivery(landing, CORE.table("customers"), FIRST)]
    holder = read_delivery(landing, table, FIRST)[0]
    number = next(number for number in numbers if len(number) == 18 and number != holder["identity_number"])
    told = read_delivery(landing, table, NIGHTS[5])
    row = holder | {"identity_type": "ID", "identity_number": number}
    write_delivery(landing, table, NIGHTS[5], [*told, row])


def add_overdues(landing):
    """Two loans are told overdue before a month ends and never again, but for a correction after its end."""
    table = load_source("loans").table("loan_balances")
    days = [FIRST + timedelta(number) for number in range((LAST - FIRST).days + 1)]
    told = {day: read_delivery(landing, table, day) for day in days}
    kept, corrected = (row | {"balance_date": str(NIGHTS[0])} for row in told[FIRST][:2])
    for day in days[1:]:
        told[day] = [
            row for row in told[day] if row["loan_no"] not in (kept["loan_no"], corrected["loan_no"])
        ]
    told[NIGHTS[0]] += [kept | {"overdue_days": "3"}, corrected | {"overdue_days": "4"}]
    told[NIGHTS[4]] += [corrected | {"overdue_days": "5"}]
    for day in days[1:]:
        write_delivery(landing, table, day, told[day])


def add_repricing(landing):
    """A term deposit has another rate from October on; then a balance of August comes late."""
    accounts, balances = CORE.table("accounts"), CORE.table("balances")
    like = next(row for row in read_delivery(landing, accounts, FIRST) if row["product_code"] == "TD")
    told = read_delivery(landing, accounts, NIGHTS[3])
    told = [row for row in told if row["account_no"] != like["account_no"]]
    write_delivery(landing, accounts, NIGHTS[3], [*told, like | {"annual_rate": "0.09"}])
    late = {"account_no": like["account_no"], "balance_date": str(FIRST), "balance": "123456.78"}
    write_delivery(landing, balances, NIGHTS[4], [*read_delivery(landing, balances, NIGHTS[4]), late])


def add_late_privilege(landing):
    """A use of August is told of in October, then told of otherwise."""
    crm = load_source("crm")
    table, client = crm.table("privileges_used"), crm.table("clients")
    use = {
        "use_no": "X1",
        "client_no": read_delivery(landing, client, FIRST)[0]["client_no"],
        "privilege": "gift",
        "used_date": str(FIRST),
        "quantity": "1",
        "unit_cost": "77.00",
    }
    for day, quantity in ((NIGHTS[3], "1"), (NIGHTS[5], "2")):
        told = read_delivery(landing, table, day)
        write_delivery(landing, table, day, [*told, use | {"quantity": quantity}])


def add_other_currency(landing):
    """A savings account with transactions in September is told in another currency in October."""
    accounts = CORE.table("accounts")
    days = [FIRST + timedelta(number) for number in range((NIGHTS[1] - FIRST).days + 1)]
    used = {
        row["account_no"] for day in days for row in read_delivery(landing, CORE.table("transactions"), day)
    }
    known = read_delivery(landing, accounts, FIRST)
    row = next(row for row in known if row["currency"] != "CNY" and row["account_no"] in used)
    other = "EUR" if row["currency"] != "EUR" else "USD"
    told = read_delivery(landing, accounts, NIGHTS[3])
    write_delivery(landing, accounts, NIGHTS[3], [*told, row | {"currency": other}])


def add_joint_holder(landing):
    """From October on somebody else holds an account, too: half of its past is his."""
    table = CORE.table("account_holders")
    first, second = known_owners(landing)
    row = first | {"customer_no": second["customer_no"], "role": "JOINT", "from_date": str(NIGHTS[3])}
    write_delivery(landing, table, NIGHTS[3], [*read_delivery(landing, table, NIGHTS[3]), row])


def known_owners(landing):
    """Two persons who own an account each."""
    persons = {
        row["customer_no"]
        for row in read_delivery(landing, CORE.table("customers"), FIRST)
        if row["customer_kind"] == "P"
    }
    holders = read_delivery(landing, CORE.table("account_holders"), FIRST)
    owners = {
        row["customer_no"]: row for row in holders if row["role"] == "OWNER" and row["customer_no"] in persons
    }
    return list(owners.values())[:2]


def add_unreadable(landing):
    """Customers with other hobbies and unreadable dates of birth; one is told right on the release's date.

    Gives date → numbers of the bad lines.
    """
    table = CORE.table("customers")
    late, twice, open_ = known_customers(landing)
    bad = {
        SET_ASIDE: [late | {"hobby": LATE_HOBBY}, twice | {"hobby": WRONG_HOBBY}],
        OPEN: [open_ | {"hobby": OPEN_HOBBY}],
    }
    lines = {}
    for day, rows in bad.items():
        told = read_delivery(landing, table, day)
        write_delivery(landing, table, day, [*told, *(row | {"birth_date": "?"} for row in rows)])
        lines[day] = [len(told) + number for number in range(2, 2 + len(rows))]
    told = read_delivery(landing, table, RELEASED)
    write_delivery(landing, table, RELEASED, [*told, twice | {"hobby": RIGHT_HOBBY}])
    return lines


def known_customers(landing):
    """Three persons of whom core says nothing else in these nights."""
    table = CORE.table("customers")
    told = {row["customer_no"] for day in NIGHTS for row in read_delivery(landing, table, day)}
    persons = [
        row
        for row in read_delivery(landing, table, FIRST)
        if row["customer_kind"] == "P" and row["birth_date"] and row["customer_no"] not in told
    ]
    return persons[:3]


def releasing(lines):
    """A night; after the one whose outcome is to be kept, two people let lines in."""

    def run(settings, day):
        night = run_night(settings, day)
        if day == SEEN:
            people = ("the source needs a month", "duty engineer", "head of risk")
            assert release(settings, "core", "customers", SET_ASIDE, lines, *people) == RELEASED
        return night

    return run


def waive_few_lines(settings):
    """So few customers are told of in a night that one bad line is more than policy bears."""
    for rule in ("quarantine_share", "retyped"):
        query(
            settings,
            "insert into ops.waivers (rule_id, from_date, until_date, reason, proposer, approver) "
            "values (%s, %s, %s, 'a small bank', 'a', 'b') returning 1",
            *(f"{rule}.core.customers", NIGHTS[0], LAST),
        )


def let_in(settings, landing, day, lines):
    """The decision as it stands on record, before anything was received: a restored database has it."""
    control = landing / "core" / day.isoformat() / CORE.table("customers").control_name
    sha256 = json.loads(control.read_text())["sha256"]
    for line in lines:
        query(
            settings,
            "insert into ops.quarantine_releases (source_code, table_name, received_date, line_number, "
            "sha256, business_date, reason, proposer, approver) "
            "values ('core', 'customers', %s, %s, %s, %s, 'r', 'a', 'b') returning 1",
            *(day, line, sha256, RELEASED if day == SET_ASIDE else day),
        )


def test_nightly_bulk_and_rebuilt_history_are_the_same(banks):
    nightly, bulk, rebuilt = (outcome(settings, LAST) for settings in banks.values())
    assert {name for name in nightly if nightly[name] != rebuilt.get(name)} == set()
    assert {name for name in bulk if bulk[name] != rebuilt.get(name)} == set()
    assert nightly.keys() == bulk.keys() == rebuilt.keys()


def test_the_nights_brought_late_corrected_and_deleted_rows_and_merges(banks):
    """Else the comparison above says nothing."""
    late, corrected, deleted = query(
        banks["nightly"],
        "select count(*) filter (where transaction_date < date_trunc('month', received_date)), "
        "(select count(*) from marts.transactions where superseded_date >= %s), "
        "(select count(*) from intermediate.int_transactions_deleted where received_date >= %s) "
        "from marts.transactions where received_date >= %s",
        NIGHTS[1],
        NIGHTS[1],
        NIGHTS[1],
    )[0]
    assert (late > 0, corrected > 0, deleted > 0) == (True, True, True)
    merged = (
        "select count(*) > 0 from raw.identity__links where change_code = 'merge' and _received_date = %s"
    )
    assert query(banks["nightly"], merged, NIGHTS[5]) == [(True,)]
    overdue = "select array_agg(overdue_days order by 1) from marts.account_overdues where as_of_date = %s"
    assert query(banks["nightly"], overdue, NIGHTS[0]) == [([3, 5],)]


def test_closed_months_were_valued_anew_at_the_prices_they_had(banks):
    """Else the comparison says nothing of prices and privileges."""
    repriced = query(
        banks["nightly"],
        "select value.month_number, value.account_rate < 0.09 from marts.account_value_months as value "
        "inner join marts.balances as balance on value.account_id = balance.account_id "
        "and balance.balance_amount = 123456.78 order by 1",
    )
    assert [is_former for _, is_former in repriced] == [True, True, False]
    late = "select sum(privilege_cost_amount) >= 154 from marts.customer_value_months where month_number = %s"
    assert query(banks["nightly"], late, FIRST.year * 12 + FIRST.month - 1) == [(True,)]


def test_closed_months_follow_other_terms_and_holders(banks):
    """Else the comparison says nothing of currencies and holders that change."""
    september = NIGHTS[0].year * 12 + NIGHTS[0].month - 1
    converted = query(
        banks["nightly"],
        "select count(*) from marts.account_activity_months where month_number = %s and account_id in ("
        "select 'core:' || account_no from raw.core__accounts group by account_no "
        "having count(distinct currency) > 1)",
        september,
    )
    shared = query(
        banks["nightly"],
        "select count(*) from marts.account_holders as holder "
        "inner join marts.customer_months as month on holder.customer_id = month.customer_id "
        "where holder.role_code = 'joint' and holder.from_date = %s and month.month_number = %s "
        "and month.aum_amount > 0",
        *(NIGHTS[3], september),
    )
    assert (converted, shared) == ([(1,)], [(1,)])


def test_released_lines_came_in_without_their_bad_cells(banks):
    """Else the comparison says nothing of releases: one later, one given way to, one on its own date."""
    for settings in banks.values():
        known = query(
            settings,
            "select hobby_name, hobby_name_as_of_date, birth_date is not null "
            "from protected.customer_records where source_code = 'core' and hobby_name = any(%s)",
            [LATE_HOBBY, OPEN_HOBBY, WRONG_HOBBY, RIGHT_HOBBY],
        )
        assert set(known) == {
            (RIGHT_HOBBY, RELEASED, True),
            (LATE_HOBBY, RELEASED, False),
            (OPEN_HOBBY, OPEN, False),
        }
        assert query(
            settings,
            "select _received_date, count(*), count(birth_date) from staging.stg_core__customers "
            "where hobby_name = any(%s) group by 1 order by 1",
            [LATE_HOBBY, OPEN_HOBBY, WRONG_HOBBY],
        ) == [(RELEASED, 1, 0), (OPEN, 1, 0)]
        assert query(
            settings,
            "select received_date, quarantined_value, difference_value from ops.tie_outs "
            "where (source_code, table_name, measure_name) = ('core', 'customers', 'rows') "
            "and (quarantined_value <> 0 or difference_value <> 0) order by 1",
        ) == [(SET_ASIDE, 2, 0)]
