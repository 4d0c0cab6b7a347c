"""Making a course: the engine's steps, each written down as soon as it is finished.

    claim → retrieve → outline → lesson 1 → the other lessons at once → completed

A worker that takes over finds the finished steps, with all that they made, and goes on from there. No transaction is
open while a model or a source is asked.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from lyo.accounts.profiles import find_learner
from lyo.core.bus import Bus, transaction
from lyo.core.clock import now
from lyo.core.db import SessionMaker
from lyo.core.modelserver import ModelHealth
from lyo.courses import repo
from lyo.courses.generation.outlining import outline
from lyo.courses.generation.retrieval import retrieve
from lyo.courses.generation.values import (
    CourseDraft,
    CourseRequest,
    GenerationFailed,
    LessonDraft,
    Material,
    Outline,
    Spent,
    Value,
)
from lyo.courses.generation.writing import write_lesson
from lyo.courses.keeping import item_rows, report_to_keep
from lyo.courses.learning.progress import settle_completed
from lyo.courses.models import Lesson
from lyo.courses.service import GENERATE
from lyo.llm.protocol import LanguageModel, ModelUnavailable
from lyo.sources.protocol import Shelf
from lyo.tasks import machine
from lyo.tasks.errors import TaskFailed
from lyo.tasks.runner import run_claimed
from lyo.tasks.values import Claim

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

Made = TypeVar("Made")
Step = TypeVar("Step", bound=Value)

RETRIEVED_PCT: Final = 5
OUTLINED_PCT: Final = 15
WRITTEN_PCT: Final = 95

MODEL_PATIENCE_SECONDS: Final = 90.0
"""How long a course waits for a model server that is starting or was restarted."""
_ASK_AGAIN_SECONDS: Final = 1.0
_PASSING: Final = {None, "loading", "unreachable", "download_failed", "engine_failed", "not_a_model_server"}
"""What a model server says, or not, while waiting may help; anything else somebody has to mend."""
_NO_MODEL: Final = "The language model is not available at the moment. Please try again later."
_OVER_BUDGET: Final = (
    "This course became too large to finish. Lessons that are ready stay; please ask again for a narrower topic."
)


@dataclass(frozen=True, slots=True)
class Workshop:
    """What a worker makes courses with."""

    sessions: SessionMaker
    bus: Bus
    model: LanguageModel
    model_health: Callable[[], Awaitable[ModelHealth]]
    shelf: Shelf
    name: str
    """Of this worker: the owner of its leases."""
    max_tokens: int
    """What the model may read and write for one course, all steps together."""


@dataclass(slots=True)
class _Making:
    """One course in the making."""

    shop: Workshop
    claimed: Claim
    request: CourseRequest
    steps: Mapping[str, Mapping[str, Any]]
    """What was finished before this claim: what each step made, and the seconds that it took."""
    seconds: dict[str, float] = field(default_factory=dict[str, float])
    """Wall-clock, by step, of whoever finished it; time in which nobody worked on it does not count."""
    lessons: dict[int, LessonDraft] = field(default_factory=dict[int, LessonDraft])
    """Those that are ready, by number."""
    tokens: int = 0
    """Read and written by the model for the finished steps."""


async def generate_course(shop: Workshop, task_id: UUID) -> None:
    """Make the course of a task, unless it has ended or somebody else is at it."""
    async with transaction(shop.sessions, shop.bus) as session:
        claimed = await machine.claim(session, task_id=task_id, owner=shop.name)
        if claimed is None:
            return
        steps = await machine.finished_steps(session, claimed)
        course = await repo.course_of(session, owner_id=claimed.user_id, course_id=claimed.course_id)
        if course is None:
            await machine.fail(session, claimed, code="cancelled", message="The course was deleted.")
            return
    request = CourseRequest.model_validate(
        {"topic": course.topic, "interests": course.interests, "level": course.level, "locale": course.locale}
    )
    making = _Making(shop=shop, claimed=claimed, request=request, steps=steps)
    with structlog.contextvars.bound_contextvars(task_id=str(task_id), fence=claimed.fence):
        log.info("course.begun", finished_steps=len(steps))
        await run_claimed(shop.sessions, shop.bus, claimed, lambda: _make(making))


HANDLERS: Final = {GENERATE.name: generate_course}
"""The jobs of this slice."""


async def _make(making: _Making) -> None:
    began = time.monotonic()
    try:
        material = await _retrieved(making)
        plan = await _outlined(making, material)
        await _lessons(making, material, plan)
    except GenerationFailed as failure:
        raise TaskFailed(failure.code, failure.message) from failure
    course = CourseDraft(
        request=making.request,
        material=material,
        outline=plan,
        lessons=tuple(making.lessons[number] for number in sorted(making.lessons)),
        seconds=making.seconds,
    )
    report = await asyncio.to_thread(report_to_keep, course)  # it reads every word of the course
    async with transaction(making.shop.sessions, making.shop.bus) as session:
        # First the learner, as whoever records their progress does: the course may be done as soon as it is whole.
        learner = await find_learner(session, owner_id=making.claimed.user_id)
        await machine.finish(session, making.claimed, message="Your course is ready.")
        await repo.complete_course(session, course_id=making.claimed.course_id, at=now(), report=report)
        if learner is not None:  # else the task is gone too, and `finish` has raised
            await settle_completed(session, learner=learner, course_id=making.claimed.course_id, moment=now())
    log.info("course.done", lessons=len(plan.lessons), tokens=making.tokens, seconds=round(time.monotonic() - began, 1))


async def _lessons(making: _Making, material: Material, plan: Outline) -> None:
    """The first lesson alone, so that it is readable early; then the others, over all slots of the model."""
    numbers = range(1, len(plan.lessons) + 1)
    for number in numbers:
        done = _finished(making, f"lesson:{number}", LessonDraft)
        if done is not None:
            making.lessons[number] = done
            _count(making, done.spent)
    await _lesson(making, material, plan, 1)
    try:
        async with asyncio.TaskGroup() as group:
            for number in numbers[1:]:
                group.create_task(_lesson(making, material, plan, number))
    except BaseExceptionGroup as several:
        raise several.exceptions[0] from several


async def _retrieved(making: _Making) -> Material:
    if (done := _finished(making, "retrieve", Material)) is not None:
        return done
    began = time.monotonic()
    material = await retrieve(making.request, making.shop.shelf)
    await _finish_step(
        making,
        "retrieve",
        material,
        began=began,
        progress_pct=RETRIEVED_PCT,
        message=f"Found {len(material.passages)} sources.",
    )
    return material


async def _outlined(making: _Making, material: Material) -> Outline:
    if (done := _finished(making, "outline", Outline)) is not None:
        _count(making, done.spent)
        return done
    began = time.monotonic()
    plan = await _patiently(making, lambda: outline(making.request, material, making.shop.model))

    async def write(session: AsyncSession) -> None:
        course_id = making.claimed.course_id
        await repo.set_outline(
            session, course_id=course_id, title=plan.title, description=plan.description, language=material.language
        )
        session.add_all(
            Lesson(course_id=course_id, order_index=number, title=lesson.title, objective=lesson.objective)
            for number, lesson in enumerate(plan.lessons, start=1)
        )

    await _finish_step(
        making,
        "outline",
        plan,
        began=began,
        progress_pct=OUTLINED_PCT,
        message=f"Planned {len(plan.lessons)} lessons.",
        write=write,
    )
    _count(making, plan.spent)
    return plan


async def _lesson(making: _Making, material: Material, plan: Outline, number: int) -> None:
    if number in making.lessons:
        return
    _check_budget(making)
    began = time.monotonic()
    shop = making.shop
    draft = await _patiently(
        making, lambda: write_lesson(making.request, plan, number - 1, material, shop.shelf, shop.model)
    )
    making.lessons[number] = draft

    async def write(session: AsyncSession) -> None:
        lesson = await repo.lesson_at(session, course_id=making.claimed.course_id, order_index=number)
        lesson.status = "ready"
        session.add_all(item_rows(lesson, draft))

    share = len(making.lessons) / len(plan.lessons)
    await _finish_step(
        making,
        f"lesson:{number}",
        draft,
        began=began,
        progress_pct=OUTLINED_PCT + round((WRITTEN_PCT - OUTLINED_PCT) * share),
        message=f"Lesson {number} of {len(plan.lessons)} is ready.",
        write=write,
    )
    _count(making, draft.spent)
    if len(making.lessons) < len(plan.lessons):  # else there is nothing left to save
        _check_budget(making)


def _count(making: _Making, spent: Spent) -> None:
    making.tokens += spent.prompt_tokens + spent.completion_tokens


def _check_budget(making: _Making) -> None:
    if making.tokens > making.shop.max_tokens:
        log.warning("course.over_budget", tokens=making.tokens, max_tokens=making.shop.max_tokens)
        raise TaskFailed("budget_exceeded", _OVER_BUDGET)


def _finished(making: _Making, step: str, kind: type[Step]) -> Step | None:
    """What a step made that was finished before this claim."""
    output = making.steps.get(step)
    if output is None:
        return None
    making.seconds[step] = output["seconds"]
    return kind.model_validate(output["made"])


async def _finish_step(
    making: _Making,
    step: str,
    made: Value,
    *,
    began: float,
    progress_pct: int,
    message: str,
    write: Callable[[AsyncSession], Awaitable[None]] | None = None,
) -> None:
    """What the step made, that it is finished, and the learner's news of it: in one transaction."""
    seconds = making.seconds[step] = round(time.monotonic() - began, 3)
    output = {"made": made.model_dump(mode="json"), "seconds": seconds}
    async with transaction(making.shop.sessions, making.shop.bus) as session:
        # First the fence: a zombie is stopped before it has written anything.
        await machine.advance(
            session, making.claimed, step=step, output=output, progress_pct=progress_pct, message=message
        )
        if write is not None:
            await write(session)
    log.info("course.step", step=step, progress_pct=progress_pct, seconds=seconds)


async def _patiently(making: _Making, ask: Callable[[], Awaitable[Made]]) -> Made:
    """Ask the model, and wait for one that is starting or was restarted; raises `TaskFailed` in the end."""
    given_up_at = time.monotonic() + MODEL_PATIENCE_SECONDS
    while True:
        try:
            return await ask()
        except ModelUnavailable as unavailable:
            health = await making.shop.model_health()
            log.warning("course.model_unavailable", reason=str(unavailable), code=health.code)
            if health.code not in _PASSING or time.monotonic() >= given_up_at:
                raise TaskFailed("model_unavailable", _NO_MODEL) from unavailable
            await asyncio.sleep(_ASK_AGAIN_SECONDS)
