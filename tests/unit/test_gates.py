"""The gates on hand-made tables: what passes, what closes, and what is kept of it."""

import hashlib
import hmac
import json
import re
import stat
from dataclasses import replace
from datetime import date
from decimal import Decimal
from types import SimpleNamespace

import pytest

from pipelines.approval import ApprovalError
from pipelines.gates import (
    GateClosed,
    GateError,
    GateResult,
    call_gate,
    close_if_failed,
    docs_folder,
    hmac_key,
    keyed_hmac,
    load_suites,
    quarantine_rejected,
    run_gate,
    tie_out,
)
from pipelines.gates import run as run_module
from pipelines.gates import tie_outs as tie_outs_module
from pipelines.gates.data_docs import write_data_docs
from pipelines.gates.dates import tell_dates
from pipelines.gates.deliveries import SHARE_PARAMETER
from pipelines.gates.keys import rotate_key
from pipelines.gates.policy_values import PolicyValues
from pipelines.gates.quarantine import quarantined
from pipelines.gates.suites import GATES, fill
from pipelines.gates.validate import Target, _cause, _expectation, validate
from pipelines.gates.verdict import judge
from pipelines.gates.waivers import WaiverError, on_record, waive
from pipelines.nights import NightError, close_night, open_night
from pipelines.policy.read import read_policy
from pipelines.settings import ROOT
from pipelines.sources import load_source
from pipelines.warehouse import connect

D = date(2026, 10, 31)
YESTERDAY = date(2026, 10, 30)
SECRET = "Zhao Secretive"

DECLARATION = """
source: shop
name_zh: 商店
name_en: Shop
provides: [balances]
tables:
  balances:
    mode: increment
    key: [account_no]
    sums: [balance]
    zh: 余额
    en: Balances
    columns:
      account_no: {type: text, required: true, privacy: C1, zh: 账号, en: Account}
      full_name: {type: text, privacy: C2, zh: 姓名, en: Name}
      balance: {type: decimal, required: true, privacy: C2, zh: 余额, en: Balance}
"""
HEAD = """table: shop__balances
source: shop
relation: stg_shop__balances
sums: {balance: balance_amount}
rules:
"""
TABLES = f"""
create table raw.shop__balances (
    account_no text, full_name text, balance text, _received_date date, _line_number bigint
);
create view staging.stg_shop__balances as
    select r.account_no as source_account_id, r.full_name,
        cast(r.balance as numeric(18, 2)) as balance_amount, r._received_date, r._line_number
    from raw.shop__balances as r
    where not exists (
        select 1 from ops.quarantine as q
        where q.source_code = 'shop' and q.received_date = r._received_date and q.line_number = r._line_number
    );
create view staging.stg_rejected_cells as
    select 'shop' as source_code, 'balances' as table_name, _received_date, _line_number,
        'balance' as column_name, 'not_a_decimal' as rule_id, balance as cell_value
    from raw.shop__balances
    where balance !~ '^-?[0-9]+([.][0-9]+)?$';
create table policy.parameters (
    parameter_code text, value text, unit text, effective_from date, effective_to date
);
create table policy.codes (code_set text, code text, rank integer, effective_from date, effective_to date);
insert into policy.parameters values
    ('gate_quarantine_share', '0.5', 'share', '1990-01-01', null),
    ('most', '100', 'amount', '1990-01-01', '2026-10-30'),
    ('most', '500', 'amount', '2026-10-31', null);
insert into policy.codes values ('name', '{SECRET}', 1, '1990-01-01', null);
alter table raw.shop__balances owner to yihu_loader;
alter view staging.stg_shop__balances owner to yihu_transformer;
alter view staging.stg_rejected_cells owner to yihu_transformer;
grant usage on schema raw, policy to yihu_transformer;
grant select on raw.shop__balances, policy.parameters, policy.codes to yihu_transformer;
grant select on staging.stg_shop__balances, staging.stg_rejected_cells to yihu_loader;
"""


def query(settings, statement, *values):
    with connect(settings) as connection, connection.cursor() as cursor:
        cursor.execute(statement, values or None)
        return cursor.fetchall() if cursor.description else []


def rule(name, kind, kwargs, severity="critical"):
    return (
        f"  - {{id: shop.{name}, dimension: validity, severity: {severity}, owner: shop keepers, "
        f"zh: 规则, en: the {name} rule, type: {kind}, kwargs: {json.dumps(kwargs)}}}\n"
    )


