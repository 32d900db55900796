"""Where clear personal data and the installation's secrets stand, searched for everywhere (law 8)."""

import re
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from urllib.parse import unquote, urlsplit

from handmade_deliveries import read_delivery
from psycopg2 import sql
from psycopg2.extensions import connection as Connection

from pipelines.settings import Settings
from pipelines.sources import load_bank

# the rooms of law 8, and the views of another one that lead from staging to protected
CLEAR_ROOMS = {"raw", "staging", "protected"}
CLEAR_VIEW = re.compile(r"int_(\w+_customer_versions_conformed|customer_versions_unioned)")
CHUNK = 5_000


def delivered(landing: Path, bank: str = "demo") -> set[str]:
    """Every name, identity number, phone, mail and postal address that lies in the landing folder."""
    found = set()
    for source in load_bank(bank).sources:
        for table in source.tables:
            names = [each.name for each in table.columns if each.privacy == "C2" and each.type == "text"]
            for path in (landing / source.code).glob(f"*/{table.file_name}") if names else ():
                rows = read_delivery(landing, table, date.fromisoformat(path.parent.name))
                found |= {row[name] for row in rows for name in names}
    return {text for text in found if len(set(text)) > 1}  # 000000 stands for no number at all


def told(personal: Iterable[str], text: str) -> set[str]:
    """Those that a text holds as a whole word: a short name may be part of another word."""
    return {each for each in personal if each in text and re.search(rf"(?<!\w){re.escape(each)}(?!\w)", text)}


def relations(connection: Connection) -> list[tuple[str, str, bool]]:
    """Schema and name of everything in the database that has rows, and whether it is a view."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select n.nspname, c.relname, c.relkind = 'v' from pg_catalog.pg_class as c "
            "inner join pg_catalog.pg_namespace as n on c.relnamespace = n.oid "
            "where c.relkind in ('r', 'p', 'v', 'm', 'f') and not c.relispartition "
            "and n.nspname !~ '^pg_' and n.nspname <> 'information_schema' order by 1, 2"
        )
        return cursor.fetchall()


def rows_of(connection: Connection, schema: str, name: str) -> Iterator[str]:
    """All rows of a relation as texts, many in one."""
    with connection.cursor("rows") as cursor:
        cursor.execute(sql.SQL("select t::text from {} as t").format(sql.Identifier(schema, name)))
        while chunk := cursor.fetchmany(CHUNK):
            yield "\n".join(row for (row,) in chunk)


def is_open(schema: str, name: str, is_view: bool) -> bool:
    """Whether nobody's clear data may stand in a relation of the live build."""
    is_way = schema == "intermediate" and is_view and CLEAR_VIEW.fullmatch(name)
    return schema not in CLEAR_ROOMS and not is_way


def files_below(folder: Path, *without: Path) -> list[Path]:
    """Every file below a folder that is in none of the folders left out."""
    return [
        path
        for path in folder.rglob("*")
        if path.is_file() and not any(out == path or out in path.parents for out in without)
    ]


def file_text(path: Path) -> str:
    """What a file holds, as far as it is text."""
    return path.read_text(encoding="utf-8", errors="replace")


def kept_secrets(settings: Settings) -> set[str]:
    """What the installation keeps under ``<var>/secrets``, and the password of its database."""
    folder = settings.var / "secrets"
    found = {path.read_text().strip() for path in folder.iterdir()} if folder.is_dir() else set()
    password = unquote(urlsplit(settings.database_url or "").password or "")
    return {secret for secret in (*found, password) if len(secret) >= 12}
