"""Forgetting what no longer opens anything."""

from datetime import timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from lyo.accounts import repo
from lyo.core.clock import now

KEPT: Final = timedelta(days=2)
"""How long tokens and log-ins are kept after their end: longer than any access token lives, and for questions asked."""


async def forget_old(session: AsyncSession, *, at_most: int) -> int:
    """Delete refresh tokens and log-ins that ended before `KEPT`; returns how many."""
    before = now() - KEPT
    tokens = await repo.delete_expired_tokens(session, before=before, at_most=at_most)
    return tokens + await repo.delete_dead_logins(session, before=before, at_most=at_most)
