"""`/v1/community/posts`, likes, and reports of what does not belong there."""

from contextlib import suppress
from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response, status

from lyo.accounts.deps import BriefUser, CurrentUser
from lyo.blocks.errors import LearnerNotFound
from lyo.community import moderation, service
from lyo.community.deps import count_first
from lyo.community.errors import (
    CannotReportYourself,
    CommentNotFound,
    CourseNotCompleted,
    PostNotFound,
    WordsRefused,
)
from lyo.community.schemas import (
    ContentReportBody,
    CreateReportRequest,
    OpenedCourseBody,
    PostBody,
    PostPage,
    PostRequest,
    post_body,
    report_body,
)
from lyo.community.values import Draft
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
from lyo.courses.errors import CourseNotFound
from lyo.web.deps import DEFAULT_PAGE, CursorQuery, IdempotencyKeyDep, LimitQuery, ResourcesDep, SessionDep
from lyo.web.headers import headers
from lyo.web.pages import cursor_key, page_request
from lyo.web.problems import problems
from lyo.web.rates import CountsAway
from lyo.web.throttle import count

router = APIRouter(prefix="/community", tags=["Community"])

_UUID = "[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"
AuthorQuery = Annotated[
    str | None, Query(pattern=f"^(me|{_UUID})$", description="Whose posts: `me`, or the id of somebody; else all.")
]


@router.get("/posts", responses=problems(InvalidCursor, Unauthorized, InvalidToken, ValidationFailed))
async def list_posts(
    session: SessionDep,
    user: CurrentUser,
    held: ResourcesDep,
    author: AuthorQuery = None,
    limit: LimitQuery = DEFAULT_PAGE,
    cursor: CursorQuery = None,
) -> PostPage:
    """List posts.

    Everybody's, newest first. Nothing of people whom you have blocked or who have blocked you, and nothing that you
    have reported.
    """
    author_id = user.user_id if author == "me" else UUID(author) if author else None
    key = cursor_key(held.settings, route=f"posts?author={author_id or ''}", user_id=user.user_id)
    wanted = page_request(key, limit, cursor)
    page = await service.list_posts(session, reader=user, author_id=author_id, page=wanted)
    return PostPage(
        items=[post_body(post) for post in page.items], next_cursor=key.encode(page.next) if page.next else None
    )


@router.post(
    "/posts",
    status_code=status.HTTP_201_CREATED,
    responses={
        201: {"headers": headers("Location", "Idempotency-Replayed")},
        **problems(
            BadRequest,
            IdempotencyKeyMissing,
            Unauthorized,
            InvalidToken,
            CourseNotFound,
            PostNotFound,
            Conflict,
            ValidationFailed,
            IdempotencyKeyReused,
            CourseNotCompleted,
            WordsRefused,
        ),
    },
)
async def create_post(
    body: PostRequest,
    key: IdempotencyKeyDep,
    request: Request,
    user: BriefUser,
    held: ResourcesDep,
    response: Response,
) -> PostBody:
    """Write a post.

    For everybody to see, in Markdown: HTML and images are taken out, and a word that does not belong here is refused
    with a sentence for the learner, who may say it otherwise. The same `Idempotency-Key` with the same body makes one
    post, however often it is sent.
    """
    asked = IdempotentRequest(
        user_id=user.user_id,
        route="posts",
        key=key,
        fingerprint=fingerprint(body.model_dump(mode="json", exclude_defaults=True)),
    )
    await count_first(request, asked, "rate_posts_per_user")
    draft = Draft(await service.acceptable(body.content), body.course_id)
    work = partial(service.create_post, author=user, draft=draft, request=asked)
    post, replayed = await in_transaction(held.sessions, held.bus, work)
    response.headers["Location"] = f"/v1/community/posts/{post.id}"
    if replayed:
        response.headers["Idempotency-Replayed"] = "true"
    return post_body(post)


@router.get("/posts/{post_id}", responses=problems(Unauthorized, InvalidToken, PostNotFound, ValidationFailed))
async def get_post(post_id: UUID, session: SessionDep, user: CurrentUser) -> PostBody:
    """Read a post.

    Its comments are a list of their own.
    """
    return post_body(await service.get_post(session, reader=user, post_id=post_id))


@router.delete(
    "/posts/{post_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(Unauthorized, InvalidToken, PostNotFound, ValidationFailed),
)
async def delete_post(post_id: UUID, user: BriefUser, held: ResourcesDep) -> None:
    """Delete your post.

    With its comments and likes, and out of everybody's feed.
    """
    work = partial(service.delete_post, owner_id=user.user_id, post_id=post_id)
    await in_transaction(held.sessions, held.bus, work)


@router.post(
    "/posts/{post_id}/course",
    responses=problems(Unauthorized, InvalidToken, PostNotFound, CourseNotFound, ValidationFailed),
)
async def open_shared_course(post_id: UUID, user: BriefUser, held: ResourcesDep) -> OpenedCourseBody:
    """Open the course of a post.

    You get a copy of your own, with your own progress, which stays when the post or its author goes. Opened again, the
    same post gives the same copy.
    """
    work = partial(service.open_course, reader=user, post_id=post_id)
    course_id, is_new = await in_transaction(held.sessions, held.bus, work)
    return OpenedCourseBody(course_id=course_id, is_new=is_new)


@router.put(
    "/posts/{post_id}/like",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(Unauthorized, InvalidToken, PostNotFound, ValidationFailed),
)
async def like_post(post_id: UUID, user: BriefUser, held: ResourcesDep) -> None:
    """Like a post.

    Once, however often it is sent.
    """
    await in_transaction(held.sessions, held.bus, partial(service.like, reader=user, post_id=post_id))


@router.delete(
    "/posts/{post_id}/like",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(Unauthorized, InvalidToken, ValidationFailed),
)
async def unlike_post(post_id: UUID, user: BriefUser, held: ResourcesDep) -> None:
    """Take your like back.

    Whether or not there is one.
    """
    await in_transaction(held.sessions, held.bus, partial(service.unlike, reader=user, post_id=post_id))


@router.post(
    "/reports",
    status_code=status.HTTP_201_CREATED,
    responses=problems(
        Unauthorized,
        InvalidToken,
        PostNotFound,
        CommentNotFound,
        LearnerNotFound,
        ValidationFailed,
        CannotReportYourself,
    ),
)
async def create_report(
    body: CreateReportRequest, request: Request, user: BriefUser, held: ResourcesDep
) -> ContentReportBody:
    """Report a post, a comment or somebody.

    A moderator will look at it, and nobody learns who it was. You see a post or a comment that you have reported no
    more, from this moment on; to see nothing of a person any more, block them. The same thing reported again gives the
    first report.
    """
    with suppress(CountsAway):
        await count(request, "rate_reports_per_user", str(user.user_id))
    work = partial(moderation.report, reporter=user, complaint=body.complaint())
    return report_body(await in_transaction(held.sessions, held.bus, work))
