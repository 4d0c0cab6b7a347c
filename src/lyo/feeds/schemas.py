"""The bodies of `/v1/feeds`."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from lyo.web.schemas import OPTIONAL, CamelModel, Timestamp


class FeedItemBody(CamelModel):
    """Something that happened."""

    id: UUID
    type: Annotated[str, Field(examples=["course_completion"])]
    title: Annotated[str, Field(examples=["Photosynthesis"])]
    content: Annotated[str | None, OPTIONAL, Field(examples=["You have finished a course."])] = None
    created_at: Timestamp


class FeedPage(CamelModel):
    """A page of the feed, newest first."""

    items: list[FeedItemBody]
    next_cursor: Annotated[
        str | None, Field(description="Ask for the next page with it; null at the end.", examples=[None])
    ]
