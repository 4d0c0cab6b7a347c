"""`lyo up` as a process: it serves, it mends itself, it ends cleanly, and it refuses with one sentence."""

import os
import shutil
import signal
import socket
import time
from collections.abc import Generator
from contextlib import suppress
from functools import partial
from pathlib import Path

import httpx2
import psycopg
import pytest
from local.driving import Driven, driven, eventually, refused, remains, start

from lyo.local.folders import scratch_folder, servers_folder
from lyo.local.process import server_user
from lyo.local.temporary import temporary_servers

pytestmark = pytest.mark.skipif(not Path("/proc/self").exists(), reason="finds its processes in /proc")


@pytest.fixture
def data_dir() -> Generator[Path]:
    """Not tmp_path: for root its parents are closed to the servers' user, which one test below looks at alone."""
    with scratch_folder(server_user()) as folder:
        yield folder / "data"


def starts(up: Driven) -> int:
    with psycopg.connect(up.api()["database"]) as connection:
        row = connection.execute("SELECT count(*) FROM starts").fetchone()
    assert row
    return int(row[0])


def processes(up: Driven, words: str) -> list[int]:
    """The processes of this `lyo up` whose command line has the words."""
    found: list[int] = []
    for pid in remains(up.data_dir):
        with suppress(OSError):
            if words.encode() in Path(f"/proc/{pid}/cmdline").read_bytes():
                found.append(pid)
    return found


def runs(up: Driven, words: str) -> bool:
    return len(processes(up, words)) == 1


def pid_of(up: Driven, words: str) -> int:
    """The one of them."""
    found = processes(up, words)
    assert len(found) == 1, (words, found)
    return found[0]


def test_it_prints_one_line_and_ends_cleanly_and_finds_its_data_again(data_dir: Path) -> None:
    for times, number in enumerate((signal.SIGTERM, signal.SIGINT, signal.SIGHUP), start=1):
        with driven(data_dir) as up:
            assert up.output.strip() == f"Lyo is ready at {up.base_url}"
            assert starts(up) == times
            began = time.monotonic()
            up.process.send_signal(number)
            assert up.process.wait(15) == 0
            assert time.monotonic() - began < 10
            assert remains(data_dir) == []


def test_each_killed_child_is_started_again(data_dir: Path) -> None:
    with driven(data_dir) as up:
        # The watchdog's end is noticed when there is next something to tell it: here the end of the next one.
        for words in ("watchdog.py", "bin/postgres", "valkey-server", "standin.py\0api", "standin.py\0worker"):
            os.kill(pid_of(up, words), signal.SIGKILL)
        for words in ("watchdog.py", "bin/postgres", "valkey-server", "standin.py\0api", "standin.py\0worker"):
            eventually(partial(runs, up, words))
        eventually(lambda: answers(up))
        assert up.process.poll() is None
    assert remains(data_dir) == []


def answers(up: Driven) -> bool:
    try:
        return starts(up) == 1
    except (httpx2.TransportError, psycopg.OperationalError):
        return False


@pytest.mark.parametrize("also", [(), ("watchdog.py",)])
def test_a_killed_supervisor_leaves_nothing_and_the_next_start_has_the_data(
    data_dir: Path, also: tuple[str, ...]
) -> None:
    with driven(data_dir) as up:
        for pid in [pid_of(up, words) for words in also]:
            os.kill(pid, signal.SIGKILL)
        up.process.kill()
        up.process.wait(5)
        if not also:  # at once: it must wait for what is still ending
            with driven(data_dir) as again:
                assert starts(again) == 2
        eventually(lambda: remains(data_dir) == [], seconds=6)
    with driven(data_dir) as up:
        assert starts(up) == (2 if also else 3)


def test_children_that_ignore_the_signal_are_killed_with_their_own_children(data_dir: Path) -> None:
    with driven(data_dir, "stubborn") as up:
        began = time.monotonic()
        up.process.terminate()
        assert up.process.wait(15) == 0
        assert time.monotonic() - began < 10
        assert remains(data_dir) == []


