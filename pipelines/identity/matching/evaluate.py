"""How well the matcher does on a table whose truth is known, in pairs: a pair can be right or wrong."""

import resource
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from duckdb import DuckDBPyConnection

from pipelines.identity.matching.engine import match, workspace
from pipelines.identity.matching.fields import literal, quoted
from pipelines.identity.matching.rules import Rules
from pipelines.identity.matching.settings import MatchSettings


@dataclass(frozen=True)
class Evaluation:
    """What a run found. The three shares are None without truth, or where there is no pair to judge."""

    records: int
    candidate_pairs: int
    clusters: int
    linked_pairs: int
    true_pairs: int | None
    precision: float | None
    recall: float | None
    f1: float | None
    conflicts: int
    seconds: float
    peak_megabytes: int


def evaluate(
    paths: list[Path],
    rules: Rules,
    truth: str | None = None,
    out: Path | None = None,
    settings: MatchSettings | None = None,
) -> Evaluation:
    """Match the records of files; hold the clusters against the column ``truth``; write them to ``out``.

    The truth is read only after clustering has ended.
    """
    start = time.monotonic()
    with workspace() as connection:
        matching = match(connection, paths, rules, keep=[truth] if truth else [], settings=settings)
        seconds = time.monotonic() - start
        if out:
            write_clusters(connection, out)
        clusters, linked = connection.execute(
            "select count(*), coalesce(sum(n * (n - 1) // 2), 0) "
            "from (select count(*) as n from clusters group by cluster)"
        ).fetchone()
        judged = _judge(connection, truth) if truth else (None, None, None, None)
    precision, recall, f1 = judged[1:]
    return Evaluation(
        records=matching.records,
        candidate_pairs=matching.pairs,
        clusters=clusters,
        linked_pairs=int(linked),
        true_pairs=judged[0],
        precision=precision,
        recall=recall,
        f1=f1,
        conflicts=len(matching.conflicts),
        seconds=seconds,
        peak_megabytes=_peak_megabytes(),
    )


def write_clusters(connection: DuckDBPyConnection, out: Path) -> None:
    """``record_id, cluster_id`` in the order of the files; a cluster's id follows from its members alone."""
    connection.execute(
        f"""
        copy (
            with known as (
                select line, rid, cluster, source, record_id
                from records join (select line, rid from fields) using (line) join clusters using (rid)
            ),
            twice as (select source, record_id from known group by all having count(*) > 1),
            copies as (
                select line, row_number() over (partition by source, record_id order by rid) as copy
                from known semi join twice using (source, record_id)
            ),
            named as (
                select cluster, min(concat_ws(chr(31), source, record_id, coalesce(copy, 1))) as name
                from known left join copies using (line) group by cluster
            )
            select record_id, 'k' || left(md5(name), 16) as cluster_id
            from known join named using (cluster) order by line
        ) to {literal(out.as_posix())} (header, delimiter ',')
        """
    )


def _judge(
    connection: DuckDBPyConnection, truth: str
) -> tuple[int, float | None, float | None, float | None]:
    """True pairs, precision, recall and F1 over the records whose truth is known."""
    right, linked, true = connection.execute(
        f"""
        with judged as (
            select cluster, {quoted(truth)} as person, count(*) as n
            from clusters join (select line, rid from fields) using (rid) join records using (line)
            where {quoted(truth)} is not null group by all
        )
        select (select coalesce(sum(n * (n - 1) // 2), 0) from judged),
               (select coalesce(sum(n * (n - 1) // 2), 0) from (select sum(n) as n from judged group by
               cluster)),
               (select coalesce(sum(n * (n - 1) // 2), 0) from (select sum(n) as n from judged group by
               person))
        """
    ).fetchone()
    right, linked, true = int(right), int(linked), int(true)
    f1 = 2 * right / (linked + true) if linked + true else None
    return true, right / linked if linked else None, right / true if true else None, f1


def _peak_megabytes() -> int:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1 << 20 if sys.platform == "darwin" else 1 << 10))
