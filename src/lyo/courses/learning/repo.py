"""Every SQL statement about how learners get on with their courses."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from lyo.courses.models import Course, CourseItem, ItemProgress, Lesson, QuizAttempt


async def own_course(session: AsyncSession, *, owner_id: UUID, course_id: UUID) -> Course | None:
    """The owner's course as it is now: whoever changes how far it is learned has locked the owner."""
    own = select(Course).where(Course.id == course_id, Course.user_id == owner_id)
    return await session.scalar(own.execution_options(populate_existing=True))


async def ready_item(session: AsyncSession, *, course_id: UUID, item_id: UUID) -> CourseItem | None:
    """The item of a course, if its lesson is ready."""
    ready = (
        select(CourseItem)
        .join(Lesson, Lesson.id == CourseItem.lesson_id)
        .where(CourseItem.id == item_id, CourseItem.course_id == course_id, Lesson.status == "ready")
    )
    return await session.scalar(ready)


async def owned_item(session: AsyncSession, *, owner_id: UUID, item_id: UUID) -> CourseItem | None:
    """An item of any of the owner's courses, if its lesson is ready."""
    ready = (
        select(CourseItem)
        .join(Course, Course.id == CourseItem.course_id)
        .join(Lesson, Lesson.id == CourseItem.lesson_id)
        .where(CourseItem.id == item_id, Course.user_id == owner_id, Lesson.status == "ready")
    )
    return await session.scalar(ready)


async def progress_of(session: AsyncSession, *, item_id: UUID) -> ItemProgress | None:
    """How far the item is, as it is now."""
    return await session.get(ItemProgress, item_id, populate_existing=True)


async def keep_progress(
    session: AsyncSession,
    *,
    item: CourseItem,
    position: int,
    opened_at: datetime,
    completed_at: datetime | None,
) -> None:
    """Keep how far an item is."""
    values = {"position": position, "opened_at": opened_at, "completed_at": completed_at}
    kept = upsert(ItemProgress).values(item_id=item.id, course_id=item.course_id, **values)
    await session.execute(kept.on_conflict_do_update(index_elements=[ItemProgress.item_id], set_=values))


async def count_items(session: AsyncSession, *, course_id: UUID) -> int:
    """How many items the ready lessons of a course have."""
    counted = (
        select(func.count())
        .select_from(CourseItem)
        .join(Lesson, Lesson.id == CourseItem.lesson_id)
        .where(CourseItem.course_id == course_id, Lesson.status == "ready")
    )
    return await session.scalar(counted) or 0


async def add_attempt(
    session: AsyncSession, *, item_id: UUID, answers: Sequence[dict[str, Any]], score: int, total: int, at: datetime
) -> None:
    """Keep an attempt at a quiz; the caller has locked the owner."""
    tried = select(func.coalesce(func.max(QuizAttempt.number), 0)).where(QuizAttempt.item_id == item_id)
    number = (await session.scalar(tried) or 0) + 1
    attempt = {"item_id": item_id, "number": number, "answers": answers, "score": score, "total": total}
    await session.execute(insert(QuizAttempt).values(attempted_at=at, **attempt))


async def items_with_courses(
    session: AsyncSession, item_ids: Collection[UUID], *, owner_id: UUID
) -> dict[UUID, tuple[CourseItem, str]]:
    """The owner's items by id, each with the title of its course."""
    found = (
        select(CourseItem, Course.title)
        .join(Course, Course.id == CourseItem.course_id)
        .where(CourseItem.id.in_(item_ids), Course.user_id == owner_id)
    )
    return {item.id: (item, title) for item, title in await session.execute(found)}
