"""The life of an embedded Valkey. It is a doorbell: it keeps nothing on disk and may be emptied at any moment."""

import signal
import socket
import subprocess
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lyo.local.binaries import Binaries, find_valkey
from lyo.local.errors import LocalError
from lyo.local.folders import check_socket_folder, log_tail
from lyo.local.process import ServerUser, launch_argv, private_folder, server_env, server_user, wait_ended

SOCKET_NAME = "valkey.sock"
START_SECONDS = 10.0
STOP_SECONDS = 1.5
ANSWER_SECONDS = 2.0
BLOCKING_COMMANDS = ("brpop", "blpop", "bzpopmin", "bzmpop", "blmove", "blmpop")
MAXIMUM_MEMORY = "256mb"
"""Queued names of jobs are bytes each. Beyond it writes fail and the outbox tries again; nothing is evicted."""


@dataclass(frozen=True, slots=True)
class Valkey:
    """An embedded server and where its socket is."""

    binaries: Binaries
    user: ServerUser | None
    socket_dir: Path

    @property
    def socket(self) -> Path:
        """The unix socket, the only way in."""
        return self.socket_dir / SOCKET_NAME

    @property
    def url(self) -> str:
        """The address in redis-py's form."""
        return f"unix://{self.socket}"

    @property
    def argv(self) -> tuple[str, ...]:
        """The server's command line; it runs in the foreground and logs to stdout."""
        options = {
            "--port": "0",
            "--unixsocket": str(self.socket),
            "--unixsocketperm": "700",
            "--save": "",
            "--appendonly": "no",
            "--maxmemory": MAXIMUM_MEMORY,
            "--maxmemory-policy": "noeviction",
            "--dir": str(self.socket_dir),
            "--loglevel": "warning",
        }
        return (self.binaries.path(self.binaries.server), *(word for pair in options.items() for word in pair))


def prepare(server: Valkey) -> None:
    """Clear the socket that a crash left behind."""
    check_socket_folder(server.socket_dir, SOCKET_NAME)
    server.socket.unlink(missing_ok=True)


def accepts(server: Valkey) -> bool:
    """Whether the server answers."""
    return _ask(server, b"PING") == b"PONG"


def has_listener(server: Valkey) -> bool:
    """Whether a worker waits for jobs: some client is in a blocking read of a queue."""
    return any(f" cmd={command} ".encode() in _ask(server, b"CLIENT LIST") for command in BLOCKING_COMMANDS)


def _ask(server: Valkey, command: bytes) -> bytes:
    """One short command and its answer, empty if there is none."""
    # By hand, because importing redis-py takes longer than the whole start of this server.
    try:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(ANSWER_SECONDS)
            client.connect(str(server.socket))
            client.sendall(command + b"\r\n")
            with client.makefile("rb") as answer:
                first = answer.readline().strip()
                return answer.read(int(first[1:])) if first.startswith(b"$") else first[1:]
    except OSError:
        return b""


def explain(log: str) -> str:
    """One sentence for a server that ended before it was ready, from the end of its log."""
    return f"Valkey cannot start; it says: {log_tail(log)} Mend that, or set REDIS_URL to a server of your own."


@contextmanager
def valkey_server(socket_dir: Path) -> Generator[str]:
    """A running server with its socket in `socket_dir` (made where it is missing); yields its address.

    It ends with the block, or with the thread that entered it.
    """
    user = server_user()
    server = Valkey(find_valkey(user), user, private_folder(socket_dir, user))
    prepare(server)
    log = socket_dir / "valkey.log"
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - our own argument list, no shell
            launch_argv(server.argv, user=user, death_signal=signal.SIGTERM),
            env=server_env(),
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _await(server, process, log)
        yield server.url
    finally:
        stop(process)


def stop(process: "subprocess.Popen[bytes]") -> None:
    """SIGTERM, then SIGKILL; there is nothing to lose."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        process.send_signal(number)
        if wait_ended(process, STOP_SECONDS):
            return


def _await(server: Valkey, process: "subprocess.Popen[bytes]", log: Path) -> None:
    limit = time.monotonic() + START_SECONDS
    while not accepts(server):
        if process.poll() is not None or time.monotonic() > limit:
            raise LocalError(explain(log.read_text(errors="replace")))
        time.sleep(0.02)
