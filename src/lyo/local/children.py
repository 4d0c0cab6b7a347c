"""One child process: started, watched until it is ready, started again when it dies, stopped with its whole group.

Nothing here knows what the children are: a `Child` is data.
"""

import asyncio
import os
import re
import signal
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum

from lyo.local.errors import LocalError
from lyo.local.folders import log_tail
from lyo.local.logs import Log, close, tail, write
from lyo.local.process import ServerUser, launch_argv

FIRST_DELAY = 0.2
LONGEST_DELAY = 5.0
CALM_SECONDS = 30.0
"""A child that lived so long starts with the first delay again."""
POLL_SECONDS = 0.05
RETRY_SECONDS = 2.0
KILL_SECONDS = 1.0
CHUNK = 65536


class State(StrEnum):
    """What a status tells of a child."""

    STARTING = "starting"
    READY = "ready"
    ENDED = "ended"
    WARNING = "warning"
    NOTE = "note"
    STOPPING = "stopping"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Status:
    """Something happened to the child `name`. `detail` is for a person; it may be empty."""

    name: str
    state: State
    detail: str = ""


Tell = Callable[[Status], None]


@dataclass(frozen=True, slots=True)
class Child:
    """A program to keep running. Times are in seconds.

    `argv` begins with an absolute path; `env` is the whole environment. It starts when those named in `after` are
    ready. `before` runs (in a thread) ahead of each start. `ready` is asked until it says True; without it, a `once`
    child is ready when it ended with 0 and any other when it runs. The start as a whole waits for a `needed` one and
    fails when that dies before it was ready, unless its log has one of `retry_on`; `explain` makes the sentence from
    its log. `shows` finds the log lines that a person should see.
    """

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str]
    cwd: str
    user: ServerUser | None = None
    after: tuple[str, ...] = ()
    before: Callable[[], None] | None = None
    ready: Callable[[], Awaitable[bool]] | None = None
    ready_seconds: float = 60.0
    once: bool = False
    needed: bool = True
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 2.0
    retry_on: tuple[str, ...] = ()
    explain: Callable[[str], str] | None = None
    shows: re.Pattern[str] | None = None


@dataclass(slots=True, eq=False)
class Kept:
    """The state of a child that is kept running. `watch` tells the watchdog of process ids (living or not)."""

    child: Child
    log: Log
    tell: Tell
    watch: Callable[[int, bool], None]
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    process: asyncio.subprocess.Process | None = None
    task: "asyncio.Task[None] | None" = None


async def keep(kept: Kept) -> None:
    """Run the child, again and again, until it is stopped; raises `LocalError` if it dies before it was ever ready."""
    child, clock = kept.child, asyncio.get_running_loop().time
    began, delay = clock(), FIRST_DELAY
    kept.tell(Status(child.name, State.STARTING))
    while not kept.stopping.is_set():
        born = clock()
        ending = await _life(kept)
        if kept.stopping.is_set() or (child.once and kept.ready.is_set()):
            return
        if child.needed and not kept.ready.is_set() and not _worth_another_try(kept, clock() - began):
            raise LocalError(_why_it_ended(kept))
        delay = FIRST_DELAY if clock() - born > CALM_SECONDS else delay
        kept.tell(Status(child.name, State.ENDED, f"{ending}; it starts again (log: {kept.log.path})"))
        with suppress(TimeoutError):
            await asyncio.wait_for(kept.stopping.wait(), delay)
        delay = min(2 * delay, LONGEST_DELAY)


async def stop(kept: Kept) -> None:
    """End the child: its signal, then SIGKILL to its group; returns when it is gone, in `stop_seconds` and a little."""
    if kept.task is None:
        return
    kept.stopping.set()
    kept.tell(Status(kept.child.name, State.STOPPING))
    _signal(kept, kept.child.stop_signal)
    done, _ = await asyncio.wait({kept.task}, timeout=kept.child.stop_seconds)
    if not done:
        _kill_group(kept)
        done, _ = await asyncio.wait({kept.task}, timeout=KILL_SECONDS)
    if not done:
        kept.task.cancel()
    close(kept.log)
    kept.tell(Status(kept.child.name, State.STOPPED))


