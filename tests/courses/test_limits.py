"""How many courses may be in the making: of one learner, and of all."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest
from sqlalchemy import event, func, select, text
from support.api import Api, Learner
from support.playing import fail_course, make_course
from support.tasks import claim, kick_off

from lyo.core.idempotency import IdempotencyRow
from lyo.core.jobs import OutboxRow
from lyo.core.settings import Settings
from lyo.courses.models import Course
from lyo.tasks.models import Task
from lyo.tasks.repo import count_open, count_waiting

pytestmark = pytest.mark.anyio

GENERATE = "/v1/courses:generate"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """With the limit of a learner as it is without a setting."""
    return settings.model_copy(
        update={"max_running_courses_per_user": Settings.model_fields["max_running_courses_per_user"].default}
    )


@pytest.fixture
async def others(api: Api) -> AsyncIterator[list[Learner]]:
    made = [await api.new_learner() for _ in range(3)]
    yield made
    for learner in made:
        await learner.client.aclose()


async def ask(learner: Learner, key: str | None = None, topic: str = "rain") -> httpx2.Response:
    return await learner.client.post(GENERATE, json={"topic": topic}, headers={"Idempotency-Key": key or uuid4().hex})


def expect_too_many(answer: httpx2.Response) -> None:
    assert answer.status_code == 429
    assert answer.json()["type"].endswith("/too-many-courses")
    assert "Wait until one of them is finished, or cancel one" in answer.json()["detail"]
    assert int(answer.headers["retry-after"]) > 0


async def rows(api: Api) -> dict[str, int]:
    async with api.sessions() as session:
        return {
            table.__tablename__: await session.scalar(select(func.count()).select_from(table)) or 0
            for table in (Course, Task, OutboxRow, IdempotencyRow)
        }


async def test_the_third_course_at_once_is_refused_and_leaves_nothing(api: Api, learner: Learner) -> None:
    for _ in range(2):
        assert (await ask(learner)).status_code == 202
    before = await rows(api)
    expect_too_many(await ask(learner))
    assert await rows(api) == before == dict.fromkeys(before, 2)


async def test_a_running_course_counts_and_one_that_has_ended_does_not(api: Api, learner: Learner) -> None:
    running, done = [(await kick_off(learner))[0] for _ in range(2)]
    await claim(api, running)
    expect_too_many(await ask(learner))
    await make_course(api, done)
    failed, _ = await kick_off(learner)
    expect_too_many(await ask(learner))
    await fail_course(api, failed, code="no_sources", message="Nothing.")
    cancelled, _ = await kick_off(learner)
    expect_too_many(await ask(learner))
    await learner.client.delete(f"/v1/tasks/{cancelled}")
    assert (await ask(learner)).status_code == 202


async def test_a_key_that_was_refused_is_good_later(learner: Learner) -> None:
    task_id, _ = await kick_off(learner)
    await kick_off(learner)
    key = uuid4().hex
    expect_too_many(await ask(learner, key))
    expect_too_many(await ask(learner, key))
    await learner.client.delete(f"/v1/tasks/{task_id}")
    taken = await ask(learner, key)
    assert taken.status_code == 202
    assert "idempotency-replayed" not in taken.headers
    assert (await ask(learner, key)).text == taken.text
    assert (await ask(learner, key, topic="snow")).status_code == 422


async def test_a_repetition_is_never_refused(learner: Learner) -> None:
    key = uuid4().hex
    first = await ask(learner, key)
    await kick_off(learner)
    expect_too_many(await ask(learner))
    again = await ask(learner, key)
    assert (again.status_code, again.text) == (202, first.text)
    assert again.headers["idempotency-replayed"] == "true"


@pytest.mark.parametrize("taken", [0, 1])
async def test_fifty_at_once_get_as_many_as_are_allowed(api: Api, learner: Learner, taken: int) -> None:
    for _ in range(taken):
        await kick_off(learner)
    answers = await asyncio.gather(*(ask(learner) for _ in range(50)))
    assert Counter(answer.status_code for answer in answers) == {202: 2 - taken, 429: 48 + taken}
    for answer in answers:
        if answer.status_code != 202:
            expect_too_many(answer)
    assert await rows(api) == dict.fromkeys(await rows(api), 2)


async def test_a_storm_of_repetitions_and_new_keys_ends_in_two_courses(api: Api, learner: Learner) -> None:
    keys = [uuid4().hex for _ in range(10)]
    answers = await asyncio.gather(*(ask(learner, key) for _ in range(5) for key in keys))
    by_key: dict[str, set[tuple[int, str]]] = {}
    for key, answer in zip(keys * 5, answers, strict=True):
        body = answer.text if answer.status_code == 202 else answer.json()["type"]
        by_key.setdefault(key, set()).add((answer.status_code, body))
    # Each key has one answer, whichever of its five came first: a key that got in is never told anything else after.
    promised = [key for key, said in by_key.items() if any(status == 202 for status, _ in said)]
    assert len(promised) == 2
    assert all(len(by_key[key]) == 1 for key in by_key)
    assert (await rows(api))["courses"] == 2


async def test_learners_do_not_wait_for_each_other(
    api: Api, learner: Learner, others: Sequence[Learner], settings: Settings
) -> None:
    """While a kick-off of one learner hangs in its transaction, others get theirs."""
    key = f"promises:{learner.id}"
    async with api.sessions() as session, session.begin():
        await session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": key})
        waiting = asyncio.create_task(ask(learner))
        async with asyncio.timeout(1.5):  # less than what a request waits for a lock
            assert {(await ask(other)).status_code for other in others} == {202}
        assert not waiting.done()
    assert (await waiting).status_code == 202


async def test_a_kick_off_that_waits_too_long_for_another_is_told_to_come_again(api: Api, learner: Learner) -> None:
    key = f"promises:{learner.id}"
    async with api.sessions() as session, session.begin():
        await session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": key})
        answer = await ask(learner, key="k")
    assert (answer.status_code, answer.headers["retry-after"]) == (409, "1")
    assert (await ask(learner, key="k")).status_code == 202


async def test_many_learners_at_once_each_get_theirs(api: Api, learner: Learner, others: Sequence[Learner]) -> None:
    everybody = [learner, *others]
    answers = await asyncio.gather(*(ask(who) for _ in range(12) for who in everybody))
    got = Counter(who.id for who, answer in zip(everybody * 12, answers, strict=True) if answer.status_code == 202)
    assert got == {who.id: 2 for who in everybody}


class TestQueue:
    """With three places in the queue."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"max_queued_courses": 3})

    async def test_a_full_queue_refuses_new_courses_and_repeats_old_answers(
        self, api: Api, learner: Learner, others: Sequence[Learner]
    ) -> None:
        key = uuid4().hex
        first = await ask(learner, key)
        for other in others[:2]:
            assert (await ask(other)).status_code == 202
        refused = await ask(others[2], key)
        assert refused.status_code == 503
        assert refused.json()["type"].endswith("/queue-full")
        assert int(refused.headers["retry-after"]) > 0
        assert "ask again" in refused.json()["detail"]
        assert (await ask(learner, key)).text == first.text
        assert (await rows(api))["idempotency_keys"] == 3

        # A place is free once a worker has begun one, and the refused key is still good.
        await claim(api, UUID(first.json()["task_id"]))
        assert (await ask(others[2], key)).status_code == 202
        assert (await ask(learner, uuid4().hex)).status_code == 503


