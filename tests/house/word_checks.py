"""Expectations, policy names and loose ends."""

import csv
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .tree import MODELS, Offence, files, is_skipped, line_of, read_yaml

DIMENSIONS = {"accuracy", "completeness", "timeliness", "consistency", "uniqueness", "validity"}
SEVERITIES = {"critical", "warning", "info"}
CHINESE = re.compile(r"[\u4e00-\u9fff]")
# Who reads parameters, and how each asks for one by name.
READERS = (
    ("dbt_project", ".sql", r"policy_(?:code|value|count)\(\s*['\"](\w+)['\"]"),
    ("pipelines", ".py", r"\bparameter\(\s*\w+,\s*['\"](\w+)['\"]"),
    ("expectations", ".yml", r"\{\s*policy:\s*['\"]?(\w+)"),
)
TEXT_SUFFIXES = {
    *(
        ".py",
        ".sql",
        ".yml",
        ".yaml",
        ".md",
        ".toml",
        ".in",
        ".txt",
        ".csv",
        ".html",
        ".j2",
        ".sh",
        ".cfg",
        "",
    ),
}


def expectation_rules(root: Path) -> Iterator[Offence]:
    """Every rule has a unique id, a dimension, a severity, an owner and words in both languages."""
    seen: dict[str, str] = {}
    for path, text in files(root, "expectations", ".yml", ".yaml"):
        suite = read_yaml(text)
        if Path(path).parent.name not in ("delivery", "edition"):
            yield Offence("expectation_rules", path, 1, "lies in neither delivery/ nor edition/")
        if suite.get("table") != Path(path).stem:
            yield Offence("expectation_rules", path, 1, f"table {suite.get('table')} is not the file's name")
        for rule in suite.get("rules") or [{}]:
            name = rule.get("id")
            found = re.search(rf"\bid:\s*['\"]?{re.escape(str(name))}\b", text)
            line = line_of(text, found.start()) if found else 1
            for offence in _rule_offences(rule):
                yield Offence("expectation_rules", path, line, f"{name}: {offence}")
            if name in seen:
                yield Offence("expectation_rules", path, line, f"{name}: id is also used in {seen[name]}")
            seen[name] = path


def policy_names(root: Path) -> Iterator[Offence]:
    """Law 5: every parameter asked for is in policy/, and every one in policy/ is asked for."""
    known: dict[str, tuple[str, int]] = {}
    for path in sorted((root / "policy").rglob("parameters.csv")):
        with path.open(newline="", encoding="utf-8") as lines:
            for number, row in enumerate(csv.DictReader(lines), start=2):
                known.setdefault(row["parameter_code"], (path.relative_to(root).as_posix(), number))
    words: set[str] = set()
    for folder, suffix, asking in READERS:
        for path, text in files(root, folder, suffix):
            words.update(re.findall(r"\w+", text))
            for found in re.finditer(asking, text):
                if found[1] not in known:
                    yield Offence("policy_names", path, line_of(text, found.start()), found[1])
    for name, (path, number) in known.items():
        if name not in words:
            yield Offence("policy_names", path, number, f"{name} is read by nothing")


def loose_ends(root: Path) -> Iterator[Offence]:
    """Nothing is left for later in the text of the house."""
    mark = re.compile(r"\b(TO" + r"DO|FIX" + r"ME)\b")
    for path in sorted(root.rglob("*")):
        relative = path.relative_to(root)
        if is_skipped(relative) or not path.is_file() or path.suffix not in TEXT_SUFFIXES:
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        for found in mark.finditer(text):
            yield Offence("loose_ends", relative.as_posix(), line_of(text, found.start()), found.group())


def model_homes(root: Path) -> Iterator[Offence]:
    """Every model that a yml names exists, and is described once."""
    models = {Path(path).stem for path, _ in files(root, MODELS, ".sql")}
    seen: dict[str, str] = {}
    for path, text in files(root, MODELS, ".yml"):
        for model in read_yaml(text).get("models") or []:
            name = model["name"]
            if name not in models:
                yield Offence("model_homes", path, 1, f"{name} is described but does not exist")
            if name in seen:
                yield Offence("model_homes", path, 1, f"{name} is described in {seen[name]} too")
            seen[name] = path


def _rule_offences(rule: dict[str, Any]) -> Iterator[str]:
    for field in ("id", "dimension", "severity", "owner", "zh", "en", "type"):
        if not str(rule.get(field) or "").strip():
            yield f"no {field}"
    if rule.get("dimension") and rule["dimension"] not in DIMENSIONS:
        yield f"dimension {rule['dimension']} is unknown"
    if rule.get("severity") and rule["severity"] not in SEVERITIES:
        yield f"severity {rule['severity']} is unknown"
    if rule.get("zh") and not CHINESE.search(rule["zh"]):
        yield "zh is not Chinese"
    if rule.get("en") and CHINESE.search(rule["en"]):
        yield "en is not English"
