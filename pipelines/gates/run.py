"""One gate of one night: what is judged, by which rules, and the process that does it."""

import sys
from urllib.parse import parse_qsl, urlencode, urlsplit

from psycopg2.extensions import cursor

from pipelines.children import run_child
from pipelines.gates.dates import name_dates
from pipelines.gates.deliveries import delivery_results
from pipelines.gates.limits import LimitsError, read_limits
from pipelines.gates.measures import keep_measures
from pipelines.gates.policy_values import PolicyValues, read_policy_values
from pipelines.gates.suites import GATES, Suite, load_suites
from pipelines.gates.trend import NOTHING, Trend, delivery_trend, edition_trend
from pipelines.gates.validate import Target, validate
from pipelines.gates.verdict import (
    GateVerdict,
    close_if_failed,
    judge,
    replace_results,
    stored_verdict,
    waived_rules,
)
from pipelines.gates.window import Window, received_window
from pipelines.nights import Night
from pipelines.settings import Settings
from pipelines.sources import Source, active_sources
from pipelines.warehouse import admin_url, connect
from pipelines.wording import without_values

ROLE = "yihu_publisher"
CLOSED = 3  # exit code of a process whose gate was judged and closed
ERROR_LINES = 15


class GateError(Exception):
    """A gate could not be run at all; nothing was judged, so nothing may be published."""


def run_gate(settings: Settings, night: Night, gate: str) -> GateVerdict:
    """Judge what arrived tonight (``delivery``) or tonight's edition (``edition``) in this process.

    The results replace those of the same night and gate in ``ops.gate_results``, and so do its measures.
    Raises GateError and SuiteError.
    """
    sources = active_sources(settings.bank)
    suites = _suites(settings, gate, sources)
    schema = night.workspace.schema("staging" if gate == "delivery" else "edition_next")
    with connect(settings) as connection, connection.cursor() as cur:
        window = received_window(cur, night.business_date)
        policy = read_policy_values(cur, night.workspace.schema("policy"), night.business_date)
        waived = waived_rules(cur, night.business_date)
        results = list(delivery_results(cur, sources, window, policy)) if gate == "delivery" else []
        silent = _silent_tables(cur, suites, window) if gate == "delivery" else set()
        trend = _trend(cur, gate, sources, suites, schema, window, policy)
    names = {
        "schema": schema,
        "policy": night.workspace.schema("policy"),
        "business_date": f"date '{night.business_date}'",
    }
    targets = [Target(suite, _query(suite, schema, window), suite.table not in silent) for suite in suites]
    results += validate(_gate_url(settings), targets, policy, names)
    with connect(settings, role=ROLE, night_id=night.night_id) as connection, connection.cursor() as cur:
        if gate == "delivery":
            results = list(name_dates(cur, results, targets, policy, names))
        results += trend.results
        keep_measures(cur, night.night_id, gate, trend.measures)
        replace_results(cur, night.night_id, gate, results)
    return judge(gate, night.business_date, results, waived)


def call_gate(settings: Settings, night: Night, gate: str) -> GateVerdict:
    """Run one gate as a process of its own: its import takes seconds and its memory comes back.

    Returns the verdict of a gate that let the night pass. Raises GateClosed; GateError if nothing was judged.
    """
    done = run_child(
        [sys.executable, "-m", "pipelines.gates", gate, "--night", str(night.night_id)],
        settings.environment(),
        cwd=str(settings.root),
    )
    if done.returncode not in (0, CLOSED):
        said = without_values("\n".join(done.stdout.strip().splitlines()[-ERROR_LINES:]))
        raise GateError(
            f"the {gate} gate of {night.business_date} was not judged (exit code {done.returncode}): {said}\n"
            "Nothing was published. Next: remove the cause and run the night again."
        )
    with connect(settings) as connection, connection.cursor() as cur:
        verdict = stored_verdict(cur, night.night_id, gate, night.business_date)
    close_if_failed(verdict)
    if done.returncode == CLOSED or not verdict.checked:
        raise GateError(f"the {gate} gate of {night.business_date} closed, but its results say otherwise")
    return verdict


def _trend(
    cur: cursor,
    gate: str,
    sources: list[Source],
    suites: tuple[Suite, ...],
    schema: str,
    window: Window,
    policy: PolicyValues,
) -> Trend:
    """The rules that hold tonight against the nights before, as far as the policy asks for them."""
    try:
        limits = read_limits(policy)
    except LimitsError as error:
        raise GateError(str(error)) from error
    if limits is None:
        return NOTHING
    if gate == "delivery":
        return delivery_trend(cur, sources, suites, window, limits)
    return edition_trend(cur, suites, schema, window.until, limits)


def _suites(settings: Settings, gate: str, sources: list[Source]) -> tuple[Suite, ...]:
    if gate not in GATES:
        raise GateError(f"gate {gate!r} does not exist: use one of {', '.join(GATES)}")
    if gate == "edition":
        return load_suites(settings.root, gate)
    suites = load_suites(settings.root, gate, {source.code for source in sources})
    _refuse_unjudged(suites, sources)
    return suites


def _refuse_unjudged(suites: tuple[Suite, ...], sources: list[Source]) -> None:
    declared = {table.raw_name for source in sources for table in source.tables}
    missing = sorted(declared - {suite.table for suite in suites})
    if missing:
        raise GateError(
            f"no rules for {', '.join(missing)}: a declared table may not pass unjudged; "
            f"write expectations/delivery/{missing[0]}.yml"
        )


def _silent_tables(cur: cursor, suites: tuple[Suite, ...], window: Window) -> set[str]:
    """Tables of which tonight brought no row: a rule about rows has nothing to judge there.

    That a delivery came at all is judged for every table, and a rule about a whole table is always judged.
    """
    cur.execute(
        f"select distinct source_code || '__' || table_name from ops.deliveries "
        f"where row_count > 0 and {window.where('received_date')}"
    )
    heard = {name for (name,) in cur.fetchall()}
    heard |= {
        suite.table for suite in suites if any(rule.type.startswith("expect_table") for rule in suite.rules)
    }
    return {suite.table for suite in suites} - heard


def _query(suite: Suite, schema: str, window: Window) -> str:
    """The rows under judgement: what arrived tonight, or all of an edition's table."""
    rows = f"select * from {schema}.{suite.relation}"
    return f"{rows} where {window.where()}" if suite.gate == "delivery" else rows


def _gate_url(settings: Settings) -> str:
    """The warehouse's address for SQLAlchemy, with the role that reads staging, editions, policy and ops."""
    parts = urlsplit(admin_url(settings))
    options = dict(parse_qsl(parts.query))
    options["options"] = f"{options.get('options', '')} -c role={ROLE} -c timezone=UTC".strip()
    # A socket's address has no host; Great Expectations asks for one, the driver then takes the option.
    netloc = parts.netloc if parts.hostname else f"{parts.netloc}localhost"
    return parts._replace(scheme="postgresql+psycopg2", netloc=netloc, query=urlencode(options)).geturl()
