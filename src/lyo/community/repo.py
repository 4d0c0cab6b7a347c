"""Every SQL statement about posts, likes and comments.

Who takes several rows takes a post before its comments and likes, so that no two wait for each other.
"""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, and_, delete, exists, func, insert, or_, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from lyo.accounts.models import User
from lyo.accounts.values import Principal
from lyo.blocks.repo import has_blocked, is_hidden_from
from lyo.community.models import Comment, ContentReport, ModerationCase, Post, PostLike
from lyo.community.values import Author, CommentView, Draft, PostView
from lyo.core.ids import new_id
from lyo.core.pagination import Page, PageRequest, Position, cut_page, earliest_first, newest_first
from lyo.courses.models import Course
from lyo.courses.values import SharedCourse


def _is_seen(
    reader: Principal, written: type[Post | Comment], reported: InstrumentedAttribute[UUID | None]
) -> ColumnElement[bool]:
    """Whether the reader sees something: their own, and what nobody has hidden, blocked or, for them, reported."""
    by_reader = select(ContentReport.id).join(ModerationCase, ModerationCase.id == ContentReport.case_id)
    by_reader = by_reader.where(ContentReport.user_id == reader.user_id, reported == written.id)
    if reader.is_moderator:  # whom nobody can get rid of by a block
        shown = ~has_blocked(reader.user_id, written.user_id)
    else:
        shown = and_(written.hidden_at.is_(None), ~is_hidden_from(reader.user_id, written.user_id), ~by_reader.exists())
    return or_(written.user_id == reader.user_id, shown)


def post_is_seen(reader: Principal) -> ColumnElement[bool]:
    """Whether the reader sees a post: for the `WHERE`."""
    return _is_seen(reader, Post, ModerationCase.post_id)


def comment_is_seen(reader: Principal) -> ColumnElement[bool]:
    """Whether the reader sees a comment, if they see its post: for the `WHERE`."""
    return _is_seen(reader, Comment, ModerationCase.comment_id)


def _posts(reader: Principal) -> Select[Post, str, str, bool]:
    liked = exists().where(PostLike.post_id == Post.id, PostLike.user_id == reader.user_id)
    posts = select(Post, User.display_name, Course.title, liked).join(User, User.id == Post.user_id)
    return posts.outerjoin(Course, Course.id == Post.course_id).where(post_is_seen(reader))


def _post_view(row: Row[Post, str, str, bool], reader: Principal) -> PostView:
    post, name, course_title, is_liked = row
    return PostView(
        id=post.id,
        author=Author(id=post.user_id, display_name=name),
        content=post.content,
        course_title=course_title,
        like_count=post.like_count,
        comment_count=post.comment_count,
        is_own=post.user_id == reader.user_id,
        is_liked=is_liked,
        is_hidden=post.hidden_at is not None,
        created_at=post.created_at,
    )


async def page_of_posts(
    session: AsyncSession, *, reader: Principal, author_id: UUID | None, page: PageRequest
) -> Page[PostView]:
    """A page of the posts that the reader sees, of one author or of all, newest first."""
    statement = newest_first(_posts(reader), created_at=Post.created_at, identifier=Post.id, page=page)
    if author_id is not None:
        statement = statement.where(Post.user_id == author_id)
    views = [_post_view(row, reader) for row in (await session.execute(statement))]
    return cut_page(views, limit=page.limit, position=lambda view: Position(view.created_at, view.id))


async def post_seen(session: AsyncSession, *, reader: Principal, post_id: UUID) -> PostView | None:
    """The post with this id, if the reader sees it."""
    # Triggers have changed the counts since the session has read them.
    fresh = _posts(reader).where(Post.id == post_id).execution_options(populate_existing=True)
    row = (await session.execute(fresh)).one_or_none()
    return None if row is None else _post_view(row, reader)


async def add_post(session: AsyncSession, draft: Draft, *, owner_id: UUID, origin_id: UUID | None) -> UUID:
    """Keep a post; returns its id. `origin_id` is that of the course that it shares."""
    post_id = new_id()
    shared = {"course_id": draft.course_id, "origin_id": origin_id}
    await session.execute(insert(Post).values(id=post_id, user_id=owner_id, content=draft.text.content, **shared))
    return post_id


async def course_to_share(session: AsyncSession, *, owner_id: UUID, course_id: UUID) -> tuple[str, str, UUID] | None:
    """Status, title and origin of the owner's course, which is not deleted before the end of the transaction."""
    origin_id = func.coalesce(Course.origin_id, Course.id)
    own = select(Course.status, Course.title, origin_id).where(Course.id == course_id, Course.user_id == owner_id)
    row = (await session.execute(own.with_for_update(read=True, key_share=True))).one_or_none()
    return None if row is None else (row[0], row[1], row[2])


