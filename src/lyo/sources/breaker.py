"""One gate for each host: closed for a while after the host could not be reached, or asked to be left alone.

Nothing waits for a time-out twice. Of a host whose state is not known, one request is the trial and the others wait
for how it ends; after a failure all are refused at once until the pause is over, then one is the trial again.
"""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

from lyo.sources.protocol import SourceUnavailable

FAULTS: Final = 3
"""Bad answers in a row (500s, no JSON, too long) after which a host is left alone: each cost only what it took."""
AT_ONCE: Final = 3
"""Requests to one host at once; Wikimedia asks for no more, and Open Library for no more than 3 a second."""
DOUBLINGS: Final = 4


@dataclass(frozen=True, slots=True)
class Pauses:
    """How long a host is left alone, in seconds."""

    first: float = 60.0
    """After the first failure; doubled with each that follows, `DOUBLINGS` times at most: 16 minutes."""
    longest: float = 3600.0
    """However long a host asks for."""
    trial: float = 1.5
    """How long the others wait for the trial of a host that has failed before."""


@dataclass(slots=True)
class Gate:
    """What is known of one host. Everything happens on one event loop."""

    pauses: Pauses
    sound: bool = False
    """Whether its last answer was a good one: then requests need not wait for each other."""
    closed_until: float = 0.0
    why: str = ""
    failures: int = 0
    """Times that it has been closed since the last good answer."""
    faults: int = 0
    """Bad answers in a row."""
    trial: asyncio.Event | None = None
    places: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))

    def check(self) -> None:
        """Raise `SourceUnavailable`, with the reason, while the gate is closed."""
        if time.monotonic() < self.closed_until:
            raise SourceUnavailable(self.why)

    def succeed(self) -> None:
        """The host answered well. A pause that it asked for meanwhile stays."""
        if time.monotonic() >= self.closed_until:
            self.sound, self.failures, self.faults = True, 0, 0

    def fault(self, why: str) -> None:
        """The host answered badly."""
        self.faults += 1
        if self.faults >= FAULTS:
            self.fail(why)

    def fail(self, why: str) -> None:
        """The host could not be reached, or kept a request waiting. Requests that were under way fail as one."""
        if time.monotonic() >= self.closed_until:
            self.close(why, self.pauses.first * 2 ** min(self.failures, DOUBLINGS))
            self.failures += 1

    def close(self, why: str, seconds: float) -> None:
        """Leave the host alone for `seconds`."""
        self.why, self.sound, self.faults = why, False, 0
        self.closed_until = max(self.closed_until, time.monotonic() + min(seconds, self.pauses.longest))


@asynccontextmanager
async def through(gate: Gate) -> AsyncGenerator[bool]:
    """A place for one request, and whether it is the trial; raises `SourceUnavailable` where there is none."""
    is_trial = await _is_trial(gate)
    try:
        async with gate.places:
            gate.check()
            yield is_trial
    finally:
        if is_trial and gate.trial is not None:
            gate.trial.set()
            gate.trial = None


async def _is_trial(gate: Gate) -> bool:
    gate.check()
    while not gate.sound:
        if gate.trial is None:
            gate.trial = asyncio.Event()
            return True
        try:
            async with asyncio.timeout(gate.pauses.trial if gate.failures else None):
                await gate.trial.wait()
        except TimeoutError:
            raise SourceUnavailable(gate.why) from None
        gate.check()
    return False
