"""Redis as a doorbell: it says that something happened, PostgreSQL says what.

A ring may be lost at any time, so whoever listens also looks by itself every few seconds. A ring is made after the
commit of what it announces (`transaction`), never before, and never fails the work that it announces.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any, Final, TypeVar

import structlog
from psycopg.errors import DeadlockDetected
from redis.asyncio import Redis
from redis.exceptions import RedisError
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncSession

from lyo.core.db import SessionMaker

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

OUTBOX: Final = "lyo:outbox"
EVERYTHING: Final = "lyo:*"
"""The pattern of all our channels."""
_BELLS: Final = "lyo.bells"
_RING_SECONDS: Final = 1.0

Result = TypeVar("Result")


def ring_after_commit(session: AsyncSession, channel: str) -> None:
    """Announce on `channel` once the transaction of `session`, opened by `transaction`, is committed."""
    session.info.setdefault(_BELLS, set()).add(channel)


class Bus:
    """A Redis client for announcements. One per process; `aclose` it."""

    def __init__(self, url: str) -> None:
        # redis-py's own types are partly unknown; this module is the only one that touches them.
        self._redis: Any = Redis.from_url(  # pyright: ignore[reportUnknownMemberType] - untyped kwargs
            url, socket_timeout=_RING_SECONDS, socket_connect_timeout=_RING_SECONDS, health_check_interval=15
        )
        self._rings: set[asyncio.Task[None]] = set()

    async def ping(self) -> None:
        """One round trip; raises `RedisError` or `OSError`."""
        await self._redis.ping()

    def ring(self, channels: set[str]) -> None:
        """Announce on `channels` in the background; a Redis that is down or slow delays nobody."""
        if channels:
            ringing = asyncio.create_task(self._ring(channels))
            self._rings.add(ringing)
            ringing.add_done_callback(self._rings.discard)

    async def _ring(self, channels: set[str]) -> None:
        try:
            async with self._redis.pipeline(transaction=False) as pipe:
                for channel in channels:
                    pipe.publish(channel, b"")
                await pipe.execute()
        except (RedisError, OSError) as error:
            log.warning("bus.ring_lost", channels=sorted(channels), error=type(error).__name__)

    async def listen(self, pattern: str) -> AsyncIterator[str]:
        """Yield the channel of each announcement that matches `pattern`, for ever.

        Yields an empty string after each (re)connection: from then on rings are heard, and whatever rang before
        may have been missed.
        """
        while True:
            try:
                async for channel in self._subscription(pattern):
                    yield channel
            except (RedisError, OSError) as error:
                log.warning("bus.disconnected", error=type(error).__name__)
                await asyncio.sleep(1)

    async def _subscription(self, pattern: str) -> AsyncIterator[str]:
        async with self._redis.pubsub() as pubsub:
            await pubsub.psubscribe(pattern)
            while True:
                # redis-py reconnects silently, so a lost connection shows only as a second psubscribe message.
                message: Mapping[str, Any] | None = await pubsub.get_message(timeout=_RING_SECONDS / 2)
                if message is None:
                    continue
                if message["type"] == "psubscribe":
                    yield ""
                elif message["type"] == "pmessage":
                    yield message["channel"].decode(errors="replace")  # anybody can publish

    async def aclose(self) -> None:
        """Let rings under way end, then close the connections."""
        if self._rings:
            await asyncio.wait(self._rings, timeout=_RING_SECONDS)
        with suppress(RedisError, OSError):
            await self._redis.aclose()


async def in_transaction(
    sessions: SessionMaker, bus: Bus, work: Callable[[AsyncSession], Awaitable[Result]], *, tries: int = 3
) -> Result:
    """What `work` gives in a transaction, which is tried again when PostgreSQL broke it off to untie a deadlock."""
    while True:
        tries -= 1
        try:
            async with transaction(sessions, bus) as session:
                return await work(session)
        except OperationalError as error:
            if not tries or not isinstance(error.orig, DeadlockDetected):
                raise


@asynccontextmanager
async def transaction(sessions: SessionMaker, bus: Bus) -> AsyncGenerator[AsyncSession]:
    """A session whose work is committed at the end of the block, or rolled back by any error; then its bells ring.

    The only place that commits, for the API as for the worker.
    """
    async with sessions() as session:
        async with session.begin():
            yield session
        bells: set[str] = session.info.pop(_BELLS, set())
    bus.ring(bells)
