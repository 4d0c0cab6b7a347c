"""The bodies of `/v1/courses`."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from lyo.courses.values import (
    CourseStatus,
    CourseSummary,
    CourseView,
    ItemView,
    Learning,
    Level,
    QuestionView,
)
from lyo.web.schemas import OPTIONAL, CamelModel, Timestamp


class Citation(CamelModel):
    """Where a text has its facts from."""

    n: Annotated[int, Field(description="Stands as `[n]` in the text.", examples=[1])]
    title: Annotated[str, Field(examples=["Photosynthesis"])]
    url: Annotated[str, Field(examples=["https://en.wikipedia.org/wiki/Photosynthesis"])]
    licence: Annotated[str, Field(examples=["CC BY-SA 4.0"])]
    language: Annotated[str, Field(examples=["en"])]
    quote: Annotated[
        str | None,
        OPTIONAL,
        Field(
            description="The words of the source; not in a `quiz`, of which an attempt gives them.",
            examples=["Plants convert light energy into chemical energy."],
        ),
    ] = None
    retrieved_at: Timestamp


class QuestionBody(CamelModel):
    """A question of a quiz. Its answer comes once you have answered."""

    id: UUID
    prompt: Annotated[str, Field(examples=["Where in a plant cell does photosynthesis take place?"])]
    options: Annotated[
        list[str],
        Field(
            min_length=4,
            max_length=4,
            description="One of them is right; its place is its number, from 0.",
            examples=[["In the nucleus", "In the chloroplasts", "In the vacuole", "In the cell wall"]],
        ),
    ]


class ItemLearningBody(CamelModel):
    """How far you are with an item."""

    position: Annotated[int, Field(description="The furthest: second of a `video`, percentage of anything else.")]
    completed: bool


class PlaceBody(CamelModel):
    """Where to go on."""

    lesson_id: UUID
    item_id: UUID
    position: Annotated[int, Field(description="Of the item: second of a `video`, percentage of anything else.")]


class LearningBody(CamelModel):
    """How far you are with a course, of what is there of it by now."""

    completed_items: Annotated[int, Field(ge=0, examples=[3])]
    total_items: Annotated[int, Field(ge=0, examples=[20])]
    progress_pct: Annotated[int, Field(ge=0, le=100, description="100 once all of a whole course is done.")]
    continue_at: Annotated[
        PlaceBody | None,
        OPTIONAL,
        Field(description="Where you were, or what comes next; absent before you begin and when all is done."),
    ] = None
    completed_at: Annotated[Timestamp | None, OPTIONAL, Field(description="When you had done all of it.")] = None


class CourseItemBody(CamelModel):
    """Something to read, to watch, or to answer."""

    id: UUID
    lesson_id: UUID
    type: Literal["text", "article", "video", "quiz"]
    title: Annotated[str, Field(examples=["What photosynthesis does"])]
    content: Annotated[
        str | None,
        OPTIONAL,
        Field(
            description="Markdown, in a `text`; why to read or watch it, else.",
            examples=["Plants turn light into chemical energy [1]."],
        ),
    ] = None
    source: Annotated[
        str,
        Field(
            description="Who made it: `generated` for what Lyo wrote, else where it is from, such as `wikipedia`, "
            "`youtube`, `openlibrary` or `arxiv`. An open set: show the name of one that you do not know.",
            examples=["generated", "wikipedia"],
        ),
    ]
    source_url: Annotated[
        str | None, Field(description="Where to read or watch it; null for what Lyo wrote.", examples=[None])
    ]
    duration: Annotated[int | None, OPTIONAL, Field(description="Of a `video`, in seconds.")] = None
    generated_by: Annotated[
        Literal["model", "extractive", "catalogue"],
        Field(
            description="`model`: said by the model, which has reworded or shortened at least a third of the sentences "
            "and quotes the rest; `extractive`: word for word from the sources; `catalogue`: found in a catalogue."
        ),
    ]
    citations: list[Citation]
    questions: Annotated[list[QuestionBody] | None, OPTIONAL, Field(description="Of a `quiz`, in order.")] = None
    learning: Annotated[ItemLearningBody | None, OPTIONAL, Field(description="Absent before you open it.")] = None


class LessonBody(CamelModel):
    """A lesson; its items are in the course's `items`."""

    id: UUID
    title: Annotated[str, Field(examples=["Light becomes sugar"])]
    order: Annotated[int, Field(description="From 1.", examples=[1])]
    objective: Annotated[
        str, Field(description="What you can do after it.", examples=["Say what photosynthesis does."])
    ]
    status: Annotated[
        Literal["planned", "ready"], Field(description="Its items are there once it is ready.", examples=["ready"])
    ]
    items: Annotated[list[UUID], Field(description="Ids of its items, in order.")]


