"""Waiting for a change of something in PostgreSQL, for long polls and sockets.

One subscription serves the whole process. It may miss rings (a Redis that was emptied or restarted, a reconnect that
redis-py hides), so all that is watched is compared with PostgreSQL, in one query a kind, every few seconds.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from lyo.core.bus import EVERYTHING, Bus
from lyo.core.db import SessionMaker

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

RECONCILE_SECONDS: Final = 4.0
"""A change whose ring was lost is noticed after so long: within the five seconds that a logged-out socket may live."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of thing that can be watched: the prefix of its channels, and how to see whether one has changed."""

    prefix: str
    versions: Callable[[AsyncSession, Sequence[UUID]], Awaitable[Mapping[UUID, int]]]
    """A number for each of the things that are still there; another number means a change, and so does none."""

    def channel(self, subject_id: UUID) -> str:
        """Where changes of one thing are announced."""
        return f"{self.prefix}{subject_id}"


class Watch:
    """Wakes whoever waits for a thing in this process's database."""

    def __init__(self, sessions: SessionMaker, bus: Bus, *kinds: Kind) -> None:
        self._sessions = sessions
        self._bus = bus
        self._kinds = kinds
        self._waiting: dict[str, set[asyncio.Event]] = {}
        self._subjects: dict[Kind, set[UUID]] = {kind: set() for kind in kinds}
        self._seen: dict[str, int] = {}

    @property
    def watched(self) -> int:
        """How many things are watched at the moment."""
        return len(self._waiting)

    @contextmanager
    def watching(self, kind: Kind, subject_id: UUID, also: asyncio.Event | None = None) -> Generator[asyncio.Event]:
        """An event that is set after each change of the thing, and now and then without one: `also`, or a new one.

        Enter first, then read the thing, then wait: a change between reading and waiting is then not missed.
        """
        event, channel = also or asyncio.Event(), kind.channel(subject_id)
        self._waiting.setdefault(channel, set()).add(event)
        self._subjects[kind].add(subject_id)
        try:
            yield event
        finally:
            self._waiting[channel].discard(event)
            if not self._waiting[channel]:
                del self._waiting[channel]
                self._subjects[kind].discard(subject_id)
                self._seen.pop(channel, None)

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Listen and reconcile until the end of the block."""
        jobs = [asyncio.create_task(self._listen()), asyncio.create_task(self._reconcile_for_ever())]
        try:
            yield
        finally:
            for job in jobs:
                job.cancel()
            await asyncio.gather(*jobs, return_exceptions=True)

    async def _listen(self) -> None:
        async for channel in self._bus.listen(EVERYTHING):
            if channel:
                self._wake(channel)
            else:  # connected again: rings may have been missed
                await self._reconcile()

    async def _reconcile_for_ever(self) -> None:
        while True:
            await asyncio.sleep(RECONCILE_SECONDS)
            try:
                await self._reconcile()
            except Exception:
                # Whatever it is, everybody who waits depends on the next round.
                log.exception("watch.failed")

    async def _reconcile(self) -> None:
        for kind in self._kinds:
            subjects = list(self._subjects[kind])
            if not subjects:
                continue
            try:
                async with self._sessions() as session:
                    latest = await kind.versions(session, subjects)
            except (SQLAlchemyError, OSError) as error:
                log.warning("watch.database_away", error=type(error).__name__)
                return
            for subject_id in subjects:
                self._compare(kind.channel(subject_id), latest.get(subject_id))

    def _compare(self, channel: str, version: int | None) -> None:
        if version is None or version != self._seen.get(channel):
            self._wake(channel)
        if channel in self._waiting and version is not None:
            self._seen[channel] = version

    def _wake(self, channel: str) -> None:
        for event in self._waiting.get(channel, ()):
            event.set()
