"""What the churn model looks at: each column of ``marts.churn_features``, its group, direction and names.

A group is what reasons are told apart by and what the report compares. A direction of 1 says that the more
of it, the likelier a customer leaves, -1 the contrary; the model may not learn otherwise.
"""

from dataclasses import asdict, dataclass
from hashlib import sha256
from json import dumps

from psycopg2.extensions import connection as Connection

from pipelines.churn.errors import ChurnError

KEYS = ("customer_id", "branch_id", "month_number")
AMOUNT = "aum_trailing_amount"  # what there is to lose
DAYS_INACTIVE = "days_inactive"  # what the rule goes by
PERSISTENCE = "aum_last_change"  # what is falling goes on falling
SEGMENT = "customer_kind_code"
LABELS = ("is_attrition", "is_dormancy", "is_exit", "is_churned", "lost_amount")

GROUPS = {
    "activity": ("活跃度", "Activity"),
    "balance_trend": ("资产走势", "Trend of assets"),
    "flows": ("资金流向", "Flows of money"),
    "products": ("产品持有", "Products held"),
    "price_gap": ("价格差距", "Price gap"),
    "service": ("投诉与联络", "Complaints and contacts"),
    "salary_and_life": ("代发与生活变化", "Salary and life"),
    "relationship": ("客户关系", "Relationship"),
    "digital": ("数字化渠道", "Digital channels"),
}


@dataclass(frozen=True)
class Feature:
    """One column; ``unit``: share, amount, count, days, months, years, rate, score, flag or code (text)."""

    name: str
    group: str
    direction: int
    zh: str
    en: str
    unit: str

    @property
    def is_text(self) -> bool:
        """Whether its values are codes, not numbers."""
        return self.unit == "code"


def _features(group: str, *rows: tuple[str, int, str, str, str]) -> tuple[Feature, ...]:
    return tuple(Feature(name, group, direction, zh, en, unit) for name, direction, unit, zh, en in rows)


