"""Courses made by the job itself: the real engine and the real machine, with a model that says what the test says."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import delete, select, text
from support.api import Api, Learner
from support.handful import Handful
from support.tasks import kick_off
from support.writers import FOOLISH, UNAVAILABLE, Scripted

from lyo.core.modelserver import ModelHealth
from lyo.courses.generation.values import LessonDraft, Material, Outline
from lyo.courses.jobs import Workshop, generate_course
from lyo.courses.models import Course, CourseItem, Lesson
from lyo.llm.protocol import Completion, LanguageModel, ModelInfo, Prompt
from lyo.sources.protocol import Shelf
from lyo.tasks.models import TaskStep

pytestmark = pytest.mark.anyio

PLENTY = 10_000_000


@dataclass
class Halting:
    """A model that says nothing, and hangs for ever once so many steps of the task are finished."""

    api: Api
    task_id: UUID
    after: int
    hangs: asyncio.Event = field(default_factory=asyncio.Event)
    within: LanguageModel = field(default_factory=lambda: Scripted(FOOLISH["says nothing"]))

    async def info(self) -> ModelInfo:
        await self._halt()
        return await self.within.info()

    async def write(
        self, prompt: Prompt, *, max_tokens: int, temperature: float = 0.0, seed: int = 0, stop: Sequence[str] = ()
    ) -> Completion:
        await self._halt()
        return await self.within.write(prompt, max_tokens=max_tokens, temperature=temperature, seed=seed, stop=stop)

    async def _halt(self) -> None:
        if len(await steps_of(self.api, self.task_id)) >= self.after:
            self.hangs.set()
            await asyncio.Event().wait()


def workshop(
    api: Api,
    model: LanguageModel,
    *,
    source: Handful | None = None,
    max_tokens: int = PLENTY,
    health: Callable[[], Awaitable[ModelHealth]] | None = None,
) -> Workshop:
    async def well() -> ModelHealth:
        return ModelHealth(ok=True)

    return Workshop(
        sessions=api.sessions,
        bus=api.bus,
        model=model,
        model_health=health or well,
        shelf=Shelf(passages=(source or Handful(),)),
        name="test",
        max_tokens=max_tokens,
    )


def silent() -> Scripted:
    return Scripted(FOOLISH["says nothing"])


async def steps_of(api: Api, task_id: UUID) -> dict[str, dict[str, Any]]:
    async with api.sessions() as session:
        rows = await session.execute(select(TaskStep.name, TaskStep.output).where(TaskStep.task_id == task_id))
        return {row.name: row.output for row in rows}


async def task_of(learner: Learner, task_id: UUID) -> dict[str, Any]:
    task: dict[str, Any] = (await learner.client.get(f"/v1/tasks/{task_id}")).json()
    return task


async def course_of(learner: Learner, course_id: UUID) -> dict[str, Any]:
    course: dict[str, Any] = (await learner.client.get(f"/v1/courses/{course_id}")).json()
    return course


async def made(api: Api, learner: Learner, shop: Workshop) -> tuple[UUID, UUID]:
    task_id, course_id = await kick_off(learner)
    await generate_course(shop, task_id)
    return task_id, course_id


def tokens(output: dict[str, Any]) -> int:
    spent: dict[str, int] = output["made"]["spent"]
    return spent["prompt_tokens"] + spent["completion_tokens"]


async def test_each_step_leaves_all_that_it_made_and_how_long_it_took(api: Api, learner: Learner) -> None:
    task_id, course_id = await made(api, learner, workshop(api, silent()))
    assert (await task_of(learner, task_id))["state"] == "DONE"
    course = await course_of(learner, course_id)
    steps = await steps_of(api, task_id)
    assert set(steps) == {"retrieve", "outline", *(f"lesson:{n}" for n in range(1, len(course["lessons"]) + 1))}
    assert all(output["seconds"] >= 0 for output in steps.values())
    material = Material.model_validate(steps["retrieve"]["made"])
    plan = Outline.model_validate(steps["outline"]["made"])
    assert len(material.passages) >= len(plan.lessons) == len(course["lessons"])
    by_id = {item["id"]: item for item in course["items"]}
    for number, lesson in enumerate(course["lessons"], start=1):
        draft = LessonDraft.model_validate(steps[f"lesson:{number}"]["made"])
        shown = [by_id[item] for item in lesson["items"]]
        assert [(item.type, item.title, item.content) for item in draft.items] == [
            (item["type"], item["title"], item.get("content")) for item in shown
        ]


async def test_the_report_is_kept_with_the_end_of_the_course(api: Api, learner: Learner) -> None:
    task_id, course_id = await made(api, learner, workshop(api, silent()))
    report = (await learner.client.get(f"/v1/courses/{course_id}/report")).json()
    steps = await steps_of(api, task_id)
    assert {step: cost["seconds"] for step, cost in report["costs"].items()} == {
        step: output["seconds"] for step, output in steps.items()
    }
    spent = sum(tokens(output) for name, output in steps.items() if name != "retrieve")
    assert report["cost"]["promptTokens"] + report["cost"]["completionTokens"] == spent
    course = await course_of(learner, course_id)
    assert sum(report["itemsByType"].values()) == len(course["items"])


@pytest.mark.parametrize("killed", [False, True], ids=["stopped", "killed"])
@pytest.mark.parametrize("after", range(6))
async def test_a_worker_that_takes_over_after_any_step_makes_the_rest_and_nothing_twice(
    api: Api, learner: Learner, after: int, killed: bool
) -> None:
    task_id, course_id = await kick_off(learner)
    source = Handful()
    first = Halting(api, task_id, after)
    source.holds = after == 0
    working = asyncio.create_task(generate_course(workshop(api, first, source=source), task_id))
    await _until_it_hangs(working, source if after == 0 else first)
    await _end(api, working, task_id, killed=killed)
    before = await steps_of(api, task_id)
    assert len(before) >= after
    items = {item["id"] for item in (await course_of(learner, course_id))["items"]}

    await generate_course(workshop(api, silent()), task_id)
    assert (await task_of(learner, task_id))["state"] == "DONE"
    course = await course_of(learner, course_id)
    assert course["status"] == "completed"
    assert items <= {item["id"] for item in course["items"]}
    steps = await steps_of(api, task_id)
    assert {name: steps[name] for name in before} == before
    lessons = [LessonDraft.model_validate(steps[f"lesson:{n}"]["made"]) for n in range(1, len(course["lessons"]) + 1)]
    assert sum(len(lesson.items) for lesson in lessons) == len(course["items"])
    assert len(course["lessons"]) >= 4
    report = (await learner.client.get(f"/v1/courses/{course_id}/report")).json()
    assert set(report["costs"]) == set(steps)
    assert report["lessons"] == len(course["lessons"])


async def _until_it_hangs(working: "asyncio.Task[None]", who: Handful | Halting) -> None:
    """Or is done: of the lessons that are written at once, the last may be finished before any of them hangs."""
    hanging = asyncio.create_task(who.hangs.wait())
    await asyncio.wait({working, hanging}, return_when=asyncio.FIRST_COMPLETED, timeout=60)
    hanging.cancel()


async def _end(api: Api, working: "asyncio.Task[None]", task_id: UUID, *, killed: bool) -> None:
    """As a worker that is stopped gives its task back, or as one that is killed leaves it until its lease ends."""
    working.cancel()
    with suppress(asyncio.CancelledError):
        await working
    if killed:
        async with api.sessions() as session, session.begin():
            lease = "UPDATE tasks SET lease_owner = 'gone', attempts = attempts + 1, lease_until = now() WHERE id = :id"
            await session.execute(text(lease), {"id": task_id})


async def test_a_course_over_its_budget_ends_and_keeps_the_lessons_that_are_ready(api: Api, learner: Learner) -> None:
    task_id, _ = await made(api, learner, workshop(api, silent()))
    steps = await steps_of(api, task_id)
    whole = sum(tokens(output) for name, output in steps.items() if name != "retrieve")
    until_first = tokens(steps["outline"]) + tokens(steps["lesson:1"])
    assert 0 < until_first < whole

    enough = workshop(api, silent(), max_tokens=whole)
    task_id, _ = await made(api, learner, enough)
    assert (await task_of(learner, task_id))["state"] == "DONE"

    task_id, course_id = await made(api, learner, workshop(api, silent(), max_tokens=until_first - 1))
    task = await task_of(learner, task_id)
    assert (task["state"], task["errorCode"]) == ("ERROR", "budget_exceeded")
    assert "Lessons that are ready stay" in task["message"]
    course = await course_of(learner, course_id)
    assert course["status"] == "failed"
    assert [lesson["status"] for lesson in course["lessons"]] == ["ready", *["planned"] * (len(course["lessons"]) - 1)]
    assert course["items"]


async def test_what_an_earlier_worker_spent_counts(api: Api, learner: Learner) -> None:
    task_id, _ = await kick_off(learner)
    first = Halting(api, task_id, after=3)
    working = asyncio.create_task(generate_course(workshop(api, first), task_id))
    await asyncio.wait_for(first.hangs.wait(), 30)
    await _end(api, working, task_id, killed=False)
    spent = sum(tokens(output) for name, output in (await steps_of(api, task_id)).items() if name != "retrieve")
    model = silent()
    await generate_course(workshop(api, model, max_tokens=spent - 1), task_id)
    assert (await task_of(learner, task_id))["errorCode"] == "budget_exceeded"
    assert not model.asked


async def test_the_last_lesson_may_go_over_the_budget(api: Api, learner: Learner) -> None:
    """A course that is whole is not thrown away for what it has cost."""
    task_id, _ = await made(api, learner, workshop(api, silent()))
    steps = await steps_of(api, task_id)
    whole = sum(tokens(output) for name, output in steps.items() if name != "retrieve")
    task_id, _ = await made(api, learner, workshop(api, silent(), max_tokens=whole - 1))
    assert (await task_of(learner, task_id))["state"] == "DONE"


async def test_a_model_that_is_broken_ends_the_course_at_once(api: Api, learner: Learner) -> None:
    async def broken() -> ModelHealth:
        return ModelHealth(ok=False, code="checksum_mismatch")

    task_id, course_id = await made(api, learner, workshop(api, Scripted(UNAVAILABLE), health=broken))
    assert (await task_of(learner, task_id))["errorCode"] == "model_unavailable"
    assert (await course_of(learner, course_id))["status"] == "failed"


async def test_a_course_that_is_gone_ends_its_task(api: Api, learner: Learner) -> None:
    task_id, course_id = await kick_off(learner)
    async with api.sessions() as session, session.begin():
        await session.execute(delete(Course).where(Course.id == course_id))
    await generate_course(workshop(api, silent()), task_id)
    assert (await task_of(learner, task_id))["errorCode"] == "cancelled"


async def test_nothing_is_written_by_a_worker_that_has_lost_its_task(api: Api, learner: Learner) -> None:
    task_id, course_id = await kick_off(learner)
    slow = Halting(api, task_id, after=2)
    working = asyncio.create_task(generate_course(workshop(api, slow), task_id))
    await asyncio.wait_for(slow.hangs.wait(), 30)
    await learner.client.delete(f"/v1/tasks/{task_id}")
    await asyncio.wait_for(working, 20)  # the next renewal notices
    async with api.sessions() as session:
        ready = await session.scalars(select(Lesson).where(Lesson.course_id == course_id, Lesson.status == "ready"))
        assert not ready.all()
        assert not (await session.scalars(select(CourseItem).where(CourseItem.course_id == course_id))).all()
    assert (await task_of(learner, task_id))["errorCode"] == "cancelled"
