"""The bodies of `/v1/courses`."""

import re
import unicodedata
from collections.abc import Callable
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from pydantic import AfterValidator, Field

from lyo.courses.values import CourseStatus, CourseSummary, CourseView, CourseWish, ItemView, Level, QuestionView
from lyo.web.schemas import OPTIONAL, TAGS, CamelModel, Form, Locale, RequestModel, ResponseModel, Timestamp

_CONTROLS: Final = r"\u0000-\u0008\u000e-\u001b\u007f-\u0084\u0086-\u009f"
"""What no keyboard types. Line breaks and tabs are not in it: they are white space, which is folded."""
_MARKS: Final = (
    r"\u0000-/:-@\[-`{-\u00a9\u00ab-\u00b1\u00b4\u00b6-\u00b8\u00bb\u00bf\u00d7\u00f7\u02c2-\u02c5"
    r"\u02d2-\u02df\u034f\u061c\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180f\u2000-\u206f\u20a0-\u20cf\u2190-\u245f\u2500-\u2bff"
    r"\u3000-\u3004\u3008-\u3020\u3030\u3164\ufe00-\ufe6f\ufeff\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65\uffa0\uffe0-\uffff"
)
"""White space, punctuation, signs and what cannot be seen: a wish of these alone says nothing."""
_SAYS_SOMETHING: Final = re.compile(f"[^{_MARKS}{TAGS}]")
_WORDS: Final = rf"^[^{_CONTROLS}]*[^{_MARKS}][^{_CONTROLS}]*$"
"""Said in ranges, since `\\w` means one thing to Swift's and JavaScript's expressions and another to Python's."""


def _folded(limit: int) -> Callable[[str], str]:
    def fold(text: str) -> str:
        """Normalise to NFKC, in which one character may become several, and fold white space."""
        normal = " ".join(unicodedata.normalize("NFKC", text).split())
        if not _SAYS_SOMETHING.search(normal):
            raise ValueError(_IN_WORDS.sentence)
        if len(normal) > limit:
            raise ValueError(f"At most {limit} characters are allowed.")
        return normal

    return fold


_IN_WORDS: Final = Form(_WORDS, "Say it in words, and without control characters.")
TOPIC_LENGTH: Final = 200
INTEREST_LENGTH: Final = 100

Topic = Annotated[
    str,
    Field(min_length=1, max_length=TOPIC_LENGTH, examples=["genai"]),
    _IN_WORDS,
    AfterValidator(_folded(TOPIC_LENGTH)),
]
Interest = Annotated[
    str,
    Field(min_length=1, max_length=INTEREST_LENGTH, examples=["ml"]),
    _IN_WORDS,
    AfterValidator(_folded(INTEREST_LENGTH)),
]


class GenerateRequest(RequestModel):
    """What you want to learn."""

    topic: Annotated[Topic, Field(description="In your own words.")]
    interests: Annotated[
        list[Interest], Field(max_length=10, description="What else you like.", examples=[["ml"]], default_factory=list)
    ]
    level: Annotated[Level, Field(description="How much you know already.", examples=["beginner"])] = Level.BEGINNER
    locale: Annotated[Locale, Field(description="BCP 47 tag of the language to learn in.", examples=["en"])] = "en"

    def wish(self) -> CourseWish:
        """The checked wish."""
        return CourseWish(topic=self.topic, interests=tuple(self.interests), level=self.level, locale=self.locale)


class KickOffBody(ResponseModel):
    """The promise of a course. The provisional course is the course: it can be read from now on."""

    task_id: UUID
    provisional_course_id: UUID


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
            description="The words of the source; not in a `quiz`, before it is answered.",
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
    progress_pct: Annotated[int, Field(ge=0, le=100, examples=[45])]
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
        "created_at": summary.created_at,
    }


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
            "questions": None if item.questions is None else [_question_body(question) for question in item.questions],
        }
    )


def _question_body(question: QuestionView) -> QuestionBody:
    return QuestionBody(id=question.id, prompt=question.prompt, options=list(question.options))
