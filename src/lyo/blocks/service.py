"""Blocking people, and seeing whom one has blocked."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from lyo.blocks import repo
from lyo.blocks.errors import CannotBlockYourself, LearnerNotFound
from lyo.blocks.values import BlockedLearner
from lyo.core.pagination import Page, PageRequest


async def block(session: AsyncSession, *, owner_id: UUID, other_id: UUID) -> None:
    """Let the two see nothing of each other from now on; raises `LearnerNotFound`, `CannotBlockYourself`."""
    if owner_id == other_id:
        raise CannotBlockYourself
    if not await repo.add(session, owner_id=owner_id, blocked_id=other_id):
        raise LearnerNotFound


async def unblock(session: AsyncSession, *, owner_id: UUID, other_id: UUID) -> None:
    """Take a block back; nothing happens if there is none."""
    await repo.remove(session, owner_id=owner_id, blocked_id=other_id)


async def list_blocked(session: AsyncSession, *, owner_id: UUID, page: PageRequest) -> Page[BlockedLearner]:
    """A page of those whom the owner has blocked, the last first."""
    return await repo.page_of_blocked(session, owner_id=owner_id, page=page)
