"""From the index to the arrays that the fold walks over, and back."""

from collections.abc import Iterable
from datetime import date

import numpy as np
from duckdb import DuckDBPyConnection

from pipelines.identity.fold import CAUSES, CHANGES, NEVER, NOBODY, RULES, Changes, Region, Weigh
from pipelines.identity.index import FOREVER
from pipelines.identity.matching.arrays import table_of
from pipelines.identity.matching.clusters import weigh_arrays
from pipelines.identity.matching.model import Model
from pipelines.identity.matching.scoring import score, touched
from pipelines.identity.matching.table import stable_hash

_CHUNK = 50_000
_ORDINAL = (
    f"case when {{0}} = date '{FOREVER}' then {NEVER} else date_diff('day', date '0001-01-01', {{0}}) + 1 end"
)


def read_region(connection: DuckDBPyConnection, since: date | None, decided: Iterable[int]) -> Region:
    """All records that can be reached from what became known after ``since`` and from some records; all for
    None.

    Leaves the temporary tables ``region_people`` and ``region_versions``.
    """
    chosen = ", ".join(map(str, decided)) or "null"
    reached = (
        f"where part in (select part from people where record in ({chosen}) or record in "
        f"(select record from versions where received_date > date '{since}'))"
        if since
        else ""
    )
    connection.execute(
        f"""
        create or replace temp table region_people as
        select record, part as whole, dense_rank() over (order by part) - 1 as part,
               row_number() over (order by born_date, source_code, source_customer_id) - 1 as place
        from people {reached}
        """
    )
    connection.execute(
        f"""
        create or replace temp table region_versions as
        select row_number() over (order by rid) - 1 as place, rid, region_people.place as record, whole,
               received_date, superseded_date,
               coalesce(cast({stable_hash("id_key")} >> 1 as bigint), {NOBODY}) as number
        from versions join region_people using (record)
        where superseded_date > date '{since or date.min}'
        """
    )
    people = connection.execute(
        f"""
        select own.part, coalesce(first.place, {NOBODY}) as founder
        from region_people as own
        left join standing on standing.record = own.record and until_date = date '{FOREVER}'
        left join region_people as first on first.record = standing.founder
        order by own.place
        """
    ).fetchnumpy()
    versions = connection.execute(
        f"""
        select record, {_ORDINAL.format("received_date")} as arrived,
            {_ORDINAL.format("superseded_date")} as ended, number
        from region_versions order by place
        """
    ).fetchnumpy()
    links = connection.execute(
        """
        select a.place as l, b.place as r, weight, rule
        from links join region_versions as a on a.rid = links.l join region_versions as b on b.rid = links.r
        order by 1, 2
        """
    ).fetchnumpy()
    conflicts = connection.execute(
        f"""
        select least(a.place, b.place), greatest(a.place, b.place)
        from conflicts join region_people as a on a.record = l join region_people as b on b.record = r
        where until_date = date '{FOREVER}'
        """
    ).fetchall()
    return Region(
        conflicts=frozenset(conflicts),
        **{name: np.asarray(people[name], np.int64) for name in ("part", "founder")},
        **{name: np.asarray(versions[name], np.int64) for name in ("record", "arrived", "ended", "number")},
        left=np.asarray(links["l"], np.int64),
        right=np.asarray(links["r"], np.int64),
        weight=np.asarray(links["weight"], float),
        rule=np.asarray(links["rule"], np.int64),
    )


def places_of(connection: DuckDBPyConnection, records: Iterable[int]) -> dict[int, int]:
    """The places in the region of some records."""
    chosen = ", ".join(map(str, records)) or "null"
    return dict(
        connection.execute(f"select record, place from region_people where record in ({chosen})").fetchall()
    )


def weights_in(connection: DuckDBPyConnection, model: Model) -> Weigh:
    """The weights of any pairs of versions in the region.

    Those that the fold will ask for are weighed at once: pairs without a link, of records that can reach each
    other and were ever current together. Others, of crowds above the model's limit, when they are asked for.
    """
    rids = np.asarray(
        connection.execute("select rid from region_versions order by place").fetchnumpy()["rid"]
    )
    connection.execute(
        f"""
        create or replace temp table inner_pairs as
        with small as (
            select whole from region_versions group by whole
            having count(*) between 3 and {model.settings.largest_component}
        ),
        members as (select * from region_versions semi join small using (whole))
        select a.rid as l, b.rid as r from members as a join members as b on a.whole = b.whole
            and a.rid < b.rid
        where a.record <> b.record
            and a.received_date < b.superseded_date and b.received_date < a.superseded_date
        """
    )
    connection.execute(
        "create or replace temp table inner_pairs as "
        "from inner_pairs anti join links using (l, r) order by l, r"
    )
    score(connection, model, "inner_pairs", "inner_scores", touched(connection, "inner_pairs", "versions"))
    found = connection.execute(
        """
        select a.place as l, b.place as r, weight from inner_scores
        join region_versions as a on a.rid = l join region_versions as b on b.rid = r order by 1, 2
        """
    ).fetchnumpy()
    connection.execute("drop table inner_scores")
    codes = np.asarray(found["l"], np.int64) * len(rids) + np.asarray(found["r"], np.int64)
    weights = np.asarray(found["weight"], float)

    def weigh(left: np.ndarray, right: np.ndarray) -> np.ndarray:
        asked = left * len(rids) + right
        place = np.minimum(np.searchsorted(codes, asked), max(len(codes) - 1, 0))
        is_known = codes[place] == asked if len(codes) else np.zeros(len(asked), bool)
        bits = np.where(is_known, weights[place] if len(codes) else 0.0, np.nan)
        if not is_known.all():
            bits[~is_known] = weigh_arrays(
                connection,
                lambda pairs, result: score(
                    connection, model, pairs, result, touched(connection, pairs, "versions")
                ),
                rids[left[~is_known]],
                rids[right[~is_known]],
            )
        return bits

    return weigh


