import asyncio
import re
from collections.abc import AsyncIterator
from uuid import uuid4

import httpx2
import pytest
from fastapi.responses import StreamingResponse
from psycopg.errors import UniqueViolation
from pydantic import SecretStr
from sqlalchemy.exc import IntegrityError
from support.api import Api, Learner, serving
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from lyo.core.settings import Settings
from lyo.web import server

pytestmark = pytest.mark.anyio

LEAKS = re.compile(r"Traceback|site-packages|postgres|SELECT |psycopg|/src/")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing", 404),
        ("GET", "/v1/nothing", 404),
        ("GET", "/v1/courses/", 404),
        ("POST", "/v1/health/live", 405),
        ("PATCH", "/v1/courses", 405),
        ("POST", "/docs", 405),
        ("GET", "/v1/courses:generate", 405),
        ("GET", "/v1/courses", 401),
        ("POST", "/v1/auth/login", 422),
    ],
)
async def test_every_error_is_a_problem(api: Api, method: str, path: str, status: int) -> None:
    answer = await api.client.request(method, path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    body = answer.json()
    assert body["status"] == status
    assert body["type"].startswith("https://api.lyo.app/problems/")
    assert body["instance"] == path
    assert body["requestId"] == answer.headers["x-request-id"]
    assert not LEAKS.search(answer.text)
    if status == 405:
        assert answer.headers["allow"]


@pytest.mark.parametrize("host", ["[", "a/b", "a?b#c", "[zz]:99", "a:99999999", "user:pw@h", "x" * 300])
async def test_whatever_the_client_calls_us_a_problem_names_the_path(api: Api, host: str) -> None:
    for method, path, status in (
        ("GET", "/v1/nothing", 404),
        ("PUT", "/v1/courses", 405),
        ("GET", "//v1/users/me", 404),
    ):
        answer = await api.client.request(method, api.base_url + path, headers={"Host": host})
        assert answer.status_code == status
        assert answer.json()["instance"] == path


async def test_a_break_of_a_rule_of_the_database_is_our_fault(api: Api) -> None:
    @api.app.get("/v1/broken")
    async def broken() -> None:
        raise IntegrityError("INSERT", None, UniqueViolation())

    assert (await api.client.get("/v1/broken")).status_code == 500


async def test_a_sane_request_id_is_kept_and_any_other_replaced(api: Api) -> None:
    kept = await api.client.get("/v1/health/live", headers={"X-Request-ID": "ios-42.build_7"})
    assert kept.headers["x-request-id"] == "ios-42.build_7"
    for bad in ("short", "x" * 129, "with space in it", "<script>alert(1)</script>"):
        answer = await api.client.get("/v1/health/live", headers={"X-Request-ID": bad})
        assert answer.headers["x-request-id"] != bad
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_a_password_in_a_wrong_body_appears_nowhere(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    canary = f"s3cr3t-{uuid4()}"
    for body in (
        {"password": canary},
        {"email": canary, "password": [canary]},
        {"email": "a@b", "password": canary, canary: canary},
        {"email": "nobody@example.com", "password": canary},
        canary,
    ):
        answer = await api.client.post("/v1/auth/login", json=body)
        assert answer.status_code in {401, 422}
        assert canary not in answer.text.replace(f"#/{canary}", "")
    assert "/v1/auth/login" in caplog.text
    assert canary not in caplog.text


async def test_a_fault_of_ours_is_a_500_that_says_nothing_and_is_logged(
    api: Api, caplog: pytest.LogCaptureFixture
) -> None:
    @api.app.get("/v1/fault")
    async def fault() -> None:
        raise RuntimeError("postgres://user:hunter2@host")

    answer = await api.client.get("/v1/fault", headers={"X-Request-ID": "find-me-again"})
    assert answer.status_code == 500
    assert answer.json()["type"].endswith("/internal-error")
    assert "hunter2" not in answer.text
    assert answer.headers["x-request-id"] == "find-me-again"
    logged = caplog.text
    assert "find-me-again" in logged
    assert "RuntimeError" in logged


async def test_a_body_of_another_type_is_refused(learner: Learner) -> None:
    answer = await learner.client.post(
        "/v1/courses:generate", content=b"topic=rain", headers={"Idempotency-Key": "k", "content-type": "text/plain"}
    )
    assert answer.status_code == 415
    assert answer.json()["type"].endswith("/unsupported-media-type")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/auth/login", r'{"email": "a\u0000b@x", "password": "x"}'),
        ("/v1/auth/login", r'{"email": "a@b", "password": "\ud800"}'),
        ("/v1/auth/login", r'{"email": "\ud800b@x", "password": "x"}'),
        ("/v1/auth/register", r'{"email": "\ud800@x.org", "password": "correct horse"}'),
        ("/v1/auth/register", r'{"email": "a@x.org", "password": "correct horse", "displayName": "\ud800"}'),
        ("/v1/auth/refresh", r'{"refresh_token": "\ud800"}'),
        ("/v1/auth/login", r'{"email": "a@b", "password": "x", "\ud800": 1}'),
    ],
)
async def test_text_that_cannot_be_stored_is_refused(api: Api, path: str, body: str) -> None:
    answer = await api.client.post(path, content=body.encode(), headers={"content-type": "application/json"})
    assert answer.status_code == 422


