"""Working on a task that was claimed: the lease is renewed meanwhile, and every way to end is written down."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

import structlog
from sqlalchemy.exc import SQLAlchemyError

from lyo.core.bus import Bus, transaction
from lyo.core.db import SessionMaker
from lyo.tasks import machine
from lyo.tasks.errors import LeaseLost, TaskFailed
from lyo.tasks.values import Claim

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

RENEWAL_SECONDS: Final = 5.0
"""For one renewal: one that hangs must not outlive the lease."""


async def run_claimed(sessions: SessionMaker, bus: Bus, claimed: Claim, work: Callable[[], Awaitable[None]]) -> None:
    """Do `work` under the lease of `claimed`.

    `work` ends the task itself when it is done. It is cancelled when the lease is lost, also because the learner
    cancelled the task. `TaskFailed` ends the task with its code; any other error is logged and the task is tried
    again, `MAXIMUM_ATTEMPTS` times in all. When this is cancelled (the worker stops) the task is given back.
    """
    working = asyncio.ensure_future(work())
    holding = asyncio.create_task(_hold(sessions, bus, claimed))
    try:
        await asyncio.wait({working, holding}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            log.info("task.lease_lost")
            return
        await _settle(sessions, bus, claimed, working)
    except asyncio.CancelledError:
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
        with suppress(LeaseLost, SQLAlchemyError, OSError):  # the sweeper finds it then, a lease later
            async with transaction(sessions, bus) as session:
                await machine.release(session, claimed)
        raise
    finally:
        for task in (working, holding):
            task.cancel()
        await asyncio.gather(working, holding, return_exceptions=True)


async def _hold(sessions: SessionMaker, bus: Bus, claimed: Claim) -> None:
    """Renew the lease until it is lost: to somebody else, or because the database was away for as long as it lasts."""
    held_until = time.monotonic() + machine.LEASE.total_seconds()
    while time.monotonic() < held_until:
        await asyncio.sleep(machine.RENEW_EVERY.total_seconds())
        asked = time.monotonic()
        try:
            async with asyncio.timeout(RENEWAL_SECONDS), transaction(sessions, bus) as session:
                await machine.renew(session, claimed)
        except LeaseLost:
            return
        except (SQLAlchemyError, OSError, TimeoutError) as error:
            log.warning("task.renewal_failed", error=type(error).__name__)
        else:
            held_until = asked + machine.LEASE.total_seconds()


async def _settle(sessions: SessionMaker, bus: Bus, claimed: Claim, working: "asyncio.Future[None]") -> None:
    try:
        try:
            working.result()
        except TaskFailed as failure:
            log.warning("task.failed", code=failure.code)
            async with transaction(sessions, bus) as session:
                await machine.fail(session, claimed, code=failure.code, message=failure.message)
        except LeaseLost:
            raise
        except Exception:
            log.exception("task.stumbled", attempts=claimed.attempts)
            async with transaction(sessions, bus) as session:
                await machine.stumble(session, claimed)
    except LeaseLost:
        log.info("task.lease_lost")