def test_a_killed_supervisor_takes_stubborn_children_with_it(data_dir: Path) -> None:
    with driven(data_dir, "stubborn") as up:
        up.process.kill()
        up.process.wait(5)
        eventually(lambda: remains(data_dir) == [], seconds=8)


def test_warnings_reach_the_terminal_and_other_lines_only_the_log(data_dir: Path) -> None:
    with driven(data_dir, "warns") as up:
        eventually(lambda: "the shelf is empty" in up.output)
        assert "nothing to see" not in up.output
        assert "nothing to see" in (data_dir / "logs" / "worker.log").read_text()


def test_a_model_server_that_fails_does_not_stop_the_rest(data_dir: Path) -> None:
    with driven(data_dir, "model-fails") as up:
        assert starts(up) == 1
        eventually(lambda: "model ended with exit code 1; it starts again" in up.output)


def test_servers_that_the_settings_name_are_used(data_dir: Path) -> None:
    with temporary_servers() as servers:
        named = {"DATABASE_URL": servers.database_url, "REDIS_URL": servers.redis_url}
        with driven(data_dir, env=named) as up:
            assert up.api()["database"] == servers.database_url
            assert not (data_dir / "postgres").exists()
        with psycopg.connect(servers.database_url) as connection:
            assert connection.execute("SELECT count(*) FROM starts").fetchone() == (1,)


def test_a_port_in_use(data_dir: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        assert f"Port {port} of 127.0.0.1 is in use" in refused(data_dir, port=port)
    assert remains(data_dir) == []


def test_a_data_folder_in_use(data_dir: Path) -> None:
    with driven(data_dir) as up:
        sentence = refused(data_dir)
        assert f"in use by another `lyo up`, process {up.process.pid}" in sentence
        assert starts(up) == 1


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    assert "cannot be written" in refused(file / "data")


def test_a_damaged_database_folder(data_dir: Path) -> None:
    with driven(data_dir):
        pass
    (data_dir / "postgres" / "global" / "pg_control").write_bytes(b"\0" * 8192)
    sentence = refused(data_dir)
    assert f"PostgreSQL cannot start on {data_dir}/postgres; it says: “" in sentence
    assert "restore it from a backup" in sentence
    assert remains(data_dir) == []


@pytest.mark.parametrize("what", ["migrate", "api"])
def test_a_child_that_cannot_start_is_reported_in_its_own_words(data_dir: Path, what: str) -> None:
    sentence = refused(data_dir, f"{what}-fails")
    assert f"`lyo {what}` ended before it was ready; it says: “the {what} does not like it here”." in sentence
    assert remains(data_dir) == []


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("DATABASE_URL", "postgresql://lyo:hunter2@127.0.0.1:{port}/lyo", "PostgreSQL cannot be reached"),
        ("REDIS_URL", "redis://:hunter2@127.0.0.1:{port}/0", "the server cannot be reached"),
    ],
)
def test_a_broken_address(data_dir: Path, name: str, value: str, says: str) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # taken and not listening: nothing else can answer there
        sentence = refused(data_dir, env={name: value.format(port=nobody.getsockname()[1])})
    assert f"Error: {name}" in sentence
    assert says in sentence
    assert "hunter2" not in sentence


def test_ended_while_it_starts_it_leaves_nothing(data_dir: Path) -> None:
    up = start(data_dir)
    eventually((data_dir / "logs" / "postgres.log").exists)
    up.process.terminate()
    assert up.process.wait(15) == 0
    assert up.output == ""
    up.printed.unlink()
    assert remains(data_dir) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's servers run as somebody else")
def test_root_with_a_data_folder_that_the_servers_cannot_reach(tmp_path: Path) -> None:
    data_dir = tmp_path / "closed" / "data"
    data_dir.parent.mkdir(mode=0o700)
    with driven(data_dir) as up:
        away = servers_folder(data_dir, server_user())
        try:
            assert f"The database is in {away}" in up.output
            assert starts(up) == 1
            assert data_dir.parent.stat().st_mode & 0o777 == 0o700
            up.process.terminate()
            assert up.process.wait(15) == 0
            with driven(data_dir) as again:
                assert starts(again) == 2
        finally:
            up.process.terminate()
            up.process.wait(15)
            shutil.rmtree(away)
