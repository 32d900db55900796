"""What readers find in reporting: its names, its words, its rooms' walls, and nobody's personal data."""

import os
import re
from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import psycopg2
import pytest
from clear_text import delivered, file_text, files_below, is_open, kept_secrets, relations, rows_of, told
from conftest import VARIABLE
from night_support import query
from psycopg2 import errors
from small_bank import LAST, NIGHTS, base_folder, small_bank

from pipelines.publishing.governance import GOVERNANCE
from pipelines.warehouse import connect, reader_url

# names that tools outside rely on (column order is ours)
COLUMNS = {
    "customer_360": "customer_id customer_kind_code branch_id first_opened_date deposit_amount loan_amount "
    "aum_amount aum_month_average_amount transaction_count_1m transaction_count_3m transaction_count_6m "
    "transaction_count_12m last_active_date life_cycle_code region_name occupation_code position_code "
    "industry_code annual_income_amount age_years sex_code family_status_code hobby_name is_sole_trader "
    "institution_type_code institution_rank_code risk_rating_code preferred_channel_code is_do_not_contact "
    "is_contactable insurance_amount custody_amount asset_amount is_overdue overdue_days "
    "aum_year_average_amount",
    "customer_months": "customer_id month_end_date deposit_amount loan_amount aum_amount "
    "aum_month_average_amount transaction_count",
    "customer_attributes": "customer_id attribute_code attribute_value source_code source_customer_id "
    "rule_code as_of_date",
    "customer_groups": "group_id group_kind_code customer_id role_code evidence_code since_date",
    "contact_gaps": "customer_id is_phone_missing is_email_missing is_address_missing is_do_not_contact",
    "customer_values": "customer_id customer_kind_code branch_id deposit_contribution_1m_amount "
    "loan_contribution_1m_amount fee_1m_amount variable_cost_1m_amount current_value_1m_amount "
    "current_value_3m_amount current_value_12m_amount allocated_value_12m_amount "
    "risk_adjusted_value_12m_amount revenue_12m_amount branch_value_share bank_value_share "
    "linked_value_12m_amount product_class_count product_count retained_amount wallet_share "
    "wallet_confidence_code",
    "value_concentrations": "scope_code branch_id measure_code month_end_date customer_share value_share "
    "top_value_share least_customer_share",
    "branches": "branch_id branch_name status_code customer_count",
    "products": "source_code product_code product_class_code family_code name_zh name_en",
    "customer_accounts": "account_id customer_id",
    "customer_identities": "source_code source_customer_id customer_id rule_code since_date",
    "customer_identity_changes": "source_code source_customer_id customer_id",
    "customer_identity_conflicts": "source_code source_customer_id customer_id linked_customer_id",
    "customer_tiers": "customer_id scheme_code tier_code state_code since_date metric_value reason_code "
    "reason_zh reason_en next_distance lower_distance owner_manager_id credited_manager_id play_code "
    "metric_tier_code gift_code",
    "customer_tier_changes": "customer_id scheme_code former_tier_code tier_code former_metric_value "
    "metric_value threshold_value change_amount customer_flow_amount market_price_amount policy_amount "
    "identity_amount correction_amount cause_code",
    "tier_migrations": "scheme_code month_end_date from_tier_code to_tier_code customer_count aum_amount",
    "tier_contradictions": "customer_id contradiction_code scheme_code tier_code other_scheme_code "
    "other_tier_code severity_code name_zh name_en",
    "customer_churn": "customer_id churn_probability churn_percentile churn_band_code method_code "
    "model_version money_at_risk_amount reason_1_zh reason_1_en probability_low probability_high "
    "money_at_risk_low_amount money_at_risk_high_amount reason_1_code reason_1_value reason_2_code "
    "reason_2_value reason_2_zh reason_2_en reason_3_code reason_3_value reason_3_zh reason_3_en "
    "strategy_code strategy_basis_code expected_saved_amount is_contactable contact_rank is_within_budget",
    "churn_outcomes": "score_version method_code month_end_date horizon_end_date decile_number "
    "customer_count churned_count attrition_count dormancy_count exit_count expected_rate observed_rate "
    "observed_expected_ratio aum_amount lost_amount is_drifted",
    "churn_stabilities": "score_version part_code name_zh name_en psi_value state_code watch_value "
    "limit_value customer_count",
    "customer_lifetime_values": "customer_id branch_id realised_amount present_amount growth_amount "
    "cross_buy_amount increment_amount lifetime_value_amount referral_count suggestion_count "
    "useful_complaint_count method_code retention_rate discount_rate horizon_month_count annuity_value",
    "product_withdrawals": "source_code product_code month_end_date contribution_amount customer_count "
    "customer_change_share outlook_code is_withdraw_candidate reason_code reason_zh reason_en",
    "loss_reasons": "branch_id month_end_date loss_reason_code name_zh name_en complaint_count exit_count "
    "lost_amount",
    "customer_stability": "customer_id stability_score loyalty_score stability_missing_count "
    "loyalty_missing_count stability_known_weight loyalty_known_weight credit_value credit_score "
    "income_volatility_value income_volatility_score asset_volatility_value asset_volatility_score "
    "income_growth_value income_growth_score growth_value growth_score switching_cost_value "
    "switching_cost_score price_sensitivity_value price_sensitivity_score duration_value "
    "duration_score continuity_days_value continuity_days_score continuity_kinds_value "
    "continuity_kinds_score cooperation_value cooperation_score feedback_value feedback_score "
    "repeat_purchase_value repeat_purchase_score month_end_spike_count has_month_end_spike "
    "credit_grade_code bad_record_count is_good_credit",
    "codes": "code_set code name_zh name_en",
    "policies": "policy_name owner_name proposer_name approver_name reason",
    "data_dictionary": "table_name column_name description_zh description_en",
}
PUBLICATIONS = (
    "edition_id business_date table_name row_count digest published_at is_current "
    "policy_version model_version"
)
HISTORIES = ("customer_360", "customer_accounts", "customer_identities", "customer_tiers", "customer_churn")
SCHEMES = ("rfm", "abc", "aum_level", "four_classes", "maintenance_layer", "pyramid", "mvc", "tenure")
# nobody need have merged or split, be linked or out of reach; no horizon may have passed yet
MAY_BE_EMPTY = {
    "customer_identity_changes",
    "customer_identity_conflicts",
    "customer_groups",
    "contact_gaps",
    "loss_reasons",
    "customer_tier_changes",
    "tier_contradictions",
    "churn_outcomes",
    "churn_stabilities",  # the rule scores
}
CHINESE = re.compile(r"[\u4e00-\u9fff]")
ENGLISH = re.compile(r"[A-Za-z]{2}")


