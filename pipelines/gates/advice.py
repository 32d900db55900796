"""What to do about a rule that did not pass: by the kind of rule, else by its gate and dimension.

A rule of ``expectations`` that needs other words brings its own (``advice: {zh: …, en: …}``).
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Advice:
    """The next step, in Chinese and English."""

    zh: str
    en: str


MODEL_TEST = Advice(
    "请数据工程师检查模型与其输入，修正后重跑",
    "Let a data engineer check the model and what it reads; mend and run again",
)
# rules made for every table: their ids begin with these words
_BY_KIND = {
    "arrived": Advice(
        "请来源系统补交缺失日期的文件（放入同名日期目录），再重跑本批次",
        "Ask the source for the missing dates (in the folders of those dates), then run the night again",
    ),
    "tie_out": Advice(
        "请来源系统核对控制文件与数据文件，重新交付后重跑",
        "Ask the source to compare control file and data file and to deliver again; then run again",
    ),
    "quarantine_share": Advice(
        "查看隔离明细（yihu quarantine list），请来源系统更正后重新交付",
        "Look at the lines (yihu quarantine list), ask the source to correct and deliver again",
    ),
    "retyped": Advice(
        "与来源系统确认格式是否变更；如属变更，修改来源声明",
        "Ask the source whether the format changed; if it did, change the source's declaration",
    ),
    "schema_drift": Advice(
        "在来源声明中登记新列或标为忽略；其值已另存，不影响本次数据",
        "Declare the new column, or declare it as ignored; its values are kept aside, tonight is not touched",
    ),
    "volume": Advice(
        "与来源系统或业务部门确认行数变化是否属实（节假日、活动、结息）；如系漏交或重复，更正后重新交付",
        "Ask source or business whether the change is real (a holiday, a campaign, interest day); if rows "
        "are missing or came twice, have them delivered again",
    ),
    "silence": Advice(
        "该表平日均有数据而本日为空：请来源系统确认当日是否确无业务，否则补交后重跑",
        "This table always brought rows and is empty: ask the source whether nothing happened that day, else "
        "have it delivered and run again",
    ),
    "empties": Advice(
        "请来源系统确认所列字段为何缺失增多（或减少）；如系接口问题，更正后重新交付",
        "Ask the source why more (or fewer) cells of the columns named are empty; if its export is at fault, "
        "have it corrected and delivered again",
    ),
    "means": Advice(
        "对照报告“变化及原因”核实均值变化；无法解释时请数据工程师检查当晚交付与加工",
        "Hold it against the report's causes; if none explains it, let a data engineer check tonight's "
        "deliveries and models",
    ),
    "shares": Advice(
        "对照报告“分层与流失等级”及政策变更核实占比变化；无法解释时请负责人检查分层或评分",
        "Hold it against the report's tiers, bands and policy; if nothing explains it, let the owner check "
        "how tiers or scores are given",
    ),
}
_BY_DIMENSION = {
    ("delivery", "accuracy"): Advice(
        "请来源系统核对所列日期的金额与明细；更正后重新交付并重跑，或由两人登记豁免（yihu waive）",
        "Let the source check amounts and details of the dates named; deliver again corrected and run again, "
        "or let two people waive it (yihu waive)",
    ),
    ("delivery", "completeness"): Advice(
        "请来源系统补齐所列日期缺失的内容；重新交付并重跑，或由两人登记豁免（yihu waive）",
        "Let the source fill in what is missing on the dates named; deliver again and run again, or let two "
        "people waive it (yihu waive)",
    ),
    ("delivery", "timeliness"): Advice(
        "请来源系统核对所列日期（未来或过期日期）；更正后重新交付并重跑，或由两人登记豁免（yihu waive）",
        "Let the source check the dates of these rows; deliver again corrected and run again, or let two "
        "people waive it (yihu waive)",
    ),
    ("delivery", "consistency"): Advice(
        "请来源系统核对与之关联的表（是否漏交、是否改号）；更正后重新交付并重跑，"
        "或由两人登记豁免（yihu waive）",
        "Let the source hold the rows against the tables they refer to (not delivered, renumbered?); deliver "
        "again corrected and run again, or let two people waive it (yihu waive)",
    ),
    ("delivery", "uniqueness"): Advice(
        "请来源系统确认重复行中哪一行有效；去重后重新交付并重跑，或由两人登记豁免（yihu waive）",
        "Let the source say which of the rows holds; deliver again without the others and run again, or let "
        "two people waive it (yihu waive)",
    ),
    ("delivery", "validity"): Advice(
        "新代码请登记到政策（policy/codes.csv）；错误取值请来源系统更正、重新交付并重跑，"
        "或由两人登记豁免（yihu waive）",
        "Enter a new code in policy (policy/codes.csv); have a wrong value corrected, delivered again and "
        "run again, or let two people waive it (yihu waive)",
    ),
    ("edition", "accuracy"): Advice(
        "请负责人与数据工程师核对加工口径与政策；更正后重跑，或由两人登记豁免（yihu waive）",
        "Let owner and data engineer check how it is reckoned, and the policy; mend and run again, or let "
        "two people waive it (yihu waive)",
    ),
    ("edition", "completeness"): Advice(
        "请数据工程师查找缺失行的来源（交付、客户识别或加工）；修正后重跑，或由两人登记豁免（yihu waive）",
        "Let a data engineer find where the rows were lost (delivery, identity or models); mend and run "
        "again, or let two people waive it (yihu waive)",
    ),
    ("edition", "timeliness"): Advice(
        "请数据工程师确认加工所用业务日期与交付日期；修正后重跑，或由两人登记豁免（yihu waive）",
        "Let a data engineer check as of which date the models were built; mend and run again, or let two "
        "people waive it (yihu waive)",
    ),
    ("edition", "consistency"): Advice(
        "请负责人对照两张相关表查明差异；修正模型或政策后重跑，或由两人登记豁免（yihu waive）",
        "Let the owner compare the tables that disagree; mend model or policy and run again, or let two "
        "people waive it (yihu waive)",
    ),
    ("edition", "uniqueness"): Advice(
        "请数据工程师检查客户识别与关联是否造成重复；修正后重跑，或由两人登记豁免（yihu waive）",
        "Let a data engineer check whether identity or a join doubled rows; mend and run again, or let two "
        "people waive it (yihu waive)",
    ),
    ("edition", "validity"): Advice(
        "请负责人核对政策代码与取值范围；更正后重跑，或由两人登记豁免（yihu waive）",
        "Let the owner check codes and bounds in policy; mend and run again, or let two people waive it "
        "(yihu waive)",
    ),
}


def advice_by_kind(kind: str) -> Advice:
    """The next step for a rule made for every table; ``kind`` is the first word of its id."""
    return _BY_KIND[kind]


def advice_by_dimension(gate: str, dimension: str) -> Advice:
    """The next step for a rule of a gate that brings no words of its own."""
    return _BY_DIMENSION[gate, dimension]