async def test_the_allow_header_names_every_method_of_the_address(api: Api) -> None:
    answer = await api.client.put(f"/v1/tasks/{uuid4()}")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "DELETE, GET, HEAD"


async def test_a_socket_to_nowhere_is_a_real_404(api: Api) -> None:
    for path in ("/v1/ws/nothing", "/v1/courses"):
        with pytest.raises(InvalidStatus) as refused:
            async with connect(f"{api.ws_url}{path}", proxy=None):
                pass
        assert refused.value.response.status_code == 404
        assert refused.value.response.headers["content-type"] == "application/problem+json"


async def test_a_database_that_is_away_is_a_503_that_says_when_to_come_back(
    settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> None:
    nowhere = SecretStr(f"postgresql://lyo@/lyo?host={tmp_path_factory.mktemp('none')}")
    async with serving(settings.model_copy(update={"database_url": nowhere})) as api:
        answer = await api.client.post("/v1/auth/login", json={"email": "a@b", "password": "x"})
        assert answer.status_code == 503
        assert answer.headers["retry-after"]
        with pytest.raises(InvalidStatus) as refused:
            async with connect(f"{api.ws_url}/v1/ws/tasks/{uuid4()}", proxy=None):
                pass
        assert refused.value.response.status_code == 503


async def test_thousands_of_unknown_fields_are_one_error(api: Api) -> None:
    few = {f"x{n}": 0 for n in range(20)}
    for path in ("/v1/auth/login", "/v1/auth/refresh"):
        answer = await api.client.post(path, json=few)
        assert answer.status_code == 422
        assert {f"#/{name}" for name in few} < {error["pointer"] for error in answer.json()["errors"]}
        answer = await api.client.post(path, json={f"x{n}": 0 for n in range(5000)})
        assert answer.status_code == 422
        assert answer.json()["errors"] == [{"pointer": "#", "detail": "An object has at most 50 fields."}]


async def test_an_answer_that_has_begun_when_the_server_stops_is_broken_off_and_nothing_is_put_in_it(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "GRACE_SECONDS", 1)

    async def blocks() -> AsyncIterator[bytes]:
        yield b"one"
        await asyncio.Event().wait()

    read: list[bytes] = []

    async def reading(base_url: str) -> None:
        async with httpx2.AsyncClient(base_url=base_url) as client, client.stream("GET", "/v1/endless") as answer:
            async for block in answer.aiter_raw():
                read.append(block)  # noqa: PERF401 - it ends with an error

    async with serving(settings) as api:

        @api.app.get("/v1/endless")
        async def endless() -> StreamingResponse:
            return StreamingResponse(blocks())

        following = asyncio.create_task(reading(api.base_url))
        async with asyncio.timeout(20):
            while not read:  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0.05)
    with pytest.raises(httpx2.RemoteProtocolError):
        await following
    assert read == [b"one"]
