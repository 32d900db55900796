"""Connections to a bank's database: the embedded server, or the one that YIHU_DATABASE_URL names."""

import contextlib
import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from urllib.parse import quote, urlsplit

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import connection as Connection
from psycopg2.extensions import encrypt_password, parse_dsn

from pipelines.settings import Settings
from pipelines.warehouse import embedded, rooms

ANALYST = "yihu_analyst"
LEAST_VERSION = 160000
_SETUP_LOCK = 7_415_202_611  # any constant: one set-up at a time on a server
_addresses: dict[Settings, str] = {}  # databases that this process has found ready


class WarehouseError(Exception):
    """A bank's database cannot be reached or prepared."""


@contextmanager
def connect(settings: Settings, role: str | None = None, night_id: int | None = None) -> Iterator[Connection]:
    """One transaction on the bank's database: committed on a clean exit, rolled back on an exception.

    ``role`` is one of rooms.ROLES (None: the administrator). With ``night_id`` the transaction begins by
    checking that this night still runs (law 11). Starts the embedded server and makes the rooms if need be.
    """
    with closing(_dial(settings)) as connection:
        with connection.cursor() as cursor:
            if role is not None:
                cursor.execute(sql.SQL("set role {}").format(sql.Identifier(role)))
            if night_id is not None:
                cursor.execute("select set_config('yihu.night', %s, false)", (str(night_id),))
            connection.commit()  # so that a rollback inside the block cannot give the role back
            if night_id is not None:
                cursor.execute("select ops.check_fence()")
        try:
            yield connection
            connection.commit()
        except BaseException:
            with contextlib.suppress(psycopg2.InterfaceError, psycopg2.OperationalError):
                connection.rollback()
            raise


def admin_url(settings: Settings, database: str | None = None) -> str:
    """The administrator's address, with password, of the bank's database or another one of its server."""
    if database is not None:
        return _address(_server(settings), database)
    with closing(_dial(settings)):
        return _addresses[settings]


def reader_url(settings: Settings) -> str:
    """The address of the bank's database for a login that reads all of ``reporting`` and nothing else."""
    address = admin_url(settings)
    parts = urlsplit(address)
    password = embedded.keep_secret(settings, ANALYST)
    place = parts.netloc.rpartition("@")[2]
    reader = parts._replace(netloc=f"{ANALYST}:{quote(password)}@{place}").geturl()
    try:
        psycopg2.connect(reader).close()
    except psycopg2.OperationalError:
        _create_analyst(address, password)
    with connect(settings) as connection, connection.cursor() as cursor:
        cursor.execute("insert into ops.reader_branches values (%s, '*') on conflict do nothing", (ANALYST,))
    return reader


def dbt_environment(settings: Settings, night_id: int | None) -> dict[str, str]:
    """The variables that dbt's profile reads; ``night_id`` fences its sessions (None: outside a night)."""
    named = parse_dsn(admin_url(settings))
    environment = {
        "YIHU_DBT_HOST": named.get("host", "localhost"),
        "YIHU_DBT_PORT": named.get("port", "5432"),
        "YIHU_DBT_USER": named.get("user", ""),
        "YIHU_DBT_PASSWORD": named.get("password", ""),
        "YIHU_DBT_DBNAME": named["dbname"],
        "PGOPTIONS": "-c timezone=UTC" + (f" -c yihu.night={night_id}" if night_id is not None else ""),
    }
    # what else the address says (encryption, certificates) libpq takes from its own variables
    for option in ("sslmode", "sslrootcert", "sslcert", "sslkey"):
        if option in named:
            environment[f"PG{option.upper()}"] = named[option]
    return environment


def _dial(settings: Settings) -> Connection:
    """Connect; prepare the database first where this process has not yet, or where it no longer answers."""
    if settings in _addresses:
        with contextlib.suppress(psycopg2.OperationalError):
            return _connect(_addresses[settings])
    _addresses[settings] = _prepare(settings)
    return _connect(_addresses[settings])


def _connect(address: str) -> Connection:
    return psycopg2.connect(address, options="-c timezone=UTC", application_name="yihu")


