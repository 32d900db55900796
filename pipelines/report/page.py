"""The night's page: one self-contained HTML file, Chinese and English side by side."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from pipelines.nights import Night
from pipelines.report.figures import read_figures, words
from pipelines.settings import Settings
from pipelines.sources import load_bank

TEMPLATE = "page.html.jinja"


def write_report(settings: Settings, night: Night) -> Path:
    """Write ``<var>/<bank>/reports/<business date>_night_<n>.html`` and return its path."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["words"] = words
    environment.filters["attributes"] = lambda row, names: [getattr(row, name) for name in names]
    figures = read_figures(settings, night)
    failed = next((step for step in figures.steps if step.state == "failed"), None)
    text = environment.get_template(TEMPLATE).render(
        bank=load_bank(settings.bank), night=night, figures=figures, failed=failed
    )
    folder = settings.var / settings.bank / "reports"
    folder.mkdir(parents=True, exist_ok=True)
    page = folder / f"{night.business_date}_night_{night.night_id}.html"
    page.write_text(text, encoding="utf-8")
    return page
