"""The model card: what a churn model is, what it was made from and how well it does, in Markdown."""

from pipelines.churn.features import GROUPS
from pipelines.churn.metrics import Figure
from pipelines.churn.registry import Origin, library_versions
from pipelines.churn.training import Trained
from pipelines.months import month_name

METHODS = {
    "model": ("模型", "model"),
    "rule": ("最佳未活动规则", "best inactivity rule"),
    "regression": ("逻辑回归", "logistic regression"),
    "persistence": ("趋势延续", "persistence"),
}
FIGURES = {
    "roc_auc": ("排序能力 ROC AUC", "ROC AUC"),
    "pr_auc": ("平均精确率 PR AUC", "PR AUC"),
    "top_5_churners": ("前 5% 含流失者", "churners in the top 5 %"),
    "top_10_churners": ("前 10% 含流失者", "churners in the top 10 %"),
    "top_20_churners": ("前 20% 含流失者", "churners in the top 20 %"),
    "top_10_lift": ("前 10% 提升倍数", "lift in the top 10 %"),
    "top_5_money": ("前 5% 含流失资金", "money lost in the top 5 %"),
    "top_10_money": ("前 10% 含流失资金", "money lost in the top 10 %"),
    "top_20_money": ("前 20% 含流失资金", "money lost in the top 20 %"),
    "brier": ("Brier 分", "Brier score"),
    "brier_skill": ("Brier 技巧分", "Brier skill"),
}


def write_card(version: str, trained: Trained, origin: Origin) -> str:
    """The card of one training."""
    found, scoring = trained.evaluation, trained.scoring
    split = found.split
    lines = [
        f"# 流失模型 {version} | Churn model {version}",
        "",
        f"- 状态 state: {trained.refusal or trained.alarm or 'registered'}",
        "- 用途 use: rank a bank's eligible customers by how likely they leave within "
        f"{split.horizon_months} months, and say why; never to refuse anybody a service",
        f"- 训练日期 trained as of: {origin.trained_date}; policy {origin.policy_version}",
        f"- 训练快照 learnt from: {_months(split.train)}, {found.row_counts['train']:,} rows, "
        f"{found.churner_counts['train']:,} churners",
        f"- 校准快照 calibrated on: {_months(split.calibration)}, {found.row_counts['calibration']:,} rows",
        f"- 检验快照 judged by: {_months(split.test)}, {found.row_counts['test']:,} rows, "
        f"{found.churner_counts['test']:,} churners",
        f"- 特征 features: {len(scoring.feature_names)}, definition {scoring.feature_hash}",
        f"- 参数 parameters: {scoring.model.get_params()}",
        f"- 软件 libraries: {', '.join(f'{name} {one}' for name, one in library_versions().items())}",
        f"- 流失者带走 taken by leavers: {scoring.loss_share:.1%} of their assets on average",
        f"- 对规则的增益 gain over the rule (PR AUC): {shown(found.gain)}",
        "",
        f"| 指标 figure | {' | '.join(f'{zh} {en}' for zh, en in METHODS.values())} |",
        f"|---|{'---|' * len(METHODS)}",
    ]
    for name, (zh, en) in FIGURES.items():
        cells = (shown(found.methods[method].get(name)) for method in METHODS)
        lines.append(f"| {zh} {en} | {' | '.join(cells)} |")
    lines += ["", "驱动因素 what moves it:"]
    lines += [f"- {' '.join(GROUPS[group])}: {share:.1%}" for group, share in found.group_shares.items()]
    return "\n".join([*lines, ""])


def shown(figure: Figure | None) -> str:
    """A figure with its interval, as ``0.812 (0.801–0.823)``; a dash where there is none."""
    if figure is None:
        return "–"
    ends = "" if figure.low is None else f" ({figure.low:.3f}–{figure.high:.3f})"
    return f"{figure.value:.3f}{ends}"


def _months(months: tuple[int, ...]) -> str:
    first, last = month_name(months[0]), month_name(months[-1])
    return first if first == last else f"{first} … {last}"