PRESENT = rule("present", "expect_column_values_to_not_be_null", {"column": "source_account_id"})
KNOWN = rule("known", "expect_column_values_to_be_in_set", {"column": "full_name", "value_set": ["Nobody"]})
NOT_MANY = rule("rows", "expect_table_row_count_to_be_between", {"min_value": 1, "max_value": 2})
CRASHING = rule("crashing", "expect_column_values_to_not_be_null", {"column": "nowhere"}, "info")


@pytest.fixture
def shop(settings, tmp_path, monkeypatch):
    """A bank with one source of one table, a running night, and ``deliver`` to fill it."""
    folder = tmp_path / "declarations"
    folder.mkdir()
    (folder / "shop.yml").write_text(DECLARATION, encoding="utf-8")
    sources = [load_source("shop", folder)]
    for module in (run_module, tie_outs_module):
        monkeypatch.setattr(module, "active_sources", lambda bank: sources)
    settings = replace(settings, root=tmp_path)
    query(settings, TABLES)
    night = open_night(settings, D, "run 1")

    def deliver(rows, day=D, rows_told=None, sum_told=None):
        for line, row in enumerate(rows, start=2):
            query(settings, "insert into raw.shop__balances values (%s, %s, %s, %s, %s)", *row, day, line)
        numbers = [Decimal(row[2]) for row in rows if row[2].lstrip("-").replace(".", "").isdigit()]
        query(
            settings,
            "insert into ops.deliveries (source_code, table_name, received_date, file_name, sha256, "
            "byte_count, row_count, control_sums, night_id) "
            "values ('shop', 'balances', %s, 'f', 's', 1, %s, %s, %s)",
            day,
            len(rows) if rows_told is None else rows_told,
            json.dumps({"balance": str(sum(numbers) if sum_told is None else sum_told)}),
            night.night_id,
        )

    def expect(*rules):
        path = tmp_path / "expectations" / "delivery" / "shop__balances.yml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(HEAD + "".join(rules), encoding="utf-8")

    expect(PRESENT)
    return SimpleNamespace(settings=settings, night=night, deliver=deliver, expect=expect)


def pass_delivery(shop):
    quarantine_rejected(shop.settings, shop.night)
    tie_out(shop.settings, shop.night)
    return run_gate(shop.settings, shop.night, "delivery")


def stored(shop, gate="delivery"):
    rows = query(
        shop.settings,
        "select rule_id, outcome_code, checked_count, unexpected_count, observed_value from ops.gate_results "
        "where night_id = %s and gate_code = %s",
        shop.night.night_id,
        gate,
    )
    return {row[0]: row[1:] for row in rows}


# ── the verdict ─────────────────────────────────────────────────────────────────────────────────────────────


def result(number, outcome="failed", severity="critical"):
    return GateResult(
        f"r{number:02}",
        "t",
        "validity",
        severity,
        outcome,
        10,
        number,
        None,
        "shop keepers",
        "规则",
        "a rule",
        "问",
        "ask",
    )


def test_only_critical_failures_and_crashes_close():
    assert judge("edition", D, [result(1, severity="warning"), result(2, severity="info")]).passed
    assert not judge("edition", D, [result(1)]).passed
    assert not judge("edition", D, [result(1, "error", "info")]).passed


def test_a_waiver_lets_a_failure_pass_but_no_crash():
    verdict = judge("edition", D, [result(1), result(2, "error")], waived={"r01", "r02"})

    assert [each.rule_id for each in verdict.criticals] == ["r02"]
    assert [each.rule_id for each in verdict.warnings] == ["r01"]


def test_the_message_lists_ten_rules_and_the_next_step():
    with pytest.raises(GateClosed) as closed:
        close_if_failed(judge("edition", D, [result(number) for number in range(12)]))

    message = str(closed.value)
    assert "the edition gate closed on 2026-10-31: 12 of 12 rules failed" in message
    assert "r09 on t: 9 unexpected. 规则 | a rule (owner: shop keepers)" in message
    assert "r10" not in message
    assert "and 2 more" in message
    assert "Next: " in message


def test_a_failure_is_named_without_quoting_a_cell():
    assert _cause('(psycopg2.errors.UndefinedColumn) column "x" does not exist\\nLINE').startswith(
        'UndefinedColumn: column "x"'
    )
    assert _cause('(psycopg2.errors.InvalidDatetimeFormat) invalid: "Zhao"') == "InvalidDatetimeFormat"
    assert _cause("something about Zhao") == "unknown failure"


