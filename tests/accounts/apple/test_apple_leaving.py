import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import cast

import pytest
from pydantic import SecretStr
from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from support.api import Api, Learner
from support.apple_host import CLIENT_ID, StandInApple, as_json
from support.apple_users import is_logged_in, sign_in, users

from lyo.accounts.apple import FIRST_PAUSE, LONGEST_PAUSE, MOST_TRIES, revoke_next
from lyo.accounts.jobs import revoke_apple_tokens
from lyo.accounts.models import AppleRevocation
from lyo.accounts.sealing import Seal
from lyo.accounts.service import delete_user
from lyo.apple.client import PATIENCE, Apple, open_apple
from lyo.core.bus import transaction
from lyo.core.clock import now
from lyo.core.db import SessionMaker
from lyo.core.settings import Settings

pytestmark = pytest.mark.anyio


@pytest.fixture
async def apple(settings: Settings) -> AsyncIterator[Apple]:
    """The worker's line to Apple."""
    async with open_apple(settings) as opened:
        yield opened


async def leave(api: Api) -> None:
    async with transaction(api.sessions, api.bus) as session:
        for user in await users(api):
            await delete_user(session, user_id=user.id)


async def waiting(api: Api) -> list[AppleRevocation]:
    async with api.sessions() as session:
        return list(await session.scalars(select(AppleRevocation)))


async def make_due(api: Api, **values: object) -> None:
    async with transaction(api.sessions, api.bus) as session:
        await session.execute(update(AppleRevocation).values(due_at=now(), **values))


async def test_who_leaves_is_forgotten_by_apple_later(api: Api, host: StandInApple, apple: Apple) -> None:
    somebody = await sign_in(api, host, {"authorizationCode": "good-code"})
    host.instead["*"] = None  # leaving does not wait for it
    async with asyncio.timeout(PATIENCE.silence):
        await leave(api)
    assert not await is_logged_in(api, somebody)
    assert not await users(api)
    host.instead.clear()
    seal = Seal.of(api.resources.settings)
    assert await revoke_next(api.sessions, api.bus, apple, seal)
    assert not await revoke_next(api.sessions, api.bus, apple, seal)
    assert host.revoked == [("refresh-token-of-apple", CLIENT_ID)]
    assert not await waiting(api)


async def test_who_never_gave_a_code_or_has_a_password_leaves_nothing_behind(
    api: Api, learner: Learner, host: StandInApple
) -> None:
    await sign_in(api, host)
    await leave(api)
    assert not await users(api)
    assert not await waiting(api)


async def test_a_revocation_is_tried_again_ever_more_rarely_and_then_given_up(
    api: Api, host: StandInApple, apple: Apple, caplog: pytest.LogCaptureFixture
) -> None:
    await sign_in(api, host, {"authorizationCode": "good-code"})
    await leave(api)
    seal = Seal.of(api.resources.settings)
    answers = [b"", as_json({"error": "invalid_client"}, "400 Bad Request")]
    for tries in range(1, MOST_TRIES):
        host.instead["/auth/revoke"] = answers[tries % 2]
        assert await revoke_next(api.sessions, api.bus, apple, seal)
        (row,) = await waiting(api)
        assert row.tries == tries
        pause = min(FIRST_PAUSE * 2 ** (tries - 1), LONGEST_PAUSE)
        assert abs(row.due_at - now() - pause) < timedelta(seconds=5)
        assert not await revoke_next(api.sessions, api.bus, apple, seal), "it is not due"
        await make_due(api)
    assert "apple.revocation_given_up" not in caplog.text
    assert await revoke_next(api.sessions, api.bus, apple, seal)
    assert "apple.revocation_given_up" in caplog.text
    assert "invalid_client" in caplog.text
    assert "refresh-token" not in caplog.text
    assert not await waiting(api)


async def test_a_token_that_was_sealed_with_another_secret_is_given_up(
    api: Api, host: StandInApple, apple: Apple, caplog: pytest.LogCaptureFixture
) -> None:
    await sign_in(api, host, {"authorizationCode": "good-code"})
    await leave(api)
    other = api.resources.settings.model_copy(update={"jwt_secret_key": SecretStr("another secret of enough length")})
    await make_due(api, tries=MOST_TRIES - 1)
    assert await revoke_next(api.sessions, api.bus, apple, Seal.of(other))
    assert "sealed_with_another_secret" in caplog.text
    assert not host.revoked


async def test_two_workers_do_not_do_it_twice(api: Api, host: StandInApple, apple: Apple) -> None:
    await sign_in(api, host, {"authorizationCode": "good-code"})
    await leave(api)
    host.delay = 0.2
    seal = Seal.of(api.resources.settings)
    done = await asyncio.gather(*(revoke_next(api.sessions, api.bus, apple, seal) for _ in range(4)))
    assert sorted(done) == [False, False, False, True]
    assert len(host.revoked) == 1


async def test_the_workers_loop_goes_on_whatever_happens(
    api: Api, host: StandInApple, settings: Settings, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lyo.accounts.jobs.LOOK_EVERY", timedelta(seconds=0.05))
    await sign_in(api, host, {"authorizationCode": "good-code"})
    await leave(api)
    async with transaction(api.sessions, api.bus) as session:
        await session.execute(text("ALTER TABLE apple_revocations RENAME TO away"))
    working = asyncio.create_task(revoke_apple_tokens(settings, api.sessions, api.bus))
    try:
        async with asyncio.timeout(20):
            while "apple.revoking_failed" not in caplog.text:  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0.05)
        async with transaction(api.sessions, api.bus) as session:
            await session.execute(text("ALTER TABLE away RENAME TO apple_revocations"))
        async with asyncio.timeout(20):
            while await waiting(api):  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0.05)
        assert len(host.revoked) == 1
        assert not working.done()
    finally:
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)


async def test_the_workers_loop_goes_on_after_a_fault_that_nobody_foresaw(
    api: Api, host: StandInApple, settings: Settings, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lyo.accounts.jobs.LOOK_EVERY", timedelta(seconds=0.05))
    await sign_in(api, host, {"authorizationCode": "good-code"})
    await leave(api)
    faults: list[int] = []

    def make_session() -> AsyncSession:
        if not faults:
            faults.append(1)
            raise ZeroDivisionError
        return api.sessions()

    sessions = cast("SessionMaker", make_session)
    working = asyncio.create_task(revoke_apple_tokens(settings, sessions, api.bus))
    try:
        async with asyncio.timeout(5):
            while not host.revoked:  # noqa: ASYNC110 - it is on the other side of a socket
                await asyncio.sleep(0.05)
    finally:
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
    assert caplog.text.count("apple.revoking_failed") == 1
