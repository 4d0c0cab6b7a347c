"""Every SQL statement about feeds."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import delete, literal, select, union_all, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from lyo.accounts.models import User
from lyo.blocks.repo import is_hidden_from
from lyo.core.ids import new_id
from lyo.core.pagination import Page, PageRequest, Position, cut_page, newest_first
from lyo.feeds.models import FeedHiding, FeedItem
from lyo.feeds.values import FeedEntry, FeedItemType, Story


async def add(session: AsyncSession, stories: Sequence[Story], *, owner_id: UUID) -> None:
    """Keep what happened to the owner; nothing twice."""
    rows: list[dict[str, Any]] = [
        {
            "id": new_id(),
            "user_id": owner_id,
            "type": story.type,
            "source_id": story.source_id,
            "title": story.title,
            "content": story.content,
            "details": {},
            "is_public": story.is_public,
        }
        for story in stories
    ]
    await session.execute(insert(FeedItem).on_conflict_do_nothing(), rows)


async def remove(session: AsyncSession, *, owner_id: UUID, kind: FeedItemType, source_id: UUID) -> None:
    """Delete what was told of one thing."""
    told = (FeedItem.user_id == owner_id, FeedItem.type == kind, FeedItem.source_id == source_id)
    await session.execute(delete(FeedItem).where(*told))


async def set_public(session: AsyncSession, *, owner_id: UUID, kinds: Sequence[FeedItemType], is_public: bool) -> None:
    """Show the owner's items of these kinds to others, or to the owner alone."""
    theirs = (FeedItem.user_id == owner_id, FeedItem.type.in_(kinds), FeedItem.is_public != is_public)
    await session.execute(update(FeedItem).where(*theirs).values(is_public=is_public))


async def set_one_public(
    session: AsyncSession, *, owner_id: UUID, kind: FeedItemType, source_id: UUID, is_public: bool
) -> None:
    """Show what was told of one thing of the owner's to others, or to the owner alone."""
    told = (FeedItem.user_id == owner_id, FeedItem.type == kind, FeedItem.source_id == source_id)
    await session.execute(update(FeedItem).where(*told).values(is_public=is_public))


async def hide(session: AsyncSession, *, reader_id: UUID, owner_id: UUID, kind: FeedItemType, source_id: UUID) -> None:
    """Keep what was told of one thing of the owner's out of the reader's feed from now on."""
    told = select(literal(reader_id), FeedItem.id).where(
        FeedItem.user_id == owner_id, FeedItem.type == kind, FeedItem.source_id == source_id
    )
    hidden = insert(FeedHiding).from_select([FeedHiding.user_id, FeedHiding.item_id], told)
    await session.execute(hidden.on_conflict_do_nothing())


async def page_of_feed(session: AsyncSession, *, owner_id: UUID, page: PageRequest) -> Page[FeedEntry]:
    """A page of the owner's own items and of the public ones of others, newest first.

    Each half comes from an index of its own and is no longer than the page, so a late page costs what the first does.
    """
    own = select(FeedItem).where(FeedItem.user_id == owner_id)
    hidden = select(FeedHiding.item_id).where(FeedHiding.user_id == owner_id, FeedHiding.item_id == FeedItem.id)
    others = select(FeedItem).where(
        FeedItem.is_public,
        FeedItem.user_id != owner_id,
        ~is_hidden_from(owner_id, FeedItem.user_id),
        ~hidden.exists(),
    )
    halves = [
        newest_first(half, created_at=FeedItem.created_at, identifier=FeedItem.id, page=page).subquery()
        for half in (own, others)
    ]
    item = aliased(FeedItem, union_all(*(select(half) for half in halves)).subquery())
    statement = select(item, User.display_name).join(User, User.id == item.user_id)
    statement = newest_first(statement, created_at=item.created_at, identifier=item.id, page=page)
    entries = [
        FeedEntry(
            id=row.id,
            type=FeedItemType(row.type),
            title=row.title,
            content=row.content,
            author_id=row.user_id,
            author_name=author_name,
            source_id=row.source_id,
            is_own=row.user_id == owner_id,
            is_public=row.is_public,
            created_at=row.created_at,
        )
        for row, author_name in (await session.execute(statement))
    ]
    return cut_page(entries, limit=page.limit, position=lambda entry: Position(entry.created_at, entry.id))
