"""Every policy row counts (law 5): changed by one unit, it moves something that readers see, or it is dead.

One night of each bank is run. Then, row by row, in a transaction that is rolled back: the row is changed in
the policy schema, the compiled models below it run again into the tables they had filled, the churn rule
scores again, and what stands in `reporting` is compared with what stood there before. The tables `policies`
and `data_dictionary` and the version columns do not count.

Not tried, because they cannot be changed alone: keys, units, and the ranks of bands. ``lower_inclusive``
moves only who stands on a bound; the models' unit tests put somebody there.
"""

import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from operator import itemgetter
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from conftest import own_bank
from handmade_deliveries import read_delivery, write_delivery
from night_support import run_night, warm
from psycopg2 import sql

from pipelines import gates
from pipelines.building import history
from pipelines.churn import RuleError, score_by_inactivity
from pipelines.churn.calibration import fit_bands
from pipelines.churn.features import NAMES as FEATURES
from pipelines.churn.frame import sample_share
from pipelines.churn.scores import Stability, rule_score
from pipelines.churn.splits import split_snapshots
from pipelines.churn.thresholds import read_thresholds
from pipelines.demo_bank import write_demo_bank
from pipelines.demo_bank.numbers import credit_code, person_number
from pipelines.gates.deliveries import delivery_results
from pipelines.gates.limits import FLOW, MEAN, PARAMETERS, SHARE, STOCK, read_limits
from pipelines.gates.measures import Measure
from pipelines.gates.policy_values import read_policy_values
from pipelines.gates.suites import QUERY, fill, load_suites
from pipelines.gates.trend import TrendRule, judge
from pipelines.gates.window import received_window
from pipelines.landing import write_rows
from pipelines.policy import SHAPES, Policy, Row, parameter, read_policy
from pipelines.policy.cells import as_text
from pipelines.policy.rules import all_offences, row_offences
from pipelines.publishing import catalog, editions
from pipelines.publishing.governance import GOVERNANCE
from pipelines.publishing.shape import MODEL_VERSION, VERSIONS
from pipelines.settings import ROOT, Settings
from pipelines.sources import active_sources, load_source
from pipelines.sources.berka_archive import deliver_archive
from pipelines.subjects.obligations import CLASSES, Obligation, obligations
from pipelines.subjects.person import Person
from pipelines.warehouse import connect

BERKA_FILES = Path(os.environ.get("YIHU_BERKA_FILES") or ROOT.parent / "shared" / "data" / "berka")
POLICIES = {bank: read_policy(ROOT / "policy", bank) for bank in ("demo", "berka")}
OPEN = gates.GateVerdict(True, (), (), 1, "", date.min)
CUSTOMERS = 400
FIRST = date(2025, 9, 1)  # more than the longest window before the night
NIGHTS = {"demo": date(2026, 10, 31), "berka": date(1994, 2, 28)}
HORIZON, DORMANT_DAYS, MATURITY_DAYS = 3, 183, 90  # what the policy says

