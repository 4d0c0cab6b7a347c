"""What crosses the border of this slice."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class TargetType(StrEnum):
    """What can be reported."""

    POST = "post"
    COMMENT = "comment"
    USER = "user"


class ReportReason(StrEnum):
    """What is wrong with it."""

    SPAM = "spam"
    HARASSMENT = "harassment"
    HATE = "hate"
    SEXUAL = "sexual"
    VIOLENCE = "violence"
    SELF_HARM = "self_harm"
    MISINFORMATION = "misinformation"
    OTHER = "other"


class CaseStatus(StrEnum):
    """Whether a case waits for a moderator."""

    OPEN = "open"
    CLOSED = "closed"


class CaseOutcome(StrEnum):
    """How a case was closed."""

    HIDDEN = "hidden"
    DISMISSED = "dismissed"
    RESOLVED = "resolved"


class Action(StrEnum):
    """What a moderator does."""

    HIDE = "hide"
    RESTORE = "restore"
    DISMISS = "dismiss"
    RESOLVE = "resolve"


@dataclass(frozen=True, slots=True)
class Readable:
    """A text that may be kept and shown."""

    content: str
    """Markdown that is safe in any renderer."""
    words: str
    """The same as one reads it, without marks."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What somebody wants to post."""

    text: Readable
    course_id: UUID | None


@dataclass(frozen=True, slots=True)
class Author:
    """Somebody, as others see them."""

    id: UUID
    display_name: str


@dataclass(frozen=True, slots=True)
class PostView:
    """A post, as its reader sees it."""

    id: UUID
    author: Author
    content: str
    course_title: str | None
    like_count: int
    comment_count: int
    is_own: bool
    is_liked: bool
    is_hidden: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class CommentView:
    """A comment, as its reader sees it."""

    id: UUID
    post_id: UUID
    author: Author
    content: str
    is_own: bool
    is_hidden: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Target:
    """What is reported or judged."""

    type: TargetType
    id: UUID


@dataclass(frozen=True, slots=True)
class Complaint:
    """What somebody says is wrong with it."""

    target: Target
    reason: ReportReason
    note: str | None


@dataclass(frozen=True, slots=True)
class ReportView:
    """A report, as who made it sees it."""

    id: UUID
    complaint: Complaint
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Case:
    """Something that was reported, by itself."""

    id: UUID
    target: Target
    subject_id: UUID
    """The author, or the person who was reported."""
    outcome: CaseOutcome | None


@dataclass(frozen=True, slots=True)
class Judged:
    """A post or a comment, as far as it matters to whoever hides or restores it."""

    author_id: UUID
    is_hidden: bool


@dataclass(frozen=True, slots=True)
class CaseView:
    """Something that was reported, with all that a moderator wants to know before judging."""

    id: UUID
    target: Target
    post_id: UUID | None
    """The post, or that of the comment."""
    author: Author
    content: str | None
    is_hidden: bool
    report_count: int
    reasons: tuple[tuple[ReportReason, int], ...]
    """Each with how often it was given, the most frequent first."""
    notes: tuple[str, ...]
    outcome: CaseOutcome | None
    first_reported_at: datetime
    last_reported_at: datetime
    closed_at: datetime | None
