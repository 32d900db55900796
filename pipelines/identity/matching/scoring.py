"""Pairs are compared and weighed by Splink; frequent values and shared homes then take their part off."""

import json
from functools import lru_cache
from hashlib import sha256
from math import log2

from duckdb import DuckDBPyConnection

from pipelines.identity.matching.comparisons import Comparison
from pipelines.identity.matching.model import Model, frequent_columns, splink_settings
from pipelines.identity.matching.table import stable_hash


def add_counts(connection: DuckDBPyConnection, model: Model, fields: str = "fields") -> None:
    """Make ``compared``: the rows of ``fields`` with ``n_<column>``, how many records have each value that
    matters.

    ``fields``: that table, or some of its rows. Without counted values each stands for itself alone, and
    nobody asks.
    """
    columns = frequent_columns(model.comparisons)
    joins, counts = "", "".join(f", 1 as n_{column}" for column in columns)
    if model.is_counted:
        joins = " ".join(
            f"left join frequencies as f_{column} on f_{column}.column_name = '{column}' "
            f"and f_{column}.value = {stable_hash(f'own.{column}')}"
            for column in columns
        )
        counts = "".join(f", coalesce(f_{column}.n, 1) as n_{column}" for column in columns)
    connection.execute(
        f"create or replace table compared as select own.*{counts} from {fields} as own {joins}"
    )


def touched(connection: DuckDBPyConnection, pairs: str, records: str) -> str:
    """Make ``touched``, the rows of a table of records that pairs (l, r) name, and give its name.

    To read a large table once for few pairs, not once for each of their sides.
    """
    connection.execute(
        f"create or replace temp table touched as "
        f"from {records} where rid in (select l from {pairs} union all select r from {pairs})"
    )
    return "touched"


def compare(
    connection: DuckDBPyConnection, model: Model, pairs: str, result: str, records: str = "compared"
) -> None:
    """Make ``result``: per pair of the table ``pairs`` (l, r) its levels, weights, counts and numbers.

    These are ``gamma_*``, ``mw_*``, ``n_*`` and the valid identity numbers ``number_l`` and ``number_r``.
    Levels count from the top: 0 is the first level of a comparison, -1 stands for not known.
    """
    connection.execute(f"create or replace table {result} as {_compared(connection, model, pairs, records)}")


def _compared(connection: DuckDBPyConnection, model: Model, pairs: str, records: str) -> str:
    """The query of ``compare``."""
    gammas = ", ".join(
        f"cast(case when predicted.gamma_{c.name} < 0 then -1 "
        f"else {len(c.levels) - 1} - predicted.gamma_{c.name} end as tinyint) as gamma_{c.name}, mw_{c.name}"
        for c in model.comparisons
    )
    counts = "".join(
        f", greatest(n_{column}_l, n_{column}_r) as n_{column}"
        for column in frequent_columns(model.comparisons)
    )
    steps = _steps(connection, json.dumps(splink_settings(model)), records)
    return (
        f"with __splink__blocked_id_pairs as "
        f"(select l as join_key_l, r as join_key_r, '0' as match_key from {pairs}), {steps} "
        f"select rid_l as l, rid_r as r, id_key_l as number_l, id_key_r as number_r, "
        f"{gammas}{counts} from __splink__df_predict as predicted"
    )


def _steps(connection: DuckDBPyConnection, wanted: str, records: str) -> str:
    """The common table expressions by which Splink compares pairs, kept in the connection's database.

    Splink parses every level, which takes longer than a small night's pairs: an index that stays asks once.
    """
    asked = sha256(f"{records} {wanted}".encode()).hexdigest()
    connection.execute("create table if not exists splink_steps (asked varchar, steps varchar)")
    kept = connection.execute("select steps from splink_steps where asked = ?", [asked]).fetchone()
    if kept:
        return kept[0]
    steps = _splink_steps(wanted, records)
    connection.execute("insert into splink_steps values (?, ?)", [asked, steps])
    return steps


