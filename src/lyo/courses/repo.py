"""Every SQL statement about courses."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from lyo.core.pagination import Page, PageRequest, Position, cut_page, newest_first
from lyo.courses.models import Course, CourseItem, Lesson


async def course_of(session: AsyncSession, *, owner_id: UUID, course_id: UUID) -> Course | None:
    """The owner's course with this id."""
    return await session.scalar(select(Course).where(Course.id == course_id, Course.user_id == owner_id))


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
