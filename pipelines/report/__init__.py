"""The report: what a night did and whether its numbers may be trusted."""

from pipelines.report.figures import Figures, last_night, read_figures
from pipelines.report.outcome import outcome
from pipelines.report.page import write_report

__all__ = ["Figures", "last_night", "outcome", "read_figures", "write_report"]
