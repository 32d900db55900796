"""The bank's deliveries and policy as Parquet files: what the script of peers reads.

Deliveries come typed and under the names of the whole bank, every version received; who is who, the surviving
attributes, the groups, the margins expected of each customer and what scores say of his staying come as the
bank knows them. Policy as of the business date, not its past.
"""

from datetime import date
from pathlib import Path

import duckdb
from psycopg2.extensions import Column
from psycopg2.extensions import connection as Connection

ENTITIES = (
    *(
        "account_holders",
        "balances",
        "transactions",
        "deleted_transactions",
        "exchange_rates",
        "account_rates",
    ),
    *("product_rates", "transfer_prices", "channel_costs", "credit_grades", "credit_events"),
    *("contacts", "campaign_responses", "feedbacks", "referrals", "privilege_uses", "declared_assets"),
)
POLICIES = (
    *("parameters", "bands", "score_weights", "score_scales", "shares", "holder_shares", "product_classes"),
    *("products", "transaction_types", "potential_groups", "scope_products"),
)
_REMARKS = (
    "owner",
    "proposer",
    "approver",
    "reason",
    "name_zh",
    "name_en",
    "effective_from",
    "effective_to",
    "unit",
)
_TYPES = {16: "boolean", 20: "bigint", 23: "integer", 1082: "date"}
_NUMERIC = 1700


def export(connection: Connection, day: date, folder: Path) -> None:
    """Write one Parquet file per table that the script reads into the folder."""
    queries = {name: f"select * from intermediate.int_{name}_unioned" for name in ENTITIES}
    queries |= {
        "delivered_accounts": "select * from intermediate.int_accounts_unioned",
        "customers": (
            "select customer_id, customer_kind_code, branch_id, birth_date, "
            "coalesce(is_sole_trader, false) as is_sole_trader, occupation_code, position_code, "
            "annual_income_amount from marts.customers"
        ),
        "links": (
            "select source_code, source_customer_id, customer_id, first_received_date "
            "from intermediate.int_customer_records_linked"
        ),
        "branches": (
            "select branch_id, region_name, "
            "row_number() over (partition by branch_id order by source_code) as place "
            "from intermediate.int_branches_unioned"
        ),
        "group_members": "select group_id, group_kind_code, customer_id, role_code from marts.group_members",
        "expected_margins": "select * from intermediate.int_customer_margins_expected",
        "former_scores": "select * from intermediate.int_churn_scores_recalled",
        "retentions": "select churn_probability, annuity_value from intermediate.int_retentions_derived",
    }
    queries |= {name: _in_force(f"policy.{name}", day) for name in POLICIES}
    queries |= {
        "grade_scale": _in_force("policy.credit_grades", day),
        "bad_events": _in_force("policy.credit_event_types", day) + " and is_bad_record",
        "answer_points": (
            "select 'cooperation' as part, response_kind_code as kind_code, "
            "response_code as answer_code, points "
            f"from ({_in_force('policy.response_points', day)}) as response union all "
            "select 'feedback', feedback_kind_code, outcome_code, points "
            f"from ({_in_force('policy.feedback_points', day)}) as feedback"
        ),
    }
    for name, query in queries.items():
        write_parquet(connection, query, folder / f"{name}.parquet")


def write_parquet(connection: Connection, query: str, file: Path) -> None:
    """The rows of a query as a Parquet file, without policy's remarks; cents, and rates with 8 places."""
    text = file.with_suffix(".csv")
    with connection.cursor() as cursor:
        cursor.execute(f"select * from ({query}) as exported limit 0")
        columns = {column.name: _type(column) for column in cursor.description if column.name not in _REMARKS}
        with text.open("w") as sink:
            wanted = f"select {', '.join(columns)} from ({query}) as exported"
            cursor.copy_expert(f"copy ({wanted}) to stdout (format csv, header)", sink)
    types = ", ".join(f"'{name}': '{kind}'" for name, kind in columns.items())
    with duckdb.connect() as engine:
        rows = f"select * from read_csv('{text}', header = true, columns = {{{types}}})"
        engine.execute(f"copy ({rows}) to '{file}' (format parquet)")
    text.unlink()


def _in_force(table: str, day: date) -> str:
    """The rows of a policy table that hold on a day."""
    return (
        f"select * from {table} where effective_from <= date '{day}' "
        f"and (effective_to is null or effective_to >= date '{day}')"
    )


def _type(column: Column) -> str:
    if column.type_code != _NUMERIC:
        return _TYPES.get(column.type_code, "varchar")
    if column.precision and column.precision <= 38:
        return f"decimal({column.precision}, {column.scale})"
    return "decimal(18, 2)" if column.name.endswith("_amount") else "decimal(18, 8)"
