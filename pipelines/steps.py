"""The steps of a night, one function each, and the door through which the DAG calls them.

land → gate_delivery → identify → build → score → build_edition → gate_edition → publish → report
"""

import logging
import time
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import psycopg2

from pipelines import building, churn, gates, landing, messages, nights, policy, publishing, report
from pipelines.nights import Night, StepRecord
from pipelines.settings import Settings, load_settings
from pipelines.sources import load_bank, pipeline_sources
from pipelines.warehouse import connect
from pipelines.wording import word_error
from pipelines.workspace import LIVE

# The night is stopped by what it found in its input; any other failure is ours and may be tried again.
QUALITY_ERRORS = (gates.GateClosed, landing.DeliveryError, policy.PolicyError)


log = logging.getLogger("yihu.steps")


class StepError(Exception):
    """A step that was called without the night it belongs to."""


def run_task(name: str, context: Mapping[str, Any]) -> None:
    """Run one step for an Airflow task; ``context`` is the task's context as a plain mapping.

    The command line opens its night itself and names it by ``params["night_id"]``; under the scheduler the
    first task of a run opens it. A run that was cleared begins again with ``land``, as a new night.
    """
    settings = load_settings()
    night_id, run_id = context["params"].get("night_id"), context["dag_run"].run_id
    if night_id:
        night = nights.load_night(settings, night_id)
    elif name == "land":
        bank = load_bank(settings.bank)
        _check_zone(settings, bank.time_zone)
        night = nights.open_night(settings, business_date(context, bank.time_zone), run_id, is_scheduled=True)
    else:
        night = nights.running_night(settings, run_id)
    if night is None and name == "report" and (ended := nights.ended_night(settings, run_id)):
        # killed between the end of the night and the scheduler's hearing of it: told twice beats never
        _tell(settings, ended)
        return
    if night is None:
        raise StepError(
            f"run {run_id} has no open night, so {name} has nothing to do: clear the run from `land`"
        )
    run_step(settings, night, name)


def business_date(context: Mapping[str, Any], time_zone: str) -> date:
    """The business date of a run: its param, its partition key, or the day its logical date falls on."""
    param, key = context["params"].get("business_date"), context.get("partition_key")
    if param and key and param != key:
        raise StepError(f"the run names two business dates, {param} and {key}: leave the param out")
    if param or key:
        return date.fromisoformat(param or key)
    moment: datetime = context.get("logical_date") or context["dag_run"].run_after
    return moment.astimezone(ZoneInfo(time_zone)).date()


def _check_zone(settings: Settings, time_zone: str) -> None:
    if settings.schedule_zone not in (None, time_zone):
        raise StepError(
            f"the nights are scheduled in {settings.schedule_zone}, the bank's clock is {time_zone}: set "
            f"YIHU_TIME_ZONE to {time_zone} for scheduler and dag-processor"
        )


def run_step(settings: Settings, night: Night, name: str) -> None:
    """Run one step under the night's lock, with its rows and seconds on record."""
    log.info("%s …", name)
    start = time.monotonic()
    with nights.step(settings, night, name) as record:
        STEPS[name](settings, night, record)
    log.info("%s: %.1f s %s", name, time.monotonic() - start, record.message or "")
    if name == "report":
        nights.close_night(settings, night, *report.outcome(settings, night, QUALITY_ERRORS))
        _tell(settings, night)


def land(settings: Settings, night: Night, record: StepRecord) -> None:
    """Bring in tonight's policy and every delivery received since the last night."""
    with connect(settings) as connection:
        if not publishing.governance_is_ready(connection):
            publishing.ensure_governance_views(connection)
    _load_policy(settings, night)
    if night.workspace.is_live:
        result = landing.land(settings, night, night.business_date)
        record.rows_in, record.rows_out = result.rows_in, result.rows_out
        record.message = f"{result.deliveries} deliveries"
    else:
        with connect(settings, "yihu_loader", night.night_id) as connection:
            landing.ensure_raw_tables(connection, pipeline_sources(), night.workspace.schema("raw"))


def gate_delivery(settings: Settings, night: Night, record: StepRecord) -> None:
    """Judge what arrived: type it, set aside the lines that cannot be typed, tie out, ask the gate."""
    building.stage(settings, night)
    if night.workspace.is_live:
        quarantined = gates.quarantine_rejected(settings, night)
        gates.tie_out(settings, night)
        _pass_gate(settings, night, record, "delivery")
        record.message = f"{record.message}, {quarantined} cells quarantined"


