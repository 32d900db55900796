"""docker-compose.yml, the Dockerfile and the secrets script, checked without a container engine."""

import base64
import json
import re
import stat
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml
from jsonschema.validators import validator_for

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = ROOT / "tests/vendor/compose-spec/compose-spec.json"
VARIABLE = re.compile(r"\$\{(?P<name>[A-Z_]+)(?P<rule>:\?|:-|)(?P<text>[^}]*)\}")
SECRET = re.compile(r"password|secret|key|token|_conn$|database_url", re.IGNORECASE)
STARTED_ONCE = {"airflow-init"}


@pytest.fixture(scope="module")
def compose() -> dict:
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))


@pytest.fixture(scope="module")
def services(compose: dict) -> dict:
    return compose["services"]


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    script = tmp_path / "make-secrets.sh"
    script.write_bytes((ROOT / "deploy/make-secrets.sh").read_bytes())
    subprocess.run(["sh", script], check=True, capture_output=True)
    return tmp_path / "secrets/yihu.env"


def variables() -> dict[str, set[str]]:
    """Each ${NAME…} of the file and the rules it is used with: ":?" required, ":-" default, "" neither."""
    found: dict[str, set[str]] = {}
    for match in VARIABLE.finditer((ROOT / "docker-compose.yml").read_text("utf-8")):
        assert match["rule"] == "" or match["text"], f"{match['name']}: an empty message or default"
        found.setdefault(match["name"], set()).add(match["rule"])
    return found


def test_fits_the_compose_schema(compose):
    schema = json.loads(SCHEMA.read_text("utf-8"))
    errors = validator_for(schema)(schema).iter_errors(compose)
    assert [f"{error.json_path}: {error.message}" for error in errors] == []


def test_the_schema_would_notice_a_mistake(compose):
    schema = json.loads(SCHEMA.read_text("utf-8"))
    broken = {**compose, "services": {"postgres": {"image": "postgres:18.4-bookworm", "helthcheck": {}}}}
    assert not validator_for(schema)(schema).is_valid(broken)


def test_holds_the_services_of_a_whole_installation(services):
    airflow = {"airflow-init", "api-server", "scheduler", "dag-processor", "triggerer"}
    assert set(services) == {"postgres", *airflow}
    for name in airflow - STARTED_ONCE:
        assert services[name]["command"] == [name], "a service is called as its Airflow command"


def test_every_image_is_pinned(services):
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    assert {service["image"] for service in services.values()} == {
        "postgres:18.4-bookworm",
        f"yihu:{version}",
    }
    bases = re.findall(r"^FROM (\S+)", (ROOT / "Dockerfile").read_text("utf-8"), re.MULTILINE)
    assert bases
    for image in bases:
        assert re.fullmatch(r"[\w./-]+:\d+\.\d+\.\d+[\w.-]*", image), f"{image} is not pinned"


def test_ports_are_open_to_this_host_only(services):
    ports = [port for service in services.values() for port in service.get("ports", [])]
    assert ports
    assert all(str(port).startswith("127.0.0.1:") for port in ports)


def test_every_service_is_watched_and_restarted(services):
    for name, service in services.items():
        if name in STARTED_ONCE:
            assert service["restart"] == "no"
        else:
            assert service["restart"] == "unless-stopped", name
            assert service["healthcheck"]["test"][0] == "CMD", name


def test_services_wait_for_the_database_and_the_set_up(services):
    assert services["airflow-init"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}
    for name in set(services) - {"postgres", "airflow-init"}:
        waits = services[name]["depends_on"]
        assert waits["postgres"] == {"condition": "service_healthy"}, name
        assert waits["airflow-init"] == {"condition": "service_completed_successfully"}, name


def test_every_variable_is_required_or_has_a_default():
    for name, rules in variables().items():
        assert rules in ({":?"}, {":-"}), f"{name} may be empty unnoticed"


def test_no_secret_is_written_down(services):
    for name, service in services.items():
        for key, value in service["environment"].items():
            if SECRET.search(key) and value and not str(value).startswith("/"):
                assert "${" in value, f"{name}: {key} holds a literal"
                assert all(rule[1] == ":?" for rule in VARIABLE.findall(value)), (
                    f"{name}: {key} has a default"
                )


def test_addresses_of_source_databases_reach_the_tasks_and_nobody_else(services):
    """The file is the operator's: whatever variable a declaration names passes, as it stands."""
    given = {name: service["env_file"] for name, service in services.items() if "env_file" in service}
    assert given == {
        "scheduler": [{"path": "deploy/secrets/sources.env", "format": "raw", "required": False}]
    }
    executors = {service["environment"].get("AIRFLOW__CORE__EXECUTOR") for service in services.values()}
    assert executors == {None, "LocalExecutor"}, "tasks run in the scheduler's container"
    # what the file says would lose against `environment`
    assert not [name for name in services["scheduler"]["environment"] if name.startswith("YIHU_SOURCE_")]


def test_landing_is_read_only_and_data_has_named_volumes(compose, services):
    for name in set(services) - {"postgres"}:
        binds = [volume for volume in services[name]["volumes"] if isinstance(volume, dict)]
        assert [(bind["target"], bind["read_only"]) for bind in binds] == [("/landing", True)], name
    # PostgreSQL's images from 18 on keep their data in a folder per version below /var/lib/postgresql
    assert "postgres-data:/var/lib/postgresql" in services["postgres"]["volumes"]
    assert set(compose["volumes"]) == {"postgres-data", "airflow-home", "yihu-var"}


def test_the_image_does_not_run_as_root():
    users = re.findall(r"^USER (\S+)", (ROOT / "Dockerfile").read_text("utf-8"), re.MULTILINE)
    assert users == ["yihu"]


def test_secrets_never_reach_the_image_or_the_repository():
    kept = (ROOT / ".dockerignore").read_text("utf-8").split("\n")
    assert "*" in kept
    assert not [line for line in kept if line.startswith(("!deploy/secrets", "!.env"))]
    assert "!deploy" not in kept
    assert "secrets/" in (ROOT / "deploy/.gitignore").read_text("utf-8").split()


def test_the_script_makes_every_required_secret(secrets):
    made = dict(line.split("=", 1) for line in secrets.read_text("utf-8").splitlines())
    required = {name for name, rules in variables().items() if ":?" in rules}
    assert set(made) == required - {"YIHU_LANDING"}
    assert len(set(made.values())) == len(made), "each secret is its own"
    assert len(base64.urlsafe_b64decode(made["AIRFLOW_FERNET_KEY"])) == 32
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{43,64}=?", value) for value in made.values())


def test_secrets_are_the_owners_and_are_never_made_again(secrets):
    assert stat.S_IMODE(secrets.stat().st_mode) == 0o600
    assert stat.S_IMODE(secrets.parent.stat().st_mode) == 0o700
    before = secrets.read_bytes()
    again = subprocess.run(["sh", secrets.parent.parent / "make-secrets.sh"], check=True, capture_output=True)
    assert b"stays as it is" in again.stdout
    assert secrets.read_bytes() == before
    assert list(secrets.parent.iterdir()) == [secrets], "no draft is left behind"
