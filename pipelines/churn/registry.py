"""The registry's files: a model is a skops file under ``<var>/<bank>/models``, checked when it is read."""

import json
import os
from dataclasses import dataclass, fields
from datetime import date
from hashlib import sha256
from importlib.metadata import version as installed
from pathlib import Path

import skops.io
from psycopg2.extensions import connection as Connection

from pipelines.churn.errors import ChurnError
from pipelines.churn.features import feature_hash
from pipelines.churn.records import REFUSED, REGISTERED, OnRecord, find
from pipelines.churn.training import ScoringModel, Trained
from pipelines.settings import Settings

HOLDS = sorted(field.name for field in fields(ScoringModel))
LIBRARIES = ("scikit-learn", "numpy", "scipy", "pandas", "skops")
# what a file may hold beside scikit-learn's own; anything else is refused before it is made
TRUSTED = [
    "functools.partial",
    "pipelines.churn.calibration.Band",
    "pipelines.churn.calibration.Line",
    "pipelines.churn.encoding.Encoding",
    "pipelines.churn.explain.Curve",
    "pipelines.churn.explain.Explainer",
    "pipelines.churn.model.ChurnModel",
    "pipelines.churn.stability.Numbers",
    "pipelines.churn.stability.Reference",
    "pipelines.churn.stability.Texts",
    "pipelines.churn.training.ScoringModel",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.utils.validation.check_array",
]


@dataclass(frozen=True)
class Origin:
    """What a model was trained from: business date, months with outcomes, digests of the frames, versions."""

    trained_date: date
    first_month: int
    last_month: int
    digests: tuple[str, ...]
    policy_version: str


def version_of(trained: Trained, origin: Origin) -> str:
    """Twelve digits of what a model was made from: the same inputs give the same version."""
    made_from = {
        "digests": origin.digests,
        "months": (origin.first_month, origin.last_month),
        "policy": origin.policy_version,
        "features": trained.scoring.feature_hash,
        "holds": HOLDS,
        "parameters": {name: str(value) for name, value in trained.scoring.model.get_params().items()},
        "libraries": library_versions(),
    }
    return sha256(json.dumps(made_from, sort_keys=True).encode()).hexdigest()[:12]


def library_versions() -> dict[str, str]:
    """The versions of what a model is made with."""
    return {name: installed(name) for name in LIBRARIES}


def model_path(settings: Settings, version: str) -> Path:
    """Where a model's file lies."""
    return settings.var / settings.bank / "models" / f"churn_{version}.skops"


def register(
    settings: Settings,
    connection: Connection,
    trained: Trained,
    origin: Origin,
    card: str,
    reason: str | None = None,
) -> str:
    """Put a training on record, the model's file first; gives its version.

    A refused one keeps no file. ChurnError where it is too good to be true and no reason is given. What is on
    record already stays as it is.
    """
    if trained.alarm and not trained.refusal and not (reason and reason.strip()):
        raise ChurnError(
            f"{trained.alarm}, or register it with --reason and why it is none; nothing was registered"
        )
    version = version_of(trained, origin)
    digest = (
        None
        if trained.refusal
        else _keep(model_path(settings, version), trained.scoring, connection, version)
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into ops.churn_models (model_version, trained_date, first_month, last_month, "
            "feature_names, feature_hash, policy_version, libraries, file_sha256, metrics, card, state_code, "
            "message, reason) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) "
            "on conflict (model_version) do nothing",
            (
                version,
                *(origin.trained_date, origin.first_month, origin.last_month),
                *(trained.scoring.feature_names, trained.scoring.feature_hash, origin.policy_version),
                *(json.dumps(library_versions()), digest, json.dumps(trained.evaluation.as_json()), card),
                *(REFUSED if trained.refusal else REGISTERED, trained.refusal or trained.alarm, reason),
            ),
        )
    return version


def load(settings: Settings, record: OnRecord) -> ScoringModel:
    """A model from its file. ChurnError: it is gone, altered, or of other features than are declared now."""
    expected = feature_hash()
    if record.feature_hash != expected:
        raise ChurnError(
            f"churn model {record.version} was trained under features {record.feature_hash}, tonight's are "
            f"{expected}: train again"
        )
    path = model_path(settings, record.version)
    if not path.is_file():
        raise ChurnError(
            f"the file of churn model {record.version} is not at {path}: restore it or train again"
        )
    content = path.read_bytes()
    if sha256(content).hexdigest() != record.file_sha256:
        raise ChurnError(f"{path} is not the file that was registered: restore it or train again")
    found = skops.io.loads(content, trusted=TRUSTED)
    if not isinstance(found, ScoringModel) or sorted(vars(found)) != HOLDS:
        raise ChurnError(f"{path} holds no churn model with all that scoring needs: train again")
    return found


def _keep(path: Path, scoring: ScoringModel, connection: Connection, version: str) -> str:
    """Write a model's file, whole or not at all; gives its hash. One that is on record stays."""
    record = find(connection, version)
    if record and record.file_sha256 and path.is_file():
        if sha256(path.read_bytes()).hexdigest() == record.file_sha256:
            return record.file_sha256
    elif record and record.file_sha256:
        raise ChurnError(f"churn model {version} is on record but its file is not at {path}: restore it")
    content = skops.io.dumps(scoring)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".draft")
    draft.write_bytes(content)
    os.replace(draft, path)
    return sha256(content).hexdigest()