@pytest.fixture(scope="module")
def bank(server, tmp_path_factory):
    with small_bank(server, tmp_path_factory.mktemp("shape")) as settings:
        yield settings


@pytest.fixture(scope="module")
def columns(bank):
    """View of reporting → its columns."""
    found = {}
    for view, column in query(
        bank,
        "select c.relname, a.attname from pg_catalog.pg_class as c inner join pg_catalog.pg_attribute as a "
        "on a.attrelid = c.oid where c.relnamespace = 'reporting'::regnamespace and c.relkind = 'v' "
        "and a.attnum > 0 order by c.relname, a.attnum",
    ):
        found.setdefault(view, []).append(column)
    return found


def ask(settings, statement):
    """The rows an analyst gets."""
    with closing(psycopg2.connect(reader_url(settings))) as connection, connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall()


# ── names ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_view_is_there_under_its_name(columns):
    assert set(columns) == {*COLUMNS, *GOVERNANCE, *(f"{name}_history" for name in HISTORIES)}
    for view, names in COLUMNS.items():
        assert set(names.split()) <= set(columns[view]), view
        assert {"business_date", "edition_id", "policy_version"} <= set(columns[view]), view
    for name in HISTORIES:
        assert columns[f"{name}_history"] == columns[name]
    assert columns["publications"] == PUBLICATIONS.split()


