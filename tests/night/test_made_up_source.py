"""A bank brings one more system: new files alone, and its name in the list of active sources.

The files lie in tests/made_up_source as they would lie in the repository; docs/sources.md walks through them.
A process of its own runs the nights on a copy of the house, as the bank would.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.settings import ROOT

BROUGHT = Path(__file__).parents[1] / "made_up_source"
HOUSE = ("pipelines", "dbt_project", "expectations", "policy", "docs")
LISTED = "pipelines/sources/banks.yml"

NIGHTS = Path(__file__).with_name("made_up_nights.py")


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """A copy of the house with the brought files, and what of it was there before."""
    root = tmp_path_factory.mktemp("bank") / "yihu"
    ignored = shutil.ignore_patterns("__pycache__", "target", "logs")
    for folder in HOUSE:
        shutil.copytree(ROOT / folder, root / folder, ignore=ignored)
    before = {path: digest(root / path) for path in files(root)}
    for path in files(BROUGHT):
        assert path not in before, f"{path} is a file of the house: a new source edits none"
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(BROUGHT / path, root / path)
    banks = (root / LISTED).read_text(encoding="utf-8")
    listed = banks.replace("corporate]", "corporate, prepaid]")
    assert listed != banks
    (root / LISTED).write_text(listed, encoding="utf-8")
    return root, before


def files(root: Path) -> list[str]:
    found = (path for path in root.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return sorted(path.relative_to(root).as_posix() for path in found)


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def call(root: Path, code: str, settings=None) -> str:
    """Run Python in the copied house, in a process of its own; gives what it printed."""
    tests = Path(__file__).parents[1]
    environment = {**os.environ, "PYTHONPATH": f"{root}:{tests}", "YIHU_BANK": "demo"}
    if settings:
        environment |= {
            "YIHU_VAR": str(settings.var),
            "YIHU_LANDING": str(settings.landing),
            "YIHU_DATABASE_URL": settings.database_url,
        }
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=root, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-6000:]}"
    return done.stdout


def test_a_made_up_source_is_published_without_editing_a_file(house, settings):
    root, before = house
    yihu = "import sys; from pipelines.cli import main; sys.argv[0] = 'yihu'; main({})"
    call(root, yihu.format(["sources", "write"]))
    call(root, yihu.format(["sources", "check"]))
    found = json.loads(call(root, NIGHTS.read_text(encoding="utf-8"), settings).splitlines()[-1])

    assert found["state"] == "published"
    assert found["accounts"] == [
        ["C1", "current_deposit", "80.00", "2026-10-01"],
        ["C2", "current_deposit", "100.00", "2026-10-01"],
    ]
    assert found["payments"] == [["prepaid:P1", "10.00"], ["prepaid:P2", "25.50"], ["prepaid:P3", "1.25"]]
    assert found["spells"] == [["2026-10-01", "80.00"]]
    assert [(holder, is_known) for holder, _, is_known in found["customers"]] == [("H1", True), ("H2", False)]
    assert found["names"] == [["欧阳镕"]]
    assert found["aside"] == [[{"colour": "red"}]]
    assert found["warnings"] == [["schema_drift.prepaid.payments", "colour"]]
    assert (found["untied"], found["tied"]) == ([[0]], [[True]])
    changed = {path for path, former in before.items() if digest(root / path) != former}
    assert changed == {LISTED}
