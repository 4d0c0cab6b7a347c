"""Running `lyo model` as a process of its own."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2

from lyo.core.settings import Settings

Configure = Callable[..., Settings]
"""Makes settings for a data folder; anything else is a setting by its name."""

DRIVER = "from lyo.cli.model import app; app(prog_name='lyo model')"


def environment(data_dir: Path, **variables: str) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "COVERAGE_PROCESS_START") if name in os.environ}  # noqa: TID251  the child's, not ours
    return {**kept, "LYO_DATA_DIR": str(data_dir), "NO_COLOR": "1", **variables}


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-c", DRIVER, *arguments]


def run(data_dir: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*arguments),
        env=environment(data_dir, **variables),
        cwd=data_dir,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


@dataclass(frozen=True)
class Running:
    """A model server that was started."""

    process: subprocess.Popen[str]
    url: str

    def engines(self) -> list[int]:
        """The ids of the child processes."""
        pid = self.process.pid
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    def error(self) -> tuple[int, str]:
        """Status and error code of `/v1/models` now; (200, "") when the model is loaded."""
        answer = httpx2.get(f"{self.url}/v1/models", timeout=5, trust_env=False)
        return answer.status_code, "" if answer.status_code == 200 else str(answer.json()["error"]["code"])

    def wait_for(self, status: int, code: str, seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        seen: tuple[int, str] | str = "nothing"
        while time.monotonic() < deadline:
            try:
                seen = self.error()
            except httpx2.TransportError as error:
                seen = repr(error)
            if seen == (status, code):
                return
            time.sleep(0.05)
        raise AssertionError(f"waited for {status} {code!r}, last saw {seen}")


def wait_for_end(pid: int, seconds: float = 10) -> None:
    """Wait until there is no process `pid`."""
    deadline = time.monotonic() + seconds
    while Path(f"/proc/{pid}").exists():
        assert time.monotonic() < deadline, f"process {pid} is still there"
        time.sleep(0.02)


@contextmanager
def serving(data_dir: Path, **variables: str) -> Generator[Running]:
    process = subprocess.Popen(
        command("serve", "--port", "0"),
        env=environment(data_dir, **variables),
        cwd=data_dir,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        match = re.search(r"http://\S+", process.stdout.readline())
        assert match is not None
        yield Running(process, match[0])
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        finally:
            process.kill()
            process.wait()
            if process.stdout is not None:
                process.stdout.close()