# What a committee moves at the least: a hundredth of a share or a weight, a tenth of a score, a whole month,
# day or edition; of an amount the tenth part.
UNITS = {
    "share": Decimal("0.01"),
    "weight": Decimal("0.01"),
    "score": Decimal("0.1"),
    "months": Decimal(1),
    "days": Decimal(1),
    "count": Decimal(1),
}
COLUMN_UNITS = {
    "share": "share",
    "churn_probability": "share",
    "aum_weight": "weight",
    "weight": "weight",
    "rank": "count",
    "days_inactive_from": "days",
    "score": "share",
    "low_value": "share",
    "high_value": "share",
    "points": "share",
    "below_months": "months",
    "private_below_months": "months",
    "watch_months": "months",
    "private_from_rank": "count",
    "annual_rate": "share",
    "default_probability": "share",
    "service_cost_amount": "amount",
    "fixed_cost_amount": "amount",
}
IN_USE = {
    "products": "marts.accounts as account inner join marts.account_months as month "
    "on account.account_id = month.account_id "
    "where account.source_code = %s and account.product_code = %s and month.base_balance_amount <> 0",
    "product_classes": "marts.accounts as account inner join marts.account_months as month "
    "on account.account_id = month.account_id "
    "where account.product_class_code = %s and month.base_balance_amount <> 0",
    "transaction_types": "marts.transactions where transaction_type_code = %s",
    "credit_grades": "intermediate.int_credit_grades_unioned where credit_grade_code = %s",
    "credit_event_types": "intermediate.int_credit_events_unioned where event_type_code = %s",
    "response_points": "intermediate.int_responses_pointed where kind_code = %s and answer_code = %s",
    "feedback_points": "intermediate.int_responses_pointed where kind_code = %s and answer_code = %s",
    "tier_contradictions": "marts.customer_contradictions where contradiction_code = %s",
    "score_scales": "marts.stability_parts "
    "where score_code = %s and part_code = %s and raw_value is not null",
    "scope_products": "marts.accounts where source_code = %s and product_code = %s",
    "gifts": "intermediate.int_gifts_allotted as drawn inner join policy.bands as step "
    "on step.band_set_code = 'gift_years' and drawn.step_years = step.lower_bound "
    "where step.band_code = %s and drawn.gift_code = %s",
    "plays": "marts.customer_plays where tier_code = %s and loyalty_code = %s and wallet_code = %s",
    "potential_groups": "marts.potential_group_members as member inner join marts.customers as customer "
    "on member.customer_id = customer.customer_id where member.group_code = %s "
    "and case %s when 'occupation' then occupation_code else position_code end = %s",
    "cross_buys": "marts.product_propensities "
    "where product_class_code = %s and propensity_rate > 0 and holder_margin_amount > 0",
    "loss_reason_topics": "intermediate.int_feedbacks_unioned "
    "where feedback_kind_code = 'complaint' and category_code = %s",
    "reasons": "(select rule_code from marts.current_tiers union all select 'churn.inactivity' "
    "union all select reason_code from marts.product_outlooks) as given where rule_code = %s",
}
KEYS = ("code", "product_code", "gift_code")  # a list's key is no number: the row matters by being in force
# Rows of these that nobody has yet rest: nothing names them but what they tell of a customer.
MAY_REST = {
    *("reasons", "gifts", "plays", "potential_groups", "scope_products"),
    *("cross_buys", "loss_reason_topics"),
}
CODES = (
    "family_code",
    "side_code",
    "rule_code",
    "preset_code",
    "upgrade_code",
    "downgrade_code",
    "severity_code",
    "play_code",
    "lowest_aum_level_code",
    "loss_reason_code",
)
OTHERS = {  # what another code of the column is
    "curve_code": {"deposit": "loan", "loan": "deposit"},
    "fee_family_code": {"settlement": "cards"},
    "rate_basis_code": {"booked": "contract", "contract": "booked", "listed": "booked"},
    "transfer_basis_code": {"matched": "floating", "floating": "matched"},
}
OTHER_CODES = {
    "CNY": "USD",
    "CZK": "USD",
    "share": "value",
    "asset": "liability",
    "liability": "asset",
    "deposit": "investment",
    "investment": "deposit",
    "insurance": "deposit",
    "custody": "deposit",
    "loan": "card",
    "card": "loan",
    "priority": "newest",
    "warning": "critical",
    "newest": "priority",
    "ccb": "bohai",
    "bohai": "ccb",
    "at_once": "next_month",
    "next_month": "at_once",
    "last": "best",
    "high": "medium",
    "medium": "low",
    "low": "high",
    "best": "last",
    "retain": "dig",
    "dig": "retain",
    "contend": "grab",
    "grab": "contend",
    "cultivate": "retain",
    "ordinary": "gold",
    "gold": "ordinary",
    "other": "unknown",
    "narrow_products": "other",
    "weak_technology": "other",
    "few_outlets": "other",
    "poor_facilities": "other",
    "staff_attitude": "other",
    "stale_products": "other",
    "missed_mobile": "other",
}
SUMS_TO_ONE = {"shares": "share_set_code", "score_weights": "score_code"}
NAMES = ("name_zh", "name_en", "template_zh", "template_en")
OF_PRICES = ("rate_basis_code", "transfer_basis_code", "annual_rate")
CELLS = {  # the columns that are tried, by table
    "parameters": ("value",),
    "bands": ("lower_bound",),
    "shares": ("share",),
    "churn_rule": ("days_inactive_from", "churn_probability"),
    "product_classes": (
        *("family_code", "side_code", "aum_weight", "name_zh", "name_en", "rank", "curve_code"),
        *("fee_family_code", "service_cost_amount", "fixed_cost_amount", "is_market_priced"),
    ),
    "products": ("product_class_code", "name_zh", "name_en", *OF_PRICES),
    "transfer_prices": ("annual_rate",),
    "transaction_types": (
        *("is_activity", "is_income", "is_fee", "is_asset_flow"),
        *("name_zh", "name_en", "rank"),
    ),
    "survivorship": ("priority", "rule_code"),
    "holder_shares": ("weight",),
    "contact_requirements": ("is_required",),
    "tier_schemes": ("preset_code", "private_from_rank"),
    "tier_presets": (
        "upgrade_code",
        "below_months",
        "private_below_months",
        "watch_months",
        "downgrade_code",
    ),
    "tier_contradictions": ("severity_code", "name_zh", "name_en"),
    "codes": ("name_zh", "name_en", "rank"),
    "reasons": ("template_zh", "template_en"),
    "potential_groups": ("code",),
    "gifts": ("gift_code",),
    "plays": ("play_code",),
    "scope_products": ("product_code",),
    "score_weights": ("weight",),
    "credit_grades": ("score", "default_probability"),
    "credit_event_types": ("is_bad_record", "is_malicious"),
    "score_scales": ("low_value", "high_value"),
    "response_points": ("points",),
    "feedback_points": ("points",),
    "cross_buys": ("lowest_aum_level_code", "needs_good_credit"),
    "loss_reason_topics": ("loss_reason_code",),
}

