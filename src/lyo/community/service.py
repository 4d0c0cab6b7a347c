"""Posts, likes and comments.

Locks are taken in one order: idempotency key, learner, post, the rest. What can still wait in a circle, such as a like
of somebody who is leaving, is untied by PostgreSQL and done again: so callers are `core.bus.in_transaction`.
"""

import asyncio
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from lyo.accounts.profiles import lock_learner
from lyo.accounts.values import Principal
from lyo.community import repo
from lyo.community.errors import CommentNotFound, CourseNotCompleted, PostNotFound, WordsRefused
from lyo.community.excerpts import excerpt
from lyo.community.markdown import plain, sanitised
from lyo.community.values import CommentView, Draft, PostView, Readable
from lyo.core.characters import says_something
from lyo.core.clock import now
from lyo.core.errors import FieldError, ValidationFailed
from lyo.core.idempotency import IdempotentRequest, earlier_answer, record
from lyo.core.pagination import Page, PageRequest
from lyo.courses.errors import CourseNotFound
from lyo.courses.sharing import open_shared
from lyo.courses.values import CourseStatus
from lyo.feeds.service import tell, withdraw
from lyo.feeds.values import FeedItemType, Story
from lyo.gamification.service import reward
from lyo.gamification.values import Deed, Happening, Kind
from lyo.wordfilter.finding import refused_word

TITLE_LENGTH: Final = 100
BEGINNING_LENGTH: Final = 300
_SHARES_NONE: Final = "This post shares no course, or its author has deleted it."
_NOTHING_TO_READ: Final = "Write something that others can read."


async def acceptable(text: str) -> Readable:
    """`text` as it may be kept and shown; raises `ValidationFailed` or `WordsRefused`.

    Takes no session: a text that is made to be intricate takes half a second, off the event loop.
    """
    return await asyncio.to_thread(_read, text)


async def create_post(
    session: AsyncSession, *, author: Principal, draft: Draft, request: IdempotentRequest
) -> tuple[PostView, bool]:
    """The author's new post, once for each idempotency key; the second value says whether it was there already.

    Raises `IdempotencyKeyReused`, `Conflict`, `CourseNotFound`, `CourseNotCompleted`, `WordsRefused` for the title of
    the course; and `PostNotFound` where it was made before and has been deleted.
    """
    earlier = await earlier_answer(session, request)
    if earlier is not None:
        return await get_post(session, reader=author, post_id=UUID(earlier["id"])), True
    learner = await lock_learner(session, owner_id=author.user_id)
    origin_id = None
    if draft.course_id is not None:
        origin_id = await _shareable_origin(session, owner_id=author.user_id, course_id=draft.course_id)
    post_id = await repo.add_post(session, draft, owner_id=author.user_id, origin_id=origin_id)
    happening = Happening(deeds=(Deed(Kind.POST_WRITTEN, str(post_id)),))
    await reward(session, happening, learner=learner, moment=now())
    await tell(session, [_story(post_id, draft.text.words)], owner_id=author.user_id)
    await record(session, request, {"id": str(post_id)})
    return await get_post(session, reader=author, post_id=post_id), False


async def list_posts(
    session: AsyncSession, *, reader: Principal, author_id: UUID | None, page: PageRequest
) -> Page[PostView]:
    """A page of what the reader sees of one author, or of all."""
    return await repo.page_of_posts(session, reader=reader, author_id=author_id, page=page)


async def get_post(session: AsyncSession, *, reader: Principal, post_id: UUID) -> PostView:
    """A post; raises `PostNotFound`."""
    post = await repo.post_seen(session, reader=reader, post_id=post_id)
    if post is None:
        raise PostNotFound
    return post


async def open_course(session: AsyncSession, *, reader: Principal, post_id: UUID) -> tuple[UUID, bool]:
    """The reader's own copy of the course that a post shares, and whether it is new.

    Raises `PostNotFound`; `CourseNotFound` where the post shares none, or none any more.
    """
    await lock_learner(session, owner_id=reader.user_id)
    shared = await repo.shared_by_post_seen(session, reader=reader, post_id=post_id)
    if shared is None:
        raise PostNotFound
    opened = await open_shared(session, shared, reader_id=reader.user_id)
    if opened is None:
        raise CourseNotFound(_SHARES_NONE)
    return opened


