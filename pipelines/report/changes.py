"""What changed since the edition before, and why (catalogue Q3)."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from psycopg2 import sql
from psycopg2.extensions import connection as Connection

from pipelines.gates.window import Window
from pipelines.report.arrivals import SourceArrival
from pipelines.report.rows import Rows, all_rows, is_there, one_row
from pipelines.report.words import Both
from pipelines.sources import Source, Table

KINDS = {
    "person": Both("个人客户", "Persons"),
    "company": Both("公司客户", "Companies"),
    "institution": Both("机构客户", "Institutions"),
}
_TOTALS = (
    ("customer_count", Both("客户数", "Customers")),
    ("deposit_amount", Both("存款余额", "Deposits")),
    ("aum_amount", Both("管理资产（日终）", "AUM at day end")),
    ("aum_month_average_amount", Both("管理资产（月日均）", "AUM, monthly average")),
    ("liability_amount", Both("负债余额", "Liabilities")),
)
_LATE = "select count(*) as row_count from raw.{table} where {window} and {column} <= %s"


@dataclass(frozen=True)
class Beside:
    """One figure of tonight beside that of the edition before; None where it is not known."""

    title: Both
    now: int | Decimal | None
    former: int | Decimal | None

    @property
    def difference(self) -> int | Decimal | None:
        """Tonight less before."""
        return None if self.now is None or self.former is None else self.now - self.former


@dataclass(frozen=True)
class Cause:
    """One possible cause of a change: how much of it there was tonight, and what it is."""

    title: Both
    told: Both
    is_active: bool


def headline(
    customers: Rows, totals: Any | None, former_customers: Rows, former_totals: Any | None
) -> tuple[Beside, ...]:
    """Customers and money of tonight's edition beside those of the edition before."""
    if totals is None:
        return ()
    kinds = {row.customer_kind_code: row.customer_count for row in customers}
    former = {row.customer_kind_code: row.customer_count for row in former_customers}
    lines = [
        Beside(title, getattr(totals, column), former_totals and getattr(former_totals, column))
        for column, title in _TOTALS
    ]
    by_kind = [
        Beside(title, kinds.get(code, 0), former.get(code, 0) if former_totals else None)
        for code, title in KINDS.items()
        if code in kinds or code in former
    ]
    return (lines[0], *by_kind, *lines[1:])


@dataclass(frozen=True)
class Late:
    """Rows that came tonight and speak of days that were published before, by table."""

    title: Both
    row_count: int


def read_late(connection: Connection, sources: Iterable[Source], window: Window) -> tuple[Late, ...]:
    """Late rows of the tables whose rows are dated and come once; none before the first edition."""
    found: list[Late] = []
    if window.after.year == 1:
        return ()
    for source in sources:
        for table in source.tables:
            if _is_dated(source, table) and is_there(connection, "raw", table.raw_name):
                count = _late_count(connection, table, window)
                title = Both(f"{source.name_zh} · {table.zh}", f"{source.name_en} · {table.en}")
                found += [Late(title, count)] if count else []
    return tuple(found)


def _is_dated(source: Source, table: Table) -> bool:
    """Whether a table's date can be compared as text."""
    return (
        not source.is_pipeline
        and table.mode == "increment"
        and table.date_column is not None
        and table.column(table.date_column).format == "yyyy-mm-dd"
    )


def _late_count(connection: Connection, table: Table, window: Window) -> int:
    query = sql.SQL(_LATE).format(
        table=sql.Identifier(table.raw_name),
        window=sql.SQL(window.where()),
        column=sql.Identifier(table.date_column or ""),
    )
    row = one_row(connection, query.as_string(connection), window.after.isoformat())
    return row.row_count if row else 0


def causes(
    arrivals: Iterable[SourceArrival],
    sources: Iterable[Source],
    late: Iterable[Late],
    identity_changes: Rows,
    night: Any,
    edition: Any | None,
    former: Any | None,
) -> tuple[Cause, ...]:
    """Every kind of cause, with what tonight brought of it."""
    rows = {(source.code, table.name): table.row_count for source in arrivals for table in source.tables}
    modes = {(table.source, table.name): table.mode for source in sources for table in source.tables}
    by_mode = {
        mode: sum(count for key, count in rows.items() if modes[key] == mode)
        for mode in ("increment", "upsert", "snapshot", "delete")
    }
    late_count = sum(each.row_count for each in late)
    where = "、".join(f"{each.title.zh} {each.row_count:,}" for each in late)
    where_en = ", ".join(f"{each.title.en} {each.row_count:,}" for each in late)
    merged = sum(row.record_count for row in identity_changes)
    return (
        Cause(
            Both("新数据", "New data"),
            _count(by_mode["increment"] - late_count, "新行", "new rows"),
            by_mode["increment"] > late_count,
        ),
        Cause(
            Both("主数据变更", "Changed master data"),
            _count(by_mode["upsert"], "新增或变更的主数据行", "new or changed rows of master data"),
            by_mode["upsert"] > 0,
        ),
        Cause(
            Both("迟到或补正的数据", "Late or corrected data"),
            Both(
                f"{late_count:,} 行的日期早于本次应报日期" + (f"：{where}" if where else ""),
                f"{late_count:,} rows speak of days published before" + (f": {where_en}" if where_en else ""),
            ),
            late_count > 0,
        ),
        Cause(
            Both("来源删除", "Deleted by the source"),
            _count(by_mode["delete"], "行撤销", "rows taken back"),
            by_mode["delete"] > 0,
        ),
        _versions(
            Both("政策", "Policy"),
            former and former.policy_version,
            edition.policy_version if edition else night.policy_version,
        ),
        Cause(
            Both("客户识别", "Identity"),
            _count(merged, "条来源记录换了客户号（见下表）", "source records changed customer (below)"),
            merged > 0,
        ),
        _versions(
            Both("流失模型", "Churn model"),
            former and former.model_version,
            edition and edition.model_version,
        ),
        _versions(Both("程序", "Code"), former and former.code_release, edition and edition.code_release),
    )


def _count(count: int, zh: str, en: str) -> Both:
    return Both(f"{count:,} {zh}", f"{count:,} {en}")


def _versions(title: Both, former: str | None, now: str | None) -> Cause:
    if former is None or now is None:
        version = now or former
        return Cause(
            title, Both(f"版本 {version}", f"version {version}") if version else Both("–", "–"), False
        )
    if former == now:
        return Cause(title, Both(f"未变（{now}）", f"unchanged ({now})"), False)
    return Cause(title, Both(f"{former} → {now}", f"{former} → {now}"), True)


_TIER_CAUSES = """
select named.name_zh as cause_zh, named.name_en as cause_en, scheme.name_zh as scheme_zh,
       scheme.name_en as scheme_en, count(*) as customer_count
from {schema}.customer_tier_changes as change
inner join {schema}.codes as named on named.code_set = 'change_cause' and named.code = change.cause_code
inner join {schema}.codes as scheme on scheme.code_set = 'scheme' and scheme.code = change.scheme_code
group by scheme.rank, named.rank, 1, 2, 3, 4 order by scheme.rank, named.rank
"""


def read_tier_causes(connection: Connection, schema: str) -> Rows:
    """Tier changes since the last month end by scheme and cause; none where the edition has no such table."""
    if not is_there(connection, schema, "customer_tier_changes"):
        return []
    return all_rows(connection, _TIER_CAUSES.format(schema=schema))
