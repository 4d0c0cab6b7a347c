"""Courses that are handed on: each reader gets a copy of their own, and nobody sees another's progress."""

from typing import Any
from uuid import UUID, uuid5

from sqlalchemy.ext.asyncio import AsyncSession

from lyo.accounts.profiles import lock_learner
from lyo.courses import repo
from lyo.courses.errors import CourseNotFound
from lyo.courses.models import Course, CourseItem, Lesson


async def open_shared(
    session: AsyncSession, *, sharer_id: UUID, course_id: UUID, reader_id: UUID, post_id: UUID
) -> tuple[UUID, bool]:
    """The reader's course for what `post_id` shares, and whether it is new: the same for each time that it is opened.

    The sharer's own is theirs already. Whoever deletes their copy gets one with the same ids, for which nothing is
    earned that was earned before. Raises `CourseNotFound`.
    """
    if sharer_id == reader_id:
        return course_id, False
    await lock_learner(session, owner_id=reader_id)
    known = await repo.course_opened_from(session, owner_id=reader_id, post_id=post_id)
    if known is not None:
        return known, False
    original = await repo.course_to_copy(session, owner_id=sharer_id, course_id=course_id)
    if original is None:
        raise CourseNotFound
    return await _copy(session, original, reader_id=reader_id, post_id=post_id), True


async def _copy(session: AsyncSession, original: Course, *, reader_id: UUID, post_id: UUID) -> UUID:
    lessons = await repo.lessons_of(session, course_id=original.id)
    items = await repo.items_of(session, course_id=original.id)

    def copied(original_id: UUID) -> UUID:
        return uuid5(post_id, f"{reader_id} {original_id}")

    course_id = copied(original.id)
    session.add(
        Course(
            **_values(original, "topic", "interests", "level", "locale", "language", "title", "description"),
            **_values(original, "status", "completed_at", "report"),
            id=course_id,
            user_id=reader_id,
            opened_from=post_id,
        )
    )
    await session.flush()
    session.add_all(
        Lesson(
            **_values(lesson, "order_index", "title", "objective", "status"), id=copied(lesson.id), course_id=course_id
        )
        for lesson in lessons
    )
    await session.flush()
    session.add_all(
        CourseItem(
            **_values(item, "order_index", "type", "title", "content", "source", "source_url", "duration_seconds"),
            **_values(item, "generated_by", "citations"),
            id=copied(item.id),
            course_id=course_id,
            lesson_id=copied(item.lesson_id),
            # A question is one learner's: its first answer scores, and it comes again when they forget it.
            questions=None
            if item.questions is None
            else [{**kept, "id": str(copied(UUID(kept["id"])))} for kept in item.questions],
        )
        for item in items
    )
    await session.flush()
    return course_id


def _values(row: Course | Lesson | CourseItem, *names: str) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}
