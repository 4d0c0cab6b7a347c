import httpx2
import pytest
from support.api import Api, Learner, serving
from support.raw import send_raw
from support.tasks import kick_off
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from lyo.core.settings import Mode, Settings

pytestmark = pytest.mark.anyio

NOTHING = "default-src 'none'; frame-ancestors 'none'"
HSTS = "strict-transport-security"


@pytest.fixture
def production(settings: Settings) -> Settings:
    return settings.model_copy(update={"lyo_mode": Mode.PRODUCTION})


async def _every_kind_of_answer(api: Api) -> list[httpx2.Response]:
    @api.app.get("/v1/fault")
    async def fault() -> None:
        raise RuntimeError

    client = api.client
    return [
        await client.get("/v1/health/live"),
        await client.get("/v1/courses"),
        await client.get("/nothing"),
        await client.put("/v1/courses"),
        await client.post("/v1/auth/login", json={}),
        await client.post("/v1/auth/login", content=b"x" * 70_000),
        await client.get("/v1/fault"),
        await client.head("/v1/health/live"),
        await client.options("/v1/courses"),
    ]


async def test_every_answer_keeps_browsers_from_mischief(production: Settings) -> None:
    async with serving(production) as api:
        answers = await _every_kind_of_answer(api)
        assert [answer.status_code for answer in answers] == [200, 401, 404, 405, 422, 413, 500, 200, 405]
        for answer in answers:
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["referrer-policy"] == "no-referrer"
            assert answer.headers["content-security-policy"] == NOTHING
            assert answer.headers["cache-control"] == "no-store"
            assert answer.headers[HSTS] == "max-age=31536000"
            assert answer.headers.get_list("x-request-id") == [answer.headers["x-request-id"]]
            assert "server" not in answer.headers
        with pytest.raises(InvalidStatus) as refused:
            async with connect(f"{api.ws_url}/v1/ws/tasks/1", proxy=None):
                pass
        assert refused.value.response.headers["referrer-policy"] == "no-referrer"
        assert refused.value.response.headers[HSTS] == "max-age=31536000"
        unread = await send_raw(api.base_url, b"GARBAGE\r\n\r\n")
        assert unread is not None
        assert unread.headers["content-security-policy"] == NOTHING
        assert unread.headers["cache-control"] == "no-store"
        assert unread.headers[HSTS] == "max-age=31536000"


async def test_on_a_developers_machine_browsers_are_not_bound_to_https(api: Api) -> None:
    assert HSTS not in (await api.client.get("/v1/health/live")).headers


async def test_what_has_headers_of_its_own_keeps_them(api: Api, learner: Learner) -> None:
    async with httpx2.AsyncClient(base_url=api.base_url) as plain:
        assert "script-src 'self'" in (await plain.get("/docs")).headers["content-security-policy"]
        assert "immutable" in (await plain.get("/docs/scalar-1.72.1.js")).headers["cache-control"]
    task_id, _ = await kick_off(learner)
    answer = await learner.client.get(f"/v1/tasks/{task_id}")
    assert answer.headers.get_list("cache-control") == ["no-store"]


async def test_head_is_answered_as_get_without_the_body(api: Api, learner: Learner) -> None:
    task_id, _ = await kick_off(learner)
    for path in ("/v1/health/live", f"/v1/tasks/{task_id}", "/v1/courses", "/docs", "/openapi.json", "/v1/nothing"):
        async with httpx2.AsyncClient(base_url=api.base_url, headers=learner.client.headers) as plain:
            whole, head = await plain.get(path), await plain.head(path)
        assert head.status_code == whole.status_code
        assert head.content == b""
        assert {name: head.headers[name] for name in head.headers} == {
            name: whole.headers[name] if name not in {"date", "x-request-id"} else head.headers[name]
            for name in whole.headers
        }
    unchanged = await learner.client.head(f"/v1/tasks/{task_id}", headers={"If-None-Match": '"1"'})
    assert unchanged.status_code == 304
    assert (await learner.client.head("/v1/courses")).status_code == 200


async def test_where_get_is_not_answered_head_is_not(api: Api, learner: Learner) -> None:
    answer = await learner.client.head("/v1/auth/login")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "POST"
    assert (await learner.client.put("/docs")).headers["allow"] == "GET, HEAD"


async def test_a_connection_serves_on_after_head(api: Api) -> None:
    head = b"HEAD /v1/courses HTTP/1.1\r\nHost: localhost\r\n\r\n"
    last = b"GET /v1/health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    answer = await send_raw(api.base_url, head, last, pause=0.1)
    assert answer is not None
    assert answer.status == 401
    assert answer.body.startswith(b"HTTP/1.1 200 OK\r\n")


async def test_the_reference_can_be_turned_off(settings: Settings) -> None:
    async with serving(settings.model_copy(update={"api_docs": False})) as api:
        for path in ("/docs", "/docs/docs.js", "/docs/scalar-1.72.1.js", "/openapi.json"):
            answer = await api.client.get(path)
            assert answer.status_code == 404
            assert answer.json()["type"].endswith("/not-found")
        assert (await api.client.get("/v1/health/live")).status_code == 200
