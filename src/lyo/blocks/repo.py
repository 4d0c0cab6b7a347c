"""Every SQL statement about blocks."""

from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, exists, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from lyo.accounts.models import User
from lyo.blocks.models import UserBlock
from lyo.blocks.values import BlockedLearner
from lyo.core.pagination import Page, PageRequest, Position, cut_page, newest_first


def is_hidden_from(reader_id: UUID | ColumnElement[UUID], author: InstrumentedAttribute[UUID]) -> ColumnElement[bool]:
    """Whether one of the two has blocked the other: for the `WHERE` of whatever shows something of others."""
    return exists().where(
        or_(
            and_(UserBlock.user_id == reader_id, UserBlock.blocked_id == author),
            and_(UserBlock.user_id == author, UserBlock.blocked_id == reader_id),
        )
    )


def has_blocked(reader_id: UUID, author: InstrumentedAttribute[UUID]) -> ColumnElement[bool]:
    """Whether the reader has blocked the author, whatever the author has done: for the `WHERE`."""
    return exists().where(UserBlock.user_id == reader_id, UserBlock.blocked_id == author)


async def add(session: AsyncSession, *, owner_id: UUID, blocked_id: UUID) -> bool:
    """Keep a block; False if there is no such user."""
    made = insert(UserBlock).values(user_id=owner_id, blocked_id=blocked_id).on_conflict_do_nothing()
    try:
        async with session.begin_nested():
            await session.execute(made)
    except IntegrityError:
        return False
    return True


async def remove(session: AsyncSession, *, owner_id: UUID, blocked_id: UUID) -> None:
    """Delete a block, if there is one."""
    theirs = (UserBlock.user_id == owner_id, UserBlock.blocked_id == blocked_id)
    await session.execute(delete(UserBlock).where(*theirs))


async def page_of_blocked(session: AsyncSession, *, owner_id: UUID, page: PageRequest) -> Page[BlockedLearner]:
    """A page of those whom the owner has blocked, the last first."""
    statement = (
        select(User.id, User.display_name, UserBlock.created_at)
        .join(User, User.id == UserBlock.blocked_id)
        .where(UserBlock.user_id == owner_id)
    )
    statement = newest_first(statement, created_at=UserBlock.created_at, identifier=UserBlock.blocked_id, page=page)
    rows = [BlockedLearner(*row) for row in (await session.execute(statement))]
    return cut_page(rows, limit=page.limit, position=lambda row: Position(row.blocked_at, row.id))
