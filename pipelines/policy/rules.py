"""What a policy's rows must keep among themselves: each rule yields one message per offence."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from itertools import pairwise, product
from typing import TYPE_CHECKING, Any

from pipelines.policy.cells import as_text, parse_number
from pipelines.policy.shapes import (
    ALL_ATTRIBUTES,
    BAND_NAMES,
    BAND_UNITS,
    DOWNGRADES,
    IMMEDIATE,
    LEAST_PARAMETERS,
    LOWEST_VALUES,
    PARAMETER_UNITS,
    PARTS_OF_ONE,
    PLACEHOLDERS,
    RESPONSE_NAMES,
    SCOPED_BANDS,
    SHAPES,
    STEPS,
    UNITS,
    UPGRADES,
    WHOLE_UNITS,
    Shape,
)

if TYPE_CHECKING:
    from pipelines.policy.read import Row

Tables = Mapping[str, "tuple[Row, ...]"]
ONE = Decimal(1)
A_DAY = timedelta(days=1)


def row_offences(shape: Shape, values: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with one row on its own."""
    if values["effective_to"] and values["effective_to"] < values["effective_from"]:
        yield f"effective_to {values['effective_to']} lies before effective_from {values['effective_from']}"
    if values["proposer"].casefold() == values["approver"].casefold():
        yield f"proposer and approver are the same ({values['approver']}): somebody else must approve"
    for name in _PARTS:
        if values.get(name) is not None and not 0 <= values[name] <= 1:
            yield f"{name} {values[name]} lies outside 0 to 1"
    if "points" in values and not -1 <= values["points"] <= 1:
        yield f"points {values['points']} lie outside -1 to 1"
    for name in ("service_cost_amount", "fixed_cost_amount", "term_days"):
        if name in values and values[name] < 0:
            yield f"{name} {values[name]} is below zero"
    for name in ("below_months", "private_below_months", "watch_months"):
        if values.get(name) is not None and values[name] < 1:
            yield f"{name} {values[name]} is below 1"
    if "unit" in values:
        yield from _unit_offences(shape, values)
    if shape.name == "bands":
        yield from _scope_offences(values)
    if shape.name == "reasons":
        yield from _template_offences(values)
    if shape.name == "score_scales" and values["low_value"] == values["high_value"]:
        yield f"low_value and high_value are the same ({as_text(values['low_value'])}): nothing lies between"
    if shape.name == "credit_event_types" and values["is_malicious"] and not values["is_bad_record"]:
        yield "is_malicious, yet not is_bad_record: malice is always a bad record"
    if shape.name == "tier_presets":
        yield from _preset_offences(values)


def all_offences(tables: Tables) -> Iterator[str]:
    """What is wrong with the rows that hold together, on every date on which any of them holds."""
    for name, rows in tables.items():
        yield from _date_offences(SHAPES[name], rows)
    for name, columns, check in _SETS:
        yield from _set_offences(tables[name], columns, check)
    yield from _set_offences(tables["plays"], (), partial(_play_offences, tables=tables))
    yield from _code_offences(tables)
    yield from _scale_offences(tables)
    yield from _scheme_offences(tables)
    yield from _contradiction_offences(tables)


def holds(row: "Row", on: date) -> bool:
    """Whether a row is in force on a date; both ends are inclusive."""
    return row["effective_from"] <= on and (row["effective_to"] is None or on <= row["effective_to"])


def groups(rows: "Iterable[Row]", columns: tuple[str, ...]) -> "dict[tuple, list[Row]]":
    """Rows by the values of some columns, in the order they came."""
    found: dict[tuple, list[Row]] = defaultdict(list)
    for row in rows:
        found[tuple(row[column] for column in columns)].append(row)
    return dict(found)


def key_text(columns: tuple[str, ...], key: tuple) -> str:
    """A key in words: ``band_set_code aum_level, band_code gold``."""
    named = (f"{name} {value}" for name, value in zip(columns, key, strict=True) if value is not None)
    return ", ".join(named) or "the whole file"


def _units_of(shape: Shape, values: Mapping[str, Any]) -> tuple[str, ...]:
    """The units that the name of a parameter or of a set of bands allows; none where it says nothing."""
    if shape.name == "bands":
        return BAND_UNITS.get(values["band_set_code"], ())
    unit = PARAMETER_UNITS.get(values["parameter_code"].rsplit("_", 1)[-1])
    return (unit,) if unit else ()