Change = list[tuple[Row, str, Any]]  # rows with one column's new value each
Relation = tuple[str, str]  # schema and name


# ── the changes of a row ────────────────────────────────────────────────────────────────────────────────────


def changes(bank: str, table: str, row: Row, column: str) -> list[Change]:
    """The smallest changes of one cell that leave a valid policy; one of them must move something.

    What cannot change in a valid policy, as the floor of the lowest band, must matter by being in force.
    """
    valid = [change for change in attempts(bank, table, row, column) if is_valid(bank, table, change)]
    return valid or [[(row, "effective_from", NIGHTS[bank] + timedelta(days=1))]]


def attempts(bank: str, table: str, row: Row, column: str) -> Iterator[Change]:
    value = row[column]
    if value is None or (column in ("is_market_priced", "is_income", "is_asset_flow") and not value):
        return  # matters by being in force; what has no price, never comes in or never leaves stays so
    if column in NAMES:
        yield [(row, column, f"{value}*")]
    elif column in KEYS:
        return
    elif isinstance(value, bool):
        yield [(row, column, not value)]
    elif column == "priority":
        for other in POLICIES[bank].tables[table]:
            is_same = other["attribute_code"] == row["attribute_code"]
            if is_same and abs(other["priority"] - value) == 1:
                yield [(row, column, other["priority"]), (other, column, value)]
    elif column == "product_class_code":
        yield [(row, column, "current_deposit" if value == "fund" else "fund")]
    elif column in OTHERS:
        if table == "product_classes" or (is_measured(bank, row) and is_choice(bank, column)):
            yield [(row, column, OTHERS[column].get(value, "settlement"))]
    elif column in CODES or row.values.get("unit") == "code":
        yield [(row, column, OTHER_CODES.get(value, "current_deposit"))]
    elif value is not None:
        unit = row.values.get("unit") or COLUMN_UNITS[column]
        size = (Decimal(value) / 10 or Decimal(1)) if unit == "amount" else UNITS[unit]
        for step in (size, -size):
            yield [moved_by(row, column, step), *balanced(bank, table, row, column, -step)]


def is_choice(bank: str, column: str) -> bool:
    """Whether a bank's own curve of deposits has more than one point to choose from; none is delivered."""
    points = [one for one in POLICIES[bank].tables["transfer_prices"] if one["curve_code"] == "deposit"]
    return column != "transfer_basis_code" or len(points) != 1


def is_measured(bank: str, product: Row) -> bool:
    """Whether balances of a product earn by a curve: the rate of any other counts nowhere."""
    classes = POLICIES[bank].tables["product_classes"]
    names = {row["product_class_code"] for row in classes if row["curve_code"]}
    return product["product_class_code"] in names


def balanced(bank: str, table: str, row: Row, column: str, step: Decimal) -> Change:
    """Shares and weights sum to 1: a neighbour gives what the row takes."""
    if table in SUMS_TO_ONE:
        whole = SUMS_TO_ONE[table]
        others = [one for one in POLICIES[bank].tables[table] if one[whole] == row[whole]]
    elif row.values.get("unit") == "weight":
        others = [one for one in POLICIES[bank].tables[table] if one["unit"] == "weight"]
    else:
        return []
    return [moved_by(others[others.index(row) - 1], column, step)]


def moved_by(row: Row, column: str, step: Decimal) -> tuple[Row, str, Any]:
    """The cell with its number moved; the values of parameters are texts, whole numbers stay whole."""
    number = Decimal(row[column]) + step
    kind = type(row[column])
    return row, column, as_text(number) if kind is str else kind(number)


def word_of(row: Row, column: str) -> str:
    """How a model that depends on the cell must name it: the parameter's code, else the column."""
    return row.values.get("parameter_code", column)


def is_valid(bank: str, table: str, change: Change) -> bool:
    policy = changed(POLICIES[bank], table, change)
    rows = policy.tables[table]
    return not any(all_offences(policy.tables)) and not any(
        any(row_offences(SHAPES[table], row.values)) for row in rows
    )


def changed(policy: Policy, table: str, change: Change) -> Policy:
    """The policy with a change of some of a table's rows."""
    rows = list(policy.tables[table])
    for row, column, value in change:
        rows[rows.index(row)] = replace(row, values={**row.values, column: value})
    return replace(policy, tables={**policy.tables, table: tuple(rows)})


# ── the night that is looked at ─────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Model:
    """A table of dbt: where it stands now, the query it was filled by, all it is made from.

    ``words`` are the query's and those of the views that it reads.
    """

    name: str
    relation: Relation
    statement: str
    words: str
    ancestors: frozenset[str]

    @property
    def follows_scores(self) -> bool:
        """Whether it follows from tonight's scores; those of former month ends are known before."""
        scores = "customer_churn_scores"
        return self.name == scores or f"model.yihu.{scores}" in self.ancestors


