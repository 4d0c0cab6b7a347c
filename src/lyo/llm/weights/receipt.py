"""What is known of a file on this disk: its digest, and the note that saves working it out at each start."""

import hashlib
import json
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from pydantic import TypeAdapter

Progress = Callable[[int, int | None], None]
"""Told the bytes done so far and the total, None while unknown. May raise to stop the work."""

_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What changes when somebody writes to a file: cheap to look at, no proof of the content."""

    inode: int
    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class Receipt:
    """A digest that was worked out from the file itself, and where the file came from."""

    sha256: str
    size: int
    mtime_ns: int
    source: str
    revision: str | None

    def is_of(self, file: Fingerprint) -> bool:
        """Whether the file still has the size and the time of writing that it had when it was hashed."""
        return (self.size, self.mtime_ns) == (file.size, file.mtime_ns)


_RECEIPT = TypeAdapter(Receipt)


def fingerprint(path: Path) -> Fingerprint | None:
    """The fingerprint of the file at `path`, or None where there is none that we may look at."""
    try:
        status = path.stat()
    except OSError:
        return None
    return Fingerprint(status.st_ino, status.st_size, status.st_mtime_ns)


def hash_file(path: Path, progress: Progress) -> str:
    """The SHA-256 of the file's bytes, read from the disk, as hex."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        total = os.fstat(file.fileno()).st_size
        done = 0
        while block := file.read(_BLOCK):
            digest.update(block)
            done += len(block)
            progress(done, total)
    return digest.hexdigest()


def read_receipt(path: Path) -> Receipt | None:
    """The receipt at `path`; None where it is missing or was tampered into another shape."""
    try:
        return _RECEIPT.validate_json(path.read_bytes())
    except (OSError, ValueError):
        return None


def write_receipt(path: Path, receipt: Receipt) -> None:
    """Write `receipt` so that a crash leaves the old one or the new one, never half of one."""
    write_whole(path, json.dumps(asdict(receipt), indent=2).encode())


def write_whole(path: Path, content: bytes) -> None:
    """Replace the small file at `path` in one step, durably."""
    draft = path.with_name(f"{path.name}.{os.getpid()}.new")
    with draft.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    put_in_place(draft, path)


def put_in_place(draft: Path, path: Path) -> None:
    """Rename `draft` to `path` and see to it that the rename outlives a power cut."""
    draft.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        # Some file systems have no fsync of folders; the rename itself is atomic on all of them.
        with suppress(OSError):
            os.fsync(folder)
    finally:
        os.close(folder)
