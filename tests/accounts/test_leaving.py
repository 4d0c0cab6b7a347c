"""Logging out and deleting the account: nothing that was handed out is good any more."""

import asyncio
import json
import time
from contextlib import suppress
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import delete, func, select, text
from support.api import PASSWORD, Api, Learner
from support.doorbell import drop_subscribers
from support.tasks import advance, claim, kick_off
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from lyo.accounts.models import User
from lyo.core.settings import Settings
from lyo.privacy.repo import chain_to_user, everything_of
from lyo.tables import metadata
from lyo.tasks.errors import LeaseLost

pytestmark = pytest.mark.anyio


def _open(api: Api, task_id: UUID, token: str | None) -> connect:
    headers = {"Authorization": f"Bearer {token}"} if token else None
    return connect(f"{api.ws_url}/v1/ws/tasks/{task_id}", additional_headers=headers, proxy=None)


async def _closed(socket: ClientConnection) -> tuple[int | None, float]:
    began = time.monotonic()
    with suppress(ConnectionClosed):
        async with asyncio.timeout(10):
            while True:
                await socket.recv()
    return socket.close_code, time.monotonic() - began


async def test_logging_out_closes_the_sockets_of_this_log_in(api: Api, learner: Learner) -> None:
    task_id, _ = await kick_off(learner)
    other = await api.client.post("/v1/auth/login", json={"email": learner.email, "password": PASSWORD})
    async with (
        _open(api, task_id, learner.access_token) as socket,
        _open(api, task_id, other.json()["access_token"]) as elsewhere,
        _open(api, task_id, None) as anonymous,
    ):
        for opened in (socket, elsewhere, anonymous):
            await opened.recv()
        await learner.client.post("/v1/auth/logout")
        code, seconds = await _closed(socket)
        assert code == 4401
        assert seconds < 3  # a look without a bell comes every four
        await claim(api, task_id)
        assert json.loads(await elsewhere.recv())["state"] == "RUNNING"
        assert json.loads(await anonymous.recv())["state"] == "RUNNING"


def _lost(channels: set[str]) -> None:
    """A bell that nobody hears: Redis is away at this moment."""


async def test_a_log_out_whose_bell_is_lost_closes_them_within_five_seconds(
    api: Api, learner: Learner, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    task_id, _ = await kick_off(learner)
    async with _open(api, task_id, learner.access_token) as socket:
        await socket.recv()
        with monkeypatch.context() as away:
            away.setattr(api.bus, "ring", _lost)
            await learner.client.post("/v1/auth/logout")
        await drop_subscribers(settings.require_redis_url())
        code, seconds = await _closed(socket)
    assert code == 4401
    assert seconds < 5


async def test_deleting_the_account_closes_them_too(api: Api, learner: Learner) -> None:
    task_id, _ = await kick_off(learner)
    async with _open(api, task_id, learner.access_token) as socket:
        await socket.recv()
        await learner.client.delete("/v1/users/me")
        assert (await _closed(socket))[0] in {4401, 4404}


async def _rows_of(api: Api, user_id: UUID) -> dict[str, int]:
    async with api.sessions() as session:
        counted: dict[str, int] = {}
        for kind, _ in await everything_of(session, owner_id=user_id):
            counted[kind] = counted.get(kind, 0) + 1
    return counted


async def test_a_deleted_account_leaves_nothing(api: Api, learner: Learner) -> None:
    task_id, course_id = await kick_off(learner)
    claimed = await claim(api, task_id)
    await advance(api, claimed, "outline", 15)
    assert set(await _rows_of(api, learner.id)) >= {"users", "courses", "tasks", "taskEvents", "taskSteps", "logins"}
    async with _open(api, task_id, None) as anonymous:
        await anonymous.recv()
        assert (await learner.client.delete("/v1/users/me")).status_code == 204
        assert (await _closed(anonymous))[0] == 4404
    assert await _rows_of(api, learner.id) == {}
    async with api.sessions() as session:
        for table in metadata.sorted_tables:
            if chain_to_user(table) is not None:
                assert await session.scalar(select(func.count()).select_from(table)) == 0, table.name
    for method, path in (("GET", "/v1/users/me"), ("DELETE", "/v1/users/me"), ("GET", f"/v1/courses/{course_id}")):
        assert (await learner.client.request(method, path)).status_code == 401
    refused: list[Any] = [
        await api.client.post("/v1/auth/refresh", json={"refresh_token": learner.refresh_token}),
        await api.client.post("/v1/auth/login", json={"email": learner.email, "password": PASSWORD}),
    ]
    assert [answer.status_code for answer in refused] == [401, 401]
    with pytest.raises(LeaseLost):  # the worker that was at it stops
        await advance(api, claimed, "lesson 1", 30)


async def test_a_request_of_who_is_leaving_at_this_moment_is_a_401(api: Api, learner: Learner) -> None:
    async with api.sessions() as leaving, leaving.begin():
        await leaving.execute(delete(User).where(User.id == learner.id))
        asking = asyncio.create_task(
            learner.client.post("/v1/courses:generate", json={"topic": "rain"}, headers={"Idempotency-Key": "leaving"})
        )
        waits = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
        async with asyncio.timeout(10), api.sessions() as watching:
            while not await watching.scalar(waits):  # noqa: ASYNC110 - PostgreSQL tells nobody
                await asyncio.sleep(0.01)
        await leaving.commit()
    answer = await asking
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == 'Bearer error="invalid_token"'


async def test_the_address_is_free_again(api: Api) -> None:
    email = f"{uuid4().hex}@example.com"
    body = {"email": email, "password": PASSWORD}
    first = await api.client.post("/v1/auth/register", json=body)
    await api.client.delete("/v1/users/me", headers={"Authorization": f"Bearer {first.json()['access_token']}"})
    assert (await api.client.post("/v1/auth/register", json=body)).status_code == 201
