"""Which customers stand behind the quarantined lines of a table, where their key can be followed."""

from dataclasses import dataclass
from decimal import Decimal

from psycopg2 import sql
from psycopg2.extensions import connection as Connection

from pipelines.gates.window import Window
from pipelines.report.rows import is_there, one_row
from pipelines.sources import Source, Table

_NUMBER = "identity_number"  # the table of a source that holds it is the one of its customers
_COUNTED = """
with line as (
    select distinct received_date, line_number from ops.quarantine
    where source_code = %s and table_name = %s and {window}
),
traced as (
    select distinct line.received_date, line.line_number, identity.customer_id
    from line
    inner join raw.{table} as delivered
        on delivered._received_date = line.received_date and delivered._line_number = line.line_number
        and {delivered_window}
    {bridge}
    inner join {edition}.customer_identities as identity
        on identity.source_code = %s and identity.source_customer_id = {person}
)
select
    (select count(*) from line) as line_count,
    (select count(*) from (select distinct received_date, line_number from traced) as found) as traced_count,
    count(*) as customer_count,
    coalesce(sum(customer.aum_amount), 0) as aum_amount
from {edition}.customer_360 as customer
where customer.customer_id in (select customer_id from traced)
"""


@dataclass(frozen=True)
class Affected:
    """Customers behind quarantined lines: ``traced_count`` of ``line_count`` lines lead to one.

    ``aum_amount`` is what these customers hold in the edition that readers see, in the base currency.
    """

    line_count: int
    traced_count: int
    customer_count: int
    aum_amount: Decimal


def customers_behind(
    connection: Connection, source: Source, table: Table, window: Window, edition: str | None
) -> Affected | None:
    """Customers behind the lines of a table that are in quarantine; None where its lines lead to none.

    A line is followed by the customer number it carries, else by its account's (loan's, card's …).
    """
    path = _path(source, table)
    if path is None or edition is None or not is_there(connection, "raw", table.raw_name):
        return None
    bridge, person = path
    query = sql.SQL(_COUNTED).format(
        window=sql.SQL(window.where("received_date")),
        delivered_window=sql.SQL(window.where("delivered._received_date")),
        table=sql.Identifier(table.raw_name),
        bridge=bridge,
        edition=sql.Identifier(edition),
        person=person,
    )
    row = one_row(connection, query.as_string(connection), source.code, table.name, source.code)
    return Affected(*row) if row and row.line_count else None


def _path(source: Source, table: Table) -> tuple[sql.Composable, sql.Composable] | None:
    """How a line leads to its customer number: the join in between, and the column."""
    people = next((each for each in source.tables if _NUMBER in each.column_names), None)
    if people is None or len(people.key) != 1:
        return None
    (person,) = people.key
    if person in table.column_names:
        return sql.SQL(""), sql.Identifier("delivered", person)
    for other in source.tables:
        if len(other.key) == 1 and other.key[0] in table.column_names and person in other.column_names:
            bridge = sql.SQL(
                "inner join raw.{table} as held on held.{key} = delivered.{key} "
                "and held._received_date <= delivered._received_date"
            ).format(table=sql.Identifier(other.raw_name), key=sql.Identifier(other.key[0]))
            return bridge, sql.Identifier("held", person)
    return None