def keep_changes(connection: DuckDBPyConnection, changes: Iterable[Changes]) -> int:
    """Let the fold's changes stand, and make the table ``changes`` of them; gives their number."""
    connection.execute(
        "create or replace temp table folded (changed_date date, record bigint, founder bigint, "
        "former bigint, change tinyint, cause tinyint, rule tinyint, linked bigint, weight double)"
    )
    connection.execute(
        "create or replace temp table disputed (changed_date date, l bigint, r bigint, rule tinyint, "
        "weight double)"
    )
    for day in changes:
        if day.conflicts:
            disputed = [(day.day, each.left, each.right, each.rule, each.weight) for each in day.conflicts]
            connection.executemany("insert into disputed values (?, ?, ?, ?, ?)", disputed)
        columns = ("record", "founder", "former", "change", "cause", "rule", "linked", "weight")
        connection.register("changed", table_of(**{name: getattr(day, name) for name in columns}))
        connection.execute(
            f"insert into folded select date '{day.day}', "
            "* replace (if(isnan(weight), null, weight) as weight) from changed"
        )
        connection.unregister("changed")
    connection.execute(
        f"""
        update standing set until_date = first.changed_date
        from (
            select own.record, min(changed_date) as changed_date
            from folded join region_people as own on own.place = folded.record group by own.record
        ) as first
        where standing.record = first.record and until_date = date '{FOREVER}'
        """
    )
    connection.execute(
        f"""
        insert into standing
        select own.record, first.record, changed_date,
               lead(changed_date, 1, date '{FOREVER}') over (partition by own.record order by changed_date)
        from folded join region_people as own on own.place = folded.record
        join region_people as first on first.place = folded.founder
        """
    )
    named = """
        select changed_date, a.record as l, b.record as r, rule, weight
        from disputed join region_people as a on a.place = l join region_people as b on b.place = r
    """
    connection.execute(f"create or replace temp table disputes as {named}")
    connection.execute(
        f"""
        update conflicts set until_date = closed.changed_date
        from (
            select l, r, min(changed_date) as changed_date from disputes where weight is null group by l, r
        ) as closed
        where conflicts.l = closed.l and conflicts.r = closed.r and until_date = date '{FOREVER}'
            and since_date < closed.changed_date
        """
    )
    connection.execute(
        f"""
        insert into conflicts
        select l, r, changed_date, until_date from (
            select *, lead(changed_date, 1, date '{FOREVER}') over (partition by l, r order by changed_date)
                as until_date
            from disputes
        )
        where weight is not null
        """
    )
    return connection.execute("select count(*) from folded").fetchone()[0]


def changed_rows(connection: DuckDBPyConnection) -> Iterable[tuple]:
    """The changes just kept, by date and record: source code, source customer id, customer id, former
    customer id, rule, change, cause, linked source code, linked source customer id, weight, date; and the
    date again."""

    found = connection.execute(
        f"""
        select own.source_code, own.source_customer_id, first.customer_id, before.customer_id,
               {_word(RULES, "rule")}, {_word(CHANGES, "change")}, {_word(CAUSES, "cause")},
               other.source_code, other.source_customer_id, cast(weight as decimal(9, 4)),
                   changed_date, changed_date
        from folded
        join region_people as a on a.place = folded.record join people as own on own.record = a.record
        join region_people as b on b.place = folded.founder join people as first on first.record = b.record
        left join region_people as c on c.place = folded.former left join people as before
            on before.record = c.record
        left join region_people as d on d.place = folded.linked left join people as other
            on other.record = d.record
        order by changed_date, own.source_code, own.source_customer_id
        """
    )
    while rows := found.fetchmany(_CHUNK):
        yield from rows


def disputed_rows(connection: DuckDBPyConnection) -> Iterable[tuple]:
    """The conflicts that opened or closed, by date: the two records by source code
        and customer id, whether it is
    open, rule and weight (None: closed), the date; and the date again."""
    return connection.execute(
        f"""
        select a.source_code, a.source_customer_id, b.source_code, b.source_customer_id,
               case when weight is null then 'N' else 'Y' end,
               case when weight is not null then {_word(RULES, "rule")} end, cast(weight as decimal(9, 4)),
               changed_date, changed_date
        from disputes join people as a on a.record = l join people as b on b.record = r
        order by changed_date, 1, 2, 3, 4
        """
    ).fetchall()


def _word(codes: tuple[str, ...], column: str) -> str:
    return f"case {column} " + " ".join(f"when {n} then '{code}'" for n, code in enumerate(codes)) + " end"
