"""The matcher's index: every version of every record in one spelling, its keys, and the links that the model
sees.

A DuckDB file of the installation's own, for its owner's eyes alone (law 8), and a cache (law 2): it can be
taken back to any day it has been through, and made anew from what was received. What a link weighs hangs on
its two versions and the pinned model alone; whether two versions are compared at all, on what was received
until the later of them: a key that more records carry than the model allows is closed from the day on which
that is known.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
from duckdb import DuckDBPyConnection

from pipelines.identity.fold import RULES
from pipelines.identity.matching.arrays import components, table_of
from pipelines.identity.matching.blocking import BlockingRule, blocking_rules, is_told, key_list
from pipelines.identity.matching.fields import Field, fields_of, literal
from pipelines.identity.matching.model import Model
from pipelines.identity.matching.rules import Rules
from pipelines.identity.matching.scoring import add_counts, score, touched
from pipelines.identity.matching.settings import match_settings
from pipelines.identity.matching.table import forget, make_fields, stable_hash

FOREVER = date.max
_DAY = timedelta(days=1)
_STILL = f"date '{FOREVER}'"
_STANDING = {"standing": ("record", "founder"), "conflicts": ("l", "r")}
_MADE = ("versions", "frequencies", "splink_steps")  # by what is taken in, by the model
_TABLES = """
create table about (name varchar, content varchar);
create table people (
    record bigint, source_code varchar, source_customer_id varchar, customer_id varchar,
        born_date date, part bigint
);
create table keys (key ubigint, rule utinyint, rid bigint, record bigint, received_date date);
create table closed_keys (key ubigint, closed_date date);
create table links (l bigint, r bigint, rule utinyint, weight double, known_date date);
create table standing (record bigint, founder bigint, since_date date, until_date date);
create table conflicts (l bigint, r bigint, since_date date, until_date date);
"""


@contextmanager
def opened(folder: Path) -> Iterator[DuckDBPyConnection]:
    """The index of a folder (mode 0700), made where there is none or none that can be read."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / "index.duckdb"
    options = {"memory_limit": match_settings().memory, "temp_directory": str(folder / "spill")}
    try:
        connection = duckdb.connect(str(path), config=options)
    except duckdb.Error:
        erase(folder)
        connection = duckdb.connect(str(path), config=options)
    with connection:
        connection.execute("set enable_progress_bar = false")
        if not _has(connection, "about"):
            connection.execute(_TABLES)
        yield connection


def erase(folder: Path) -> None:
    """Let the index of a folder be made anew; which is what any doubt about it is good for."""
    for name in ("index.duckdb", "index.duckdb.wal"):
        (folder / name).unlink(missing_ok=True)


def empty(connection: DuckDBPyConnection) -> None:
    """Forget everything."""
    for table in (*_MADE, "about", "people", "keys", "closed_keys", "links", "standing", "conflicts"):
        connection.execute(f"drop table if exists {table}")
    connection.execute(_TABLES)


def note(connection: DuckDBPyConnection, **texts: str) -> None:
    """Write down what the index was made from."""
    for name, content in texts.items():
        connection.execute("delete from about where name = ?", [name])
        connection.execute("insert into about values (?, ?)", [name, content])


def noted(connection: DuckDBPyConnection) -> dict[str, str]:
    """What was written down."""
    return dict(connection.execute("select name, content from about").fetchall())


def rewind(connection: DuckDBPyConnection, day: date) -> None:
    """Forget everything that became known after a day."""
    if not _has(connection, "versions"):
        return
    for table, column in (
        ("links", "known_date"),
        ("keys", "received_date"),
        ("closed_keys", "closed_date"),
        ("standing", "since_date"),
        ("conflicts", "since_date"),
        ("versions", "received_date"),
        ("people", "born_date"),
    ):
        connection.execute(f"delete from {table} where {column} > ?", [day])
    connection.execute("delete from about where try_cast(name as date) > ?", [day])
    connection.execute(
        f"update versions set superseded_date = {_STILL} where superseded_date between ? and {_STILL} - 1",
        [day + _DAY],
    )
    for table in ("standing", "conflicts"):
        connection.execute(
            f"update {table} set until_date = {_STILL} where until_date between ? and {_STILL} - 1",
            [day + _DAY],
        )


