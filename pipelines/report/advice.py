"""What to do next about a rule that did not pass, as the page says it."""

from typing import Any

from pipelines.gates.advice import MODEL_TEST
from pipelines.report.words import Both

_ERROR = Both(
    "规则未能执行：请数据工程师检查规则与数据表，修正后重跑",
    "The rule could not be judged: let a data engineer check rule and table; mend and run again",
)
# of a night that was judged before rules brought their own words
_CHECK = Both(MODEL_TEST.zh, MODEL_TEST.en)


def advise(rule: Any) -> Both:
    """The next step for a row of ``ops.gate_results``."""
    if rule.outcome_code == "error":
        return _ERROR
    return Both(rule.advice_zh, rule.advice_en) if rule.advice_zh else _CHECK
