"""What the worker does for leaderboards."""

import asyncio
from datetime import timedelta
from typing import Final

import structlog
from sqlalchemy.exc import SQLAlchemyError

from lyo.core.bus import Bus, transaction
from lyo.core.clock import now
from lyo.core.db import SessionMaker
from lyo.gamification.leaderboard import service

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

FOLD_EVERY: Final = timedelta(seconds=1)
FORGET_EVERY: Final = timedelta(minutes=10)
AT_ONCE: Final = 1000
"""Rows that one transaction takes: the next is there at once if need be."""


async def fold_for_ever(sessions: SessionMaker, bus: Bus) -> None:
    """Keep the histogram of each board close behind its scores."""
    while True:
        try:
            while await fold_once(sessions, bus) >= AT_ONCE:
                pass
        except (SQLAlchemyError, OSError) as error:
            log.warning("leaderboard.folding_failed", error=type(error).__name__)
        except Exception:
            log.exception("leaderboard.folding_failed")
        await asyncio.sleep(FOLD_EVERY.total_seconds())


async def fold_once(sessions: SessionMaker, bus: Bus, *, at_most: int = AT_ONCE) -> int:
    """Fold a few changes, and return how many."""
    async with transaction(sessions, bus) as session:
        return await service.fold(session, at_most=at_most)


async def forget_weeks_for_ever(sessions: SessionMaker, bus: Bus) -> None:
    """Delete the boards of weeks that are over, now and again."""
    while True:
        try:
            while await _forget(sessions, bus):
                pass
        except (SQLAlchemyError, OSError) as error:
            log.warning("leaderboard.forgetting_failed", error=type(error).__name__)
        except Exception:
            log.exception("leaderboard.forgetting_failed")
        await asyncio.sleep(FORGET_EVERY.total_seconds())


async def _forget(sessions: SessionMaker, bus: Bus) -> bool:
    async with transaction(sessions, bus) as session:
        return await service.forget_weeks(session, moment=now(), at_most=AT_ONCE) >= AT_ONCE
