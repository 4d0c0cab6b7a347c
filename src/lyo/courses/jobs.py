"""Making a course: the engine's steps, each written down as soon as it is finished.

    claim → retrieve → outline → lesson 1 → the other lessons at once → completed

A worker that takes over finds the finished steps and goes on from there. No transaction is open while a model or a
source is asked.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from lyo.core.bus import Bus, transaction
from lyo.core.clock import now
from lyo.core.db import SessionMaker
from lyo.core.modelserver import ModelHealth
from lyo.courses import repo
from lyo.courses.generation.outlining import outline
from lyo.courses.generation.retrieval import retrieve
from lyo.courses.generation.values import CourseRequest, GenerationFailed, LessonDraft, Material, Outline
from lyo.courses.generation.writing import write_lesson
from lyo.courses.models import CourseItem, Lesson
from lyo.courses.service import GENERATE
from lyo.llm.protocol import LanguageModel, ModelUnavailable
from lyo.sources.protocol import Shelf
from lyo.tasks import machine
from lyo.tasks.errors import TaskFailed
from lyo.tasks.runner import run_claimed
from lyo.tasks.values import Claim

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

Made = TypeVar("Made")

RETRIEVED_PCT: Final = 5
OUTLINED_PCT: Final = 15
WRITTEN_PCT: Final = 95

MODEL_PATIENCE_SECONDS: Final = 90.0
"""How long a course waits for a model server that is starting or was restarted."""
_ASK_AGAIN_SECONDS: Final = 1.0
_PASSING: Final = {None, "loading", "unreachable", "download_failed", "engine_failed", "not_a_model_server"}
"""What a model server says, or not, while waiting may help; anything else somebody has to mend."""
_NO_MODEL: Final = "The language model is not available at the moment. Please try again later."


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


@dataclass(slots=True)
class _Making:
    """One course in the making."""

    shop: Workshop
    claimed: Claim
    request: CourseRequest
    steps: Mapping[str, Mapping[str, Any]]
    written: int = field(default=0)
    """Lessons that are ready."""


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
    async with transaction(making.shop.sessions, making.shop.bus) as session:
        await machine.finish(session, making.claimed, message="Your course is ready.")
        await repo.complete_course(session, course_id=making.claimed.course_id, at=now())
    log.info("course.done", lessons=len(plan.lessons), seconds=round(time.monotonic() - began, 1))


async def _lessons(making: _Making, material: Material, plan: Outline) -> None:
    """The first lesson alone, so that it is readable early; then the others, over all slots of the model."""
    await _lesson(making, material, plan, 1)
    try:
        async with asyncio.TaskGroup() as group:
            for number in range(2, len(plan.lessons) + 1):
                group.create_task(_lesson(making, material, plan, number))
    except BaseExceptionGroup as several:
        raise several.exceptions[0] from several


async def _retrieved(making: _Making) -> Material:
    if (done := making.steps.get("retrieve")) is not None:
        return Material.model_validate(done)
    material = await retrieve(making.request, making.shop.shelf)
    await _finish_step(
        making,
        "retrieve",
        material.model_dump(mode="json"),
        progress_pct=RETRIEVED_PCT,
        message=f"Found {len(material.passages)} sources.",
    )
    return material


async def _outlined(making: _Making, material: Material) -> Outline:
    if (done := making.steps.get("outline")) is not None:
        return Outline.model_validate(done)
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
        plan.model_dump(mode="json"),
        progress_pct=OUTLINED_PCT,
        message=f"Planned {len(plan.lessons)} lessons.",
        write=write,
    )
    return plan


async def _lesson(making: _Making, material: Material, plan: Outline, number: int) -> None:
    step = f"lesson:{number}"
    if step in making.steps:
        making.written += 1
        return
    draft = await _patiently(making, lambda: write_lesson(plan, number - 1, material, making.shop.model))
    making.written += 1

    async def write(session: AsyncSession) -> None:
        lesson = await repo.lesson_at(session, course_id=making.claimed.course_id, order_index=number)
        lesson.status = "ready"
        session.add_all(_items(lesson, draft))

    share = making.written / len(plan.lessons)
    await _finish_step(
        making,
        step,
        draft.spent.model_dump(),
        progress_pct=OUTLINED_PCT + round((WRITTEN_PCT - OUTLINED_PCT) * share),
        message=f"Lesson {number} of {len(plan.lessons)} is ready.",
        write=write,
    )


def _items(lesson: Lesson, draft: LessonDraft) -> list[CourseItem]:
    return [
        CourseItem(
            course_id=lesson.course_id,
            lesson_id=lesson.id,
            order_index=position,
            type=item.type,
            title=item.title,
            content=item.content,
            source=item.source,
            source_url=item.source_url,
            generated_by=item.generated_by,
            citations=[citation.model_dump(mode="json") for citation in item.citations],
        )
        for position, item in enumerate(draft.items, start=1)
    ]


async def _finish_step(
    making: _Making,
    step: str,
    output: Mapping[str, Any],
    *,
    progress_pct: int,
    message: str,
    write: Callable[[AsyncSession], Awaitable[None]] | None = None,
) -> None:
    """What the step made, that it is finished, and the learner's news of it: in one transaction."""
    async with transaction(making.shop.sessions, making.shop.bus) as session:
        # First the fence: a zombie is stopped before it has written anything.
        await machine.advance(
            session, making.claimed, step=step, output=output, progress_pct=progress_pct, message=message
        )
        if write is not None:
            await write(session)
    log.info("course.step", step=step, progress_pct=progress_pct)


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
