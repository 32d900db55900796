"""Where messages go: channels of an Apprise configuration, tagged ``duty`` (engineer) or ``risk`` (staff)."""

from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.settings import Settings

DUTY, RISK = "duty", "risk"


class MessageError(Exception):
    """A message that did not reach everybody it was for; the night itself is as it was."""


@dataclass(frozen=True)
class Message:
    """What is told, and to whom; never a value of a row (law 8)."""

    title: str
    lines: Sequence[str]
    to: tuple[str, ...]
    is_failure: bool


def send(settings: Settings, message: Message) -> bool:
    """Send to every channel with one of the tags; False where the installation names no channel.

    Raises MessageError where a channel did not take it. The addresses hold secrets: they are never told.
    """
    if settings.messages is None:
        return False
    import apprise  # half a second, which only an installation with channels pays

    config, sender = apprise.AppriseConfig(), apprise.Apprise()
    config.add(str(settings.messages))
    sender.add(config)
    if not len(sender):
        raise MessageError(
            f"no channel could be read from {settings.messages} (YIHU_MESSAGES): it must be a configuration "
            "of Apprise with the tags duty and risk (docs/runbook.md)"
        )
    kind = apprise.NotifyType.FAILURE if message.is_failure else apprise.NotifyType.WARNING
    sent = sender.notify(
        "\n".join(message.lines), title=message.title, notify_type=kind, tag=list(message.to)
    )
    if not sent:
        reason = "no channel has the tag" if sent is None else "a channel did not take the message for"
        raise MessageError(f"{reason} {' or '.join(message.to)}: look at {settings.messages} (YIHU_MESSAGES)")
    return True
