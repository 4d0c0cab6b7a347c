"""`/v1/courses`: ask for one, read it and its report, list them."""

from uuid import UUID

from fastapi import APIRouter, Response, status

from lyo.accounts.deps import CurrentUser
from lyo.core.errors import (
    BadRequest,
    BodyTooLarge,
    Conflict,
    IdempotencyKeyMissing,
    IdempotencyKeyReused,
    InvalidCursor,
    InvalidToken,
    Unauthorized,
    Unavailable,
    ValidationFailed,
)
from lyo.core.idempotency import IdempotentRequest, fingerprint
from lyo.core.settings import Settings
from lyo.courses import service
from lyo.courses.errors import CourseNotFound, QueueFull, ReportNotFound, ReportNotReady, TooManyCourses
from lyo.courses.reports import ReportBody, report_body
from lyo.courses.schemas import CourseBody, CoursePage, course_body, summary_body
from lyo.courses.values import Limits
from lyo.courses.wishes import GenerateRequest, KickOffBody
from lyo.web.deps import DEFAULT_PAGE, CursorQuery, IdempotencyKeyDep, LimitQuery, ResourcesDep, SessionDep
from lyo.web.headers import headers
from lyo.web.pages import cursor_key, page_request
from lyo.web.problems import problems

router = APIRouter(tags=["Courses"])


def _limits(settings: Settings) -> Limits:
    return Limits(running=settings.max_running_courses_per_user, queued=settings.max_queued_courses)


@router.post(
    "/courses:generate",
    status_code=status.HTTP_202_ACCEPTED,
    responses={
        202: {"headers": headers("Location", "Idempotency-Replayed")},
        **problems(
            BadRequest,
            IdempotencyKeyMissing,
            Unauthorized,
            InvalidToken,
            Conflict,
            BodyTooLarge,
            ValidationFailed,
            IdempotencyKeyReused,
            TooManyCourses,
            Unavailable,
            QueueFull,
        ),
    },
)
async def generate_course(
    body: GenerateRequest,
    key: IdempotencyKeyDep,
    session: SessionDep,
    user: CurrentUser,
    held: ResourcesDep,
    response: Response,
) -> KickOffBody:
    """Ask for a course.

    Answers at once with the task that makes the course and the course itself, which exists from now on and fills
    lesson by lesson. Follow the task over the WebSocket or by polling. The same `Idempotency-Key` with the same body
    gives the same answer, however often it is sent. A learner may have so many courses in the making at once (two,
    unless the operator says otherwise), and so many may wait for all learners; a request that is refused for that
    does not use up its key, so repeat it as it is after the seconds in `Retry-After`.
    """
    request = IdempotentRequest(
        user_id=user.user_id,
        route="courses:generate",
        key=key,
        fingerprint=fingerprint(body.model_dump(mode="json", exclude_defaults=True)),
    )
    promise, replayed = await service.kick_off(
        session, wish=body.wish(), request=request, limits=_limits(held.settings)
    )
    response.headers["Location"] = f"/v1/tasks/{promise.task_id}"
    if replayed:
        response.headers["Idempotency-Replayed"] = "true"
    return KickOffBody(task_id=promise.task_id, provisional_course_id=promise.course_id)


@router.get("/courses", responses=problems(InvalidCursor, Unauthorized, InvalidToken, ValidationFailed))
async def list_courses(
    session: SessionDep,
    user: CurrentUser,
    held: ResourcesDep,
    limit: LimitQuery = DEFAULT_PAGE,
    cursor: CursorQuery = None,
) -> CoursePage:
    """List your courses.

    Newest first, without their lessons.
    """
    key = cursor_key(held.settings, route="courses", user_id=user.user_id)
    page = await service.list_courses(session, owner_id=user.user_id, page=page_request(key, limit, cursor))
    return CoursePage(
        items=[summary_body(summary) for summary in page.items],
        next_cursor=key.encode(page.next) if page.next else None,
    )


@router.get("/courses/{course_id}", responses=problems(Unauthorized, InvalidToken, CourseNotFound, ValidationFailed))
async def get_course(course_id: UUID, session: SessionDep, user: CurrentUser) -> CourseBody:
    """Read a course.

    With all lessons and items that are there by now: while the status is `generating` more come, one lesson at a
    time.
    """
    return course_body(await service.get_course(session, owner_id=user.user_id, course_id=course_id))


@router.delete(
    "/courses/{course_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(Unauthorized, InvalidToken, CourseNotFound, ValidationFailed),
)
async def delete_course(course_id: UUID, session: SessionDep, user: CurrentUser) -> None:
    """Delete a course.

    With your progress and its reviews, and for good; if it is being made, that is stopped. XP and badges stay.
    """
    await service.delete_course(session, owner_id=user.user_id, course_id=course_id)


@router.get(
    "/courses/{course_id}/report",
    responses=problems(Unauthorized, InvalidToken, CourseNotFound, ReportNotFound, ReportNotReady, ValidationFailed),
)
async def get_course_report(course_id: UUID, session: SessionDep, user: CurrentUser) -> ReportBody:
    """Read the report card of a course.

    What a completed course is made of and from what, how good it is as far as rules can tell, and what it cost to
    make. It is computed once, when the course is completed.
    """
    return report_body(await service.get_report(session, owner_id=user.user_id, course_id=course_id))
