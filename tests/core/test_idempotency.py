import asyncio
from uuid import uuid4

import pytest
from sqlalchemy import text, update
from support.api import Api, Learner
from support.tasks import kick_off

from lyo.core.bus import transaction
from lyo.core.idempotency import IdempotencyRow, IdempotentRequest, earlier_answer, fingerprint

pytestmark = pytest.mark.anyio

BODY = {"topic": "rain"}


async def _ask(learner: Learner, key: str) -> int:
    answer = await learner.client.post("/v1/courses:generate", json=BODY, headers={"Idempotency-Key": key})
    return answer.status_code


async def test_while_the_first_is_at_work_another_is_told_to_come_again(api: Api, learner: Learner) -> None:
    key = uuid4().hex
    request = IdempotentRequest(user_id=learner.id, route="courses:generate", key=key, fingerprint=fingerprint(BODY))
    async with api.sessions() as slow, slow.begin():
        assert await earlier_answer(slow, request) is None
        answer = await learner.client.post("/v1/courses:generate", json=BODY, headers={"Idempotency-Key": key})
        assert answer.status_code == 409
        assert answer.headers["retry-after"] == "1"
        await slow.rollback()
    assert await _ask(learner, key) == 202, "what was rolled back has freed its key"


async def test_a_key_whose_work_has_no_answer_stays_a_conflict(api: Api, learner: Learner) -> None:
    key = uuid4().hex
    await kick_off(learner, key=key, topic="rain")
    async with transaction(api.sessions, api.bus) as session:
        await session.execute(update(IdempotencyRow).values(answer=None))
    assert await _ask(learner, key) == 409


async def test_a_connection_that_is_lost_in_the_middle_is_no_conflict(api: Api, learner: Learner) -> None:
    key = uuid4().hex
    request = IdempotentRequest(user_id=learner.id, route="courses:generate", key=key, fingerprint=fingerprint(BODY))
    async with api.sessions() as slow, slow.begin():
        await earlier_answer(slow, request)
        asking = asyncio.create_task(_ask(learner, key))
        killed = 0
        while not killed:
            async with api.sessions() as other:
                waiting = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
                killed = len((await other.execute(text(waiting))).all())
        assert await asking == 503
    assert await _ask(learner, uuid4().hex) == 202
