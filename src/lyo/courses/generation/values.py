"""What the engine takes, makes and hands on. Every value is frozen and survives a trip through JSON."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

from lyo.sources.protocol import Passage, Reading, Video

Level = Literal["beginner", "intermediate", "advanced"]
GeneratedBy = Literal["model", "extractive", "catalogue"]


class Value(BaseModel):
    """Base of the engine's values."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class CourseRequest(Value):
    """What a learner asks for."""

    topic: str
    interests: tuple[str, ...] = ()
    level: Level = "beginner"
    locale: str = "en"
    """A BCP 47 tag; its language decides the language of the course."""


class Material(Value):
    """What was found: the passages that a course is made from, best first."""

    language: str
    """Of the passages, and so of the course: that of the locale where the sources have it."""
    passages: tuple[Passage, ...]
    videos: tuple[Video, ...] = ()
    readings: tuple[Reading, ...] = ()
    unavailable: tuple[str, ...] = ()
    """The names of the sources that could not be asked."""

    def passage(self, passage_id: str) -> Passage:
        """The passage of that id; raises `KeyError`."""
        for passage in self.passages:
            if passage.id == passage_id:
                return passage
        raise KeyError(passage_id)


class Spent(Value):
    """What the model was asked for a step, drafts that failed their gates included."""

    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    seconds: float = 0.0
    """Sum over the calls, which overlap: not wall-clock time."""

    def __add__(self, other: "Spent") -> "Spent":
        return Spent(
            calls=self.calls + other.calls,
            prompt_tokens=self.prompt_tokens + other.prompt_tokens,
            completion_tokens=self.completion_tokens + other.completion_tokens,
            seconds=self.seconds + other.seconds,
        )


class LessonPlan(Value):
    """One lesson, before it is written."""

    title: str
    objective: str
    passage_ids: tuple[str, ...]
    """The passage that the lesson is about, then those that support it. No other lesson has any of them."""


class Outline(Value):
    """The course, before it is written. Lessons stand in the order in which they are learned."""

    title: str
    description: str
    language: str
    lessons: tuple[LessonPlan, ...]
    spent: Spent = Spent()


class Citation(Value):
    """Where a text is from. `n` stands as `[n]` in the text; `quote` is verbatim in the passage."""

    n: int
    title: str
    url: str
    licence: str
    language: str
    quote: str
    retrieved_at: datetime


def cite(n: int, passage: Passage, quote: str) -> Citation:
    """The citation of `quote`, words of the passage."""
    return Citation(
        n=n,
        title=passage.title,
        url=passage.url,
        licence=passage.licence,
        language=passage.language,
        quote=quote,
        retrieved_at=passage.retrieved_at,
    )


class Question(Value):
    """A question of a quiz. The key, the explanation and the quote are the server's until it has been attempted."""

    prompt: str
    options: tuple[str, str, str, str]
    key: int
    """The place of the right option, 0 to 3."""
    explanation: str
    quote: str
    """What proves the key, verbatim in the passage."""
    n: int
    """Of the item's citation for that passage."""
    generated_by: GeneratedBy


class ItemDraft(Value):
    """One item of a lesson."""

    type: Literal["text", "article", "video", "quiz"]
    title: str
    content: str | None
    source: str
    """`generated`, or the source that it was found in or is verbatim from."""
    source_url: str | None
    generated_by: GeneratedBy
    citations: tuple[Citation, ...]
    duration_seconds: int | None = None
    """Of a video."""
    questions: tuple[Question, ...] = ()
    """Of a quiz."""
    verbatim_share: float | None = None
    """Of a text: the share of its sentences that stand word for word in the cited passage."""


class LessonDraft(Value):
    """A finished lesson: nothing in it has failed a gate."""

    items: tuple[ItemDraft, ...]
    spent: Spent = Spent()
    refusals: dict[str, int] = {}
    """How often each gate refused something that was drafted, by the gate's name."""
    left_out: dict[str, int] = {}
    """Items that no way of making passed, by type."""


class CourseDraft(Value):
    """A whole course, with all that it was made from: what the report card and the evaluation judge."""

    request: CourseRequest
    material: Material
    outline: Outline
    lessons: tuple[LessonDraft, ...]
    seconds: dict[str, float] = {}
    """Wall-clock seconds of each step: `retrieve`, `outline`, `lesson:1` …"""


FailureCode = Literal["no_sources", "unsafe_topic", "empty_topic"]
"""Each is one of the API's `errorCode`s."""


class GenerationFailed(Exception):
    """No course can be made. `code` is stable; the message is one that a learner can read."""

    def __init__(self, code: FailureCode, message: str) -> None:
        super().__init__(message)
        self.code: FailureCode = code
        self.message = message