def take(
    connection: DuckDBPyConnection,
    model: Model,
    rules: Rules,
    file: Path,
    since: date | None,
    start: date | None,
) -> int:
    """Add versions from a csv file as ``arrivals`` writes it, all received after ``since``.

    Those that were superseded up to ``start`` are left out. Gives how many were added; one that says what its
    record said before is none.
    """
    _spell(connection, model, rules, file, start)
    count = connection.execute("select count(*) from fields").fetchone()[0]
    if count or not _has(connection, "versions"):
        _add_versions(connection, model)
        near = "near_keys" if since else "keys"
        _add_keys(connection, model, rules, near)
        _add_links(connection, model, rules, since, near)
    for table in ("records", "fields", "compared", "scored", "name_variants"):
        connection.execute(f"drop table if exists {table}")
    return count


def set_aside(connection: DuckDBPyConnection) -> None:
    """Keep what stands, by sources and keys, for an index that is made anew."""
    for table, (left, right) in _STANDING.items():
        connection.execute(
            f"""
            create or replace temp table former_{table} as
            select a.source_code as a_source, a.source_customer_id as a_customer, b.source_code as b_source,
                   b.source_customer_id as b_customer, since_date
            from {table} join people as a on a.record = {table}.{left} join people as b
                on b.record = {table}.{right}
            where until_date = {_STILL}
            """
        )


def take_up(connection: DuckDBPyConnection) -> None:
    """Let stand what was set aside."""
    for table in _STANDING:
        connection.execute(
            f"""
            insert into {table}
            select a.record, b.record, since_date, {_STILL} from former_{table}
            join people as a on a.source_code = a_source and a.source_customer_id = a_customer
            join people as b on b.source_code = b_source and b.source_customer_id = b_customer
            """
        )


def join_parts(connection: DuckDBPyConnection, pairs: str) -> None:
    """Let the records of a query (l, r) be looked at together from now on."""
    rows = connection.execute(
        f"""
        select distinct a.part as a, b.part as b
        from ({pairs}) as pair join people as a on a.record = pair.l join people as b on b.record = pair.r
        where a.part <> b.part
        """
    ).fetchnumpy()
    if not len(rows["a"]):
        return
    parts, places = np.unique(np.r_[rows["a"], rows["b"]], return_inverse=True)
    half = len(rows["a"])
    whole = parts[components(places[:half], places[half:], len(parts))]
    connection.register("joined", table_of(part=parts, whole=whole))
    connection.execute("update people set part = joined.whole from joined where people.part = joined.part")
    connection.unregister("joined")


def join_records(connection: DuckDBPyConnection, pairs: list[tuple[int, int]]) -> None:
    """Let pairs of records be looked at together from now on."""
    if pairs:
        values = ", ".join(f"({left}, {right})" for left, right in pairs)
        join_parts(connection, f"select * from (values {values}) as pair (l, r)")


def numbers_of(
    connection: DuckDBPyConnection, records: Iterable[tuple[str, str]]
) -> dict[tuple[str, str], int]:
    """The record numbers of sources and keys; those that are not known are left out."""
    asked = sorted(set(records))
    if not asked:
        return {}
    codes, customers = (pa.array(column, pa.string()) for column in zip(*asked, strict=True))
    connection.register("asked", pa.table({"source_code": codes, "source_customer_id": customers}))
    rows = connection.execute(
        "select source_code, source_customer_id, record from people semi join asked "
        "using (source_code, source_customer_id)"
    ).fetchall()
    connection.unregister("asked")
    return {(source, customer): record for source, customer, record in rows}


def _has(connection: DuckDBPyConnection, table: str) -> bool:
    found = connection.execute(
        "select count(*) from duckdb_tables() where table_name = ?", [table]
    ).fetchone()
    return found[0] > 0