def test_every_shipped_rule_is_understood():
    tables = read_policy(ROOT / "policy", "demo").tables
    codes = {row["code_set"]: ("a",) for row in tables["codes"]}
    policy = PolicyValues(D, {row["parameter_code"]: Decimal(1) for row in tables["parameters"]}, codes)
    names = {"schema": "s", "policy": "p", "business_date": "date '2026-10-31'"}

    for gate in GATES:
        for suite in load_suites(ROOT, gate):
            for each in suite.rules:
                assert _expectation(each, fill(each, policy, names)).meta == {"rule_id": each.rule_id}
    assert SHARE_PARAMETER in policy.parameters


# ── the delivery gate ───────────────────────────────────────────────────────────────────────────────────────


def test_a_good_delivery_passes_and_its_results_are_kept(shop):
    shop.deliver([("a1", "Wang", "10.50"), ("a2", "Li", "-3")])

    verdict = pass_delivery(shop)

    assert verdict.passed
    assert verdict.checked == 6
    assert stored(shop) == {
        "shop.present": ("passed", 2, 0, None),
        "arrived.shop.balances": ("passed", 1, 0, "1 of 1 days"),
        "tie_out.shop.balances": ("passed", 1, 0, None),
        "quarantine_share.shop.balances": ("passed", 2, 0, "0.000000 of the lines, at most 0.5"),
        "retyped.shop.balances": ("passed", 2, 0, None),
        "schema_drift.shop.balances": ("passed", 1, 0, None),
    }
    pass_delivery(shop)
    assert len(stored(shop)) == 6


def test_rules_about_rows_are_not_asked_where_no_row_came_those_about_the_table_are(shop):
    shop.expect(CRASHING)
    shop.deliver([])
    assert pass_delivery(shop).passed
    assert stored(shop)["shop.crashing"] == ("passed", 0, 0, None)

    shop.expect(PRESENT, NOT_MANY)
    assert not pass_delivery(shop).passed
    assert stored(shop)["shop.rows"][0] == "failed"


def test_critical_closes_warning_does_not_crash_does_and_no_cell_is_kept(shop):
    shop.expect(
        PRESENT,
        KNOWN,
        NOT_MANY,
        CRASHING,
        rule(
            "warned",
            "expect_column_values_to_be_between",
            {"column": "balance_amount", "max_value": 1},
            "warning",
        ),
        rule("largest", "expect_column_max_to_be_between", {"column": "full_name", "max_value": "A"}),
        rule(
            "smallest",
            "expect_column_min_to_be_between",
            {"column": "balance_amount", "min_value": 3},
            "warning",
        ),
        rule(
            "shop_code",
            "expect_column_values_to_be_in_set",
            {"column": "full_name", "value_set": {"codes": "name"}},
        ),
        rule(
            "most",
            "unexpected_rows_expectation",
            {
                "unexpected_rows_query": "select full_name from {batch} as b where balance_amount > {most}",
                "most": {"policy": "most"},
            },
        ),
        rule(
            "broken_query",
            "unexpected_rows_expectation",
            {"unexpected_rows_query": "select 1 from {batch} as b where cast(full_name as integer) = 1"},
        ),
        rule("no_policy", "expect_table_row_count_to_be_between", {"max_value": {"policy": "absent"}}),
    )
    shop.deliver([(None, SECRET, "501"), ("a2", SECRET, "2"), ("a3", SECRET, "500")])

    verdict = pass_delivery(shop)

    found = stored(shop)
    assert found["shop.present"] == ("failed", 3, 1, "received 2026-10-31: 1")
    assert found["shop.known"] == ("failed", 3, 3, "received 2026-10-31: 3")
    assert found["shop.rows"] == ("failed", None, None, "3")
    assert found["shop.warned"][:3] == ("failed", 3, 3)
    assert found["shop.shop_code"][0] == "passed"
    assert found["shop.largest"][0] == "error"
    assert found["shop.smallest"] == ("failed", None, None, None)
    assert found["shop.most"] == ("failed", None, 1, "most = 500")
    assert found["shop.crashing"][0] == "error"
    assert found["shop.broken_query"] == ("error", None, None, "InvalidTextRepresentation")
    assert "policy/parameters.csv" in found["shop.no_policy"][3]
    assert {each.rule_id for each in verdict.warnings} == {"shop.warned", "shop.smallest"}
    assert {"shop.present", "shop.crashing", "shop.broken_query", "shop.no_policy"} <= {
        each.rule_id for each in verdict.criticals
    }
    kept = query(shop.settings, "select string_agg(cast(r as text), ' ') from ops.gate_results as r")[0][0]
    with pytest.raises(GateClosed) as closed:
        close_if_failed(verdict)
    for name in (SECRET, "Zhao"):
        assert name not in kept
        assert name not in str(closed.value)


