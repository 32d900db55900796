"""Suite files: what is read, what is refused, and how policy values and names are put in."""

from datetime import date
from decimal import Decimal

import pytest

from pipelines.gates import Rule, SuiteError, load_suites
from pipelines.gates.advice import Advice, advice_by_dimension
from pipelines.gates.policy_values import PolicyValues
from pipelines.gates.suites import DIMENSIONS, GATES, fill
from pipelines.settings import ROOT
from pipelines.sources import active_sources

RULE = """
  - id: {id}
    dimension: {dimension}
    severity: critical
    owner: deposit operations
    zh: 账户号不应为空
    en: The account number is present
    type: expect_column_values_to_not_be_null
    kwargs: {{column: source_account_id}}
"""
POLICY = PolicyValues(
    date(2026, 10, 31),
    {"change_share": Decimal("0.20"), "base_currency": "CNY", "days": Decimal(31)},
    {"role": ("owner", "disponent")},
)
NAMES = {"schema": "edition_next", "business_date": "date '2026-10-31'"}


def write(root, gate, table, rules, head=""):
    folder = root / "expectations" / gate
    folder.mkdir(parents=True, exist_ok=True)
    source = f"source: {table.split('__')[0]}\n" if gate == "delivery" else ""
    text = f"table: {table}\nrelation: stg_{table}\n{source}{head}rules:\n{rules}"
    (folder / f"{table}.yml").write_text(text, encoding="utf-8")


def a_rule(kind="expect_column_values_to_be_between", **kwargs):
    return Rule(
        "shop.rule", "validity", "critical", "shop", "规则", "rule", kind, Advice("问", "ask"), kwargs
    )


def a_query(query, **kwargs):
    return a_rule("unexpected_rows_expectation", unexpected_rows_query=query, **kwargs)


def test_reads_a_suite_of_an_active_source_only(tmp_path):
    rule = RULE.format(id="core.accounts.key", dimension="completeness")
    write(tmp_path, "delivery", "core__accounts", rule, head="sums: {balance: balance_amount}\n")
    other = RULE.format(id="loans.loans.key", dimension="completeness")
    write(tmp_path, "delivery", "loans__loans", other)

    (suite,) = load_suites(tmp_path, "delivery", {"core"})

    assert (suite.table, suite.relation, suite.source) == ("core__accounts", "stg_core__accounts", "core")
    assert suite.sums == {"balance": "balance_amount"}
    assert suite.rules[0].rule_id == "core.accounts.key"
    assert suite.rules[0].kwargs == {"column": "source_account_id"}
    assert len(load_suites(tmp_path, "delivery")) == 2


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("dimension: validity", "dimension: beauty"), "dimension is 'beauty'"),
        (("severity: critical", "severity: fatal"), "severity is 'fatal'"),
        (("owner: deposit operations", "owner: ''"), "owner is missing"),
        (("zh: 账户号不应为空\n", "\n"), "zh is missing"),
        (("en: The", "remark: The"), "unknown remark"),
        (("table: core__accounts", "table: accounts"), "must be the file's name"),
        (("source: core", "source: 1"), "source is missing"),
        (("type: expect_column_values_to_not_be_null", "type: unexpected_rows_expectation"), "{batch}"),
        (("rules:", "rules: []\nsums:"), "at least one rule"),
        (("rules:", "rules: {\n"), "not readable as YAML"),
    ],
)
def test_refuses_a_faulty_suite(tmp_path, change, said):
    write(tmp_path, "delivery", "core__accounts", RULE.format(id="core.key", dimension="validity"))
    path = tmp_path / "expectations" / "delivery" / "core__accounts.yml"
    path.write_text(path.read_text(encoding="utf-8").replace(*change), encoding="utf-8")

    with pytest.raises(SuiteError, match=r"core__accounts\.yml") as caught:
        load_suites(tmp_path, "delivery")

    assert said in str(caught.value)


def test_refuses_a_rule_id_used_twice(tmp_path):
    for table in ("core__accounts", "core__balances"):
        write(tmp_path, "delivery", table, RULE.format(id="core.key", dimension="validity"))

    with pytest.raises(
        SuiteError, match=r"core\.key is used in core__accounts\.yml and in core__balances\.yml"
    ):
        load_suites(tmp_path, "delivery")


def test_a_gate_without_rules_or_of_another_name_does_not_pass(tmp_path):
    with pytest.raises(SuiteError, match="without rules"):
        load_suites(tmp_path, "edition")
    with pytest.raises(SuiteError, match="does not exist"):
        load_suites(tmp_path, "garden")