def _spell(
    connection: DuckDBPyConnection, model: Model, rules: Rules, file: Path, start: date | None
) -> None:
    """The tables ``arrivals`` (who and when) and ``fields`` (what is new)."""
    connection.execute(
        f"""
        create or replace temp table arrivals as
        select * replace (cast(received_date as date) as received_date, cast(born_date as date) as born_date),
            row_number() over () as line
        from read_csv({literal(file.as_posix())}, all_varchar = true, header = true, nullstr = '')
        qualify row_number() over (
            partition by source_code, source_customer_id, received_date
            order by cast(line_number as bigint) desc
        ) = 1
        """
    )
    connection.execute(
        "create or replace table records as "
        "select line, source_code as source, source_customer_id as record_id, * exclude (line) from arrivals"
    )
    make_fields(connection, rules, model.settings, model.habits)
    former = "select source_code, source_customer_id, cast(null as ubigint) as content from people"
    if _has(connection, "versions"):
        former = (
            "select source_code, source_customer_id, content from versions join people using (record) "
            f"where superseded_date = {_STILL}"
        )
    connection.execute(
        f"""
        create or replace temp table news as
        select line, coalesce(lead(received_date) over versions, {_STILL}) as superseded_date
        from (
            select line, source_code, source_customer_id, received_date, content,
                   lag(content) over (
                       partition by source_code, source_customer_id order by received_date
                   ) as before
            from fields join arrivals using (line)
        ) as version
        left join ({former}) as former using (source_code, source_customer_id)
        where coalesce(version.before, former.content) is distinct from version.content
        window versions as (partition by source_code, source_customer_id order by received_date)
        """
    )
    connection.execute(
        "delete from fields where line not in (select line from news where superseded_date > ?)",
        [start or date.min],
    )


def _add_versions(connection: DuckDBPyConnection, model: Model) -> None:
    add_counts(connection, model)
    connection.execute(
        """
        insert into people
        select record, source_code, source_customer_id,
               'c' || left(sha256(source_code || chr(31) || source_customer_id), 16) as customer_id,
                   born_date,
               record as part
        from (
            select source_code, source_customer_id, min(born_date) as born_date,
                   (select coalesce(max(record), -1) from people) + row_number() over (
                       order by min(born_date), source_code, source_customer_id
                   ) as record
            from arrivals semi join fields using (line)
            anti join people using (source_code, source_customer_id)
            group by source_code, source_customer_id
        )
        """
    )
    rid = stable_hash(
        "concat_ws(chr(31), compared.content, arrivals.source_customer_id, arrivals.received_date)"
    )
    connection.execute(
        f"""
        create or replace temp table fresh as
        select cast({rid} >> 1 as bigint) as rid, people.record, arrivals.received_date, news.superseded_date,
               compared.* exclude (rid, line, source)
        from compared join arrivals using (line) join news using (line)
        join people on people.source_code = arrivals.source_code
            and people.source_customer_id = arrivals.source_customer_id
        """
    )
    if not _has(connection, "versions"):
        connection.execute("create table versions as from fresh limit 0")
    connection.execute(
        f"""
        update versions set superseded_date = later.received_date
        from (select record, min(received_date) as received_date from fresh group by record) as later
        where versions.record = later.record and versions.superseded_date = {_STILL}
        """
    )
    connection.execute("insert into versions from fresh")


