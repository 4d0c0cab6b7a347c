"""What the children say: kept in one bounded file each, and the few lines that a person should see passed on."""

import re
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

BYTES_CAP = 5_000_000
"""A log beyond it moves to NAME.log.1 and begins anew, so one child has at most twice that on disk."""
REMEMBERED_LINES = 40
SHOWN_PER_MINUTE = 5
MINUTE = 60.0
COLOURS = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(slots=True, eq=False)
class Log:
    """The open log of one child. `shows` finds the lines to pass to `show`; None shows nothing."""

    path: Path
    shows: re.Pattern[str] | None
    show: Callable[[str], None]
    file: BinaryIO
    size: int = 0
    unfinished: str = ""
    last: deque[str] = field(default_factory=lambda: deque[str](maxlen=REMEMBERED_LINES))
    shown: deque[float] = field(default_factory=lambda: deque[float](maxlen=SHOWN_PER_MINUTE + 1))


def open_log(path: Path, *, shows: re.Pattern[str] | None, show: Callable[[str], None]) -> Log:
    """A fresh log; that of the last start is kept as NAME.log.1."""
    return Log(path, shows, show, _fresh(path))


def write(log: Log, data: bytes) -> None:
    """Append what a child wrote, at once readable in the file."""
    if log.size + len(data) > BYTES_CAP:
        log.file.close()
        log.file, log.size = _fresh(log.path), 0
    log.file.write(data)
    log.size += len(data)
    *lines, log.unfinished = (log.unfinished + data.decode(errors="replace")).split("\n")
    log.unfinished = log.unfinished[-4096:]
    for line in lines:
        _consider(log, COLOURS.sub("", line).rstrip())


def tail(log: Log) -> str:
    """The last lines of this run, without colours."""
    return "\n".join([*log.last, log.unfinished])


def close(log: Log) -> None:
    """Close the file."""
    log.file.close()


def _consider(log: Log, line: str) -> None:
    log.last.append(line)
    if log.shows is None or not log.shows.search(line):
        return
    moment = time.monotonic()
    recent = [when for when in log.shown if moment - when < MINUTE]
    if len(recent) > SHOWN_PER_MINUTE:
        return
    log.shown.append(moment)
    log.show(line if len(recent) < SHOWN_PER_MINUTE else f"… and more: {log.path}")


def _fresh(path: Path) -> BinaryIO:
    if path.exists():
        path.replace(path.with_name(f"{path.name}.1"))
    return path.open("wb", buffering=0)
