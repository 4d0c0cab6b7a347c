"""Starting programs as the servers' user, tied to the life of this process."""

import os
import pwd
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lyo.local.errors import LocalError

UNPRIVILEGED = "nobody"
LAUNCHER = Path(__file__).with_name("launch.py")


@dataclass(frozen=True, slots=True)
class ServerUser:
    """The user that PostgreSQL and Valkey run as when we are root, which PostgreSQL refuses to be."""

    uid: int
    gid: int


def server_user() -> ServerUser | None:
    """`nobody` for root; None for everybody else: the servers then run as ourselves."""
    if os.geteuid() != 0:
        return None
    try:
        entry = pwd.getpwnam(UNPRIVILEGED)
    except KeyError:
        raise LocalError(
            f"PostgreSQL does not run as root and this system has no user `{UNPRIVILEGED}`: "
            "run Lyo as an ordinary user, or set DATABASE_URL and REDIS_URL to servers of your own."
        ) from None
    return ServerUser(entry.pw_uid, entry.pw_gid)


def launch_argv(argv: Sequence[str], *, user: ServerUser | None, death_signal: int) -> list[str]:
    """The command line that becomes `argv` (an absolute path first) as `user`.

    It gets `death_signal` when the *thread* that starts it ends: start it from a thread that lives as long as it shall.
    """
    who = f"{user.uid}:{user.gid}" if user else "-"
    return [sys.executable, "-I", "-S", str(LAUNCHER), who, str(int(death_signal)), str(os.getpid()), *argv]


def server_env() -> dict[str, str]:
    """The whole environment of a database server: none of ours, so that no PG* variable of the user leads it astray."""
    return {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}


def inherited_env() -> dict[str, str]:
    """A copy of our own environment, for a child of our own kind."""
    return dict(os.environ)  # noqa: TID251 - it is handed on, no setting is read from it


def run_as(user: ServerUser | None, argv: Sequence[str], *, timeout: float = 120) -> subprocess.CompletedProcess[str]:
    """Run a short program to its end as `user`, from the root folder (our own may be closed to it)."""
    return subprocess.run(  # noqa: S603 - our own argument list, no shell
        launch_argv(argv, user=user, death_signal=signal.SIGKILL),
        env=server_env(),
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        timeout=timeout,
        check=False,
    )


def may(user: ServerUser | None, what: str, *folders: Path) -> bool:
    """Whether `user` may do `what` (letters of `rwx`) in the folders: asked by a process of that user, not guessed."""
    return run_as(user, ["--may", what, *map(str, folders)], timeout=20).returncode == 0


def own(path: Path, user: ServerUser | None) -> None:
    """Give a file or folder to `user`."""
    if user is not None:
        os.chown(path, user.uid, user.gid)


def private_folder(path: Path, user: ServerUser | None) -> Path:
    """The folder, made where it is missing, of mode 0700 and owned by `user`. Its parents keep what they have."""
    path.mkdir(mode=0o700, exist_ok=True)
    status = path.lstat()
    if path.is_symlink() or status.st_uid not in {os.geteuid(), user.uid if user else os.geteuid()}:
        raise LocalError(f"The folder {path} belongs to another user: remove it, or choose another with --data-dir.")
    path.chmod(0o700)
    own(path, user)
    return path


def wait_ended(process: subprocess.Popen[bytes], seconds: float) -> bool:
    """Wait for the end of a process; False when it still runs after `seconds`."""
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return False
    return True
