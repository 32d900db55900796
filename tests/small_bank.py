"""A small demo bank that has published three nights, made once a test run; every user has a copy."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import psycopg2
from conftest import VARIABLE, bank_settings, create_database, drop_database, own_bank
from night_support import query, run_night, warm
from psycopg2 import sql

from pipelines.demo_bank import write_demo_bank
from pipelines.publishing.governance import GOVERNANCE
from pipelines.settings import Settings
from pipelines.warehouse import embedded, reader_url

DATABASE = "yihu_small_bank"
NIGHTS = (date(2026, 10, 30), date(2026, 10, 31), date(2026, 11, 1))  # the last begins a month
LAST = NIGHTS[-1]
NEXT = LAST + timedelta(days=1)


@contextmanager
def small_bank(
    server: embedded.ServerInfo, folder: Path, policy_folder: Path | None = None
) -> Iterator[Settings]:
    """A copy under ``folder``, its landing holding NEXT's deliveries; inside, nights run in this process."""
    with warm():
        base = _base(server)
        shutil.copytree(base.landing, folder / "landing")
        settings = replace(base, var=folder / "var", landing=folder / "landing")
        with copied(server, settings) as copy:
            yield replace(copy, policy_folder=policy_folder or copy.policy_folder)


@contextmanager
def copied(server: embedded.ServerInfo, settings: Settings) -> Iterator[Settings]:
    """The same bank with the same landing, and a copy of its database: what happens there stays there."""
    former = urlsplit(settings.database_url).path.strip("/")
    with own_bank(server, settings.var, settings.bank, template=former) as copy:
        yield replace(settings, database_url=copy.database_url)


def reading(settings: Settings) -> dict[str, str]:
    """What an analyst sees: a digest of every view over an edition, with edition and versions."""
    seen = {}
    with closing(psycopg2.connect(reader_url(settings))) as connection, connection.cursor() as cursor:
        cursor.execute("select viewname from pg_catalog.pg_views where schemaname = 'reporting' order by 1")
        for name in [name for (name,) in cursor.fetchall() if name not in GOVERNANCE]:
            cursor.execute(
                sql.SQL(
                    "select md5(string_agg(t::text, '|' order by t::text)), count(*) from {} as t"
                ).format(sql.Identifier("reporting", name))
            )
            seen[name] = "{}:{}".format(*cursor.fetchone())
    return seen


def current_edition(settings: Settings) -> str:
    """The edition readers see."""
    return query(settings, "select distinct edition_id from reporting.publications where is_current")[0][0]


def base_folder() -> Path:
    """Where the bank that all are copied from has its files; ``var`` is what its nights left."""
    return Path(os.environ[VARIABLE]) / "small_bank"


def _base(server: embedded.ServerInfo) -> Settings:
    """The bank that all are copied from; one worker makes it, the others wait."""
    folder = base_folder()
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        settings = bank_settings(server, DATABASE, folder / "var", landing=folder / "landing")
        if not (folder / "ready").exists():
            drop_database(server, DATABASE)
            create_database(server, DATABASE)
            write_demo_bank(settings.landing, customers=60, first_date=date(2026, 8, 30), last_date=NEXT)
            for night in NIGHTS:
                run_night(settings, night)
            (folder / "ready").touch()
    return settings
