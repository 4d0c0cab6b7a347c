"""The page: one HTML file that asks nobody for anything, with what both sides made, side by side.

Topics are strangers' words and courses are a model's: everything goes through Jinja's escaping, addresses become links
only where they begin with https://, and the page forbids itself scripts and requests.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from lyo.courses.generation.metrics import BY_NAME, METRICS
from lyo.courses.generation.metrics.readability import FORMULAS
from lyo.evaluation.values import Bar, Failing, Figure, Report, Side, Tried

SHOWN = 40
"""Failing things of one metric and side that stand on the page; report.json has all."""


@dataclass(frozen=True, slots=True)
class Read:
    """Something that failed, and in which course."""

    topic: str
    failing: Failing


@dataclass(frozen=True, slots=True)
class Failed:
    """What failed one metric, on both sides; the counts are of all, the lists of those that are shown."""

    label: str
    counts: tuple[int, int]
    sides: tuple[Sequence[Read], Sequence[Read]]


@dataclass(frozen=True, slots=True)
class Times:
    """How long a course took: until the outline stood, for the first lesson, for the rest; and the naive prompt."""

    topic: str
    steps: tuple[float, float, float]
    naive: float | None


def render(report: Report) -> str:
    """The page as HTML."""
    template = _environment().get_template("page.html.j2")
    return template.render(
        report=report,
        holding=sum(bar.state == "holds" for bar in report.bars),
        judged=sum(bar.state != "skipped" for bar in report.bars),
        gauges=[(bar, *_gauge(bar)) for bar in report.bars],
        rows=[(row, _widths(row.engine, row.naive, row.unit)) for row in report.rows if row.metric != "readability"],
        times=_times(report.tried),
        strips=_strips(report.tried),
        refusals=_refusals(report.tried),
        making=_making(report.tried),
        sources=_sources(report.tried),
        failed=_failed(report.tried),
        formulas={language: formula.name for language, formula in FORMULAS.items()},
    )


def shown(figure: Figure | float | None, unit: str) -> str:
    """A figure for people: `97.4 %`, `12.3 s`, `0.08`; a dash where there is none."""
    value = figure.value if isinstance(figure, Figure) else figure
    if value is None:
        return "–"
    if unit == "share":
        return f"{100 * value:.1f}".removesuffix(".0") + " %"
    if unit == "seconds":
        return f"{value:.1f} s"
    return f"{value:.1f}".removesuffix(".0")


def shown_bar(bar: Bar) -> str:
    """The value of a bar, in its own unit."""
    if bar.name in {"key_position_p", "texts_alike", "throughput"}:
        return "–" if bar.value is None else f"{bar.value:.2f}"
    metric = BY_NAME.get(bar.name)
    unit = metric.unit if metric is not None else "share"
    return shown(bar.value, unit)


def _gauge(bar: Bar) -> tuple[float, float]:
    """How full the gauge is and where its mark stands, both in per cent."""
    value, threshold = bar.value or 0.0, bar.threshold or 0.0
    most = max(value, 1.0 if threshold <= 1 else 1.15 * threshold)
    return 100 * value / most, 100 * threshold / most


def _widths(one: Figure, other: Figure, unit: str) -> tuple[float, float]:
    values = [abs(figure.value or 0.0) for figure in (one, other)]
    most = max(1.0 if unit == "share" else 0.0, *values) or 1.0
    return 100 * values[0] / most, 100 * values[1] / most


def _times(tried: Sequence[Tried]) -> list[Times]:
    found: list[Times] = []
    for one in tried:
        course = one.engine.course
        if course is None:
            continue
        lessons = {step: seconds for step, seconds in course.seconds.items() if step.startswith("lesson:")}
        first = lessons.get("lesson:1", 0.0)
        before = sum(course.seconds.values()) - sum(lessons.values())
        rest = max(0.0, one.engine.seconds - before - first)
        found.append(Times(one.topic.name, (before, first, rest), one.naive.seconds if one.naive else None))
    return found


def _strips(tried: Sequence[Tried]) -> list[tuple[str, list[list[tuple[float, str]]]]]:
    """For the shares that differ most between courses: each course as a dot, in per cent, for each side."""
    names = ("sentences_grounded", "texts_passing", "citations_resolved", "flawless_questions", "right_language")
    found: list[tuple[str, list[list[tuple[float, str]]]]] = []
    for name in names:
        sides = [_dots(tried, name, naive=False), _dots(tried, name, naive=True)]
        found.append((BY_NAME[name].label, sides))
    return found


def _dots(tried: Sequence[Tried], name: str, *, naive: bool) -> list[tuple[float, str]]:
    dots: list[tuple[float, str]] = []
    for one in tried:
        value = _value(one.naive if naive else one.engine, name)
        if value is not None:
            dots.append((100 * value, one.topic.name))
    return dots


def _value(side: Side | None, name: str) -> float | None:
    return side.figures[name].value if side is not None and name in side.figures else None


def _refusals(tried: Sequence[Tried]) -> list[tuple[str, int, float]]:
    """How often each gate refused a draft, most often first, and the width of its bar in per cent."""
    counts: Counter[str] = Counter()
    for one in tried:
        counts.update(one.engine.card.refusals if one.engine.card else {})
    most = max(counts.values(), default=1)
    return [(name, count, 100 * count / most) for name, count in counts.most_common()]


def _making(tried: Sequence[Tried]) -> dict[str, dict[str, int]]:
    """Items by what made them and by type, over all courses."""
    found: dict[str, dict[str, int]] = {"by type": {}, "by what made them": {}, "left out": {}}
    for one in tried:
        if one.engine.card is not None:
            card = one.engine.card
            parts = (card.items_by_type, card.items_by_making, card.items_left_out)
            for total, part in zip(found.values(), parts, strict=True):
                for name, count in part.items():
                    total[name] = total.get(name, 0) + count
    return found


def _sources(tried: Sequence[Tried]) -> tuple[int, dict[str, int], dict[str, int]]:
    """How many sources were cited, citations by licence, and how often each source of sources was away."""
    urls: set[str] = set()
    licences: Counter[str] = Counter()
    away: Counter[str] = Counter()
    for one in tried:
        if one.engine.card is not None:
            urls.update(use.url for use in one.engine.card.sources)
            licences.update(one.engine.card.licences)
            away.update(one.engine.card.sources_unavailable)
    return len(urls), dict(licences), dict(away)


def _failed(tried: Sequence[Tried]) -> list[Failed]:
    found: list[Failed] = []
    for metric in METRICS:
        engine = [Read(o.topic.name, f) for o in tried for f in o.engine.failing if f.metric == metric.name]
        naive = [Read(o.topic.name, f) for o in tried if o.naive for f in o.naive.failing if f.metric == metric.name]
        if engine or naive:
            found.append(Failed(metric.label, (len(engine), len(naive)), (engine[:SHOWN], naive[:SHOWN])))
    return found


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("lyo.evaluation", ""),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    cast("dict[str, Any]", environment.filters).update(shown=shown, shown_bar=shown_bar)
    return environment