async def _life(kept: Kept) -> str:
    """One life of the child; returns how it ended. What prevents the first one is raised, a later one's is returned."""
    try:
        code = await _live(kept)
    except (LocalError, OSError) as error:
        if kept.ready.is_set():
            return f"could not start ({error})"
        raise
    if kept.child.once and code == 0:
        _set_ready(kept)
    return _ending(code)


async def _live(kept: Kept) -> int:
    """From the start of a process to the end of its whole group; returns its exit code."""
    child = kept.child
    if child.before is not None:
        await asyncio.to_thread(child.before)
    out, into = os.pipe()
    try:
        process = await _spawn(child, into)
    finally:
        os.close(into)
    kept.process = process
    kept.watch(process.pid, True)  # noqa: FBT003 - living or not
    reading = asyncio.create_task(_read(kept.log, out))
    announcing = asyncio.create_task(_announce(kept))
    ending = asyncio.create_task(process.wait())
    try:
        if kept.stopping.is_set():  # it was asked to stop while it was being made
            _signal(kept, child.stop_signal)
        await asyncio.wait({ending, announcing}, return_when=asyncio.FIRST_COMPLETED)
        if announcing.done():
            announcing.result()
        return await ending
    finally:
        announcing.cancel()
        _kill_group(kept)
        await asyncio.wait({ending, reading}, timeout=KILL_SECONDS)
        reading.cancel()
        kept.process = None
        kept.watch(process.pid, False)  # noqa: FBT003 - living or not


async def _spawn(child: Child, output: int) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *launch_argv(child.argv, user=child.user, death_signal=child.stop_signal),
        env=child.env,
        cwd=child.cwd,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=output,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )


async def _read(log: Log, out: int) -> None:
    """Copy the child's output to its log until it ends. A pipe of our own: asyncio's would hold up `wait()`."""
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    os.set_blocking(out, False)

    def more() -> None:
        with suppress(BlockingIOError):
            if data := os.read(out, CHUNK):
                write(log, data)
            else:
                ended.set()

    loop.add_reader(out, more)
    try:
        await ended.wait()
    finally:
        loop.remove_reader(out)
        os.close(out)


async def _announce(kept: Kept) -> None:
    child = kept.child
    if child.once:
        return
    while child.ready is not None and not await child.ready():  # noqa: ASYNC110 - another process, no event of ours
        await asyncio.sleep(POLL_SECONDS)
    _set_ready(kept)


def _set_ready(kept: Kept) -> None:
    kept.ready.set()
    kept.tell(Status(kept.child.name, State.READY))


def _worth_another_try(kept: Kept, seconds: float) -> bool:
    return seconds < RETRY_SECONDS and any(hint in tail(kept.log) for hint in kept.child.retry_on)


def _why_it_ended(kept: Kept) -> str:
    words = tail(kept.log)
    if kept.child.explain is not None:
        return kept.child.explain(words)
    return f"{kept.child.name} ended before it was ready; it says: {log_tail(words)} Its log is {kept.log.path}."


def _ending(code: int) -> str:
    if code >= 0:
        return f"ended with exit code {code}"
    with suppress(ValueError):
        return f"was ended by {signal.Signals(-code).name}"
    return f"was ended by signal {-code}"


def _signal(kept: Kept, number: signal.Signals) -> None:
    if kept.process is not None and kept.process.returncode is None:
        with suppress(ProcessLookupError):
            kept.process.send_signal(number)


def _kill_group(kept: Kept) -> None:
    if kept.process is not None:
        # A group that is gone is what we want; macOS answers EPERM for one that nobody has reaped yet.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(kept.process.pid, signal.SIGKILL)
