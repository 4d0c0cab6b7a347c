"""Courses that are handed on: each reader gets a copy of their own, and nobody sees another's progress."""

from typing import Any
from uuid import UUID, uuid5

from sqlalchemy.ext.asyncio import AsyncSession

from lyo.courses import repo
from lyo.courses.models import Course, CourseItem, Lesson
from lyo.courses.values import SharedCourse, told_to_others


async def open_shared(
    session: AsyncSession, shared: SharedCourse, *, reader_id: UUID, post_id: UUID
) -> tuple[UUID, bool] | None:
    """The reader's course for what `post_id` shares, and whether it is new; None where there is none any more.

    The caller has locked the reader. It is the same each time that it is opened, also when the original is gone. The
    sharer's own is theirs already. Whoever deletes their copy gets one with the same ids, for which nothing is earned
    that was earned before.
    """
    if shared.sharer_id == reader_id:
        return None if shared.course_id is None else (shared.course_id, False)
    known = await repo.course_opened_from(session, owner_id=reader_id, post_id=post_id)
    if known is not None:
        return known, False
    if shared.course_id is None:
        return None
    original = await repo.course_to_copy(session, owner_id=shared.sharer_id, course_id=shared.course_id)
    return None if original is None else (await _copy(session, original, reader_id=reader_id, post_id=post_id), True)


async def _copy(session: AsyncSession, original: Course, *, reader_id: UUID, post_id: UUID) -> UUID:
    lessons = await repo.lessons_of(session, course_id=original.id)
    items = await repo.items_of(session, course_id=original.id)

    def copied(original_id: UUID) -> UUID:
        return uuid5(post_id, f"{reader_id} {original_id}")

    course_id = copied(original.id)
    session.add(
        Course(
            **_values(original, "level", "locale", "language", "title", "status", "completed_at", "report"),
            # What the sharer wrote of themselves is not handed on.
            topic=original.title,
            interests=[],
            description=told_to_others(original.description),
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