@lru_cache(maxsize=4)
def _splink_steps(wanted: str, records: str) -> str:
    """The SQL by which Splink compares and weighs the pairs of ``__splink__blocked_id_pairs`` under its
    settings (JSON).

    The steps are asked for one by one because ``Linker.inference.predict`` gives levels only together with
    every compared value, which a large table cannot hold.
    """
    from splink import SettingsCreator
    from splink.internals.comparison_vector_values import compute_comparison_vector_values_from_id_pairs_sqls
    from splink.internals.dialects import SplinkDialect
    from splink.internals.predict import predict_from_comparison_vectors_sqls

    settings = SettingsCreator.from_path_or_dict(json.loads(wanted)).get_settings("duckdb")
    columns = settings.column_info_settings
    steps = [
        *compute_comparison_vector_values_from_id_pairs_sqls(
            settings._columns_to_select_for_blocking,
            settings._columns_to_select_for_comparison_vector_values,
            input_tablename_l=records,
            input_tablename_r=records,
            source_dataset_input_column=columns.source_dataset_input_column,
            unique_id_input_column=columns.unique_id_input_column,
        ),
        *predict_from_comparison_vectors_sqls(
            unique_id_input_columns=columns.unique_id_input_columns,
            core_model_settings=settings.core_model_settings,
            sql_dialect=SplinkDialect.from_string("duckdb"),
            retain_intermediate_calculation_columns=True,
            training_mode=True,
            additional_columns_to_retain=settings._additional_columns_to_retain,
        ),
    ]
    return ", ".join(f"{step['output_table_name']} as ({step['sql']})" for step in steps)


def rarity(model: Model, comparison_name: str) -> str:
    """SQL for the bits that a pair's shared value adds (rare) or takes (frequent) on top of its level."""
    comparison = next(c for c in model.comparisons if c.name == comparison_name)
    bits = {
        place: model.frequencies[level.frequent].rarity(f"n_{level.frequent}")
        for place, level in enumerate(comparison.levels)
        if level.frequent
    }
    cases = " ".join(f"when gamma_{comparison.name} = {place} then {text}" for place, text in bits.items())
    if not cases:
        return "0"
    # uncounted values are taken for average ones, unless the crowd that shares one is seen
    return f"case {cases} else 0 end" if model.is_counted else f"least(case {cases} else 0 end, 0)"


def home_weight(model: Model, comparison: Comparison) -> str:
    """SQL for the bits by which a pair looks like two people of one household rather than like strangers.

    What a household shares is as telling as it is rare; names given and birth dates agree by chance only.
    """
    cases = " ".join(
        f"when {place} then {log2(home / u)!r}"
        for place, (home, u) in enumerate(
            zip(model.home[comparison.name], model.u[comparison.name], strict=True)
        )
    )
    bits = f"case gamma_{comparison.name} {cases} else 0 end"
    return bits if comparison.is_own else f"{bits} + {rarity(model, comparison.name)}"


def total(model: Model) -> str:
    """SQL for a pair's log2 odds that it is one person, against strangers and people of one household."""
    person = " + ".join(f"mw_{c.name} + {rarity(model, c.name)}" for c in model.comparisons)
    if model.home_prior <= 0:
        return f"round({model.prior_weight!r} + {person}, 4)"
    home = " + ".join(home_weight(model, c) for c in model.comparisons)
    odds = f"{model.home_prior!r} * pow(2, least({home}, 300))"
    return f"round({model.prior_weight!r} + {person} - log2(1 + {odds}), 4)"


def rule_code(model: Model) -> str:
    """SQL for what links a pair: a valid number, name with birth date and a contact, or the model."""
    names = {comparison.name: comparison for comparison in model.comparisons}
    contacts = [
        f"gamma_{name} = 0" for name, own in names.items() if own.name.startswith(("phone_", "email_"))
    ]
    agreed = ""
    if contacts and {"given", "surname", "date_1"} <= set(names):
        agreed = (
            "when gamma_given = 0 and gamma_surname = 0 and gamma_date_1 = 0 "
            f"and ({' or '.join(contacts)}) then 'name_date_contact' "
        )
    number = "case when starts_with(number_l, 'USCC') then 'company_code' else 'identity_number' end"
    return f"case when number_l = number_r then {number} {agreed}else 'model' end"


def score(
    connection: DuckDBPyConnection, model: Model, pairs: str, result: str, records: str = "compared"
) -> None:
    """Make ``result`` (l, r, rule_code, weight): the log2 odds of each pair of ``pairs``, of the table
    ``records`` (as ``add_counts`` makes it)."""
    weigh(connection, model, f"({_compared(connection, model, pairs, records)})", result)


def weigh(connection: DuckDBPyConnection, model: Model, levels: str, result: str) -> None:
    """Make ``result`` (l, r, rule_code, weight) from levels, a table or query as of ``compare``."""
    settings = model.settings
    connection.execute(
        f"""
        create or replace table {result} as
        select l, r, rule_code, greatest(weight, case rule_code
            when 'identity_number' then {settings.certain_weight}
            when 'company_code' then {settings.certain_weight}
            when 'name_date_contact' then {settings.agreed_weight} else weight end) as weight
        from (select l, r, {rule_code(model)} as rule_code, {total(model)} as weight from {levels})
        """
    )
