"""Courses made by hand: a perfect one, from which tests make each kind of bad one."""

from collections.abc import Callable
from datetime import UTC, datetime

from lyo.courses.generation.values import (
    Citation,
    CourseDraft,
    CourseRequest,
    ItemDraft,
    LessonDraft,
    LessonPlan,
    Material,
    Outline,
    Question,
    Spent,
)
from lyo.sources.protocol import Passage
from support.library import passage

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)

SUBJECTS = {
    "Photosynthesis": (
        "Photosynthesis is a process by which green plants turn the light of the sun into chemical energy. "
        "The process takes water and carbon dioxide, and it gives sugar and oxygen. "
        "Jan Ingenhousz showed in 1779 that plants need light for it."
    ),
    "Chloroplast": (
        "A chloroplast is a small organelle in the cells of leaves that holds the green pigment. "
        "Every chloroplast has its own ring of genetic material, much like a bacterium. "
        "Konstantin Mereschkowski wrote in 1905 that such organelles were once free organisms."
    ),
    "Calvin cycle": (
        "The Calvin cycle is a chain of reactions that fixes carbon from the air in organic molecules. "
        "An enzyme called rubisco starts the chain, and it is the most abundant protein on Earth. "
        "Melvin Calvin received the Nobel Prize in 1961 for tracing these steps."
    ),
    "Stoma": (
        "A stoma is a tiny pore in the skin of a leaf through which gases come and go. "
        "Two guard cells swell with water to open the pore and shrink to close it again. "
        "Most trees close their pores at night in order to save moisture."
    ),
}
"""Four articles that share hardly anything but what they are about."""


def passages() -> tuple[Passage, ...]:
    return tuple(passage(title, text) for title, text in SUBJECTS.items())


def citation(of: Passage, number: int = 1, quote: str | None = None) -> Citation:
    return Citation(
        n=number,
        title=of.title,
        url=of.url,
        licence=of.licence,
        language=of.language,
        quote=of.text.partition(". ")[0] + "." if quote is None else quote,
        retrieved_at=AT,
    )


def question(of: Passage, key: int) -> Question:
    """A question without a flaw; `key` is where the right option stands."""
    right, wrong = _OPTIONS[of.title]
    options = list(wrong)
    options.insert(key, right)
    quote = next(part for part in of.text.split(". ") if right.casefold() in part.casefold())
    return Question(
        prompt=_PROMPTS[of.title],
        options=(options[0], options[1], options[2], options[3]),
        key=key,
        explanation=f"{quote.rstrip('.')}.",
        quote=quote,
        n=1,
        generated_by="extractive",
    )


_PROMPTS = {
    "Photosynthesis": "Which person found that leaves want light for it?",
    "Chloroplast": "Which author wrote about organelles that were free?",
    "Calvin cycle": "Which person traced the steps of the carbon chain?",
    "Stoma": "Which part swells in order to let gases through?",
}
_OPTIONS = {
    "Photosynthesis": ("Jan Ingenhousz", ("Otto Warburg", "Robert Hill", "Joseph Priestley")),
    "Chloroplast": (
        "Konstantin Mereschkowski",
        ("Andreas Franz Schimper", "Hugo Theodor von Mohl", "Ivan Emanuel Wallin"),
    ),
    "Calvin cycle": ("Melvin Calvin", ("Peter Mitchell", "Hans Krebs", "Otto Meyerhof")),
    "Stoma": ("Two guard cells", ("Two root hairs", "Two leaf veins", "Two stem nodes")),
}


def text_item(of: Passage) -> ItemDraft:
    said = " ".join(f"{sentence.rstrip('.')}. [1]" for sentence in of.text.split(". "))
    return ItemDraft(
        type="text",
        title=f"{of.title}: the key ideas",
        content=said,
        source="generated",
        source_url=None,
        generated_by="model",
        citations=(citation(of),),
        verbatim_share=0.0,
    )


def article_item(of: Passage) -> ItemDraft:
    return ItemDraft(
        type="article",
        title=of.title,
        content="Read the whole article in order to see what else there is to know about it.",
        source="wikipedia",
        source_url=of.url,
        generated_by="catalogue",
        citations=(citation(of),),
    )


def quiz_item(of: Passage, key: int) -> ItemDraft:
    return ItemDraft(
        type="quiz",
        title=f"{of.title}: check yourself",
        content=None,
        source="generated",
        source_url=None,
        generated_by="extractive",
        citations=(citation(of),),
        questions=tuple(question(of, (key + at) % 4) for at in range(3)),
    )


def perfect_course() -> CourseDraft:
    """Nothing in it is wrong. Its seconds: 1 for sources and outline, 2 for lesson 1, 7 for the rest."""
    found = passages()
    plans = tuple(
        LessonPlan(title=one.title, objective=f"Describe the {one.title}.", passage_ids=(one.id,)) for one in found
    )
    lessons = tuple(
        LessonDraft(
            items=(text_item(one), article_item(one), quiz_item(one, at)),
            spent=Spent(calls=2, prompt_tokens=100, completion_tokens=20, seconds=1.5),
            refusals={"is_grounded": 1},
        )
        for at, one in enumerate(found)
    )
    seconds = {"retrieve": 0.4, "outline": 0.6, "lesson:1": 2.0, "lesson:2": 7.0, "lesson:3": 6.0, "lesson:4": 5.0}
    return CourseDraft(
        request=CourseRequest(topic="photosynthesis"),
        material=Material(language="en", passages=found),
        outline=Outline(
            title="Photosynthesis",
            description="A course.",
            language="en",
            lessons=plans,
            spent=Spent(calls=4, prompt_tokens=50, completion_tokens=10, seconds=0.5),
        ),
        lessons=lessons,
        seconds=seconds,
    )


def with_item(course: CourseDraft, kind: str, change: Callable[[ItemDraft], ItemDraft | None]) -> CourseDraft:
    """The course with each item of the first lesson that is of that type changed, or left out for None."""
    first, *rest = course.lessons
    items = [change(item) if item.type == kind else item for item in first.items]
    changed = first.model_copy(update={"items": tuple(item for item in items if item is not None)})
    return course.model_copy(update={"lessons": (changed, *rest)})
