"""`/v1/moderation`, which is there for moderators and for nobody else."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, status

from lyo.accounts.deps import ModeratorDep
from lyo.community import moderation
from lyo.community.errors import CannotJudgeYourself, CaseClosed, CaseNotFound, CommentNotFound, PostNotFound
from lyo.community.moderation_schemas import CasePage, CloseCaseRequest, HideRequest, case_body
from lyo.community.values import CaseOutcome, CaseStatus, Target, TargetType
from lyo.core.bus import in_transaction
from lyo.core.errors import InvalidCursor, InvalidToken, NotFound, Unauthorized, ValidationFailed
from lyo.web.deps import DEFAULT_PAGE, CursorQuery, LimitQuery, ResourcesDep, SessionDep
from lyo.web.pages import cursor_key, page_request
from lyo.web.problems import problems

router = APIRouter(prefix="/moderation", tags=["Community"])

StatusQuery = Annotated[CaseStatus, Query(description="`open`: waits for a moderator.")]


@router.get("/reports", responses=problems(InvalidCursor, Unauthorized, InvalidToken, NotFound, ValidationFailed))
async def list_cases(
    session: SessionDep,
    user: ModeratorDep,
    held: ResourcesDep,
    status: StatusQuery = CaseStatus.OPEN,
    limit: LimitQuery = DEFAULT_PAGE,
    cursor: CursorQuery = None,
) -> CasePage:
    """List what was reported.

    For moderators; for everybody else there is nothing at this address. All reports of one thing are one case; what
    has waited longest comes first.
    """
    key = cursor_key(held.settings, route=f"moderation/reports?{status}", user_id=user.user_id)
    page = await moderation.list_cases(session, moderator=user, status=status, page=page_request(key, limit, cursor))
    return CasePage(
        items=[case_body(case) for case in page.items], next_cursor=key.encode(page.next) if page.next else None
    )


@router.post(
    "/reports/{case_id}/close",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(Unauthorized, InvalidToken, NotFound, CaseNotFound, CaseClosed, ValidationFailed),
)
async def close_case(case_id: UUID, body: CloseCaseRequest, user: ModeratorDep, held: ResourcesDep) -> None:
    """Close a case without hiding anything.

    For moderators. What is reported anew after that is a new case.
    """
    outcome = CaseOutcome(body.outcome)
    work = partial(moderation.close, moderator=user, case_id=case_id, outcome=outcome, reason=body.reason)
    await in_transaction(held.sessions, held.bus, work)


@router.put(
    "/posts/{post_id}/hidden",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(Unauthorized, InvalidToken, NotFound, PostNotFound, CannotJudgeYourself, ValidationFailed),
)
async def hide_post(post_id: UUID, body: HideRequest, user: ModeratorDep, held: ResourcesDep) -> None:
    """Hide a post.

    For moderators. From now on only its author and moderators see it, and what was reported of it is closed.
    """
    target = Target(TargetType.POST, post_id)
    work = partial(moderation.hide, moderator=user, target=target, reason=body.reason)
    await in_transaction(held.sessions, held.bus, work)


@router.delete(
    "/posts/{post_id}/hidden",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(Unauthorized, InvalidToken, NotFound, PostNotFound, CannotJudgeYourself, ValidationFailed),
)
async def restore_post(post_id: UUID, user: ModeratorDep, held: ResourcesDep) -> None:
    """Show a hidden post again.

    For moderators. It is where it was, in lists and in feeds.
    """
    work = partial(moderation.restore, moderator=user, target=Target(TargetType.POST, post_id))
    await in_transaction(held.sessions, held.bus, work)


@router.put(
    "/comments/{comment_id}/hidden",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(Unauthorized, InvalidToken, NotFound, CommentNotFound, CannotJudgeYourself, ValidationFailed),
)
async def hide_comment(comment_id: UUID, body: HideRequest, user: ModeratorDep, held: ResourcesDep) -> None:
    """Hide a comment.

    For moderators. From now on only its author and moderators see it, it does not count any more, and what was
    reported of it is closed.
    """
    target = Target(TargetType.COMMENT, comment_id)
    work = partial(moderation.hide, moderator=user, target=target, reason=body.reason)
    await in_transaction(held.sessions, held.bus, work)


@router.delete(
    "/comments/{comment_id}/hidden",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(Unauthorized, InvalidToken, NotFound, CommentNotFound, CannotJudgeYourself, ValidationFailed),
)
async def restore_comment(comment_id: UUID, user: ModeratorDep, held: ResourcesDep) -> None:
    """Show a hidden comment again.

    For moderators. It counts again, and is where it was.
    """
    work = partial(moderation.restore, moderator=user, target=Target(TargetType.COMMENT, comment_id))
    await in_transaction(held.sessions, held.bus, work)
