import asyncio
import threading
from uuid import UUID, uuid4

import pytest
from support.api import Api, Learner
from support.doorbell import lose_everything, waiting_messages
from support.tasks import kick_off

from lyo.core.jobs import Delivery
from lyo.core.settings import Settings, SettingsError
from lyo.rounds import Send, dispatch_once
from lyo.tasks.service import get_task_unscoped
from lyo.tasks.values import TaskState, TaskView
from lyo.worker import QUEUE, Engine, create_celery, open_workshop

pytestmark = pytest.mark.anyio

NO_MODEL = "http://127.0.0.1:9"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """With a model server that is not there: nothing here needs a lesson."""
    return settings.model_copy(update={"model_url": NO_MODEL})


def _real_send(settings: Settings) -> Send:
    celery = create_celery(settings)

    def send(delivery: Delivery) -> None:
        celery.send_task(delivery.job, kwargs=delivery.args, queue=QUEUE, retry=False)

    return send


async def _task(api: Api, task_id: UUID) -> TaskView:
    async with api.sessions() as session:
        return await get_task_unscoped(session, task_id=task_id)


async def test_the_dispatcher_hands_each_job_to_the_broker_once(api: Api, learner: Learner, settings: Settings) -> None:
    await lose_everything(settings.require_redis_url())
    for _ in range(3):
        await kick_off(learner)
    async with open_workshop(settings) as shop:
        send = _real_send(settings)
        assert await dispatch_once(shop, send) == 3
        assert await dispatch_once(shop, send) == 0
    assert await waiting_messages(settings.require_redis_url(), QUEUE) == 3
    await lose_everything(settings.require_redis_url())


async def test_a_broker_that_is_away_loses_no_job(
    api: Api, learner: Learner, settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> None:
    await kick_off(learner)
    nowhere = settings.model_copy(update={"redis_url": f"unix://{tmp_path_factory.mktemp('none')}/r.sock"})

    def refuse(delivery: Delivery) -> None:
        raise ConnectionRefusedError(delivery.job)

    async with open_workshop(settings) as shop:
        with pytest.raises(OSError, match=r"courses\.generate"):
            await dispatch_once(shop, refuse)
        assert await dispatch_once(shop, _real_send(settings)) == 1
    assert nowhere.redis_url != settings.redis_url
    await lose_everything(settings.require_redis_url())


async def test_the_engine_dispatches_performs_and_gives_back_when_it_stops(
    api: Api, learner: Learner, settings: Settings
) -> None:
    sent: list[Delivery] = []
    handed = threading.Event()

    def send(delivery: Delivery) -> None:
        sent.append(delivery)
        handed.set()

    engine = Engine(settings, send)
    await asyncio.to_thread(engine.start)
    try:
        task_id, _ = await kick_off(learner, topic="rain")
        assert await asyncio.to_thread(handed.wait, 10)
        assert sent[0].args == {"subject_id": str(task_id)}
        performing = asyncio.create_task(asyncio.to_thread(engine.perform, sent[0].job, task_id))
        async with asyncio.timeout(20):
            while (await _task(api, task_id)).state is TaskState.PENDING:  # noqa: ASYNC110 - it is in another thread
                await asyncio.sleep(0.05)
    finally:
        await asyncio.to_thread(engine.stop)
    async with asyncio.timeout(5):
        await performing
    # The library of this database is empty, so the task may have ended by itself before it was given back.
    assert (await _task(api, task_id)).state in {TaskState.RUNNING, TaskState.ERROR}


async def test_a_topic_without_sources_ends_with_a_code(api: Api, learner: Learner, settings: Settings) -> None:
    engine = Engine(settings, _real_send(settings))
    await asyncio.to_thread(engine.start)
    try:
        task_id, course_id = await kick_off(learner, topic="rain")
        await asyncio.to_thread(engine.perform, "courses.generate", task_id)
        await asyncio.to_thread(engine.perform, "courses.generate", task_id)  # a second delivery changes nothing
        await asyncio.to_thread(engine.perform, "courses.generate", uuid4())  # nor does one about nothing
    finally:
        await asyncio.to_thread(engine.stop)
    task = await _task(api, task_id)
    assert (task.state, task.error_code) == (TaskState.ERROR, "no_sources")
    assert (await learner.client.get(f"/v1/courses/{course_id}")).json()["status"] == "failed"
    await lose_everything(settings.require_redis_url())


async def test_a_fault_that_nobody_foresaw_does_not_stop_the_dispatcher(
    api: Api, learner: Learner, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    sent = threading.Event()
    faults: list[Delivery] = []

    def send(delivery: Delivery) -> None:
        if not faults:
            faults.append(delivery)
            raise ZeroDivisionError
        sent.set()

    engine = Engine(settings, send)
    await asyncio.to_thread(engine.start)
    try:
        await kick_off(learner)
        assert await asyncio.to_thread(sent.wait, 15)
    finally:
        await asyncio.to_thread(engine.stop)
    assert "dispatch.failed" in caplog.text
    assert not engine.is_broken


async def test_a_worker_without_a_model_address_says_so(settings: Settings) -> None:
    engine = Engine(settings.model_copy(update={"model_url": None}), _real_send(settings))
    with pytest.raises(SettingsError, match="MODEL_URL"):
        await asyncio.to_thread(engine.start)
