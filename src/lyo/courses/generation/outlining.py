"""The outline: lessons from the passages, with titles and objectives that the model drafts and code puts right."""

import asyncio
import re
from collections.abc import Sequence

from lyo.courses.generation.asking import Desk, open_desk
from lyo.courses.generation.gates import loops, numbers
from lyo.courses.generation.languages import LanguageData, language_data, language_of
from lyo.courses.generation.planning import Anchored, plan
from lyo.courses.generation.topics import proper_name
from lyo.courses.generation.values import CourseRequest, LessonPlan, Material, Outline
from lyo.courses.generation.words import content_words, sentences, similarity
from lyo.llm.protocol import LanguageModel

TITLE_WORDS = range(2, 9)
OBJECTIVE_WORDS = range(4, 26)
TITLES_ALIKE = 0.7
ANSWER_TOKENS = 48

_PLAIN = re.compile(r"[^\W_][^<>\[\]{}|*_#`\\/@$=;\n]*")
_LABEL = re.compile(r"^\s*[^\W\d_]+\s*:\s*")


async def outline(request: CourseRequest, material: Material, model: LanguageModel) -> Outline:
    """The outline of a course: 4 to 6 distinct lessons by level, as far as the material carries them.

    Raises `ModelUnavailable`; a model that misbehaves only loses its say over titles and objectives.
    """
    desk = await open_desk(model)
    language = material.language
    planned = plan(request, material)
    drafts = await asyncio.gather(*(_draft(lesson, language, desk) for lesson in planned))
    lessons: list[LessonPlan] = []
    for lesson, (title, objective) in zip(planned, drafts, strict=True):
        taken = [other.title for other in lessons]
        lessons.append(
            LessonPlan(
                title=_title(title, lesson, taken, language),
                objective=_objective(objective, lesson, language),
                passage_ids=tuple(passage.id for passage in lesson.passages),
            )
        )
    return Outline(
        title=proper_name(request.topic, language),
        description=_description(request, lessons, language),
        language=language,
        lessons=tuple(lessons),
        spent=desk.spent,
    )


async def _draft(lesson: Anchored, language: str, desk: Desk) -> tuple[str, str]:
    """What the model calls the lesson, and the objective that it gives it; either may be empty or nonsense."""
    request = f"{lesson.anchor.title}. {next(iter(sentences(lesson.anchor.text)), lesson.anchor.title)}"
    answer = await desk.ask(language_data(language).entitle, request, max_tokens=ANSWER_TOKENS)
    title, _, rest = answer.partition("\n")
    return _LABEL.sub("", title).strip(" .\"'"), _LABEL.sub("", rest.partition("\n")[0]).strip()


def _title(draft: str, lesson: Anchored, taken: Sequence[str], language: str) -> str:
    """The draft where it is a title of this lesson and of no other, else the name of what the lesson is about."""
    fits = len(draft.split()) in TITLE_WORDS and is_supported(draft, lesson, language)
    if fits and _names_anchor(draft, lesson, language) and not any(_alike(draft, other, language) for other in taken):
        return draft[:1].upper() + draft[1:]
    return lesson.anchor.title


def _objective(draft: str, lesson: Anchored, language: str) -> str:
    """The draft where it is one plain sentence about this lesson's passages, else one made from their titles."""
    draft = draft if draft.endswith(".") else f"{draft}."
    fits = len(draft.split()) in OBJECTIVE_WORDS and draft.count(".") == 1
    if fits and _names_anchor(draft, lesson, language) and is_supported(_after_verb(draft), lesson, language):
        return draft[:1].upper() + draft[1:]
    phrases = language_data(language).phrases
    first, *rest = (passage.title for passage in lesson.passages)
    if not rest:
        return phrases["objective_one"].format(first=first)
    return phrases["objective_more"].format(first=first, rest=f" {phrases['and']} ".join(rest))


def _names_anchor(draft: str, lesson: Anchored, language: str) -> bool:
    """Whether the draft has the better part of the name of what the lesson is about."""
    name = content_words(lesson.anchor.title.partition("(")[0], language)
    return 2 * len(set(name) & set(content_words(draft, language))) >= len(set(name)) > 0


def is_supported(draft: str, lesson: Anchored, language: str) -> bool:
    """Whether all that `draft` speaks of is in the lesson's passages, in plain words and without a loop."""
    text = " ".join(f"{passage.title} {passage.description or ''} {passage.text}" for passage in lesson.passages)
    said = content_words(draft, language)
    plain = bool(_PLAIN.fullmatch(draft)) and not loops(draft) and len(said) == len(set(said))
    return plain and bool(said) and set(said) <= set(content_words(text, language)) and numbers(draft) <= numbers(text)


def _after_verb(objective: str) -> str:
    """An objective without its first word, the verb, which is ours to choose and no claim."""
    return objective.partition(" ")[2]


def _alike(one: str, other: str, language: str) -> bool:
    return similarity(content_words(one, language), content_words(other, language)) >= TITLES_ALIKE


def _description(request: CourseRequest, lessons: Sequence[LessonPlan], language: str) -> str:
    data = language_data(language)
    text = data.phrases["course_description"].format(
        level=data.phrases[f"level_{request.level}"],
        topic=proper_name(request.topic, language),
        count=len(lessons),
        titles="; ".join(lesson.title for lesson in lessons),
    )
    return text + _interests(request, data) + _apology(request, language, data)


def _interests(request: CourseRequest, data: LanguageData) -> str:
    names = ", ".join(" ".join(interest.split()) for interest in request.interests)
    return data.phrases["interests"].format(interests=names) if names else ""


def _apology(request: CourseRequest, language: str, data: LanguageData) -> str:
    return data.phrases["other_language"] if language_of(request.locale) != language else ""