def _unit_offences(shape: Shape, values: Mapping[str, Any]) -> Iterator[str]:
    unit = values["unit"]
    number = values["value"] if shape.name == "parameters" else values["lower_bound"]
    if unit not in UNITS:
        yield f"unit {unit} is unknown; known are {', '.join(sorted(UNITS))}"
        return
    if (wanted := _units_of(shape, values)) and unit not in wanted:
        yield f"unit {unit} is not that of its name; it is told in {' or '.join(wanted)}"
    if unit == "code":
        if shape.name != "parameters" or not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", number):
            yield f"{number!r} does not fit the unit code"
        return
    if number is None:
        return
    try:
        number = parse_number("value", str(number))
    except ValueError as error:
        yield f"{error} (unit {unit})"
        return
    if unit in PARTS_OF_ONE and not 0 <= number <= 1:
        yield f"{number} is no {unit}: it lies outside 0 to 1"
    if unit in WHOLE_UNITS and number != int(number):
        yield f"{number} {unit} is not a whole number"
    if number < 0 and (shape.name == "parameters" or unit in LOWEST_VALUES):
        yield f"{number} {unit} is below zero"
    lowest = LEAST_PARAMETERS.get(values.get("parameter_code"))
    if lowest is not None and number < lowest:
        yield f"{number} {unit} is less than {lowest}, below which nothing can be reckoned"


def _scope_offences(values: Mapping[str, Any]) -> Iterator[str]:
    if not values["region_name"] and not values["branch_id"]:
        return
    if values["region_name"] and values["branch_id"]:
        yield "a band holds for a region or for a branch, not for both"
    if values["band_set_code"] not in SCOPED_BANDS:
        yield f"{values['band_set_code']} cannot differ by region or branch"


def _template_offences(values: Mapping[str, Any]) -> Iterator[str]:
    found = {name: set(re.findall(r"\{([^{}]*)\}", values[name])) for name in ("template_zh", "template_en")}
    for name, used in found.items():
        if unknown := sorted(used - PLACEHOLDERS):
            yield f"{name} uses unknown placeholders {', '.join(unknown)}"
    if found["template_zh"] != found["template_en"]:
        yield "the two templates use different placeholders"


def _preset_offences(values: Mapping[str, Any]) -> Iterator[str]:
    upgrade, downgrade = values["upgrade_code"], values["downgrade_code"]
    if upgrade not in UPGRADES:
        yield f"upgrade_code {upgrade} is unknown; known are {', '.join(UPGRADES)}"
    if upgrade == IMMEDIATE:
        for name in ("below_months", "private_below_months", "watch_months", "downgrade_code"):
            if values[name] is not None:
                yield f"{name} {values[name]} means nothing where upgrade_code is {IMMEDIATE}: leave it empty"
                yield f"{name} {values[name]} has no meaning where upgrade_code is {IMMEDIATE}"
        return
    if values["below_months"] is None:
        yield "below_months is empty: a tier would never fall"
    if downgrade not in DOWNGRADES:
        yield f"downgrade_code {downgrade} is unknown; known are {', '.join(DOWNGRADES)}"


def _date_offences(shape: Shape, rows: "Iterable[Row]") -> Iterator[str]:
    for key, versions in groups(rows, shape.key).items():
        versions.sort(key=lambda row: row["effective_from"])
        for former, latter in pairwise(versions):
            words, begin, end = key_text(shape.key, key), latter["effective_from"], former["effective_to"]
            if end is None or begin <= end:
                until = end or "open"
                yield (
                    f"{latter.place}: {words} from {begin} overlaps {former.place} "
                    f"({former['effective_from']} to {until}); close that row on the day before"
                )
            elif begin != end + A_DAY:
                yield (
                    f"{latter.place}: {words} has a gap between {end} ({former.place}) and {begin}; "
                    f"begin it on {end + A_DAY}"
                )


def _set_offences(
    rows: "Iterable[Row]",
    columns: tuple[str, ...],
    check: "Callable[[list[Row]], Iterator[str]]",
) -> Iterator[str]:
    for key, members in groups(rows, columns).items():
        for day in _turning_days(members):
            if held := [row for row in members if holds(row, day)]:
                words = f"{key_text(columns, key)} on {day}" if columns else f"on {day}"
                yield from (f"{held[0].file}: {words}: {offence}" for offence in check(held))


def _turning_days(rows: "Iterable[Row]") -> list[date]:
    begins = {row["effective_from"] for row in rows}
    return sorted(begins | {row["effective_to"] + A_DAY for row in rows if row["effective_to"]})


def _band_offences(rows: "list[Row]") -> Iterator[str]:
    yield from _rank_offences(rows)
    ladder = sorted(rows, key=lambda row: row["rank"])
    if len({row["unit"] for row in ladder}) > 1:
        yield "the bands use different units"
        return
    first, lowest = ladder[0], LOWEST_VALUES.get(ladder[0]["unit"])
    if first["band_set_code"] in STEPS:
        if first["lower_bound"] is None or first["lower_bound"] <= 0:
            yield f"step {first['band_code']} is not above 0: nothing is divided by it ({first.place})"
    elif first["lower_bound"] is not None and (
        lowest is None or first["lower_bound"] > lowest or not first["lower_inclusive"]
    ):
        yield f"the lowest band {first['band_code']} does not reach the lowest value ({first.place})"
    for former, latter in pairwise(ladder):
        if latter["lower_bound"] is None:
            yield f"band {latter['band_code']} has no lower bound, which only the lowest may leave out"
        elif former["lower_bound"] is not None and latter["lower_bound"] <= former["lower_bound"]:
            yield (
                f"band {latter['band_code']} ({latter.place}) begins at {latter['lower_bound']}, "
                f"not above {former['band_code']} at {former['lower_bound']}"
            )