FEATURES: tuple[Feature, ...] = (
    *_features(
        "activity",
        ("days_inactive", 1, "days", "未主动交易天数", "Days without a transaction of his own"),
        ("transaction_trailing_count", 0, "count", "近期月均交易笔数", "Transactions a month of late"),
        ("active_day_trailing_count", 0, "count", "近期月均活跃天数", "Active days a month of late"),
        ("transaction_last_change", 0, "share", "上月交易笔数变化", "Change of transactions last month"),
        ("transaction_trend_change", 0, "share", "交易笔数趋势", "Trend of transactions"),
        ("active_day_last_change", 0, "share", "上月活跃天数变化", "Change of active days last month"),
        ("active_day_trend_change", 0, "share", "活跃天数趋势", "Trend of active days"),
        ("card_spend_trend_change", 0, "share", "刷卡消费趋势", "Trend of card spending"),
        ("turnover_trend_change", 0, "share", "资金流水趋势", "Trend of turnover"),
    ),
    *_features(
        "balance_trend",
        ("aum_now_change", 0, "share", "当前资产较近期均值变化", "Assets now against their recent mean"),
        ("aum_last_change", 0, "share", "上月资产变化", "Change of assets last month"),
        ("aum_trend_change", 0, "share", "资产趋势", "Trend of assets"),
        ("aum_peak_change", 0, "share", "较资产峰值变化", "Assets against their peak"),
        ("asset_volatility", 0, "share", "资产波动", "Volatility of assets"),
        ("month_end_spike_count", 0, "count", "月末冲高次数", "Spikes at month ends"),
        ("aum_trailing_amount", 0, "amount", "近期月日均资产", "Recent average assets"),
    ),
    *_features(
        "flows",
        (
            "net_outflow_last_share",
            0,
            "share",
            "上月净流出占比",
            "Net outflow last month as a share of assets",
        ),
        (
            "net_outflow_trailing_share",
            0,
            "share",
            "近期净流出占比",
            "Recent net outflow as a share of assets",
        ),
        (
            "own_transfer_out_trailing_share",
            *(0, "share", "近期转往本人他行占比", "Recent transfers to own accounts elsewhere"),
        ),
    ),
    *_features(
        "products",
        ("product_class_count", 0, "count", "持有产品大类数", "Classes of product held"),
        ("product_count", 0, "count", "持有产品数", "Products held"),
        ("term_share", 0, "share", "定期占比", "Term deposits as a share of assets"),
        ("investment_share", 0, "share", "投资占比", "Investments as a share of assets"),
        ("debt_share", 0, "share", "负债占比", "Debt as a share of business"),
        ("maturing_share", 0, "share", "即将到期占比", "Term deposits that mature soon"),
        ("days_to_maturity", 0, "days", "距最近到期天数", "Days to the next maturity"),
        ("switching_cost", 0, "score", "转换成本", "Cost of switching"),
    ),
    *_features(
        "price_gap",
        ("market_gap_rate", 0, "rate", "市场利率高出本行", "What the market pays above the bank"),
        ("price_gap_rate", 0, "rate", "定期资金的利率差距", "Price gap on his term deposits"),
        ("price_sensitivity", 0, "score", "价格敏感度", "Price sensitivity"),
    ),
    *_features(
        "service",
        ("complaint_count", 0, "count", "近期投诉次数", "Recent complaints"),
        ("open_complaint_count", 0, "count", "未结投诉数", "Complaints still open"),
        ("unresolved_complaint_count", 0, "count", "未解决投诉数", "Complaints closed unresolved"),
        ("days_since_complaint", 0, "days", "距上次投诉天数", "Days since the last complaint"),
        ("complaint_aum_amount", 0, "amount", "有投诉客户的资产", "Assets of a customer who complained"),
        ("other_feedback_count", 0, "count", "其他反馈次数", "Other feedback"),
        ("contact_count", 0, "count", "联络次数", "Contacts by the bank"),
        ("days_since_contact", 0, "days", "距上次联络天数", "Days since the last contact"),
    ),
    *_features(
        "salary_and_life",
        ("months_since_salary", 0, "months", "距上次代发月数", "Months since the last salary"),
        ("salary_month_count", 0, "count", "有代发的月数", "Months with a salary"),
        ("salary_last_change", 0, "share", "上月代发变化", "Change of salary last month"),
        ("salary_trend_change", 0, "share", "代发趋势", "Trend of salary"),
        ("income_volatility", 0, "share", "收入波动", "Volatility of income"),
        ("has_new_relocation", 0, "flag", "近期搬迁", "Recent relocation"),
        ("days_since_relocation", 0, "days", "距搬迁天数", "Days since relocating"),
        ("has_new_phone", 0, "flag", "近期更换电话", "Recent change of telephone"),
        ("has_new_branch", 0, "flag", "近期更换网点", "Recent change of branch"),
    ),
    *_features(
        "relationship",
        ("customer_kind_code", 0, "code", "客户类型", "Kind of customer"),
        ("tenure_months", 0, "months", "开户月数", "Months since the first account"),
        ("age_years", 0, "years", "年龄", "Age"),
        ("credit_score", 0, "score", "信用评分", "Credit score"),
        ("bad_record_count", 0, "count", "不良记录数", "Bad records"),
        ("overdue_days", 0, "days", "逾期天数", "Days overdue"),
        ("loyalty_score", 0, "score", "忠诚度", "Loyalty"),
        ("source_count", 0, "count", "往来系统数", "Systems that know him"),
    ),
    *_features(
        "digital",
        (
            "digital_trailing_share",
            0,
            "share",
            "近期数字渠道占比",
            "Share of business done digitally of late",
        ),
        ("branch_share", 0, "share", "网点交易占比", "Share of business done at a branch"),
        ("session_count", 0, "count", "近一年登录次数", "Sessions over a year"),
        ("preferred_channel_code", 0, "code", "偏好渠道", "Preferred channel"),
    ),
)
NAMES = tuple(feature.name for feature in FEATURES)
BY_NAME = {feature.name: feature for feature in FEATURES}
MONOTONE = {feature.name: feature.direction for feature in FEATURES if feature.direction}


def feature_hash(features: tuple[Feature, ...] = FEATURES) -> str:
    """What a model was trained on, in 12 digits: another name, unit or direction gives another hash."""
    told = [{key: value for key, value in asdict(one).items() if key not in ("zh", "en")} for one in features]
    return sha256(dumps(told, sort_keys=True).encode()).hexdigest()[:12]


def groups_of(names: list[str]) -> dict[str, list[str]]:
    """The columns of each group; a column that is declared nowhere is a group of its own."""
    found: dict[str, list[str]] = {}
    for name in names:
        found.setdefault(BY_NAME[name].group if name in BY_NAME else name, []).append(name)
    return found


def check_features(connection: Connection, schema: str) -> None:
    """ChurnError where ``churn_features`` is not there, or has other columns than are declared."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select attname from pg_catalog.pg_attribute where attrelid = to_regclass(%s) and attnum > 0 "
            "and not attisdropped",
            (f"{schema}.churn_features",),
        )
        found = {name for (name,) in cursor.fetchall()} - {*KEYS}
    if not found:
        raise ChurnError(f"{schema}.churn_features is not there: run a night first")
    lacking, undeclared = sorted(set(NAMES) - found), sorted(found - set(NAMES))
    if lacking or undeclared:
        raise ChurnError(
            f"{schema}.churn_features and pipelines/churn/features.py differ: it lacks {lacking}, "
            f"features.py lacks {undeclared}"
        )
