"""Whether a course has the form of one: its lessons, their parts, and that no two are alike."""

from collections.abc import Iterator, Sequence
from itertools import combinations

from lyo.courses.generation.metrics.reading import items_of, prose
from lyo.courses.generation.metrics.values import MetricUndefined, Verdict
from lyo.courses.generation.values import CourseDraft, ItemDraft
from lyo.courses.generation.words import similarity, token_set_ratio, words

LESSONS = range(4, 9)
QUESTIONS = range(3, 6)
SHINGLE = 3
"""Words of a shingle."""


def judge_validity(course: CourseDraft) -> list[Verdict]:
    """Each lesson and each item has what the contract demands, and the course survives a trip through JSON."""
    again = CourseDraft.model_validate_json(course.model_dump_json())
    verdicts = [Verdict(0, "course", course.outline.title, None if again == course else "changes in JSON")]
    for number, plan in enumerate(course.outline.lessons, start=1):
        missing = [name for name in ("title", "objective") if not getattr(plan, name).strip()]
        verdicts.append(
            Verdict(number, "lesson", plan.title, f"has no {' and no '.join(missing)}" if missing else None)
        )
    for number, item in items_of(course):
        verdicts.append(Verdict(number, item.type, item.title, next(_faults(item), None)))
    return verdicts


def judge_size(course: CourseDraft) -> list[Verdict]:
    """The course has four to eight lessons, all of them written."""
    planned, written = len(course.outline.lessons), len(course.lessons)
    why = f"{planned} lessons planned and {written} written" if planned != written else None
    if written not in LESSONS:
        why = f"has {written} lesson{'s' if written != 1 else ''}"
    return [Verdict(0, "course", course.outline.title, why)]


def judge_completeness(course: CourseDraft) -> list[Verdict]:
    """Each lesson has a text, something to read elsewhere, and a quiz."""
    verdicts: list[Verdict] = []
    for number, plan in enumerate(course.outline.lessons, start=1):
        types = {item.type for lesson, item in items_of(course) if lesson == number}
        missing = [kind for kind in ("text", "article", "quiz") if kind not in types]
        verdicts.append(
            Verdict(number, "lesson", plan.title, f"has no {' and no '.join(missing)}" if missing else None)
        )
    return verdicts


def judge_objectives(course: CourseDraft) -> list[Verdict]:
    """Each lesson has an objective, and a question that tests it: constructive alignment, as far as code can see."""
    asked = {number for number, item in items_of(course, "quiz") if item.questions}
    verdicts: list[Verdict] = []
    for number, plan in enumerate(course.outline.lessons, start=1):
        why = None if number in asked else "no question tests it"
        verdicts.append(Verdict(number, "objective", plan.objective, why if plan.objective.strip() else "is not there"))
    return verdicts


def most_alike_titles(courses: Sequence[CourseDraft]) -> float:
    """The highest token-set ratio, 0 to 100, of two titles of lessons of one course."""
    titles = [[plan.title for plan in course.outline.lessons] for course in courses]
    pairs = [token_set_ratio(*pair) for course in titles for pair in combinations(course, 2)]
    if not pairs:
        raise MetricUndefined("there are no two lessons")
    return max(pairs)


def most_alike_texts(courses: Sequence[CourseDraft]) -> float:
    """The highest Jaccard similarity, 0 to 1, of the shingles of two texts of one course."""
    texts = [[_shingles(prose(item.content or "")) for _, item in items_of(course, "text")] for course in courses]
    pairs = [similarity(*pair) for course in texts for pair in combinations(course, 2)]
    if not pairs:
        raise MetricUndefined("there are no two texts")
    return max(pairs)


def words_per_text(courses: Sequence[CourseDraft]) -> float:
    """The mean length of a text, in words."""
    lengths = [len(words(prose(item.content or ""))) for course in courses for _, item in items_of(course, "text")]
    if not lengths:
        raise MetricUndefined("there are no texts")
    return sum(lengths) / len(lengths)


def judge_authorship(course: CourseDraft) -> list[Verdict]:
    """Each text is in the model's words, and not in those of the sources."""
    return [
        Verdict(number, "text", item.title, None if item.generated_by == "model" else f"is {item.generated_by}")
        for number, item in items_of(course, "text")
    ]


def _faults(item: ItemDraft) -> Iterator[str]:
    if not item.title.strip():
        yield "has no title"
    if item.type in {"text", "article"} and not (item.content or "").strip():
        yield "has no content"
    if item.type == "text" and not item.citations:
        yield "has no citation"
    if item.type in {"article", "video"} and not (item.source_url or "").startswith("https://"):
        yield "has no address that begins with https://"
    if (item.type == "video") != bool(item.duration_seconds and item.duration_seconds > 0):
        yield "has no duration, or has one and is no video"
    yield from _quiz_faults(item)


def _quiz_faults(item: ItemDraft) -> Iterator[str]:
    if item.type != "quiz":
        if item.questions:
            yield "has questions and is no quiz"
        return
    if len(item.questions) not in QUESTIONS:
        yield f"has {len(item.questions)} questions"
    for question in item.questions:
        if question.key not in range(4):
            yield f"has a question whose key is {question.key}"
        if not all(text.strip() for text in (question.prompt, question.explanation, *question.options)):
            yield "has a question with an empty part"


def _shingles(text: str) -> set[str]:
    sequence = words(text)
    return {" ".join(sequence[at : at + SHINGLE]) for at in range(len(sequence) - SHINGLE + 1)}
