"""What each policy file holds: its columns, their kinds, what identifies a row, which rows go together."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any


class PolicyError(Exception):
    """A policy that cannot be used: the message names file, row, date and reason."""


@dataclass(frozen=True)
class Column:
    """A column and its kind: text, code, integer, decimal, boolean or date."""

    name: str
    kind: str
    is_optional: bool = False


@dataclass(frozen=True)
class Shape:
    """One policy file.

    ``key`` identifies a row on a date; ``group`` names the rows that a bank replaces together (empty: the
    whole file). A list may gain and lose members over time; all other groups must hold on every date. A bank
    may do without an optional file.
    """

    name: str
    key: tuple[str, ...]
    group: tuple[str, ...]
    columns: tuple[Column, ...]
    is_list: bool = False
    is_optional: bool = False

    @property
    def column_names(self) -> tuple[str, ...]:
        """Column names in declared order."""
        return tuple(column.name for column in self.columns)

    def is_scoped(self, values: Mapping[str, Any]) -> bool:
        """Whether a row holds for a part of the bank only: a cell of its key that may be empty is not."""
        parts = (column.name for column in self.columns if column.name in self.key and column.is_optional)
        return any(values[name] for name in parts)


SQL_TYPES = {
    "text": "text",
    "code": "text",
    "integer": "integer",
    "decimal": "numeric",
    "boolean": "boolean",
    "date": "date",
}
UNITS = frozenset({"months", "days", "count", "share", "weight", "score", "amount", "code"})
# The unit in which a number is told by its name: the last word of a parameter, or the set of a band.
PARAMETER_UNITS = {
    **{name: name for name in ("amount", "count", "days", "months", "score", "share", "weight")},
    "rate": "share",
    "years": "count",
    "editions": "count",
}
BAND_UNITS = {
    "aum_level": ("amount",),
    "maintenance_layer": ("amount",),
    "tenure": ("months",),
    "gift_years": ("count",),
    "age_group": ("count",),
    "rfm": ("score",),
    "rfm_recency": ("share", "days"),  # by the share of customers, or by the value itself (rfm_cut_method)
    "rfm_frequency": ("share", "count"),
    "rfm_monetary": ("share", "amount"),
    **dict.fromkeys(
        (
            *("churn_band", "mvc_growth", "mvc_value", "profitability", "pyramid_loyalty"),
            *("pyramid_value", "stability", "wallet_share"),
        ),
        ("share",),
    ),
}
WHOLE_UNITS = frozenset({"months", "days", "count"})
PARTS_OF_ONE = frozenset({"share", "weight"})
LOWEST_VALUES = {"share": 0, "weight": 0, "months": 0, "days": 0, "count": 0, "score": 1}
# What divides, or steps towards 1 in at most a hundred steps.
LEAST_PARAMETERS = {"day_count_basis_days": 1, "concentration_step_share": Decimal("0.01")}
# The code set that names the bands of a set in both languages.
BAND_NAMES = {
    "aum_level": "tier_aum_level",
    "rfm": "tier_rfm",
    "abc": "tier_abc",
    "churn_band": "churn_band",
    "maintenance_layer": "tier_maintenance_layer",
    "tenure": "tier_tenure",
    "age_group": "age_group",
    **dict.fromkeys(
        (
            *("profitability", "stability", "pyramid_value", "pyramid_loyalty"),
            *("mvc_value", "mvc_growth", "wallet_share"),
        ),
        "part_level",
    ),
}
# Sets whose bounds are steps that divide a number: they need not reach its lowest value, and none is nothing.
STEPS = frozenset({"gift_years"})
# Band sets that a region or a branch may have of its own.
SCOPED_BANDS = frozenset(BAND_NAMES) - {"abc", "age_group", "churn_band"} | {"gift_years"}
# The code set that names the answers of a kind of contact.
RESPONSE_NAMES = {"contact": "contact_result", "campaign": "campaign_response"}
ALL_ATTRIBUTES = "*"
IMMEDIATE = "immediate"  # the tier is what tonight's metric says
UPGRADES = (IMMEDIATE, "at_once", "next_month")
DOWNGRADES = ("last", "best")
PLACEHOLDERS = frozenset({"metric", "threshold", "detail"})

COMMON = "effective_from:date effective_to:date? owner:text proposer:text approver:text reason:text"


def _columns(text: str) -> tuple[Column, ...]:
    pairs = (word.split(":") for word in text.split())
    return tuple(Column(name, kind.rstrip("?"), kind.endswith("?")) for name, kind in pairs)


def _shape(name: str, key: str, group: str, columns: str, **traits: bool) -> Shape:
    return Shape(name, tuple(key.split()), tuple(group.split()), _columns(f"{columns} {COMMON}"), **traits)


SHAPES = {
    shape.name: shape
    for shape in (
        _shape("parameters", "parameter_code", "parameter_code", "parameter_code:code value:text unit:code"),
        _shape(
            "bands",
            "band_set_code band_code region_name branch_id",
            "band_set_code region_name branch_id",
            "band_set_code:code band_code:code rank:integer "
            "lower_bound:decimal? lower_inclusive:boolean unit:code region_name:text? branch_id:text?",
        ),
        _shape(
            "shares",
            "share_set_code band_code",
            "share_set_code",
            "share_set_code:code band_code:code rank:integer share:decimal",
        ),
        _shape(
            "churn_rule", "days_inactive_from", "", "days_inactive_from:integer churn_probability:decimal"
        ),
        _shape(
            "product_classes",
            "product_class_code",
            "product_class_code",
            "product_class_code:code family_code:code side_code:code aum_weight:decimal curve_code:code? "
            "fee_family_code:code is_market_priced:boolean service_cost_amount:decimal "
            "fixed_cost_amount:decimal name_zh:text name_en:text rank:integer",
            is_list=True,
        ),
        _shape(
            "products",
            "source_code product_code",
            "source_code product_code",
            "source_code:code product_code:text product_class_code:code rate_basis_code:code "
            "transfer_basis_code:code annual_rate:decimal? name_zh:text name_en:text",
            is_list=True,
        ),
        _shape(
            "transaction_types",
            "transaction_type_code",
            "transaction_type_code",
            "transaction_type_code:code is_activity:boolean is_income:boolean is_fee:boolean "
            "is_asset_flow:boolean name_zh:text name_en:text rank:integer",
            is_list=True,
        ),
        _shape(
            "codes",
            "code_set code",
            "code_set code",
            "code_set:code code:code name_zh:text name_en:text rank:integer",
            is_list=True,
        ),
        _shape(
            "reasons",
            "reason_code",
            "reason_code",
            "reason_code:code template_zh:text template_en:text",
            is_list=True,
        ),
        _shape(
            "score_weights",
            "score_code part_code",
            "score_code",
            "score_code:code part_code:code weight:decimal",
        ),
        _shape(
            "transfer_prices",
            "curve_code term_days",
            "curve_code",
            "curve_code:code term_days:integer annual_rate:decimal",
            is_list=True,
            is_optional=True,
        ),
        _shape("holder_shares", "role_code", "role_code", "role_code:code weight:decimal", is_list=True),
        _shape(
            "contact_requirements",
            "customer_kind_code contact_code",
            "customer_kind_code contact_code",
            "customer_kind_code:code contact_code:code is_required:boolean",
            is_list=True,
        ),
        _shape(
            "survivorship",
            "source_code attribute_code",
            "source_code attribute_code",
            "source_code:code attribute_code:text priority:integer rule_code:code",
            is_list=True,
            is_optional=True,
        ),
        _shape(
            "tier_schemes",
            "scheme_code",
            "scheme_code",
            "scheme_code:code preset_code:code private_from_rank:integer?",
        ),
        _shape(
            "tier_presets",
            "preset_code",
            "preset_code",
            "preset_code:code upgrade_code:code below_months:integer? private_below_months:integer? "
            "watch_months:integer? downgrade_code:code?",
        ),
        _shape(
            "tier_contradictions",
            "contradiction_code",
            "contradiction_code",
            "contradiction_code:code scheme_code:code tier_code:code other_scheme_code:code "
            "other_tier_code:code severity_code:code name_zh:text name_en:text",
            is_list=True,
        ),
        _shape(
            "potential_groups",
            "group_code attribute_code code",
            "group_code",
            "group_code:code attribute_code:code code:code",
            is_list=True,
        ),
        _shape(
            "gifts",
            "band_code gift_code",
            "band_code",
            "band_code:code gift_code:code",
            is_list=True,
        ),
        _shape(
            "plays",
            "tier_code loyalty_code wallet_code",
            "tier_code loyalty_code wallet_code",
            "tier_code:code loyalty_code:code wallet_code:code play_code:code",
        ),
        _shape(
            "scope_products",
            "source_code product_code",
            "source_code product_code",
            "source_code:code product_code:text",
            is_list=True,
            is_optional=True,
        ),
        _shape(
            "credit_grades",
            "credit_grade_code",
            "",
            "credit_grade_code:code rank:integer default_probability:decimal score:decimal",
        ),
        _shape(
            "credit_event_types",
            "event_type_code",
            "event_type_code",
            "event_type_code:code is_bad_record:boolean is_malicious:boolean",
            is_list=True,
        ),
        _shape(
            "score_scales",
            "score_code part_code",
            "score_code",
            "score_code:code part_code:code low_value:decimal high_value:decimal",
        ),
        _shape(
            "response_points",
            "response_kind_code response_code",
            "response_kind_code response_code",
            "response_kind_code:code response_code:code points:decimal",
            is_list=True,
        ),
        _shape(
            "feedback_points",
            "feedback_kind_code outcome_code",
            "feedback_kind_code outcome_code",
            "feedback_kind_code:code outcome_code:code points:decimal",
            is_list=True,
        ),
        _shape(
            "cross_buys",
            "product_class_code",
            "product_class_code",
            "product_class_code:code lowest_aum_level_code:code needs_good_credit:boolean",
            is_list=True,
        ),
        _shape(
            "loss_reason_topics",
            "category_code",
            "category_code",
            "category_code:code loss_reason_code:code",
            is_list=True,
        ),
    )
}
