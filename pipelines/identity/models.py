"""The identity models on record: trained, promoted, and which of them holds on which date.

A model is kept with the frequencies it has counted (values as hashes). Promoting gives it a first date that
readers have not seen yet; from then on, until another one's, every night matches by it. Before the first
promotion the starting model holds: weights learnt from invented persons, which take every value for an
average one.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from duckdb import DuckDBPyConnection
from psycopg2 import Binary, sql
from psycopg2.extensions import connection as Connection
from psycopg2.extensions import cursor as Cursor

from pipelines.approval import first_open_date, last_published_date, require_two_people
from pipelines.identity.arrivals import customer_rules, write_versions
from pipelines.identity.errors import IdentityError
from pipelines.identity.matching.engine import comparisons_of_rules, train_on_records, workspace
from pipelines.identity.matching.fields import literal
from pipelines.identity.matching.model import (
    Model,
    content_of,
    load_frequencies,
    model_of,
    save_frequencies,
)
from pipelines.identity.matching.settings import match_settings
from pipelines.settings import Settings
from pipelines.warehouse import connect
from pipelines.warehouse.rooms import LOADER
from pipelines.workspace import LIVE

STARTING = "starting"


class ModelRegistryError(IdentityError):
    """A model that is not on record, or cannot be promoted so."""


@dataclass(frozen=True)
class Era:
    """The dates on which a model holds; ``start`` None: from the beginning."""

    version: str
    start: date | None
    end: date


@dataclass(frozen=True)
class Trained:
    """A model on record; ``start`` None: not promoted."""

    version: str
    trained_date: date
    records: int
    start: date | None


def eras(cursor: Cursor, until: date) -> list[Era]:
    """The models that hold up to a date, in order; the last one's end is that date."""
    cursor.execute(
        "select version, effective_date from ops.identity_promotions where effective_date <= %s "
        "order by effective_date, promotion_id",
        (until,),
    )
    starts: dict[date | None, str] = {None: STARTING}
    for version, day in cursor.fetchall():
        starts[day] = version  # the last word on one date
    found = list(starts.items())
    ends = [day - timedelta(days=1) for day, _ in found[1:]] + [until]
    return [Era(version, start, end) for (start, version), end in zip(found, ends, strict=True)]


def load(cursor: Cursor, connection: DuckDBPyConnection, version: str, folder: Path) -> Model:
    """A model on record and, in the matcher's connection, the table ``frequencies``; ``folder`` is for
    passing files."""
    if version != STARTING:
        path = folder / "frequencies.parquet"
        path.write_bytes(_kept(cursor, version, "frequencies"))
        load_frequencies(connection, path)
        path.unlink()
    return read(cursor, version)


def read(cursor: Cursor, version: str) -> Model:
    """A model on record, for a connection that holds its frequencies already."""
    if version == STARTING:
        content = (files("pipelines.identity") / "starting_model.json").read_text("utf-8")
    else:
        content = _kept(cursor, version, "content")
    return model_of(content, comparisons_of_rules(customer_rules()))


def _kept(cursor: Cursor, version: str, column: str) -> Any:
    query = sql.SQL("select {} from ops.identity_models where version = %s").format(sql.Identifier(column))
    cursor.execute(query, (version,))
    row = cursor.fetchone()
    if row is None:
        raise ModelRegistryError(
            f"identity model {version} is not on record: `yihu identity models` lists them"
        )
    return row[0]


def train(settings: Settings) -> Trained:
    """Train a model on the customer versions that hold on the last published date, and put it on record."""
    with connect(settings, LOADER) as reader, workspace() as connection, TemporaryDirectory() as folder:
        with reader.cursor() as cursor:
            until = last_published_date(cursor)
        records = read_current(reader, connection, until, Path(folder))
        model = train_on_records(connection, customer_rules(), match_settings())
        path = Path(folder) / "frequencies.parquet"
        save_frequencies(connection, path)
        content, frequencies = content_of(model), path.read_bytes()
    version = sha256(content.encode() + frequencies).hexdigest()[:12]
    with connect(settings) as connection, connection.cursor() as cursor:
        cursor.execute(
            "insert into ops.identity_models (version, content, frequencies, trained_date, record_count) "
            "values (%s, %s, %s, %s, %s) on conflict do nothing",
            (version, content, Binary(frequencies), until, records),
        )
    return Trained(version, until, records, None)


def read_current(
    reader: Connection,
    connection: DuckDBPyConnection,
    until: date,
    folder: Path,
    records: list[tuple[str, str]] | None = None,
) -> int:
    """Make the matcher's table ``records`` of the last version up to a date of all records, or of some; gives
    their number."""
    file = write_versions(reader, LIVE, None, until, folder / "versions.csv", records)
    connection.execute(
        f"""
        create or replace table records as
        select row_number() over () as line, source_code as source, source_customer_id as record_id, *
        from read_csv({literal(file.as_posix())}, all_varchar = true, header = true, nullstr = '')
        qualify row_number() over (
            partition by source_code, source_customer_id order by received_date desc,
                cast(line_number as bigint) desc
        ) = 1
        """
    )
    file.unlink()
    return connection.execute("select count(*) from records").fetchone()[0]


def promote(settings: Settings, version: str, proposer: str, approver: str, reason: str) -> date:
    """Let a model hold from the first date that readers have not seen; gives that date."""
    require_two_people(proposer, approver)
    with connect(settings) as connection, connection.cursor() as cursor:
        cursor.execute("select count(*) from ops.identity_models where version = %s", (version,))
        if version != STARTING and cursor.fetchone()[0] == 0:
            raise ModelRegistryError(f"identity model {version} is not on record: nothing was promoted")
        day = first_open_date(cursor)
        cursor.execute(
            "insert into ops.identity_promotions (version, effective_date, proposer, approver, reason) "
            "values (%s, %s, %s, %s, %s)",
            (version, day, proposer, approver, reason),
        )
    return day


def on_record(settings: Settings) -> list[Trained]:
    """Every trained model, newest last, with the first date it holds from."""
    with connect(settings) as connection, connection.cursor() as cursor:
        cursor.execute(
            """
            select version, trained_date, record_count, min(effective_date)
            from ops.identity_models left join ops.identity_promotions using (version)
            group by version, trained_date, record_count order by trained_date, version
            """
        )
        return [Trained(*row) for row in cursor.fetchall()]
