"""The life of the embedded PostgreSQL, with the real one."""

import os
import signal
import time
from collections.abc import Generator
from pathlib import Path

import psycopg
import pytest
from local.driving import eventually, remains

from lyo.local import postgres
from lyo.local.errors import LocalError
from lyo.local.folders import check_socket_folder, scratch_folder, socket_folder
from lyo.local.postgres import postgres_server
from lyo.local.process import server_user
from lyo.local.temporary import temporary_servers


@pytest.fixture
def folder() -> Generator[Path]:
    with scratch_folder(server_user()) as path:
        yield path


def ask(url: str, query: str) -> object:
    with psycopg.connect(url) as connection:
        row = connection.execute(query.encode()).fetchone()
    assert row
    return row[0]


def test_a_temporary_pair_is_private_ordinary_and_gone_afterwards() -> None:
    with temporary_servers() as servers:
        folder = Path(servers.redis_url.removeprefix("unix://")).parents[1]
        assert ask(servers.database_url, "SHOW listen_addresses") == ""
        assert ask(servers.database_url, "SHOW data_checksums") == "on"
        assert ask(servers.database_url, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user") is False
        assert ask(servers.database_url, "SELECT '[1,2]'::vector <-> '[1,3]'::vector") == 1
        assert ask(servers.database_url, "SELECT datlocale FROM pg_database WHERE datname = 'lyo'") == "C.UTF-8"
        assert {path.stat().st_mode & 0o777 for path in (folder / "run", folder / "valkey", folder / "postgres")} == {
            0o700
        }
        assert remains(folder)
    assert remains(folder) == []
    assert not folder.exists()


def test_what_was_committed_survives_a_killed_server(folder: Path) -> None:
    with postgres_server(folder / "data", folder / "run") as url:
        assert ask(url, "SHOW fsync") == "on"
        with psycopg.connect(url) as connection:
            connection.execute("CREATE TABLE kept (n int)")
            connection.execute("INSERT INTO kept VALUES (42)")
        postmaster = int((folder / "data" / "postmaster.pid").read_text().split()[0])
        os.kill(postmaster, signal.SIGKILL)
    # At once: the dead server's lock files are still there, and perhaps its last processes.
    assert (folder / "data" / "postmaster.pid").exists()
    with postgres_server(folder / "data", folder / "run", durable=False) as url:
        assert ask(url, "SELECT n FROM kept") == 42
    assert remains(folder) == []


def test_a_server_that_somebody_left_running_is_ended_first(folder: Path) -> None:
    with postgres_server(folder / "data", folder / "run", durable=False):
        before = (folder / "data" / "postmaster.pid").read_text().split()[0]
        with postgres_server(folder / "data", folder / "run", durable=False) as url:
            assert ask(url, "SELECT 1") == 1
            assert (folder / "data" / "postmaster.pid").read_text().split()[0] != before


def test_settings_of_ones_own_count(folder: Path) -> None:
    with postgres_server(folder / "data", folder / "run", durable=False) as url:
        assert ask(url, "SHOW work_mem") == "8MB"
    (folder / "data" / "local.conf").write_text("work_mem = 9MB\n")
    (folder / "data" / "local.conf").chmod(0o644)
    with postgres_server(folder / "data", folder / "run", durable=False) as url:
        assert ask(url, "SHOW work_mem") == "9MB"


def test_a_half_made_folder_of_a_killed_initdb_is_made_anew(folder: Path) -> None:
    (folder / "data.new").mkdir()
    (folder / "data.new" / "PG_VERSION").write_text("18\n")
    with postgres_server(folder / "data", folder / "run", durable=False) as url:
        assert ask(url, "SELECT 1") == 1
    assert not (folder / "data.new").exists()


def test_a_stop_is_quick_though_a_client_is_connected(folder: Path) -> None:
    with postgres_server(folder / "data", folder / "run", durable=False) as url:
        connection = psycopg.connect(url)
        began = time.monotonic()
    assert time.monotonic() - began < postgres.STOP_SECONDS
    with pytest.raises(psycopg.OperationalError):
        connection.execute("SELECT 1")
    connection.close()


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("PG_VERSION", "15\n", "says it is of PostgreSQL 15, and Lyo runs 18"),
        ("PG_VERSION", "\x1b[31m", "says it is of PostgreSQL ??31?, and Lyo runs 18"),
        ("holiday.jpg", "", "is no whole database"),
    ],
)
def test_a_folder_of_something_else_is_left_alone(folder: Path, name: str, content: str, says: str) -> None:
    data = folder / "data"
    data.mkdir()
    (data / name).write_text(content)
    with pytest.raises(LocalError) as refused, postgres_server(data, folder / "run", durable=False):
        pass
    assert says in str(refused.value)
    assert [path.name for path in data.iterdir()] == [name]


def test_a_damaged_folder_is_explained_by_the_servers_own_words(folder: Path) -> None:
    with postgres_server(folder / "data", folder / "run", durable=False):
        pass
    (folder / "data" / "global" / "pg_control").unlink()
    with pytest.raises(LocalError, match=r"it says: “.*pg_control"), postgres_server(folder / "data", folder / "run"):
        pass
    assert remains(folder) == []


def test_a_long_path_moves_the_sockets_and_not_the_data(folder: Path) -> None:
    deep = folder / ("d" * 90)
    deep.mkdir()
    user = server_user()
    sockets = socket_folder(deep, user)
    try:
        assert sockets.parent != deep
        check_socket_folder(sockets, postgres.SOCKET_NAME)
        with pytest.raises(LocalError, match="too long for a socket"):
            check_socket_folder(deep / "run", postgres.SOCKET_NAME)
        with postgres_server(deep / "data", sockets, durable=False) as url:
            assert ask(url, "SELECT 1") == 1
    finally:
        for left in sockets.iterdir():
            left.unlink()
        sockets.rmdir()


def test_it_ends_when_the_process_that_started_it_is_killed(folder: Path) -> None:
    child = os.fork()
    if child == 0:
        with postgres_server(folder / "data", folder / "run", durable=False):
            (folder / "ready").touch()
            time.sleep(300)
        os._exit(1)
    eventually((folder / "ready").exists, seconds=60)
    assert len(remains(folder)) > 1
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    eventually(lambda: remains(folder) == [], seconds=10)
