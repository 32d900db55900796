"""dbt: no number in a model, names that tell the room, one direction of reading, SQL that runs everywhere."""

import re
from collections.abc import Iterator
from pathlib import Path

from .tree import (
    MODELS,
    Offence,
    files,
    line_of,
    read_yaml,
    room_of,
    without_comments,
    without_jinja,
    without_texts,
)

LONGEST_MODEL = 100
STRUCTURAL = {"0", "1", "12"}  # nothing, one step, the months of a year
PORTABLE = "dbt_project/macros/portable.sql"
IRREGULAR_VERBS = {"built", "held", "kept", "known", "split", "spread"}
PUBLISHED = {
    *(
        "customer_360",
        "customer_accounts",
        "customer_months",
        "customer_identities",
        "customer_identity_changes",
        "customer_identity_conflicts",
        "customer_attributes",
    ),
    *("customer_groups", "customer_values", "value_concentrations", "customer_stability", "customer_tiers"),
    *("customer_tier_changes", "tier_migrations", "tier_contradictions", "customer_churn", "churn_outcomes"),
    *(
        "product_withdrawals",
        "loss_reasons",
        "customer_lifetime_values",
        "contact_gaps",
        "branches",
        "products",
    ),
    *("codes", "reasons", "policies", "data_dictionary", "corporate_tiers", "customer_actions"),
    *("manager_portfolios", "crm_metrics", "churn_stabilities"),
}

_TYPE = re.compile(r"\b(?:decimal|numeric|varchar|char)\s*\(\s*\d+\s*(?:,\s*\d+\s*)?\)")
_NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d+)?(?!\w)")
_NUMBER_AS_TEXT = re.compile(r"\s*-?\d+(\.\d+)?\s*")
# What only one engine understands, wherever it stands in a model (law 9).
_ONE_ENGINE = {
    name: re.compile(pattern)
    for name, pattern in {
        "::": r"::",
        "distinct on": r"\bdistinct\s+on\b",
        "array[": r"\barray\s*\[",
        "generate_series": r"\bgenerate_series\b",
        "unnest": r"\bunnest\b",
        "json": r"->|#>|@>|\bjsonb?(_\w+)?\b",
        "interval": r"\binterval\s*'",
        "the clock": r"\b(now|(clock|statement)_timestamp)\s*\(|\b(current_(date|time\w*)|localtime\w*)\b",
        "chance": r"\b(random|gen_random_uuid)\s*\(",
        "pg_": r"\bpg_\w+",
        "percent_rank": r"\bpercent_rank\b",
        "float": r"\b(double\s+precision|float[48]?|real)\b",
    }.items()
}
_OUTSIDE_JINJA = {"backslash": re.compile(r"\\")}
_OUTSIDE_TEXTS = {"quoted identifier": re.compile(r'"'), "~": re.compile(r"!?~\*?")}


def thresholds(root: Path) -> Iterator[Offence]:
    """Law 5: a number in a model beyond staging, in SQL, in Jinja or as a text."""
    for path, sql in _models(root):
        if room_of(path) != "staging":
            bare = without_texts(_TYPE.sub(lambda found: " " * len(found.group()), sql), _NUMBER_AS_TEXT)
            for found in _NUMBER.finditer(bare):
                if found.group() not in STRUCTURAL:
                    yield Offence("thresholds", path, line_of(bare, found.start()), found.group())


def model_names(root: Path) -> Iterator[Offence]:
    """Style: the name tells the room and what one row is."""
    for path, _ in _models(root):
        reason = _name_offence(path)
        if reason:
            yield Offence("model_names", path, 1, reason)


def one_direction(root: Path) -> Iterator[Offence]:
    """Law 6: only staging reads raw; a model names another by ref, and policy by source."""
    for path, sql in _models(root):
        if room_of(path) == "staging":
            continue
        for found in re.finditer(r"\bsource\(\s*['\"](\w+)['\"]|\blanded\(", sql):
            if found[1] != "policy":
                yield Offence("one_direction", path, line_of(sql, found.start()), found.group())
    for path, sql in _models(root):
        plain = without_texts(without_jinja(sql))
        plain = re.sub(r"\b(distinct|extract\s*\(\s*\w+)(\s+)from\b", r"\1\2    ", plain)
        for found in re.finditer(r"\b(?:from|join)\s+([a-z_]\w*\.[a-z_]\w*)", plain):
            yield Offence("one_direction", path, line_of(plain, found.start()), found[1])


