"""A worker played by hand: the real task machine, real rows, and no model."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select

from lyo.core.bus import transaction
from lyo.core.clock import now
from lyo.courses import repo
from lyo.courses.models import CourseItem, Lesson
from lyo.tasks import machine
from lyo.tasks.models import Task
from lyo.tasks.values import Claim, TaskState
from support.api import Api

PAGE = "https://en.wikipedia.org/wiki/Photosynthesis"


def citation(n: int = 1) -> dict[str, object]:
    """A citation as it is kept."""
    return {
        "n": n,
        "title": "Photosynthesis",
        "url": PAGE,
        "licence": "CC BY-SA 4.0",
        "language": "en",
        "quote": "Plants turn light into sugar.",
        "retrieved_at": now().isoformat(),
    }


@asynccontextmanager
async def playing(
    api: Api, *, lessons: int = 2, pause: float = 0.02, ready: Callable[[], bool] = lambda: True, seconds: float = 3
) -> AsyncGenerator[None]:
    """Every promised task is worked on, until the end of the block: once it is `ready`, or after so many seconds."""

    async def work() -> None:
        while True:
            async with api.sessions() as session:
                waiting = (await session.scalars(select(Task).where(Task.state == TaskState.PENDING))).all()
            for task in waiting:
                if not ready() and now() < task.created_at + timedelta(seconds=seconds):
                    continue
                await make_course(api, task.id, lessons=lessons, pause=pause)
            await asyncio.sleep(pause)

    worker = asyncio.create_task(work())
    try:
        yield
    finally:
        worker.cancel()
        with suppress(asyncio.CancelledError):
            await worker


async def make_course(api: Api, task_id: UUID, *, lessons: int = 2, pause: float = 0.0) -> None:
    """Make the course of a task: an outline, lessons of a text and an article each, and the end."""
    async with transaction(api.sessions, api.bus) as session:
        claimed = await machine.claim(session, task_id=task_id, owner="played")
    assert claimed is not None
    await asyncio.sleep(pause)
    await _outline(api, claimed, lessons)
    for number in range(1, lessons + 1):
        await asyncio.sleep(pause)
        await _lesson(api, claimed, number, lessons)
    async with transaction(api.sessions, api.bus) as session:
        await machine.finish(session, claimed, message="Your course is ready.")
        await repo.complete_course(session, course_id=claimed.course_id, at=now())


async def fail_course(api: Api, task_id: UUID, *, code: str, message: str) -> None:
    """End a task as ERROR."""
    async with transaction(api.sessions, api.bus) as session:
        claimed = await machine.claim(session, task_id=task_id, owner="played")
        assert claimed is not None
        await machine.fail(session, claimed, code=code, message=message)


async def _outline(api: Api, claimed: Claim, lessons: int) -> None:
    async with transaction(api.sessions, api.bus) as session:
        await machine.advance(
            session, claimed, step="outline", output={}, progress_pct=15, message=f"Planned {lessons} lessons."
        )
        await repo.set_outline(
            session,
            course_id=claimed.course_id,
            title="Photosynthesis",
            description="How plants live on light.",
            language="en",
        )
        session.add_all(
            Lesson(course_id=claimed.course_id, order_index=number, title=f"Leaf {number}", objective="Explain it.")
            for number in range(1, lessons + 1)
        )


async def _lesson(api: Api, claimed: Claim, number: int, lessons: int) -> None:
    async with transaction(api.sessions, api.bus) as session:
        await machine.advance(
            session,
            claimed,
            step=f"lesson:{number}",
            output={},
            progress_pct=15 + 80 * number // lessons,
            message=f"Lesson {number} of {lessons} is ready.",
        )
        lesson = await repo.lesson_at(session, course_id=claimed.course_id, order_index=number)
        lesson.status = "ready"
        session.add_all(
            [
                CourseItem(
                    course_id=claimed.course_id,
                    lesson_id=lesson.id,
                    order_index=1,
                    type="text",
                    title=f"Leaf {number}",
                    content="Plants turn **light** into sugar [1].",
                    source="generated",
                    generated_by="model",
                    citations=[citation()],
                ),
                CourseItem(
                    course_id=claimed.course_id,
                    lesson_id=lesson.id,
                    order_index=2,
                    type="article",
                    title="Photosynthesis",
                    source="wikipedia",
                    source_url=PAGE,
                    generated_by="catalogue",
                    citations=[],
                ),
            ]
        )
