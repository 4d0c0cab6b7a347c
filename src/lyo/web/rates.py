"""How often somebody may ask: counts in Redis, for all processes together.

A count is of one window of one caller, and the end of a window is known from the clock: so one round trip, an INCR,
says all that the headers say. The windows of different callers end at different times. In Redis stands a digest of
who is counted, made with our secret, and no address and no e-mail.

A Redis that is away or hangs is asked once a second, by one request; the others learn at once that nobody counts.
"""

import asyncio
import hashlib
import hmac
import math
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import structlog
from limits import RateLimitItem, parse
from limits.aio.storage import RedisStorage
from redis.asyncio import BlockingConnectionPool
from redis.exceptions import RedisError

from lyo.core.clock import now

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

ANSWER_SECONDS: Final = 0.25
"""Redis has so long, connecting included."""
PAUSE_SECONDS: Final = 1.0
_LOOKS: Final = 5
_AT_ONCE: Final = 20

T = TypeVar("T")


class CountsAway(Exception):
    """Redis does not answer, so nobody knows how many there were."""


@dataclass(frozen=True, slots=True)
class Rate:
    """So many in so long, under a name that clients see."""

    name: str
    item: RateLimitItem

    @classmethod
    def of(cls, name: str, text: str) -> "Rate":
        """The rate that a setting names; the settings have checked it."""
        return cls(name, parse(text))

    @property
    def seconds(self) -> int:
        """The length of a window."""
        return self.item.get_expiry()


@dataclass(frozen=True, slots=True)
class Standing:
    """Where somebody stands after a request was counted."""

    rate: Rate
    count: int
    resets_in: int
    """Whole seconds, 1 at least."""

    @property
    def exceeded(self) -> bool:
        """Whether this was one too many."""
        return self.count > self.rate.item.amount

    @property
    def remaining(self) -> int:
        """How many more may come before the reset."""
        return max(0, self.rate.item.amount - self.count)


class Counts:
    """The counts of all processes over one Redis. One per process; `aclose` it."""

    def __init__(self, redis_url: str, *, secret: str) -> None:
        # redis-py's own types are partly unknown, and those of `limits` are narrower than what it takes.
        pool_class: Any = BlockingConnectionPool
        self._pool: Any = pool_class.from_url(redis_url, max_connections=_AT_ONCE)
        options: Any = {"connection_pool": self._pool}
        # The pool knows the address; this one says only which client is meant.
        self._storage = RedisStorage("async+redis://", implementation="redispy", key_prefix="lyo:rates", **options)
        self._secret = secret.encode()
        self._room = asyncio.Semaphore(_AT_ONCE)
        self._away = False
        self._quiet_until = 0.0

    async def count(self, rate: Rate, *who: str) -> Standing:
        """Count one of `who` against `rate`; raises `CountsAway`. One that is too many counts too."""
        key, resets_in = self._window(rate, *who)
        count = await self._ask(lambda: self._storage.incr(key, rate.seconds))
        return Standing(rate=rate, count=count, resets_in=resets_in)

    async def forget(self, rate: Rate, *who: str) -> Standing:
        """Begin the present window of `who` anew; raises `CountsAway`."""
        key, resets_in = self._window(rate, *who)
        await self._ask(lambda: self._storage.clear(key))
        return Standing(rate=rate, count=0, resets_in=resets_in)

    async def remember(self, fact: str, *who: str, seconds: int) -> None:
        """Know `fact` about `who` for so long; raises `CountsAway`."""
        key = f"{fact}/{self._digest(fact, *who)}"
        await self._ask(lambda: self._storage.incr(key, seconds))

    async def remembers(self, fact: str, *who: str) -> bool:
        """Whether `fact` is known about `who`; raises `CountsAway`."""
        key = f"{fact}/{self._digest(fact, *who)}"
        return await self._ask(lambda: self._storage.get(key)) > 0

    async def aclose(self) -> None:
        """Close the connections."""
        with suppress(RedisError, OSError):
            await self._pool.aclose()

    def _window(self, rate: Rate, *who: str) -> tuple[str, int]:
        """The key of the present window, and in how many seconds it ends."""
        digest = self._digest(rate.name, *who)
        # Each caller has an offset of their own, so that not all who wait come back in the same second.
        moment = now().timestamp() + int(digest[:8], 16) % rate.seconds
        number, gone = divmod(moment, rate.seconds)
        return rate.item.key_for(rate.name, digest, int(number)), max(1, math.ceil(rate.seconds - gone))

    async def _ask(self, question: Callable[[], Awaitable[T]]) -> T:
        async with self._room:
            if time.monotonic() < self._quiet_until:
                raise CountsAway
            if self._away:  # this one tries, and meanwhile the others do not wait with it
                self._quiet_until = time.monotonic() + PAUSE_SECONDS
            try:
                async with _patience():
                    answer = await question()
            except (RedisError, OSError) as error:  # TimeoutError is an OSError
                self._note_away(error)
                raise CountsAway from None
        if self._away:
            self._away, self._quiet_until = False, 0.0
            log.info("rates.redis_back")
        return answer

    def _note_away(self, error: Exception) -> None:
        self._quiet_until = time.monotonic() + PAUSE_SECONDS
        if not self._away:
            self._away = True
            log.warning("rates.redis_away", error=type(error).__name__)

    def _digest(self, *parts: str) -> str:
        return hmac.digest(self._secret, "\0".join(parts).encode("utf-8", "surrogatepass"), hashlib.sha256).hex()[:32]


@asynccontextmanager
async def _patience() -> AsyncGenerator[None]:
    """Raise `TimeoutError` after `ANSWER_SECONDS` of a process that keeps up.

    One that is behind finds the answer late through no fault of Redis', and a flood must not end the counting. So the
    time is told in a few looks at it, and the process gets on between them.
    """
    async with asyncio.timeout(None) as limit:
        looking = asyncio.create_task(_look(limit))
        try:
            yield
        finally:
            looking.cancel()


async def _look(limit: asyncio.Timeout) -> None:
    for _ in range(_LOOKS):
        await asyncio.sleep(ANSWER_SECONDS / _LOOKS)
    limit.reschedule(asyncio.get_running_loop().time())
