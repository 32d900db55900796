"""Building: calls dbt, layer by layer."""

from pipelines.building.dbt import BuildError, BuildResult, build, drop_next_edition

__all__ = ["BuildError", "BuildResult", "build", "drop_next_edition"]
