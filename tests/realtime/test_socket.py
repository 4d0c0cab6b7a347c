import asyncio
import json
import time
from contextlib import suppress
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import jwt
import pytest
from support.api import Api, Learner, serving
from support.doorbell import drop_subscribers, ring
from support.tasks import advance, claim, finish, kick_off
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol

from lyo.accounts.tokens import CLOCK_SKEW, TOKEN_TYPE, TokenKey
from lyo.core.settings import Settings
from lyo.core.watch import RECONCILE_SECONDS
from lyo.web import server

pytestmark = pytest.mark.anyio


def _open(api: Api, task_id: object, token: str | None = None, query: str = "") -> connect:
    headers = {"Authorization": f"Bearer {token}"} if token is not None else None
    return connect(f"{api.ws_url}/v1/ws/tasks/{task_id}{query}", additional_headers=headers, proxy=None)


async def _next(socket: ClientConnection) -> dict[str, Any]:
    message: dict[str, Any] = json.loads(await asyncio.wait_for(socket.recv(), 10))
    return message


async def _rest(socket: ClientConnection) -> tuple[list[dict[str, Any]], int]:
    messages: list[dict[str, Any]] = []
    with suppress(ConnectionClosed):
        while True:
            messages.append(await _next(socket))
    assert socket.close_code is not None
    return messages, socket.close_code


async def _refused(opening: connect) -> tuple[int, dict[str, Any], str]:
    with pytest.raises(InvalidStatus) as refused:
        async with opening:
            pass
    response = refused.value.response
    return response.status_code, json.loads(response.body or b"{}"), response.headers["content-type"]


async def test_the_owner_sees_the_present_state_then_each_change_then_the_end(api: Api, learner: Learner) -> None:
    task_id, course_id = await kick_off(learner)
    async with _open(api, task_id, learner.access_token) as socket:
        assert await _next(socket) == {
            "seq": 1,
            "state": "PENDING",
            "progressPct": 0,
            "message": None,
            "resultId": None,
        }
        claimed = await claim(api, task_id)
        assert (await _next(socket))["state"] == "RUNNING"
        await advance(api, claimed, "outline", 15)
        assert (await _next(socket))["progressPct"] == 15
        await finish(api, claimed)
        messages, code = await _rest(socket)
    assert code == 1000
    assert [message["seq"] for message in messages] == [4]
    assert messages[0]["resultId"] == str(course_id)
    assert messages[0]["state"] == "DONE"


async def test_who_knows_the_id_alone_sees_only_how_far_it_is(api: Api, learner: Learner) -> None:
    task_id, _ = await kick_off(learner)
    async with _open(api, task_id) as socket:
        assert await _next(socket) == {"seq": 1, "state": "PENDING", "progressPct": 0}
        claimed = await claim(api, task_id)
        await finish(api, claimed)
        messages, code = await _rest(socket)
    assert code == 1000
    assert messages[-1] == {"seq": 3, "state": "DONE", "progressPct": 100}


async def test_resuming_gives_what_is_missing_and_nothing_twice(api: Api, learner: Learner) -> None:
    task_id, _ = await kick_off(learner)
    claimed = await claim(api, task_id)
    for number in range(5):
        await advance(api, claimed, f"s{number}", 10 * number)
    await finish(api, claimed)
    async with _open(api, task_id, learner.access_token, "?after=3") as socket:
        messages, code = await _rest(socket)
    assert [message["seq"] for message in messages] == [4, 5, 6, 7, 8]
    assert code == 1000


async def test_resuming_after_the_last_change_just_closes(api: Api, learner: Learner) -> None:
    task_id, _ = await kick_off(learner)
    await finish(api, await claim(api, task_id))
    async with _open(api, task_id, learner.access_token, "?after=3") as socket:
        assert await _rest(socket) == ([], 1000)


async def test_a_late_client_still_hears_the_end(api: Api, learner: Learner) -> None:
    task_id, _ = await kick_off(learner)
    await finish(api, await claim(api, task_id))
    for query in ("", "?after=99"):
        async with _open(api, task_id, learner.access_token, query) as socket:
            messages, code = await _rest(socket)
        assert [message["state"] for message in messages] == ["DONE"]
        assert code == 1000


async def test_reconnecting_at_random_leaves_no_gap_and_no_repeat(api: Api, learner: Learner) -> None:
    task_id, _ = await kick_off(learner)
    claimed = await claim(api, task_id)

    async def work() -> None:
        for number in range(40):
            await advance(api, claimed, f"s{number}", number)
            await asyncio.sleep(0.02)
        await finish(api, claimed)

    working = asyncio.create_task(work())
    seen: list[int] = []
    state = ""
    while state != "DONE":
        query = f"?after={seen[-1]}" if seen else "?after=0"
        async with _open(api, task_id, learner.access_token, query) as socket:
            for _ in range(1 + len(seen) % 5):
                try:
                    message = await _next(socket)
                except ConnectionClosed:
                    break
                seen.append(message["seq"])
                state = message["state"]
    await working
    assert seen == list(range(1, 44))


