"""What the worker does for accounts."""

import asyncio
from datetime import timedelta
from typing import Final

import structlog
from sqlalchemy.exc import SQLAlchemyError

from lyo.accounts import keeping
from lyo.accounts.apple import revoke_next
from lyo.accounts.sealing import Seal
from lyo.apple.client import open_apple
from lyo.core import idempotency
from lyo.core.bus import Bus, transaction
from lyo.core.db import SessionMaker
from lyo.core.settings import Settings

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

LOOK_EVERY: Final = timedelta(seconds=2)
FORGET_EVERY: Final = timedelta(minutes=10)
AT_ONCE: Final = 1000
"""Rows that one transaction deletes of each kind: it holds nobody up, and the next is there at once if need be."""


async def revoke_apple_tokens(settings: Settings, sessions: SessionMaker, bus: Bus) -> None:
    """Have Apple forget those who have left, for ever."""
    seal = Seal.of(settings)
    async with open_apple(settings) as apple:
        while True:
            try:
                while await revoke_next(sessions, bus, apple, seal):
                    pass
            except (SQLAlchemyError, OSError) as error:
                log.warning("apple.revoking_failed", error=type(error).__name__)
            except Exception:
                log.exception("apple.revoking_failed")
            await asyncio.sleep(LOOK_EVERY.total_seconds())


async def forget_for_ever(sessions: SessionMaker, bus: Bus) -> None:
    """Delete what no longer opens anything and keys that are too old, now and again."""
    while True:
        try:
            while await _forget(sessions, bus):
                pass
        except (SQLAlchemyError, OSError) as error:
            log.warning("accounts.forgetting_failed", error=type(error).__name__)
        except Exception:
            log.exception("accounts.forgetting_failed")
        await asyncio.sleep(FORGET_EVERY.total_seconds())


async def _forget(sessions: SessionMaker, bus: Bus) -> bool:
    async with transaction(sessions, bus) as session:
        tokens = await keeping.forget_old(session, at_most=AT_ONCE)
        keys = await idempotency.forget_old(session, at_most=AT_ONCE)
    return max(tokens, keys) >= AT_ONCE