@pytest.mark.parametrize(
    ("kind", "kwargs", "received"),
    [
        ("expect_column_values_to_not_be_null", {"column": "source_account_id"}, "2026-10-30: 1"),
        (
            "expect_column_values_to_be_in_set",
            {"column": "full_name", "value_set": ["Wang"]},
            "2026-10-30: 1, 2026-10-31: 1",
        ),
        (
            "expect_column_values_to_be_between",
            {"column": "balance_amount", "min_value": 2, "max_value": 7},
            "2026-10-29: 1, 2026-10-31: 2",
        ),
        (
            "expect_column_pair_values_a_to_be_greater_than_b",
            {"column_A": "_line_number", "column_B": "balance_amount", "or_equal": True},
            "2026-10-30: 2, 2026-10-31: 3",
        ),
        (
            "expect_column_pair_values_a_to_be_greater_than_b",
            {"column_A": "_received_date", "column_B": "_received_date", "or_equal": False},
            "2026-10-29: 1, 2026-10-30: 2, 2026-10-31: 3",
        ),
        (
            "expect_compound_columns_to_be_unique",
            {"column_list": ["_received_date", "source_account_id"]},
            "2026-10-31: 2",
        ),
        (
            "unexpected_rows_expectation",
            {"unexpected_rows_query": "select b._received_date from {batch} as b where b.balance_amount > 7"},
            "2026-10-31: 2",
        ),
    ],
)
def test_a_failure_after_a_gap_names_the_dates_of_receipt(shop, kind, kwargs, received):
    shop.expect(rule("bad", kind, kwargs))
    shop.deliver([("a1", "Wang", "1")], day=date(2026, 10, 29))
    shop.deliver([(None, "Wang", "5"), ("a2", "Li", "5")], day=YESTERDAY)
    shop.deliver([("a3", None, "5"), ("a4", "Wang", "8"), ("a4", "Wu", "9")])
    verdict = pass_delivery(shop)
    count = sum(int(told.split(": ")[1]) for told in received.split(", "))
    assert stored(shop)["shop.bad"][2:] == (count, f"received {received}")
    with pytest.raises(
        GateClosed, match=f"shop.bad on shop__balances: {count} unexpected .received {received}"
    ):
        close_if_failed(verdict)


def test_a_rule_about_a_whole_table_names_no_date(shop):
    shop.expect(NOT_MANY)
    shop.deliver([("a1", "Wang", "1"), ("a2", "Wang", "1"), ("a3", "Wang", "1")])
    pass_delivery(shop)
    assert stored(shop)["shop.rows"] == ("failed", None, None, "3")


def test_many_dates_are_told_by_the_first():
    counts = [(date(2026, 10, day), day) for day in range(1, 8)]
    assert tell_dates(counts[:1]) == "received 2026-10-01: 1"
    assert tell_dates(counts).endswith(", 2026-10-05: 5 and 2 more dates")
    assert tell_dates([]) is None


def test_lines_in_quarantine_beyond_the_share_are_told_by_date(shop):
    shop.deliver([("a1", "Wang", "?")], day=YESTERDAY)
    shop.deliver([("a1", "Wang", "?"), ("a2", "Li", "?"), ("a3", "Xu", "1")])
    pass_delivery(shop)
    told = stored(shop)["quarantine_share.shop.balances"][3]
    assert told == "0.750000 of the lines, at most 0.5; received 2026-10-30: 1, 2026-10-31: 2"


def test_a_new_column_warns_by_its_name(shop):
    shop.deliver([("a1", "Wang", "1")])
    query(shop.settings, "update ops.deliveries set extra_columns = array['colour', 'column 5']")
    verdict = pass_delivery(shop)
    assert [each.rule_id for each in verdict.warnings] == ["schema_drift.shop.balances"]
    assert stored(shop)["schema_drift.shop.balances"] == ("failed", 1, 2, "colour, column 5")


def test_data_docs_show_each_rule_and_what_was_found_but_no_cell_query_or_other_host(shop):
    shop.expect(KNOWN, PRESENT)
    shop.deliver([("a1", SECRET, "1")])
    query(shop.settings, "update ops.deliveries set extra_columns = array['<script>alert(1)</script>']")
    pass_delivery(shop)

    (page,) = write_data_docs(shop.settings, shop.night, "delivery")

    assert page == docs_folder(shop.settings, shop.night) / "delivery.shop__balances.html"
    text = page.read_text(encoding="utf-8")
    for told in ("shop.known: 规则 | the known rule", "1 unexpected of 1", "tie_out.shop.balances", "failed"):
        assert told in text
    assert "&lt;script&gt;alert(1)" in text
    assert not re.search(rf"https?:|<script|<link|<img|select |{SECRET}", text)


