"""Policy: what is refused and how it is told, what a version depends on, and what reaches the warehouse."""

import csv
import json
import shutil
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as rounds
from hypothesis import strategies as st

from pipelines.policy import SHAPES, PolicyError, parameter, read_policy, read_recorded, write_policy
from pipelines.policy.cells import as_text, parse_cell
from pipelines.policy.shapes import Column
from pipelines.settings import ROOT
from pipelines.warehouse import connect

HOME = ROOT / "policy"
DAY = date(2026, 10, 31)
COMMON_CELLS = {
    "effective_from": "1990-01-01",
    "effective_to": "",
    "owner": "Finance",
    "proposer": "Finance systems",
    "approver": "Board",
    "reason": "not from source",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(HOME, tmp_path / "policy"))


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def save(path: Path, rows: list[dict[str, str]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as lines:
        writer = csv.DictWriter(lines, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def change(folder: Path, file: str, key: str, **cells: str) -> None:
    """Change cells of the one row whose first two cells are ``key`` (joined by a slash) or begin with it."""
    path = folder / file
    rows = rows_of(path)
    found = [row for row in rows if key in (next(iter(row.values())), "/".join(list(row.values())[:2]))]
    assert len(found) == 1, f"{key} names {len(found)} rows of {file}"
    found[0].update(cells)
    save(path, rows)


def change_all(folder: Path, file: str, like: dict[str, str], **cells: str) -> None:
    """Change cells of the rows that have the cells ``like``."""
    rows = rows_of(folder / file)
    found = [row for row in rows if like.items() <= row.items()]
    assert found
    for row in found:
        row.update(cells)
    save(folder / file, rows)


def add(folder: Path, file: str, **cells: str) -> None:
    rows = rows_of(folder / file)
    save(folder / file, [*rows, {**COMMON_CELLS, **cells}])


def refusal(folder: Path, bank: str = "demo") -> str:
    with pytest.raises(PolicyError) as caught:
        read_policy(folder, bank)
    return str(caught.value)


def value(policy, code: str, on: date = DAY) -> str:
    (row,) = [
        row
        for row in policy.tables["parameters"]
        if row["parameter_code"] == code
        and row["effective_from"] <= on <= (row["effective_to"] or date(9999, 12, 31))
    ]
    return row["value"]


@pytest.mark.parametrize(("bank", "day"), [("demo", DAY), ("berka", date(1993, 1, 1))])
def test_the_policy_of_each_bank_holds(bank, day):
    read_policy(HOME, bank).require(day)


def test_a_bank_overrides_whole_groups_and_inherits_the_rest():
    demo, berka = read_policy(HOME, "demo"), read_policy(HOME, "berka")
    assert (value(demo, "base_currency"), value(berka, "base_currency")) == ("CNY", "CZK")
    assert value(demo, "rfm_window_months") == value(berka, "rfm_window_months")
    levels = [row for row in berka.tables["bands"] if row["band_set_code"] == "aum_level"]
    assert {row["effective_from"] for row in levels} == {date(1993, 1, 1)}
    assert {row["source_code"] for row in berka.tables["products"]} == {"berka"}
    assert demo.version != berka.version


def test_every_file_has_a_line_in_the_readme():
    readme = (HOME / "README.md").read_text(encoding="utf-8")
    assert [name for name in SHAPES if f"| `{name}.csv` |" not in readme] == []


# ── versions ────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_version_ignores_order_line_ends_and_spelling_of_numbers(folder):
    version = read_policy(folder, "demo").version
    save(folder / "bands.csv", rows_of(folder / "bands.csv")[::-1])
    change(folder, "shares.csv", "abc/a", share="0.15000000")
    change(folder, "score_weights.csv", "rfm/recency", weight="0.300")
    text = (folder / "codes.csv").read_text(encoding="utf-8")
    (folder / "codes.csv").write_text("\ufeff" + text.replace("\n", "\r\n"), encoding="utf-8", newline="")
    assert read_policy(folder, "demo").version == version


def test_every_row_and_the_people_behind_it_are_in_the_version(folder):
    version = read_policy(folder, "demo").version
    change(folder, "codes.csv", "sex/female", name_zh="女性")
    changed = read_policy(folder, "demo").version
    change(folder, "codes.csv", "sex/female", approver="Somebody else")
    assert len({version, changed, read_policy(folder, "demo").version}) == 3


def test_another_banks_rows_are_not_in_the_version(folder):
    version = read_policy(folder, "demo").version
    change(folder, "berka/parameters.csv", "base_currency", value="EUR")
    assert read_policy(folder, "demo").version == version


# ── refusals ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("file", "key", "cells", "words"),
    [
        ("parameters.csv", "rfm_window_months", {"value": "twelve"}, "'twelve' is not a plain number"),
        ("parameters.csv", "rfm_window_months", {"value": "1.5"}, "1.5 months is not a whole number"),
        ("parameters.csv", "rfm_window_months", {"value": "NaN"}, "'NaN' is not a plain number"),
        ("parameters.csv", "rfm_window_months", {"value": "1_0"}, "'1_0' is not a plain number"),
        ("parameters.csv", "rfm_window_months", {"value": "-1"}, "-1 months is below zero"),
        ("parameters.csv", "rfm_window_months", {"unit": "weeks"}, "unit weeks is unknown"),
        ("parameters.csv", "rfm_window_months", {"unit": "days"}, "of its name; it is told in months"),
        ("bands.csv", "aum_level/gold", {"unit": "months"}, "is not that of its name; it is told in amount"),
        ("bands.csv", "rfm_recency/2", {"unit": "amount"}, "it is told in share or days"),
        ("bands.csv", "gift_years/every_5", {"lower_bound": "0"}, "step every_5 is not above 0"),
        ("parameters.csv", "rfm_window_months", {"unit": "code"}, "'12' does not fit the unit code"),
        (
            "parameters.csv",
            "life_cycle_growth_share",
            {"value": "20"},
            "20 is no share: it lies outside 0 to 1",
        ),
        ("parameters.csv", "day_count_basis_days", {"value": "0"}, "0 days is less than 1"),
        ("parameters.csv", "concentration_step_share", {"value": "0"}, "0 share is less than 0.01"),
        ("parameters.csv", "base_currency", {"value": ""}, "value is empty"),
        ("parameters.csv", "base_currency", {"owner": ""}, "owner is empty"),
        ("parameters.csv", "base_currency", {"reason": " "}, "reason begins or ends with a blank"),
        ("parameters.csv", "base_currency", {"approver": "finance SYSTEMS"}, "somebody else must approve"),
        ("parameters.csv", "base_currency", {"effective_from": "1990-02-30"}, "'1990-02-30' is not a date"),
        ("parameters.csv", "base_currency", {"effective_from": "19900101"}, "'19900101' is not a date"),
        ("parameters.csv", "base_currency", {"effective_to": "1989-12-31"}, "lies before effective_from"),
        ("score_weights.csv", "rfm/recency", {"weight": "0.31"}, "the weights sum to 1.01, not to 1"),
        ("bands.csv", "aum_level/gold", {"lower_inclusive": "yes"}, "neither true nor false"),
        ("bands.csv", "aum_level/gold", {"rank": "3"}, "ranks 1, 3, 3, 4 do not run from 1 to 4"),
        ("bands.csv", "aum_level/gold", {"lower_bound": "1000000"}, "begins at 1000000, not above gold"),
        ("bands.csv", "aum_level/gold", {"lower_bound": ""}, "gold has no lower bound"),
        ("bands.csv", "aum_level/ordinary", {"lower_bound": "0"}, "ordinary does not reach the lowest value"),
        ("bands.csv", "churn_band/low", {"lower_bound": "0.1"}, "low does not reach the lowest value"),
        ("bands.csv", "churn_band/low", {"lower_inclusive": "false"}, "low does not reach the lowest value"),
        ("bands.csv", "rfm_recency/2", {"unit": "days", "lower_bound": "2"}, "the bands use different units"),
        (
            "bands.csv",
            "rfm/high",
            {"band_code": "top"},
            "band_code top is not in codes.csv (code_set tier_rfm)",
        ),
        (
            "shares.csv",
            "abc/a",
            {"share": "0.16"},
            "share_set_code abc on 1990-01-01: the shares sum to 1.01",
        ),
        ("shares.csv", "abc/a", {"share": "1.1"}, "share 1.1 lies outside 0 to 1"),
        ("churn_rule.csv", "0", {"days_inactive_from": "1"}, "the first step begins at 1 days, not at 0"),
        ("churn_rule.csv", "31", {"churn_probability": "0.02"}, "does not rise at 31 days"),
        ("churn_rule.csv", "31", {"churn_probability": "1.2"}, "lies outside 0 to 1"),
        ("product_classes.csv", "fund", {"side_code": "other"}, "side_code other is not in codes.csv"),
        ("product_classes.csv", "fund", {"family_code": "x"}, "family_code x is not in codes.csv"),
        ("holder_shares.csv", "joint", {"weight": "1.1"}, "weight 1.1 lies outside 0 to 1"),
        ("holder_shares.csv", "joint", {"role_code": "guest"}, "role_code guest is not in codes.csv"),
        ("contact_requirements.csv", "person/phone", {"contact_code": "fax"}, "contact_code fax is not in"),
        ("demo/survivorship.csv", "core/*", {"rule_code": "oldest"}, "rule_code oldest is not in codes.csv"),
        ("demo/survivorship.csv", "core/*", {"attribute_code": "shoe_size"}, "shoe_size is not in codes.csv"),
        (
            "demo/products.csv",
            "core/TD",
            {"product_class_code": "gold"},
            "gold is not in product_classes.csv",
        ),
        (
            "potential_groups.csv",
            "senior_civil_servant",
            {"code": "admiral"},
            "code admiral is not in codes.csv (code_set position)",
        ),
        (
            "potential_groups.csv",
            "senior_civil_servant",
            {"attribute_code": "hobby"},
            "attribute_code hobby is neither occupation nor position",
        ),
        ("potential_groups.csv", "senior_civil_servant", {"group_code": "x"}, "x is not in codes.csv"),
        ("demo/scope_products.csv", "cards/GOLD", {"product_code": "TIN"}, "TIN is not in products.csv"),
        (
            "gifts.csv",
            "every_5/tea",
            {"gift_code": "car"},
            "gift_code car is not in codes.csv (code_set gift)",
        ),
        (
            "gifts.csv",
            "every_5/tea",
            {"band_code": "every_7"},
            "every_7 is no step of gift_years in bands.csv",
        ),
        ("bands.csv", "tenure/level_5", {"band_code": "level_6"}, "level_6 is not in codes.csv"),
        ("tier_presets.csv", "ccb", {"below_months": "0"}, "below_months 0 is below 1"),
        ("tier_presets.csv", "ccb", {"watch_months": "0"}, "watch_months 0 is below 1"),
        ("tier_presets.csv", "ccb", {"below_months": ""}, "below_months is empty: a tier would never fall"),
        ("tier_presets.csv", "ccb", {"upgrade_code": "someday"}, "upgrade_code someday is unknown"),
        ("tier_presets.csv", "ccb", {"downgrade_code": "worst"}, "downgrade_code worst is unknown"),
        ("tier_presets.csv", "immediate", {"watch_months": "1"}, "watch_months 1 has no meaning"),
        ("tier_schemes.csv", "abc", {"preset_code": "swift"}, "preset_code swift is not in tier_presets"),
        ("tier_schemes.csv", "abc", {"preset_code": "ccb"}, "scheme abc has no bands to rise and fall by"),
        ("tier_schemes.csv", "abc", {"scheme_code": "xyz"}, "scheme_code xyz is not in codes.csv"),
        ("demo/tier_schemes.csv", "aum_level", {"private_from_rank": "0"}, "private_from_rank 0 is below 1"),
        ("tier_contradictions.csv", "vip_bz", {"tier_code": "gold"}, "tier_code gold is not in codes.csv"),
        ("tier_contradictions.csv", "vip_bz", {"severity_code": "x"}, "severity_code x is not in codes.csv"),
        (
            "tier_contradictions.csv",
            "vip_bz",
            {"other_scheme_code": "four_classes", "other_tier_code": "mass"},
            "both tiers are of scheme four_classes",
        ),
        ("codes.csv", "sex/female", {"name_zh": ""}, "name_zh is empty"),
        ("codes.csv", "sex/female", {"name_en": ""}, "name_en is empty"),
        ("codes.csv", "sex/female", {"code": "Female"}, "'Female' is not a code"),
        ("credit_grades.csv", "aa", {"default_probability": "1.1"}, "probability 1.1 lies outside 0 to 1"),
        ("credit_grades.csv", "aa", {"default_probability": "0.003"}, "does not fall with grade aa"),
        ("credit_grades.csv", "aa", {"score": "-0.1"}, "score -0.1 lies outside 0 to 1"),
        ("credit_grades.csv", "aa", {"score": "0.9"}, "the score does not rise with grade aa"),
        ("credit_grades.csv", "aa", {"rank": "10"}, "do not run from 1 to 10"),
        ("credit_grades.csv", "aa", {"credit_grade_code": "zz"}, "credit_grade_code zz is not in codes.csv"),
        ("credit_event_types.csv", "evasion", {"is_bad_record": "false"}, "malice is always a bad record"),
        ("credit_event_types.csv", "evasion", {"event_type_code": "x"}, "event_type_code x is not in"),
        ("score_scales.csv", "stability/growth", {"high_value": "-0.50"}, "are the same (-0.5)"),
        ("score_scales.csv", "stability/growth", {"part_code": "luck"}, "part_code luck is not in codes.csv"),
        ("score_scales.csv", "stability/growth", {"part_code": "luck"}, "luck of stability has no weight"),
        ("score_scales.csv", "stability/growth", {"part_code": "luck"}, "growth of stability has no scale"),
        ("response_points.csv", "contact/done", {"points": "1.1"}, "points 1.1 lie outside -1 to 1"),
        ("response_points.csv", "contact/done", {"points": "-1.1"}, "points -1.1 lie outside -1 to 1"),
        ("response_points.csv", "contact/done", {"response_code": "accepted"}, "accepted is not in"),
        ("response_points.csv", "campaign/accepted", {"response_kind_code": "fax"}, "fax is not in"),
        ("feedback_points.csv", "praise/open", {"points": "-1.00001"}, "points -1.00001 lie outside -1 to 1"),
        ("feedback_points.csv", "praise/open", {"outcome_code": "lost"}, "outcome_code lost is not in"),
        ("feedback_points.csv", "praise/open", {"feedback_kind_code": "x"}, "feedback_kind_code x is not in"),
        ("cross_buys.csv", "fund", {"product_class_code": "gem"}, "gem is not in product_classes.csv"),
        ("cross_buys.csv", "fund", {"lowest_aum_level_code": "tin"}, "tin is not in codes.csv"),
        ("cross_buys.csv", "fund", {"needs_good_credit": "no"}, "neither true nor false"),
        ("loss_reason_topics.csv", "mobile", {"loss_reason_code": "bored"}, "bored is not in codes.csv"),
        ("loss_reason_topics.csv", "mobile", {"category_code": "food"}, "food is not in codes.csv"),
        ("bands.csv", "age_group/mature", {"lower_bound": "61"}, "begins at 60, not above mature"),
        ("bands.csv", "age_group/mature", {"unit": "months"}, "it is told in count"),
        ("parameters.csv", "lifetime_discount_rate", {"value": "1.1"}, "it lies outside 0 to 1"),
        ("reasons.csv", "abc", {"template_en": "{name}"}, "template_en uses unknown placeholders name"),
        ("reasons.csv", "abc", {"template_en": "{metric}"}, "the two templates use different placeholders"),
    ],
)
def test_a_bad_row_is_named_with_its_file_and_reason(folder, file, key, cells, words):
    change(folder, file, key, **cells)
    message = refusal(folder)
    assert words in message
    assert f"policy/{file}" in message or file in ("bands.csv", "score_scales.csv")


@pytest.mark.parametrize(
    ("file", "key", "cells"),
    [
        ("credit_grades.csv", "aa", {"default_probability": "0.00299999"}),
        ("credit_grades.csv", "aa", {"score": "0.90000001"}),
        ("credit_grades.csv", "d", {"score": "0", "default_probability": "1"}),
        ("credit_event_types.csv", "late_payment", {"is_bad_record": "false"}),
        ("score_scales.csv", "stability/growth", {"low_value": "0.5", "high_value": "-0.5"}),
        ("response_points.csv", "contact/done", {"points": "-1"}),
        ("response_points.csv", "contact/done", {"points": "1"}),
        ("feedback_points.csv", "praise/open", {"points": "1.00"}),
    ],
)
def test_a_row_at_its_bounds_is_taken(folder, file, key, cells):
    change(folder, file, key, **cells)
    read_policy(folder, "demo")


def test_a_score_without_scales_needs_none_and_a_scale_needs_its_score_on_every_day(folder):
    weights = rows_of(folder / "score_weights.csv")
    assert {"rfm"} <= {row["score_code"] for row in weights}
    change(folder, "score_scales.csv", "loyalty/duration", effective_to="2027-12-31")
    words = "score_weights.csv: part duration of loyalty has no scale on 2028-01-01"
    assert words in refusal(folder)


def test_an_unreadable_cell_names_the_row(folder):
    change(folder, "shares.csv", "abc/b", share="a quarter")
    assert "policy/shares.csv row 3: share 'a quarter' is not a plain number" in refusal(folder)


def test_all_offences_come_in_one_message(folder):
    change(folder, "shares.csv", "abc/b", share="?")
    change(folder, "parameters.csv", "base_currency", effective_from="soon")
    message = refusal(folder)
    assert "policy/shares.csv row 3" in message
    assert "policy/parameters.csv row 2" in message


def test_overlapping_dates_are_refused(folder):
    add(
        folder,
        "parameters.csv",
        parameter_code="base_currency",
        value="EUR",
        unit="code",
        effective_from="2030-01-01",
    )
    message = refusal(folder)
    assert "parameter_code base_currency from 2030-01-01 overlaps policy/parameters.csv row 2" in message


def test_a_gap_between_two_rows_is_refused(folder):
    change(folder, "parameters.csv", "base_currency", effective_to="2029-12-30")
    add(
        folder,
        "parameters.csv",
        parameter_code="base_currency",
        value="EUR",
        unit="code",
        effective_from="2030-01-01",
    )
    assert "base_currency has a gap between 2029-12-30" in refusal(folder)


def test_a_value_may_change_on_a_date(folder):
    change(folder, "parameters.csv", "base_currency", effective_to="2029-12-31")
    add(
        folder,
        "parameters.csv",
        parameter_code="base_currency",
        value="EUR",
        unit="code",
        effective_from="2030-01-01",
    )
    policy = read_policy(folder, "demo")
    assert [value(policy, "base_currency", day) for day in (date(2029, 12, 31), date(2030, 1, 1))] == [
        "CNY",
        "EUR",
    ]


def test_shares_must_sum_to_one_on_every_date(folder):
    change(folder, "shares.csv", "abc/a", effective_to="2029-12-31")
    add(
        folder,
        "shares.csv",
        share_set_code="abc",
        band_code="a",
        rank="3",
        share="0.2",
        effective_from="2030-01-01",
    )
    assert "share_set_code abc on 2030-01-01: the shares sum to 1.05, not to 1" in refusal(folder)


def test_a_band_that_ends_early_leaves_a_broken_ladder(folder):
    change(folder, "bands.csv", "aum_level/gold", effective_to="2029-12-31")
    assert "band_set_code aum_level on 2030-01-01: ranks 1, 3, 4 do not run" in refusal(folder)


LEVELS = {"ordinary": "", "gold": "200000", "platinum": "1000000", "diamond": "5000000"}


def add_levels(folder: Path, levels: dict[str, str], **cells: str) -> None:
    """A set of levels for a part of the bank."""
    for rank, (code, bound) in enumerate(levels.items(), start=1):
        own = {"band_set_code": "aum_level", "band_code": code, "rank": str(rank), "lower_bound": bound}
        rest = {"lower_inclusive": "true", "unit": "amount", "region_name": "", "branch_id": ""}
        add(folder, "bands.csv", **{**rest, **own, **cells})


@pytest.mark.parametrize("scope", [{"region_name": "North"}, {"branch_id": "B001"}])
def test_a_region_or_a_branch_may_have_bands_of_its_own(folder, scope):
    former = read_policy(folder, "demo").tables["bands"]
    add_levels(folder, LEVELS, **scope, effective_from="2030-01-01")
    policy = read_policy(folder, "demo")
    policy.require(DAY)  # those of everywhere hold until then
    assert len(policy.tables["bands"]) == len(former) + len(LEVELS)


def test_the_bands_of_a_region_are_complete(folder):
    levels = {code: bound for code, bound in LEVELS.items() if code != "platinum"}
    add_levels(folder, levels, region_name="North")
    change_all(folder, "bands.csv", {"region_name": "North", "band_code": "diamond"}, rank="4")
    assert "band_set_code aum_level, region_name North on 1990-01-01: ranks 1, 2, 4 do not" in refusal(folder)


def test_a_band_is_of_a_region_or_of_a_branch(folder):
    add_levels(folder, LEVELS, region_name="North", branch_id="B001")
    assert "a band holds for a region or for a branch, not for both" in refusal(folder)


def test_only_schemes_differ_by_region(folder):
    change(folder, "bands.csv", "churn_band/low", region_name="North")
    assert "churn_band cannot differ by region or branch" in refusal(folder)


def test_every_combination_has_its_play(folder):
    rows = rows_of(folder / "plays.csv")
    one = {"tier_code": "outlet_head", "loyalty_code": "low", "wallet_code": "unknown"}
    save(folder / "plays.csv", [row for row in rows if not one.items() <= row.items()])
    assert "no play for outlet_head, low, unknown" in refusal(folder)


def test_a_play_that_ends_leaves_a_gap(folder):
    one = {"tier_code": "outlet_head", "loyalty_code": "low", "wallet_code": "unknown"}
    change_all(folder, "plays.csv", one, effective_to="2029-12-31")
    assert "on 2030-01-01: no play for outlet_head, low, unknown" in refusal(folder)


def test_a_play_is_a_code(folder):
    one = {"tier_code": "outlet_head", "loyalty_code": "low", "wallet_code": "unknown"}
    change_all(folder, "plays.csv", one, play_code="wait")
    assert "play_code wait is not in codes.csv (code_set play)" in refusal(folder)


def test_a_group_that_has_ended_stops_the_night_and_not_the_reading(folder):
    change(folder, "parameters.csv", "abc_window_months", effective_to="2026-10-30")
    policy = read_policy(folder, "demo")
    policy.require(date(2026, 10, 30))
    with pytest.raises(
        PolicyError, match=r"policy/parameters.csv: parameter_code abc_window_months .* 2026-10-31"
    ):
        policy.require(DAY)


def test_a_group_that_has_not_begun_stops_the_night():
    with pytest.raises(PolicyError, match="base_currency has no row in force on 1992-12-31"):
        read_policy(HOME, "berka").require(date(1992, 12, 31))


def test_a_product_may_be_announced_before_it_begins(folder):
    names = {"name_zh": "新产品", "name_en": "New product"}
    codes = {"source_code": "core", "product_code": "NEW", "product_class_code": "fund"}
    codes |= {"rate_basis_code": "contract", "transfer_basis_code": "floating"}
    add(folder, "demo/products.csv", **codes, **names, effective_from="2030-01-01")
    read_policy(folder, "demo").require(DAY)


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("share_set_code,band_code,rank,share", "missing columns effective_from, effective_to, owner"),
        (
            "share_set_code,band_code,rank,share,share,colour,effective_from,effective_to,owner,proposer,approver",
            "missing columns reason; unknown columns colour; repeated columns share",
        ),
        ("", "missing columns share_set_code"),
    ],
)
def test_a_wrong_header_is_refused(folder, header, words):
    (folder / "shares.csv").write_text(header + "\n", encoding="utf-8")
    assert f"policy/shares.csv row 1: {words}" in refusal(folder)


