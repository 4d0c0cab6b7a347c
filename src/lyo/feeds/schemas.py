"""The bodies of `/v1/feeds`."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from lyo.feeds.values import FeedEntry, FeedItemType
from lyo.web.schemas import OPTIONAL, CamelModel, Timestamp


class AuthorBody(CamelModel):
    """Somebody, as others see them."""

    id: UUID
    display_name: Annotated[str, Field(examples=["Ada"])]


class FeedItemBody(CamelModel):
    """Something that happened, to you or to somebody who shows it."""

    id: UUID
    type: FeedItemType
    title: Annotated[str, Field(description="Of the course, the badge or the post.", examples=["Photosynthesis"])]
    content: Annotated[str | None, OPTIONAL, Field(examples=["How plants live on light."])] = None
    author: Annotated[AuthorBody, Field(description="To whom it happened.")]
    is_own: Annotated[bool, Field(description="Whether that is you.", examples=[True])]
    is_public: Annotated[
        bool,
        Field(
            description="Whether others have it in their feeds: your milestones if you share them, your posts unless a "
            "moderator has hidden them.",
            examples=[True],
        ),
    ]
    course_id: Annotated[UUID | None, OPTIONAL, Field(description="Of your own `course_completion`.")] = None
    badge_id: Annotated[UUID | None, OPTIONAL, Field(description="Of an `achievement`.")] = None
    post_id: Annotated[UUID | None, OPTIONAL, Field(description="Of a `community_post`.")] = None
    created_at: Timestamp


class FeedPage(CamelModel):
    """A page of the feed, newest first."""

    items: list[FeedItemBody]
    next_cursor: Annotated[
        str | None, Field(description="Ask for the next page with it; null at the end.", examples=[None])
    ]


def feed_item_body(entry: FeedEntry) -> FeedItemBody:
    """The body that shows `entry`. Courses are private, so nobody is shown the id of another's."""
    shows_course = entry.type is FeedItemType.COURSE_COMPLETION and entry.is_own
    return FeedItemBody(
        id=entry.id,
        type=entry.type,
        title=entry.title,
        content=entry.content,
        author=AuthorBody(id=entry.author_id, display_name=entry.author_name),
        is_own=entry.is_own,
        is_public=entry.is_public,
        course_id=entry.source_id if shows_course else None,
        badge_id=entry.source_id if entry.type is FeedItemType.ACHIEVEMENT else None,
        post_id=entry.source_id if entry.type is FeedItemType.COMMUNITY_POST else None,
        created_at=entry.created_at,
    )
