import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import delete, func, select, update
from support.api import Api, Learner
from support.tasks import advance, claim, finish, kick_off

from lyo.core.bus import transaction
from lyo.core.clock import now
from lyo.core.jobs import OutboxRow, take_due
from lyo.tasks import machine
from lyo.tasks.errors import LeaseLost
from lyo.tasks.models import Task, TaskEvent
from lyo.tasks.values import TaskState

pytestmark = pytest.mark.anyio


async def _change(api: Api, task_id: UUID, **values: object) -> None:
    async with transaction(api.sessions, api.bus) as session:
        await session.execute(update(Task).where(Task.id == task_id).values(**values))


async def _lease_runs_out(api: Api, task_id: UUID) -> None:
    past = now() - timedelta(seconds=1)
    await _change(api, task_id, lease_until=past, due_at=past)


async def _sweep(api: Api) -> int:
    async with transaction(api.sessions, api.bus) as session:
        return await machine.sweep(session)


async def _task(api: Api, task_id: UUID) -> Task:
    async with api.sessions() as session:
        return (await session.scalars(select(Task).where(Task.id == task_id))).one()


async def _outbox(api: Api) -> list[str]:
    async with api.sessions() as session:
        return [row.args["subject_id"] for row in await session.scalars(select(OutboxRow).order_by(OutboxRow.id))]


async def _empty_outbox(api: Api) -> None:
    async with transaction(api.sessions, api.bus) as session:
        await session.execute(delete(OutboxRow))


async def test_of_many_claims_at_once_one_wins(api: Api, learner: Learner) -> None:
    task_id, _ = await kick_off(learner)

    async def attempt() -> bool:
        async with transaction(api.sessions, api.bus) as session:
            return await machine.claim(session, task_id=task_id, owner="w") is not None

    assert sum(await asyncio.gather(*(attempt() for _ in range(10)))) == 1


async def test_a_lease_that_ran_out_can_be_claimed_and_the_zombie_writes_nothing(api: Api, learner: Learner) -> None:
    task_id, _ = await kick_off(learner)
    zombie = await claim(api, task_id)
    await _lease_runs_out(api, task_id)
    heir = await claim(api, task_id, owner="heir")
    assert heir.fence == zombie.fence + 1
    for late in (
        advance(api, zombie, "outline", 15),
        finish(api, zombie),
    ):
        with pytest.raises(LeaseLost):
            await late
    async with transaction(api.sessions, api.bus) as session:
        with pytest.raises(LeaseLost):
            await machine.renew(session, zombie)
    await advance(api, heir, "outline", 15)
    await finish(api, heir)
    assert (await _task(api, task_id)).state == TaskState.DONE


async def test_events_are_numbered_without_gap_and_progress_never_goes_down(api: Api, learner: Learner) -> None:
    task_id, course_id = await kick_off(learner)
    claimed = await claim(api, task_id)
    for step, pct in (("a", 30), ("b", 10), ("c", 60)):
        await advance(api, claimed, step, pct)
    await finish(api, claimed)
    async with api.sessions() as session:
        events = (
            await session.scalars(select(TaskEvent).where(TaskEvent.task_id == task_id).order_by(TaskEvent.seq))
        ).all()
    assert [event.seq for event in events] == [1, 2, 3, 4, 5, 6]
    assert [event.progress_pct for event in events] == [0, 0, 30, 30, 60, 100]
    assert events[-1].result_course_id == course_id


async def test_a_step_is_written_once(api: Api, learner: Learner) -> None:
    task_id, _ = await kick_off(learner)
    claimed = await claim(api, task_id)
    await advance(api, claimed, "outline", 15)
    with pytest.raises(Exception, match="task_steps"):
        await advance(api, claimed, "outline", 15)
    async with api.sessions() as session:
        assert list(await machine.finished_steps(session, claimed)) == ["outline"]


async def test_the_sweeper_calls_a_worker_for_a_lost_lease_and_a_lost_message(api: Api, learner: Learner) -> None:
    lost_lease, _ = await kick_off(learner)
    lost_message, _ = await kick_off(learner)
    fresh, _ = await kick_off(learner)
    await claim(api, lost_lease)
    await _lease_runs_out(api, lost_lease)
    await _change(api, lost_message, due_at=now() - timedelta(seconds=1))
    await _empty_outbox(api)
    assert await _sweep(api) == 2
    assert set(await _outbox(api)) == {str(lost_lease), str(lost_message)}
    assert str(fresh) not in await _outbox(api)
    assert await _sweep(api) == 0, "called once, not at each sweep"
    assert (await claim(api, lost_lease, owner="heir")).attempts == 2


async def test_a_long_queue_is_called_less_and_less_often(api: Api, learner: Learner) -> None:
    task_id, _ = await kick_off(learner)
    await _change(api, task_id, created_at=now() - timedelta(seconds=40), due_at=now() - timedelta(seconds=1))
    await _sweep(api)
    pause = (await _task(api, task_id)).due_at - now()
    assert timedelta(seconds=35) < pause < timedelta(seconds=45)


