"""How the pages word what they show: both languages, names of what ``ops`` calls by code, figures."""

from dataclasses import dataclass
from decimal import Decimal

from markupsafe import Markup, escape


@dataclass(frozen=True)
class Both:
    """One text in Chinese and English; a page shows one of them."""

    zh: str
    en: str

    def __html__(self) -> Markup:
        """Both, marked so that the page's switch shows one."""
        if self.zh == self.en:
            return escape(self.zh)
        return Markup('<span class="zh">{}</span><span class="en">{}</span>').format(self.zh, self.en)


STEPS = {
    "land": Both("入库", "land"),
    "gate_delivery": Both("交付闸门", "gate delivery"),
    "identify": Both("客户识别", "identify"),
    "build": Both("加工", "build"),
    "score": Both("评分", "score"),
    "build_edition": Both("生成版本", "build edition"),
    "gate_edition": Both("版本闸门", "gate edition"),
    "publish": Both("发布", "publish"),
    "report": Both("报告", "report"),
}
GATES = {
    "delivery": Both("交付", "Delivery"),
    "edition": Both("版本", "Edition"),
    "dbt": Both("模型测试", "Model tests"),
}
DIMENSIONS = {
    "accuracy": Both("准确性", "Accuracy"),
    "completeness": Both("完整性", "Completeness"),
    "timeliness": Both("及时性", "Timeliness"),
    "consistency": Both("一致性", "Consistency"),
    "uniqueness": Both("唯一性", "Uniqueness"),
    "validity": Both("有效性", "Validity"),
}
SEVERITIES = {
    "critical": Both("严重", "critical"),
    "warning": Both("警告", "warning"),
    "info": Both("提示", "information"),
}
REASONS = {
    "missing_value": Both("必填项为空", "a required value is missing"),
    "not_a_date": Both("不是日期", "not a date"),
    "not_a_decimal": Both("不是数值", "not a number"),
    "not_a_integer": Both("不是整数", "not a whole number"),
}
MEASURES = {"rows": Both("行数", "rows")}
NONE = Both("–", "–")


def named(names: dict[str, Both], code: str) -> Both:
    """The name of a code; the code itself where it has none."""
    return names.get(code, Both(code, code))


def words(value: object) -> str:
    """A figure as a person writes it: thousands apart, two places for money."""
    if value is None:
        return ""
    if isinstance(value, Decimal) and value.as_tuple().exponent:
        return f"{value:,.2f}"
    return f"{value:,}" if isinstance(value, int | Decimal) and not isinstance(value, bool) else str(value)


def whole(value: Decimal | int | None) -> str:
    """A sum of money without its cents."""
    return "" if value is None else f"{value:,.0f}"


def change(value: int | Decimal | None) -> str:
    """A difference with its sign; nothing where nothing is known, a stroke where nothing changed."""
    if value is None:
        return ""
    if not value:
        return "–"
    return f"{'+' if value > 0 else '−'}{words(abs(value))}"
