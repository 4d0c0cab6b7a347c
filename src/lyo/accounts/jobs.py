"""What the worker does for accounts."""

import asyncio
from datetime import timedelta
from typing import Final

import structlog
from sqlalchemy.exc import SQLAlchemyError

from lyo.accounts.apple import revoke_next
from lyo.accounts.sealing import Seal
from lyo.apple.client import open_apple
from lyo.core.bus import Bus
from lyo.core.db import SessionMaker
from lyo.core.settings import Settings

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

LOOK_EVERY: Final = timedelta(seconds=2)


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
