from datetime import timedelta

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from support.api import Api, Learner
from support.tasks import kick_off

from lyo.accounts import keeping
from lyo.accounts.models import Login, RefreshToken
from lyo.core import idempotency
from lyo.core.bus import transaction
from lyo.core.clock import now
from lyo.core.idempotency import IdempotencyRow
from lyo.tasks.models import Task

pytestmark = pytest.mark.anyio

LONG_AGO = now() - timedelta(days=10)


async def _count(session: AsyncSession, table: type[Login | RefreshToken | IdempotencyRow | Task]) -> int:
    return await session.scalar(select(func.count()).select_from(table)) or 0


async def test_what_is_in_use_is_kept(api: Api, learner: Learner) -> None:
    async with transaction(api.sessions, api.bus) as session:
        assert await keeping.forget_old(session, at_most=100) == 0
        assert await idempotency.forget_old(session, at_most=100) == 0
    assert (await api.client.post("/v1/auth/refresh", json={"refresh_token": learner.refresh_token})).status_code == 200


async def test_what_has_expired_is_forgotten_a_few_at_a_time(api: Api, learner: Learner) -> None:
    others = [await api.new_learner() for _ in range(3)]
    for other in others:
        await other.client.aclose()
    gone = [other.id for other in others]
    async with transaction(api.sessions, api.bus) as session:
        logins = select(Login.id).where(Login.user_id.in_(gone))
        await session.execute(update(RefreshToken).where(RefreshToken.login_id.in_(logins)).values(expires_at=LONG_AGO))
        await session.execute(update(Login).where(Login.user_id.in_(gone)).values(created_at=LONG_AGO))
    forgotten: list[int] = []
    for _ in range(5):
        async with transaction(api.sessions, api.bus) as session:
            forgotten.append(await keeping.forget_old(session, at_most=2))
    assert sum(forgotten) == 6
    assert max(forgotten) <= 4
    async with api.sessions() as session:
        assert (await _count(session, Login), await _count(session, RefreshToken)) == (1, 1)
    assert (await learner.client.get("/v1/users/me")).status_code == 200


async def test_a_log_in_that_has_ended_is_forgotten_with_its_tokens(api: Api, learner: Learner) -> None:
    await learner.client.post("/v1/auth/logout")
    async with transaction(api.sessions, api.bus) as session:
        await session.execute(update(Login).values(revoked_at=LONG_AGO))
        assert await keeping.forget_old(session, at_most=100) == 1
        assert await _count(session, RefreshToken) == 0


async def test_a_key_that_was_forgotten_makes_another_course(api: Api, learner: Learner) -> None:
    first = await kick_off(learner, key="the-same-key")
    assert await kick_off(learner, key="the-same-key") == first
    async with transaction(api.sessions, api.bus) as session:
        await session.execute(update(IdempotencyRow).values(created_at=LONG_AGO))
        assert await idempotency.forget_old(session, at_most=100) == 1
    assert await kick_off(learner, key="the-same-key") != first
    async with api.sessions() as session:
        assert await _count(session, Task) == 2
