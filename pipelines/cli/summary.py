"""What a person sees in the terminal when a night has ended."""

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table

from pipelines.nights import Night
from pipelines.report.figures import Figures, read_figures, words
from pipelines.settings import Settings


def print_summary(console: Console, settings: Settings, night: Night) -> None:
    """Steps, headline figures and where to look next."""
    figures = read_figures(settings, night)
    print_table(
        console,
        f"night {night.night_id} · {settings.bank} · {night.business_date}",
        ("step", "state", "seconds", "rows in", "rows out", ""),
        [
            (step.step_name, step.state, step.seconds, step.rows_in, step.rows_out, step.message)
            for step in figures.steps
        ],
    )
    print_gates(console, figures)
    if figures.edition:
        print_headlines(console, figures)
    _print_next(console, settings, night, figures)


def print_gates(console: Console, figures: Figures) -> None:
    """Rules asked at each gate, and those that did not pass."""
    print_table(
        console,
        "gates",
        ("gate", "dimension", "rules", "passed", "critical", "warnings"),
        figures.gates,
    )
    for failure in figures.failures:
        colour = "red" if failure.severity_code == "critical" else "yellow"
        console.print(
            f"[{colour}]{failure.severity_code}[/] {failure.rule_id}: {failure.wording_en} "
            f"({words(failure.unexpected_count) or failure.outcome_code})",
            highlight=False,
        )


def print_headlines(console: Console, figures: Figures) -> None:
    """Customers, AUM, tiers and churn bands of the published edition."""
    totals = figures.totals
    unit = totals.currency_code
    headlines = [
        ("customers", totals.customer_count),
        *((f"  {row.customer_kind_code}", row.customer_count) for row in figures.customers),
        (f"deposits, {unit}", totals.deposit_amount),
        (f"AUM at day end, {unit}", totals.aum_amount),
        (f"AUM month average, {unit}", totals.aum_month_average_amount),
        (f"liabilities, {unit}", totals.liability_amount),
        *((f"{row.scheme_code} {row.tier_code}", row.customer_count) for row in figures.tiers),
        *((f"churn {row.churn_band_code}", row.customer_count) for row in figures.churn),
    ]
    print_table(console, f"edition {figures.edition.edition_id}", ("headline", "figure"), headlines)


def print_table(
    console: Console, title: str, headings: Sequence[str], rows: Iterable[Sequence[object]]
) -> None:
    """A plain table; numbers to the right."""
    rows = [tuple(row) for row in rows]
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for number, heading in enumerate(headings):
        values = [row[number] for row in rows]
        is_number = any(hasattr(value, "__abs__") for value in values)
        table.add_column(heading, justify="right" if is_number else "left", overflow="fold")
    for row in rows:
        table.add_row(*(words(value) for value in row))
    console.print(table)
    console.print()


def _print_next(console: Console, settings: Settings, night: Night, figures: Figures) -> None:
    page = next(
        (step.message for step in figures.steps if step.step_name == "report" and step.state == "done"), None
    )
    bank = "" if settings.bank == "demo" else f"YIHU_BANK={settings.bank} "
    console.print("[bold]where to look next[/]")
    if page:
        console.print(f"  report    {page}", highlight=False, soft_wrap=True)
    console.print(f"  psql      {bank}.venv/bin/yihu db psql", highlight=False)
    console.print(f"  editions  {bank}.venv/bin/yihu editions", highlight=False)
    if figures.night.state in ("stopped", "failed"):
        console.print(
            f"[red]{figures.night.state}[/] at {figures.night.failed_step}: {figures.night.message}",
            highlight=False,
        )