class CourseSummaryBody(CamelModel):
    """A course without its lessons."""

    id: UUID
    title: Annotated[str, Field(examples=["Photosynthesis"])]
    description: Annotated[str | None, OPTIONAL, Field(examples=["How plants live on light."])] = None
    status: Annotated[CourseStatus, Field(description="`failed` if its making ended early: finished lessons stay.")]
    topic: Annotated[str, Field(examples=["photosynthesis"])]
    level: Level
    locale: Annotated[str, Field(examples=["en"])]
    progress_pct: Annotated[int, Field(ge=0, le=100, description="Of its making.", examples=[45])]
    learning: LearningBody
    created_at: Timestamp


class CourseBody(CourseSummaryBody):
    """A course, with all of it that is readable by now."""

    lessons: list[LessonBody]
    items: Annotated[list[CourseItemBody], Field(description="The items of all lessons, in reading order.")]


class CoursePage(CamelModel):
    """A page of courses, newest first."""

    items: list[CourseSummaryBody]
    next_cursor: Annotated[
        str | None, Field(description="Ask for the next page with it; null at the end.", examples=[None])
    ]


def summary_body(summary: CourseSummary) -> CourseSummaryBody:
    """The body that shows `summary`."""
    return CourseSummaryBody(**_summary_fields(summary))


def course_body(course: CourseView) -> CourseBody:
    """The body that shows `course`."""
    lessons = [
        LessonBody.model_validate(
            {
                "id": lesson.id,
                "title": lesson.title,
                "order": lesson.order,
                "objective": lesson.objective,
                "status": lesson.status,
                "items": list(lesson.item_ids),
            }
        )
        for lesson in course.lessons
    ]
    return CourseBody(
        **_summary_fields(course.summary), lessons=lessons, items=[_item_body(item) for item in course.items]
    )


def _summary_fields(summary: CourseSummary) -> dict[str, Any]:
    return {
        "id": summary.id,
        "title": summary.title,
        "description": summary.description,
        "status": summary.status,
        "topic": summary.topic,
        "level": summary.level,
        "locale": summary.locale,
        "progress_pct": summary.progress_pct,
        "learning": _learning_body(summary.learning),
        "created_at": summary.created_at,
    }


def _learning_body(learning: Learning) -> LearningBody:
    place = learning.continue_at
    return LearningBody(
        completed_items=learning.completed_items,
        total_items=learning.total_items,
        progress_pct=learning.pct,
        continue_at=None
        if place is None
        else PlaceBody(lesson_id=place.lesson_id, item_id=place.item_id, position=place.position),
        completed_at=learning.learned_at,
    )


def _item_body(item: ItemView) -> CourseItemBody:
    return CourseItemBody.model_validate(
        {
            "id": item.id,
            "lesson_id": item.lesson_id,
            "type": item.type,
            "title": item.title,
            "content": item.content,
            "source": item.source,
            "source_url": item.source_url,
            "duration": item.duration_seconds,
            "generated_by": item.generated_by,
            "citations": item.citations,
            "questions": None if item.questions is None else [question_body(question) for question in item.questions],
            "learning": None
            if item.learning is None
            else ItemLearningBody(position=item.learning.position, completed=item.learning.completed),
        }
    )


def question_body(question: QuestionView) -> QuestionBody:
    """The body that shows `question`."""
    return QuestionBody(id=question.id, prompt=question.prompt, options=list(question.options))
