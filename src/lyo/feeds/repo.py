"""Every SQL statement about feeds."""

from uuid import UUID

from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from lyo.core.pagination import Page, PageRequest, Position, cut_page
from lyo.feeds.models import FeedItem


async def page_of_feed(session: AsyncSession, *, owner_id: UUID, page: PageRequest) -> Page[FeedItem]:
    """A page of the owner's feed, newest first."""
    statement = (
        select(FeedItem)
        .where(FeedItem.user_id == owner_id)
        .order_by(FeedItem.created_at.desc(), FeedItem.id.desc())
        .limit(page.limit + 1)
    )
    if page.after is not None:
        statement = statement.where(tuple_(FeedItem.created_at, FeedItem.id) < (page.after.created_at, page.after.id))
    rows = (await session.scalars(statement)).all()
    return cut_page(rows, limit=page.limit, position=lambda item: Position(item.created_at, item.id))
