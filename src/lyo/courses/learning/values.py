"""What learning brings back from the database."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from lyo.courses.values import QuestionView
from lyo.gamification.values import BadgeView


@dataclass(frozen=True, slots=True)
class Report:
    """What a client says of an item."""

    item_id: UUID
    completed: bool
    position: int
    occurred_at: datetime | None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a learner is with a course, and what the last step brought."""

    course_id: UUID
    completed_items: int
    total_items: int
    progress_pct: int
    learned_at: datetime | None
    xp_awarded: int
    new_badges: tuple[BadgeView, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """What somebody chose for a question."""

    question_id: UUID
    option: int


@dataclass(frozen=True, slots=True)
class Marked:
    """A question that was answered, with all that was kept back until now."""

    question_id: UUID
    correct: bool
    correct_option: int
    explanation: str
    quote: str | None
    source_url: str | None


@dataclass(frozen=True, slots=True)
class Attempt:
    """A quiz that was tried."""

    score: int
    total: int
    results: tuple[Marked, ...]
    xp_awarded: int
    new_badges: tuple[BadgeView, ...]


@dataclass(frozen=True, slots=True)
class ReviewView:
    """A question that is due again."""

    id: UUID
    course_id: UUID
    course_title: str
    item_id: UUID
    question: QuestionView
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A question that was answered again."""

    marked: Marked
    due_at: datetime
    xp_awarded: int
    new_badges: tuple[BadgeView, ...]
