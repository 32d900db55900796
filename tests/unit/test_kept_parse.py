"""dbt's parse of a project is kept from call to call and from process to process, and never a stale one."""

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from pipelines.building import warm
from pipelines.settings import Settings
from pipelines.warehouse import dbt_environment

MODEL = "select cast('{{ var(\"business_date\") }}' as date) as business_date, 1 as figure"
PROJECT = {
    "dbt_project.yml": (
        "name: small\nversion: '1.0.0'\nprofile: yihu\nmodel-paths: [models]\n"
        "flags: {send_anonymous_usage_stats: false}\n"  # else dbt writes who it is into the project
    ),
    "models/figures.sql": MODEL,
}


@pytest.fixture
def project(tmp_path: Path, settings: Settings) -> Path:
    """A project of one model, that a test may change."""
    folder = tmp_path / "project"
    for name, text in PROJECT.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    profile = settings.root / "dbt_project" / "profiles.yml"
    (folder / "profiles.yml").write_text(profile.read_text())
    return folder


@pytest.fixture
def parses(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The parses made since, by the business date they were made for; memory begins empty."""
    made: list[str] = []
    really = warm._parse

    def parse(options: dict[str, str]) -> bytes | None:
        made.append(json.loads(options["--vars"])["business_date"])
        return really(options)

    monkeypatch.setattr(warm, "_parse", parse)
    monkeypatch.setattr(warm, "_parses", {})
    return made


def compiled(settings: Settings, project: Path, day: date, since: date | None = None) -> str:
    """What dbt makes of the model on a business date."""
    target = project.parent / "target"
    target.mkdir(exist_ok=True)
    arguments = [
        "compile",
        *("--vars", json.dumps({"business_date": day.isoformat(), "since": since and since.isoformat()})),
        *("--project-dir", str(project), "--profiles-dir", str(project)),
        *("--target-path", str(target), "--log-path", str(target)),
    ]
    code, said = warm.invoke(arguments, dbt_environment(settings, None))
    assert code == 0, said
    return (target / "compiled" / "small" / "models" / "figures.sql").read_text()


def test_a_night_later_nothing_is_parsed(settings: Settings, project: Path, parses: list[str]) -> None:
    assert "2026-10-30" in compiled(settings, project, date(2026, 10, 30))
    assert "2026-10-31" in compiled(settings, project, date(2026, 10, 31))
    warm._parses.clear()  # as in the next process
    assert "2026-11-01" in compiled(settings, project, date(2026, 11, 1))
    assert parses == ["2026-10-30"]


def test_to_go_on_is_parsed_for_itself(settings: Settings, project: Path, parses: list[str]) -> None:
    for since in (None, date(2026, 10, 29), date(2026, 10, 30), None):
        warm._parses.clear()
        compiled(settings, project, date(2026, 10, 31), since)
    assert len(parses) == 2


def test_a_changed_model_is_parsed_anew(settings: Settings, project: Path, parses: list[str]) -> None:
    compiled(settings, project, date(2026, 10, 30))
    (project / "models" / "figures.sql").write_text(MODEL.replace("1 as figure", "2 as figure"))
    assert "2 as figure" in compiled(settings, project, date(2026, 10, 30))
    warm._parses.clear()
    (project / "models" / "figures.sql").write_text(MODEL)
    assert "1 as figure" in compiled(settings, project, date(2026, 10, 30))
    assert len(parses) == 3


@pytest.mark.parametrize(
    "harm", [lambda whole: whole[:-100], lambda whole: b"", lambda whole: b"\xff" + whole]
)
def test_a_harmed_file_is_parsed_anew(
    settings: Settings, project: Path, parses: list[str], harm: Callable[[bytes], bytes]
) -> None:
    compiled(settings, project, date(2026, 10, 30))
    (file,) = (project.parent / "target").glob("parse_*.msgpack")
    file.write_bytes(harm(file.read_bytes()))
    warm._parses.clear()
    assert "2026-10-31" in compiled(settings, project, date(2026, 10, 31))
    assert len(parses) == 2


def test_a_kept_parse_serves_any_database_and_holds_no_password(
    make_settings: Callable[..., Settings], project: Path, parses: list[str]
) -> None:
    (project / "models" / "doubles.sql").write_text("select 2 * figure as figure from {{ ref('figures') }}")
    for bank in (make_settings(), make_settings()):
        environment = dbt_environment(bank, None)
        compiled(bank, project, date(2026, 10, 30))
        said = (project.parent / "target" / "compiled" / "small" / "models" / "doubles.sql").read_text()
        assert f'"{environment["YIHU_DBT_DBNAME"]}"."staging"."figures"' in said
    assert len(parses) == 1
    (file,) = (project.parent / "target").glob("parse_*.msgpack")
    assert environment["YIHU_DBT_PASSWORD"].encode() not in file.read_bytes()