def _share_offences(rows: "list[Row]") -> Iterator[str]:
    yield from _rank_offences(rows)
    total = sum((row["share"] for row in rows), Decimal(0))
    if total != ONE:
        yield f"the shares sum to {total}, not to 1"


def _rank_offences(rows: "list[Row]") -> Iterator[str]:
    ranks = sorted(row["rank"] for row in rows)
    if ranks != list(range(1, len(rows) + 1)):
        yield f"ranks {', '.join(map(str, ranks))} do not run from 1 to {len(rows)} without a gap or a repeat"


def _churn_offences(rows: "list[Row]") -> Iterator[str]:
    steps = sorted(rows, key=lambda row: row["days_inactive_from"])
    if steps[0]["days_inactive_from"] != 0:
        yield f"the first step begins at {steps[0]['days_inactive_from']} days, not at 0"
    for former, latter in pairwise(steps):
        if latter["churn_probability"] <= former["churn_probability"]:
            yield f"the probability does not rise at {latter['days_inactive_from']} days ({latter.place})"


def _weight_offences(rows: "list[Row]") -> Iterator[str]:
    total = sum((row["weight"] for row in rows), Decimal(0))
    if total != ONE:
        yield f"the weights sum to {total}, not to 1"


def _play_offences(rows: "list[Row]", tables: Tables) -> Iterator[str]:
    """Every layer, loyalty and wallet has its play: nobody is left without one."""
    names = tables["codes"]
    tiers, levels = (
        sorted({row["code"] for row in names if row["code_set"] == code_set})
        for code_set in ("tier_maintenance_layer", "part_level")
    )
    told = {(row["tier_code"], row["loyalty_code"], row["wallet_code"]) for row in rows}
    for combination in product(tiers, levels, levels):
        if combination not in told:
            yield f"no play for {', '.join(combination)}"


def _grade_offences(rows: "list[Row]") -> Iterator[str]:
    yield from _rank_offences(rows)
    ladder = sorted(rows, key=lambda row: row["rank"])
    for worse, better in pairwise(ladder):
        words = f"grade {better['credit_grade_code']} ({better.place})"
        if better["score"] <= worse["score"]:
            yield f"the score does not rise with {words}"
        if better["default_probability"] >= worse["default_probability"]:
            yield f"the default_probability does not fall with {words}"


def _scale_offences(tables: Tables) -> Iterator[str]:
    """A part of a score that is scaled has both its scale and its weight."""
    scales, weights = tables["score_scales"], tables["score_weights"]
    for day in _turning_days([*scales, *weights]):
        scaled = {(row["score_code"], row["part_code"]) for row in scales if holds(row, day)}
        scores = {score for score, _ in scaled}
        weighed = {(row["score_code"], row["part_code"]) for row in weights if holds(row, day)}
        for score, part in sorted(scaled - weighed):
            yield f"score_scales.csv: part {part} of {score} has no weight on {day} (score_weights.csv)"
        for score, part in sorted(weighed - scaled):
            if score in scores:
                yield f"score_weights.csv: part {part} of {score} has no scale on {day} (score_scales.csv)"


def _code_offences(tables: Tables) -> Iterator[str]:
    classes = {row["product_class_code"] for row in tables["product_classes"]}
    names = {(row["code_set"], row["code"]) for row in tables["codes"]}
    products = {(row["source_code"], row["product_code"]) for row in tables["products"]}
    for row in tables["scope_products"]:
        if (row["source_code"], row["product_code"]) not in products:
            yield f"{row.place}: {row['source_code']} {row['product_code']} is not in products.csv"
    for row in tables["potential_groups"]:
        if row["attribute_code"] not in GROUP_ATTRIBUTES:
            yield f"{row.place}: attribute_code {row['attribute_code']} is neither occupation nor position"
        elif (row["attribute_code"], row["code"]) not in names:
            yield f"{row.place}: code {row['code']} is not in codes.csv (code_set {row['attribute_code']})"
    steps = {row["band_code"] for row in tables["bands"] if row["band_set_code"] in STEPS}
    for row in tables["gifts"]:
        if row["band_code"] not in steps:
            yield f"{row.place}: band_code {row['band_code']} is no step of gift_years in bands.csv"
    for name in ("products", "cross_buys"):
        for row in tables[name]:
            code = row["product_class_code"]
            if code not in classes:
                yield f"{row.place}: product_class_code {code} is not in product_classes.csv"
    for name, column, code_set in _NAMED:
        for row in tables[name]:
            if row[column] not in (None, ALL_ATTRIBUTES) and (code_set, row[column]) not in names:
                yield f"{row.place}: {column} {row[column]} is not in codes.csv (code_set {code_set})"
    for name, set_column, column, code_sets in _NAMED_BY_SET:
        for row in tables[name]:
            code_set = code_sets.get(row[set_column])
            if code_set and (code_set, row[column]) not in names:
                yield f"{row.place}: {column} {row[column]} is not in codes.csv (code_set {code_set})"


