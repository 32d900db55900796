"""The templates that all pages share: ``base.html.jinja`` is their frame, style and language switch."""

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from pipelines.report.words import change, whole, words

SHARED = Path(__file__).parent


def write_page(page: Path, template: str, folder: Path = SHARED, **values: Any) -> Path:
    """Write one self-contained HTML file from a template of ``folder``; returns its path."""
    environment = Environment(
        loader=FileSystemLoader([folder, SHARED]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(words=words, whole=whole, change=change)
    text = environment.get_template(template).render(**values)
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(text, encoding="utf-8")
    return page
