"""Cells that do not cast to their declared type: their lines go to quarantine, masked and keyed."""

import hashlib
import hmac
import os
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from psycopg2.extensions import connection as Connection
from psycopg2.extras import execute_values

from pipelines.gates.window import received_window
from pipelines.nights import Night
from pipelines.settings import Settings
from pipelines.warehouse import connect, embedded
from pipelines.wording import mask

CHUNK = 5_000


@dataclass(frozen=True)
class Key:
    """The installation's HMAC key; ``key_id`` is stored beside every keyed value."""

    secret: bytes
    key_id: str


def quarantine_rejected(settings: Settings, night: Night) -> int:
    """Put the rejected cells received tonight into ``ops.quarantine``; returns how many were new.

    Run it after the staging views are made: they leave out the quarantined lines from then on.
    """
    key = hmac_key(settings)
    relation = f"{night.workspace.schema('staging')}.stg_rejected_cells"
    with connect(settings, role="yihu_loader", night_id=night.night_id) as connection:
        with connection.cursor() as cur:
            window = received_window(cur, night.business_date)
        return sum(
            _insert(connection, [_quarantined(cell, key, night.night_id) for cell in chunk])
            for chunk in _rejected(connection, relation, window.where())
        )


@dataclass(frozen=True)
class Quarantined:
    """Cells set aside: how many there are, and the newest of them with their values masked.

    The last of a cell's fields is the date from which its line was released, None where it was not.
    """

    count: int
    cells: list[tuple]


def quarantined(
    settings: Settings, source: str | None, table: str | None, received: date | None, limit: int
) -> Quarantined:
    """What stands in quarantine, of a source, a table or a date of receipt (None: of all)."""
    where = (
        "(%(source)s is null or source_code = %(source)s) and (%(table)s is null or table_name = %(table)s) "
        "and (%(received)s::date is null or received_date = %(received)s)"
    )
    names = {"source": source, "table": table, "received": received, "limit": limit}
    with connect(settings) as connection, connection.cursor() as cur:
        cur.execute(f"select count(*) from ops.quarantine where {where}", names)
        (count,) = cur.fetchone()
        cur.execute(
            "select source_code, table_name, received_date, line_number, column_name, rule_id, value_mask, "
            "cell.night_id, line.business_date "
            "from ops.quarantine as cell left join ops.released_lines as line "
            f"using (source_code, table_name, received_date, line_number) where {where} "
            "order by received_date desc, source_code, table_name, line_number, column_name limit %(limit)s",
            names,
        )
        return Quarantined(count, cur.fetchall())


def hmac_key(settings: Settings, environ: Mapping[str, str] = os.environ) -> Key:
    """The key from YIHU_HMAC_KEY, else from ``<var>/secrets/hmac_key``, made once with mode 0600."""
    return make_key(environ.get("YIHU_HMAC_KEY") or embedded.keep_secret(settings, "hmac_key"))


def make_key(secret: str) -> Key:
    """The key of a secret; its id tells it apart from others and nothing of the secret."""
    return Key(secret.encode(), hashlib.sha256(secret.encode()).hexdigest()[:8])


def keyed_hmac(value: str, key: Key) -> str:
    """HMAC-SHA256 of the normalised value, in hexadecimal: equal values can be told, never read."""
    normalised = unicodedata.normalize("NFKC", value).strip().casefold()
    return hmac.new(key.secret, normalised.encode(), hashlib.sha256).hexdigest()


def _rejected(connection: Connection, relation: str, window: str) -> Iterator[list[tuple]]:
    """Rejected cells in chunks, through a cursor of the server: any number of them fits into memory.

    They are set aside first: the server reads for a table with all its cores, for a cursor with one.
    """
    with connection.cursor() as cur:
        cur.execute(
            "create temporary table rejected_cells on commit drop as "
            "select source_code, table_name, _received_date, _line_number, rule_id, column_name, cell_value "
            f"from {relation} where {window}"
        )
    with connection.cursor("rejected_cells") as cur:
        cur.execute("select * from rejected_cells")
        while chunk := cur.fetchmany(CHUNK):
            yield chunk


def _quarantined(cell: tuple, key: Key, night_id: int) -> tuple:
    *place, value = cell
    if value is None:
        return (*place, None, None, None, night_id)
    return (*place, mask(value), keyed_hmac(value, key), key.key_id, night_id)


def _insert(connection: Connection, rows: list[tuple]) -> int:
    with connection.cursor() as cur:
        added = execute_values(
            cur,
            "insert into ops.quarantine (source_code, table_name, received_date, line_number, rule_id, "
            "column_name, value_mask, value_hmac, hmac_key_id, night_id) values %s "
            "on conflict do nothing returning 1",
            rows,
            page_size=CHUNK,
            fetch=True,
        )
    return len(added)