def test_a_short_row_is_refused(folder):
    with (folder / "shares.csv").open("a", encoding="utf-8") as lines:
        lines.write("abc,d\n")
    assert "policy/shares.csv row 5: 2 cells, the header has 10" in refusal(folder)


def test_files_that_are_missing_unknown_or_no_text_are_refused(folder):
    (folder / "shares.csv").unlink()
    (folder / "thresholds.csv").write_text("a\n", encoding="utf-8")
    (folder / "codes.csv").write_bytes(b"\xff\xfe\x00")
    message = refusal(folder)
    assert "policy/shares.csv is missing, and so is demo/shares.csv" in message
    assert "policy/thresholds.csv: no such policy file" in message
    assert "policy/codes.csv: not a UTF-8 CSV file" in message


# ── the warehouse ───────────────────────────────────────────────────────────────────────────────────────────


def written(connection, name: str) -> list[tuple[str | None, ...]]:
    shape = SHAPES[name]
    with connection.cursor() as cursor:
        cursor.execute(f"select {', '.join(shape.column_names)} from policy.{name}")
        return sorted((tuple(map(as_text, row)) for row in cursor.fetchall()), key=repr)


def expected(policy, name: str) -> list[tuple[str | None, ...]]:
    names = SHAPES[name].column_names
    rows = (tuple(as_text(row[column]) for column in names) for row in policy.tables[name])
    return sorted(rows, key=repr)