@dataclass(frozen=True)
class View:
    """A published view: the tables it reads, and the query that gives its rows and content."""

    reads: frozenset[Relation]
    statement: sql.Composed


class PublishedNight:
    """A night that was published, to try policy changes on; nothing that is tried stays."""

    def __init__(self, settings: Settings, business_date: date, connection: Any) -> None:
        self.settings = settings
        self.business_date = business_date
        self.connection = connection
        self.edition = editions.current(connection)
        self.models = read_models(settings, self.edition.edition_id)
        self.views = read_views(connection)
        self.shown = {name: self.content(view) for name, view in self.views.items()}
        self.former = {look: look(self) for look in set(LOOKS.values()) if self.can(look)}
        connection.rollback()

    def can(self, look: Callable[..., Any]) -> bool:
        return look is not balance_gaps or any(model.name == "balance_gaps" for model in self.models)

    def has(self, table: str, row: Row) -> bool:
        """Whether a product or a kind of transaction occurs on this night."""
        cursor = self.ask(
            f"select 1 from {IN_USE[table]} limit 1", *(row[name] for name in SHAPES[table].key)
        )
        return cursor.fetchone() is not None

    def moved(self, table: str, change: Change, look: Callable[["PublishedNight"], Any] | None) -> bool:
        """Whether a change moves what ``look`` sees, without one what readers see."""
        try:
            for row, column, value in change:
                self.assign(table, row, column, value)
            words = {word_of(row, column) for row, column, _ in change}
            for filled, pending in self.build_again(table, words):
                if not look and self.is_shown_otherwise(filled, pending):
                    return True
            return look is not None and look(self) != self.former[look]
        except RuleError:
            return True  # the night would stop
        finally:
            self.connection.rollback()

    def is_shown_otherwise(self, filled: Relation, pending: set[Relation]) -> bool:
        """Whether a view of a table that was filled again, and of none that is still to be, has changed."""
        return any(
            self.content(view) != self.shown[name]
            for name, view in self.views.items()
            if filled in view.reads and not view.reads & pending
        )

    def content(self, view: View) -> tuple[Any, ...]:
        return self.ask(view.statement).fetchone()

    def assign(self, table: str, row: Row, column: str, value: Any) -> None:
        key = (*SHAPES[table].key, "effective_from")
        statement = sql.SQL("update {} set {} = %s where {}").format(
            sql.Identifier("policy", table),
            sql.Identifier(column),
            sql.SQL(" and ").join(
                sql.SQL("{} is not distinct from %s").format(sql.Identifier(name)) for name in key
            ),
        )
        assert self.ask(statement, value, *(row[name] for name in key)).rowcount == 1

    def build_again(self, table: str, words: set[str]) -> Iterator[tuple[Relation, set[Relation]]]:
        """Fill every table below the changed rows again, in order, with new scores in between.

        Gives each when it is filled, and those that still have to be.
        """
        below = self.below(table, words)
        is_scored = any(model.name == "churn_candidates" for model in below) or table == "churn_rule"
        before = [model for model in below if not model.follows_scores]
        behind = [one for one in self.models if one.follows_scores and (one in below or is_scored)]
        pending = {model.relation for model in (*before, *behind)}
        for model in before:
            self.fill(model)
            pending.remove(model.relation)
            yield model.relation, pending
        if is_scored:
            self.score()
        for model in behind:
            self.fill(model)
            pending.remove(model.relation)
            yield model.relation, pending

    def below(self, table: str, words: set[str]) -> list[Model]:
        """The models that read a policy table and name what changed in it, and all after them."""
        below = [model for model in self.models if f"source.yihu.policy.{table}" in model.ancestors]
        first = {f"model.yihu.{model.name}" for model in below if any(word in model.words for word in words)}
        return [model for model in below if f"model.yihu.{model.name}" in first or first & model.ancestors]

    def model(self, name: str) -> Model:
        return next(model for model in self.models if model.name == name)

    def fill(self, model: Model) -> None:
        target = sql.Identifier(*model.relation)
        self.ask(sql.SQL("truncate {}").format(target))
        self.ask(sql.SQL("insert into {} {}").format(target, sql.SQL(model.statement)))
        self.ask(sql.SQL("analyze {}").format(target))  # else the planner takes it for as good as empty

    def score(self) -> None:
        steps = self.ask(
            "select days_inactive_from, churn_probability from policy.churn_rule where effective_from <= %s",
            self.business_date,
        ).fetchall()
        candidates = self.ask("select customer_id, days_inactive from marts.churn_candidates").fetchall()
        scores = [
            rule_score(customer, probability, days)
            for customer, probability, days in score_by_inactivity(candidates, steps)
        ]
        write_rows(self.connection, "raw", "churn_model", "scores", self.business_date, scores)

    def ask(self, statement: Any, *values: Any) -> Any:
        cursor = self.connection.cursor()
        cursor.execute(statement, values or None)
        return cursor


