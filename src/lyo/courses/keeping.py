"""What the engine made, as it is kept."""

from typing import Any

import structlog

from lyo.core.ids import new_id
from lyo.courses.generation.report import report_card
from lyo.courses.generation.values import CourseDraft, ItemDraft, LessonDraft, Question
from lyo.courses.models import CourseItem, Lesson
from lyo.courses.values import REPORT_VERSION

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


def item_rows(lesson: Lesson, draft: LessonDraft) -> list[CourseItem]:
    """The items of a finished lesson, in order. Each question gets its id here."""
    return [_item(lesson, item, position) for position, item in enumerate(draft.items, start=1)]


def report_to_keep(course: CourseDraft) -> dict[str, Any] | None:
    """The report card of a whole course; None, and a line in the log, if it cannot be made.

    The lessons are ready and right by then: a fault in judging them takes no course away from its learner.
    """
    try:
        card = report_card(course)
    except Exception:
        log.exception("course.report_failed")
        return None
    return {"version": REPORT_VERSION, **card.model_dump(mode="json")}


def _item(lesson: Lesson, item: ItemDraft, position: int) -> CourseItem:
    return CourseItem(
        course_id=lesson.course_id,
        lesson_id=lesson.id,
        order_index=position,
        type=item.type,
        title=item.title,
        content=item.content,
        source=item.source,
        source_url=item.source_url,
        duration_seconds=item.duration_seconds,
        generated_by=item.generated_by,
        citations=[citation.model_dump(mode="json") for citation in item.citations],
        questions=[_question(question) for question in item.questions] or None,
    )


def _question(question: Question) -> dict[str, Any]:
    kept = question.model_dump(mode="json")
    return {"id": str(new_id()), "generatedBy": kept.pop("generated_by"), **kept}
