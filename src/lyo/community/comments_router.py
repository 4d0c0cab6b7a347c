"""Comments on the posts of `/v1/community`."""

from functools import partial
from uuid import UUID

from fastapi import APIRouter, Request, Response, status

from lyo.accounts.deps import BriefUser, CurrentUser
from lyo.community import service
from lyo.community.deps import count_first
from lyo.community.errors import CommentNotFound, PostNotFound, WordsRefused
from lyo.community.schemas import CommentBody, CommentPage, CommentRequest, comment_body
from lyo.core.bus import in_transaction
from lyo.core.errors import (
    BadRequest,
    Conflict,
    IdempotencyKeyMissing,
    IdempotencyKeyReused,
    InvalidCursor,
    InvalidToken,
    Unauthorized,
    ValidationFailed,
)
from lyo.core.idempotency import IdempotentRequest, fingerprint
from lyo.web.deps import DEFAULT_PAGE, CursorQuery, IdempotencyKeyDep, LimitQuery, ResourcesDep, SessionDep
from lyo.web.headers import headers
from lyo.web.pages import cursor_key, page_request
from lyo.web.problems import problems

router = APIRouter(prefix="/community", tags=["Community"])


@router.get(
    "/posts/{post_id}/comments",
    responses=problems(InvalidCursor, Unauthorized, InvalidToken, PostNotFound, ValidationFailed),
)
async def list_comments(
    post_id: UUID,
    session: SessionDep,
    user: CurrentUser,
    held: ResourcesDep,
    limit: LimitQuery = DEFAULT_PAGE,
    cursor: CursorQuery = None,
) -> CommentPage:
    """List the comments on a post.

    The first comes first, as one reads a conversation.
    """
    key = cursor_key(held.settings, route=f"posts/{post_id}/comments", user_id=user.user_id)
    wanted = page_request(key, limit, cursor)
    page = await service.list_comments(session, reader=user, post_id=post_id, page=wanted)
    return CommentPage(
        items=[comment_body(comment) for comment in page.items],
        next_cursor=key.encode(page.next) if page.next else None,
    )


@router.post(
    "/posts/{post_id}/comments",
    status_code=status.HTTP_201_CREATED,
    responses={
        201: {"headers": headers("Idempotency-Replayed")},
        **problems(
            BadRequest,
            IdempotencyKeyMissing,
            Unauthorized,
            InvalidToken,
            PostNotFound,
            CommentNotFound,
            Conflict,
            ValidationFailed,
            IdempotencyKeyReused,
            WordsRefused,
        ),
    },
)
async def create_comment(
    post_id: UUID,
    body: CommentRequest,
    key: IdempotencyKeyDep,
    request: Request,
    user: BriefUser,
    held: ResourcesDep,
    response: Response,
) -> CommentBody:
    """Comment on a post.

    As posting: in Markdown, and once for each `Idempotency-Key`.
    """
    asked = IdempotentRequest(
        user_id=user.user_id,
        route=f"posts/{post_id}/comments",
        key=key,
        fingerprint=fingerprint(body.model_dump(mode="json")),
    )
    await count_first(request, asked, "rate_comments_per_user")
    text = await service.acceptable(body.content)
    work = partial(service.create_comment, author=user, post_id=post_id, text=text, request=asked)
    comment, replayed = await in_transaction(held.sessions, held.bus, work)
    if replayed:
        response.headers["Idempotency-Replayed"] = "true"
    return comment_body(comment)


@router.delete(
    "/comments/{comment_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(Unauthorized, InvalidToken, CommentNotFound, ValidationFailed),
)
async def delete_comment(comment_id: UUID, user: BriefUser, held: ResourcesDep) -> None:
    """Delete a comment.

    Your own, wherever it stands, or anybody's under a post of yours.
    """
    work = partial(service.delete_comment, owner_id=user.user_id, comment_id=comment_id)
    await in_transaction(held.sessions, held.bus, work)
