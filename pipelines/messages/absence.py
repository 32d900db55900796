"""The edition that is not there by its deadline: nothing failed, and yet nobody has tonight's numbers."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from pipelines.messages.channels import DUTY, RISK, Message, send
from pipelines.nights import published_until
from pipelines.settings import Settings, load_settings
from pipelines.sources import load_bank
from pipelines.warehouse import connect


def missing_date(settings: Settings, moment: datetime) -> date | None:
    """The last business date that has ended by the bank's clock, if it is not published; else None.

    A bank whose files end (``last_date`` in banks.yml) misses nothing after that date.
    """
    bank = load_bank(settings.bank)
    expected = moment.astimezone(ZoneInfo(bank.time_zone)).date() - timedelta(days=1)
    if bank.last_date:
        expected = min(expected, bank.last_date)
    with connect(settings) as connection, connection.cursor() as cursor:
        shown = published_until(cursor)
    return None if shown and shown >= expected else expected


def tell_absence(settings: Settings, business_date: date) -> bool:
    """Tell that a business date is not published by its deadline; whether anything was sent."""
    with connect(settings) as connection, connection.cursor() as cursor:
        cursor.execute(
            "select night_id, state from ops.nights where business_date = %s and workspace = '' "
            "order by night_id desc limit 1",
            (business_date,),
        )
        found = cursor.fetchone()
        shown = published_until(cursor) or "-"
    zh = f"批次{found[0]}（{found[1]}）" if found else "批次尚未开始"
    en = f"night {found[0]} is {found[1]}" if found else "no night has begun"
    return send(
        settings,
        Message(
            f"[Yihu {settings.bank}] {business_date} 逾时未发布 | not published by its deadline",
            [
                f"{zh}；报表仍为 {shown} 版。请执行 yihu status 查看调度与批次。",
                f"{en}; readers keep the edition of {shown}. Next: yihu status, then the scheduler's log.",
            ],
            (DUTY, RISK),
            is_failure=True,
        ),
    )


def tell_missed_deadline(context: Mapping[str, Any]) -> None:
    """What Airflow calls when a run of the night is not done by its deadline."""
    settings = load_settings()
    if missing := missing_date(settings, datetime.now(UTC)):
        tell_absence(settings, missing)