def read_models(settings: Settings, edition_id: str) -> list[Model]:
    """The tables that dbt built for a night, each after those it is made from, with what dbt ran for them."""
    target = settings.var / settings.bank / "dbt" / "live"
    nodes = json.loads((target / "manifest.json").read_text())["nodes"]
    above: dict[str, frozenset[str]] = {}

    def ancestors(name: str) -> frozenset[str]:
        if name not in above:
            parents = nodes[name]["depends_on"]["nodes"] if name in nodes else ()
            above[name] = frozenset(parents).union(*map(ancestors, parents))
        return above[name]

    def statement(node: dict[str, Any]) -> str:
        return (target / "compiled" / "yihu" / node["original_file_path"]).read_text()

    def words(name: str) -> str:
        parents = nodes[name]["depends_on"]["nodes"]
        views = (parent for parent in parents if parent in nodes and parent not in tables)
        return "\n".join([statement(nodes[name]), *map(words, views)])

    tables = {
        name: node
        for name, node in nodes.items()
        if node["resource_type"] == "model" and node["config"]["materialized"] in ("table", "monthly")
    }
    return [
        Model(
            name=node["name"],
            relation=(edition_id if node["schema"] == editions.NEXT else node["schema"], node["alias"]),
            statement=statement(node),
            words=words(name),
            ancestors=ancestors(name),
        )
        for name, node in sorted(tables.items(), key=lambda item: len(ancestors(item[0])))
        if node["name"] not in ("policies", "policy_values", "data_dictionary", "published_columns")
    ]


# ── what is looked at ───────────────────────────────────────────────────────────────────────────────────────


def read_views(connection: Any) -> dict[str, View]:
    """The published views that count, with their rows and content as the reader of all branches sees them."""
    versions = {column.name for column in (*VERSIONS, MODEL_VERSION)}
    reads = tables_read(connection)
    found = {}
    for name, view in catalog.views(connection, "reporting").items():
        if name in GOVERNANCE or name.endswith("_history") or name in ("policies", "data_dictionary"):
            continue
        cells = [sql.Identifier(column.name) for column in view.columns if column.name not in versions]
        statement = sql.SQL(
            "select count(*), sum(hashtextextended(cast(row({}) as text), 0)) from {}"
        ).format(sql.SQL(", ").join(cells), sql.Identifier("reporting", name))
        found[name] = View(reads[name], statement)
    return found


def tables_read(connection: Any) -> dict[str, frozenset[Relation]]:
    """Published view → schema and name of the tables below it, through the views between."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            with recursive below as (
                select oid as view, oid as relation
                from pg_catalog.pg_class
                where relnamespace = 'reporting'::regnamespace and relkind = 'v'
                union
                select below.view, dependency.refobjid
                from below
                inner join pg_catalog.pg_rewrite as rule on below.relation = rule.ev_class
                inner join pg_catalog.pg_depend as dependency
                    on
                        dependency.classid = 'pg_rewrite'::regclass
                        and dependency.objid = rule.oid
                        and dependency.refclassid = 'pg_class'::regclass
            )
            select view::regclass::text, array_agg(array[c.relnamespace::regnamespace::text, c.relname])
            from below
            inner join pg_catalog.pg_class as c on below.relation = c.oid
            group by view
            """
        )
        return {
            name.removeprefix("reporting."): frozenset(map(tuple, tables))
            for name, tables in cursor.fetchall()
        }


def kept_editions(night: PublishedNight) -> list[str]:
    """What the collector would drop of a year and a half of daily editions."""
    night.ask(
        "insert into ops.editions select 'made up ' || day, day, 99, 'kept', '', %s, '', '', '' "
        "from generate_series(%s - interval '550 days', %s - interval '1 day', '1 day') as day",
        night.edition.night_id,
        night.business_date,
        night.business_date,
    )
    daily, month_ends = (
        int(parameter(night.connection, f"kept_{kind}_editions", night.business_date))
        for kind in ("daily", "month_end")
    )
    expired = editions.expired(night.connection, editions.Retention(daily, month_ends))
    return [edition.edition_id for edition in expired]


def retained(night: PublishedNight) -> list[Obligation]:
    """What is told of the law's terms to whoever asks to be forgotten."""
    return obligations(night.connection, Person("nobody", None, (), ()), night.business_date)


def customer_count_gate(night: PublishedNight) -> int:
    """What the edition gate counts as unexpected when there are a fifth more customers than yesterday."""
    rule = next(
        rule
        for suite in load_suites(ROOT, "edition")
        for rule in suite.rules
        if rule.rule_id == "customer_360.customer_count_change"
    )
    night.ask(
        "insert into ops.editions select 'made_up', %s, 1, 'kept', '', %s, '', '', ''",
        night.business_date - timedelta(days=1),
        night.edition.night_id,
    )
    night.ask("insert into ops.publications values ('made_up', 'customer_360', 1000, '')")
    names = {"business_date": f"date '{night.business_date}'", "schema": "", "policy": "policy"}
    with night.connection.cursor() as cursor:
        question = fill(rule, read_policy_values(cursor, "policy", night.business_date), names)[QUERY]
    rows = "(select generate_series(1, 1200))"
    return night.ask(f"select count(*) from ({question.replace('{batch}', rows)}) as found").fetchone()[0]


