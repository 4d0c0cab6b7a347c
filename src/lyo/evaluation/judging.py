"""The figures of courses, by the metrics of the report card, and what failed them."""

from collections.abc import Sequence

from lyo.courses.generation.metrics import METRICS, Metric, MetricUndefined
from lyo.courses.generation.values import CourseDraft
from lyo.evaluation.drafting import credited
from lyo.evaluation.values import Failing, Figure, Row, Side

MOST_TEXT = 600
"""Of something that failed, the characters that are kept for reading; the course itself has the rest."""

BEST = {"more": 1.0, "less": 0.0}
"""Where a metric cannot get any better: shares, and how alike things are."""


def figure(metric: Metric, courses: Sequence[CourseDraft], *, naive: bool) -> Figure:
    """A metric over courses, or why it has no value. Citations that the baseline does not make are credited to it."""
    if not courses:
        return Figure(undefined="there are no courses")
    judged = [credited(course) for course in courses] if naive and metric.needs_citations else courses
    try:
        return Figure(value=metric.over(judged))
    except MetricUndefined as why:
        return Figure(undefined=why.reason)


def figures(course: CourseDraft, *, naive: bool) -> dict[str, Figure]:
    """Every metric of one course."""
    return {metric.name: figure(metric, [course], naive=naive) for metric in METRICS}


def failings(course: CourseDraft, *, naive: bool) -> tuple[Failing, ...]:
    """Everything that a metric with a direction found wrong."""
    found: list[Failing] = []
    for metric in METRICS:
        if metric.judge is None or metric.better == "neither":
            continue
        judged = credited(course) if naive and metric.needs_citations else course
        found += [
            Failing(
                metric=metric.name,
                lesson=verdict.lesson,
                thing=verdict.thing,
                text=verdict.text[:MOST_TEXT],
                why=verdict.why[:MOST_TEXT],
            )
            for verdict in metric.judge(judged)
            if verdict.why is not None
        ]
    return tuple(found)


def courses_of(sides: Sequence[Side | None]) -> list[CourseDraft]:
    """The courses that there are."""
    return [side.course for side in sides if side is not None and side.course is not None]


def rows(pairs: Sequence[tuple[Side, Side]]) -> tuple[Row, ...]:
    """Each metric of both sides; `pairs` are the topics of which both sides made a course."""
    engine, naive = courses_of([one for one, _ in pairs]), courses_of([other for _, other in pairs])
    found: list[Row] = []
    for metric in METRICS:
        ours, theirs = figure(metric, engine, naive=False), figure(metric, naive, naive=True)
        found.append(
            Row(
                metric=metric.name,
                label=metric.label,
                unit=metric.unit,
                better=metric.better,
                engine=ours,
                naive=theirs,
                engine_wins=wins(metric, ours, theirs),
            )
        )
    return tuple(found)


def wins(metric: Metric, ours: Figure, theirs: Figure) -> bool | None:
    """Whether the engine does better, or as well where nothing is better; None where neither direction is better.

    A side that made nothing to judge has lost against one that did.
    """
    if metric.better == "neither":
        return None
    if ours.value is None:
        return False
    if theirs.value is None or ours.value == BEST[metric.better]:
        return True
    return ours.value > theirs.value if metric.better == "more" else ours.value < theirs.value
