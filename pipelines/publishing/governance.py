"""The governance views of reporting: permanent windows on ops that move every night, stopped or not."""

from dataclasses import dataclass

from psycopg2 import sql
from psycopg2.extensions import connection as Connection

from pipelines.warehouse.rooms import READERS, REPORTING_OWNER


@dataclass(frozen=True)
class GovernanceView:
    """One permanent view: its query, its comment, and its columns' comments in order."""

    body: str
    comment: str
    columns: dict[str, str]
    readers: tuple[str, ...] = READERS


NIGHT_ID = "批次号 | Night number"
BUSINESS_DATE = "业务日期 | Business date"
SOURCE_CODE = "来源系统代码 | Source code"
TABLE_NAME = "表名 | Table name"
RECEIVED_DATE = "收到日期（交付目录日期） | Date of receipt (the delivery's folder)"
RULE_ID = "规则编号 | Rule id"

GOVERNANCE: dict[str, GovernanceView] = {
    "nights": GovernanceView(
        """
        select night_id, business_date, run_id, state, is_scheduled, started_at, ended_at,
               failed_step, message
        from ops.nights where workspace = ''""",
        "每夜批次 | One row per night",
        {
            "night_id": NIGHT_ID,
            "business_date": BUSINESS_DATE,
            "run_id": "调度运行号 | Run id of the scheduler",
            "state": "状态（running、published、unchanged、loaded、stopped、failed、superseded） | "
            "State (running, published, unchanged, loaded, stopped, failed, superseded)",
            "is_scheduled": "是否由调度触发 | Whether the scheduler started it",
            "started_at": "开始时间（UTC） | Start (UTC)",
            "ended_at": "结束时间（UTC） | End (UTC)",
            "failed_step": "失败的步骤 | Step that failed",
            "message": "说明与下一步 | What happened and what to do next",
        },
    ),
    "publications": GovernanceView(
        """
        select e.edition_id, e.business_date, p.table_name, p.row_count, p.digest, e.published_at,
               e.edition_id = (
                   select c.edition_id from ops.editions as c where c.state = 'kept'
                   order by c.business_date desc, c.edition_number desc limit 1
               ) as is_current,
               e.policy_version, e.model_version
        from ops.publications as p
        join ops.editions as e on e.edition_id = p.edition_id
        where p.table_name <> 'reasons'""",
        "发布记录：每版每表一行 | One row per published table and edition",
        {
            "edition_id": "版本号 | Edition",
            "business_date": BUSINESS_DATE,
            "table_name": TABLE_NAME,
            "row_count": "行数 | Row count",
            "digest": "内容摘要：行数:哈希之和 | Digest of the content: row count:sum of row hashes",
            "published_at": "发布时间（UTC） | Publication time (UTC)",
            "is_current": "是否当前版本 | Whether it is the current edition",
            "policy_version": "政策版本 | Policy version",
            "model_version": "模型版本 | Model version",
        },
    ),
    "data_quality_results": GovernanceView(
        """
        select n.business_date, g.night_id, g.gate_code, g.rule_id, g.table_name, g.dimension_code,
               g.severity_code, g.outcome_code, g.checked_count, g.unexpected_count, g.observed_value,
               g.owner_name, g.wording_zh, g.wording_en, g.advice_zh, g.advice_en
        from ops.gate_results as g
        join ops.nights as n on n.night_id = g.night_id
        where n.workspace = ''""",
        "数据质量检查结果：每夜每关每规则一行 | One row per night, gate and rule",
        {
            "business_date": BUSINESS_DATE,
            "night_id": NIGHT_ID,
            "gate_code": "关口（delivery、edition、dbt） | Gate (delivery, edition, dbt)",
            "rule_id": RULE_ID,
            "table_name": TABLE_NAME,
            "dimension_code": "质量维度 | Quality dimension",
            "severity_code": "严重程度（critical、warning、info） | Severity (critical, warning, info)",
            "outcome_code": "结果（passed、failed、error） | Outcome (passed, failed, error)",
            "checked_count": "检查行数 | Rows checked",
            "unexpected_count": "不符行数 | Rows that broke the rule",
            "observed_value": "观察值 | Observed value",
            "owner_name": "负责人 | Owner",
            "wording_zh": "规则说明（中文） | Rule in Chinese",
            "wording_en": "规则说明（英文） | Rule in English",
            "advice_zh": "未通过时怎么办（中文） | What to do when it fails, in Chinese",
            "advice_en": "未通过时怎么办（英文） | What to do when it fails, in English",
        },
    ),
    "data_quality_quarantine": GovernanceView(
        """
        select n.business_date, q.night_id, q.source_code, q.table_name, q.received_date, q.line_number,
               q.rule_id, q.column_name, q.value_mask, q.value_hmac, q.hmac_key_id,
               r.business_date as released_from_date, r.reason as release_reason,
               r.proposer as release_proposer, r.approver as release_approver
        from ops.quarantine as q
        join ops.nights as n on n.night_id = q.night_id
        left join ops.released_lines as r
            on (r.source_code, r.table_name, r.received_date, r.line_number)
            = (q.source_code, q.table_name, q.received_date, q.line_number)
        where n.workspace = ''""",
        "隔离行：每行每规则每列一条 | One row per quarantined line, rule and column",
        {
            "business_date": BUSINESS_DATE,
            "night_id": NIGHT_ID,
            "source_code": SOURCE_CODE,
            "table_name": TABLE_NAME,
            "received_date": RECEIVED_DATE,
            "line_number": "文件行号（表头为 1） | Line of the file (the header is 1)",
            "rule_id": RULE_ID,
            "column_name": "列名 | Column",
            "value_mask": "掩码值 | Masked value",
            "value_hmac": "带密钥的哈希 | Keyed hash of the value",
            "hmac_key_id": "密钥编号 | Key id",
            "released_from_date": "放行生效业务日期（空：未放行） | "
            "Business date from which the line was released (empty: it was not)",
            "release_reason": "放行理由 | Reason of the release",
            "release_proposer": "放行提出人 | Proposer of the release",
            "release_approver": "放行批准人 | Approver of the release",
        },
        readers=("risk_reader",),
    ),
    "data_quality_waivers": GovernanceView(
        "select waiver_id, rule_id, from_date, until_date, reason, proposer, approver from ops.waivers",
        "规则豁免：每条豁免一行 | One row per waiver",
        {
            "waiver_id": "豁免号 | Waiver number",
            "rule_id": RULE_ID,
            "from_date": "起始业务日期 | First business date",
            "until_date": "截止业务日期（含） | Last business date (inclusive)",
            "reason": "理由 | Reason",
            "proposer": "提出人 | Proposer",
            "approver": "批准人 | Approver",
        },
    ),
    "source_tie_outs": GovernanceView(
        """
        select n.business_date, t.night_id, t.source_code, t.table_name, t.received_date, t.measure_name,
               t.control_value, t.landed_value, t.staged_value, t.quarantined_value, t.difference_value,
               t.excluded_value
        from ops.tie_outs as t
        join ops.nights as n on n.night_id = t.night_id
        where n.workspace = ''""",
        "来源对账：每次交付每个指标一行 | One row per delivery and control total",
        {
            "business_date": BUSINESS_DATE,
            "night_id": NIGHT_ID,
            "source_code": SOURCE_CODE,
            "table_name": TABLE_NAME,
            "received_date": RECEIVED_DATE,
            "measure_name": "指标（行数或列合计） | Measure (rows or the sum of a column)",
            "control_value": "控制文件值 | Value in the control file",
            "landed_value": "落地值 | Landed value",
            "staged_value": "暂存层值 | Staged value",
            "quarantined_value": "隔离值 | Quarantined value",
            "difference_value": "差异（控制值减暂存、隔离与声明排除） | "
            "Difference: control total less staged, quarantined and excluded",
            "excluded_value": "声明排除值 | Left out on purpose, as the table's suite declares",
        },
    ),
}