def test_a_retyped_column_closes_though_few_lines_have_it(shop):
    query(
        shop.settings,
        "update policy.parameters set value = '1' where parameter_code = 'gate_quarantine_share'",
    )
    shop.deliver([("a1", "Wang", "1"), ("a2", "Li", "2")], day=YESTERDAY)
    shop.deliver([("a1", "Wang", "1,00"), ("a2", "Li", "2,00")])
    verdict = pass_delivery(shop)
    assert [each.rule_id for each in verdict.criticals] == ["retyped.shop.balances"]
    assert stored(shop)["retyped.shop.balances"] == ("failed", 4, 1, "balance received 2026-10-31: 2")


@pytest.mark.parametrize("amounts", [("1,00",), ("1,00", "2,00", "3")])
def test_bad_cells_are_no_new_type(shop, amounts):
    query(
        shop.settings,
        "update policy.parameters set value = '1' where parameter_code = 'gate_quarantine_share'",
    )
    shop.deliver([(f"a{number}", "Wang", amount) for number, amount in enumerate(amounts)])
    assert pass_delivery(shop).passed


def test_an_unknown_kind_of_rule_or_a_missing_view_closes(shop):
    shop.deliver([("a1", "Wang", "1")])
    shop.expect(PRESENT, rule("odd", "expect_the_unexpected", {}))
    assert [each.rule_id for each in pass_delivery(shop).criticals] == ["shop.odd"]

    shop.expect(PRESENT)
    query(shop.settings, "drop view staging.stg_shop__balances")
    verdict = run_gate(shop.settings, shop.night, "delivery")
    assert [each.outcome_code for each in verdict.criticals] == ["error"]


def test_a_waived_rule_lets_the_night_go_on(shop):
    shop.expect(KNOWN)
    shop.deliver([("a1", SECRET, "1")])
    assert not pass_delivery(shop).passed
    waive(shop.settings, "shop.known", D, D, "names come later", "An", "Bo")
    assert [(each.rule_id, each.last) for each in on_record(shop.settings)] == [("shop.known", D)]

    verdict = pass_delivery(shop)

    assert verdict.passed
    assert stored(shop)["shop.known"][0] == "failed"


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"rule_id": "shop.knwon"}, "did you mean shop.known"),
        ({"last": YESTERDAY}, "2026-10-30 comes before 2026-10-31"),
        ({"reason": " "}, "needs a reason"),
        ({"approver": "An "}, "two people"),
    ],
)
def test_a_waiver_that_cannot_be_is_refused(shop, changed, said):
    shop.expect(KNOWN)
    shop.deliver([("a1", SECRET, "1")])
    pass_delivery(shop)
    given = {"rule_id": "shop.known", "first": D, "last": D, "reason": "why", "proposer": "An"}
    with pytest.raises((WaiverError, ApprovalError), match=said):
        waive(shop.settings, **{**given, "approver": "Bo", **changed})
    assert on_record(shop.settings) == []


def test_a_published_date_is_not_waived_afterwards(shop):
    shop.expect(KNOWN)
    shop.deliver([("a1", SECRET, "1")])
    pass_delivery(shop)
    query(shop.settings, "update ops.nights set state = 'published', ended_at = started_at")
    query(
        shop.settings,
        "insert into ops.editions (edition_id, business_date, edition_number, state, cause, night_id, "
        "policy_version, model_version, code_release) "
        "values ('e', %s, 1, 'kept', 'night', %s, 'p', 'm', 'c')",
        D,
        shop.night.night_id,
    )
    with pytest.raises(WaiverError, match="2026-10-31 is published already"):
        waive(shop.settings, "shop.known", D, D, "too late", "An", "Bo")


def test_quarantine_is_listed_without_a_clear_value(shop):
    shop.deliver([("a1", "Wang", SECRET), ("a2", "Wang", "1")])
    quarantine_rejected(shop.settings, shop.night)
    found = quarantined(shop.settings, "shop", None, D, 5)
    assert found.count == 1
    assert found.cells[0][:5] == ("shop", "balances", D, 2, "balance")
    assert SECRET not in str(found)
    assert quarantined(shop.settings, "other", None, None, 5).count == 0


