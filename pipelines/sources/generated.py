"""What is written from the declarations: dbt's sources and the dictionary of delivered columns.

Both are files of the repository, so that they can be read and reviewed; a test fails where one is stale.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

import yaml

from pipelines.sources.declaration import Column, Source, Table, declared_sources

_WRITTEN = "Written by `yihu sources write` from pipelines/sources/{code}.yml: change it there."
# What the night lands itself lies in the raw room of its workspace.
_WORKSPACE_RAW = "{{ (var('workspace', '') ~ '__' if var('workspace', '') else '') ~ 'raw' }}"


def generated_files(folder: Path) -> dict[Path, str]:
    """Path below the repository → text, for every declaration in ``folder``."""
    return {
        path: text
        for source in declared_sources(folder)
        for path, text in (
            (_sources_path(source), _sources_text(source)),
            (Path("docs/deliveries") / f"{source.code}.md", _dictionary_text(source)),
        )
    }


def write_generated(root: Path) -> list[Path]:
    """Write the files below ``root`` that are missing or stale; gives their paths."""
    written = []
    for path in stale_files(root):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(generated_files(_declarations(root))[path], encoding="utf-8")
        written.append(path)
    return written


def stale_files(root: Path) -> list[Path]:
    """The files below ``root`` that are missing, or are not what the declarations say."""
    return [
        path
        for path, text in generated_files(_declarations(root)).items()
        if not (root / path).is_file() or (root / path).read_text(encoding="utf-8") != text
    ]


def _declarations(root: Path) -> Path:
    return root / "pipelines" / "sources"


def _sources_path(source: Source) -> Path:
    return Path("dbt_project/models/staging") / source.code / f"_{source.code}__sources.yml"


# ── dbt ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _sources_text(source: Source) -> str:
    content = {
        "version": 2,
        "sources": [
            {
                "name": source.code,
                "description": f"{source.name_zh} | {source.name_en}",
                "schema": _WORKSPACE_RAW if source.is_pipeline else "raw",
                "tables": [_dbt_table(table) for table in source.tables],
            }
        ],
    }
    text = yaml.safe_dump(content, allow_unicode=True, sort_keys=False, width=110)
    return f"# {_WRITTEN.format(code=source.code)}\n{text}"


def _dbt_table(table: Table) -> dict[str, object]:
    return {
        "name": table.name,
        "identifier": table.raw_name,
        "description": f"{table.zh} | {table.en}",
        "config": {"meta": {"mode": table.mode, "key": list(table.key)}},
        "columns": [
            {"name": column.name, "description": f"{column.zh} | {column.en}", "data_type": "text"}
            for column in table.columns
        ],
    }


# ── the dictionary ──────────────────────────────────────────────────────────────────────────────────────────


def _dictionary_text(source: Source) -> str:
    lines = [
        f"# {source.name_zh} | {source.name_en} (`{source.code}`)",
        "",
        f"<!-- {_WRITTEN.format(code=source.code)} -->",
        "",
        "Privacy: C1 internal, C2 identity and finances. Credentials (C3) are never landed.",
    ]
    for table in source.tables:
        lines += ["", *_dictionary_table(source, table)]
    return "\n".join(lines) + "\n"


def _dictionary_table(source: Source, table: Table) -> Iterator[str]:
    yield f"## {table.zh} | {table.en} (`{table.name}`)"
    yield ""
    yield "; ".join(_facts(source, table)) + "."
    yield ""
    yield "| column | type | unit | required | privacy | 中文 | English |"
    yield "|---|---|---|---|---|---|---|"
    for column in table.columns:
        yield _row(
            f"`{column.name}`",
            _type(column),
            column.unit or "",
            "yes" if column.required else "",
            column.privacy,
            column.zh,
            column.en,
        )


def _row(*cells: str) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _facts(source: Source, table: Table) -> Iterator[str]:
    yield f"{table.mode.capitalize()}, key {_names(table.key)}"
    if source.is_pipeline:
        yield "landed by the night itself"
    elif source.reader == "postgres":
        yield f"read from `{table.relation or table.name}` by `{table.watermark}`"
    else:
        header = "" if table.file == "parquet" or table.header else " without header"
        text = "" if table.file == "parquet" else f", {table.encoding}, delimiter `{_sign(table.delimiter)}`"
        yield f"`{table.file_name}`{header}{text}"
    if not source.is_pipeline:
        yield f"due at {table.due}"
    if table.deletes:
        yield f"its keys are gone from `{table.deletes}`"
    if table.date_column:
        yield f"`{table.date_column}` is not after the date of receipt"
    if table.sums:
        yield f"control totals of {_names(table.sums)}"
    if table.ignored:
        yield f"not landed: {_names(table.ignored)}"


def _type(column: Column) -> str:
    if column.type == "decimal":
        return f"decimal, {column.scale} places"
    return f"date {column.format}" if column.type == "date" else column.type


def _sign(delimiter: str) -> str:
    """A delimiter as it can be seen; within a code span a pipe needs no escape outside tables."""
    return delimiter if delimiter.isprintable() else f"\\u{ord(delimiter):04x}"


def _names(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
