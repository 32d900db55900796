"""A workspace is a prefix on every schema that a night writes; the empty one is live."""

import re
from dataclasses import dataclass


class WorkspaceError(Exception):
    """A workspace name that cannot prefix a schema."""


@dataclass(frozen=True)
class Workspace:
    """Names the schemas of one build.

    ``name`` is empty for the live build, else lower-case letters, digits and single underscores.
    """

    name: str = ""

    def __post_init__(self) -> None:
        if self.name and not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", self.name):
            raise WorkspaceError(
                f"workspace name {self.name!r}: use lower-case letters, digits and single underscores, "
                "beginning with a letter"
            )

    @property
    def is_live(self) -> bool:
        """Whether this is the build that may publish."""
        return not self.name

    def schema(self, room: str) -> str:
        """The schema of a room in this workspace: ``marts`` or ``<name>__marts``."""
        return room if self.is_live else f"{self.name}__{room}"


LIVE = Workspace()
