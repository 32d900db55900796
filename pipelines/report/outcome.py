"""How a night ended, read from the records of its steps."""

from pipelines.nights import Night
from pipelines.settings import Settings
from pipelines.warehouse import connect


def outcome(
    settings: Settings, night: Night, quality_errors: tuple[type[Exception], ...]
) -> tuple[str, str | None, str | None]:
    """State for ops.nights, failed step and message.

    A quality error stops the night, any other failure fails it; else it published, found nothing changed, or
    (without the step ``publish``) loaded history.
    """
    with connect(settings) as connection, connection.cursor() as cursor:
        cursor.execute(
            "select step_name, state, message from ops.night_steps where night_id = %s order by step_number",
            (night.night_id,),
        )
        steps = cursor.fetchall()
    for name, state, message in steps:
        if state == "failed":
            is_quality = (message or "").split(":")[0] in {error.__name__ for error in quality_errors}
            return ("stopped" if is_quality else "failed"), name, message
    published = next((message for name, _, message in steps if name == "publish"), None)
    if published is None:
        return "loaded", None, None
    return ("unchanged" if published.startswith("unchanged") else "published"), None, published
