"""The portrait of a bank: what its customers are worth and where they stand, as one page of plots."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import groupby
from pathlib import Path
from typing import Any

from pipelines.report import plots
from pipelines.report.portrait_rows import Rows, read_rows
from pipelines.report.templates import write_page
from pipelines.settings import Settings
from pipelines.sources import load_bank

TEMPLATE = "portrait.html.jinja"
LINEAR_UP_TO = 100.0  # money below it is drawn evenly, above it by powers of ten
# what current value is made of: column of customer_values, Chinese, English, whether it is a cost
PARTS = (
    ("deposit_contribution", "存款贡献", "Deposits", False),
    ("loan_contribution", "贷款贡献", "Loans", False),
    ("settlement_fee", "结算手续费", "Settlement fees", False),
    ("cards_fee", "银行卡手续费", "Card fees", False),
    ("wealth_fee", "投资理财手续费", "Wealth fees", False),
    ("loans_fee", "贷款手续费", "Loan fees", False),
    ("agency_fee", "代理手续费", "Agency fees", False),
    ("transaction_cost", "交易成本", "Transactions", True),
    ("service_cost", "账户服务成本", "Accounts", True),
    ("privilege_cost", "权益成本", "Privileges", True),
)
MEASURES = {"revenue": ("收入", "revenue"), "contribution": ("当前价值", "current value")}


@dataclass(frozen=True)
class Bar:
    """One line of a list of bars: ``amount`` in the list's unit, ``share`` of it as told beside the bar."""

    name_zh: str
    name_en: str
    amount: Decimal
    length: float  # of the longest bar, 0 to 1
    share: float | None = None
    watched: int = 0


@dataclass(frozen=True)
class Plot:
    """One plot with its caption, what it says, and the names of what is drawn in which colour."""

    name_zh: str
    name_en: str
    svg: str
    note_zh: str = ""
    note_en: str = ""
    keys: tuple[str, ...] = ()


@dataclass(frozen=True)
class Scheme:
    """A tier scheme: its tiers from the highest down, and who rose and fell month by month."""

    code: str
    name_zh: str
    name_en: str
    tiers: list[Bar]
    moves: Plot | None


def write_portrait(settings: Settings, page: Path) -> Path:
    """Draw the newest edition that is published and write one self-contained HTML file; returns its path.

    The same edition gives the same bytes. Raises PortraitError when nothing is published.
    """
    rows = read_rows(settings)
    return write_page(
        page,
        TEMPLATE,
        bank=load_bank(settings.bank),
        business_date=rows.business_date,
        totals=rows.totals,
        parts=_parts(rows.totals),
        plots=[*_money(rows), _concentration(rows.concentration), _scores(rows.customers)],
        schemes=_schemes(rows),
        colours=plots.COLOURS,
    )


def _parts(totals: Any) -> list[Bar]:
    """What brought and what cost, over twelve months; nothing is shown of what the bank does not have."""
    found = [
        (zh, en, getattr(totals, f"{column}_amount") * (-1 if is_cost else 1))
        for column, zh, en, is_cost in PARTS
    ]
    longest = max(abs(part) for *_, part in found) or 1
    return [Bar(zh, en, part, float(abs(part) / longest)) for zh, en, part in found if part]


def _money(rows: Rows) -> list[Plot]:
    currency = rows.totals.currency_code
    values = [float(row.current_value) for row in rows.customers]
    aum = [float(row.aum) for row in rows.customers]
    below = sum(value < 0 for value in values)
    nothing = sum(held == 0 for held in aum)
    return [
        Plot(
            "近十二个月当前价值",
            "Current value over twelve months",
            plots.histogram(values, currency, LINEAR_UP_TO),
            f"客户数；{below:,} 户为负",
            f"number of customers; {below:,} are below zero",
        ),
        Plot(
            "月日均管理资产（AUM）",
            "Monthly average assets under management",
            plots.histogram(aum, currency, LINEAR_UP_TO),
            f"客户数；{nothing:,} 户没有资产",
            f"number of customers; {nothing:,} have none",
        ),
    ]


def _concentration(rows: Iterable[Any]) -> Plot:
    lines, zh, en, keys = [], [], [], []
    for measure, group in groupby(rows, key=lambda row: row.measure_code):
        points = [point for point in group if point.value_share is not None]
        if not points:  # its total is not positive: shares of it say nothing
            continue
        names = MEASURES[measure]
        lines.append(
            (
                [0.0, *(float(point.reached_customer_share) for point in points)],
                [0.0, *(float(point.value_share) for point in points)],
            )
        )
        keys.append(" ".join(names))
        top = points[0]
        zh.append(f"前 {top.top_customer_share:.0%} 的客户带来 {top.top_value_share:.0%} 的{names[0]}")
        en.append(f"the best {top.top_customer_share:.0%} bring {top.top_value_share:.0%} of {names[1]}")
    return Plot(
        "二八曲线",
        "80/20: which share of customers brings which share",
        plots.curves(lines, "客户占比 share of customers", "占比 share"),
        "；".join(zh),
        "; ".join(en),
        tuple(keys),
    )


def _scores(customers: Iterable[Any]) -> Plot:
    scores = [
        [float(score) for score in column if score is not None]
        for column in zip(*((row.stability_score, row.loyalty_score) for row in customers), strict=True)
    ]
    known = [len(column) for column in scores]
    return Plot(
        "稳定度与忠诚度",
        "Stability and loyalty",
        plots.densities(scores, "得分 score"),
        f"客户数；已知稳定度 {known[0]:,} 户、忠诚度 {known[1]:,} 户",
        f"number of customers; stability is known of {known[0]:,}, loyalty of {known[1]:,}",
        ("稳定度 stability", "忠诚度 loyalty"),
    )


def _schemes(rows: Rows) -> list[Scheme]:
    moves = {code: list(group) for code, group in groupby(rows.moves, key=lambda row: row.scheme_code)}
    found = []
    for code, group in groupby(rows.tiers, key=lambda row: row.scheme_code):
        tiers = list(group)
        largest, total = max(row.customers for row in tiers) or 1, sum(row.customers for row in tiers) or 1
        bars = [
            Bar(
                row.tier_zh,
                row.tier_en,
                Decimal(row.customers),
                row.customers / largest,
                row.customers / total,
                row.watched,
            )
            for row in tiers
        ]
        found.append(Scheme(code, tiers[0].scheme_zh, tiers[0].scheme_en, bars, _moves(moves.get(code, []))))
    return found


def _moves(months: list[Any]) -> Plot | None:
    if not months:
        return None
    up, down = [int(row.up) for row in months], [int(row.down) for row in months]
    return Plot(
        "逐月升降",
        "Up and down by month",
        plots.stacked_bars([_month(row.month_end_date) for row in months], [up, [-count for count in down]]),
        f"共升 {sum(up):,} 户次、降 {sum(down):,} 户次",
        f"{sum(up):,} times up, {sum(down):,} times down",
        ("上升 up", "下降 down"),
    )


def _month(day: date) -> str:
    return f"{day:%Y-%m}"
