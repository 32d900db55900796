"""The demo bank's seven systems, in their own formats, before the delivery gate: good rows and bad ones."""

from datetime import date

import pytest
from handmade_deliveries import write_day
from night_support import LOADING, query, run_night, warm
from one_of_each import ROWS

from pipelines.gates import GateClosed, load_suites
from pipelines.gates.policy_values import read_policy_values
from pipelines.gates.run import _gate_url
from pipelines.gates.validate import Target, validate
from pipelines.sources import load_bank
from pipelines.warehouse import connect

BANK = load_bank("demo")
GOOD, BAD = date(2026, 10, 30), date(2026, 10, 31)
AFTER_THE_GATE = ("identify", *LOADING)
SNAPSHOTS = ("core.branches", "crm.managers")
# what is wrong with a row of the second day → the rule that must find it
FAULTS = {
    "core.customers": ({"customer_no": "C9", "customer_kind": "X"}, "customer_kind_code_present"),
    "core.accounts": ({"account_no": "A9", "currency": "USD"}, "currency_code_fits_product"),
    "core.account_holders": ({"customer_no": "C8"}, "source_customer_id_exists"),
    "core.transactions": (
        {"transaction_no": "T9", "transaction_type": "X"},
        "transaction_type_code_known",
    ),
    "core.deleted_transactions": ({"transaction_no": "T8"}, "source_transaction_id_exists"),
    "core.exchange_rates": ({"currency": "CNY"}, "currency_code_foreign"),
    "loans.repayments": ({"repayment_no": "P9", "penalty": "-0.01"}, "amounts_in_range"),
    "loans.credit_grades": ({"grade": "E"}, "credit_grade_code_known"),
    "cards.cardholders": ({"holder_no": "H9", "identity_type": ""}, "identity_type_given"),
    "cards.card_events": ({"event_no": "V9", "card_ref": "K9"}, "source_account_id_exists"),
    "wealth.contract_values": ({"market_value": "4.12"}, "balance_amount_is_quantity_times_price"),
    "wealth.orders": ({"order_no": "O9", "fee": "-1.00"}, "fee_amount_in_range"),
    "channels.session_weeks": ({"session_count": "0"}, "session_count_in_range"),
    "crm.clients": ({"client_no": "R9", "do_not_contact": "?"}, "is_do_not_contact_known"),
    "crm.applications": ({"application_no": "9", "opened_time": "24:00"}, "times_readable"),
    "crm.leads": ({"lead_no": "9", "updated_date": "2026-10-28"}, "opened_date_before_updated_date"),
    "corporate.companies": ({"company_no": "E9", "kind": "COMPANY"}, "institution_type_given"),
    "corporate.credit_lines": ({"line_no": "9", "used_amount": "1.01"}, "used_amount_before_approved_amount"),
}
# what one row in many may be → the rule that finds it where it is in all of the second day's rows
COMMON_FAULTS = {
    "core.customers": ({"birth_date": ""}, "person_birth_date_present"),
    "loans.borrowers": ({"identity_type": "", "identity_number": ""}, "identity_number_present"),
    "wealth.investors": ({"identity_number": "000000"}, "identity_number_length"),
}


def bad_rows(name: str) -> list[dict[str, str]]:
    """The second day's rows of a table, each of a key of its own."""
    found = [ROWS[name][0] | FAULTS[name][0]] if name in FAULTS else []
    if name in COMMON_FAULTS:
        row = ROWS[name][0] | COMMON_FAULTS[name][0]
        key = next(iter(row))
        found += [row | {key: f"{row[key]}{serial}"} for serial in range(10)]
    return found


def failed(settings) -> set[str]:
    """The rules that the newest night did not pass."""
    rows = query(
        settings,
        "select rule_id from ops.gate_results where outcome_code <> 'passed' "
        "and night_id = (select max(night_id) from ops.nights)",
    )
    return {rule_id for (rule_id,) in rows}


def test_the_gate_passes_good_rows_and_finds_each_fault(settings):
    assert set(ROWS) == {f"{table.source}.{table.name}" for source in BANK.sources for table in source.tables}
    write_day(settings.landing, BANK, GOOD, ROWS)
    bad = {name: bad_rows(name) for name in {**FAULTS, **COMMON_FAULTS}}
    write_day(settings.landing, BANK, BAD, {name: ROWS[name] for name in SNAPSHOTS} | bad)

    with warm():
        run_night(settings, GOOD, skipped=AFTER_THE_GATE)
        assert failed(settings) == set()
        assert query(settings, "select count(*) from ops.quarantine") == [(0,)]
        assert query(settings, "select count(*) > 0, sum(abs(difference_value)) from ops.tie_outs") == [
            (True, 0)
        ]
        with pytest.raises(GateClosed):
            run_night(settings, BAD, skipped=AFTER_THE_GATE)
    found = [(name, rule) for faults in (FAULTS, COMMON_FAULTS) for name, (_, rule) in faults.items()]
    assert failed(settings) == {f"{name}.{rule}" for name, rule in found}


def test_no_shipped_rule_objects_to_a_day_without_rows(settings):
    """The gate does not ask them then."""
    write_day(settings.landing, BANK, GOOD, ROWS)
    with warm():
        run_night(settings, GOOD, skipped=AFTER_THE_GATE)
    suites = load_suites(settings.root, "delivery", {source.code for source in BANK.sources})
    targets = [Target(suite, f"select * from staging.{suite.relation} where false") for suite in suites]
    with connect(settings) as connection, connection.cursor() as cursor:
        policy = read_policy_values(cursor, "policy", GOOD)
    names = {"schema": "staging", "policy": "policy", "business_date": f"date '{GOOD}'"}
    results = list(validate(_gate_url(settings), targets, policy, names))
    assert [result for result in results if result.outcome_code != "passed"] == []
    assert len(results) == sum(len(suite.rules) for suite in suites)
