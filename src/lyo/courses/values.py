"""What crosses the border of this slice."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from lyo.courses.models import Course, CourseItem, Lesson

REPORT_VERSION: Final = 1
"""Of the report cards that are kept from now on: one more when a field is taken away or means something else."""


def told_to_others(description: str | None) -> str | None:
    """A course's description without what its learner has written of themselves, which is its second paragraph."""
    return description and description.partition("\n\n")[0]


class Level(StrEnum):
    """How much a learner knows already."""

    BEGINNER = "beginner"
    INTERMEDIATE = "intermediate"
    ADVANCED = "advanced"


class CourseStatus(StrEnum):
    """Where a course stands: it is made, it is whole, or its making has ended before it was whole."""

    GENERATING = "generating"
    COMPLETED = "completed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class CourseWish:
    """What a learner asks for, checked."""

    topic: str
    interests: tuple[str, ...]
    level: Level
    locale: str


@dataclass(frozen=True, slots=True)
class KickOff:
    """A promise: the task that makes the course, and the course."""

    task_id: UUID
    course_id: UUID


@dataclass(frozen=True, slots=True)
class SharedCourse:
    """A course that its learner hands on to others."""

    sharer_id: UUID
    course_id: UUID | None
    """None when it has been deleted."""
    origin_id: UUID | None
    """The course that was made, of which it may be a copy: one origin, one course. None: there has never been one."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How many courses may be in the making before no more are promised."""

    running: int
    """Promised and not ended, of one learner."""
    queued: int
    """Promised and not begun, of all learners."""


@dataclass(frozen=True, slots=True)
class QuestionView:
    """A question without what gives its answer away."""

    id: UUID
    prompt: str
    options: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """An item to go on with, and how far it is."""

    lesson_id: UUID
    item_id: UUID
    position: int


@dataclass(frozen=True, slots=True)
class Learning:
    """How far a course is learned, of what is there of it by now."""

    completed_items: int
    total_items: int
    continue_at: Place | None
    """The item where the learner was, or the next that is not done; None before the first and after the last."""
    learned_at: datetime | None

    @property
    def pct(self) -> int:
        """The share of it, in percent."""
        return learned_pct(self.completed_items, self.total_items, is_learned=self.learned_at is not None)


@dataclass(frozen=True, slots=True)
class ItemLearning:
    """How far an item is: the second of a video, the percentage of anything else."""

    position: int
    completed: bool


@dataclass(frozen=True, slots=True)
class ItemView:
    """Something to read, to watch, or to answer."""

    id: UUID
    lesson_id: UUID
    type: str
    title: str
    content: str | None
    source: str
    source_url: str | None
    duration_seconds: int | None
    generated_by: str
    citations: tuple[dict[str, Any], ...]
    """Those of a quiz have no quote: it would give answers away."""
    questions: tuple[QuestionView, ...] | None
    """Of a quiz."""
    learning: ItemLearning | None
    """None before it is opened."""


@dataclass(frozen=True, slots=True)
class LessonView:
    """A lesson, planned or ready."""

    id: UUID
    title: str
    order: int
    objective: str
    status: str
    item_ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class CourseSummary:
    """A course without its lessons."""

    id: UUID
    title: str
    description: str | None
    status: CourseStatus
    topic: str
    level: Level
    locale: str
    progress_pct: int
    """Of its making."""
    learning: Learning
    created_at: datetime


@dataclass(frozen=True, slots=True)
class CourseView:
    """A course with what of it is readable."""

    summary: CourseSummary
    lessons: tuple[LessonView, ...]
    items: tuple[ItemView, ...]


def summary_of(course: Course, *, progress_pct: int, failed: bool, total_items: int, at: Place | None) -> CourseSummary:
    """The summary of a course whose task is at `progress_pct`, or has `failed`, and whose learner is `at` a place."""
    status = CourseStatus.FAILED if failed else CourseStatus(course.status)
    return CourseSummary(
        id=course.id,
        title=course.title,
        description=course.description,
        status=status,
        topic=course.topic,
        level=Level(course.level),
        locale=course.locale,
        progress_pct=progress_pct,
        learning=Learning(
            completed_items=course.completed_items,
            total_items=total_items,
            continue_at=at,
            learned_at=course.learned_at,
        ),
        created_at=course.created_at,
    )


def lesson_view(lesson: Lesson, items: list[CourseItem]) -> LessonView:
    """A lesson with the ids of its items, in order."""
    return LessonView(
        id=lesson.id,
        title=lesson.title,
        order=lesson.order_index,
        objective=lesson.objective,
        status=lesson.status,
        item_ids=tuple(item.id for item in items),
    )


def item_view(item: CourseItem, learning: ItemLearning | None) -> ItemView:
    """An item as its reader sees it. The keys of a quiz stop here: nothing above can show what it does not have."""
    hidden = {"quote"} if item.type == "quiz" else set[str]()
    return ItemView(
        id=item.id,
        lesson_id=item.lesson_id,
        type=item.type,
        title=item.title,
        content=item.content,
        source=item.source,
        source_url=item.source_url,
        duration_seconds=item.duration_seconds,
        generated_by=item.generated_by,
        citations=tuple(
            {name: value for name, value in citation.items() if name not in hidden} for citation in item.citations
        ),
        questions=None if item.questions is None else tuple(question_view(kept) for kept in item.questions),
        learning=learning,
    )


def learned_pct(completed: int, total: int, *, is_learned: bool) -> int:
    """How much of a course is learned: 100 once all of a whole course is, and no sooner."""
    return 100 if is_learned else min(99, 100 * completed // total) if total else 0


def question_view(kept: dict[str, Any]) -> QuestionView:
    """A question as whoever answers it sees it."""
    return QuestionView(id=UUID(kept["id"]), prompt=kept["prompt"], options=tuple(kept["options"]))
