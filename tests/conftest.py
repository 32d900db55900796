"""One embedded server for the whole test run; a database of its own, with all rooms, for every test."""

import os
import re
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import psycopg2
import pytest
from psycopg2.extensions import connection as Connection

from pipelines.children import collect_rarely
from pipelines.settings import Settings, load_settings
from pipelines.warehouse import connect, embedded, rooms

VARIABLE = "YIHU_TEST_VAR"  # the controller names the folder, the workers inherit it
TEMPLATE = "yihu_template"
OWNER = pytest.StashKey[bool]()


def pytest_configure(config: pytest.Config) -> None:
    collect_rarely()
    config.stash[OWNER] = not hasattr(config, "workerinput") and VARIABLE not in os.environ
    if config.stash[OWNER]:
        begin_run()


def pytest_unconfigure(config: pytest.Config) -> None:
    if config.stash.get(OWNER, False):
        end_run()


def begin_run() -> Path:
    """Make the folder that all of this run's tests share; its server comes with ``shared_server``."""
    _sweep()
    folder = Path(tempfile.mkdtemp(prefix=f"yihu-tests-{os.getpid()}-"))
    folder.chmod(0o755)  # the server's user must pass through
    os.environ[VARIABLE] = str(folder)
    return folder


def end_run() -> None:
    """Stop the run's server and remove its folder."""
    _remove(_shared())
    del os.environ[VARIABLE]


def _remove(settings: Settings) -> None:
    """Stop an installation's embedded server and remove all that it left, wherever it lay."""
    if (settings.var / "postgres.lock").exists():
        embedded.down(settings)
        shutil.rmtree(embedded.home(settings), ignore_errors=True)
        own = settings.var / "postgres.folder"
        if own.exists():
            shutil.rmtree(own.read_text(), ignore_errors=True)
    shutil.rmtree(settings.var, ignore_errors=True)


def _sweep() -> None:
    """Remove what runs left that were killed before they could tidy up."""
    for folder in Path(tempfile.gettempdir()).glob("yihu-tests-*-*"):
        with suppress(FileNotFoundError):  # another run may be sweeping, too
            if folder.stat().st_uid == os.geteuid() and not _is_alive(int(folder.name.split("-")[2])):
                _remove(load_settings({"YIHU_VAR": str(folder)}))


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def _shared() -> Settings:
    return load_settings({"YIHU_VAR": os.environ[VARIABLE]})


@pytest.fixture(scope="session")
def server() -> embedded.ServerInfo:
    """The run's server, shared by all workers; holds a template database with every room made."""
    return shared_server()


def shared_server() -> embedded.ServerInfo:
    """Start the run's server where it is down, and make its template database where it is missing."""
    shared = _shared()
    info = embedded.up(shared)
    with _administrator(info) as connection, connection.cursor() as cursor:
        cursor.execute("select pg_advisory_lock(1)")  # one worker prepares, the others wait
        cursor.execute("select from pg_catalog.pg_database where datname = %s", (TEMPLATE,))
        if cursor.fetchone() is None:
            for name in ("fsync", "synchronous_commit", "full_page_writes"):
                cursor.execute(f"alter system set {name} = off")  # a test database need not outlive a crash
            cursor.execute("select pg_reload_conf()")
            # a session opens at half the cost: dbt opens one a model, and the password is random
            cursor.execute("set scram_iterations = 1")
            cursor.execute("alter role current_user password %s", (info.password,))
            cursor.execute(f"create database {TEMPLATE}_draft template template0")
            with (
                connect(replace(shared, database_url=info.url(f"{TEMPLATE}_draft"))) as draft,
                draft.cursor() as own,
            ):
                own.execute("delete from ops.bank")  # each copy belongs to the bank that comes first
            cursor.execute(f"alter database {TEMPLATE}_draft rename to {TEMPLATE}")
    return info


@pytest.fixture
def own_installation() -> Iterator[Settings]:
    """Settings of an installation with an embedded server of its own, not yet made (a start takes 1 s)."""
    with _installation() as settings:
        yield settings


@pytest.fixture(scope="module")
def second_server() -> Iterator[embedded.ServerInfo]:
    """Somebody else's server, without our rooms, for the tests of one module."""
    with _installation() as settings:
        yield embedded.up(settings)


