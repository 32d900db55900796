"""Which of dbt's models make values, stability and tiers, told from its manifest."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

FOLDERS = ("marts/value/", "marts/stability/", "marts/tiers/")
OUTCOMES = ("tier_months", "current_tiers")  # tiers as granted, beside the schemes' folder


@dataclass(frozen=True)
class Models:
    """Names of what is measured, of what lies below it, and of what of that a full build makes first.

    ``first``: what measured models read or look through of the intermediate ones, to hold all months.
    """

    measured: tuple[str, ...]
    below: tuple[str, ...]
    first: tuple[str, ...]


def read_models(manifest: Path) -> Models:
    """The models of a manifest.

    Measured are those of FOLDERS, OUTCOMES, and the intermediate models that nothing below them reads.
    """
    nodes = {
        name: node for name, node in json.loads(manifest.read_text())["nodes"].items() if "model." in name
    }
    measured = {
        name for name, node in nodes.items() if node["path"].startswith(FOLDERS) or node["name"] in OUTCOMES
    }
    above = _ancestors(nodes, measured) - measured
    marts = {name for name in above if not nodes[name]["path"].startswith(("intermediate/", "staging/"))}
    shared = _ancestors(nodes, marts)
    between = {name for name in above if nodes[name]["path"].startswith("intermediate/")}
    own = measured | (between - shared)
    views = {name for name in between if nodes[name]["config"]["materialized"] == "view"}
    read = {parent for name in own for parent in nodes[name]["depends_on"]["nodes"] if parent in between}
    return Models(
        measured=_names(nodes, own),
        below=_names(nodes, {name for name in above - own if not nodes[name]["path"].startswith("staging/")}),
        first=_names(nodes, (views | read) - own),
    )


def _ancestors(nodes: dict[str, dict], names: Iterable[str]) -> set[str]:
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        for parent in nodes[waiting.pop()]["depends_on"]["nodes"]:
            if parent in nodes and parent not in found:
                found.add(parent)
                waiting.append(parent)
    return found


def _names(nodes: dict[str, dict], names: set[str]) -> tuple[str, ...]:
    return tuple(sorted(nodes[name]["name"] for name in names))