_PARTS = (
    *("share", "churn_probability", "aum_weight", "weight", "annual_rate", "default_probability"),
    "score",
)


def _scheme_offences(tables: Tables) -> Iterator[str]:
    presets = {row["preset_code"] for row in tables["tier_presets"]}
    for row in tables["tier_schemes"]:
        scheme, private = row["scheme_code"], row["private_from_rank"]
        if row["preset_code"] not in presets:
            yield f"{row.place}: preset_code {row['preset_code']} is not in tier_presets.csv"
        elif row["preset_code"] != IMMEDIATE and not any(
            band["band_set_code"] == scheme for band in tables["bands"]
        ):
            yield f"{row.place}: scheme {scheme} has no bands to rise and fall by; its preset is {IMMEDIATE}"
        if private is not None and private < 1:
            yield f"{row.place}: private_from_rank {private} is below 1"


def _contradiction_offences(tables: Tables) -> Iterator[str]:
    names = {(row["code_set"], row["code"]) for row in tables["codes"]}
    for row in tables["tier_contradictions"]:
        for prefix in ("", "other_"):
            scheme, tier = row[f"{prefix}scheme_code"], row[f"{prefix}tier_code"]
            if (f"tier_{scheme}", tier) not in names:
                yield f"{row.place}: {prefix}tier_code {tier} is not in codes.csv (code_set tier_{scheme})"
        if row["scheme_code"] == row["other_scheme_code"]:
            yield f"{row.place}: both tiers are of scheme {row['scheme_code']}, which gives a customer one"


# Columns that hold a code, and the code set that names it.
_NAMED = (
    ("product_classes", "side_code", "side"),
    ("product_classes", "family_code", "product_family"),
    ("product_classes", "curve_code", "curve"),
    ("product_classes", "fee_family_code", "fee_family"),
    ("products", "rate_basis_code", "rate_basis"),
    ("products", "transfer_basis_code", "transfer_basis"),
    ("transfer_prices", "curve_code", "curve"),
    ("holder_shares", "role_code", "role"),
    ("contact_requirements", "customer_kind_code", "customer_kind"),
    ("contact_requirements", "contact_code", "contact"),
    ("survivorship", "attribute_code", "customer_attribute"),
    ("survivorship", "rule_code", "survivorship_rule"),
    ("tier_schemes", "scheme_code", "tier_scheme"),
    ("tier_contradictions", "severity_code", "severity"),
    ("potential_groups", "group_code", "potential_group"),
    ("gifts", "gift_code", "gift"),
    ("plays", "tier_code", "tier_maintenance_layer"),
    ("plays", "loyalty_code", "part_level"),
    ("plays", "wallet_code", "part_level"),
    ("plays", "play_code", "play"),
    ("credit_grades", "credit_grade_code", "credit_grade"),
    ("credit_event_types", "event_type_code", "credit_event"),
    ("score_scales", "part_code", "stability_part"),
    ("response_points", "response_kind_code", "response_kind"),
    ("feedback_points", "feedback_kind_code", "feedback_kind"),
    ("feedback_points", "outcome_code", "feedback_outcome"),
    ("tier_schemes", "scheme_code", "scheme"),
    ("cross_buys", "lowest_aum_level_code", "tier_aum_level"),
    ("loss_reason_topics", "category_code", "feedback_category"),
    ("loss_reason_topics", "loss_reason_code", "loss_reason"),
)
_NAMED_BY_SET = (
    ("bands", "band_set_code", "band_code", BAND_NAMES),
    ("shares", "share_set_code", "band_code", BAND_NAMES),
    ("response_points", "response_kind_code", "response_code", RESPONSE_NAMES),
)
GROUP_ATTRIBUTES = ("occupation", "position")
_SETS = (
    ("bands", ("band_set_code", "region_name", "branch_id"), _band_offences),
    ("shares", ("share_set_code",), _share_offences),
    ("score_weights", ("score_code",), _weight_offences),
    ("churn_rule", (), _churn_offences),
    ("credit_grades", (), _grade_offences),
)
