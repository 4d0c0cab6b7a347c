"""Courses as learners ask for them and read them."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from lyo.accounts.profiles import lock_learner
from lyo.core.idempotency import IdempotentRequest, earlier_answer, record
from lyo.core.ids import new_id
from lyo.core.jobs import JobRef
from lyo.core.pagination import Page, PageRequest
from lyo.courses import repo
from lyo.courses.errors import CourseNotFound, QueueFull, ReportNotFound, ReportNotReady, TooManyCourses
from lyo.courses.models import Course, CourseItem
from lyo.courses.values import (
    REPORT_VERSION,
    CourseStatus,
    CourseSummary,
    CourseView,
    CourseWish,
    KickOff,
    Limits,
    item_view,
    lesson_view,
    summary_of,
)
from lyo.feeds.service import withdraw
from lyo.feeds.values import FeedItemType
from lyo.tasks.service import cancel_if_open, count_open_exactly, count_waiting, create_task, get_tasks
from lyo.tasks.values import TaskState

GENERATE = JobRef("courses.generate")


async def kick_off(
    session: AsyncSession, *, wish: CourseWish, request: IdempotentRequest, limits: Limits
) -> tuple[KickOff, bool]:
    """Promise a course: course, task and the call of a worker in one transaction, once for each idempotency key.

    The second value says whether the promise is an earlier one, repeated; that is never refused. Raises
    `IdempotencyKeyReused`, `Conflict`, `TooManyCourses`, `QueueFull`; a key that is refused stays free.
    """
    earlier = await earlier_answer(session, request)
    if earlier is not None:
        return KickOff(task_id=UUID(earlier["task_id"]), course_id=UUID(earlier["provisional_course_id"])), True
    await _admit(session, owner_id=request.user_id, limits=limits)
    promise = KickOff(task_id=new_id(), course_id=new_id())
    session.add(
        Course(
            id=promise.course_id,
            user_id=request.user_id,
            task_id=promise.task_id,
            topic=wish.topic,
            interests=list(wish.interests),
            level=wish.level,
            locale=wish.locale,
            title=wish.topic,
        )
    )
    await create_task(
        session,
        task_id=promise.task_id,
        owner_id=request.user_id,
        job=GENERATE,
        idempotency_key=request.key,
        course_id=promise.course_id,
    )
    await record(session, request, answer(promise))
    return promise, False


async def _admit(session: AsyncSession, *, owner_id: UUID, limits: Limits) -> None:
    # The key is claimed by now, so a lock of the user is always taken after one of a key: no two wait for each other.
    if await count_open_exactly(session, owner_id=owner_id) >= limits.running:
        raise TooManyCourses
    # Not exact: kick-offs of other learners at the same moment do not see each other, which costs nobody anything.
    if await count_waiting(session, at_most=limits.queued) >= limits.queued:
        raise QueueFull


def answer(promise: KickOff) -> dict[str, Any]:
    """The body of a kick-off, as it is sent and as it is kept for repetitions."""
    return {"task_id": str(promise.task_id), "provisional_course_id": str(promise.course_id)}


async def get_course(session: AsyncSession, *, owner_id: UUID, course_id: UUID) -> CourseView:
    """The owner's course with all of it that is readable by now; raises `CourseNotFound`."""
    course = await repo.course_of(session, owner_id=owner_id, course_id=course_id)
    if course is None:
        raise CourseNotFound
    # The course may grow between these reads. What is read later may be newer, so nothing that is announced is missing;
    # items of a lesson that is not announced as ready yet are left for the next reading.
    summary = (await _summaries(session, [course], owner_id=owner_id))[0]
    lessons = await repo.lessons_of(session, course_id=course_id)
    ready = {lesson.id for lesson in lessons if lesson.status == "ready"}
    items = [item for item in await repo.items_of(session, course_id=course_id) if item.lesson_id in ready]
    learning = await repo.learning_of_items(session, course_id=course_id)
    by_lesson: dict[UUID, list[CourseItem]] = {}
    for item in items:
        by_lesson.setdefault(item.lesson_id, []).append(item)
    return CourseView(
        summary=summary,
        lessons=tuple(lesson_view(lesson, by_lesson.get(lesson.id, [])) for lesson in lessons),
        items=tuple(item_view(item, learning.get(item.id)) for item in items),
    )


async def get_report(session: AsyncSession, *, owner_id: UUID, course_id: UUID) -> dict[str, Any]:
    """The report card of the owner's course, as it was kept when the course was whole.

    Raises `CourseNotFound`; `ReportNotReady` for a course that is being made or failed; `ReportNotFound` for a whole
    one without a report.
    """
    course = await repo.course_of(session, owner_id=owner_id, course_id=course_id)
    if course is None:
        raise CourseNotFound
    if course.status != CourseStatus.COMPLETED:
        raise ReportNotReady
    report = await repo.report_of(session, owner_id=owner_id, course_id=course_id)
    # One of a later version is there while servers are brought up to date one by one.
    if report is None or report["version"] != REPORT_VERSION:
        raise ReportNotFound
    return report


async def list_courses(session: AsyncSession, *, owner_id: UUID, page: PageRequest) -> Page[CourseSummary]:
    """A page of the owner's courses, newest first."""
    found = await repo.page_of_courses(session, owner_id=owner_id, page=page)
    return Page(items=await _summaries(session, found.items, owner_id=owner_id), next=found.next)


async def delete_course(session: AsyncSession, *, owner_id: UUID, course_id: UUID) -> None:
    """Delete the owner's course with the news of it, and stop its making if need be; raises `CourseNotFound`.

    What was earned with it stays earned.
    """
    await lock_learner(session, owner_id=owner_id)
    course = await repo.course_of(session, owner_id=owner_id, course_id=course_id)
    if course is None:
        raise CourseNotFound
    if course.task_id is not None:
        await cancel_if_open(session, task_id=course.task_id)
    await withdraw(session, owner_id=owner_id, kind=FeedItemType.COURSE_COMPLETION, source_id=course_id)
    await repo.delete_course(session, owner_id=owner_id, course_id=course_id)


async def _summaries(session: AsyncSession, courses: Sequence[Course], *, owner_id: UUID) -> list[CourseSummary]:
    # The task is the truth about how far the making is: there is no second place that could disagree.
    made_by = [course.task_id for course in courses if course.task_id is not None]
    tasks = await get_tasks(session, owner_id=owner_id, task_ids=made_by)
    ids = [course.id for course in courses]
    totals, places = await repo.total_items(session, ids), await repo.places(session, ids)
    summaries = list[CourseSummary]()
    for course in courses:
        task = tasks.get(course.task_id) if course.task_id else None
        summaries.append(
            summary_of(
                course,
                progress_pct=task.progress_pct if task else 100,
                failed=task is not None and task.state is TaskState.ERROR,
                total_items=totals.get(course.id, 0),
                at=places.get(course.id),
            )
        )
    return summaries
