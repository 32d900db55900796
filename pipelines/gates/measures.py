"""What is measured of a night beside its rules (ops.gate_measures): rows, empty cells, means and shares.

A gate so reads a few figures of the nights before, never their rows. Values tell of a whole table, never of a
row of it.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from psycopg2 import sql
from psycopg2.extensions import cursor
from psycopg2.extras import execute_values

from pipelines.gates.limits import TrendLimits
from pipelines.gates.suites import UNCOUNTED, Suite
from pipelines.gates.window import Window
from pipelines.sources import Table

ROWS = "rows"
# (table, code of the measure) → date → value; the first word of a code says what it is
History = Mapping[tuple[str, str], Mapping[date, Decimal]]


@dataclass(frozen=True)
class Measure:
    """A figure of a table on a date: ``rows``, ``empty.<column>``, ``mean.<column>``, ``share.<values>``."""

    table: str
    code: str
    day: date
    value: Decimal


def delivered_rows(cur: cursor, window: Window, limits: TrendLimits) -> History:
    """Rows of every delivery that a date of the window may be held against, and of the window's own."""
    cur.execute(
        """
        select source_code || '__' || table_name, received_date, row_count from ops.deliveries
        where received_date <= %(until)s and (
            received_date > %(until)s - 2 * %(days)s
            or extract(day from received_date + 1) = 1
            and received_date > %(until)s - make_interval(months => %(months)s)
        )
        """,
        {"until": window.until, "days": int(limits.days), "months": int(limits.months) + 2},
    )
    found: dict[tuple[str, str], dict[date, Decimal]] = defaultdict(dict)
    for table, day, rows in cur.fetchall():
        found[table, ROWS][day] = Decimal(rows)
    return found


def measure_empties(
    cur: cursor, table: Table, columns: Sequence[str], first: date, until: date, limits: TrendLimits
) -> list[Measure]:
    """The share of empty cells of each column in what was received from one date to another, by date.

    A date that brought fewer rows than the policy's least gives none: its share is chance.
    """
    cur.execute(
        sql.SQL(
            "select _received_date, count(*), {} from {} where _received_date between %s and %s "
            "group by 1 having count(*) >= %s order by 1"
        ).format(
            sql.SQL(", ").join(sql.SQL("count({})").format(sql.Identifier(name)) for name in columns),
            sql.Identifier("raw", table.raw_name),
        ),
        (first, until, limits.row_count),
    )
    return [
        Measure(table.raw_name, f"empty.{name}", day, _part(rows - count, rows))
        for day, rows, *counts in cur.fetchall()
        for name, count in zip(columns, counts, strict=True)
    ]


def measure_edition(
    cur: cursor, suite: Suite, schema: str, business_date: date, limits: TrendLimits
) -> list[Measure]:
    """Rows of an edition's table, and the means and shares that its suite watches."""
    relation = sql.Identifier(schema, suite.relation)
    means = suite.watched.means
    cur.execute(
        sql.SQL("select count(*){} from {}").format(
            sql.SQL("").join(sql.SQL(", round(avg({}), 2)").format(sql.Identifier(name)) for name in means),
            relation,
        )
    )
    rows, *values = cur.fetchone()
    found = _counted(cur, suite, relation, rows, business_date)
    found += [
        Measure(suite.table, f"mean.{name}", business_date, value)
        for name, value in zip(means, values, strict=True)
        if value is not None and rows >= limits.row_count
    ]
    for columns in suite.watched.shares:
        cur.execute(
            sql.SQL("select {columns}, count(*) from {relation} group by {columns}").format(
                columns=sql.SQL(", ").join(map(sql.Identifier, columns)), relation=relation
            )
        )
        found += _shares(suite.table, cur.fetchall(), business_date, limits)
    return found


def _counted(
    cur: cursor, suite: Suite, relation: sql.Composable, rows: int, business_date: date
) -> list[Measure]:
    """How many rows there are to hold against other nights: all, those of the newest month, or none."""
    newest = suite.watched.rows
    if newest == UNCOUNTED:
        return []
    if newest is not None:
        cur.execute(
            sql.SQL(
                "select count(*) from {relation} where {newest} = (select max({newest}) from {relation})"
            ).format(newest=sql.Identifier(newest), relation=relation)
        )
        (rows,) = cur.fetchone()
    return [Measure(suite.table, ROWS, business_date, Decimal(rows))]


def keep_measures(cur: cursor, night_id: int, gate: str, measures: Iterable[Measure]) -> None:
    """Store the measures in place of the former ones of the same night and gate."""
    cur.execute("delete from ops.gate_measures where night_id = %s and gate_code = %s", (night_id, gate))
    execute_values(
        cur,
        "insert into ops.gate_measures (night_id, gate_code, table_name, measure_code, measured_date, value) "
        "values %s",
        [(night_id, gate, one.table, one.code, one.day, one.value) for one in measures],
    )


def known_measures(cur: cursor, gate: str, before: date, limits: TrendLimits) -> History:
    """What was measured of earlier dates: of each date by the newest night that ended well."""
    cur.execute(
        """
        select distinct on (kept.table_name, kept.measure_code, kept.measured_date)
            kept.table_name, kept.measure_code, kept.measured_date, kept.value
        from ops.gate_measures as kept
        inner join ops.nights as night on kept.night_id = night.night_id
        where
            kept.gate_code = %s
            and kept.measured_date < %s
            and kept.measured_date >= %s
            and night.state in ('published', 'unchanged', 'loaded')
        order by kept.table_name, kept.measure_code, kept.measured_date, kept.night_id desc
        """,
        (gate, before, before - timedelta(int(limits.days))),
    )
    found: dict[tuple[str, str], dict[date, Decimal]] = defaultdict(dict)
    for table, code, day, value in cur.fetchall():
        found[table, code][day] = value
    return found


def _shares(table: str, rows: list[tuple], business_date: date, limits: TrendLimits) -> Iterable[Measure]:
    """The part that the last of the values has among the rows that share the others."""
    whole: dict[tuple, int] = defaultdict(int)
    for *group, _, count in rows:
        whole[tuple(group)] += count
    return [
        Measure(table, ".".join(["share", *map(str, (*group, value))]), business_date, _part(count, total))
        for *group, value, count in rows
        if (total := whole[tuple(group)]) >= limits.row_count
    ]


def _part(count: int, whole: int) -> Decimal:
    return round(Decimal(count) / whole, 6)
