"""The records of one or several files as the table ``fields``: normalised, numbered by what they say.

``rid`` follows from the content alone, never from the order of rows or the record's own id: whatever matching
does by number is therefore the same after any shuffling.
"""

import re
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from duckdb import DuckDBPyConnection
from duckdb import Error as DuckDBError

from pipelines.identity.matching.fields import Field, fields_of, literal, quoted
from pipelines.identity.matching.normalise import create_macros
from pipelines.identity.matching.rules import Rules
from pipelines.identity.matching.settings import MatchSettings

TELLING = ("id_number", "phone", "email")  # kinds of which one equal value is reason enough to compare


class TableError(Exception):
    """A file of records that cannot be read with its rules."""


@dataclass(frozen=True)
class Habits:
    """What a table as a whole says about single values, pinned with a model.

    ``month_first``: date columns written month/day/year. ``january``: date fields where 1 January stands for
    a year alone. ``fillers``: hashes of the numbers, phones and e-mails that more records carry than
    people share.
    """

    month_first: tuple[str, ...] = ()
    january: tuple[str, ...] = ()
    fillers: tuple[int, ...] = ()


def load_records(connection: DuckDBPyConnection, paths: list[Path], rules: Rules, keep: list[str]) -> int:
    """Make the table ``records``: every row of the files as text, in order; gives their number.

    ``keep`` names columns that are carried along (the truth). TableError where a file lacks a column.
    """
    parts = [_select(connection, path, number, rules, keep) for number, path in enumerate(paths, start=1)]
    connection.execute(
        f"create or replace table records as select row_number() over () as line, * "
        f"from ({' union all '.join(parts)})"
    )
    return connection.execute("select count(*) from records").fetchone()[0]


def make_fields(
    connection: DuckDBPyConnection, rules: Rules, settings: MatchSettings, habits: Habits | None = None
) -> tuple[list[Field], Habits]:
    """Make the table ``fields`` from ``records``, one row per record; give what it holds, and the table's
    habits.

    ``id_key`` is the valid identity number or company code, null where it is a filler. With ``habits`` these
    are taken as known and not looked for.
    """
    create_macros(connection)
    _variants(connection)
    month_first = habits.month_first if habits else _month_first(connection, rules)
    fields = fields_of(rules, frozenset(month_first))
    _spell(connection, fields)
    january = habits.january if habits else _january_first(connection, fields)
    _forget_january(connection, january)
    content = ", ".join(f"coalesce(spelt.{field.name}, chr(30))" for field in fields)
    derived = "".join(f", {text} as {name}" for name, text in _derived(fields).items())
    connection.execute(
        f"""
        create or replace temp table numbered as
        select line, content, row_number() over (order by content, record_id, line) - 1 as rid
        from (
            select line, {stable_hash(f"concat_ws(chr(31), spelt.source, {content})")} as content from spelt
        ) join (select line, record_id from records) using (line)
        """
    )
    connection.execute(
        f"""
        create or replace table fields as
        select rid, content, spelt.*{derived} from spelt join numbered using (line)
        """
    )
    for table in ("spelt", "numbered"):
        connection.execute(f"drop table {table}")
    fillers = habits.fillers if habits else _fillers(connection, fields, settings)
    if fillers:
        known = ", ".join(map(str, fillers))
        for field in fields:
            if field.kind in TELLING:
                forget(connection, "fields", field, f"{stable_hash(field.name)} in ({known})")
    return fields, Habits(tuple(month_first), tuple(january), tuple(fillers))


def forget(connection: DuckDBPyConnection, table: str, field: Field, where: str) -> None:
    """Let rows of a table not know a field, nor what is made of it."""
    made = {"email": [f"{field.name}_local"], "id_number": ["id_key"]}.get(field.kind, [])
    cleared = ", ".join(f"{name} = null" for name in (field.name, *made))
    connection.execute(f"update {table} set {cleared} where {where}")


def stable_hash(value: str) -> str:
    """SQL: 64 bits of a text's md5, the same in every version of the engine; what a model keeps of a
    value."""
    return f"cast(md5_number({value}) >> 64 as ubigint)"


def _fillers(connection: DuckDBPyConnection, fields: list[Field], settings: MatchSettings) -> list[int]:
    found: set[int] = set()
    for field in fields:
        if field.kind in TELLING:
            rows = connection.execute(
                f"select {stable_hash(field.name)} from fields where {field.name} is not null "
                f"group by {field.name} having count(*) > {settings.shared_key_records}"
            ).fetchall()
            found |= {row[0] for row in rows}
    return sorted(found)


def _spell(connection: DuckDBPyConnection, fields: list[Field]) -> None:
    """The table ``spelt``: every field after all its steps, of names also their words.

    Each step is a query over the one before, so that no step is worked out twice; what several fields have in
    common (the two parts of a full name) is done once: a column stands for all fields of one text and the
    same steps so far.
    """
    columns: dict[tuple[str, ...], str] = {}
    for field in fields:
        columns.setdefault((field.text,), field.name)
    texts = ", ".join(f"{text} as {name}" for (text,), name in columns.items())
    query = f"select line, source, {texts} from records"
    for place in range(max(len(field.steps) for field in fields)):
        made: dict[tuple[str, ...], str] = {}
        steps = []
        for field in fields:
            done = (field.text, *field.steps[: place + 1])
            if done not in made:
                made[done] = field.name
                former = columns[(field.text, *field.steps[:place])]
                step = _applied(field.steps[place], former) if place < len(field.steps) else former
                steps.append(f"{step} as {field.name}")
        columns = made
        query = f"select line, source, {', '.join(steps)} from ({query})"
    done = {field.name: columns[(field.text, *field.steps)] for field in fields}
    spelt = ", ".join(
        f"{done[field.name]} as {field.name}_words, letters({done[field.name]}) as {field.name}"
        if field.kind in ("given_name", "surname")
        else f"{done[field.name]} as {field.name}"
        for field in fields
    )
    connection.execute(f"create or replace temp table spelt as select line, source, {spelt} from ({query})")