def quarantine_gate(night: PublishedNight) -> list[str | None]:
    """What the delivery gate says of the lines in quarantine."""
    with night.connection.cursor() as cursor:
        window = received_window(cursor, night.business_date)
        values = read_policy_values(cursor, "policy", night.business_date)
        results = delivery_results(cursor, active_sources(night.settings.bank), window, values)
        return [result.observed_value for result in results]


def usual_nights(night: PublishedNight) -> tuple[Any, ...]:
    """Which nights tonight is held against, what is usual of figures on the limits, how silence is told."""
    day = night.business_date
    with night.connection.cursor() as cursor:
        limits = read_limits(read_policy_values(cursor, "policy", day))
    days = [day - timedelta(number) for number in range(500)]
    known = [[Decimal(rows)] * nights for rows in (49, 50, 51) for nights in (2, 3, 4)]
    noisy = [Decimal(rows) for rows in (1000, 1100, 5000, 20000)]
    silence = Measure("shop", "rows", date(2026, 10, 15), Decimal(0))
    rows = {silence.day - timedelta(number): Decimal(100) for number in range(7, 36, 7)}
    rule = TrendRule("volume.shop", "shop", "completeness", "shop", "", "")
    return (
        limits.comparable(STOCK, day, days),
        limits.comparable(FLOW, (day.replace(day=1) - timedelta(days=1)), days),
        *(limits.usual(kind, one) for kind in (FLOW, STOCK, SHARE, MEAN) for one in (*known, noisy)),
        judge(rule, FLOW, [silence], {("shop", "rows"): rows}, replace(limits, days=Decimal(35))),
    )


def balance_gaps(night: PublishedNight) -> int:
    """How many days dbt's test of the balances finds, which data_quality_results shows."""
    return night.ask("select count(*) from marts.balance_gaps").fetchone()[0]


def churn_training(night: PublishedNight) -> tuple[Any, ...]:
    """What training decides on figures on both sides of its limits, how it samples, and its intervals."""
    limits = read_thresholds(night.connection, night.business_date)
    counts = (99, 100, 101, 499, 500, 501)
    happened = np.arange(50) % 5 == 0
    return (
        *(limits.refusal(one, other) for one in counts for other in counts),
        *(limits.gain_refusal(place / 200, 0.01) for place in range(40)),
        *(limits.is_suspicious(place / 100) for place in range(101)),
        *(limits.is_telling(100, place / 200) for place in range(200)),
        sample_share(10_000_000, limits.training_row_count),
        split_snapshots(range(40), limits.horizon_months, limits.calibration_months),
        fit_bands(np.full(50, 0.2), happened, limits.interval_share),
    )


def churn_features(night: PublishedNight) -> list[Any]:
    """What a model is told of tonight's candidates, one of whom has a deposit that falls due on the bound."""
    night.ask(
        "update marts.accounts set maturity_date = %s, closed_date = null where account_id = ("
        "select min(held.account_id) from marts.holder_balances as held "
        "inner join marts.accounts as account on held.account_id = account.account_id "
        "inner join marts.churn_candidates as candidate on held.customer_id = candidate.customer_id "
        "where account.product_class_code = 'term_deposit' and held.base_balance_amount > 0)",
        night.business_date + timedelta(days=MATURITY_DAYS),
    )
    features = night.model("churn_features").statement
    return night.ask(f"select row_of::text from ({features}) as row_of order by 1").fetchall()


