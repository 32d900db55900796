"""Numbers a committee could change: read from policy/*.csv, validated, versioned, written to a schema."""

from pipelines.policy.read import Policy, Row, read_policy
from pipelines.policy.shapes import SHAPES, Column, PolicyError, Shape
from pipelines.policy.write import parameter, read_recorded, record_policy, write_policy

__all__ = [
    "SHAPES",
    "Column",
    "Policy",
    "PolicyError",
    "Row",
    "Shape",
    "parameter",
    "read_policy",
    "read_recorded",
    "record_policy",
    "write_policy",
]
