"""Every SQL statement about feeds."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from lyo.core.pagination import Page, PageRequest, Position, cut_page, newest_first
from lyo.feeds.models import FeedItem


async def page_of_feed(session: AsyncSession, *, owner_id: UUID, page: PageRequest) -> Page[FeedItem]:
    """A page of the owner's feed, newest first."""
    owned = select(FeedItem).where(FeedItem.user_id == owner_id)
    statement = newest_first(owned, created_at=FeedItem.created_at, identifier=FeedItem.id, page=page)
    rows = (await session.scalars(statement)).all()
    return cut_page(rows, limit=page.limit, position=lambda item: Position(item.created_at, item.id))
