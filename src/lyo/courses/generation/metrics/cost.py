"""What a course cost: seconds by the clock, and what the model read and wrote."""

from collections.abc import Sequence

from lyo.courses.generation.metrics.values import MetricUndefined
from lyo.courses.generation.values import CourseDraft, Spent

FIRST = "lesson:1"
_LESSON = "lesson:"


def seconds_in_all(courses: Sequence[CourseDraft]) -> float:
    """The mean seconds of a course: its steps one after another, the lessons behind the first at once."""
    return _mean([_seconds(course)[1] for course in courses])


def first_lesson_share(courses: Sequence[CourseDraft]) -> float:
    """How far through its seconds a course is when the first lesson can be read, 0 to 1; the worst of them."""
    shares = [first / whole for first, whole in map(_seconds, courses) if whole > 0]
    if not shares:
        raise MetricUndefined("no step took any time")
    return max(shares)


def tokens_per_second(courses: Sequence[CourseDraft]) -> float:
    """Tokens that the model wrote in a second of a course by the clock."""
    seconds = sum(_seconds(course)[1] for course in courses)
    if not seconds:
        raise MetricUndefined("no step took any time")
    return sum(spent_in_all(course).completion_tokens for course in courses) / seconds


def spent_by_step(course: CourseDraft) -> dict[str, Spent]:
    """What the model was asked for each step."""
    lessons = {f"{_LESSON}{number}": lesson.spent for number, lesson in enumerate(course.lessons, start=1)}
    return {"outline": course.outline.spent, **lessons}


def spent_in_all(course: CourseDraft) -> Spent:
    """What the model was asked for the course."""
    return sum(spent_by_step(course).values(), Spent())


def _seconds(course: CourseDraft) -> tuple[float, float]:
    """Until the first lesson can be read, and until the course is whole."""
    needed = [f"{_LESSON}{number}" for number in range(1, len(course.lessons) + 1)]
    missing = [step for step in needed if step not in course.seconds]
    if missing or not needed:
        raise MetricUndefined(f"nobody kept the time of {', '.join(missing) or 'any lesson'}")
    first = sum(seconds for step, seconds in course.seconds.items() if not step.startswith(_LESSON))
    first += course.seconds[FIRST]
    return first, first + max((course.seconds[step] for step in needed[1:]), default=0.0)


def _mean(values: Sequence[float]) -> float:
    if not values:
        raise MetricUndefined("there are no courses")
    return sum(values) / len(values)
