import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update
from support.api import Api, Learner
from support.tasks import advance, claim, finish, kick_off

from lyo.core.bus import transaction
from lyo.tasks import machine
from lyo.tasks.errors import TaskFailed
from lyo.tasks.models import Task
from lyo.tasks.runner import run_claimed
from lyo.tasks.service import get_task_unscoped
from lyo.tasks.values import TaskState

pytestmark = pytest.mark.anyio


async def test_work_that_ends_its_task_is_left_alone(api: Api, learner: Learner) -> None:
    task_id, _ = await kick_off(learner)
    claimed = await claim(api, task_id)

    async def work() -> None:
        await advance(api, claimed, "outline", 15)
        await finish(api, claimed)

    await run_claimed(api.sessions, api.bus, claimed, work)
    async with api.sessions() as session:
        assert (await get_task_unscoped(session, task_id=task_id)).state is TaskState.DONE


async def test_a_known_failure_ends_the_task_with_its_code(api: Api, learner: Learner) -> None:
    task_id, _ = await kick_off(learner)
    claimed = await claim(api, task_id)

    async def work() -> None:
        raise TaskFailed("no_sources", "There is nothing about this.")

    await run_claimed(api.sessions, api.bus, claimed, work)
    task = (await learner.client.get(f"/v1/tasks/{task_id}")).json()
    assert (task["state"], task["errorCode"], task["message"]) == (
        "ERROR",
        "no_sources",
        "There is nothing about this.",
    )


async def test_an_unknown_failure_is_logged_and_tried_again(
    api: Api, learner: Learner, caplog: pytest.LogCaptureFixture
) -> None:
    task_id, _ = await kick_off(learner)
    claimed = await claim(api, task_id)

    async def work() -> None:
        raise ZeroDivisionError

    await run_claimed(api.sessions, api.bus, claimed, work)
    assert "task.stumbled" in caplog.text
    assert (await claim(api, task_id, owner="next")).attempts == 2


async def test_work_is_stopped_when_the_learner_cancels(
    api: Api, learner: Learner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "RENEW_EVERY", timedelta(seconds=0.1))
    task_id, _ = await kick_off(learner)
    claimed = await claim(api, task_id)
    stopped = asyncio.Event()

    async def work() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            stopped.set()

    running = asyncio.create_task(run_claimed(api.sessions, api.bus, claimed, work))
    await asyncio.sleep(0.3)
    assert not running.done()
    await learner.client.delete(f"/v1/tasks/{task_id}")
    async with asyncio.timeout(5):
        await running
    assert stopped.is_set()


async def test_the_lease_is_held_as_long_as_the_work_takes(
    api: Api, learner: Learner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "RENEW_EVERY", timedelta(seconds=0.05))
    task_id, _ = await kick_off(learner)
    claimed = await claim(api, task_id)
    async with transaction(api.sessions, api.bus) as session:
        await session.execute(update(Task).where(Task.id == task_id).values(lease_until=Task.created_at))

    async def work() -> None:
        held = select(Task.lease_until > func.clock_timestamp()).where(Task.id == task_id)
        async with asyncio.timeout(20), api.sessions() as session:
            while not await session.scalar(held):  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0.05)
        async with transaction(api.sessions, api.bus) as session:
            assert await machine.claim(session, task_id=task_id, owner="thief") is None
        await finish(api, claimed)

    await run_claimed(api.sessions, api.bus, claimed, work)


async def test_a_worker_that_stops_gives_its_task_back(api: Api, learner: Learner) -> None:
    task_id, _ = await kick_off(learner)
    claimed = await claim(api, task_id)

    async def work() -> None:
        await asyncio.sleep(60)

    running = asyncio.create_task(run_claimed(api.sessions, api.bus, claimed, work))
    await asyncio.sleep(0.1)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert (await claim(api, task_id, owner="next")).attempts == 1