def test_a_policy_is_written_replaced_and_recorded(settings, folder):
    first = read_policy(folder, "demo")
    change(folder, "parameters.csv", "abc_window_months", value="11")
    second = read_policy(folder, "demo")
    for policy in (first, second, second):
        with connect(settings, role="yihu_loader") as connection:
            write_policy(connection, policy)
    with connect(settings, role="yihu_loader") as connection:
        assert [written(connection, name) for name in SHAPES] == [expected(second, name) for name in SHAPES]
        assert parameter(connection, "abc_window_months", DAY) == Decimal(11)
        assert parameter(connection, "base_currency", DAY) == "CNY"
        with pytest.raises(PolicyError, match="base_currency has no row in force on 1989-12-31"):
            parameter(connection, "base_currency", date(1989, 12, 31))
        assert read_recorded(connection, first.version) == first
        assert read_recorded(connection, second.version).text == second.text
        with pytest.raises(PolicyError, match="was never used here"):
            read_recorded(connection, "0" * 12)


def test_the_transformer_reads_policy_and_changes_nothing(settings):
    with connect(settings, role="yihu_loader") as connection:
        write_policy(connection, read_policy(HOME, "demo"))
    with connect(settings, role="yihu_transformer") as connection, connection.cursor() as cursor:
        cursor.execute("select sum(share) from policy.shares")
        assert cursor.fetchone() == (Decimal("1.00"),)
    with (
        pytest.raises(Exception, match="permission denied"),
        connect(settings, role="yihu_transformer") as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute("delete from policy.shares")


def test_a_record_that_was_altered_is_not_used(settings):
    policy = read_policy(HOME, "demo")
    content = json.loads(policy.text)
    content["shares"][0]["owner"] = "Nobody"
    with connect(settings) as connection:
        with connection.cursor() as cursor:
            cursor.execute(
                "insert into ops.policy_versions values (%s, 'demo', %s)",
                (policy.version, json.dumps(content)),
            )
        with pytest.raises(PolicyError, match=f"policy version {policy.version} was altered"):
            read_recorded(connection, policy.version)


hostile = st.one_of(
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=40),
    st.text("\\'\";\t\n\r,-%{}$N. a", min_size=1, max_size=20),
    st.sampled_from(
        ["\\.", "x\n\\.\ny", "\\N", "'); drop schema policy cascade; --", "%s %(code)s", '"', "null"]
    ),
)


