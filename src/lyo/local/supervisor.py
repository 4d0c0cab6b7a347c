"""Keeps a list of children running, in the order of their needs, and ends them all, whatever happens to us."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncGenerator, Callable, Generator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from lyo.local.children import Child, Kept, State, Status, Tell, keep, stop
from lyo.local.errors import LocalError
from lyo.local.logs import open_log

WATCHDOG = Path(__file__).with_name("watchdog.py")
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

Pids = Callable[[], dict[str, int]]


@dataclass(slots=True, eq=False)
class _Watch:
    """The watchdog's process, and what it must know should it have to be started anew."""

    lock: int
    process: "subprocess.Popen[bytes] | None" = None
    living: dict[int, int] = field(default_factory=dict[int, int])


@asynccontextmanager
async def supervised(children: Sequence[Child], *, logs: Path, lock: int, tell: Tell) -> AsyncGenerator[Pids]:
    """All children, ready; yields a function that tells who runs as which process. They end with the block, last first.

    `lock` is a file descriptor that the watchdog keeps open as long as any child may live. Enter it from the main
    thread: the children end with the thread that started them. Raises `LocalError` when a needed child cannot start.
    """
    watch = _Watch(lock)
    kept = {child.name: _kept(child, logs, tell, watch) for child in children}
    try:
        _start_watchdog(watch)
        await _start_all(kept)
        yield lambda: {name: one.process.pid for name, one in kept.items() if one.process is not None}
    finally:
        for one in reversed(kept.values()):
            await stop(one)
        _end_watchdog(watch)


@contextmanager
def stopped_by_signals() -> Generator[None]:
    """SIGINT, SIGTERM and SIGHUP cancel the block, once, and are thereby dealt with: the code after it goes on.

    Further ones are ignored: ending is bounded in time anyway, and breaking it off would leave processes behind.
    """
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None
    received: list[int] = []

    def cancel(number: int) -> None:
        if not received:
            task.cancel()
        received.append(number)

    # `nohup` ignores SIGHUP for us and means it. A shell's `&` ignores SIGINT too, but a `kill -INT` is meant for us.
    numbers = [n for n in STOP_SIGNALS if n != signal.SIGHUP or signal.getsignal(n) != signal.SIG_IGN]
    for number in numbers:
        loop.add_signal_handler(number, cancel, number)
    try:
        yield
    except asyncio.CancelledError:
        if not received or task.uncancel() > 0:
            raise
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)


async def _start_all(kept: dict[str, Kept]) -> None:
    try:
        async with asyncio.TaskGroup() as group:
            for one in kept.values():
                group.create_task(_start(one, kept))
    except BaseExceptionGroup as errors:
        # Not `except*`: before Python 3.11.4 it wraps what is raised in it in a group again.
        ours = errors.subgroup(LocalError)
        if ours is None:
            raise
        raise _first(ours) from None


async def _start(one: Kept, kept: dict[str, Kept]) -> None:
    """Start a child when those it needs are ready, and wait until it is ready itself if it is needed."""
    for name in one.child.after:
        await kept[name].ready.wait()
    one.task = asyncio.create_task(keep(one))
    if not one.child.needed:
        return
    ready = asyncio.create_task(one.ready.wait())
    try:
        await asyncio.wait({ready, one.task}, timeout=one.child.ready_seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        ready.cancel()
    if one.task.done():
        one.task.result()
    if not one.ready.is_set():
        raise LocalError(
            f"{one.child.name} was not ready after {one.child.ready_seconds:.0f} s: see its log {one.log.path}."
        )


def _first(errors: BaseExceptionGroup[LocalError]) -> BaseException:
    error: BaseException = errors
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _kept(child: Child, logs: Path, tell: Tell, watch: _Watch) -> Kept:
    def show(line: str) -> None:
        tell(Status(child.name, State.WARNING, line))

    def inform(pid: int, living: bool) -> None:
        if living:
            watch.living[pid] = int(child.stop_signal)
            _say(watch, f"+{pid} {int(child.stop_signal)}")
        else:
            watch.living.pop(pid, None)
            _say(watch, f"-{pid}")

    return Kept(child, open_log(logs / f"{child.name}.log", shows=child.shows, show=show), tell, inform)


def _start_watchdog(watch: _Watch) -> None:
    watch.process = subprocess.Popen(  # noqa: S603 - our own argument list, no shell
        [sys.executable, "-I", "-S", str(WATCHDOG)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd="/",
        pass_fds=(watch.lock,),
        start_new_session=True,
    )


def _say(watch: _Watch, line: str) -> None:
    """Tell the watchdog; one that was killed is started again and told everything."""
    if watch.process is None:
        return
    if watch.process.poll() is not None:
        _pipe(watch).close()
        _start_watchdog(watch)
        line = "\n".join(f"+{pid} {number}" for pid, number in watch.living.items())
    with suppress(BrokenPipeError):
        os.write(_pipe(watch).fileno(), f"{line}\n".encode())


def _pipe(watch: _Watch) -> IO[bytes]:
    assert watch.process is not None
    assert watch.process.stdin is not None
    return watch.process.stdin


def _end_watchdog(watch: _Watch) -> None:
    if watch.process is not None:
        with suppress(BrokenPipeError):
            _pipe(watch).close()
        watch.process.wait(10)