def test_only_what_arrived_since_the_last_publication_is_judged(shop):
    shop.expect(NOT_MANY)
    shop.deliver([("a1", "Wang", "1"), ("a2", "Wang", "1"), ("a3", "Wang", "1")], day=YESTERDAY)
    shop.deliver([("a4", "Wang", "1")])
    assert not pass_delivery(shop).passed

    query(
        shop.settings,
        "insert into ops.editions (edition_id, business_date, edition_number, state, cause, night_id, "
        "policy_version, model_version, code_release) "
        "values ('e', %s, 1, 'kept', 'night', %s, 'p', 'm', 'c')",
        YESTERDAY,
        shop.night.night_id,
    )
    assert pass_delivery(shop).passed
    assert stored(shop)["shop.rows"][3] == "1"


def test_a_day_without_delivery_closes(shop):
    shop.deliver([("a1", "Wang", "1")], day=date(2026, 10, 28))
    shop.deliver([("a2", "Wang", "1")])

    verdict = pass_delivery(shop)

    assert [each.rule_id for each in verdict.criticals] == ["arrived.shop.balances"]
    assert stored(shop)["arrived.shop.balances"][3] == "2 of 4 days, without 2026-10-29, 2026-10-30"


def test_a_declared_table_without_rules_is_an_error(shop, tmp_path):
    path = tmp_path / "expectations" / "delivery"
    (path / "shop__balances.yml").rename(path / "other__balances.yml")
    text = (path / "other__balances.yml").read_text(encoding="utf-8").replace("shop__", "other__")
    (path / "other__balances.yml").write_text(text.replace("source: shop", "source: other"), encoding="utf-8")

    with pytest.raises(GateError, match="no rules for shop__balances"):
        run_gate(shop.settings, shop.night, "delivery")


def test_a_superseded_night_stores_nothing(shop):
    shop.deliver([("a1", "Wang", "1")])
    query(shop.settings, "update ops.nights set state = 'superseded'")

    with pytest.raises(Exception, match="no longer the running night"):
        run_gate(shop.settings, shop.night, "delivery")
    assert stored(shop) == {}


# ── quarantine and tie-out ──────────────────────────────────────────────────────────────────────────────────


def test_a_rejected_cell_is_masked_keyed_and_left_out(shop):
    shop.deliver([("a1", "Wang", "10"), ("a2", "Li", "ten yuan"), ("a3", "Wu", "5.5"), ("a4", "Xu", "?")])

    assert quarantine_rejected(shop.settings, shop.night) == 2
    assert quarantine_rejected(shop.settings, shop.night) == 0

    key = hmac_key(shop.settings)
    rows = query(
        shop.settings,
        "select line_number, rule_id, column_name, value_mask, value_hmac, hmac_key_id from ops.quarantine "
        "order by line_number",
    )
    expected = hmac.new(key.secret, b"ten yuan", hashlib.sha256).hexdigest()
    assert rows[0] == (3, "not_a_decimal", "balance", "t…(8)", expected, key.key_id)
    assert rows[1][3] == "…(1)"
    assert tie_out(shop.settings, shop.night) == 0
    assert query(
        shop.settings,
        "select measure_name, control_value, landed_value, staged_value, quarantined_value from ops.tie_outs "
        "order by measure_name",
    ) == [("balance", Decimal("15.5"), Decimal("15.5"), Decimal("15.50"), 0), ("rows", 4, 4, 2, 2)]
    assert run_gate(shop.settings, shop.night, "delivery").passed


def test_what_is_left_out_on_purpose_ties_out_as_declared(shop):
    shop.deliver([("a1", "Wang", "10"), ("t2", "Li", "2.5"), ("t3", "Wu", "?")])
    query(
        shop.settings,
        "create or replace view staging.stg_shop__balances as select r.account_no as source_account_id, "
        "r.full_name, cast(r.balance as numeric(18, 2)) as balance_amount, r._received_date, r._line_number "
        "from raw.shop__balances as r where r.account_no not like 't%' and not exists (select 1 from "
        "ops.quarantine as q where q.source_code = 'shop' and q.received_date = r._received_date "
        "and q.line_number = r._line_number)",
    )
    quarantine_rejected(shop.settings, shop.night)
    assert tie_out(shop.settings, shop.night) == 2  # rows and money are missed: nobody declared them left out

    suite = shop.settings.root / "expectations" / "delivery" / "shop__balances.yml"
    declared = (
        "exclusions: [{id: shop.tests, zh: 测试账户, en: Test accounts, where: r.account_no like 't%'}]\n"
    )
    suite.write_text(
        suite.read_text(encoding="utf-8").replace("rules:", f"{declared}rules:"), encoding="utf-8"
    )

    assert tie_out(shop.settings, shop.night) == 0
    assert query(
        shop.settings,
        "select measure_name, control_value, staged_value, quarantined_value, excluded_value "
        "from ops.tie_outs order by measure_name",
    ) == [("balance", Decimal("12.5"), Decimal("10.00"), 0, Decimal("2.5")), ("rows", 3, 1, 1, 1)]