def portable_sql(root: Path) -> Iterator[Offence]:
    """Law 9: engine-specific SQL lives in macros/portable.sql."""
    macros = ((path, without_comments(text)) for path, text in files(root, "dbt_project/macros", ".sql"))
    for path, sql in [*_models(root), *macros]:
        if path == PORTABLE:
            continue
        bare = without_jinja(sql)
        for patterns, text in (
            (_ONE_ENGINE, sql),
            (_OUTSIDE_JINJA, bare),
            (_OUTSIDE_TEXTS, without_texts(bare)),
        ):
            for name, pattern in patterns.items():
                for found in pattern.finditer(text):
                    yield Offence("portable_sql", path, line_of(text, found.start()), name)


def ordered_nulls(root: Path) -> Iterator[Offence]:
    """Every order by says where nulls go: engines differ in their default."""
    for path, sql in _models(root):
        plain = without_texts(without_jinja(sql))
        for found in re.finditer(r"\border\s+by\b", plain):
            for item in _order_items(plain[found.end() :]):
                if not re.search(r"\bnulls\s+(first|last)\s*$", item):
                    words = " ".join(item.split())
                    yield Offence("ordered_nulls", path, line_of(plain, found.start()), f"order by {words}")


def model_shape(root: Path) -> Iterator[Offence]:
    """Style: at most 100 lines, configured by its folder."""
    for path, sql in _models(root):
        if sql.count("\n") > LONGEST_MODEL:
            yield Offence("model_shape", path, LONGEST_MODEL, f"{sql.count(chr(10))} lines")
        for found in re.finditer(r"\{\{-?\s*config\s*\(", sql):
            yield Offence("model_shape", path, line_of(sql, found.start()), "config()")


def descriptions(root: Path) -> Iterator[Offence]:
    """Every model is described, and its description (the English half) opens "One row per"."""
    described = {}
    for _, text in files(root, MODELS, ".yml"):
        for model in read_yaml(text).get("models") or []:
            described[model["name"]] = str(model.get("description") or "")
    for path, _ in _models(root):
        words = described.get(Path(path).stem, "")
        if not any(half.strip().startswith("One row per ") for half in words.split("|")):
            yield Offence("descriptions", path, 1, words or "no description")


def _models(root: Path) -> list[tuple[str, str]]:
    return [(path, without_comments(text)) for path, text in files(root, MODELS, ".sql")]


def _name_offence(path: str) -> str | None:
    *folders, file = path.removeprefix(f"{MODELS}/").split("/")
    name, room = file.removesuffix(".sql"), room_of(path)
    if not re.fullmatch(r"[a-z][a-z0-9]*(_{1,2}[a-z0-9]+)*", name):
        return f"{name} is not lower case with underscores"
    if room == "staging":
        prefix = f"stg_{folders[1]}__" if len(folders) > 1 else "stg_"
        good, rule = name.startswith(prefix) and name.endswith("s"), f"{prefix}<entity>s"
    elif room == "intermediate":
        *words, verb = name.split("_")
        good = words[:1] == ["int"] and any(word.endswith("s") for word in words[1:])
        good, rule = good and (verb.endswith("ed") or verb in IRREGULAR_VERBS), "int_<entity>s_<verb>ed"
    elif room in ("marts", "protected"):
        good, rule = name.endswith("s") and not re.match(r"(stg|int|fct|dim|mart)_", name), "a plural noun"
    elif room == "edition":
        # a mart may bear the published name already: two models of one name dbt refuses
        good, rule = name.removeprefix("published_") in PUBLISHED, "a published table"
    else:
        return f"{room or 'models'} is not a room"
    return None if good else f"{name} is not {rule}"


def _order_items(sql: str) -> Iterator[str]:
    depth, item = 0, ""
    for part in re.split(r"([(),]|\b(?:rows|range|limit|union|window)\b)", sql):
        if part == "(":
            depth += 1
        elif part == ")":
            depth -= 1
        if depth < 0 or (depth == 0 and part in ("rows", "range", "limit", "union", "window")):
            break
        if depth == 0 and part == ",":
            yield item
            item = ""
        else:
            item += part
    yield item
