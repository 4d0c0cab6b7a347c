"""The report card of a course: what it is made of, from what, how good it is as far as code can tell, and its cost."""

from collections import Counter
from collections.abc import Iterable

from pydantic import ConfigDict
from pydantic.alias_generators import to_camel

from lyo.courses.generation.metrics import METRICS, MetricUndefined
from lyo.courses.generation.metrics.cost import spent_by_step, spent_in_all
from lyo.courses.generation.metrics.language import judge_languages
from lyo.courses.generation.metrics.quizzes import flaw_counts, key_positions
from lyo.courses.generation.metrics.readability import FORMULAS
from lyo.courses.generation.metrics.reading import items_of
from lyo.courses.generation.values import CourseDraft, Spent, Value


class Card(Value):
    """Base of what a report card has: `model_dump(by_alias=True)` speaks camelCase."""

    model_config = ConfigDict(alias_generator=to_camel, validate_by_name=True, validate_by_alias=True)


class Cost(Card):
    """Of one step, or of all."""

    seconds: float | None
    """By the clock; None where nobody kept it. In all it is the sum of the steps, of which some run at once."""
    calls: int
    prompt_tokens: int
    completion_tokens: int


class SourceUse(Card):
    """One source, and how often the course cites it."""

    title: str
    url: str
    licence: str
    citations: int


class Measures(Card):
    """The figures of one course. None where `ReportCard.undefined` says why; shares are from 0 to 1."""

    valid: float | None = None
    right_size: float | None = None
    complete_lessons: float | None = None
    objectives_covered: float | None = None
    titles_alike: float | None = None
    texts_alike: float | None = None
    texts_passing: float | None = None
    sentences_grounded: float | None = None
    citations_resolved: float | None = None
    quotes_verbatim: float | None = None
    right_language: float | None = None
    flawless_quizzes: float | None = None
    flawless_questions: float | None = None
    questions_proved: float | None = None
    long_keys: float | None = None
    key_position_p: float | None = None
    texts_by_model: float | None = None
    words_per_text: float | None = None
    readability: float | None = None
    seconds: float | None = None
    first_lesson_share: float | None = None
    tokens_per_second: float | None = None


class ReportCard(Card):
    """What can be said of a course without a judge. Counts are by name; a name that is not there counts nothing."""

    language: str
    lessons: int
    items_by_type: dict[str, int]
    items_by_making: dict[str, int]
    """By what made them: model, extractive, catalogue."""
    items_left_out: dict[str, int]
    """Items that no way of making passed, by type."""
    refusals: dict[str, int]
    """How often each gate refused a draft."""
    items_by_verdict_of_language: dict[str, int]
    """`right`, `wrong`, and `short` for those that are too short to tell."""
    quiz_flaws: dict[str, int]
    key_positions: tuple[int, int, int, int]
    sources: tuple[SourceUse, ...]
    licences: dict[str, int]
    """Citations by licence."""
    sources_unavailable: tuple[str, ...]
    costs: dict[str, Cost]
    """By step, in the order in which they began."""
    cost: Cost
    readability_formula: str | None
    measures: Measures
    undefined: dict[str, str]
    """Which measures could not be computed, and why."""


def report_card(course: CourseDraft) -> ReportCard:
    """The report card of a whole course."""
    measures, undefined = measured(course)
    formula = FORMULAS.get(course.material.language)
    items = [item for _, item in items_of(course)]
    return ReportCard(
        language=course.material.language,
        lessons=len(course.lessons),
        items_by_type=_counts(item.type for item in items),
        items_by_making=_counts(item.generated_by for item in items),
        items_left_out=_summed(lesson.left_out for lesson in course.lessons),
        refusals=_summed(lesson.refusals for lesson in course.lessons),
        items_by_verdict_of_language=_languages(course),
        quiz_flaws=flaw_counts(course),
        key_positions=key_positions(course),
        sources=_sources(course),
        licences=_counts(citation.licence for item in items for citation in item.citations),
        sources_unavailable=course.material.unavailable,
        costs=_costs(course),
        cost=_cost(sum(course.seconds.values()) if course.seconds else None, spent_in_all(course)),
        readability_formula=formula.name if formula else None,
        measures=measures,
        undefined=undefined,
    )


def measured(course: CourseDraft) -> tuple[Measures, dict[str, str]]:
    """Every measure of a course, and for those that could not be computed the reason."""
    figures: dict[str, float] = {}
    undefined: dict[str, str] = {}
    for metric in METRICS:
        try:
            figures[metric.name] = metric.of(course)
        except MetricUndefined as why:
            undefined[metric.name] = why.reason
    return Measures(**figures), undefined


def _languages(course: CourseDraft) -> dict[str, int]:
    verdicts = judge_languages(course)
    counts = Counter("right" if verdict.passes else "wrong" for verdict in verdicts)
    counts["short"] = sum(1 for _ in items_of(course)) - len(verdicts)
    return {name: count for name, count in counts.items() if count}


def _sources(course: CourseDraft) -> tuple[SourceUse, ...]:
    """Most cited first."""
    citations = [citation for _, item in items_of(course) for citation in item.citations]
    known = {citation.url: citation for citation in citations}
    uses = Counter(citation.url for citation in citations)
    return tuple(
        SourceUse(title=known[url].title, url=url, licence=known[url].licence, citations=count)
        for url, count in uses.most_common()
    )


def _costs(course: CourseDraft) -> dict[str, Cost]:
    spent = spent_by_step(course)
    steps = dict.fromkeys([*sorted(course.seconds, key=_began), *spent])
    return {step: _cost(course.seconds.get(step), spent.get(step, Spent())) for step in steps}


def _began(step: str) -> tuple[bool, int]:
    """Lessons come last, by number; what comes before them keeps the order in which it ended."""
    kind, _, number = step.partition(":")
    return kind == "lesson", int(number) if number.isdecimal() else 0


def _cost(seconds: float | None, spent: Spent) -> Cost:
    return Cost(
        seconds=None if seconds is None else round(seconds, 3),
        calls=spent.calls,
        prompt_tokens=spent.prompt_tokens,
        completion_tokens=spent.completion_tokens,
    )


def _counts(names: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(names).items()))


def _summed(counts: Iterable[dict[str, int]]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for part in counts:
        total.update(part)
    return dict(sorted(total.items()))