def governance_is_ready(connection: Connection) -> bool:
    """Whether every governance view exists, with all its columns."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select c.relname::text, a.attname::text from pg_catalog.pg_class as c "
            "inner join pg_catalog.pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 "
            "where c.relnamespace = 'reporting'::regnamespace and c.relname = any (%s)",
            (list(GOVERNANCE),),
        )
        return set(cursor.fetchall()) >= {
            (name, column) for name, view in GOVERNANCE.items() for column in view.columns
        }


def ensure_governance_views(connection: Connection) -> None:
    """Create or replace the governance views with comments and grants; idempotent.

    Run it as administrator or publisher, in the caller's transaction.
    bi_reader sees all but the quarantine, risk_reader everything.
    """
    with connection.cursor() as cursor:
        for name, view in GOVERNANCE.items():
            cursor.execute(_statement(name, view))


def _statement(name: str, view: GovernanceView) -> sql.Composable:
    target = sql.Identifier("reporting", name)
    readers = sql.SQL(", ").join(map(sql.Identifier, view.readers))
    parts = [
        sql.SQL("create or replace view {} with (security_barrier = true) as {};").format(
            target, sql.SQL(view.body)
        ),
        sql.SQL("alter view {} owner to {};").format(target, sql.Identifier(REPORTING_OWNER)),
        sql.SQL("grant select on {} to {};").format(target, readers),
        sql.SQL("comment on view {} is {};").format(target, sql.Literal(view.comment)),
    ]
    parts += [
        sql.SQL("comment on column {} is {};").format(
            sql.Identifier("reporting", name, column), sql.Literal(comment)
        )
        for column, comment in view.columns.items()
    ]
    return sql.SQL("\n").join(parts)
