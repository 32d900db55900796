"""The night's page: one self-contained HTML file that risk staff read without SQL (catalogue Q3)."""

from pathlib import Path

from pipelines.gates import docs_folder
from pipelines.nights import Night
from pipelines.report.figures import read_figures
from pipelines.report.templates import write_page
from pipelines.report.trend import NIGHTS
from pipelines.report.verdict import find_verdict
from pipelines.report.words import DIMENSIONS, GATES, MEASURES, REASONS, STEPS, Both, named
from pipelines.settings import Settings
from pipelines.sources import active_sources, load_bank

TEMPLATE = "page.html.jinja"


def write_report(settings: Settings, night: Night, page: Path | None = None) -> Path:
    """Write a night's page, unless said otherwise ``<var>/<bank>/reports/<business date>_night_<n>.html``."""
    from pipelines.steps import QUALITY_ERRORS  # the steps call the report

    figures = read_figures(settings, night)
    sources = active_sources(settings.bank)
    name = f"{night.business_date}_night_{night.night_id}.html"
    page = page or settings.var / settings.bank / "reports" / name
    return write_page(
        page,
        TEMPLATE,
        data_docs=_data_docs(page, docs_folder(settings, night)),
        bank=load_bank(settings.bank),
        night=night,
        figures=figures,
        verdict=find_verdict(figures, tuple(error.__name__ for error in QUALITY_ERRORS)),
        step_names=STEPS,
        gate_names=GATES,
        dimension_names=DIMENSIONS,
        measure_names=MEASURES,
        reason_names=REASONS,
        source_names={source.code: Both(source.name_zh, source.name_en) for source in sources},
        table_names={
            (table.source, table.name): Both(table.zh, table.en)
            for source in sources
            for table in source.tables
        },
        column_names={
            (table.source, table.name, column.name): Both(column.zh, column.en)
            for source in sources
            for table in source.tables
            for column in table.columns
        },
        named=named,
        trend_nights=NIGHTS,
    )


def _data_docs(page: Path, folder: Path) -> list[str]:
    """Addresses of the gates' Data Docs, as seen from a page that lies beside them; none elsewhere."""
    if folder.parent != page.parent:
        return []
    return [f"{folder.name}/{one.name}" for one in sorted(folder.glob("*.html"))]
