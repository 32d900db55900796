"""dbt in this process, with its parse of the project kept: nothing that is parsed changes overnight.

A call of dbt parses hundreds of models anew as soon as one variable differs, and the business date always
does; here the parse is kept in memory and under the target folder, until a file of the project or anything
else it depends on differs.
"""

import io
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from hashlib import sha256
from importlib.metadata import version
from itertools import chain
from pathlib import Path
from typing import Any

_PARSING = ("--vars", "--project-dir", "--profiles-dir", "--target-path", "--log-path")
_PACKAGES = ("dbt-core", "dbt-adapters", "dbt-postgres")


@dataclass(frozen=True)
class _Parse:
    """The database it was made for, and the manifest as dbt packs it."""

    database: str
    packed: bytes


# what the parse depends on → the parse
_parses: dict[str, _Parse] = {}


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
    from dbt.parser.manifest import extended_mashumuro_decoder

    kept = _kept(options, database)
    if kept is None:
        return None
    manifest = Manifest.from_msgpack(kept.packed, decoder=extended_mashumuro_decoder)
    for node in chain(manifest.nodes.values(), manifest.sources.values()):
        if node.database == kept.database:
            node.database = database
            node.relation_name = node.relation_name and node.relation_name.replace(kept.database, database)
    manifest.build_flat_graph()
    return manifest


def _kept(options: dict[str, str], database: str) -> _Parse | None:
    """The parse for these options: from memory, else from its file, else made now and kept in both."""
    variables = json.loads(options["--vars"])
    is_going_on = bool(variables.get("since"))
    file = Path(options["--target-path"]) / f"parse_{'going_on' if is_going_on else 'anew'}.msgpack"
    key = _key(Path(options["--project-dir"]), {**variables, "business_date": None, "since": is_going_on})
    if key not in _parses:
        kept = _read(file, key)
        if kept is None:
            if (packed := _parse(options)) is None:
                return None
            _write(file, key, kept := _Parse(database, packed))
        _parses[key] = kept
    return _parses[key]


def _key(project: Path, variables: Mapping[str, Any]) -> str:
    """A hash of all that the parse depends on: the project's files and place, variables, dbt itself."""
    told = sha256(json.dumps([str(project), variables, *map(version, _PACKAGES)]).encode())
    for path in sorted(path for path in project.rglob("*") if path.is_file()):
        told.update(f"{path.relative_to(project)} {sha256(path.read_bytes()).hexdigest()}\n".encode())
    return told.hexdigest()


def _read(file: Path, key: str) -> _Parse | None:
    """The kept parse, unless it is of another key or was not written whole."""
    if not file.exists():
        return None
    header, _, packed = file.read_bytes().partition(b"\n")
    told = header.decode(errors="replace").split(" ", 2)
    return _Parse(told[2], packed) if told[:2] == [key, sha256(packed).hexdigest()] else None


def _write(file: Path, key: str, kept: _Parse) -> None:
    unfinished = file.with_suffix(f".{os.getpid()}")
    header = f"{key} {sha256(kept.packed).hexdigest()} {kept.database}\n"
    unfinished.write_bytes(header.encode() + kept.packed)
    unfinished.replace(file)


def _parse(options: dict[str, str]) -> bytes | None:
    from dbt.parser.manifest import extended_mashumaro_encoder

    parsed = _run(["--no-partial-parse", "parse", *chain.from_iterable(options.items())]).result
    return parsed and parsed.to_msgpack(extended_mashumaro_encoder)
