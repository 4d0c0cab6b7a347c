"""The claim on a data folder: one `lyo up` at a time, on a folder that can be written."""

import fcntl
import os
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from lyo.local.errors import LocalError

ENDING_SECONDS = 12.0
"""The watchdog of a killed `lyo up` ends its children well within that."""


@contextmanager
def claimed(data_dir: Path) -> Generator[int]:
    """Hold the folder, made where it is missing. Yields the descriptor of a second lock, for the watchdog to inherit.

    Raises `LocalError` if the folder cannot be written or is held by another process.
    """
    try:
        _make(data_dir)
        holder, children = (_open(data_dir / name) for name in ("lyo.lock", "children.lock"))
    except OSError as error:
        raise LocalError(unusable(data_dir, error)) from None
    try:
        if not _lock(holder):
            who = os.pread(holder, 32, 0).decode(errors="replace").strip()
            raise LocalError(
                f"The data folder {data_dir} is in use by another `lyo up`, process {who or '?'}: stop that one, or "
                "choose another folder with --data-dir."
            )
        os.ftruncate(holder, 0)
        os.pwrite(holder, f"{os.getpid()}\n".encode(), 0)
        _await_the_end(children, data_dir)
        yield children
    finally:
        os.close(children)
        os.close(holder)


def unusable(data_dir: Path, error: OSError) -> str:
    """One sentence for a data folder that the system does not let us use."""
    why = (error.strerror or "error").lower()
    what = f": {error.filename}" if error.filename and str(error.filename) != str(data_dir) else ""
    return (
        f"The data folder {data_dir} cannot be written ({why}{what}): give yourself the right "
        "to, or choose another folder with --data-dir."
    )


def secret(data_dir: Path) -> str:
    """The random secret that signs this folder's tokens: made once, readable by us alone."""
    file = data_dir / "jwt-secret"
    if not file.exists():
        fresh = data_dir / f"jwt-secret.{os.getpid()}"
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.write(descriptor, os.urandom(32).hex().encode())
        os.close(descriptor)
        fresh.replace(file)
    return file.read_text().strip()


def _make(data_dir: Path) -> None:
    data_dir.mkdir(mode=0o755, parents=True, exist_ok=True)
    probe = data_dir / f".probe.{os.getpid()}"
    probe.touch()
    probe.unlink()


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)


def _lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _await_the_end(children: int, data_dir: Path) -> None:
    limit = time.monotonic() + ENDING_SECONDS
    while not _lock(children):
        if time.monotonic() > limit:
            raise LocalError(f"Processes of an earlier `lyo up` on {data_dir} are still ending: try again in a moment.")
        time.sleep(0.05)
