"""What can happen to Redis."""

from typing import Any

from redis.asyncio import Redis


async def lose_everything(url: str) -> None:
    """FLUSHALL."""
    redis = _client(url)
    await redis.flushall()
    await redis.aclose()


async def drop_subscribers(url: str) -> None:
    """Close every connection that listens."""
    redis = _client(url)
    await redis.client_kill_filter(_type="pubsub")
    await redis.aclose()


async def ring(url: str, channel: bytes) -> None:
    """Announce something on a channel."""
    redis = _client(url)
    await redis.publish(channel, b"")
    await redis.aclose()


async def waiting_messages(url: str, queue: str) -> int:
    """How many messages stand in a queue of Celery's."""
    redis = _client(url)
    length: int = await redis.llen(queue)
    await redis.aclose()
    return length


def _client(url: str) -> Any:
    # redis-py's own types are partly unknown.
    return Redis.from_url(url)  # pyright: ignore[reportUnknownMemberType]
