"""Source declarations: what each source delivers, read from ``<source>.yml`` and checked in full.

A declaration is the one place that names a source's tables, columns, types and keys: landing, the staging
views and the demo bank all read it. A fault in it is an error that names the file, the table and the column.
"""

import re
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml

FOLDER = Path(__file__).resolve().parent
PIPELINE_SOURCES = ("identity", "churn_model")

TYPES = ("text", "date", "decimal", "integer")
DATE_FORMATS = {"yyyy-mm-dd": "%Y-%m-%d", "yymmdd": "%y%m%d", "yymmddhhmmss": "%y%m%d %H:%M:%S"}
_DATE_SHAPES = {
    "yyyy-mm-dd": re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}"),
    "yymmdd": re.compile(r"[0-9]{6}"),
    "yymmddhhmmss": re.compile(r"[0-9]{6} [0-9]{2}:[0-9]{2}:[0-9]{2}"),
}
_NUMBER_SHAPE = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")
MODES = ("snapshot", "increment", "upsert", "delete")
READERS = ("files", "postgres")
FILES = ("csv", "csv.gz", "parquet")
PRIVACY = ("C1", "C2", "C3")
# A line ends with the byte 0x0A in each of these, so a file can be read and blamed line by line. A byte order
# mark in front is left out in each of them.
ENCODINGS = ("utf-8", "ascii", "gb18030", "gbk", "latin-1", "cp1250", "cp1252")
_CREDENTIAL_WORDS = frozenset(
    ["password", "passwd", "pwd", "passcode", "passphrase", "pin", "cvv", "cvv2", "cvc", "cvc2", "密码"]
)
_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_FOREIGN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_VARIABLE = re.compile(r"YIHU_SOURCE_[A-Z0-9_]+_URL")
_FILE_FIELDS = ("file", "header", "delimiter", "encoding")
_PARTITION_SUFFIX = len("_p202601")
_POSTGRES_NAME_LENGTH = 63


class DeclarationError(Exception):
    """A declaration that cannot be used; the message names the file, the table and the column."""


@dataclass(frozen=True)
class Column:
    """One delivered column; ``format`` is for dates only, ``scale`` (decimal places) for decimals only.

    ``privacy`` is C1 (internal) or C2 (personal); ``unit`` says what a number counts, as ``days``.
    """

    name: str
    type: str
    format: str | None
    scale: int | None
    required: bool
    privacy: str
    zh: str
    en: str
    unit: str | None = None


@dataclass(frozen=True)
class Table:
    """One delivered table of a source, columns in the order of its file.

    ``mode``: snapshot (all rows each time), increment (new rows; a key again corrects the former one), upsert
    (new and changed rows) or delete (keys of the table ``deletes`` that are gone as of the date of receipt).
    ``ignored`` columns may come and are not landed. ``relation`` and ``watermark`` name a table of a source
    that is read by ``postgres``, and the column by which it is.
    """

    source: str
    name: str
    mode: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    delimiter: str
    encoding: str
    file: str
    due: str
    date_column: str | None
    sums: tuple[str, ...]
    zh: str
    en: str
    header: bool = True
    deletes: str | None = None
    ignored: tuple[str, ...] = ()
    relation: str | None = None
    watermark: str | None = None

    @property
    def column_names(self) -> tuple[str, ...]:
        """Names of the columns, in file order."""
        return tuple(column.name for column in self.columns)

    @property
    def file_name(self) -> str:
        """Name of the data file in a date's folder, as ``customers.csv``."""
        return f"{self.name}.{self.file}"

    @property
    def control_name(self) -> str:
        """Name of the control file beside the data file."""
        return f"{self.name}.control.json"

    @property
    def raw_name(self) -> str:
        """Name of the table in the raw schema, as ``core__customers``."""
        return f"{self.source}__{self.name}"

    def column(self, name: str) -> Column:
        """The column of that name."""
        return next(column for column in self.columns if column.name == name)