@contextmanager
def _installation() -> Iterator[Settings]:
    folder = Path(tempfile.mkdtemp(prefix="yihu-own-"))
    folder.chmod(0o755)
    settings = load_settings({"YIHU_VAR": str(folder / "var")})
    yield settings
    folder.chmod(0o755)
    _remove(settings)
    shutil.rmtree(folder)


@pytest.fixture
def make_settings(server: embedded.ServerInfo, tmp_path: Path) -> Iterator[Callable[..., Settings]]:
    """A factory of settings (``bank="demo", landing=None``), each of a bank of its own (see ``own_bank``)."""
    with ExitStack() as banks:

        def make(bank: str = "demo", landing: Path | None = None) -> Settings:
            var = tmp_path / f"var_{uuid.uuid4().hex[:16]}"
            return banks.enter_context(own_bank(server, var, bank, landing))

        yield make


@pytest.fixture
def settings(make_settings: Callable[..., Settings]) -> Settings:
    """Settings of the demo bank with a fresh database, all rooms made and empty."""
    return make_settings()


@pytest.fixture
def bank_database(settings: Settings) -> str:
    """The name of the fresh database of ``settings``."""
    return urlsplit(settings.database_url).path.strip("/")


@contextmanager
def own_bank(
    info: embedded.ServerInfo,
    var: Path,
    bank: str = "demo",
    landing: Path | None = None,
    template: str = TEMPLATE,
) -> Iterator[Settings]:
    """Settings of a bank with a new database on the shared server, which is dropped at the end.

    ``landing`` is ``<var>/<bank>/landing`` unless it is said; the database has all rooms, made and empty, or
    what the ``template`` holds.
    """
    name = f"yihu_test_{uuid.uuid4().hex[:16]}"
    create_database(info, name, template)
    try:
        yield bank_settings(info, name, var, bank, landing)
    finally:
        _copy_parses(var / bank, _shared().var / bank)
        drop_database(info, name)


def bank_settings(
    info: embedded.ServerInfo, database: str, var: Path, bank: str = "demo", landing: Path | None = None
) -> Settings:
    """Settings of a bank whose database lies on the shared server; ``var`` gets the server's secrets."""
    _share_secrets(var)
    _copy_parses(_shared().var / bank, var / bank)
    settings = load_settings({"YIHU_BANK": bank, "YIHU_VAR": str(var)})
    return replace(settings, landing=landing or settings.landing, database_url=info.url(database))


def create_database(info: embedded.ServerInfo, name: str, template: str = TEMPLATE) -> None:
    """Copy a database, under whoever is still connected to it; the grants on it are made again."""
    assert re.fullmatch(r"[a-z][a-z0-9_]*", name)
    with _administrator(info) as connection, connection.cursor() as cursor:
        # dbt in this process may have left a session open
        cursor.execute(
            "select pg_terminate_backend(pid, 5000) from pg_catalog.pg_stat_activity where datname = %s",
            (template,),
        )
        cursor.execute(f"create database {name} template {template}")
    with closing(psycopg2.connect(info.url(name))) as connection, connection:
        rooms.grant_database(connection)


def drop_database(info: embedded.ServerInfo, name: str) -> None:
    """Drop a database, under whoever is still connected to it."""
    with _administrator(info) as connection, connection.cursor() as cursor:
        cursor.execute(f"drop database if exists {name} with (force)")


def _share_secrets(var: Path) -> None:
    """The analyst is one login of the whole server: every installation on it must know the same password."""
    embedded.keep_secret(_shared(), "yihu_analyst")
    if not (var / "secrets").exists():
        (var / "secrets").mkdir(parents=True, mode=0o700)
        shutil.copy(_shared().var / "secrets" / "yihu_analyst", var / "secrets")


def _copy_parses(former: Path, to: Path) -> None:
    """dbt's parse of the project serves every bank of the run, in any process; a stale one is not read."""
    folder = Path("dbt") / "live"
    for parse in (former / folder).glob("parse_*.msgpack"):
        if not (to / folder / parse.name).exists():
            (to / folder).mkdir(parents=True, exist_ok=True)
            draft = to / folder / f"{parse.name}.{uuid.uuid4().hex}"
            draft.write_bytes(parse.read_bytes())
            draft.rename(to / folder / parse.name)


@contextmanager
def _administrator(info: embedded.ServerInfo) -> Iterator[Connection]:
    with closing(psycopg2.connect(info.url("postgres"))) as connection:
        connection.autocommit = True
        yield connection