def identify(settings: Settings, night: Night, record: StepRecord) -> None:
    """Find out who is who."""
    from pipelines.identity import identify as matching  # takes seconds to import

    counts = matching.identify(settings, night)
    record.rows_in, record.rows_out = counts.rows_in, counts.rows_out


def build(settings: Settings, night: Night, record: StepRecord) -> None:
    """Build the bank's nouns and months: everything that does not depend on the scores.

    Month ends that lie between the last build and tonight come first, each with its scores.
    """
    _record_build(record, building.call_marts(settings, night))


def score(settings: Settings, night: Night, record: StepRecord) -> None:
    """Score who is leaving."""
    counts = churn.score(settings, night)
    record.rows_in, record.rows_out, record.message = counts.rows_in, counts.rows_out, counts.message


def build_edition(settings: Settings, night: Night, record: StepRecord) -> None:
    """Build tonight's tables in their published shape."""
    building.drop_next_edition(settings, night)
    _record_build(record, building.build(settings, night, "edition"))


def gate_edition(settings: Settings, night: Night, record: StepRecord) -> None:
    """Judge the edition before anybody may see it."""
    _pass_gate(settings, night, record, "edition")


def publish(settings: Settings, night: Night, record: StepRecord) -> None:
    """Switch all published tables at once; a workspace's rebuild is compared with what was published."""
    nights.require_steps(settings, night, before="publish")
    versions = nights.noted_policy(settings, night), churn.scored_version(settings, night)
    if night.workspace.is_live:
        result = publishing.publish(settings, night, *versions)
    else:
        nights.refuse_beside_live(settings, night)
        result = publishing.adopt(settings, night, *versions)
        # The ids last: after a kill in between the next live night refuses and asks for this rebuild again.
        from pipelines.identity.identify import adopt_links

        if adopt_links(settings, night):
            building.forget(settings, LIVE)
    record.rows_out = sum(digest.row_count for digest in result.digests.values())
    locked = f", readers' views locked for {result.lock_ms} ms" if result.lock_ms else ""
    record.message = f"{result.outcome} {result.edition_id}{locked}"
    try:
        publishing.collect(settings, night)
    except psycopg2.Error as error:  # the edition is out; what is left over goes with the next night
        record.message += f"; old editions were not collected: {word_error(error)}"


def write_report(settings: Settings, night: Night, record: StepRecord) -> None:
    """Write the night's page, whether it passed or failed."""
    record.message = str(report.write_report(settings, night))


STEPS: dict[str, Callable[[Settings, Night, StepRecord], None]] = {
    "land": land,
    "gate_delivery": gate_delivery,
    "identify": identify,
    "build": build,
    "score": score,
    "build_edition": build_edition,
    "gate_edition": gate_edition,
    "publish": publish,
    "report": write_report,
}


def _tell(settings: Settings, night: Night) -> None:
    """Tell how the night ended; it has ended, so a channel that is down changes nothing."""
    try:
        if messages.tell_end(settings, night):
            log.info("how the night ended was told")
    except messages.MessageError as error:
        log.warning("%s", error)


def _load_policy(settings: Settings, night: Night) -> None:
    """Live: the policy folder. A rebuild: the version its edition names, where it was given one."""
    recorded = nights.noted_policy(settings, night)
    with connect(settings, "yihu_loader", night.night_id) as connection:
        if recorded:
            rules = policy.read_recorded(connection, recorded)
        else:
            rules = policy.read_policy(settings.policy_folder, settings.bank)
        rules.require(night.business_date)
        policy.write_policy(connection, rules, night.workspace.schema("policy"))
    nights.note_policy(settings, night, rules.version)


def _pass_gate(settings: Settings, night: Night, record: StepRecord, gate: str) -> None:
    verdict = gates.call_gate(settings, night, gate)
    record.rows_in = verdict.checked
    record.message = f"{verdict.checked} rules, {len(verdict.warnings)} warnings"


def _record_build(record: StepRecord, result: building.BuildResult) -> None:
    record.rows_out = result.row_count
    record.message = f"{result.model_count} models, {result.warning_count} warnings"
