"""Waiting for the next change of a task, for long polls and sockets.

One subscription serves the whole process. It may miss rings (a Redis that was emptied or restarted, a reconnect that
redis-py hides), so all watched tasks are compared with PostgreSQL in one query every few seconds.
"""

import asyncio
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Final
from uuid import UUID

import structlog
from sqlalchemy.exc import SQLAlchemyError

from lyo.core.bus import TASK_PREFIX, Bus
from lyo.core.db import SessionMaker
from lyo.tasks import repo

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

RECONCILE_SECONDS: Final = 5.0


class TaskWatch:
    """Wakes whoever waits for a task of this process's database."""

    def __init__(self, sessions: SessionMaker, bus: Bus) -> None:
        self._sessions = sessions
        self._bus = bus
        self._waiting: dict[UUID, set[asyncio.Event]] = {}
        self._seen: dict[UUID, int] = {}

    @contextmanager
    def watching(self, task_id: UUID) -> Generator[asyncio.Event]:
        """An event that is set after each change of the task, and now and then without one.

        Enter first, then read the task, then wait: a change between reading and waiting is then not missed.
        """
        event = asyncio.Event()
        self._waiting.setdefault(task_id, set()).add(event)
        try:
            yield event
        finally:
            self._waiting[task_id].discard(event)
            if not self._waiting[task_id]:
                del self._waiting[task_id]
                self._seen.pop(task_id, None)

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
        async for channel in self._bus.listen(f"{TASK_PREFIX}*"):
            if not channel:  # connected again: rings may have been missed
                await self._reconcile()
                continue
            with suppress(ValueError):  # somebody else's channel of the same prefix
                self._wake(UUID(channel.removeprefix(TASK_PREFIX)))

    async def _reconcile_for_ever(self) -> None:
        while True:
            await asyncio.sleep(RECONCILE_SECONDS)
            try:
                await self._reconcile()
            except Exception:
                # Whatever it is, everybody who waits depends on the next round.
                log.exception("watch.failed")

    async def _reconcile(self) -> None:
        watched = list(self._waiting)
        if not watched:
            return
        try:
            async with self._sessions() as session:
                latest = await repo.latest_seqs(session, task_ids=watched)
        except (SQLAlchemyError, OSError) as error:
            log.warning("watch.database_away", error=type(error).__name__)
            return
        for task_id in watched:
            if latest.get(task_id) != self._seen.get(task_id):
                self._wake(task_id)
            if task_id in self._waiting and task_id in latest:
                self._seen[task_id] = latest[task_id]

    def _wake(self, task_id: UUID) -> None:
        for event in self._waiting.get(task_id, ()):
            event.set()
