"""Python: a DAG file is a poster, imports go one way, no clock, no chance, no money as a float."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from .tree import Offence, files

LONGEST_DAG = 100
LONGEST_TASK = 2  # imports apart: one call, and perhaps what it returns
POSTER_IMPORTS = {"airflow", "__future__", "collections", "datetime", "os", "pathlib", "pendulum", "typing"}
LOGIC = (
    *(
        ast.For,
        ast.AsyncFor,
        ast.While,
        ast.If,
        ast.IfExp,
        ast.Try,
        ast.Match,
        ast.BoolOp,
        ast.BinOp,
        ast.Compare,
    ),
    *(ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.Lambda, ast.ClassDef),
)
OUTSIDE_PIPELINES = {
    *("dags", "customer_nightly", "churn_training", "dbt_project", "expectations", "tests", "benchmarks"),
}
# Where times of the run itself are written down (ops) or shown; they reach no published table.
CLOCK_ROOMS = ("pipelines/nights.py", "pipelines/warehouse/", "pipelines/report/", "pipelines/cli/")
CLOCKS = {
    *("datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time", "time.time_ns"),
    *("time.localtime", "time.gmtime", "pendulum.now", "pendulum.today", "Timestamp.now", "Timestamp.today"),
}
CHANCE = re.compile(r"(^|\.)(random\.\w+|uuid[14]|urandom|token_(hex|bytes|urlsafe)|SystemRandom)$")
SEEDED = {"Random", "default_rng", "Generator", "SeedSequence", "PCG64"}
SQL_CLOCK = re.compile(r"\bnow\(\)|\bcurrent_(date|timestamp)\b|\bclock_timestamp\(", re.IGNORECASE)
MONEY = re.compile(r"amount|balance|money|principal")


def dag_posters(root: Path) -> Iterator[Offence]:
    """DAG files: a docstring, at most 100 lines, light imports, and tasks that only call."""
    for path, text in files(root, "dags", ".py"):
        tree = ast.parse(text)
        if not ast.get_docstring(tree):
            yield Offence("dag_posters", path, 1, "no docstring")
        if text.count("\n") > LONGEST_DAG:
            yield Offence("dag_posters", path, LONGEST_DAG, f"{text.count(chr(10))} lines")
        if Path(path).name.startswith("dbt_"):
            yield Offence("dag_posters", path, 1, "dbt imports every module named dbt_*")
        for node in tree.body:
            for name in _imported(node):
                if name.split(".")[0] not in POSTER_IMPORTS:
                    yield Offence("dag_posters", path, node.lineno, f"import {name} at the top")
        for node in ast.walk(tree):
            if isinstance(node, LOGIC) and not _is_wiring(node):
                yield Offence("dag_posters", path, node.lineno, f"logic: {type(node).__name__}")
            elif isinstance(node, ast.FunctionDef) and _is_task(node) and len(_deeds(node)) > LONGEST_TASK:
                yield Offence("dag_posters", path, node.lineno, f"task {node.name} does more than call")


def import_direction(root: Path) -> Iterator[Offence]:
    """Law 6: dags import pipelines; pipelines import neither dags nor what they call."""
    for path, text in files(root, "pipelines", ".py"):
        for node in ast.walk(ast.parse(text)):
            for name in _imported(node):
                if name.split(".")[0] in OUTSIDE_PIPELINES:
                    yield Offence("import_direction", path, node.lineno, f"import {name}")


def clock_and_chance(root: Path) -> Iterator[Offence]:
    """Law 1: no clock and no unseeded chance where values are made."""
    for path, text in files(root, "pipelines", ".py"):
        if path.startswith(CLOCK_ROOMS):
            continue
        tree = ast.parse(text)
        origins, docstrings = _origins(tree), _docstrings(tree)
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                name = _full_name(node.func, origins)
                if _reads_clock(name) or _is_chance(name, node):
                    yield Offence("clock_and_chance", path, node.lineno, name)
            elif isinstance(node, ast.Constant) and node not in docstrings:
                for found in SQL_CLOCK.finditer(str(node.value)):
                    yield Offence("clock_and_chance", path, node.lineno, f"SQL {found.group()}")


def exact_money(root: Path) -> Iterator[Offence]:
    """Law 4: money is never made a float."""
    for path, text in files(root, "pipelines", ".py"):
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "float":
                if MONEY.search(ast.unparse(node)):
                    yield Offence("exact_money", path, node.lineno, ast.unparse(node))
            elif isinstance(node, ast.AnnAssign | ast.arg) and node.annotation:
                name = node.arg if isinstance(node, ast.arg) else ast.unparse(node.target)
                if MONEY.search(name) and re.search(r"\bfloat\b", ast.unparse(node.annotation)):
                    yield Offence("exact_money", path, node.lineno, f"{name}: float")


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module] if isinstance(node, ast.ImportFrom) and node.module and not node.level else []


def _is_wiring(node: ast.AST) -> bool:
    """``a >> b`` orders tasks; ``str | None`` in a signature is a type."""
    return isinstance(node, ast.BinOp) and isinstance(node.op, ast.RShift | ast.LShift | ast.BitOr)


def _is_task(node: ast.FunctionDef) -> bool:
    return any(re.match(r"task\b", ast.unparse(decorator)) for decorator in node.decorator_list)


def _deeds(node: ast.FunctionDef) -> list[ast.stmt]:
    body = node.body[1:] if ast.get_docstring(node) else node.body
    return [statement for statement in body if not isinstance(statement, ast.Import | ast.ImportFrom)]


def _origins(tree: ast.AST) -> dict[str, str]:
    """What each imported name stands for: ``dt`` -> ``datetime``, ``now`` -> ``time.now``."""
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            prefix = f"{node.module}." if isinstance(node, ast.ImportFrom) else ""
            found |= {alias.asname or alias.name: prefix + alias.name for alias in node.names}
    return found


def _full_name(node: ast.expr, origins: dict[str, str]) -> str:
    first, dot, rest = ast.unparse(node).partition(".")
    return origins.get(first, first) + dot + rest


def _reads_clock(name: str) -> bool:
    return any(name == clock or name.endswith(f".{clock}") for clock in CLOCKS)


def _is_chance(name: str, call: ast.Call) -> bool:
    if name.rpartition(".")[2] in SEEDED:
        return not (call.args or call.keywords)
    return bool(CHANCE.search(name))


def _docstrings(tree: ast.AST) -> set[ast.AST]:
    owners = (
        node for node in ast.walk(tree) if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef)
    )
    firsts = (node.body[0] for node in owners if node.body)
    return {first.value for first in firsts if isinstance(first, ast.Expr)}