async def delete_post(session: AsyncSession, *, owner_id: UUID, post_id: UUID) -> None:
    """Delete the owner's post, its comments and what was told of it; raises `PostNotFound`."""
    if not await repo.lock_own_post(session, owner_id=owner_id, post_id=post_id):
        raise PostNotFound
    await withdraw(session, owner_id=owner_id, kind=FeedItemType.COMMUNITY_POST, source_id=post_id)
    await repo.delete_post(session, owner_id=owner_id, post_id=post_id)


async def like(session: AsyncSession, *, reader: Principal, post_id: UUID) -> None:
    """Like a post that the reader sees, once; raises `PostNotFound`."""
    if not await repo.lock_post_seen(session, reader=reader, post_id=post_id):
        raise PostNotFound
    await repo.add_like(session, owner_id=reader.user_id, post_id=post_id)


async def unlike(session: AsyncSession, *, reader: Principal, post_id: UUID) -> None:
    """Take a like back, if there is one: also of a post that the reader does not see any more."""
    await repo.lock_post_unscoped(session, post_id=post_id)
    await repo.remove_like(session, owner_id=reader.user_id, post_id=post_id)


async def create_comment(
    session: AsyncSession, *, author: Principal, post_id: UUID, text: Readable, request: IdempotentRequest
) -> tuple[CommentView, bool]:
    """The author's new comment on a post that they see; as `create_post`. Raises `PostNotFound` too."""
    earlier = await earlier_answer(session, request)
    if earlier is not None:
        return await _own_comment(session, author=author, comment_id=UUID(earlier["id"])), True
    if not await repo.lock_post_seen(session, reader=author, post_id=post_id):
        raise PostNotFound
    comment_id = await repo.add_comment(session, owner_id=author.user_id, post_id=post_id, content=text.content)
    await record(session, request, {"id": str(comment_id)})
    return await _own_comment(session, author=author, comment_id=comment_id), False


async def list_comments(
    session: AsyncSession, *, reader: Principal, post_id: UUID, page: PageRequest
) -> Page[CommentView]:
    """A page of the comments on a post, as the reader sees them; raises `PostNotFound`."""
    await get_post(session, reader=reader, post_id=post_id)
    return await repo.page_of_comments(session, reader=reader, post_id=post_id, page=page)


async def delete_comment(session: AsyncSession, *, owner_id: UUID, comment_id: UUID) -> None:
    """Delete a comment of the owner's, or one under a post of theirs; raises `CommentNotFound`."""
    await repo.lock_post_of_comment_unscoped(session, comment_id=comment_id)
    if not await repo.delete_comment(session, owner_id=owner_id, comment_id=comment_id):
        raise CommentNotFound


async def _own_comment(session: AsyncSession, *, author: Principal, comment_id: UUID) -> CommentView:
    comment = await repo.own_comment(session, reader=author, comment_id=comment_id)
    if comment is None:
        raise CommentNotFound
    return comment


async def _shareable_origin(session: AsyncSession, *, owner_id: UUID, course_id: UUID) -> UUID:
    """The origin of the owner's course, if it may be shared."""
    course = await repo.course_to_share(session, owner_id=owner_id, course_id=course_id)
    if course is None:
        raise CourseNotFound
    status, title, origin_id = course
    if status != CourseStatus.COMPLETED:
        raise CourseNotCompleted
    if refused_word(title):
        raise WordsRefused("#/courseId")
    return origin_id


def _read(text: str) -> Readable:
    content = sanitised(text)
    words = plain(content)
    if not says_something(words):
        raise ValidationFailed(errors=[FieldError("#/content", _NOTHING_TO_READ)])
    if refused_word(words):
        raise WordsRefused
    return Readable(content=content, words=words)


def _story(post_id: UUID, words: str) -> Story:
    lines = (" ".join(line.split()) for line in words.splitlines())
    text = "\n".join(line for line in lines if line)
    return Story(
        type=FeedItemType.COMMUNITY_POST,
        source_id=post_id,
        title=excerpt(text.partition("\n")[0], TITLE_LENGTH),
        content=excerpt(text, BEGINNING_LENGTH),
        is_public=True,
    )
