"""The first thing a page says: may tonight's numbers be trusted?"""

from dataclasses import dataclass

from pipelines.report.failures import closes
from pipelines.report.figures import Figures
from pipelines.report.words import STEPS, Both, named


@dataclass(frozen=True)
class Verdict:
    """How a night ended: ``colour`` is good, warn or bad; ``step`` and ``message`` tell where it did not."""

    colour: str
    title: Both
    next_step: Both
    warning_count: int
    critical_count: int
    step: Both | None = None
    step_name: str | None = None
    message: str | None = None


_AGAIN = Both(
    "对外数据仍为上一版本。处理原因后重跑本批次即可。",
    "Readers keep the last good edition. Mend the cause and run the night again.",
)


def find_verdict(figures: Figures, quality_errors: tuple[str, ...]) -> Verdict:
    """The verdict; a step that failed by one of these errors stopped the night, any other one broke it."""
    waived = {waiver.rule_id for waiver in figures.waivers}
    closing = [closes(rule, rule.rule_id in waived) for rule in figures.failures]
    told = [rule.severity_code != "info" for rule in figures.failures]
    critical = sum(closing)
    warnings = sum(is_told and not is_closing for is_told, is_closing in zip(told, closing, strict=True))
    failed = figures.failed
    if failed:
        lines = (failed.message or "").splitlines() or [""]
        is_stopped = lines[0].split(":")[0] in quality_errors
        return Verdict(
            "bad",
            Both("未发布：质量问题，已停止", "Not published: stopped by what was found")
            if is_stopped
            else Both("未发布：运行失败", "Not published: the night failed"),
            _AGAIN,
            warnings,
            critical,
            named(STEPS, failed.step_name),
            failed.step_name,
            lines[0] if figures.failures else failed.message,
        )
    if figures.edition is None:
        return Verdict(
            "warn",
            Both("仅装载历史，未发布", "History was loaded, nothing published"),
            Both("下一批次将发布第一个版本。", "The next night publishes."),
            warnings,
            critical,
        )
    if warnings:
        return Verdict(
            "warn",
            Both("已发布，有警告", "Published with warnings"),
            Both(
                "数据可用；请负责人处理下列警告。",
                "The numbers may be used; the owners see to the warnings below.",
            ),
            warnings,
            critical,
        )
    return Verdict(
        "good",
        Both("已发布", "Published"),
        Both("全部规则通过，数据可用。", "Every rule passed; the numbers may be used."),
        warnings,
        critical,
    )