def _applied(step: str, column: str) -> str:
    """A step over ``t`` as one over a column."""
    return re.sub(r"\bt\b", column, step)


def _select(connection: DuckDBPyConnection, path: Path, number: int, rules: Rules, keep: list[str]) -> str:
    if not path.exists():
        raise TableError(f"{path}: there is no such file")
    name = literal(path.as_posix())
    reading = (
        f"read_parquet({name})"
        if path.suffix == ".parquet"
        else f"read_csv({name}, all_varchar = true, header = true, nullstr = '')"
    )
    try:
        found = {row[0].strip(): row[0] for row in connection.execute(f"describe from {reading}").fetchall()}
    except DuckDBError as error:
        raise TableError(f"{path}: {error}") from error
    if missing := [column for column in [*rules.needed(), *keep] if column not in found]:
        raise TableError(f"{path}: no column {', '.join(missing)}; it has {', '.join(found)}")
    kept = ", ".join(
        f"cast({quoted(found[column])} as varchar) as {quoted(column)}"
        for column in dict.fromkeys([*rules.kinds, *keep])
    )
    source = (
        f"cast({quoted(found[rules.source_column])} as varchar)" if rules.source_column else f"'{number}'"
    )
    return (
        f"select {number} as file, {source} as source, "
        f"cast({quoted(found[rules.id_column])} as varchar) as record_id, {kept} from {reading}"
    )


def _variants(connection: DuckDBPyConnection) -> None:
    """The table ``name_variants``: every known spelling with the names it may stand for."""
    path = files("pipelines.identity.matching") / "name_variants.csv"
    connection.execute(
        """
        create or replace table name_variants as
        with pairs as (
            select canonical, unnest(string_split(variants, ' ')) as spelling from read_csv(?)
            union select canonical, canonical from read_csv(?)
        )
        select spelling, list(distinct canonical order by canonical) as names from pairs group by spelling
        """,
        [str(path), str(path)],
    )


def _month_first(connection: DuckDBPyConnection, rules: Rules) -> list[str]:
    """The date columns written month/day/year: more second parts than first parts exceed twelve."""
    found = []
    for column in rules.columns("date"):
        shape = "^([0-9]{1,2})[-/. ]+([0-9]{1,2})[-/. ]+[0-9]{4}"
        parts = f"regexp_extract(folded({quoted(column)}), '{shape}', "
        first, second = connection.execute(
            f"select count(*) filter (try_cast({parts} 1) as int) > 12), "
            f"count(*) filter (try_cast({parts} 2) as int) > 12) from records"
        ).fetchone()
        if second > first:
            found.append(column)
    return found


def _january_first(connection: DuckDBPyConnection, fields: list[Field]) -> list[str]:
    """The date fields where 1 January stands for a year alone: ten times too frequent."""
    found = []
    for name in (field.name for field in fields if field.kind == "date"):
        firsts, dates = connection.execute(
            f"select count(*) filter (right({name}, 4) = '0101'), count(*) from spelt where "
            f"length({name}) = 8"
        ).fetchone()
        if firsts > 10 and firsts * 36.5 > dates:
            found.append(name)
    return found


def _forget_january(connection: DuckDBPyConnection, names: list[str] | tuple[str, ...]) -> None:
    for name in names:
        connection.execute(
            f"update spelt set {name} = left({name}, 4) where length({name}) = 8 and right({name}, 4) = "
            f"'0101'"
        )


def _derived(fields: list[Field]) -> dict[str, str]:
    """The further columns that comparing and blocking need."""
    kinds = {field.name: field.kind for field in fields}
    derived: dict[str, str] = {}
    if "given" in kinds:
        first = "split_part(given_words, ' ', 1)"
        derived |= {
            "given_first": f"case when length({first}) > 2 then {first} else given end",
            "given_known": f"(select names from name_variants where spelling = {first})",
        }
    if "surname" in kinds:
        derived["surname_parts"] = (
            "case when contains(surname_words, ' ') "
            "then list_filter(string_split(surname_words, ' '), lambda w: length(w) > 3) end"
        )
    for name, kind in kinds.items():
        if kind == "email":
            derived[f"{name}_local"] = f"split_part({name}, '@', 1)"
        elif kind == "street" and name == "street_1" and "house_1" in kinds:
            derived["street_house"] = "street_1 || ' ' || house_1"
        elif kind == "place" and name == "place_1" and "postcode_1" in kinds:
            derived["area"] = "place_1 || ' ' || postcode_1"
    numbers = [f"number_key({name})" for name, kind in kinds.items() if kind == "id_number"]
    derived["id_key"] = f"coalesce({', '.join([*numbers, 'cast(null as varchar)'])})"
    return derived
