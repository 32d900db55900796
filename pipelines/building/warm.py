"""dbt in this process, for many calls: it stays loaded, and its parse of the project is kept."""

import io
import json
import os
import pickle
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, redirect_stdout
from itertools import chain
from typing import Any

_PARSING = ("--vars", "--project-dir", "--profiles-dir", "--target-path", "--log-path")
_PARSED = ("nodes", "sources", "macros", "docs", "selectors", "disabled", "files", "metadata", "unit_tests")
# what the parse depends on → the database it was made for, and the pickled manifest
_parses: dict[str, tuple[str, bytes]] = {}


def invoke(arguments: Sequence[str], environment: Mapping[str, str]) -> tuple[int, str]:
    """What ``pipelines.building.dbt.call`` does, in this process."""
    output = io.StringIO()
    with _environment(environment), redirect_stdout(output):
        manifest = _manifest(_options(arguments), environment["YIHU_DBT_DBNAME"])
        result = _run(arguments, manifest)
    said = output.getvalue() + (f"{result.exception}\n" if result.exception else "")
    return int(not result.success), said


def _run(arguments: Sequence[str], manifest: Any = None) -> Any:
    """One command of dbt, on a thread of its own: dbt often walks the stack of its caller, short there."""
    from dbt.cli.main import dbtRunner

    with ThreadPoolExecutor(max_workers=1) as thread:
        return thread.submit(dbtRunner(manifest).invoke, ["--log-level", "none", *arguments]).result()


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    former = dict(os.environ)
    os.environ.update(values)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(former)


def _options(arguments: Sequence[str]) -> dict[str, str]:
    """What the parse of the project takes from a call of dbt."""
    return {name: arguments[arguments.index(name) + 1] for name in _PARSING}


def _manifest(options: dict[str, str], database: str) -> Any:
    """The parsed project, as new; None where it cannot be parsed (dbt then says so itself).

    Nothing that is parsed depends on the business date, and of ``since`` only on whether there is one. Each
    call gets a copy of its own: dbt writes what it compiled into it. The database's name stands in every
    relation, so it is put right.
    """
    from dbt.contracts.graph.manifest import Manifest

    variables = json.loads(options["--vars"])
    same = {"business_date": None, "since": bool(variables.get("since"))}
    key = json.dumps([options["--project-dir"], {**variables, **same}])
    if key not in _parses:
        parsed = _parse(options)
        if parsed is None:
            return None
        # A whole manifest does not survive pickling, nor its own deepcopy; what it was parsed from does.
        _parses[key] = database, pickle.dumps({name: getattr(parsed, name) for name in _PARSED})
    former, pickled = _parses[key]
    manifest = Manifest(**pickle.loads(pickled))
    for node in chain(manifest.nodes.values(), manifest.sources.values()):
        if node.database == former:
            node.database = database
            node.relation_name = node.relation_name and node.relation_name.replace(former, database)
    manifest.build_flat_graph()
    return manifest


def _parse(options: dict[str, str]) -> Any:
    return _run(["--no-partial-parse", "parse", *chain.from_iterable(options.items())]).result
