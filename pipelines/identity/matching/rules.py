"""The rule file: which column of a foreign table means what. No line of code is needed for a new schema."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

KINDS = (
    *("given_name", "surname", "full_name", "date", "year", "month", "day", "id_number", "phone", "email"),
    *("postcode", "place", "street", "house_number", "category", "text"),
)
ONCE = ("year", "month", "day")


class RulesError(Exception):
    """A rule file that cannot be read as one."""


@dataclass(frozen=True)
class Rules:
    """One table's meaning: the column of record ids, that of sources (None: one source), kind by column."""

    id_column: str
    source_column: str | None
    kinds: dict[str, str]

    def columns(self, kind: str) -> list[str]:
        """The columns of a kind, in the order of the file."""
        return [column for column, own in self.kinds.items() if own == kind]

    def needed(self) -> list[str]:
        """Every column the table must have."""
        return [self.id_column, *([self.source_column] if self.source_column else []), *self.kinds]


def read_rules(path: Path) -> Rules:
    """The rules of a YAML file. RulesError names the file and what to write instead."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise RulesError(f"rule file {path}: {error}") from error
    return parse_rules(content, str(path))


def parse_rules(content: Any, name: str = "rules") -> Rules:
    """The rules that a parsed YAML mapping holds; RulesError otherwise."""
    if not isinstance(content, dict) or not isinstance(content.get("columns"), dict):
        raise RulesError(f"{name}: needs `id: <column>` and `columns: {{<column>: {{kind: <kind>}}}}`")
    if unknown := sorted(set(content) - {"id", "source", "columns"}):
        raise RulesError(
            f"{name}: unknown key {', '.join(map(str, unknown))}; id, source and columns are known"
        )
    if not isinstance(content.get("id"), str):
        raise RulesError(f"{name}: `id` must name the column of the record's own id")
    if not isinstance(content.get("source"), str | None):
        raise RulesError(f"{name}: `source` must name a column or be left out")
    kinds = {str(column): _kind(name, column, value) for column, value in content["columns"].items()}
    if not kinds:
        raise RulesError(f"{name}: no columns to compare")
    if content["id"] in kinds:
        raise RulesError(f"{name}: {content['id']} is the record's own id, it cannot be compared too")
    for kind, count in Counter(kinds.values()).items():
        if kind in ONCE and count > 1:
            raise RulesError(f"{name}: {count} columns of kind {kind}; one is possible")
    return Rules(content["id"], content.get("source"), kinds)


def _kind(name: str, column: Any, value: Any) -> str:
    kind = value.get("kind") if isinstance(value, dict) else value
    if kind not in KINDS:
        raise RulesError(f"{name}: column {column}: kind {kind} is unknown; known are {', '.join(KINDS)}")
    return kind
