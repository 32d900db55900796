"""Building: calls dbt, layer by layer."""

from pipelines.building.dbt import BuildError, BuildResult, build, drop_next_edition
from pipelines.building.history import Stop, forget, stage, stops
from pipelines.building.marts import build_marts, call_marts

__all__ = [
    "BuildError",
    "BuildResult",
    "Stop",
    "build",
    "build_marts",
    "call_marts",
    "drop_next_edition",
    "forget",
    "stage",
    "stops",
]
