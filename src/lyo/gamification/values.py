"""What crosses the border of this slice."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from lyo.gamification.streaks import Standing


class Kind(StrEnum):
    """What XP is earned by."""

    ITEM_COMPLETED = "item_completed"
    QUESTION_RIGHT = "question_right"
    COURSE_COMPLETED = "course_completed"
    REVIEW_DONE = "review_done"
    ITEM_STUDIED = "item_studied"
    DAILY_VISIT = "daily_visit"
    COURSE_SHARED = "course_shared"
    QUIZ_PERFECT = "quiz_perfect"
    POST_WRITTEN = "post_written"


@dataclass(frozen=True, slots=True)
class Worth:
    """What one thing of a kind brings, and what a day brings of that kind at most; both in XP."""

    amount: int
    daily: int


WORTH: Final[Mapping[Kind, Worth]] = {
    Kind.ITEM_COMPLETED: Worth(10, daily=300),
    Kind.QUESTION_RIGHT: Worth(5, daily=300),
    Kind.COURSE_COMPLETED: Worth(50, daily=250),
    Kind.REVIEW_DONE: Worth(2, daily=100),
    Kind.ITEM_STUDIED: Worth(2, daily=20),
    Kind.DAILY_VISIT: Worth(5, daily=10),
    Kind.COURSE_SHARED: Worth(5, daily=10),
    Kind.QUIZ_PERFECT: Worth(10, daily=100),
    Kind.POST_WRITTEN: Worth(0, daily=0),
}
"""A course of five lessons with four items and a quiz of three questions each brings about 400 XP. Caps are per day of
UTC, so that nobody lengthens theirs by changing the time zone; two days of a learner's may begin in one of them, and so
two visits count. A post brings nothing but its badge: nobody is to write for XP."""


class Figure(StrEnum):
    """How many entries of a kind a learner has in the ledger; badges ask for it by its camelCase name."""

    ITEMS_COMPLETED = "items_completed"
    COURSES_COMPLETED = "courses_completed"
    QUESTIONS_RIGHT = "questions_right"
    PERFECT_QUIZZES = "perfect_quizzes"
    REVIEWS_DONE = "reviews_done"
    POSTS_WRITTEN = "posts_written"


FIGURES: Final[Mapping[Kind, Figure]] = {
    Kind.ITEM_COMPLETED: Figure.ITEMS_COMPLETED,
    Kind.COURSE_COMPLETED: Figure.COURSES_COMPLETED,
    Kind.QUESTION_RIGHT: Figure.QUESTIONS_RIGHT,
    Kind.QUIZ_PERFECT: Figure.PERFECT_QUIZZES,
    Kind.REVIEW_DONE: Figure.REVIEWS_DONE,
    Kind.POST_WRITTEN: Figure.POSTS_WRITTEN,
}
"""Nothing is counted twice, as nothing is earned twice."""


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that earns XP, once for each source."""

    kind: Kind
    source: str


@dataclass(frozen=True, slots=True)
class Happening:
    """What a learner has done, as one event."""

    deeds: tuple[Deed, ...] = ()
    learned_at: datetime | None = None
    """When they have learned, if that counts for the streak: `core.clock.credible`."""


@dataclass(frozen=True, slots=True)
class BadgeView:
    """A badge, and when it was earned."""

    id: UUID
    slug: str
    name: str
    description: str
    icon_url: str | None
    symbol: str
    earned_at: datetime


@dataclass(frozen=True, slots=True)
class Reward:
    """What an event has brought."""

    xp: int
    badges: tuple[BadgeView, ...] = ()


@dataclass(frozen=True, slots=True)
class Totals:
    """What a learner has earned so far, and where their streak stands."""

    xp: int
    standing: Standing
    figures: Mapping[str, int]
    badges: tuple[BadgeView, ...]
