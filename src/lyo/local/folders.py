"""The folders of the local mode: who may use them, how long their names may be, what a crash left in them."""

import hashlib
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from lyo.core.clock import now
from lyo.local.binaries import shared_home
from lyo.local.errors import LocalError
from lyo.local.process import ServerUser, may, private_folder

LONGEST_SOCKET_PATH = 103
"""In bytes: `sun_path` has 104 on macOS (108 on Linux), one of them for the final NUL."""
LONGEST_SOCKET_NAME = 24
TAIL_LINES = 2
LEFTOVER_SECONDS = 5.0


def check_socket_folder(folder: Path, name: str) -> None:
    """Raise `LocalError` if the socket `name` in `folder` would have too long a path."""
    if len(os.fsencode(folder / name)) > LONGEST_SOCKET_PATH:
        raise LocalError(f"The path of {folder} is too long for a socket: choose a shorter folder with --data-dir.")


def socket_folder(data_dir: Path, user: ServerUser | None) -> Path:
    """A folder of mode 0700 for sockets: in the data folder if its path is short enough and `user` gets there."""
    near = data_dir / "run"
    if len(os.fsencode(near)) + LONGEST_SOCKET_NAME <= LONGEST_SOCKET_PATH:
        private_folder(near, user)
        if user is None or may(user, "rwx", near):
            return near
        with suppress(OSError):
            near.rmdir()
    name = hashlib.sha256(os.fsencode(data_dir.resolve())).hexdigest()[:12]
    if user is not None:
        (shared_home(user) / "run").mkdir(mode=0o755, exist_ok=True)
        return private_folder(shared_home(user) / "run" / name, user)
    return private_folder(Path(tempfile.gettempdir()) / f"lyo-{os.geteuid()}-{name}", user)


def servers_folder(data_dir: Path, user: ServerUser | None) -> Path:
    """The folder that holds the database's own: the data folder itself wherever `user` can reach it.

    Root's servers run as `nobody`, which cannot enter a home of mode 0700. Nothing is opened for it: the database then
    lives under a folder that it can reach, and the link `servers` in the data folder shows where.
    """
    link = data_dir / "servers"
    if user is None or (data_dir / "postgres").exists():
        return data_dir
    if link.is_symlink() and link.exists():
        return link.resolve()
    with tempfile.TemporaryDirectory(dir=data_dir, prefix=".try-") as probe:
        private_folder(Path(probe), user)
        if may(user, "rwx", Path(probe)):
            return data_dir
    homes = shared_home(user) / "servers"
    homes.mkdir(mode=0o755, exist_ok=True)
    away = homes / hashlib.sha256(os.fsencode(data_dir.resolve())).hexdigest()[:16]
    if away.exists():
        # Its data folder was removed and made anew: the old database is not shown in it, and not destroyed either.
        away.rename(away.with_name(f"{away.name}.{now():%Y%m%dT%H%M%S}"))
    away.mkdir(mode=0o755)
    link.unlink(missing_ok=True)
    link.symlink_to(away)
    return away


@contextmanager
def scratch_folder(user: ServerUser | None) -> Generator[Path]:
    """A throw-away folder with a short path that `user` can enter."""
    with tempfile.TemporaryDirectory(prefix="lyo-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        if user is None or may(user, "rx", folder):
            yield folder
            return
    with tempfile.TemporaryDirectory(prefix="tmp-", dir=shared_home(user)) as name:
        Path(name).chmod(0o755)
        yield Path(name)


def require_space(folder: Path, megabytes: int) -> None:
    """Raise `LocalError` if the disk of `folder` has less free than that."""
    free = shutil.disk_usage(folder).free // 1_000_000
    if free < megabytes:
        raise LocalError(
            f"The disk of {folder} has {free} MB free and Lyo needs {megabytes} MB there: free some space, or choose "
            "another folder with --data-dir."
        )


def end_leftovers(folder: Path, number: signal.Signals) -> None:
    """End the processes that still work in `folder` (its servers have it as their working folder), and wait for that.

    They are those of a `lyo up` that was killed. Only Linux can tell; elsewhere the caller's retries must do.
    """
    limit = time.monotonic() + LEFTOVER_SECONDS
    while leftovers := _working_in(folder):
        late = time.monotonic() > limit
        for pid in leftovers:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL if late else number)
        time.sleep(0.1)


def log_tail(log: str) -> str:
    """The last lines of a server's log on one line, without what stands before the message, ending in a full stop."""
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    telling = [line for line in lines if "FATAL:" in line or "PANIC:" in line or "rror" in line] or lines
    said = [line.split("] ", 1)[-1].removeprefix("Error: ") for line in telling[-TAIL_LINES:]]
    return f"“{' '.join(said).rstrip('.') or 'nothing'}”."


def _working_in(folder: Path) -> list[int]:
    found: list[int] = []
    for entry in Path("/proc").glob("[0-9]*/cwd"):
        with suppress(OSError):
            if entry.readlink() == folder.resolve():
                found.append(int(entry.parent.name))
    return found
