"""An evaluation from its first topic to its report, which is kept after each."""

import asyncio
import os
import platform
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from importlib.metadata import version

from lyo.core.clock import now
from lyo.courses.generation.metrics import BY_NAME
from lyo.courses.generation.metrics.quizzes import key_positions
from lyo.courses.generation.values import CourseDraft
from lyo.evaluation.bars import bars
from lyo.evaluation.judging import courses_of, figure, rows
from lyo.evaluation.throughput import measure
from lyo.evaluation.topics import Topic
from lyo.evaluation.trying import try_topic
from lyo.evaluation.values import Figure, Machine, Model, Report, Side, Throughput, Tried
from lyo.llm.protocol import LanguageModel
from lyo.sources.protocol import Shelf


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done."""

    topics: Sequence[Topic]
    for_throughput: Sequence[Topic] | None
    """Topics inside the library for it; None where it is not asked for."""
    naively: bool = True
    at_once: int = 1


@dataclass(frozen=True, slots=True)
class Watch:
    """Who wants to hear of it. All are called from the event loop."""

    begun: Callable[[Topic], None] = lambda _: None
    ended: Callable[[Tried], None] = lambda _: None
    measuring: Callable[[], None] = lambda: None
    keep: Callable[[Report], None] = lambda _: None
    """Gets the report so far after each topic, and the whole one at the end."""


@dataclass(slots=True)
class _State:
    plan: Plan
    model: Model
    machine: Machine
    began: datetime
    clock: float
    tried: dict[str, Tried] = field(default_factory=dict[str, Tried])
    throughput: Throughput | str | None = None


async def evaluate(plan: Plan, shelf: Shelf, model: LanguageModel, watch: Watch = Watch()) -> Report:
    """Try all topics and judge them; raises `LlmError` if the model cannot even say what it is."""
    info = await model.info()
    state = _State(
        plan=plan,
        model=Model(
            id=info.id,
            sha256=info.sha256,
            speaks_chat=info.speaks_chat,
            context_tokens=info.context_tokens,
            slots=info.slots,
        ),
        machine=_machine(),
        began=now(),
        clock=time.monotonic(),
    )
    free = asyncio.Semaphore(plan.at_once)

    async def try_one(topic: Topic) -> None:
        async with free:
            watch.begun(topic)
            found = await try_topic(topic, shelf, model, naively=plan.naively)
            state.tried[topic.name] = found
            watch.ended(found)
            watch.keep(_report(state, partial=True))

    async with asyncio.TaskGroup() as group:
        for topic in plan.topics:
            group.create_task(try_one(topic))
    if plan.for_throughput is not None:
        watch.measuring()
        state.throughput = await measure([topic.request for topic in plan.for_throughput], shelf, model)
    report = _report(state, partial=False)
    watch.keep(report)
    return report


def _report(state: _State, *, partial: bool) -> Report:
    tried = tuple(state.tried[topic.name] for topic in state.plan.topics if topic.name in state.tried)
    pairs = [(one.engine, one.naive) for one in tried if one.naive and one.engine.course and one.naive.course]
    compared = rows(pairs)
    return Report(
        partial=partial,
        began=state.began,
        seconds=round(time.monotonic() - state.clock, 1),
        lyo=version("lyo"),
        model=state.model,
        machine=state.machine,
        asked=len(state.plan.topics),
        at_once=state.plan.at_once,
        bars=bars(tried, compared, state.throughput, at_once=state.plan.at_once),
        rows=compared,
        readability=_readability(tried),
        key_positions={name: _positions(sides) for name, sides in _sides(tried).items()},
        throughput=state.throughput if isinstance(state.throughput, Throughput) else None,
        tried=tried,
    )


def _sides(tried: Sequence[Tried]) -> dict[str, list[Side | None]]:
    return {"engine": [one.engine for one in tried], "naive": [one.naive for one in tried]}


def _positions(sides: Sequence[Side | None]) -> tuple[int, int, int, int]:
    counts = [key_positions(course) for course in courses_of(sides)]
    first, second, third, fourth = (sum(column) for column in zip(*counts, strict=True)) if counts else (0, 0, 0, 0)
    return first, second, third, fourth


def _readability(tried: Sequence[Tried]) -> dict[str, dict[str, Figure]]:
    found: dict[str, dict[str, Figure]] = {}
    for name, sides in _sides(tried).items():
        by_language: dict[str, list[CourseDraft]] = {}
        for course in courses_of(sides):
            by_language.setdefault(course.material.language, []).append(course)
        for language, courses in by_language.items():
            found.setdefault(language, {})[name] = figure(BY_NAME["readability"], courses, naive=False)
    return dict(sorted(found.items()))


def _machine() -> Machine:
    load = None
    with suppress(OSError):
        load = round(os.getloadavg()[0], 2)
    return Machine(
        processors=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        load=load,
        python=platform.python_version(),
        system=f"{platform.system()} {platform.machine()}",
    )
