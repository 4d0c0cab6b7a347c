"""What is demanded of the engine: each bar with its threshold, its value, and whether it holds.

The thresholds are those of the project's plan for the course engine; docs/evaluation.md says where they come from.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from lyo.courses.generation.metrics import BY_NAME
from lyo.evaluation.judging import courses_of, figure
from lyo.evaluation.values import Bar, Figure, Row, Throughput, Tried

MOST_SECONDS = 60.0
"""For one course on two cores with nothing else running."""


@dataclass(frozen=True, slots=True)
class Demand:
    """A bar before it is judged: a metric over the engine's courses."""

    metric: str
    threshold: float
    way: Literal["least", "most", "below"]
    inside: bool = False
    """Whether only courses of topics inside the library count."""


DEMANDS = (
    Demand("valid", 1.0, "least"),
    Demand("right_size", 1.0, "least"),
    Demand("titles_alike", 85.0, "below"),
    Demand("texts_alike", 0.3, "below"),
    Demand("objectives_covered", 1.0, "least"),
    Demand("texts_passing", 1.0, "least"),
    Demand("texts_by_model", 0.4, "least", inside=True),
    Demand("sentences_grounded", 0.95, "least", inside=True),
    Demand("citations_resolved", 1.0, "least"),
    Demand("quotes_verbatim", 1.0, "least"),
    Demand("flawless_quizzes", 0.95, "least"),
    Demand("key_position_p", 0.05, "least"),
    Demand("long_keys", 0.3, "most"),
    Demand("right_language", 1.0, "least"),
    Demand("first_lesson_share", 0.35, "most"),
)


def bars(
    tried: Sequence[Tried], rows: Sequence[Row], throughput: Throughput | str | None, *, at_once: int
) -> tuple[Bar, ...]:
    """All bars. `throughput` may be the reason why it could not be measured; None where nobody asked for it."""
    judged = [_outcomes(tried), *(_judged(demand, tried) for demand in DEMANDS)]
    return (*judged, _against(rows, tried), _seconds(tried, at_once), _throughput(throughput))


def _judged(demand: Demand, tried: Sequence[Tried]) -> Bar:
    metric = BY_NAME[demand.metric]
    courses = courses_of([one.engine for one in tried if one.topic.inside or not demand.inside])
    found = figure(metric, courses, naive=False)
    where = ", topics inside the library" if demand.inside else ""
    return _bar(demand.metric, f"{metric.label}{where}", demand, metric.unit, found)


def _outcomes(tried: Sequence[Tried]) -> Bar:
    wrong = [one.topic.name for one in tried if not one.right]
    demand = Demand("right_outcome", 1.0, "least")
    found = Figure(value=1 - len(wrong) / len(tried)) if tried else Figure(undefined="no topic was tried")
    bar = _bar("right_outcome", "Topics that end as they should", demand, "share", found)
    return bar.model_copy(update={"reason": f"not {', '.join(wrong)}"}) if wrong else bar


def _seconds(tried: Sequence[Tried], at_once: int) -> Bar:
    demand, label = Demand("seconds", MOST_SECONDS, "most"), "Seconds for a course, the slowest"
    if at_once > 1:
        return Bar(
            name="seconds", label=label, limit=_limit(demand, "seconds"), threshold=MOST_SECONDS, state="skipped",
            reason=f"{at_once} topics were tried at once",
        )  # fmt: skip
    times = [one.engine.seconds for one in tried if one.engine.outcome == "course"]
    found = Figure(value=max(times)) if times else Figure(undefined="there are no courses")
    return _bar("seconds", label, demand, "seconds", found)


def _against(rows: Sequence[Row], tried: Sequence[Tried]) -> Bar:
    label, limit = "Metrics on which it beats the naive prompt", "all of them"
    if tried and all(one.naive is None for one in tried):
        return Bar(name="against_naive", label=label, limit=limit, state="skipped", reason="it was not asked for")
    compared = [row for row in rows if row.engine_wins is not None]
    if not compared or not any(row.naive.value is not None for row in compared):
        why = "there is no topic of which both made a course"
        return Bar(name="against_naive", label=label, limit=limit, state="undefined", reason=why)
    lost = [row.label for row in compared if not row.engine_wins]
    return Bar(
        name="against_naive",
        label=label,
        limit=limit,
        threshold=1.0,
        value=1 - len(lost) / len(compared),
        state="fails" if lost else "holds",
        reason=f"not on: {'; '.join(lost)}" if lost else None,
    )


def _throughput(measured: Throughput | str | None) -> Bar:
    demand, label = Demand("throughput", 0.9, "least"), "Tokens a second through the engine, over straight to the model"
    if measured is None:
        return Bar(
            name="throughput", label=label, limit=_limit(demand, "count"), threshold=0.9, state="skipped",
            reason="it was not asked for",
        )  # fmt: skip
    if isinstance(measured, str):
        return _bar("throughput", label, demand, "count", Figure(undefined=measured))
    found = (
        Figure(value=measured.engine / measured.direct) if measured.direct else Figure(undefined="nothing was written")
    )
    return _bar("throughput", label, demand, "count", found)


def _bar(name: str, label: str, demand: Demand, unit: str, found: Figure) -> Bar:
    if found.value is None:
        state = "undefined"
    else:
        state = "holds" if _HOLDS[demand.way](found.value, demand.threshold) else "fails"
    return Bar(
        name=name,
        label=label,
        limit=_limit(demand, unit),
        threshold=demand.threshold,
        value=found.value,
        state=state,
        reason=found.undefined,
    )


_HOLDS: dict[str, Callable[[float, float], bool]] = {
    "least": lambda value, threshold: value >= threshold,
    "most": lambda value, threshold: value <= threshold,
    "below": lambda value, threshold: value < threshold,
}


def _limit(demand: Demand, unit: str) -> str:
    words = {"least": "at least", "most": "at most", "below": "under"}[demand.way]
    if unit == "seconds":
        return f"{words} {demand.threshold:g} s"
    if unit == "share" and demand.metric not in {"texts_alike", "key_position_p"}:
        return f"{words} {demand.threshold:.0%}".replace("%", " %")
    return f"{words} {demand.threshold:g}"