@dataclass(frozen=True)
class Source:
    """One source; ``is_pipeline`` marks one that the night itself lands: no file is expected from it.

    ``reader`` is files, or postgres: then ``url_env`` names the environment variable that holds the address
    of its database, and no statement there may take longer than ``time_limit_seconds``.

    ``subjects``: the columns, of whichever tables, that hold this source's customer number, the one that a
    customer's own record is keyed by first. ``accounts``: the column that holds its account number.
    """

    code: str
    name_zh: str
    name_en: str
    provides: tuple[str, ...]
    tables: tuple[Table, ...]
    is_pipeline: bool
    reader: str = "files"
    url_env: str | None = None
    time_limit_seconds: int = 1800
    subjects: tuple[str, ...] = ()
    accounts: str | None = None

    def table(self, name: str) -> Table:
        """The table of that name."""
        for table in self.tables:
            if table.name == name:
                return table
        raise DeclarationError(f"source {self.code} declares no table {name!r}")


@dataclass(frozen=True)
class Bank:
    """One bank: its time zone, the last date its files reach (None: open) and its sources of files."""

    code: str
    name_zh: str
    name_en: str
    time_zone: str
    last_date: date | None
    sources: tuple[Source, ...]


def load_bank(code: str, folder: Path = FOLDER) -> Bank:
    """The bank ``code`` of ``banks.yml`` with the declarations of its active sources."""
    path = folder / "banks.yml"
    banks = _mapping(_read_yaml(path), path.name)
    if code not in banks:
        raise DeclarationError(f"{path.name}: no bank {code!r}; declared are {', '.join(sorted(banks))}")
    at = f"{path.name}, bank {code}"
    fields = _fields(banks[code], at, {"name_zh", "name_en", "time_zone", "sources"}, {"last_date"})
    try:
        ZoneInfo(fields["time_zone"])
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise DeclarationError(f"{at}: time_zone {fields['time_zone']!r} is unknown") from error
    last_date = fields.get("last_date")
    if last_date is not None and type(last_date) is not date:
        raise DeclarationError(f"{at}: last_date {last_date!r} is not a date")
    sources = tuple(load_source(source, folder) for source in _names(fields["sources"], f"{at}, sources"))
    if pipeline := [source.code for source in sources if source.is_pipeline]:
        raise DeclarationError(
            f"{at}: {pipeline[0]} is landed by the night itself, not by files; leave it out"
        )
    return Bank(code, fields["name_zh"], fields["name_en"], fields["time_zone"], last_date, sources)


def active_sources(bank: str, folder: Path = FOLDER) -> list[Source]:
    """The sources that deliver files to ``bank``, in declared order."""
    return list(load_bank(bank, folder).sources)


def pipeline_sources(folder: Path = FOLDER) -> list[Source]:
    """The sources that the night lands itself: identity links and churn scores."""
    return [load_source(code, folder) for code in PIPELINE_SOURCES]


def load_source(code: str, folder: Path = FOLDER) -> Source:
    """The declaration ``<folder>/<code>.yml``, checked; read once a process unless the file changes."""
    path = folder / f"{code}.yml"
    if not path.is_file():
        raise DeclarationError(f"source {code!r} has no declaration: {path} does not exist")
    return _read_source(code, path, path.stat().st_mtime_ns)


@cache
def _read_source(code: str, path: Path, changed: int) -> Source:
    """``changed``: when the file was written last, so that another text is read again."""
    fields = _fields(
        _read_yaml(path),
        path.name,
        {"source", "name_zh", "name_en", "provides", "tables"},
        {"pipeline", "reader", "url_env", "time_limit_seconds", "subjects", "accounts"},
    )
    if fields["source"] != code:
        raise DeclarationError(f"{path.name}: source is {fields['source']!r}, the file's name says {code!r}")
    _check_name(code, path.name)
    tables = _mapping(fields["tables"], f"{path.name}, tables")
    source = Source(
        code=code,
        name_zh=fields["name_zh"],
        name_en=fields["name_en"],
        provides=_names(fields["provides"], f"{path.name}, provides"),
        tables=tuple(_table(code, name, body, f"{path.name}, table {name}") for name, body in tables.items()),
        is_pipeline=_boolean(fields.get("pipeline", False), f"{path.name}, pipeline"),
        reader=_one_of(fields.get("reader", "files"), READERS, f"{path.name}, reader"),
        url_env=fields.get("url_env"),
        time_limit_seconds=fields.get("time_limit_seconds", 1800),
        subjects=_names(fields.get("subjects") or [], f"{path.name}, subjects"),
        accounts=fields.get("accounts"),
    )
    _check_reader(source, tables, path.name)
    _check_subjects(source, path.name)
    for table in source.tables:
        _check_deletes(source, table, f"{path.name}, table {table.name}")
    return source


