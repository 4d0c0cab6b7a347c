"""What crosses the border of this slice."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class FeedItemType(StrEnum):
    """What there is to tell."""

    COURSE_COMPLETION = "course_completion"
    ACHIEVEMENT = "achievement"
    COMMUNITY_POST = "community_post"


MILESTONES = (FeedItemType.COURSE_COMPLETION, FeedItemType.ACHIEVEMENT)
"""What is in the feeds of others only if its learner wants it to be."""


@dataclass(frozen=True, slots=True)
class Story:
    """Something that happened to a learner and is worth telling."""

    type: FeedItemType
    source_id: UUID
    title: str
    content: str | None
    is_public: bool


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """An item of a feed, as its reader sees it."""

    id: UUID
    type: FeedItemType
    title: str
    content: str | None
    author_id: UUID
    author_name: str
    source_id: UUID
    is_own: bool
    is_public: bool
    """Whether others have it in their feeds."""
    created_at: datetime
