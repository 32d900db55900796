"""What to do next about a rule that did not pass."""

from pipelines.report.words import Both

# rules made for every delivery: their ids begin with these words
_BY_KIND = {
    "arrived": Both(
        "请来源系统补交缺失日期的文件（放入同名日期目录），再重跑本批次",
        "Ask the source for the missing dates (in the folders of those dates), then run the night again",
    ),
    "tie_out": Both(
        "请来源系统核对控制文件与数据文件，重新交付后重跑",
        "Ask the source to compare control file and data file and to deliver again; then run again",
    ),
    "quarantine_share": Both(
        "查看隔离明细（yihu quarantine list），请来源系统更正后重新交付",
        "Look at the lines (yihu quarantine list), ask the source to correct and deliver again",
    ),
    "retyped": Both(
        "与来源系统确认格式是否变更；如属变更，修改来源声明",
        "Ask the source whether the format changed; if it did, change the source's declaration",
    ),
    "schema_drift": Both(
        "在来源声明中登记新列或标为忽略；其值已另存，不影响本次数据",
        "Declare the new column, or declare it as ignored; its values are kept aside, tonight is not touched",
    ),
}
_BY_GATE = {
    "delivery": Both(
        "请负责人与来源系统核实；更正后重新交付并重跑，或由两人登记豁免（yihu waive）",
        "Let the owner ask the source; deliver again corrected and run again, or let two people waive it "
        "(yihu waive)",
    ),
    "edition": Both(
        "请负责人核实加工结果与政策；更正后重跑，或由两人登记豁免（yihu waive）",
        "Let the owner check models and policy; mend and run again, or let two people waive it (yihu waive)",
    ),
    "dbt": Both(
        "请数据工程师检查模型与其输入，修正后重跑",
        "Let a data engineer check the model and what it reads; mend and run again",
    ),
}
_ERROR = Both(
    "规则未能执行：请数据工程师检查规则与数据表，修正后重跑",
    "The rule could not be judged: let a data engineer check rule and table; mend and run again",
)


def advise(gate_code: str, rule_id: str, outcome_code: str) -> Both:
    """The next step for a rule by its kind, else by its gate."""
    if outcome_code == "error":
        return _ERROR
    return _BY_KIND.get(rule_id.split(".")[0]) or _BY_GATE.get(gate_code, _BY_GATE["delivery"])