def declared_sources(folder: Path = FOLDER) -> list[Source]:
    """Every declared source, active or not, by code."""
    return [load_source(path.stem, folder) for path in sorted(folder.glob("*.yml")) if path.stem != "banks"]


def declarations_for_dbt(sources: list[Source]) -> list[dict[str, Any]]:
    """A plain dict per table for a dbt variable: source, table, key, columns (name, type, scale …)."""
    return [
        {
            "source": table.source,
            "table": table.name,
            "key": list(table.key),
            "columns": [
                {
                    "name": column.name,
                    "type": column.type,
                    "format": column.format,
                    "scale": column.scale,
                    "required": column.required,
                }
                for column in table.columns
            ],
        }
        for source in sources
        for table in source.tables
    ]


def is_credential(column_name: str) -> bool:
    """Whether a column's name says that it holds a password, a card's check value or a PIN."""
    return not _CREDENTIAL_WORDS.isdisjoint(re.split(r"[\W_]+", column_name.lower()))


def read_date(text: str, date_format: str) -> date | None:
    """The date in ``text``, None where it is unreadable. Two-digit years: 70-99 are 19xx, 00-69 are 20xx."""
    if not _DATE_SHAPES[date_format].fullmatch(text):
        return None
    if date_format != "yyyy-mm-dd":
        century = "19" if text[:2] >= "70" else "20"
        return _parsed(century + text, "%Y" + DATE_FORMATS[date_format][2:])
    return _parsed(text, DATE_FORMATS[date_format])


def read_decimal(text: str) -> Decimal | None:
    """The exact number in ``text`` (digits and a decimal point alone), None where it is unreadable."""
    return Decimal(text) if _NUMBER_SHAPE.fullmatch(text) else None


def _parsed(text: str, pattern: str) -> date | None:
    try:
        return datetime.strptime(text, pattern).date()
    except ValueError:
        return None


# ── checks ──────────────────────────────────────────────────────────────────────────────────────────────────


def _table(source: str, name: str, body: Any, at: str) -> Table:
    _check_name(name, at)
    fields = _fields(
        body,
        at,
        {"mode", "key", "zh", "en", "columns"},
        {
            *_FILE_FIELDS,
            *("due", "date_column", "sums", "deletes", "ignored", "relation", "watermark"),
        },
    )
    columns = _mapping(fields["columns"], f"{at}, columns")
    table = Table(
        source=source,
        name=name,
        mode=_one_of(fields["mode"], MODES, f"{at}, mode"),
        key=_names(fields["key"], f"{at}, key"),
        columns=tuple(_column(each, body, f"{at}, column {each}") for each, body in columns.items()),
        delimiter=fields.get("delimiter", ","),
        encoding=_one_of(fields.get("encoding", "utf-8"), ENCODINGS, f"{at}, encoding"),
        file=_one_of(fields.get("file", "csv"), FILES, f"{at}, file"),
        due=fields.get("due", "01:30"),
        date_column=fields.get("date_column"),
        sums=_names(fields.get("sums") or [], f"{at}, sums"),
        zh=fields["zh"],
        en=fields["en"],
        header=_boolean(fields.get("header", True), f"{at}, header"),
        deletes=fields.get("deletes"),
        ignored=_names(fields.get("ignored") or [], f"{at}, ignored"),
        relation=_foreign_name(fields.get("relation"), f"{at}, relation", parts=2),
        watermark=_foreign_name(fields.get("watermark"), f"{at}, watermark"),
    )
    _check_table(table, at)
    return table


