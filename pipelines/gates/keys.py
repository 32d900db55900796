"""Rotation of the HMAC key: every keyed value is keyed anew, from what raw holds; only ops is touched."""

import os
from collections.abc import Mapping
from dataclasses import dataclass

from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor
from psycopg2.extras import execute_values

from pipelines.gates.quarantine import CHUNK, Key, hmac_key, keyed_hmac, make_key
from pipelines.nights import refuse_beside_night
from pipelines.settings import Settings
from pipelines.warehouse import connect, embedded


@dataclass(frozen=True)
class Rotation:
    """The key in force from now on, how many values were keyed anew, and how many could not be.

    The cells of the latter are gone from raw; they keep the id of their former key.
    """

    key_id: str
    rekeyed: int
    left: int


def rotate_key(settings: Settings, environ: Mapping[str, str] = os.environ) -> Rotation:
    """Make a new key, or take the one that YIHU_HMAC_KEY names by now, and key every value on record with it.

    One transaction; the file of the secret is replaced when it has committed. After a crash between the two
    the key ids tell, and the same call again brings all to one key. NightError beside a night or a rebuild.
    """
    given = environ.get("YIHU_HMAC_KEY")
    secret = given or embedded.new_secret()
    key = make_key(secret)
    with connect(settings) as connection, connection.cursor() as cursor:
        refuse_beside_night(cursor)  # it may hold the former key
        cursor.execute("lock table ops.quarantine in share row exclusive mode")
        rekeyed = sum(_rekey(cursor, key, *place) for place in _places(cursor, key))
        cursor.execute("select count(*) from ops.quarantine where hmac_key_id <> %s", (key.key_id,))
        (left,) = cursor.fetchone()
    if not given:
        embedded.replace_secret(settings, "hmac_key", secret)
    assert hmac_key(settings, environ) == key
    return Rotation(key.key_id, rekeyed, left)


def _places(cursor: Cursor, key: Key) -> list[tuple[str, str, str]]:
    """Source, table and column of values under another key, where raw still has the column."""
    cursor.execute(
        """
        select distinct q.source_code, q.table_name, q.column_name
        from ops.quarantine as q
        inner join information_schema.columns as c
            on c.table_schema = 'raw' and c.table_name = q.source_code || '__' || q.table_name
            and c.column_name = q.column_name
        where q.hmac_key_id <> %s
        order by 1, 2, 3
        """,
        (key.key_id,),
    )
    return cursor.fetchall()


def _rekey(cursor: Cursor, key: Key, source: str, table: str, column: str) -> int:
    statement = sql.SQL(
        "select q.received_date, q.line_number, q.rule_id, r.{column} from ops.quarantine as q "
        "inner join {raw} as r on q.received_date = r._received_date and q.line_number = r._line_number "
        "where q.source_code = %s and q.table_name = %s and q.column_name = %s and q.hmac_key_id <> %s "
        "and r.{column} is not null"
    ).format(column=sql.Identifier(column), raw=sql.Identifier("raw", f"{source}__{table}"))
    cursor.execute(statement, (source, table, column, key.key_id))
    rows = [(*place, keyed_hmac(value, key)) for *place, value in cursor.fetchall()]
    execute_values(
        cursor,
        "update ops.quarantine as q set value_hmac = new.value_hmac, hmac_key_id = {} "
        "from (values %s) as new (received_date, line_number, rule_id, value_hmac) "
        "where q.source_code = {} and q.table_name = {} and q.column_name = {} "
        "and q.received_date = new.received_date and q.line_number = new.line_number "
        "and q.rule_id = new.rule_id".format(
            *(sql.Literal(text).as_string(cursor) for text in (key.key_id, source, table, column))
        ),
        rows,
        template="(%s::date, %s::bigint, %s, %s)",
        page_size=CHUNK,
    )
    return len(rows)
