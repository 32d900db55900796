"""The page of a training: figures, calibration, comparisons, drivers; one HTML file in two languages."""

from pathlib import Path

from pipelines.churn.card import FIGURES, METHODS, shown
from pipelines.churn.features import FEATURES, GROUPS
from pipelines.churn.registry import Origin, library_versions
from pipelines.churn.training import Evaluation, Trained
from pipelines.months import month_name
from pipelines.report import plots
from pipelines.report.templates import write_page as write_html
from pipelines.sources import load_bank

TEMPLATE = "training.html.jinja"
_COMPARED = ("model", "rule", "regression")  # one colour each


def write_page(page: Path, bank: str, version: str, trained: Trained, origin: Origin) -> Path:
    """Draw a training as one self-contained file; the same training gives the same bytes."""
    found = trained.evaluation
    return write_html(
        page,
        TEMPLATE,
        Path(__file__).parent,
        bank=load_bank(bank),
        version=version,
        trained=trained,
        origin=origin,
        evaluation=found,
        libraries=library_versions(),
        methods=METHODS,
        figures=FIGURES,
        groups=GROUPS,
        members={group: [one for one in FEATURES if one.group == group] for group in GROUPS},
        compared=[METHODS[name] for name in _COMPARED],
        colours=plots.COLOURS,
        drawn=_plots(found),
        shown=shown,
        month_name=month_name,
    )


def _plots(found: Evaluation) -> dict[str, str]:
    """Plots as SVG by name."""
    said = [one.expected / one.customer_count for one in found.deciles if one.customer_count]
    true = [one.observed / one.customer_count for one in found.deciles if one.customer_count]
    steps = len(found.gain_curves["model"]) - 1
    across = [place / steps for place in range(steps + 1)]
    drawn = {
        "calibration": plots.against([(said, true)], "预测概率 said", "实际比例 came true"),
        "gain": plots.curves(
            [(across, found.gain_curves[name]) for name in _COMPARED],
            "客户占比 share of customers",
            "流失者占比 share of churners",
        ),
    }
    if found.trend:
        drawn["trend"] = plots.shares_by_place(
            [month_name(month) for month, _, _ in found.trend],
            [left / max(eligible, 1) for _, eligible, left in found.trend],
        )
    return drawn