def churn_outcomes(night: PublishedNight) -> list[Any]:
    """What had become of tonight's candidates, had they been scored months ago; some stand on the bounds."""
    month, day = night.business_date.year * 12 + night.business_date.month - 1, night.business_date
    night.ask("create temporary table snapshots on commit drop as select * from marts.churn_features")
    night.ask(
        "update marts.customer_months set last_active_date = %s "
        "where customer_id = (select min(customer_id) from snapshots)",
        day - timedelta(days=DORMANT_DAYS),
    )
    candidates = night.ask("select customer_id, days_inactive from snapshots order by 1").fetchall()
    scores = [rule_score(customer, "0.1", days) for customer, days in candidates]
    for age in (HORIZON - 1, HORIZON, HORIZON + 1):
        night.ask(
            "update snapshots set month_number = %s, aum_trailing_amount = ("
            "select 2 * greatest(sum(month.net_outflow_amount), 1) from marts.customer_months as month "
            "where month.customer_id = snapshots.customer_id and month.month_number > %s)",
            *(month - age, month - age),
        )
        night.ask(
            f"create table marts.made_up_{age} partition of marts.churn_features "
            f"for values in ({month - age})"
        )
        night.ask("insert into marts.churn_features select * from snapshots")
        first_after = date((month - age + 1) // 12, (month - age + 1) % 12 + 1, 1)
        write_rows(night.connection, "raw", "churn_model", "scores", first_after - timedelta(days=1), scores)
    return night.ask(night.model("churn_outcome_months").statement).fetchall()


def versions_on_the_bounds(night: PublishedNight) -> list[Any]:
    """Which versions of the scores still hold, of some whose outcomes stand on the bounds."""
    month = night.business_date.year * 12 + night.business_date.month - 1
    night.ask("create table marts.made_up partition of marts.churn_outcome_months for values in (0)")
    for version, expected, churned, silent, age in (
        ("calibration", 1000, 800, 1, 1),
        ("gain", 995, 995, 1000, 1),
        ("few", 30, 3, 3, 1),
        ("old", 1000, 1000, 1, 12),
    ):
        night.ask(
            "insert into marts.churn_outcome_months (score_version, method_code, snapshot_month_number, "
            "decile_number, customer_count, churned_count, expected_count, silent_customer_count, "
            "silent_churned_count, month_number) values (%s, 'model', %s, 1, 5000, %s, %s, 5000, %s, 0)",
            *(version, month - age, churned, expected, silent),
        )
    checks = night.model("churn_drift_checks").statement
    return night.ask(
        f"select score_version, check_code, is_judged, is_broken from ({checks}) as checks order by 1, 2"
    ).fetchall()


def stabilities_on_the_bounds(night: PublishedNight) -> list[Any]:
    """What is said of features whose stability lies on both sides of the bounds."""
    rows = [Stability("v", name, Decimal(place) / 20, 5000) for place, name in enumerate(FEATURES)]
    write_rows(night.connection, "raw", "churn_model", "stabilities", night.business_date, rows)
    statement = night.model("churn_stabilities").statement
    return night.ask(f"select part_code, state_code from ({statement}) as told order by 1").fetchall()


LOOKS = {  # rows that steer the night instead of a number in a table
    "kept_daily_editions": kept_editions,
    "kept_month_end_editions": kept_editions,
    **dict.fromkeys(CLASSES, retained),
    "gate_customer_count_change_share": customer_count_gate,
    "gate_quarantine_share": quarantine_gate,
    **dict.fromkeys(PARAMETERS.values(), usual_nights),
    "balance_gap_amount": balance_gaps,
    "churn_calibration_months": churn_training,
    "churn_training_row_count": churn_training,
    "churn_eligible_count": churn_training,
    "churn_churner_count": churn_training,
    "churn_rule_gain_share": churn_training,
    "churn_leak_score": churn_training,
    "churn_leak_share": churn_training,
    "churn_interval_share": churn_training,
    **dict.fromkeys(("churn_trailing_months", "churn_recent_days", "churn_maturity_days"), churn_features),
    **dict.fromkeys(("churn_horizon_months", "churn_outflow_share", "churn_dormant_days"), churn_outcomes),
    **dict.fromkeys(
        (
            *("churn_calibration_share", "churn_gain_share", "churn_outcome_minimum_count"),
            "churn_model_age_months",
        ),
        versions_on_the_bounds,
    ),
    **dict.fromkeys(("churn_psi_limit", "churn_psi_watch"), stabilities_on_the_bounds),
}


# ── the nights ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def demo(server, tmp_path_factory) -> Iterator[PublishedNight]:
    def deliver(landing: Path) -> None:
        write_demo_bank(landing, customers=CUSTOMERS, first_date=FIRST, last_date=NIGHTS["demo"])
        for pair in rivals():
            add_one_of_two_systems(landing, pair)
        add_institution_out_of_reach(landing)
        add_borrower_late_a_year_ago(landing)

    with published("demo", server, tmp_path_factory, deliver) as night:
        yield night


def rivals() -> list[list[str]]:
    """Systems that follow one another in the order of an attribute, or of all."""
    rows = sorted(POLICIES["demo"].tables["survivorship"], key=itemgetter("attribute_code", "priority"))
    pairs = (
        (one["source_code"], other["source_code"])
        for one, other in pairwise(rows)
        if one["attribute_code"] == other["attribute_code"]
    )
    return [list(pair) for pair in dict.fromkeys(pairs)]


def add_one_of_two_systems(landing: Path, sources: list[str]) -> None:
    """Somebody whom two systems know with another branch and phone in each: the demo bank's systems agree."""
    day = FIRST  # every system delivers whom it knows
    serial = sum(map(ord, "".join(sources)))
    kind, number = "ID", person_number(7, date(1980, 1, 2), serial)
    if "corporate" in sources:  # which knows no persons
        kind, number = "USCC", credit_code("91", 7, serial)
    for code in sources:
        table = next(table for table in load_source(code).tables if "identity_number" in table.column_names)
        rows = read_delivery(landing, table, day)
        like = next((row for row in rows if row["identity_type"] == kind), rows[0])
        own = {
            table.key[0]: f"X{len(rows)}",
            "identity_type": kind,
            "identity_number": number,
            "branch_no": f"B-{code}",
            "phone": f"127{sum(map(ord, code)):08d}",
            "hobby": code.upper(),
            "industry": code.upper(),
        }
        write_delivery(landing, table, day, [*rows, like | own])


def add_institution_out_of_reach(landing: Path) -> None:
    table = load_source("core").table("customers")
    rows = read_delivery(landing, table, FIRST)
    like = next(row for row in rows if row["identity_type"] == "USCC")
    own = {"customer_no": "X", "customer_kind": "I", "identity_number": credit_code("12", 7, 99)}
    write_delivery(landing, table, FIRST, [*rows, like | own | {"phone": "", "email": "", "address": ""}])


def add_borrower_late_a_year_ago(landing: Path) -> None:
    """Somebody whose one late payment has just entered the last month in which it counts."""
    loans, day = load_source("loans"), NIGHTS["demo"].replace(year=NIGHTS["demo"].year - 1)
    borrowers, events = loans.table("borrowers"), loans.table("credit_events")
    rows = read_delivery(landing, borrowers, FIRST)
    like = next(row for row in rows if row["identity_type"] == "ID")
    own = {"borrower_no": "LATE", "identity_number": person_number(7, date(1981, 1, 2), 7)}
    write_delivery(landing, borrowers, FIRST, [*rows, like | own])
    late = {"event_no": "LATE", "borrower_no": "LATE", "loan_no": "", "event_type": "BAD_CREDIT"}
    late |= {"event_date": day.isoformat(), "settled_date": day.isoformat(), "amount": "100.00"}
    write_delivery(landing, events, day, [*read_delivery(landing, events, day), late])


@pytest.fixture(scope="module")
def berka(server, tmp_path_factory) -> Iterator[PublishedNight]:
    if not BERKA_FILES.is_dir():
        pytest.skip(f"Berka's records are not at {BERKA_FILES}")

    def deliver(landing: Path) -> None:
        deliver_archive(BERKA_FILES, landing, NIGHTS["berka"])

    with published("berka", server, tmp_path_factory, deliver) as night:
        yield night


@contextmanager
def published(
    bank: str, server: Any, folders: Any, deliver: Callable[[Path], Any]
) -> Iterator[PublishedNight]:
    """A bank's database after one night; the gates are not the subject and let it pass."""
    with own_bank(server, folders.mktemp(bank), bank) as settings:
        deliver(settings.landing)
        # made anew in one build: what dbt ran then gives all of a table, and can be run again
        at_once = patch.object(history, "stops", lambda _, night: [history.Stop(night.business_date, None)])
        with warm(), at_once, patch.object(gates, "call_gate", lambda *_: OPEN):
            run_night(settings, NIGHTS[bank])
        with connect(settings) as connection:
            connection.cursor().execute("insert into ops.reader_branches values (current_user, '*'); analyze")
        with connect(settings) as connection:
            yield PublishedNight(settings, NIGHTS[bank], connection)


# ── the tests ───────────────────────────────────────────────────────────────────────────────────────────────


def tried_rows() -> Iterator[Any]:
    """Every row of the demo bank's policy, and of Berka's what is its own."""
    for bank, policy in POLICIES.items():
        for table, rows in policy.tables.items():
            for row in rows:
                if bank == "demo" or row.file.startswith(f"policy/{bank}/"):
                    key = "-".join(str(row[name]) for name in SHAPES[table].key)
                    yield pytest.param(bank, table, row, id=f"{bank}-{table}-{key}")


@pytest.mark.parametrize(("bank", "table", "row"), tried_rows())
def test_every_policy_row_moves_something(bank, table, row, request):
    is_common = bank == "demo" and row in POLICIES["berka"].tables[table]
    banks = [bank, "berka"] if is_common else [bank]  # the other bank may have what this one lacks
    dead = list(CELLS[table])
    for each in banks:
        dead = dead and dead_cells(request, each, table, row, dead, is_last=each == banks[-1])
    assert not dead, f"{row.place}: nothing that is published depends on {', '.join(dead)}"


def dead_cells(
    request: Any, bank: str, table: str, row: Row, columns: Sequence[str], is_last: bool
) -> list[str]:
    """Those columns of a row whose changes move nothing in a bank's night."""
    night = request.getfixturevalue(bank)
    if (
        is_last and table in IN_USE and not night.has(table, row)
    ):  # nobody has it yet: only its names can move
        columns = [column for column in columns if column in (*NAMES, "rank") and table not in MAY_REST]
    return [
        column
        for column in columns
        if not any(
            night.moved(table, change, look_at(row, column)) for change in changes(bank, table, row, column)
        )
    ]


def look_at(row: Row, column: str) -> Callable[[PublishedNight], Any] | None:
    """Where a cell shows, if not in a table; a flow of assets does in what a model is told."""
    if column == "is_asset_flow" and row[column]:
        return churn_features
    return LOOKS.get(row.values.get("parameter_code"))


@pytest.mark.parametrize(("bank", "table", "row"), tried_rows())
def test_a_changed_row_is_another_policy_version(bank, table, row):
    policy = POLICIES[bank]
    for column in CELLS[table]:
        for change in changes(bank, table, row, column):
            assert changed(policy, table, change).version != policy.version