async def test_a_task_that_finishes_no_step_is_given_up(api: Api, learner: Learner) -> None:
    task_id, _ = await kick_off(learner)
    for _ in range(machine.MAXIMUM_ATTEMPTS):
        await claim(api, task_id)
        await _lease_runs_out(api, task_id)
    assert await _sweep(api) == 1
    task = await _task(api, task_id)
    assert (task.state, task.error_code) == (TaskState.ERROR, "worker_lost")
    async with transaction(api.sessions, api.bus) as session:
        assert await machine.claim(session, task_id=task_id, owner="late") is None


async def test_a_finished_step_starts_the_count_of_attempts_again(api: Api, learner: Learner) -> None:
    task_id, _ = await kick_off(learner)
    for number in range(machine.MAXIMUM_ATTEMPTS + 2):
        claimed = await claim(api, task_id)
        await advance(api, claimed, f"lesson:{number}", 20)
        await _lease_runs_out(api, task_id)
    await _sweep(api)
    assert (await _task(api, task_id)).state == TaskState.RUNNING


async def test_a_task_past_its_deadline_ends(api: Api, learner: Learner) -> None:
    task_id, _ = await kick_off(learner)
    past = now() - timedelta(seconds=1)
    await claim(api, task_id)
    await _change(api, task_id, deadline_at=past)  # while its lease is renewed
    await _sweep(api)
    assert (await _task(api, task_id)).error_code == "deadline_exceeded"


async def test_waiting_for_a_worker_does_not_count_against_the_deadline(api: Api, learner: Learner) -> None:
    task_id, _ = await kick_off(learner)
    hours_ago = now() - machine.DEADLINE * 3
    await _change(api, task_id, created_at=hours_ago, deadline_at=hours_ago + machine.LONGEST_WAIT)
    await _sweep(api)
    await claim(api, task_id)
    await _sweep(api)
    task = await _task(api, task_id)
    assert task.state == TaskState.RUNNING
    assert task.deadline_at > now() + machine.DEADLINE / 2


async def test_a_stumble_after_a_finished_step_counts_anew(api: Api, learner: Learner) -> None:
    task_id, _ = await kick_off(learner)
    for _ in range(machine.MAXIMUM_ATTEMPTS - 1):
        await claim(api, task_id)
        await _lease_runs_out(api, task_id)
    claimed = await claim(api, task_id)
    await advance(api, claimed, "outline", 15)
    async with transaction(api.sessions, api.bus) as session:
        await machine.stumble(session, claimed)
    assert (await _task(api, task_id)).state == TaskState.RUNNING


async def test_two_sweepers_do_not_call_twice(api: Api, learner: Learner) -> None:
    task_ids = [(await kick_off(learner))[0] for _ in range(6)]
    await _empty_outbox(api)
    for task_id in task_ids:
        await _change(api, task_id, due_at=now() - timedelta(seconds=1))
    swept = await asyncio.gather(*(_sweep(api) for _ in range(4)))
    assert sum(swept) == 6
    assert sorted(await _outbox(api)) == sorted(map(str, task_ids))


async def test_a_task_given_back_is_claimed_at_once_and_costs_no_attempt(api: Api, learner: Learner) -> None:
    task_id, _ = await kick_off(learner)
    claimed = await claim(api, task_id)
    await _empty_outbox(api)
    async with transaction(api.sessions, api.bus) as session:
        await machine.release(session, claimed)
    assert await _outbox(api) == [str(task_id)]
    assert (await claim(api, task_id, owner="heir")).attempts == 1


async def test_a_task_that_stumbles_is_tried_again_and_given_up_in_the_end(api: Api, learner: Learner) -> None:
    task_id, _ = await kick_off(learner)
    for _ in range(machine.MAXIMUM_ATTEMPTS):
        claimed = await claim(api, task_id)
        async with transaction(api.sessions, api.bus) as session:
            await machine.stumble(session, claimed)
    assert (await _task(api, task_id)).error_code == "internal_error"


async def test_the_outbox_gives_each_job_to_one_dispatcher_and_keeps_what_is_not_sent(
    api: Api, learner: Learner
) -> None:
    task_ids = {str((await kick_off(learner))[0]) for _ in range(8)}

    async def take() -> list[str]:
        async with transaction(api.sessions, api.bus) as session:
            return [delivery.args["subject_id"] for delivery in await take_due(session, limit=3)]

    class BrokerIsDown(Exception):
        pass

    async def take_and_fail() -> None:
        async with transaction(api.sessions, api.bus) as session:
            assert len(await take_due(session)) == 8
            raise BrokerIsDown

    with pytest.raises(BrokerIsDown):
        await take_and_fail()
    taken = [subject for batch in await asyncio.gather(*(take() for _ in range(6))) for subject in batch]
    taken += await take() + await take()
    assert sorted(taken) == sorted(task_ids)
    assert await _outbox(api) == []


async def test_nothing_of_a_kick_off_is_left_when_it_does_not_commit(api: Api, learner: Learner) -> None:
    async with api.sessions() as session:
        before = await session.scalar(select(func.count()).select_from(Task))
    answer = await learner.client.post(
        "/v1/courses:generate", json={"topic": ""}, headers={"Idempotency-Key": uuid4().hex}
    )
    assert answer.status_code == 422
    async with api.sessions() as session:
        assert await session.scalar(select(func.count()).select_from(Task)) == before
    assert await _outbox(api) == []
