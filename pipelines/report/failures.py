"""Rules that did not pass: what is known of the lines, customers and money behind each (catalogue Q2, Q3)."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from psycopg2.extensions import connection as Connection

from pipelines.gates.window import Window
from pipelines.report.advice import advise
from pipelines.report.affected import Affected, customers_behind
from pipelines.report.rows import Rows, all_rows
from pipelines.report.words import GATES, SEVERITIES, Both, named
from pipelines.sources import Source, Table

RULES_SHOWN = 40
SAMPLES_SHOWN = 5
_SAMPLES = """
select received_date, line_number, column_name, rule_id, value_mask
from (
    select *, row_number() over (
        partition by column_name, rule_id order by received_date desc, line_number
    ) as place
    from ops.quarantine where source_code = %s and table_name = %s and {window}
) as cell
order by place, received_date desc, line_number, column_name limit %s
"""
_MONEY = """
select measure_name, sum(quarantined_value) as quarantined_value, sum(difference_value) as difference_value
from ops.tie_outs where source_code = %s and table_name = %s and measure_name <> 'rows' and {window}
group by measure_name having sum(abs(quarantined_value)) <> 0 or sum(abs(difference_value)) <> 0
order by measure_name
"""
_ABOUT_LINES = ("quarantine_share", "retyped", "tie_out")


@dataclass(frozen=True)
class Money:
    """A column's sum in quarantine, and what its control total is off by; in the source's units."""

    column: Both
    quarantined_value: Decimal
    difference_value: Decimal


@dataclass(frozen=True)
class Failure:
    """One rule that did not pass. ``affected`` is None where the rule keeps no line, so that nobody knows."""

    rule: Any
    gate: Both
    severity: Both
    wording: Both
    advice: Both
    waiver_id: int | None
    samples: Rows
    money: tuple[Money, ...]
    affected: Affected | None

    @property
    def is_critical(self) -> bool:
        """Whether it closes the gate."""
        return closes(self.rule, self.waiver_id is not None)


def closes(rule: Any, is_waived: bool) -> bool:
    """Whether a rule that did not pass closes its gate: not judged, or critical and not waived."""
    return rule.outcome_code == "error" or (rule.severity_code == "critical" and not is_waived)


def explain_failures(
    connection: Connection,
    failures: Rows,
    waivers: Rows,
    sources: Iterable[Source],
    window: Window,
    shown_edition: str | None,
) -> tuple[Failure, ...]:
    """The first failures with all that is known of them; lines in quarantine and money only of deliveries."""
    tables = {table.raw_name: (source, table) for source in sources for table in source.tables}
    waived = {waiver.rule_id: waiver.waiver_id for waiver in waivers}
    found = []
    for rule in failures[:RULES_SHOWN]:
        source, table = tables.get(rule.table_name, (None, None))
        is_about_lines = table is not None and rule.rule_id.split(".")[0] in _ABOUT_LINES
        found.append(
            Failure(
                rule=rule,
                gate=named(GATES, rule.gate_code),
                severity=named(SEVERITIES, rule.severity_code),
                wording=Both(rule.wording_zh, rule.wording_en),
                advice=advise(rule),
                waiver_id=waived.get(rule.rule_id),
                samples=_samples(connection, table, window) if is_about_lines else [],
                money=_money(connection, table, window) if is_about_lines else (),
                affected=customers_behind(connection, source, table, window, shown_edition)
                if is_about_lines
                else None,
            )
        )
    return tuple(found)


def _samples(connection: Connection, table: Table, window: Window) -> Rows:
    query = _SAMPLES.format(window=window.where("received_date"))
    return all_rows(connection, query, table.source, table.name, SAMPLES_SHOWN)


def _money(connection: Connection, table: Table, window: Window) -> tuple[Money, ...]:
    query = _MONEY.format(window=window.where("received_date"))
    return tuple(
        Money(_column(table, name), quarantined, difference)
        for name, quarantined, difference in all_rows(connection, query, table.source, table.name)
    )


def _column(table: Table, name: str) -> Both:
    column = next((column for column in table.columns if column.name == name), None)
    return Both(column.zh, column.en) if column else Both(name, name)
