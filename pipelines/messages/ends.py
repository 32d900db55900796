"""How a night ended, told to those who must act on it."""

from typing import Any

from psycopg2.extras import NamedTupleCursor

from pipelines.messages.channels import DUTY, RISK, Message, send
from pipelines.nights import Night
from pipelines.settings import Settings
from pipelines.warehouse import connect

RULES_LISTED = 10
_FAILURES = """
select rule_id, table_name, severity_code, unexpected_count, owner_name, wording_zh, wording_en
from ops.gate_results where night_id = %s and outcome_code <> 'passed' and severity_code <> 'info'
order by severity_code, rule_id
"""
_ENDED = """
select night.*, (
    select max(edition.business_date) from ops.editions as edition where edition.state = 'kept'
) as shown_date
from ops.nights as night where night.night_id = %s
"""


def tell_end(settings: Settings, night: Night) -> bool:
    """Tell of a live night that stopped, failed or passed with warnings; whether anything was sent.

    A stop or a failure goes to the engineer on duty and to risk staff, a warning to risk staff.
    """
    if not night.workspace.is_live:
        return False
    with connect(settings) as connection, connection.cursor(cursor_factory=NamedTupleCursor) as cursor:
        cursor.execute(_ENDED, (night.night_id,))
        ended = cursor.fetchone()
        cursor.execute(_FAILURES, (night.night_id,))
        failures = cursor.fetchall()
    if ended.state in ("stopped", "failed"):
        return send(settings, _failure(settings, ended, failures))
    return bool(failures) and send(settings, _warning(settings, ended, failures))


def _failure(settings: Settings, ended: Any, failures: list[Any]) -> Message:
    shown = ended.shown_date or "-"
    number, step = ended.night_id, ended.failed_step
    return Message(
        f"[Yihu {settings.bank}] {ended.business_date} 未发布 | not published",
        [
            f"批次{number}在步骤 {step} 中止；报表仍为 {shown} 版。",
            f"Night {number} {ended.state} at {step}; readers keep the edition of {shown}.",
            *([] if failures else (ended.message or "").splitlines()[:1]),
            *_rules(failures),
            f"下一步：yihu report --night {number}，排除原因后重跑（docs/runbook.md）。",
            f"Next: yihu report --night {number}; remove the cause, run the night again (docs/runbook.md).",
        ],
        (DUTY, RISK),
        is_failure=True,
    )


def _warning(settings: Settings, ended: Any, failures: list[Any]) -> Message:
    return Message(
        f"[Yihu {settings.bank}] {ended.business_date} 有预警 | warnings",
        [
            f"批次{ended.night_id}已完成（{ended.state}），{len(failures)}条规则未通过。",
            f"Night {ended.night_id} is done ({ended.state}); {len(failures)} rules did not pass.",
            *_rules(failures),
        ],
        (RISK,),
        is_failure=False,
    )


def _rules(failures: list[Any]) -> list[str]:
    told = [
        f"- {each.severity_code} {each.rule_id}: "
        f"{'' if each.unexpected_count is None else each.unexpected_count} "
        f"{each.wording_zh} | {each.wording_en} ({each.owner_name})"
        for each in failures[:RULES_LISTED]
    ]
    more = len(failures) - len(told)
    return [*told, *([f"- … +{more}: reporting.data_quality_results"] if more else [])]
