"""What a metric says: verdicts that can be read, and a figure that is never a default."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from lyo.courses.generation.values import CourseDraft


class MetricUndefined(Exception):
    """There is nothing from which the metric could be computed. The message says what is missing, as one clause."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a rule says of one thing in a course."""

    lesson: int
    """From 1; 0 for the course as a whole."""
    thing: str
    """What was judged: `sentence`, `citation`, `question` …"""
    text: str
    why: str | None = None
    """What is wrong with it; None where nothing is."""

    @property
    def passes(self) -> bool:
        """Whether nothing is wrong."""
        return self.why is None


@dataclass(frozen=True, slots=True)
class Metric:
    """One figure, of one course or over several: pooled over what is judged, not a mean of means."""

    name: str
    """A field of `Measures`."""
    label: str
    """What it is, in a few words, for people."""
    unit: Literal["share", "score", "words", "seconds", "count"]
    over: Callable[[Sequence[CourseDraft]], float]
    """The figure; raises `MetricUndefined`."""
    better: Literal["more", "less", "neither"] = "neither"
    judge: Callable[[CourseDraft], list[Verdict]] | None = None
    """The verdicts behind a share."""
    needs_citations: bool = False
    """Whether a text without citations cannot do well, whatever it says."""

    def of(self, course: CourseDraft) -> float:
        """The figure of one course; raises `MetricUndefined`."""
        return self.over([course])


def share_of(judge: Callable[[CourseDraft], list[Verdict]], things: str) -> Callable[[Sequence[CourseDraft]], float]:
    """The share of verdicts without a fault, 0 to 1, over all courses; undefined where there are no `things`."""

    def over(courses: Sequence[CourseDraft]) -> float:
        verdicts = [verdict for course in courses for verdict in judge(course)]
        if not verdicts:
            raise MetricUndefined(f"there are no {things}")
        return sum(verdict.passes for verdict in verdicts) / len(verdicts)

    return over
