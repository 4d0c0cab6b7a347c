"""Every SQL statement about courses."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, bindparam, delete, func, or_, select, tuple_, update
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased, undefer

from lyo.core.pagination import Page, PageRequest, Position, cut_page, newest_first
from lyo.courses.models import Course, CourseItem, ItemProgress, Lesson
from lyo.courses.values import ItemLearning, Place


async def course_of(session: AsyncSession, *, owner_id: UUID, course_id: UUID) -> Course | None:
    """The owner's course with this id."""
    return await session.scalar(select(Course).where(Course.id == course_id, Course.user_id == owner_id))


async def course_to_copy(session: AsyncSession, *, owner_id: UUID, course_id: UUID) -> Course | None:
    """The owner's course with its report, which is not deleted before the end of the transaction."""
    own = select(Course).where(Course.id == course_id, Course.user_id == owner_id).options(undefer(Course.report))
    return await session.scalar(own.with_for_update(read=True, key_share=True))


async def course_of_origin(session: AsyncSession, *, owner_id: UUID, origin_id: UUID) -> UUID | None:
    """The course with this id, or the copy of it, that the owner has."""
    same = or_(Course.id == origin_id, Course.origin_id == origin_id)
    return await session.scalar(select(Course.id).where(Course.user_id == owner_id, same))


async def report_of(session: AsyncSession, *, owner_id: UUID, course_id: UUID) -> dict[str, Any] | None:
    """The report card of the owner's course; None where there is none."""
    return await session.scalar(select(Course.report).where(Course.id == course_id, Course.user_id == owner_id))


async def lessons_of(session: AsyncSession, *, course_id: UUID) -> Sequence[Lesson]:
    """The lessons of a course, in order."""
    return (
        await session.scalars(select(Lesson).where(Lesson.course_id == course_id).order_by(Lesson.order_index))
    ).all()


async def items_of(session: AsyncSession, *, course_id: UUID) -> Sequence[CourseItem]:
    """The items of a course, in the order in which they are read."""
    statement = (
        select(CourseItem)
        .join(Lesson, Lesson.id == CourseItem.lesson_id)
        .where(CourseItem.course_id == course_id)
        .order_by(Lesson.order_index, CourseItem.order_index)
    )
    return (await session.scalars(statement)).all()


async def learning_of_items(session: AsyncSession, *, course_id: UUID) -> dict[UUID, ItemLearning]:
    """How far each item of a course is that was opened."""
    opened = select(ItemProgress).where(ItemProgress.course_id == course_id)
    return {
        row.item_id: ItemLearning(position=row.position, completed=row.completed_at is not None)
        for row in await session.scalars(opened)
    }


async def total_items(session: AsyncSession, course_ids: Sequence[UUID]) -> dict[UUID, int]:
    """How many items the ready lessons of each of these courses have."""
    counted = (
        select(CourseItem.course_id, func.count())
        .join(Lesson, Lesson.id == CourseItem.lesson_id)
        .where(CourseItem.course_id.in_(course_ids), Lesson.status == "ready")
        .group_by(CourseItem.course_id)
    )
    return dict((await session.execute(counted)).all())


async def places(session: AsyncSession, course_ids: Sequence[UUID]) -> dict[UUID, Place]:
    """Where to go on with each of these courses that was begun and is not done.

    That is the item where its learner was last or, if that is done, the next that is not, after the last the first.
    """
    rows = await session.execute(_PLACES, {"course_ids": course_ids})
    return {row[0]: Place(lesson_id=row[1], item_id=row[2], position=row[3]) for row in rows}


def _undone() -> Select[UUID, UUID, UUID, int]:
    current, its_lesson = aliased(CourseItem), aliased(Lesson)
    is_before = tuple_(Lesson.order_index, CourseItem.order_index) < tuple_(its_lesson.order_index, current.order_index)
    is_asked_for = CourseItem.course_id.in_(bindparam("course_ids", expanding=True))
    return (
        select(CourseItem.course_id, CourseItem.lesson_id, CourseItem.id, func.coalesce(ItemProgress.position, 0))
        .join(Lesson, Lesson.id == CourseItem.lesson_id)
        .join(Course, Course.id == CourseItem.course_id)
        .join(current, current.id == Course.current_item_id)
        .join(its_lesson, its_lesson.id == current.lesson_id)
        .outerjoin(ItemProgress, ItemProgress.item_id == CourseItem.id)
        .where(is_asked_for, Lesson.status == "ready", ItemProgress.completed_at.is_(None))
        .ext(distinct_on(CourseItem.course_id))
        .order_by(CourseItem.course_id, is_before, Lesson.order_index, CourseItem.order_index)
    )


_PLACES: Final = _undone()
"""Put together once: that took longer than all else that a list of courses asks for."""


async def delete_course(session: AsyncSession, *, owner_id: UUID, course_id: UUID) -> None:
    """Delete the owner's course with all that hangs on it."""
    await session.execute(delete(Course).where(Course.id == course_id, Course.user_id == owner_id))


async def page_of_courses(session: AsyncSession, *, owner_id: UUID, page: PageRequest) -> Page[Course]:
    """A page of the owner's courses, newest first."""
    owned = select(Course).where(Course.user_id == owner_id)
    statement = newest_first(owned, created_at=Course.created_at, identifier=Course.id, page=page)
    rows = (await session.scalars(statement)).all()
    return cut_page(rows, limit=page.limit, position=lambda course: Position(course.created_at, course.id))


async def set_outline(session: AsyncSession, *, course_id: UUID, title: str, description: str, language: str) -> None:
    """Give a course the title, description and language that its outline found."""
    await session.execute(
        update(Course).where(Course.id == course_id).values(title=title, description=description, language=language)
    )


async def lesson_at(session: AsyncSession, *, course_id: UUID, order_index: int) -> Lesson:
    """The lesson of a course with this number, which the outline has made."""
    statement = select(Lesson).where(Lesson.course_id == course_id, Lesson.order_index == order_index)
    return (await session.scalars(statement)).one()


async def complete_course(
    session: AsyncSession, *, course_id: UUID, at: datetime, report: dict[str, Any] | None
) -> None:
    """Mark a course as whole, and keep its report card."""
    whole = update(Course).where(Course.id == course_id)
    await session.execute(whole.values(status="completed", completed_at=at, report=report))
