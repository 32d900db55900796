"""A person's own requests: what is held about him, being forgotten, and decisions that no machine takes."""

from pipelines.subjects.errors import SubjectError
from pipelines.subjects.export import Export, export
from pipelines.subjects.forget import Forgotten, forget
from pipelines.subjects.obligations import Obligation, obligations
from pipelines.subjects.opting import opt

__all__ = [
    "Export",
    "Forgotten",
    "Obligation",
    "SubjectError",
    "export",
    "forget",
    "obligations",
    "opt",
]