def test_policy_values_are_put_in():
    rule = a_rule(column="tenure_days", max_value={"policy": "days"}, value_set={"codes": "role"})

    assert fill(rule, POLICY, NAMES) == {
        "column": "tenure_days",
        "max_value": 31,
        "value_set": ["owner", "disponent"],
    }


def test_a_query_is_filled_with_names_and_literals_and_counts_only():
    rule = a_query(
        "select 1 from {batch} as b, {schema}.codes where b.x > {share} and b.c <> {currency}",
        share={"policy": "change_share"},
        currency={"policy": "base_currency"},
    )

    assert fill(rule, POLICY, NAMES)["unexpected_rows_query"] == (
        "select 1 as unexpected from (select 1 from {batch} as b, edition_next.codes "
        "where b.x > 0.20 and b.c <> 'CNY') as found limit 100000"
    )


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (a_rule(max_value={"policy": "nothing"}), "holds no policy nothing on 2026-10-31"),
        (a_rule(value_set={"codes": "nothing"}), "policy/codes.csv"),
        (a_query("select 1 from {batch}, {elsewhere}.codes"), "elsewhere"),
        (a_query("select {share} from {batch}", share="a{b}"), "cannot be put into a query"),
    ],
)
def test_what_cannot_be_filled_is_an_error(rule, said):
    with pytest.raises(SuiteError, match=r"shop\.rule") as caught:
        fill(rule, POLICY, NAMES)

    assert said in str(caught.value)


def test_a_text_cannot_leave_its_quotes():
    rule = a_query("select 1 from {batch} as b where b.c = {code}", code="it's")

    assert "b.c = 'it''s'" in fill(rule, POLICY, NAMES)["unexpected_rows_query"]


@pytest.mark.parametrize("bank", ["demo", "berka"])
def test_every_declared_table_has_its_suite(bank):
    sources = active_sources(bank)
    suites = load_suites(ROOT, "delivery", {source.code for source in sources})

    assert {suite.table for suite in suites} == {t.raw_name for source in sources for t in source.tables}
    for source in sources:
        for table in source.tables:
            (suite,) = [suite for suite in suites if suite.table == table.raw_name]
            assert set(suite.sums) == set(table.sums)


def test_shipped_rules_cover_every_dimension():
    rules = [rule for gate in GATES for suite in load_suites(ROOT, gate) for rule in suite.rules]

    assert {rule.dimension for rule in rules} == set(DIMENSIONS)
    assert len({rule.rule_id for rule in rules}) == len(rules)


# ── what to do ──────────────────────────────────────────────────────────────────────────────────────────────


def test_a_rule_says_what_to_do_in_its_own_words_or_in_those_of_its_dimension(tmp_path):
    own = RULE.format(id="core.accounts.own", dimension="validity") + "    advice: {zh: 问, en: ask Wang}\n"
    write(
        tmp_path,
        "delivery",
        "core__accounts",
        RULE.format(id="core.accounts.key", dimension="accuracy") + own,
    )

    (suite,) = load_suites(tmp_path, "delivery")

    assert [rule.advice for rule in suite.rules] == [
        advice_by_dimension("delivery", "accuracy"),
        Advice("问", "ask Wang"),
    ]


def test_advice_in_one_language_is_refused(tmp_path):
    rule = RULE.format(id="core.accounts.own", dimension="validity") + "    advice: {en: ask Wang}\n"
    write(tmp_path, "delivery", "core__accounts", rule)
    with pytest.raises(
        SuiteError, match=r"core__accounts.yml, rule core.accounts.own, advice: zh is missing"
    ):
        load_suites(tmp_path, "delivery")


@pytest.mark.parametrize("gate", GATES)
def test_no_shipped_rule_lacks_what_to_do(gate):
    for suite in load_suites(ROOT, gate):
        for rule in suite.rules:
            texts = (rule.owner, rule.zh, rule.en, rule.advice.zh, rule.advice.en)
            assert all(text.strip() for text in texts), rule.rule_id


@pytest.mark.parametrize("field", ["means", "columns"])
def test_what_a_gate_cannot_watch_is_refused(tmp_path, field):
    rule = RULE.format(id="core.accounts.key", dimension="validity")
    write(tmp_path, "delivery", "core__accounts", rule, head=f"watched: {{{field}: [balance]}}\n")
    with pytest.raises(SuiteError, match=f"core__accounts.yml, watched: unknown {field}; known are empty"):
        load_suites(tmp_path, "delivery")
