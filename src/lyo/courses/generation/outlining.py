"""The outline: lessons from the passages, drafted by the model where it can, and put right in code."""

import re
from collections.abc import Sequence

from lyo.courses.generation.asking import open_desk
from lyo.courses.generation.drafting import Drafted, draft_lessons
from lyo.courses.generation.gates import loops, numbers
from lyo.courses.generation.languages import LanguageData, language_data, language_of
from lyo.courses.generation.planning import Anchored, plan, spoken_name
from lyo.courses.generation.topics import proper_name
from lyo.courses.generation.values import CourseRequest, LessonPlan, Material, Outline
from lyo.courses.generation.words import content_words, token_set_ratio
from lyo.llm.protocol import LanguageModel

TITLE_WORDS = range(2, 9)
OBJECTIVE_WORDS = range(4, 26)
TITLE_FORMS = ("title_overview", "title_closer")
"""How a title is told apart from another, by the names of phrases."""

ALIKE = 85
"""The token-set ratio, 0 to 100, of two titles that are no longer distinct (issue bar)."""


_PLAIN = re.compile(r"[^\W_][^<>\[\]{}|*_#`\\/@$=;\n]*")


async def outline(request: CourseRequest, material: Material, model: LanguageModel) -> Outline:
    """The outline of a course: 4 to 6 distinct lessons by level, as far as the material carries them.

    A chat model drafts it, and code puts right what it says. A base model is not asked: the small one's titles were
    clumsy or refused, and the seconds that they took are better spent on the first lesson. Raises `ModelUnavailable`;
    a model that misbehaves only loses its say.
    """
    desk = await open_desk(model)
    language = material.language
    drafts = [Drafted(lesson) for lesson in plan(request, material)]
    if desk.speaks_chat:
        drafts = await draft_lessons(request, material, [one.lesson for one in drafts], desk)
    titles = distinct([_title(one, language) for one in drafts], language)
    lessons = [
        LessonPlan(
            title=title,
            objective=_objective(one, material),
            passage_ids=tuple(passage.id for passage in one.lesson.passages),
        )
        for one, title in zip(drafts, titles, strict=True)
    ]
    return Outline(
        title=proper_name(request.topic, language),
        description=_description(request, lessons, language),
        language=language,
        lessons=tuple(lessons),
        spent=desk.spent,
    )


def _title(drafted: Drafted, language: str) -> str:
    """The draft where it is a title of this lesson, else the name of what the lesson is about."""
    draft = " ".join(drafted.title.split()).strip(" .")
    fits = len(draft.split()) in TITLE_WORDS and is_supported(draft, drafted.lesson, language)
    if fits and _names_anchor(draft, drafted.lesson, language):
        return draft[:1].upper() + draft[1:]
    return drafted.lesson.anchor.title


def distinct(titles: Sequence[str], language: str) -> list[str]:
    """The same titles, told apart where one is in another or nearly the same: `Jazz` beside `Jazz dance`."""
    phrases = language_data(language).phrases
    told: list[str] = []
    for at, title in enumerate(titles):
        others = [*told, *titles[at + 1 :]]
        forms = [title, *(phrases[form].format(title=title) for form in TITLE_FORMS)]
        told.append(
            min(forms, key=lambda form: max((token_set_ratio(form, other) for other in others), default=0.0) >= ALIKE)
        )
    return told


def _objective(drafted: Drafted, material: Material) -> str:
    """The draft where it is one plain sentence about this lesson's passages, else one made from their titles."""
    lesson, language = drafted.lesson, material.language
    draft = " ".join(drafted.objective.split())
    draft = draft if draft.endswith(".") else f"{draft}."
    fits = len(draft.split()) in OBJECTIVE_WORDS and draft.count(".") == 1
    if fits and _names_anchor(draft, lesson, language) and is_supported(_after_verb(draft), lesson, language):
        return draft[:1].upper() + draft[1:]
    phrases = language_data(language).phrases
    first, *rest = (spoken_name(passage, material) for passage in lesson.passages)
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


def _description(request: CourseRequest, lessons: Sequence[LessonPlan], language: str) -> str:
    data = language_data(language)
    text = data.phrases["course_description"].format(
        level=data.phrases[f"level_{request.level}"],
        topic=proper_name(request.topic, language),
        count=len(lessons),
        titles="; ".join(lesson.title for lesson in lessons),
    )
    # What learners write of themselves has a paragraph of its own, which others do not see.
    return "\n\n".join(filter(None, [text + _apology(request, language, data), _interests(request, data)]))


def _interests(request: CourseRequest, data: LanguageData) -> str:
    names = ", ".join(" ".join(interest.split()) for interest in request.interests)
    return data.phrases["interests"].format(interests=names) if names else ""


def _apology(request: CourseRequest, language: str, data: LanguageData) -> str:
    return data.phrases["other_language"] if language_of(request.locale) != language else ""
