"""The outline that a model drafts from the passages, put right in code: duplicates, coverage, cycles and order."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from lyo.courses.generation.asking import Desk
from lyo.courses.generation.languages import language_data
from lyo.courses.generation.planning import Anchored
from lyo.courses.generation.topics import proper_name
from lyo.courses.generation.values import CourseRequest, Material
from lyo.courses.generation.words import sentences
from lyo.sources.protocol import Passage

OUTLINE_TOKENS = 700
TITLE_CHARACTERS = 80
OBJECTIVE_CHARACTERS = 180
MOST_SOURCES = 3
"""Passages of one lesson."""

SOURCE_CHARACTERS = 140
"""Of each passage, what the model is shown to plan with."""


class _Lesson(BaseModel):
    model_config = ConfigDict(extra="forbid")

    title: str = Field(max_length=TITLE_CHARACTERS)
    objective: str = Field(max_length=OBJECTIVE_CHARACTERS)
    sources: list[int]
    needs: list[int]


class _Draft(BaseModel):
    model_config = ConfigDict(extra="forbid")

    lessons: list[_Lesson]


@dataclass(frozen=True, slots=True)
class Drafted:
    """A lesson to be, with what the model calls it; both may still be nonsense."""

    lesson: Anchored
    title: str = ""
    objective: str = ""


async def draft_lessons(
    request: CourseRequest, material: Material, planned: Sequence[Anchored], desk: Desk
) -> list[Drafted]:
    """As many lessons as are planned: the model's where they are sound, else those that code planned.

    Raises `ModelUnavailable`.
    """
    data = language_data(material.language)
    asked = data.plan.instruction.format(count=len(planned), level=data.phrases[f"level_{request.level}"].casefold())
    answer = await desk.ask(
        data.plan.model_copy(update={"instruction": asked}),
        _shown(request, material),
        max_tokens=OUTLINE_TOKENS,
        json_schema=schema(len(planned), len(material.passages)),
    )
    return put_right(answer, material.passages, planned)


def schema(lessons: int, passages: int) -> Mapping[str, object]:
    """The JSON schema of an outline: every string and array has an end."""
    number = {"type": "integer", "minimum": 1}
    lesson = {
        "type": "object",
        "additionalProperties": False,
        "required": ["title", "objective", "sources", "needs"],
        "properties": {
            "title": {"type": "string", "maxLength": TITLE_CHARACTERS},
            "objective": {"type": "string", "maxLength": OBJECTIVE_CHARACTERS},
            "sources": {
                "type": "array",
                "items": {**number, "maximum": passages},
                "minItems": 1,
                "maxItems": MOST_SOURCES,
            },
            "needs": {"type": "array", "items": {**number, "maximum": lessons}, "maxItems": lessons - 1},
        },
    }
    return {
        "type": "object",
        "additionalProperties": False,
        "required": ["lessons"],
        "properties": {"lessons": {"type": "array", "items": lesson, "minItems": lessons, "maxItems": lessons}},
    }


def put_right(answer: str, passages: Sequence[Passage], planned: Sequence[Anchored]) -> list[Drafted]:
    """The lessons of `answer`, each passage in one of them alone, in an order in which each follows what it needs.

    A lesson without a passage of its own is left out, and code's own lessons fill up; they stand alone where the answer
    is no outline at all, or leaves too little for as many lessons as are wanted.
    """
    try:
        draft = _Draft.model_validate(json.loads(answer))
    except (ValidationError, ValueError, RecursionError):
        return [Drafted(lesson) for lesson in planned]
    taken: set[int] = set()
    kept: dict[int, Drafted] = {}
    for number, lesson in enumerate(draft.lessons[: len(planned)], start=1):
        own = [at for at in dict.fromkeys(lesson.sources) if 1 <= at <= len(passages) and at not in taken]
        if own:
            taken.update(own[:MOST_SOURCES])
            anchor, *support = (passages[at - 1] for at in own[:MOST_SOURCES])
            kept[number] = Drafted(Anchored(anchor, tuple(support)), lesson.title, lesson.objective)
    needs = {number: [need for need in draft.lessons[number - 1].needs if need in kept] for number in kept}
    ordered = [kept[number] for number in in_order(needs)]
    whole = ordered + _filled_up(ordered, planned)
    return whole if len(whole) == len(planned) else [Drafted(lesson) for lesson in planned]


def in_order(needs: Mapping[int, Sequence[int]]) -> list[int]:
    """The keys of `needs`, each after what it needs, else in the given order; a circle is cut at its first member."""
    waiting = list(needs)
    done: list[int] = []
    while waiting:
        ready = (one for one in waiting if all(need in done or need == one for need in needs[one]))
        chosen = next(ready, waiting[0])
        waiting.remove(chosen)
        done.append(chosen)
    return done


def _filled_up(drafted: Sequence[Drafted], planned: Sequence[Anchored]) -> list[Drafted]:
    used = {passage.id for one in drafted for passage in one.lesson.passages}
    more: list[Drafted] = []
    for lesson in planned:
        if len(drafted) + len(more) < len(planned) and lesson.anchor.id not in used:
            support = tuple(passage for passage in lesson.support if passage.id not in used)
            more.append(Drafted(Anchored(lesson.anchor, support)))
            used.update(passage.id for passage in more[-1].lesson.passages)
    return more


def _shown(request: CourseRequest, material: Material) -> str:
    """The topic and the passages, numbered, as the model sees them."""
    interests = f" ({', '.join(request.interests)})" if request.interests else ""
    lines = [f"{proper_name(request.topic, material.language)}{interests}"]
    for number, passage in enumerate(material.passages, start=1):
        said = passage.description or next(iter(sentences(passage.text)), "")
        lines.append(f"{number}. {passage.title}: {said[:SOURCE_CHARACTERS]}")
    return "\n".join(lines)