def test_every_view_and_column_is_explained_in_both_languages(bank):
    views = query(
        bank,
        "select relname, '', obj_description(oid, 'pg_class') from pg_catalog.pg_class "
        "where relnamespace = 'reporting'::regnamespace and relkind = 'v'",
    )
    columns = query(
        bank,
        "select c.relname, a.attname, col_description(c.oid, a.attnum) from pg_catalog.pg_class as c "
        "inner join pg_catalog.pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 "
        "where c.relnamespace = 'reporting'::regnamespace",
    )
    assert len(columns) > 150
    for view, column, comment in views + columns:
        chinese, bar, english = (comment or "").partition(" | ")
        assert bar, (view, column, comment)
        assert CHINESE.search(chinese), (view, column, comment)
        assert ENGLISH.search(english), (view, column, comment)


def test_the_dictionary_covers_every_column_that_readers_see(bank, columns):
    seen = [
        (view, column)
        for view, names in columns.items()
        if view not in GOVERNANCE and not view.endswith("_history")
        for column in names
    ]
    described = ask(bank, "select table_name, column_name from reporting.data_dictionary")
    assert sorted(described) == sorted(seen)


# ── content ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_all_tables_are_of_one_edition_of_the_last_night(bank):
    for view in COLUMNS:
        found = ask(bank, f"select distinct edition_id, business_date from reporting.{view}")
        if view not in MAY_BE_EMPTY or found:
            assert found == [(f"edition_{LAST:%Y%m%d}_1", LAST)], view


def test_histories_show_the_month_ends(bank):
    for name in HISTORIES:
        dates = ask(bank, f"select distinct business_date, edition_id from reporting.{name}_history")
        assert dates == [(NIGHTS[1], f"edition_{NIGHTS[1]:%Y%m%d}_1")], name


def test_every_person_has_a_tier_in_every_scheme(bank):
    persons = ask(bank, "select count(*) from reporting.customer_360 where customer_kind_code = 'person'")[0][
        0
    ]
    assert persons > 40
    found = ask(
        bank,
        "select tier.scheme_code, count(*), count(distinct tier.customer_id) "
        "from reporting.customer_tiers as tier "
        "inner join reporting.customer_360 as customer on tier.customer_id = customer.customer_id "
        "where customer.customer_kind_code = 'person' group by 1 order by 1",
    )
    assert found == [(scheme, persons, persons) for scheme in sorted(SCHEMES)]


def test_reasons_are_worded_in_both_languages(bank):
    worded = ask(
        bank,
        "select reason_zh, reason_en from reporting.customer_tiers "
        "union all select reason_1_zh, reason_1_en from reporting.customer_churn "
        "union all select reason_zh, reason_en from reporting.product_withdrawals",
    )
    assert len(worded) > 150
    for chinese, english in worded:
        assert CHINESE.search(chinese)
        assert ENGLISH.search(english)
        assert not re.search(r"[{}]", chinese + english), (chinese, english)


def test_every_rule_says_what_to_do(bank):
    silent = "count(*) filter (where advice_zh = '' or advice_en = '')"
    told = ask(bank, f"select gate_code, {silent} from reporting.data_quality_results group by gate_code")
    assert sorted(told) == [("dbt", 0), ("delivery", 0), ("edition", 0)]


def test_churn_is_by_the_rule_and_a_probability(bank):
    rows = ask(
        bank,
        "select churn_probability, churn_percentile, method_code, model_version, money_at_risk_amount "
        "from reporting.customer_churn",
    )
    assert len(rows) > 20
    for probability, percentile, method, version, money in rows:
        assert isinstance(probability, Decimal)
        assert 0 <= probability <= 1
        assert 0 <= percentile <= 1
        assert (method, version) == ("rule", "inactivity-rule")
        assert money >= 0


