"""Building: calls dbt, layer by layer."""

from pipelines.building.dbt import BuildError, BuildResult, build, drop_next_edition
from pipelines.building.history import Stop, at, forget, stops

__all__ = ["BuildError", "BuildResult", "Stop", "at", "build", "drop_next_edition", "forget", "stops"]
