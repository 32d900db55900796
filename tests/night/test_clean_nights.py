"""A bank without faults, night after night: nothing critical, and hardly a warning."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

import pytest
from conftest import own_bank
from histories import night_by_night
from night_support import query, run_night, warm
from small_bank import NIGHTS, small_bank

from pipelines.demo_bank import write_demo_bank
from pipelines.nights import Night
from pipelines.settings import Settings

LAST = date(2026, 10, 10)
THIRTY = tuple(LAST - timedelta(days) for days in range(29, -1, -1))
CUSTOMERS = 300
SIZES = [pytest.param(NIGHTS, id="small"), pytest.param(THIRTY, id="long", marks=pytest.mark.long)]


@pytest.mark.parametrize("nights", SIZES)
def test_a_clean_bank_has_no_critical_finding_and_at_most_one_warning_a_night(
    server, tmp_path_factory, nights
):
    folder = tmp_path_factory.mktemp("clean_nights")
    made = small_bank(server, folder) if nights == NIGHTS else thirty_nights(server, folder)
    with made as settings:
        judged = [findings(settings, day) for day in nights]
        if nights == THIRTY:
            assert held_against_former_nights(settings) == ["delivery", "edition"]
    assert [len(rules) for rules, _ in judged if not rules] == [], "a night that was not judged"
    bad = {day: found for day, (_, found) in zip(nights, judged, strict=True) if not is_calm(found)}
    assert bad == {}


def is_calm(found: list[tuple[str, str]]) -> bool:
    """At most one rule failed, and that only warns."""
    return len(found) <= 1 and all(severity == "warning" for _, severity in found)


def findings(settings: Settings, day: date) -> tuple[list[str], list[tuple[str, str]]]:
    """The gates that judged the night of a date; rule and severity of what failed."""
    rows = query(
        settings,
        "select result.gate_code, result.rule_id, result.severity_code, result.outcome_code "
        "from ops.gate_results as result inner join ops.nights as night on result.night_id = night.night_id "
        "where night.business_date = %s and night.state = 'published'",
        day,
    )
    gates = sorted({gate for gate, *_ in rows})
    return gates, [(rule, severity) for _, rule, severity, outcome in rows if outcome != "passed"]


def held_against_former_nights(settings: Settings) -> list[str]:
    """The gates whose rules on volume knew enough nights to judge the newest one."""
    rows = query(
        settings,
        "select distinct gate_code from ops.gate_results where starts_with(rule_id, 'volume.') "
        "and checked_count > 0 and night_id = (select max(night_id) from ops.nights) order by 1",
    )
    return [gate for (gate,) in rows]


@contextmanager
def thirty_nights(server, folder: Path) -> Iterator[Settings]:
    """A bank that has published thirty nights one by one."""
    first = THIRTY[0] - timedelta(days=30)
    with own_bank(server, folder) as settings:
        write_demo_bank(settings.landing, customers=CUSTOMERS, first_date=first, last_date=LAST)
        with warm():
            night_by_night(settings, THIRTY, told)
        yield settings


def told(settings: Settings, day: date) -> Night:
    """A night, with its findings as progress."""
    night = run_night(settings, day)
    found = [rule for rule, _ in findings(settings, day)[1]]
    print(f"{day}: published; {', '.join(found) or 'nothing found'}", file=sys.stderr, flush=True)
    return night
