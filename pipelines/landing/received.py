"""What has been received, as one hash: a cache that was made from something else is noticed by it."""

from datetime import date
from hashlib import sha256

from psycopg2.extensions import cursor as Cursor


def received_hash(cursor: Cursor, until: date) -> str:
    """A hash of the deliveries received up to a date, of the lines set aside and those released by then."""
    cursor.execute(
        """
        select md5(string_agg(
            concat_ws('|', source_code, table_name, received_date, sha256), ','
            order by source_code collate "C", table_name collate "C", received_date
        ))
        from ops.deliveries where received_date <= %s
        """,
        (until,),
    )
    deliveries = cursor.fetchone()
    cursor.execute(
        "select count(*), sum(line_number) from ops.quarantine where received_date <= %s", (until,)
    )
    aside = cursor.fetchone()
    cursor.execute(
        """
        select md5(string_agg(
            concat_ws('|', source_code, table_name, received_date, line_number, business_date, release_id),
            ',' order by release_id
        ))
        from ops.released_lines where business_date <= %s
        """,
        (until,),
    )
    return sha256(f"{deliveries} {aside} {cursor.fetchone()}".encode()).hexdigest()


def released_dates(cursor: Cursor) -> dict[str, list[tuple[str, str]]]:
    """``<source>.<table>`` with lines let in out of quarantine → their dates of receipt and of release."""
    cursor.execute(
        "select distinct concat_ws('.', source_code, table_name), received_date, business_date "
        "from ops.quarantine_releases order by 1, 2, 3"
    )
    found: dict[str, list[tuple[str, str]]] = {}
    for name, received, released in cursor.fetchall():
        found.setdefault(name, []).append((received.isoformat(), released.isoformat()))
    return found