def _check_table(table: Table, at: str) -> None:
    if len(table.raw_name) + _PARTITION_SUFFIX > _POSTGRES_NAME_LENGTH:
        raise DeclarationError(f"{at}: the name {table.raw_name} is too long for a partitioned table")
    if not isinstance(table.delimiter, str) or len(table.delimiter) != 1 or table.delimiter in '"\r\n\\ ':
        raise DeclarationError(f"{at}: delimiter {table.delimiter!r} is not one plain character")
    if not isinstance(table.due, str) or not re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]", table.due):
        raise DeclarationError(f'{at}: due {table.due!r} is not a time; write it in quotes, as "01:30"')
    if not table.key:
        raise DeclarationError(f"{at}: key names no column")
    dated = (table.date_column,) if table.date_column else ()
    for role, names in (("key", table.key), ("sums", table.sums), ("date_column", dated)):
        for name in names:
            if name not in table.column_names:
                raise DeclarationError(f"{at}: {role} names column {name!r}, which is not declared")
    for name in table.key:
        if not table.column(name).required:
            raise DeclarationError(f"{at}, column {name}: a key column must say required: true")
    for name in table.sums:
        if table.column(name).type not in ("decimal", "integer"):
            raise DeclarationError(f"{at}, column {name}: sums needs a decimal or an integer")
    if dated and table.column(dated[0]).type != "date":
        raise DeclarationError(f"{at}, column {dated[0]}: date_column needs a date")
    for name in table.ignored:
        if name in table.column_names:
            raise DeclarationError(f"{at}: ignored names column {name!r}, which is declared")


def _check_reader(source: Source, tables: Mapping[str, Any], at: str) -> None:
    """What belongs to files stands in a source of files, what belongs to a database in one of a database."""
    limit = source.time_limit_seconds
    if type(limit) is not int or limit < 1:
        raise DeclarationError(f"{at}: time_limit_seconds {limit!r} is not a whole number of seconds")
    if source.reader == "files":
        if source.url_env is not None:
            raise DeclarationError(f"{at}: url_env belongs to reader postgres")
        for table in source.tables:
            if table.watermark or table.relation:
                raise DeclarationError(
                    f"{at}, table {table.name}: watermark and relation belong to reader postgres"
                )
        return
    if not isinstance(source.url_env, str) or not _VARIABLE.fullmatch(source.url_env):
        raise DeclarationError(
            f"{at}: url_env {source.url_env!r} names no variable; reader postgres needs one like "
            f"YIHU_SOURCE_{source.code.upper()}_URL"
        )
    for table in source.tables:
        place = f"{at}, table {table.name}"
        if unread := [name for name in _FILE_FIELDS if name in tables[table.name]]:
            raise DeclarationError(f"{place}: {unread[0]} belongs to reader files")
        if table.watermark is None:
            raise DeclarationError(f"{place}: watermark is missing; reader postgres reads by it")
        if table.mode == "snapshot":
            raise DeclarationError(f"{place}: a snapshot cannot be read by watermark; deliver it as a file")


def _check_subjects(source: Source, at: str) -> None:
    """A name that no table has would leave a person's rows out without a word."""
    known = {name for table in source.tables for name in table.column_names}
    for name in (*source.subjects, *((source.accounts,) if source.accounts else ())):
        if name not in known:
            raise DeclarationError(f"{at}: subjects or accounts names column {name!r}, which no table has")
    if source.subjects and not any(table.key == source.subjects[:1] for table in source.tables):
        raise DeclarationError(f"{at}: no table is keyed by {source.subjects[0]}, the first of subjects")


def _check_deletes(source: Source, table: Table, at: str) -> None:
    if (table.mode == "delete") != (table.deletes is not None):
        raise DeclarationError(
            f"{at}: deletes and mode delete belong together: it names the table whose keys go"
        )
    if table.deletes is None:
        return
    target = next((each for each in source.tables if each.name == table.deletes), None)
    if target is None or target.mode == "delete":
        raise DeclarationError(
            f"{at}: deletes names {table.deletes!r}, which is no table of rows of this source"
        )
    if table.key != target.key:
        raise DeclarationError(
            f"{at}: key {list(table.key)} is not the key {list(target.key)} of {target.name}, whose rows go"
        )


