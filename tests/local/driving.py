"""Starting `drive.py`, and looking for what it left."""

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs

import httpx2

from lyo.local.process import inherited_env

DRIVE = Path(__file__).with_name("drive.py")
MARK = "TEST_MARK"


@dataclass(frozen=True, slots=True)
class Driven:
    """A running `lyo up`. `output` is everything that it has printed so far, both streams."""

    process: "subprocess.Popen[bytes]"
    data_dir: Path
    printed: Path

    @property
    def output(self) -> str:
        return self.printed.read_text()

    @property
    def base_url(self) -> str:
        found = re.search(r"^Lyo is ready at (http://\S+)$", self.output, re.MULTILINE)
        assert found, self.output
        return found[1]

    def api(self) -> dict[str, str]:
        """What the stand-in API says of itself: `pid` and `database`."""
        answer = httpx2.get(self.base_url, timeout=5)
        return {name: values[0] for name, values in parse_qs(answer.text).items()}


def start(data_dir: Path, *habits: str, port: int = 0, env: Mapping[str, str] | None = None) -> Driven:
    """Start it, and wait for nothing."""
    descriptor, printed = tempfile.mkstemp(prefix="lyo-printed-")
    with os.fdopen(descriptor, "wb") as output:
        process = subprocess.Popen(
            [sys.executable, str(DRIVE), str(data_dir), str(port), *habits],
            env=inherited_env() | {MARK: str(data_dir), "LYO_SOURCES": "library"} | dict(env or {}),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    return Driven(process, data_dir, Path(printed))


@contextmanager
def driven(data_dir: Path, *habits: str, env: Mapping[str, str] | None = None) -> Generator[Driven]:
    """`lyo up`, ready; ended with the block and all that is left of it."""
    up = start(data_dir, *habits, env=env)
    try:
        eventually(lambda: "Lyo is ready at" in up.output or up.process.poll() is not None, seconds=60)
        assert up.process.poll() is None, up.output
        yield up
    finally:
        up.process.terminate()
        up.process.wait(30)
        for pid in remains(data_dir):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        up.printed.unlink()


def refused(data_dir: Path, *habits: str, port: int = 0, env: Mapping[str, str] | None = None) -> str:
    """Start it, expect it to give up and to leave no process; returns the one line that it printed."""
    up = start(data_dir, *habits, port=port, env=env)
    code = up.process.wait(60)
    lines = up.output.strip().splitlines()
    assert code == 1, up.output
    assert len(lines) == 1, up.output
    up.printed.unlink()
    assert lines[0].startswith("Error: ")
    assert lines[0].endswith(".")
    return lines[0]


def remains(data_dir: Path) -> list[int]:
    """The processes that have to do with the data folder: by command line, environment or working folder."""
    name, found = os.fsencode(data_dir), list[int]()
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            seen = (
                (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes() + bytes((entry / "cwd").readlink())
            )
            if name in seen and int(entry.name) != os.getpid():
                found.append(int(entry.name))
    return found


def eventually(holds: Callable[[], bool], *, seconds: float = 15) -> None:
    """Wait until it holds; fail when it does not in time."""
    limit = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < limit, "it did not become so in time"
        time.sleep(0.05)