@pytest.fixture
def policy_of_one_reason(tmp_path):
    def build(text: str):
        target = tmp_path / "hostile"
        shutil.copytree(HOME, target, dirs_exist_ok=True)
        rows = rows_of(HOME / "shares.csv")
        save(target / "shares.csv", [{**row, "reason": text} for row in rows])
        return read_policy(target, "demo")

    return build


def test_hostile_text_arrives_unharmed(settings, policy_of_one_reason):
    column = Column("reason", "text")

    @rounds(max_examples=40, deadline=None)
    @given(hostile)
    def arrives(text):
        try:
            parse_cell(column, text)
        except ValueError:
            with pytest.raises(PolicyError, match=r"policy.* cannot be read"):
                policy_of_one_reason(text)
            return
        policy = policy_of_one_reason(text)
        with connect(settings, role="yihu_loader") as connection:
            write_policy(connection, policy)
            assert written(connection, "shares") == expected(policy, "shares")
            assert {row[-1] for row in written(connection, "shares")} == {text}
            assert read_recorded(connection, policy.version) == policy

    arrives()


@given(st.text())
def test_a_cell_is_refused_or_keeps_its_value_in_its_text(text):
    for kind in ("text", "code", "integer", "decimal", "boolean", "date"):
        column = Column("cell", kind)
        try:
            parsed = parse_cell(column, text)
        except ValueError:
            continue
        assert parse_cell(column, as_text(parsed)) == parsed
