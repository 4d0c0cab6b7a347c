"""`lyo up` as an operator runs it: a process of its own, ended by SIGTERM."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from lyo.local.process import inherited_env

START_SECONDS = 180
STOP_SECONDS = 15


@dataclass(frozen=True, slots=True)
class RunningStack:
    """A Lyo that is up. Its children are found by their command lines, as `ps` would."""

    base_url: str
    data_dir: Path
    process: "subprocess.Popen[str]"

    @property
    def _environment(self) -> dict[str, str]:
        raw = Path(f"/proc/{self.pid('worker')}/environ").read_bytes().split(b"\0")
        return dict(line.decode().split("=", 1) for line in raw if b"=" in line)

    @property
    def database_url(self) -> str:
        return self._environment["DATABASE_URL"]

    @property
    def redis_url(self) -> str:
        return self._environment["REDIS_URL"]

    @property
    def model_url(self) -> str:
        return self._environment["MODEL_URL"]

    def pid(self, name: str) -> int:
        """The process id of `lyo <name>` or of the module `lyo.llm.<name>`; waits a little if it is being restarted."""
        until = time.monotonic() + 30
        while time.monotonic() < until:
            for pid in self.all_pids():
                line = _command_line(pid)
                if f"lyo.llm.{name}" in line or ("lyo.cli" in line and name in line[line.index("lyo.cli") + 1 :]):
                    return pid
            time.sleep(0.05)
        raise AssertionError(f"no `lyo {name}` is running")

    def all_pids(self) -> list[int]:
        """Every process below `lyo up`, and itself."""
        found = [self.process.pid]
        for parent in found:
            for task in Path(f"/proc/{parent}/task").glob("*/children"):
                with suppress(FileNotFoundError, ProcessLookupError):  # it has ended meanwhile
                    found += [int(pid) for pid in task.read_text().split()]
        return found


@contextmanager
def running_stack(data_dir: Path) -> Generator[RunningStack]:
    """Run `lyo up` on `data_dir` until the end of the block."""
    env = {name: value for name, value in inherited_env().items() if name not in {"DATABASE_URL", "REDIS_URL"}}
    env["LYO_SOURCES"] = "library"  # nothing outside is asked
    log_path = data_dir.parent / f"{data_dir.name}-up.log"
    with (
        log_path.open("w") as log,
        subprocess.Popen(
            [sys.executable, "-m", "lyo.cli", "up", "--port", "0", "--data-dir", str(data_dir)],
            stdout=log,
            stderr=subprocess.STDOUT,
            text=True,
            env=env,
        ) as process,
    ):
        try:
            yield RunningStack(base_url=_await_ready(process, log_path), data_dir=data_dir, process=process)
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(STOP_SECONDS)
            finally:
                process.kill()


def _await_ready(process: "subprocess.Popen[str]", log_path: Path) -> str:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        ready = re.search(r"Lyo is ready at (http://\S+)", log_path.read_text())
        if ready:
            return ready.group(1)
        assert process.poll() is None, log_path.read_text()
        time.sleep(0.1)
    raise AssertionError(log_path.read_text())


def _command_line(pid: int) -> list[str]:
    try:
        raw = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return []
    return os.fsdecode(raw).split("\0")