def test_too_many_quarantined_lines_close(shop):
    shop.deliver([("a1", "Wang", "ten"), ("a2", "Li", "two"), ("a3", "Wu", "5.5")])

    verdict = pass_delivery(shop)

    assert [each.rule_id for each in verdict.criticals] == ["quarantine_share.shop.balances"]


@pytest.mark.parametrize("told", [{"rows_told": 3}, {"sum_told": "11.49"}])
def test_totals_that_do_not_tie_out_close(shop, told):
    shop.deliver([("a1", "Wang", "10"), ("a2", "Li", "1.5")], **told)

    verdict = pass_delivery(shop)

    assert [each.rule_id for each in verdict.criticals] == ["tie_out.shop.balances"]
    assert "2026-10-31" in stored(shop)["tie_out.shop.balances"][3]


def test_a_delivery_that_was_not_tied_out_closes(shop):
    shop.deliver([("a1", "Wang", "10")])

    verdict = run_gate(shop.settings, shop.night, "delivery")

    assert [each.rule_id for each in verdict.criticals] == ["tie_out.shop.balances"]


def test_the_key_is_made_once_or_given(settings):
    made = hmac_key(settings, {})

    assert hmac_key(settings, {}) == made
    assert stat.S_IMODE((settings.var / "secrets" / "hmac_key").stat().st_mode) == 0o600
    assert made.key_id == hashlib.sha256(made.secret).hexdigest()[:8]
    assert hmac_key(settings, {"YIHU_HMAC_KEY": "given"}).secret == b"given"


def test_rotation_keys_every_value_anew_and_touches_only_ops(shop):
    shop.deliver(
        [("a1", "Wang", "10"), ("a2", "Li", "ten yuan"), ("a3", "Wu", "Ten  yuan"), ("a4", "Xu", "?")]
    )
    quarantine_rejected(shop.settings, shop.night)
    kept = "select line_number, rule_id, column_name, value_mask, night_id from ops.quarantine order by 1"
    before, former = query(shop.settings, kept), hmac_key(shop.settings, {})
    with pytest.raises(NightError, match=f"night {shop.night.night_id} for .* is running"):
        rotate_key(shop.settings, {})
    assert hmac_key(shop.settings, {}) == former
    close_night(shop.settings, shop.night, "stopped")
    others = written(shop)

    done = rotate_key(shop.settings, {})

    key = hmac_key(shop.settings, {})
    assert (done.key_id, done.rekeyed, done.left) == (key.key_id, 3, 0)
    assert key != former
    assert stat.S_IMODE((shop.settings.var / "secrets" / "hmac_key").stat().st_mode) == 0o600
    stored = query(shop.settings, "select value_hmac, hmac_key_id from ops.quarantine order by line_number")
    assert stored[0] == (keyed_hmac("ten yuan", key), key.key_id)
    assert {key_id for _, key_id in stored} == {key.key_id}
    assert query(shop.settings, kept) == before
    assert written(shop) == others, "no table but the quarantine has been written to"

    given = rotate_key(shop.settings, {"YIHU_HMAC_KEY": "given"})
    assert given.rekeyed == 3
    assert rotate_key(shop.settings, {"YIHU_HMAC_KEY": "given"}).rekeyed == 0
    query(shop.settings, "delete from raw.shop__balances where _line_number = 3")
    assert (again := rotate_key(shop.settings, {})).left == 1
    assert again.rekeyed == 2


def written(shop):
    """Every other table with its rows and the transactions that wrote them."""
    tables = query(
        shop.settings,
        "select format('%I.%I', n.nspname, c.relname) from pg_catalog.pg_class as c "
        "inner join pg_catalog.pg_namespace as n on c.relnamespace = n.oid where c.relkind = 'r' "
        "and n.nspname !~ '^(pg_|information_schema)' and c.relname <> 'quarantine' order by 1",
    )
    return [
        query(shop.settings, f"select {table!r}, xmin::text, t::text from {table} as t")
        for (table,) in tables
    ]