def test_every_code_that_is_published_has_a_name(bank):
    """Tiers, states and bands are looked up in `codes`."""
    names = {code for (code,) in ask(bank, "select code from reporting.codes")}
    used = ask(
        bank,
        "select tier_code from reporting.customer_tiers "
        "union select state_code from reporting.customer_tiers "
        "union select metric_tier_code from reporting.customer_tiers "
        "union select cause_code from reporting.customer_tier_changes "
        "union select severity_code from reporting.tier_contradictions "
        "union select contradiction_code from reporting.tier_contradictions "
        "union select churn_band_code from reporting.customer_churn "
        "union select strategy_code from reporting.customer_churn "
        "union select strategy_basis_code from reporting.customer_churn "
        "union select method_code from reporting.customer_lifetime_values "
        "union select state_code from reporting.churn_stabilities "
        "union select outlook_code from reporting.product_withdrawals "
        "union select loss_reason_code from reporting.loss_reasons "
        "union select life_cycle_code from reporting.customer_360 "
        "union select customer_kind_code from reporting.customer_360",
    )
    assert {code for (code,) in used} - names == set()


# ── walls ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "table",
    [
        "raw.core__customers",
        "policy.parameters",
        "staging.stg_core__customers",
        "intermediate.int_customer_versions_unioned",
        "marts.customers",
        "protected.customer_contacts",
        f"edition_{LAST:%Y%m%d}_1.customer_360",
        "ops.nights",
        "ops.quarantine",
        "reporting.data_quality_quarantine",
    ],
)
def test_readers_see_reporting_alone(bank, table):
    assert query(bank, "select to_regclass(%s) is not null", table) == [(True,)]
    with pytest.raises(errors.InsufficientPrivilege):
        ask(bank, f"select * from {table} limit 1")


# ── nobody's data ───────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def personal(bank):
    """Every name, identity number, phone and address that was delivered."""
    found = delivered(bank.landing)
    assert len(found) > 200
    return found


def test_the_search_would_find_it(bank, personal):
    ((name, number),) = query(bank, "select full_name, identity_number from raw.core__customers limit 1")
    assert told(personal, f"customer {name}: {number},") == {name, number}


def test_clear_data_stand_in_their_rooms_alone(bank, personal):
    """Law 8: in raw, in staging, in protected and on the views' way there, of all rooms."""
    with connect(bank) as connection:
        places = relations(connection)
        holding = [
            place for place in places if any(told(personal, text) for text in rows_of(connection, *place[:2]))
        ]
    assert {schema for schema, _, _ in places} >= {"raw", "policy", "marts", "ops", "reporting"}
    assert [f"{schema}.{name}" for schema, name, view in holding if is_open(schema, name, view)] == []
    rooms = {schema for schema, _, _ in holding}
    assert rooms == {"raw", "staging", "intermediate", "protected"}, "else the search has not searched"


def test_no_secret_of_the_installation_is_in_the_database(bank):
    secrets = kept_secrets(bank)
    assert len(secrets) >= 2
    with connect(bank) as connection:
        for schema, name, _ in relations(connection):
            for text in rows_of(connection, schema, name):
                assert [secret for secret in secrets if secret in text] == [], f"{schema}.{name}"


def test_statistics_tell_a_reader_no_value_of_other_rooms(bank):
    """The planner keeps samples of every column: names and numbers among them."""
    assert query(bank, "select count(*) > 0 from pg_stats where schemaname = 'protected'") == [(True,)]
    shown = "select schemaname, tablename from pg_catalog.pg_stats where schemaname !~ '^(pg_|information)'"
    assert ask(bank, shown) == []


def test_no_personal_data_in_reports_logs_and_what_dbt_left(bank, personal):
    """All that the three nights left on disk, but for the matcher's index: its owner alone may enter."""
    folder = base_folder() / "var"
    index, kept = folder / "demo" / "identity", folder / "secrets"
    assert index.stat().st_mode & 0o777 == 0o700
    files = files_below(folder, index, kept)
    assert {".html", ".json", ".sql"} <= {path.suffix for path in files}
    numbers = {each for each in personal if re.fullmatch(r"[0-9X]{11,18}", each)}
    logs = sorted(Path(os.environ[VARIABLE]).glob("postgres*/log/*"))
    assert logs, "the server's own log"
    assert len(numbers) > 50
    secrets = kept_secrets(replace(bank, var=folder))
    for path in [*files, *logs]:
        text = file_text(path)
        # other tests of this run, with people of the same names, have written into the server's log, too
        assert told(numbers if path in logs else personal, text) == set(), path
        assert [secret for secret in secrets if secret in text] == [], path
