"""What the policy says on the business date, as far as rules refer to it."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from psycopg2.extensions import cursor

IN_FORCE = "effective_from <= %(day)s and (effective_to is null or effective_to >= %(day)s)"


@dataclass(frozen=True)
class PolicyValues:
    """Parameters by code (text for the unit ``code``, else Decimal) and codes by code set."""

    business_date: date
    parameters: Mapping[str, Decimal | str]
    codes: Mapping[str, tuple[str, ...]]


def read_policy_values(cur: cursor, schema: str, business_date: date) -> PolicyValues:
    """The parameters and codes of a policy schema in force on the business date."""
    day = {"day": business_date}
    cur.execute(f"select parameter_code, value, unit from {schema}.parameters where {IN_FORCE}", day)
    parameters = {code: value if unit == "code" else Decimal(value) for code, value, unit in cur.fetchall()}
    cur.execute(
        f"select code_set, code from {schema}.codes where {IN_FORCE} order by code_set, rank, code", day
    )
    codes: dict[str, list[str]] = defaultdict(list)
    for code_set, code in cur.fetchall():
        codes[code_set].append(code)
    return PolicyValues(business_date, parameters, {name: tuple(members) for name, members in codes.items()})
