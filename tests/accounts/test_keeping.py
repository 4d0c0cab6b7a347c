import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import cast

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from support.api import Api, Learner
from support.tasks import kick_off

from lyo.accounts import jobs, keeping
from lyo.accounts.models import Login, RefreshToken
from lyo.core import idempotency
from lyo.core.bus import transaction
from lyo.core.clock import now
from lyo.core.db import SessionMaker, make_engine, make_sessions
from lyo.core.idempotency import IdempotencyRow
from lyo.core.settings import Settings
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


async def _until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(20):
        while not await condition():  # noqa: ASYNC110 - the worker tells nobody
            await asyncio.sleep(0.05)


async def test_the_worker_forgets_by_itself(api: Api, learner: Learner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "AT_ONCE", 1)
    await kick_off(learner)
    await kick_off(learner)
    async with transaction(api.sessions, api.bus) as session:
        await session.execute(update(IdempotencyRow).values(created_at=LONG_AGO))

    async def all_gone() -> bool:
        async with api.sessions() as session:
            return await _count(session, IdempotencyRow) == 0

    working = asyncio.create_task(jobs.forget_for_ever(api.sessions, api.bus))
    await _until(all_gone)
    working.cancel()


def _raise() -> SessionMaker:
    raise RuntimeError


async def test_a_round_that_fails_is_not_the_last(
    api: Api,
    settings: Settings,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    monkeypatch.setattr(jobs, "FORGET_EVERY", timedelta(milliseconds=10))
    engine = make_engine(f"postgresql+psycopg://lyo@/lyo?host={tmp_path_factory.mktemp('none')}", application_name="x")
    for sessions in (make_sessions(engine), cast("SessionMaker", _raise)):
        caplog.clear()
        working = asyncio.create_task(jobs.forget_for_ever(sessions, api.bus))

        async def failed_twice() -> bool:
            return caplog.text.count("accounts.forgetting_failed") > 1

        await _until(failed_twice)
        assert not working.done()
        working.cancel()
    await engine.dispose()
