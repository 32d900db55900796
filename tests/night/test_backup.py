"""The runbook's backup and restore, on another server: readers see the same, and so does the next night.

PostgreSQL is killed under that night, as the server is nobody else's.
"""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from chaos.course import undisturbed
from chaos.disturbances import Disturbance
from chaos.trial import Trial, run_trial
from night_support import query
from small_bank import reading, small_bank

from pipelines.settings import ROOT, Settings

BACKUP, RESTORE = re.findall(
    r"```sh\n(.*?)```",
    (ROOT / "docs" / "runbook.md").read_text("utf-8").split("## Backup and restore")[1].split("\n## ")[0],
    re.DOTALL,
)


@pytest.fixture(scope="module")
def bank(server, tmp_path_factory):
    with small_bank(server, tmp_path_factory.mktemp("backup")) as settings:
        yield settings


def test_a_restored_bank_goes_on_as_if_nothing_had_happened(server, bank, own_installation, tmp_path):
    backup = tmp_path / "backup"
    shell(bank, BACKUP, backup)
    assert all(path.stat().st_mode & 0o077 == 0 for path in backup.iterdir())
    seen = reading(bank)
    with undisturbed(server, bank, stops=()) as course:
        pass

    shutil.copytree(bank.landing, tmp_path / "landing")
    restored = replace(own_installation, landing=tmp_path / "landing")
    said = shell(restored, RESTORE, backup)
    assert "edition_20261101_1" in said
    assert reading(restored) == seen
    assert query(restored, "select count(*) from ops.nights") == query(
        bank, "select count(*) from ops.nights"
    )
    killed = Trial("run again", (Disturbance("PostgreSQL killed", "land", 0.5),))
    judged = run_trial(restored, killed, course, dict(course.seconds))
    assert judged.differences == []
    assert all(seen.absences for seen in judged.watch.seen), "the server was killed under its readers"


def shell(settings: Settings, block: str, backup: Path) -> str:
    """Run a block of the runbook as an operator of an installation does; gives what it printed."""
    environment = {
        **os.environ,
        **settings.environment(),
        "BACKUP": str(backup),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
    }
    done = subprocess.run(
        ["bash", "-euc", block],
        env=environment,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout
