"""The life of an embedded PostgreSQL: made by initdb, started, made ready, stopped.

It listens on a unix socket alone, in a folder of mode 0700, so whoever can open the socket is us (or root); that is
why `trust` is safe here. The database's owner, the role `lyo`, is no superuser, as in production.
"""

import re
import shutil
import signal
import subprocess
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import LiteralString

import psycopg

from lyo.local.binaries import POSTGRES_MAJOR, Binaries, find_postgres
from lyo.local.errors import LocalError
from lyo.local.folders import check_socket_folder, end_leftovers, log_tail
from lyo.local.process import ServerUser, launch_argv, own, private_folder, run_as, server_env, server_user, wait_ended

SOCKET_NAME = ".s.PGSQL.5432"
RETRY_ON = ("postmaster.pid", "shared memory block")
"""What the log says when a killed predecessor is not quite gone: worth another try."""
RETRY_SECONDS = 2.0
START_SECONDS = 60.0
"""Recovery after a crash replays at most `max_wal_size`, which takes seconds."""
STOP_SECONDS = 4.0

CONFIGURATION = """\
# Written by Lyo at each start. Settings of your own belong in local.conf beside this file.
listen_addresses = ''
unix_socket_directories = '{socket_dir}'
unix_socket_permissions = 0700
max_connections = 100
shared_buffers = 64MB
work_mem = 8MB
maintenance_work_mem = 64MB
effective_cache_size = 512MB
# One small machine: nothing replicates, and helper processes cost more memory than they save time.
wal_level = minimal
max_wal_senders = 0
min_wal_size = 64MB
max_wal_size = 256MB
io_method = sync
max_worker_processes = 2
max_parallel_workers_per_gather = 0
autovacuum_max_workers = 1
jit = off
fsync = {fsync}
full_page_writes = {fsync}
log_destination = 'stderr'
log_line_prefix = '%m [%p] '
log_min_messages = warning
log_checkpoints = off
timezone = 'UTC'
log_timezone = 'UTC'
include_if_exists = 'local.conf'
"""
ACCESS = (
    "# Written by Lyo at each start: the socket's folder, of mode 0700, decides who may come in.\nlocal all all trust\n"
)


@dataclass(frozen=True, slots=True)
class Postgres:
    """An embedded server: where it lives, and how it is started. `durable=False` is for tests alone: no fsync."""

    binaries: Binaries
    user: ServerUser | None
    data_dir: Path
    socket_dir: Path
    durable: bool = True

    @property
    def url(self) -> str:
        """The address of the database `lyo` as its owner; the port is named lest PGPORT changes it."""
        return f"postgresql://lyo@/lyo?host={self.socket_dir}&port=5432"

    @property
    def argv(self) -> tuple[str, ...]:
        """The server's command line; it runs in the foreground and logs to stderr."""
        return (self.binaries.path(self.binaries.server), "-D", str(self.data_dir))


def prepare(server: Postgres) -> None:
    """Make the data folder where there is none, write the configuration, and clear what a crash left behind.

    Whoever calls holds the folder (there is no other `lyo up` on it). Raises `LocalError` on a folder that is not ours
    or was damaged.
    """
    check_socket_folder(server.socket_dir, SOCKET_NAME)
    _check_version(server.data_dir)
    if not (server.data_dir / "PG_VERSION").exists():
        _initdb(server)
    end_leftovers(server.data_dir, signal.SIGINT)
    # No process is left, so these are stale; PostgreSQL would believe a process id that another program has by now.
    (server.data_dir / "postmaster.pid").unlink(missing_ok=True)
    for name in (SOCKET_NAME, f"{SOCKET_NAME}.lock"):
        (server.socket_dir / name).unlink(missing_ok=True)
    fsync = "on" if server.durable else "off"
    _write(server, "postgresql.conf", CONFIGURATION.format(socket_dir=server.socket_dir, fsync=fsync))
    _write(server, "pg_hba.conf", ACCESS)


def accepts(server: Postgres) -> bool:
    """Whether the server takes connections, with the role, the database and pgvector made where they are missing.

    False while it starts or recovers. Raises `LocalError` when this PostgreSQL has no pgvector.
    """
    try:
        with _connect(server, "postgres") as connection:
            _ensure(connection, "SELECT 1 FROM pg_roles WHERE rolname = 'lyo'", "CREATE ROLE lyo LOGIN CREATEDB")
            _ensure(connection, "SELECT 1 FROM pg_database WHERE datname = 'lyo'", "CREATE DATABASE lyo OWNER lyo")
        with _connect(server, "lyo") as connection:
            _ensure(connection, "SELECT 1 FROM pg_extension WHERE extname = 'vector'", "CREATE EXTENSION vector")
    except (psycopg.errors.FeatureNotSupported, psycopg.errors.UndefinedFile):
        raise LocalError(
            f"The PostgreSQL in {server.binaries.folder} has no pgvector: install the system's package of it "
            f"(postgresql-{POSTGRES_MAJOR}-pgvector), or Lyo's local parts (`make setup`)."
        ) from None
    except psycopg.OperationalError:
        return False
    return True


def explain(server: Postgres, log: str) -> str:
    """One sentence for a server that ended before it was ready, from the end of its log."""
    return (
        f"PostgreSQL cannot start on {server.data_dir}; it says: {log_tail(log)} If the folder is damaged, restore it "
        "from a backup, or move it away to begin anew."
    )


@contextmanager
def postgres_server(data_dir: Path, socket_dir: Path, *, durable: bool = True) -> Generator[str]:
    """A running server on `data_dir` (made where it is missing); yields the address of its database `lyo`.

    Both folders, or their parents, must be reachable by the servers' user (`lyo.local.process.server_user`). It ends
    with the block, or with the thread that entered it. The role may create databases, for templates in tests.
    """
    user = server_user()
    server = Postgres(find_postgres(user), user, data_dir, private_folder(socket_dir, user), durable)
    prepare(server)
    log = socket_dir / "postgres.log"
    process = _started(server, log)
    try:
        yield server.url
    finally:
        stop(process)


def stop(process: "subprocess.Popen[bytes]") -> None:
    """Fast stop (SIGINT), then immediate (SIGQUIT), then SIGKILL; each is safe for the data."""
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
        process.send_signal(number)
        if wait_ended(process, STOP_SECONDS):
            return


def _started(server: Postgres, log: Path) -> "subprocess.Popen[bytes]":
    began = time.monotonic()
    while True:
        process = _spawn(server, log)
        try:
            if _became_ready(server, process, began + START_SECONDS):
                return process
        except BaseException:
            stop(process)
            raise
        words = log.read_text(errors="replace")
        if time.monotonic() - began > RETRY_SECONDS or not any(hint in words for hint in RETRY_ON):
            raise LocalError(explain(server, words))
        time.sleep(0.1)


def _became_ready(server: Postgres, process: "subprocess.Popen[bytes]", limit: float) -> bool:
    while process.poll() is None:
        if accepts(server):
            return True
        if time.monotonic() > limit:
            raise LocalError(f"PostgreSQL on {server.data_dir} was not ready after {START_SECONDS:.0f} s.")
        time.sleep(0.02)
    return False


def _spawn(server: Postgres, log: Path) -> "subprocess.Popen[bytes]":
    with log.open("wb") as output:
        return subprocess.Popen(  # noqa: S603 - our own argument list, no shell
            launch_argv(server.argv, user=server.user, death_signal=signal.SIGINT),
            env=server_env(),
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def _initdb(server: Postgres) -> None:
    """Beside its place first, so that a killed initdb leaves no half folder that looks like a whole one."""
    fresh = server.data_dir.with_name(f"{server.data_dir.name}.new")
    if fresh.exists():
        end_leftovers(fresh, signal.SIGKILL)
        shutil.rmtree(fresh)
    private_folder(fresh, server.user)
    options = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", "--encoding=UTF8"]
    options += ["--data-checksums", "--auth=trust", "--username=postgres", "--no-instructions"]
    options += [] if server.durable else ["--no-sync"]
    answer = run_as(server.user, [server.binaries.path("initdb"), "-D", str(fresh), *options])
    if answer.returncode != 0:
        shutil.rmtree(fresh, ignore_errors=True)
        raise LocalError(
            f"PostgreSQL could not make its folder {server.data_dir}; it says: {log_tail(answer.stdout)} "
            "Mend that, or choose another folder with --data-dir."
        )
    if server.data_dir.exists():
        server.data_dir.rmdir()
    fresh.rename(server.data_dir)


def _check_version(data_dir: Path) -> None:
    file = data_dir / "PG_VERSION"
    if not file.exists():
        if data_dir.is_dir() and any(data_dir.iterdir()):
            raise LocalError(
                f"The folder {data_dir} is not empty and is no whole database (PG_VERSION is missing): restore it from "
                "a backup, or move it away to begin anew."
            )
        return
    major = re.sub(r"[^0-9.]", "?", file.read_text(errors="replace").strip())[:10]
    if major != str(POSTGRES_MAJOR):
        raise LocalError(
            f"The database in {data_dir} says it is of PostgreSQL {major or '?'}, and Lyo runs {POSTGRES_MAJOR}: dump "
            "it with the old version and load it into a new folder, or choose another with --data-dir."
        )


def _write(server: Postgres, name: str, text: str) -> None:
    path = server.data_dir / name
    fresh = path.with_name(f"{name}.new")
    fresh.write_text(text)
    fresh.chmod(0o600)
    own(fresh, server.user)
    fresh.replace(path)


def _connect(server: Postgres, database: str) -> "psycopg.Connection[tuple[object, ...]]":
    return psycopg.connect(
        host=str(server.socket_dir), port=5432, user="postgres", dbname=database, connect_timeout=5, autocommit=True
    )


def _ensure(connection: "psycopg.Connection[tuple[object, ...]]", check: LiteralString, make: LiteralString) -> None:
    if connection.execute(check).fetchone() is None:
        connection.execute(make)
