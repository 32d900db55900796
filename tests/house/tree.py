"""What the checks share: an offence, the files of a tree, SQL without its comments, reviewed exceptions."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

SKIPPED = {"var", "target", "logs", "node_modules", "__pycache__"}
MODELS = "dbt_project/models"


@dataclass(frozen=True, order=True)
class Offence:
    """One breach: which check, where, and the words that break it."""

    check: str
    path: str
    line: int
    finding: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.finding} ({self.check})"


@dataclass(frozen=True)
class Allowed:
    """A reviewed exception of whitelist.yml."""

    check: str
    path: str
    finding: str
    reason: str

    def covers(self, offence: Offence) -> bool:
        return (self.check, self.path, self.finding) == (offence.check, offence.path, offence.finding)


def read_whitelist(path: Path) -> list[Allowed]:
    """The reviewed exceptions; each must give a reason."""
    allowed = [Allowed(**row) for row in yaml.safe_load(path.read_text(encoding="utf-8")) or []]
    nameless = [row for row in allowed if len(row.reason.strip()) < 20]
    assert not nameless, f"say in a sentence why this is allowed: {nameless}"
    return allowed


def files(root: Path, folder: str, *suffixes: str) -> Iterator[tuple[str, str]]:
    """Relative path and text of every file below a folder with one of the suffixes."""
    for path in sorted((root / folder).rglob("*")):
        relative = path.relative_to(root)
        if path.is_file() and path.suffix in suffixes and not is_skipped(relative):
            yield relative.as_posix(), path.read_text(encoding="utf-8")


def is_skipped(relative: Path) -> bool:
    """Whether a path is no text of the house: what runs leave behind, and hidden folders other than .ci."""
    return any(part in SKIPPED or (part.startswith(".") and part != ".ci") for part in relative.parent.parts)


def read_yaml(text: str) -> dict[str, Any]:
    """The mapping a YAML text holds; empty for an empty text."""
    return yaml.load(text, Loader=yaml.CSafeLoader) or {}


def line_of(text: str, position: int) -> int:
    """The line number of a position, from 1."""
    return text.count("\n", 0, position) + 1


def room_of(path: str) -> str:
    """The room of a model, from its path: staging, intermediate, marts, protected or edition."""
    parts = path.removeprefix(f"{MODELS}/").split("/")
    return parts[0] if len(parts) > 1 else ""


_COMMENT_OR_TEXT = re.compile(r"(?P<comment>--[^\n]*|\{#.*?#\}|/\*.*?\*/)|'(?:[^']|'')*'", re.DOTALL)
_JINJA = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_TEXT = re.compile(r"'(?:[^']|'')*'")


def without_comments(sql: str) -> str:
    """The SQL with every comment blanked; positions and lines stay where they are."""
    return _COMMENT_OR_TEXT.sub(
        lambda found: _blank(found.group()) if found["comment"] else found.group(), sql
    )


def without_jinja(sql: str) -> str:
    """The SQL with an expression blanked to one word and a statement to nothing; positions stay."""
    return _JINJA.sub(
        lambda found: _blank(found.group(), "j" if found.group().startswith("{{") else " "), sql
    )


def without_texts(sql: str, keep: re.Pattern[str] | None = None) -> str:
    """The SQL with text literals blanked, except those whose content matches ``keep``."""
    return _TEXT.sub(
        lambda found: (
            found.group() if keep and keep.fullmatch(found.group()[1:-1]) else _blank(found.group())
        ),
        sql,
    )


def _blank(text: str, first: str = " ") -> str:
    return first + re.sub(r"[^\n]", " ", text[1:])