def _add_keys(connection: DuckDBPyConnection, model: Model, rules: Rules, near: str) -> None:
    """The keys of fresh versions that are open on their day; those that too many records carry are closed.

    ``near``: the table to find shared keys in; ``near_keys`` is made of those that fresh versions have.
    """
    sizes = list(model.blocking.sizes)
    connection.execute(
        f"""
        create or replace temp table fresh_keys as
        select distinct hash(found.rule, found.key) as key, cast(found.rule as utinyint) as rule, rid, record,
               received_date
        from (select rid, record, received_date, unnest({key_list(_blocks(rules))}) as found from fresh)
        where found.key is not null
        """
    )
    if near == "near_keys":
        connection.execute(
            "create or replace temp table near_keys as from keys semi join fresh_keys using (key)"
        )
    connection.execute(
        f"""
        insert into closed_keys
        with asked as (
            select key, any_value({sizes}[rule + 1]) as most from fresh_keys anti join closed_keys using (key)
            group by key
        ),
        held as (
            select key, record, received_date from {near} semi join asked using (key)
            union all
            select key, record, received_date from fresh_keys semi join asked using (key)
        ),
        many as (
            select key, any_value(most) as most from held join asked using (key)
            group by key having count(*) > any_value(most)
        ),
        firsts as (
            select key, record, most, min(received_date) as first_date from held join many using (key)
            group by key, record, most
        )
        select key, min(first_date) from (
            select key, most, first_date,
                count(*) over (partition by key order by first_date) as records from firsts
        )
        where records > most
        group by key
        """
    )
    for table in dict.fromkeys(("keys", near)):
        connection.execute(
            f"""
            insert into {table}
            select fresh_keys.* from fresh_keys left join closed_keys using (key)
            where closed_date is null or received_date < closed_date
            """
        )
    fields = {field.name: field for field in fields_of(rules)}
    for number, rule in enumerate(_blocks(rules)):
        if rule.is_key:
            _weigh_crowds(connection, number, fields[rule.fields[0]], near)


def _weigh_crowds(connection: DuckDBPyConnection, number: int, field: Field, near: str) -> None:
    """What a crowd shares tells nothing from the day on which its key is closed, and until then the less, the
    larger it is.

    ``n_<column>`` of a version is how many records had carried its value by the day it was received, if more
    than the model has counted.
    """
    forget(
        connection,
        "versions",
        field,
        "rid in (select rid from fresh_keys join closed_keys using (key) "
        f"where rule = {number} and received_date >= closed_date)",
    )
    connection.execute(
        f"""
        update versions set n_{field.name} = greatest(n_{field.name}, crowd.records)
        from (
            select fresh.rid, counted.records
            from (select * from fresh_keys where rule = {number}) as fresh
            asof join (
                select key, first_date, count(*) over (partition by key order by first_date) as records
                from (
                    select key, record, min(received_date) as first_date
                    from {near} where rule = {number}
                    group by key, record
                )
            ) as counted
                on fresh.key = counted.key and fresh.received_date >= counted.first_date
            where counted.records > 1
        ) as crowd
        where versions.rid = crowd.rid
        """
    )


def _add_links(
    connection: DuckDBPyConnection, model: Model, rules: Rules, since: date | None, near: str
) -> None:
    """Compare fresh versions with each other and with those that stand, where both were ever current."""
    after = since or date.min
    connection.execute(
        f"""
        create or replace temp table pairs as
        with found as (
            select least(a.rid, b.rid) as l, greatest(a.rid, b.rid) as r,
                   bit_or(cast(1 as bigint) << cast(a.rule as integer)) as rules
            from (from {near} where received_date > date '{after}') as a join {near} as b on a.key = b.key
            where a.record <> b.record and (a.rid < b.rid or b.received_date <= date '{after}')
            group by all
        )
        select found.l, found.r, l.record as l_record, r.record as r_record,
               greatest(l.received_date, r.received_date) as known_date
        from found join versions as l on l.rid = found.l join versions as r on r.rid = found.r
        where {is_told(_blocks(rules), model.blocking.told)}
            and l.received_date < r.superseded_date and r.received_date < l.superseded_date
        order by found.l, found.r
        """
    )
    score(connection, model, "pairs", "scored", touched(connection, "pairs", "versions"))
    codes = " ".join(f"when '{code}' then {place}" for place, code in enumerate(RULES))
    connection.execute(
        f"""
        create or replace temp table linked as
        select l, r, case rule_code {codes} end as rule, weight, known_date, l_record, r_record
        from scored join pairs using (l, r) where weight >= {model.settings.link_weight}
        """
    )
    connection.execute("insert into links select l, r, rule, weight, known_date from linked")
    join_parts(connection, "select l_record as l, r_record as r from linked")


def _blocks(rules: Rules) -> list[BlockingRule]:
    return blocking_rules(fields_of(rules))
