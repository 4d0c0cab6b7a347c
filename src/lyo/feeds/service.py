"""Telling what happened, and reading it."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from lyo.core.pagination import Page, PageRequest
from lyo.feeds import repo
from lyo.feeds.values import MILESTONES, FeedEntry, FeedItemType, Story


async def tell(session: AsyncSession, stories: Sequence[Story], *, owner_id: UUID) -> None:
    """Put what happened to the owner into feeds; what has been told already is not told again."""
    if stories:
        await repo.add(session, stories, owner_id=owner_id)


async def withdraw(session: AsyncSession, *, owner_id: UUID, kind: FeedItemType, source_id: UUID) -> None:
    """Take what was told of something of the owner's out of all feeds."""
    await repo.remove(session, owner_id=owner_id, kind=kind, source_id=source_id)


async def show(session: AsyncSession, *, owner_id: UUID, kind: FeedItemType, source_id: UUID, to_others: bool) -> None:
    """Put what was told of something of the owner's into the feeds of others, where it was, or take it out."""
    await repo.set_one_public(session, owner_id=owner_id, kind=kind, source_id=source_id, is_public=to_others)


async def hide(session: AsyncSession, *, reader_id: UUID, owner_id: UUID, kind: FeedItemType, source_id: UUID) -> None:
    """Keep what was told of something of the owner's out of the reader's feed from now on."""
    await repo.hide(session, reader_id=reader_id, owner_id=owner_id, kind=kind, source_id=source_id)


async def show_milestones(session: AsyncSession, *, owner_id: UUID, to_others: bool) -> None:
    """Put the owner's milestones into the feeds of others, or take them out."""
    await repo.set_public(session, owner_id=owner_id, kinds=MILESTONES, is_public=to_others)


async def read_feed(session: AsyncSession, *, owner_id: UUID, page: PageRequest) -> Page[FeedEntry]:
    """A page of what happened to the owner, and to others who show it, newest first."""
    return await repo.page_of_feed(session, owner_id=owner_id, page=page)
