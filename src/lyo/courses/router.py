"""`/v1/courses`: ask for one, read it, list them."""

from uuid import UUID

from fastapi import APIRouter, Response, status

from lyo.accounts.deps import CurrentUser
from lyo.accounts.errors import InvalidToken
from lyo.core.errors import (
    BadRequest,
    BodyTooLarge,
    Conflict,
    IdempotencyKeyMissing,
    IdempotencyKeyReused,
    InvalidCursor,
    Unauthorized,
    ValidationFailed,
)
from lyo.core.idempotency import IdempotentRequest, fingerprint
from lyo.courses import service
from lyo.courses.errors import CourseNotFound
from lyo.courses.schemas import CourseBody, CoursePage, GenerateRequest, KickOffBody, course_body, summary_body
from lyo.web.deps import DEFAULT_PAGE, CursorQuery, IdempotencyKeyDep, LimitQuery, ResourcesDep, SessionDep
from lyo.web.pages import cursor_key, page_request
from lyo.web.problems import problems

router = APIRouter(tags=["Courses"])

KICK_OFF_HEADERS = {
    "Location": {"description": "The task to poll.", "schema": {"type": "string"}},
    "Idempotency-Replayed": {
        "description": "`true` if this key was used before and nothing new was begun.",
        "schema": {"type": "string"},
    },
}


@router.post(
    "/courses:generate",
    status_code=status.HTTP_202_ACCEPTED,
    responses={
        202: {"headers": KICK_OFF_HEADERS},
        **problems(
            BadRequest,
            IdempotencyKeyMissing,
            Unauthorized,
            InvalidToken,
            Conflict,
            BodyTooLarge,
            ValidationFailed,
            IdempotencyKeyReused,
        ),
    },
)
async def generate_course(
    body: GenerateRequest, key: IdempotencyKeyDep, session: SessionDep, user: CurrentUser, response: Response
) -> KickOffBody:
    """Ask for a course.

    Answers at once with the task that makes the course and the course itself, which exists from now on and fills
    lesson by lesson. Follow the task over the WebSocket or by polling. The same `Idempotency-Key` with the same body
    gives the same answer, however often it is sent.
    """
    wish = body.wish()
    request = IdempotentRequest(
        user_id=user.user_id,
        route="courses:generate",
        key=key,
        fingerprint=fingerprint(body.model_dump(mode="json", exclude_defaults=True)),
    )
    promise, replayed = await service.kick_off(session, wish=wish, request=request)
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
