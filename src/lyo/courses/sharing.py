"""Courses that are handed on: each reader gets a copy of their own, and nobody sees another's progress."""

from typing import Any
from uuid import UUID, uuid5

from sqlalchemy.ext.asyncio import AsyncSession

from lyo.courses import repo
from lyo.courses.models import Course, CourseItem, Lesson
from lyo.courses.values import SharedCourse, told_to_others


async def open_shared(session: AsyncSession, shared: SharedCourse, *, reader_id: UUID) -> tuple[UUID, bool] | None:
    """The reader's course for what is shared, and whether it is new; None where there is none any more.

    The caller has locked the reader. It is the same each time that it is opened, by whichever post and whoever handed
    it on, also when the original is gone; whose original it is has it already. Whoever deletes their copy gets one with
    the same ids, for which nothing is earned that was earned before.
    """
    if shared.origin_id is None:
        return None
    known = await repo.course_of_origin(session, owner_id=reader_id, origin_id=shared.origin_id)
    if known is not None:
        return known, False
    if shared.course_id is None:
        return None
    original = await repo.course_to_copy(session, owner_id=shared.sharer_id, course_id=shared.course_id)
    if original is None:
        return None
    return await _copy(session, original, reader_id=reader_id, origin_id=shared.origin_id), True


async def _copy(session: AsyncSession, original: Course, *, reader_id: UUID, origin_id: UUID) -> UUID:
    lessons = await repo.lessons_of(session, course_id=original.id)
    items = await repo.items_of(session, course_id=original.id)
    course_id = uuid5(origin_id, str(reader_id))
    # By their places, which are the same in every copy, while ids are not.
    lesson_ids = {lesson.id: uuid5(course_id, str(lesson.order_index)) for lesson in lessons}
    item_ids = {item.id: uuid5(lesson_ids[item.lesson_id], str(item.order_index)) for item in items}
    session.add(
        Course(
            **_values(original, "level", "locale", "language", "title", "status", "completed_at", "report"),
            # What the sharer wrote of themselves is not handed on.
            topic=original.title,
            interests=[],
            description=told_to_others(original.description),
            id=course_id,
            user_id=reader_id,
            origin_id=origin_id,
        )
    )
    await session.flush()
    session.add_all(
        Lesson(
            **_values(lesson, "order_index", "title", "objective", "status"),
            id=lesson_ids[lesson.id],
            course_id=course_id,
        )
        for lesson in lessons
    )
    await session.flush()
    session.add_all(
        CourseItem(
            **_values(item, "order_index", "type", "title", "content", "source", "source_url", "duration_seconds"),
            **_values(item, "generated_by", "citations"),
            id=item_ids[item.id],
            course_id=course_id,
            lesson_id=lesson_ids[item.lesson_id],
            # A question is one learner's: its first answer scores, and it comes again when they forget it.
            questions=None
            if item.questions is None
            else [
                {**kept, "id": str(uuid5(item_ids[item.id], str(number)))}
                for number, kept in enumerate(item.questions, start=1)
            ],
        )
        for item in items
    )
    await session.flush()
    return course_id


def _values(row: Course | Lesson | CourseItem, *names: str) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}
