"""Progress, attempts, reviews and activity: what learners do with their courses."""

from typing import Any, Final
from uuid import UUID

from fastapi import APIRouter, Response

from lyo.accounts.deps import CurrentUser
from lyo.core.clock import now
from lyo.core.errors import (
    Conflict,
    IdempotencyKeyMissing,
    IdempotencyKeyReused,
    InvalidCursor,
    InvalidToken,
    Unauthorized,
    ValidationFailed,
)
from lyo.core.idempotency import IdempotentRequest, fingerprint, once
from lyo.courses.errors import CourseNotFound, ItemNotFound, NotAQuiz
from lyo.courses.learning import reviewing
from lyo.courses.learning.activity import tell_activity
from lyo.courses.learning.attempts import attempt
from lyo.courses.learning.progress import record_progress
from lyo.courses.learning.schemas import (
    ActivityBody,
    ActivityRequest,
    AttemptBody,
    AttemptRequest,
    ProgressBody,
    ProgressRequest,
    ReviewedBody,
    ReviewPage,
    ReviewRequest,
    activity_body,
    attempt_body,
    progress_body,
    review_body,
    reviewed_body,
)
from lyo.reviews.errors import ReviewNotDue, ReviewNotFound
from lyo.web.deps import (
    DEFAULT_PAGE,
    CursorQuery,
    IdempotencyKeyDep,
    LimitQuery,
    OptionalKeyDep,
    ResourcesDep,
    SessionDep,
)
from lyo.web.headers import headers
from lyo.web.pages import cursor_key, page_request
from lyo.web.problems import problems
from lyo.web.schemas import RequestModel

router = APIRouter()

REPLAYED: Final[dict[int | str, dict[str, Any]]] = {200: {"headers": headers("Idempotency-Replayed")}}
KEYED: Final = (IdempotencyKeyMissing, Conflict, IdempotencyKeyReused)


def _request(user_id: UUID, route: str, key: str | None, body: RequestModel) -> IdempotentRequest | None:
    if key is None:
        return None
    said = fingerprint(body.model_dump(mode="json", exclude_defaults=True))
    return IdempotentRequest(user_id=user_id, route=route, key=key, fingerprint=said)


def _note(response: Response, *, replayed: bool) -> None:
    if replayed:
        response.headers["Idempotency-Replayed"] = "true"


@router.put(
    "/courses/{course_id}/progress",
    tags=["Learning"],
    responses=problems(Unauthorized, InvalidToken, CourseNotFound, ItemNotFound, ValidationFailed),
)
async def record_course_progress(
    course_id: UUID, body: ProgressRequest, session: SessionDep, user: CurrentUser
) -> ProgressBody:
    """Record your progress.

    Of one item: opened, how far, done. Repeat it as you like: nothing is counted twice, and an old message of a phone
    that was offline takes nothing back. The last item of a completed course completes it for you, once.
    """
    progress = await record_progress(session, body.report(), owner_id=user.user_id, course_id=course_id, moment=now())
    return progress_body(progress)


@router.post(
    "/courses/{course_id}/items/{item_id}/attempts",
    tags=["Learning"],
    responses={
        **REPLAYED,
        **problems(Unauthorized, InvalidToken, CourseNotFound, ItemNotFound, NotAQuiz, ValidationFailed, *KEYED),
    },
)
async def attempt_quiz(
    course_id: UUID,
    item_id: UUID,
    body: AttemptRequest,
    key: OptionalKeyDep,
    session: SessionDep,
    user: CurrentUser,
    response: Response,
) -> AttemptBody:
    """Try a quiz.

    Answer all of its questions, or some; it is done once each was answered. What is right, why, and the words that
    prove it come back now. The first answer to a question scores, and each question comes back in `GET /v1/reviews`.
    """

    async def work() -> dict[str, Any]:
        tried = await attempt(
            session,
            body.choices(),
            owner_id=user.user_id,
            course_id=course_id,
            item_id=item_id,
            occurred_at=body.occurred_at,
            moment=now(),
        )
        return attempt_body(tried).model_dump(mode="json", by_alias=True)

    request = _request(user.user_id, f"attempts:{course_id}:{item_id}", key, body)
    answer, replayed = await once(session, request, work)
    _note(response, replayed=replayed)
    return AttemptBody.model_validate(answer)


@router.get(
    "/reviews", tags=["Learning"], responses=problems(InvalidCursor, Unauthorized, InvalidToken, ValidationFailed)
)
async def list_reviews(
    session: SessionDep,
    user: CurrentUser,
    held: ResourcesDep,
    limit: LimitQuery = DEFAULT_PAGE,
    cursor: CursorQuery = None,
) -> ReviewPage:
    """List what to review.

    The questions of quizzes that you have answered and are about to forget, those that wait longest first.
    """
    key = cursor_key(held.settings, route="reviews", user_id=user.user_id)
    page = await reviewing.list_due(session, owner_id=user.user_id, moment=now(), page=page_request(key, limit, cursor))
    return ReviewPage(
        items=[review_body(review) for review in page.items], next_cursor=key.encode(page.next) if page.next else None
    )


@router.post(
    "/reviews/{review_id}",
    tags=["Learning"],
    responses={
        **REPLAYED,
        **problems(Unauthorized, InvalidToken, ReviewNotFound, ReviewNotDue, ValidationFailed, *KEYED),
    },
)
async def answer_review(
    review_id: UUID,
    body: ReviewRequest,
    key: OptionalKeyDep,
    session: SessionDep,
    user: CurrentUser,
    response: Response,
) -> ReviewedBody:
    """Answer a review.

    Right answers bring the question back after days, then weeks and months; a wrong one after ten minutes.
    """

    async def work() -> dict[str, Any]:
        reviewed = await reviewing.answer_review(
            session,
            owner_id=user.user_id,
            card_id=review_id,
            option=body.option,
            occurred_at=body.occurred_at,
            moment=now(),
        )
        return reviewed_body(reviewed).model_dump(mode="json", by_alias=True)

    answer, replayed = await once(session, _request(user.user_id, f"reviews:{review_id}", key, body), work)
    _note(response, replayed=replayed)
    return ReviewedBody.model_validate(answer)


@router.post(
    "/gamification/activity",
    tags=["Gamification"],
    responses={
        **REPLAYED,
        **problems(Unauthorized, InvalidToken, CourseNotFound, ItemNotFound, ValidationFailed, *KEYED),
    },
)
async def tell_what_happened(
    body: ActivityRequest, key: IdempotencyKeyDep, session: SessionDep, user: CurrentUser, response: Response
) -> ActivityBody:
    """Tell what happened in the app.

    A day's first visit, an item that was studied again, a course that was shared. What each is worth is decided here,
    and it is worth that once: a visit once a day, an item once a day, a course once.
    """

    async def work() -> dict[str, Any]:
        reward = await tell_activity(session, body.activity(), owner_id=user.user_id, moment=now())
        return activity_body(reward).model_dump(mode="json", by_alias=True)

    answer, replayed = await once(session, _request(user.user_id, "activity", key, body), work)
    _note(response, replayed=replayed)
    return ActivityBody.model_validate(answer)