def _column(name: str, body: Any, at: str) -> Column:
    _check_name(name, at)
    fields = _fields(body, at, {"type", "privacy", "zh", "en"}, {"format", "scale", "required", "unit"})
    if _one_of(fields["privacy"], PRIVACY, f"{at}, privacy") == "C3" or is_credential(name):
        raise DeclarationError(f"{at}: credentials are never landed; take the column out of the delivery")
    kind = _one_of(fields["type"], TYPES, f"{at}, type")
    date_format = fields.get("format")
    if kind == "date":
        date_format = _one_of(date_format or "yyyy-mm-dd", tuple(DATE_FORMATS), f"{at}, format")
    elif date_format is not None:
        raise DeclarationError(f"{at}: format belongs to dates, the type is {kind}")
    unit = fields.get("unit")
    if unit is not None and (kind not in ("decimal", "integer") or not isinstance(unit, str) or not unit):
        raise DeclarationError(f"{at}: unit {unit!r} is a text that says what a decimal or an integer counts")
    scale = fields.get("scale", 2 if kind == "decimal" else None)
    if (kind == "decimal") != (scale in range(13)):
        raise DeclarationError(f"{at}: scale belongs to decimals and is 0 to 12, not {scale!r}")
    return Column(
        name=name,
        type=kind,
        format=date_format,
        scale=scale,
        required=_boolean(fields.get("required", False), f"{at}, required"),
        privacy=fields["privacy"],
        zh=fields["zh"],
        en=fields["en"],
        unit=unit,
    )


def _check_name(name: Any, at: str) -> None:
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise DeclarationError(f"{at}: {name!r} is not a name in lower case with single underscores")


def _foreign_name(name: Any, at: str, parts: int = 1) -> str | None:
    """A name in somebody else's database: a table, also as ``schema.table``, or a column."""
    if name is None:
        return None
    words = name.split(".") if isinstance(name, str) else []
    if not 1 <= len(words) <= parts or not all(_FOREIGN_NAME.fullmatch(word) for word in words):
        raise DeclarationError(f"{at}: {name!r} is not a plain name")
    return name


def _fields(body: Any, at: str, needed: set[str], optional: set[str]) -> dict[str, Any]:
    fields = _mapping(body, at)
    if missing := sorted(needed - set(fields)):
        raise DeclarationError(f"{at}: {missing[0]} is missing")
    if unknown := sorted(str(name) for name in set(fields) - needed - optional):
        raise DeclarationError(
            f"{at}: {unknown[0]} is unknown; known are {', '.join(sorted(needed | optional))}"
        )
    for name in needed & {"zh", "en", "name_zh", "name_en", "time_zone"}:
        if not isinstance(fields[name], str) or not fields[name].strip():
            raise DeclarationError(f"{at}: {name} is not a text")
    return fields


def _mapping(body: Any, at: str) -> dict[Any, Any]:
    if not isinstance(body, dict) or not body:
        raise DeclarationError(f"{at}: names with values are expected here, not {type(body).__name__}")
    return body


def _names(value: Any, at: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise DeclarationError(f"{at}: a list of names is expected, not {value!r}")
    if len(set(value)) < len(value):
        raise DeclarationError(f"{at}: a name is given twice in {value}")
    return tuple(value)


def _one_of(value: Any, known: tuple[str, ...], at: str) -> str:
    if value not in known:
        raise DeclarationError(f"{at}: {value!r} is none of {', '.join(known)}")
    return value


def _boolean(value: Any, at: str) -> bool:
    if not isinstance(value, bool):
        raise DeclarationError(f"{at}: {value!r} is neither true nor false")
    return value


class _UniqueLoader(yaml.CSafeLoader):
    """YAML that refuses a name given twice: plain YAML keeps the last one in silence."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> Mapping[Hashable, Any]:
        names = [key.value for key, _ in node.value]
        for number, name in enumerate(names):
            if name in names[:number]:
                raise yaml.constructor.ConstructorError(
                    None, None, f"{name!r} is given twice", node.value[number][0].start_mark
                )
        return super().construct_mapping(node, deep)


def _read_yaml(path: Path) -> Any:
    try:
        return yaml.load(path.read_text(encoding="utf-8"), Loader=_UniqueLoader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise DeclarationError(f"{path.name} cannot be read: {error}") from error
