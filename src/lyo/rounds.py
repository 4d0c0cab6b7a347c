"""What goes on in the worker beside its jobs: the outbox is drained, and tasks that are due are looked after."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Final

import structlog
from kombu.exceptions import OperationalError as BrokerError
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from lyo.core.bus import OUTBOX, transaction
from lyo.core.jobs import Delivery, take_due
from lyo.courses.jobs import Workshop
from lyo.tasks import machine

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

Send = Callable[[Delivery], None]

LOOK_EVERY_SECONDS: Final = 1.0
"""How often the outbox is looked at when no bell rings."""


async def dispatch_once(shop: Workshop, send: Send) -> int:
    """Hand waiting jobs to the broker, and return how many. None is lost if the broker does not take them."""
    async with transaction(shop.sessions, shop.bus) as session:
        due = await take_due(session)
        for delivery in due:
            await asyncio.to_thread(send, delivery)
    return len(due)


async def dispatch(shop: Workshop, send: Send) -> None:
    """Hand jobs to the broker as they come, for ever."""
    rung = asyncio.Event()

    async def listen() -> None:
        async for _ in shop.bus.listen(OUTBOX):
            rung.set()

    listening = asyncio.create_task(listen())
    try:
        while True:
            rung.clear()
            try:
                while await dispatch_once(shop, send):
                    pass
            except (SQLAlchemyError, BrokerError, RedisError, OSError) as error:
                log.warning("dispatch.failed", error=type(error).__name__)
                await asyncio.sleep(LOOK_EVERY_SECONDS)
            except Exception:
                # Whatever it is, every promise depends on the next round.
                log.exception("dispatch.failed")
                await asyncio.sleep(LOOK_EVERY_SECONDS)
            with suppress(TimeoutError):
                await asyncio.wait_for(rung.wait(), LOOK_EVERY_SECONDS)
    finally:
        listening.cancel()


async def sweep(shop: Workshop) -> None:
    """Look after tasks that are due, for ever."""
    while True:
        try:
            async with transaction(shop.sessions, shop.bus) as session:
                await machine.sweep(session)
        except (SQLAlchemyError, OSError) as error:
            log.warning("sweep.failed", error=type(error).__name__)
        except Exception:
            log.exception("sweep.failed")
        await asyncio.sleep(machine.SWEEP_EVERY.total_seconds())