@pytest.mark.parametrize("spelling", ["bearer", "Bearer"])
async def test_a_browser_sends_its_token_as_a_subprotocol(api: Api, learner: Learner, spelling: str) -> None:
    task_id, _ = await kick_off(learner)
    opening = connect(
        f"{api.ws_url}/v1/ws/tasks/{task_id}",
        subprotocols=[Subprotocol(spelling), Subprotocol(learner.access_token)],
        proxy=None,
    )
    async with opening as socket:
        assert socket.subprotocol == spelling
        assert "message" in await _next(socket)


async def test_a_bad_token_is_a_real_401_and_another_user_a_real_404(api: Api, learner: Learner) -> None:
    task_id, _ = await kick_off(learner)
    other = await api.new_learner()
    await other.client.aclose()
    for opening, status in (
        (_open(api, task_id, "nonsense"), 401),
        (_open(api, task_id, ""), 401),
        (_open(api, task_id, other.access_token), 404),
        (_open(api, uuid4(), learner.access_token), 404),
        (_open(api, uuid4()), 404),
        (_open(api, "no-id"), 404),
    ):
        code, body, content_type = await _refused(opening)
        assert code == status
        assert body["status"] == status
        assert content_type == "application/problem+json"


@pytest.mark.parametrize("after", ["abc", "-1", "1.5", "", "9" * 30, "²"])
async def test_a_number_to_resume_after_that_is_none_is_a_real_422(api: Api, learner: Learner, after: str) -> None:
    task_id, _ = await kick_off(learner)
    code, body, _ = await _refused(_open(api, task_id, learner.access_token, f"?after={quote(after)}"))
    assert code == 422
    assert body["errors"][0]["pointer"] == "#/query/after"


async def test_a_logged_out_token_is_refused(api: Api, learner: Learner) -> None:
    task_id, _ = await kick_off(learner)
    await learner.client.post("/v1/auth/logout")
    code, _, _ = await _refused(_open(api, task_id, learner.access_token))
    assert code == 401


async def test_the_anonymous_view_can_be_turned_off(settings: Settings) -> None:
    async with serving(settings.model_copy(update={"ws_require_auth": True})) as api:
        learner = await api.new_learner()
        task_id, _ = await kick_off(learner)
        assert (await _refused(_open(api, task_id)))[0] == 401
        async with _open(api, task_id, learner.access_token) as socket:
            assert (await _next(socket))["state"] == "PENDING"
        await learner.client.aclose()


async def test_a_change_whose_bell_was_lost_is_told_all_the_same(
    api: Api, learner: Learner, settings: Settings
) -> None:
    task_id, _ = await kick_off(learner)
    async with _open(api, task_id, learner.access_token) as socket:
        await _next(socket)
        await drop_subscribers(settings.require_redis_url())
        await claim(api, task_id)
        assert (await _next(socket))["state"] == "RUNNING"


async def test_a_channel_with_an_odd_name_disturbs_nobody(api: Api, learner: Learner, settings: Settings) -> None:
    task_id, _ = await kick_off(learner)
    async with _open(api, task_id, learner.access_token) as socket:
        await _next(socket)
        await ring(settings.require_redis_url(), b"lyo:task:\xff\xfe")
        await ring(settings.require_redis_url(), b"lyo:task:nonsense")
        began = time.monotonic()
        await claim(api, task_id)
        assert (await _next(socket))["state"] == "RUNNING"
    assert time.monotonic() - began < RECONCILE_SECONDS - 1, "it was told by the next look and not by the bell"


async def test_a_client_that_leaves_is_forgotten(api: Api, learner: Learner) -> None:
    task_id, _ = await kick_off(learner)
    async with _open(api, task_id, learner.access_token) as socket:
        await _next(socket)
    watch = api.resources.watch
    async with asyncio.timeout(5):
        while watch.watched:  # noqa: ASYNC110 - the server tells nobody
            await asyncio.sleep(0.01)


async def test_a_socket_is_no_body_that_takes_too_long(
    api: Api, learner: Learner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "BODY_SECONDS", 0.2)
    task_id, _ = await kick_off(learner)
    async with _open(api, task_id, learner.access_token) as socket:
        await _next(socket)
        await asyncio.sleep(0.5)
        await claim(api, task_id)
        assert (await _next(socket))["state"] == "RUNNING"


async def test_a_token_that_expires_closes_the_socket(api: Api, learner: Learner) -> None:
    task_id, _ = await kick_off(learner)
    key = TokenKey.of(api.resources.settings)
    claims: dict[str, Any] = jwt.decode(learner.access_token, options={"verify_signature": False})
    # A few seconds late are forgiven, here as everywhere: until then the socket is open.
    claims["exp"] = int(time.time() - CLOCK_SKEW.total_seconds() + 5)
    token = jwt.encode(claims, key.secret, algorithm=key.algorithm, headers={"typ": TOKEN_TYPE})
    async with _open(api, task_id, token) as socket:
        assert (await _next(socket))["state"] == "PENDING"
        await claim(api, task_id)
        messages, code = await _rest(socket)
    assert code == 4401
    assert [message["state"] for message in messages] == ["RUNNING"]


async def test_a_handshake_that_succeeds_has_an_id_too(api: Api, learner: Learner) -> None:
    task_id, _ = await kick_off(learner)
    async with _open(api, task_id, learner.access_token) as socket:
        assert socket.response is not None
        assert len(socket.response.headers["x-request-id"]) == 32