async def shared_by_post_seen(session: AsyncSession, *, reader: Principal, post_id: UUID) -> SharedCourse | None:
    """What a post shares that the reader sees, and that nobody deletes before the end of the transaction.

    Who likes it, or deletes the course, need not wait for that.
    """
    shared = select(Post.user_id, Post.course_id, Post.origin_id).where(Post.id == post_id, post_is_seen(reader))
    row = (await session.execute(shared.with_for_update(read=True, key_share=True, of=Post))).one_or_none()
    return None if row is None else SharedCourse(sharer_id=row[0], course_id=row[1], origin_id=row[2])


async def lock_own_post(session: AsyncSession, *, owner_id: UUID, post_id: UUID) -> bool:
    """Whether the owner has this post, which nobody else deletes before the end of the transaction."""
    own = select(Post.id).where(Post.id == post_id, Post.user_id == owner_id)
    return await session.scalar(own.with_for_update()) is not None


async def lock_post_seen(session: AsyncSession, *, reader: Principal, post_id: UUID) -> bool:
    """Whether the reader sees this post, which nobody else changes before the end of the transaction."""
    seen = select(Post.id).where(Post.id == post_id, post_is_seen(reader))
    return await session.scalar(seen.with_for_update(key_share=True, of=Post)) is not None


async def lock_post_unscoped(session: AsyncSession, *, post_id: UUID) -> None:
    """Let nobody else change a post before the end of the transaction, if there is one, whoever sees it."""
    await session.execute(select(Post.id).where(Post.id == post_id).with_for_update(key_share=True))


async def lock_post_of_comment_unscoped(session: AsyncSession, *, comment_id: UUID) -> None:
    """As `lock_post_unscoped`, for the post of a comment."""
    of_comment = select(Comment.post_id).where(Comment.id == comment_id).scalar_subquery()
    await session.execute(select(Post.id).where(Post.id == of_comment).with_for_update(key_share=True))


async def delete_post(session: AsyncSession, *, owner_id: UUID, post_id: UUID) -> None:
    """Delete the owner's post, with what was said to it."""
    await session.execute(delete(Post).where(Post.id == post_id, Post.user_id == owner_id))


async def add_like(session: AsyncSession, *, owner_id: UUID, post_id: UUID) -> None:
    """Keep that the owner likes a post; twice is once."""
    await session.execute(upsert(PostLike).values(post_id=post_id, user_id=owner_id).on_conflict_do_nothing())


async def remove_like(session: AsyncSession, *, owner_id: UUID, post_id: UUID) -> None:
    """Forget that the owner likes a post."""
    await session.execute(delete(PostLike).where(PostLike.post_id == post_id, PostLike.user_id == owner_id))


def _comments() -> Select[Comment, str]:
    return select(Comment, User.display_name).join(User, User.id == Comment.user_id)


def _comment_view(row: Row[Comment, str], reader: Principal) -> CommentView:
    comment, name = row
    return CommentView(
        id=comment.id,
        post_id=comment.post_id,
        author=Author(id=comment.user_id, display_name=name),
        content=comment.content,
        is_own=comment.user_id == reader.user_id,
        is_hidden=comment.hidden_at is not None,
        created_at=comment.created_at,
    )


async def page_of_comments(
    session: AsyncSession, *, reader: Principal, post_id: UUID, page: PageRequest
) -> Page[CommentView]:
    """A page of the comments on a post that the reader sees, earliest first."""
    seen = _comments().where(Comment.post_id == post_id, comment_is_seen(reader))
    statement = earliest_first(seen, at=Comment.created_at, identifier=Comment.id, page=page)
    views = [_comment_view(row, reader) for row in (await session.execute(statement))]
    return cut_page(views, limit=page.limit, position=lambda view: Position(view.created_at, view.id))


async def own_comment(session: AsyncSession, *, reader: Principal, comment_id: UUID) -> CommentView | None:
    """The reader's own comment with this id."""
    own = _comments().where(Comment.id == comment_id, Comment.user_id == reader.user_id)
    row = (await session.execute(own)).one_or_none()
    return None if row is None else _comment_view(row, reader)


async def add_comment(session: AsyncSession, *, owner_id: UUID, post_id: UUID, content: str) -> UUID:
    """Keep a comment on a post; returns its id."""
    comment_id = new_id()
    made: dict[str, Any] = {"id": comment_id, "post_id": post_id, "user_id": owner_id, "content": content}
    await session.execute(insert(Comment).values(made))
    return comment_id


async def delete_comment(session: AsyncSession, *, owner_id: UUID, comment_id: UUID) -> bool:
    """Delete a comment that is the owner's, or stands under a post of theirs; whether there was such a one."""
    under_own = select(Post.id).where(Post.id == Comment.post_id, Post.user_id == owner_id).exists()
    theirs = or_(Comment.user_id == owner_id, under_own)
    gone = delete(Comment).where(Comment.id == comment_id, theirs).returning(Comment.id)
    return await session.scalar(gone) is not None