# ── the edition gate, and gates as processes ────────────────────────────────────────────────────────────────


EDITION = """
create schema edition_next;
create table edition_next.totals as select 'c1' as customer_id, 10.00 as amount;
create table edition_next.parts as select 'c1' as customer_id, 4.00 as amount union all select 'c1', 6.00;
alter schema edition_next owner to yihu_transformer;
alter table edition_next.totals owner to yihu_transformer;
alter table edition_next.parts owner to yihu_transformer;
"""


def expect_of_totals(root, name, rows):
    """The edition's only suite: one rule, by a query."""
    path = root / "expectations" / "edition" / "totals.yml"
    path.parent.mkdir(parents=True)
    path.write_text(
        "table: totals\nrelation: totals\nrules:\n"
        + rule(name, "unexpected_rows_expectation", {"unexpected_rows_query": rows}),
        encoding="utf-8",
    )


def test_an_edition_is_reconciled_across_its_tables(shop, tmp_path):
    query(shop.settings, EDITION)
    total = (
        "select 1 from {batch} as t where t.amount <> "
        "(select sum(p.amount) from {schema}.parts as p where p.customer_id = t.customer_id)"
    )
    expect_of_totals(tmp_path, "adds_up", total)

    assert run_gate(shop.settings, shop.night, "edition").passed
    assert stored(shop, "edition") == {"shop.adds_up": ("passed", None, 0, None)}

    query(shop.settings, "update edition_next.parts set amount = 7 where amount = 6")
    with pytest.raises(GateClosed, match=r"shop\.adds_up on totals: 1 unexpected"):
        close_if_failed(run_gate(shop.settings, shop.night, "edition"))


def test_a_rule_asks_its_query_once(shop, tmp_path):
    query(shop.settings, EDITION)
    query(shop.settings, "create sequence edition_next.asked; grant all on edition_next.asked to public")
    found = "select 1 from {batch} as t where nextval('edition_next.asked') = 0"
    expect_of_totals(tmp_path, "asked", found)

    assert run_gate(shop.settings, shop.night, "edition").passed
    assert query(shop.settings, "select last_value from edition_next.asked") == [(1,)]


def test_a_gate_runs_as_a_process_of_its_own(make_settings):
    settings = make_settings()
    query(settings, TABLES)
    night = open_night(settings, D, "run 1")

    with pytest.raises(GateClosed, match=r"arrived\.cards\.card_balances on cards__card_balances") as closed:
        call_gate(settings, night, "delivery")
    assert settings.database_url not in str(closed.value)
    pages = {page.name for page in docs_folder(settings, night).iterdir()}
    assert "delivery.cards__card_balances.html" in pages

    with pytest.raises(GateError, match=r"was not judged \(exit code 1\): there is no night 99"):
        call_gate(settings, replace(night, night_id=99), "delivery")


# ── shipped rules about the edition ─────────────────────────────────────────────────────────────────────────


def shipped(settings, count: int, **columns: str) -> set[str]:
    """Of the rules on the branch and the age, those that so many customers with these cells fail."""
    (suite,) = [suite for suite in load_suites(ROOT, "edition") if suite.table == "customer_360"]
    judged = ("customer_360.branch_id_present", "customer_360.age_years_in_range")
    rules = tuple(rule for rule in suite.rules if rule.rule_id in judged)
    cells = {"branch_id": "'B1'", "account_count": "1", "age_years": "40"} | columns
    query = f"select {', '.join(f'{cell} as {name}' for name, cell in cells.items())} "
    target = Target(replace(suite, rules=rules), f"{query} from generate_series(1, {count}) as customer")
    found = validate(run_module._gate_url(settings), [target], PolicyValues(D, {}, {}), {})
    return {
        result.rule_id.removeprefix("customer_360.") for result in found if result.outcome_code == "failed"
    }


def test_a_branch_is_asked_of_who_holds_an_account(settings):
    assert shipped(settings, 3, branch_id="cast(null as text)", account_count="0") == set()
    one_without = "case when customer > 1 then 'B1' end"
    assert shipped(settings, 3, branch_id=one_without) == {"branch_id_present"}


def test_few_ages_may_be_impossible(settings):
    assert shipped(settings, 100, age_years="case when customer > 5 then 40 else 126 end") == set()
    assert shipped(settings, 100, age_years="case when customer > 6 then 40 else 126 end") == {
        "age_years_in_range"
    }