async def test_the_counts_read_nothing_but_what_is_open(api: Api, learner: Learner) -> None:
    async with api.sessions() as session, session.begin():
        await session.execute(
            text(
                "INSERT INTO tasks (id, user_id, idempotency_key, job, state, due_at, deadline_at) "
                "SELECT gen_random_uuid(), :user, 'k' || n, 'courses.generate', "
                "CASE WHEN n <= 500 THEN 'PENDING' ELSE 'DONE' END, now(), now() FROM generate_series(1, 20000) AS n"
            ),
            {"user": learner.id},
        )
    asked: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        asked.append((statement, parameters))

    async with api.sessions() as session, session.begin():
        await session.execute(text("ANALYZE tasks"))
        connection = await session.connection()
        event.listen(connection.sync_connection, "before_cursor_execute", note)
        assert await count_open(session, owner_id=learner.id) == 500
        assert await count_waiting(session, at_most=1000) == 500
        assert await count_waiting(session, at_most=200) == 200
        event.remove(connection.sync_connection, "before_cursor_execute", note)
        plans = [
            str((await connection.exec_driver_sql(f"EXPLAIN (ANALYZE) {statement}", parameters)).all())
            for statement, parameters in asked
        ]
    of_one, _, of_all = plans
    assert "ix_tasks_open_user_id" in of_one
    assert "ix_tasks_pending" in of_all
    assert all("Seq Scan" not in plan and "rows=20000" not in plan for plan in plans)
