"""Messages over a real channel: who is told what, and that a channel that is down changes nothing."""

import json
import threading
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from click.testing import CliRunner

from pipelines import steps
from pipelines.cli import main
from pipelines.messages import MessageError, missing_date, tell_absence, tell_end
from pipelines.nights import close_night, open_night
from pipelines.warehouse import connect

DAY = date(2026, 10, 30)
RULE = "core.accounts.known"


@contextmanager
def listening(status=200):
    """A channel that takes messages as JSON, its port, and what it has taken by path."""
    taken = []

    class Channel(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            taken.append((self.path, json.loads(body)))
            self.send_response(status)
            self.end_headers()

        def log_message(self, *arguments):
            pass

    with HTTPServer(("127.0.0.1", 0), Channel) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_port, taken
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def told(settings, tmp_path, status=200):
    """The settings with a channel for each tag, and what they have taken."""
    with listening(status) as (port, taken):
        file = tmp_path / "messages.yml"
        lines = [f"  - json://127.0.0.1:{port}/{tag}:\n    - tag: {tag}" for tag in ("duty", "risk")]
        file.write_text("urls:\n" + "\n".join(lines) + "\n", encoding="utf-8")
        yield replace(settings, messages=file), taken


def ended(settings, state, step=None, message=None, severity=None):
    """A night that has ended so, with one rule that did not pass where a severity is named."""
    night = open_night(settings, DAY, "run")
    if severity:
        with connect(settings) as connection, connection.cursor() as cursor:
            cursor.execute(
                "insert into ops.gate_results (night_id, gate_code, rule_id, table_name, dimension_code, "
                "severity_code, outcome_code, unexpected_count, owner_name, wording_zh, wording_en) "
                "values (%s, 'delivery', %s, 'core__accounts', 'validity', %s, 'failed', 3, 'core', "
                "'应为已知代码', 'The code is known')",
                (night.night_id, RULE, severity),
            )
    close_night(settings, night, state, step, message)
    return night


def paths(taken):
    return sorted(path for path, _ in taken)


def test_a_stopped_night_is_told_to_duty_and_risk(settings, tmp_path):
    night = ended(settings, "stopped", "gate_delivery", "GateClosed: closed", "critical")
    with told(settings, tmp_path) as (with_channel, taken):
        assert tell_end(with_channel, night)
    assert paths(taken) == ["/duty", "/risk"]
    body = taken[0][1]
    assert body["type"] == "failure"
    assert "2026-10-30 未发布 | not published" in body["title"]
    for part in ("gate_delivery", RULE, "3 应为已知代码 | The code is known (core)", "yihu report --night"):
        assert part in body["message"]


def test_a_failed_night_says_what_failed(settings, tmp_path):
    night = ended(settings, "failed", "build", "BuildError: model customers\nand more")
    with told(settings, tmp_path) as (with_channel, taken):
        tell_end(with_channel, night)
    assert "BuildError: model customers" in taken[0][1]["message"]
    assert "and more" not in taken[0][1]["message"]


def test_a_warning_is_told_to_risk_alone(settings, tmp_path):
    night = ended(settings, "published", severity="warning")
    with told(settings, tmp_path) as (with_channel, taken):
        assert tell_end(with_channel, night)
    assert paths(taken) == ["/risk"]
    assert taken[0][1]["type"] == "warning"


@pytest.mark.parametrize("severity", [None, "info"])
def test_a_quiet_night_tells_nobody(settings, tmp_path, severity):
    night = ended(settings, "published", severity=severity)
    with told(settings, tmp_path) as (with_channel, taken):
        assert not tell_end(with_channel, night)
    assert taken == []


def test_without_channels_nothing_is_sent(settings):
    assert not tell_end(settings, ended(settings, "failed", "build", "x"))


def test_a_channel_that_is_down_is_told_without_its_address(settings, tmp_path, caplog):
    night = ended(settings, "failed", "build", "x")
    with told(settings, tmp_path, status=500) as (with_channel, _):
        with pytest.raises(MessageError, match="did not take the message") as raised:
            tell_end(with_channel, night)
        assert "127.0.0.1" not in str(raised.value)
        steps._tell(with_channel, night)
    assert "did not take the message" in caplog.text


def test_a_file_without_channels_is_refused(settings, tmp_path):
    empty = tmp_path / "messages.yml"
    empty.write_text("urls: []\n", encoding="utf-8")
    night = ended(settings, "failed", "build", "x")
    with pytest.raises(MessageError, match="no channel could be read"):
        tell_end(replace(settings, messages=empty), night)


def test_the_day_that_has_ended_by_the_banks_clock_is_missed(settings, tmp_path):
    late = datetime(2026, 10, 30, 16, 0, tzinfo=UTC)  # 00:00 of the 31st in Shanghai
    assert missing_date(settings, datetime(2026, 10, 30, 15, 59, tzinfo=UTC)) == date(2026, 10, 29)
    assert missing_date(settings, late) == DAY
    publish(settings, DAY)
    assert missing_date(settings, late) is None
    assert missing_date(settings, datetime(2027, 1, 1, tzinfo=UTC)) == date(2026, 10, 31), (
        "its files end there"
    )


def test_absence_is_told_and_status_fails(settings, tmp_path, monkeypatch):
    with told(settings, tmp_path) as (with_channel, taken):
        assert tell_absence(with_channel, DAY)
        assert paths(taken) == ["/duty", "/risk"]
        assert "no night has begun" in taken[0][1]["message"]
        taken.clear()
        monkeypatch.setattr("pipelines.cli.commands.load_settings", lambda: with_channel)
        result = CliRunner().invoke(main, ["status", "--due"])
        assert (result.exit_code, paths(taken)) == (1, ["/duty", "/risk"])
        assert "business date 2026-10-31 is not published by its deadline" in result.output
        publish(settings, date(2026, 10, 31))
        assert CliRunner().invoke(main, ["status", "--due"]).exit_code == 0


def publish(settings, business_date):
    night = open_night(settings, business_date, f"run {business_date}")
    close_night(settings, night, "published", None, None)
    with connect(settings) as connection, connection.cursor() as cursor:
        cursor.execute(
            "insert into ops.editions (edition_id, business_date, edition_number, state, cause, night_id, "
            "policy_version, model_version, code_release) "
            "values (%s, %s, 1, 'kept', 'night', %s, 'p', 'm', 'c')",
            (f"edition_{business_date:%Y%m%d}_1", business_date, night.night_id),
        )