def _prepare(settings: Settings) -> str:
    """Make the bank's database and its rooms where they are missing; several processes may come at once."""
    server = _server(settings)
    database = urlsplit(server).path.strip("/") or _database_name(settings)
    address = _address(server, database)
    if _is_ready(address):
        _claim(address, settings.bank)
        return address
    try:
        with _one_at_a_time(server, database) as maintenance:
            if not urlsplit(server).path.strip("/"):
                _create_database(maintenance, database)
            with closing(_open(address)) as connection, connection:
                if not rooms.are_ready(connection):
                    rooms.create(connection)
    except (psycopg2.errors.InsufficientPrivilege, rooms.RoomsError) as error:
        raise WarehouseError(
            f"the user of YIHU_DATABASE_URL may not prepare database {database}: {str(error).strip()}; "
            "it needs CREATEDB and CREATEROLE, and must have made our roles itself where they exist"
        ) from error
    _claim(address, settings.bank)
    return address


def _claim(address: str, bank: str) -> None:
    """Note whose records the database holds; WarehouseError when they are another bank's."""
    with closing(_connect(address)) as connection, connection, connection.cursor() as cursor:
        cursor.execute("select bank_code from ops.bank")
        found = cursor.fetchone()
        if found is None:
            cursor.execute("insert into ops.bank (bank_code) values (%s) on conflict do nothing", (bank,))
        elif found[0] != bank:
            raise WarehouseError(
                f"database {connection.info.dbname} holds the records of bank {found[0]}, not of {bank}: "
                "give each bank a database of its own (YIHU_DATABASE_URL, YIHU_BANK)"
            )


def _server(settings: Settings) -> str:
    if settings.database_url is None:
        return embedded.up(settings).url("")
    if urlsplit(settings.database_url).scheme not in ("postgresql", "postgres"):
        raise WarehouseError("YIHU_DATABASE_URL must read postgresql://user:password@host:port[/database]")
    return settings.database_url


def _address(server: str, database: str) -> str:
    return urlsplit(server)._replace(path=f"/{database}").geturl()


def _database_name(settings: Settings) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,40}", settings.bank):
        raise WarehouseError(
            f"bank {settings.bank!r} cannot name a database: in YIHU_BANK use lower-case letters, digits, _"
        )
    return f"yihu_{settings.bank}"


def _is_ready(address: str) -> bool:
    try:
        with closing(_connect(address)) as connection, connection:
            return rooms.are_ready(connection)
    except psycopg2.OperationalError:
        return False


def _open(address: str) -> Connection:
    """Connect, with an error that says what to do, and refuse a server that is too old."""
    try:
        connection = _connect(address)
    except psycopg2.OperationalError as error:
        raise WarehouseError(f"cannot connect to the warehouse: {error}check YIHU_DATABASE_URL") from error
    if connection.server_version < LEAST_VERSION:
        version = connection.info.parameter_status("server_version")
        connection.close()
        raise WarehouseError(
            f"the warehouse is PostgreSQL {version}, 16 or newer is needed: point YIHU_DATABASE_URL elsewhere"
        )
    return connection


@contextmanager
def _one_at_a_time(server: str, database: str) -> Iterator[Connection]:
    """Hold the set-up lock; in a database that all banks share, for roles belong to the whole server."""
    try:
        connection = _open(_address(server, "postgres"))
    except WarehouseError:
        connection = _open(_address(server, database))
    with closing(connection):
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("select pg_advisory_lock(%s)", (_SETUP_LOCK,))  # closing the session releases it
        yield connection


def _create_database(maintenance: Connection, database: str) -> None:
    with maintenance.cursor() as cursor:
        cursor.execute("select from pg_catalog.pg_database where datname = %s", (database,))
        if cursor.fetchone() is not None:
            return
        # the same order of texts on every machine
        locale = "lc_collate 'C' lc_ctype 'C'"
        if maintenance.server_version >= 170000:
            locale = f"locale_provider builtin builtin_locale 'C.UTF-8' {locale}"
        cursor.execute(
            sql.SQL(f"create database {{}} template template0 encoding 'UTF8' {locale}").format(
                sql.Identifier(database)
            )
        )


def _create_analyst(address: str, password: str) -> None:
    with (
        _one_at_a_time(address, urlsplit(address).path.strip("/")) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute("select from pg_catalog.pg_roles where rolname = %s", (ANALYST,))
        if cursor.fetchone() is None:
            cursor.execute(f"create role {ANALYST} login")
        hashed = encrypt_password(password, ANALYST, connection, "scram-sha-256")
        cursor.execute(f"alter role {ANALYST} login password %s", (hashed,))
        cursor.execute(f"grant bi_reader to {ANALYST}")
