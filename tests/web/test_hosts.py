from typing import Any

import httpx2
import pytest
from support.api import Api, Learner, serving
from support.raw import send_raw
from support.tasks import kick_off
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Origin

from lyo.core.settings import Settings

pytestmark = pytest.mark.anyio

PAGE = "https://app.example.org"
FOREIGN = "https://evil.example"


def with_page(settings: Settings, **changes: Any) -> Settings:
    return settings.model_copy(update={"cors_origins": (PAGE,), **changes})


async def test_a_known_page_may_read_every_answer_errors_too(settings: Settings) -> None:
    async with serving(with_page(settings, rate_per_address="6/day", allowed_hosts=("127.0.0.1",))) as api:

        @api.app.get("/v1/fault")
        async def fault() -> None:
            raise RuntimeError

        client, origin = api.client, {"Origin": PAGE}
        answers = [
            await client.get("/v1/health/live", headers=origin),
            await client.get("/v1/courses", headers=origin),
            await client.get("/v1/fault", headers=origin),
            await client.post("/v1/auth/login", content=b"x" * 70_000, headers=origin),
            await client.get("/v1/courses", headers={**origin, "Host": "elsewhere.example"}),
            *[await client.get("/v1/nothing", headers=origin) for _ in range(4)],
        ]
        assert [answer.status_code for answer in answers] == [200, 401, 500, 413, 421, 404, 404, 404, 429]
        for answer in answers:
            assert answer.headers["access-control-allow-origin"] == PAGE
            assert "Origin" in answer.headers["vary"]
            exposed = {name.strip().lower() for name in answer.headers["access-control-expose-headers"].split(",")}
            assert {
                "etag",
                "location",
                "retry-after",
                "x-request-id",
                "idempotency-replayed",
                "ratelimit",
                "ratelimit-policy",
            } <= exposed
        large = await send_raw(
            api.base_url, b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: " + PAGE.encode() + b"\r\nX: " + b"x" * 40_000
        )
        assert large is not None
        assert large.status == 431


async def test_a_page_that_is_not_known_may_read_nothing(settings: Settings) -> None:
    async with serving(with_page(settings)) as api:
        answer = await api.client.get("/v1/health/live", headers={"Origin": FOREIGN})
        assert answer.status_code == 200
        assert "access-control-allow-origin" not in answer.headers


def _preflight(origin: str, method: str = "POST", headers: str = "authorization,idempotency-key") -> dict[str, str]:
    return {
        "Origin": origin,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": headers,
    }


async def test_a_preflight_is_answered_and_has_an_id(settings: Settings) -> None:
    async with serving(with_page(settings)) as api, httpx2.AsyncClient(base_url=api.base_url) as plain:
        allowed = await plain.options("/v1/courses:generate", headers=_preflight(PAGE))
        assert allowed.status_code == 200
        assert allowed.headers["access-control-allow-origin"] == PAGE
        assert "Idempotency-Key" in allowed.headers["access-control-allow-headers"]
        assert allowed.headers["x-request-id"]
        assert "ratelimit" not in allowed.headers
        for asked in (_preflight(FOREIGN), _preflight(PAGE, "TRACE"), _preflight(PAGE, headers="x-odd")):
            refused = await plain.options("/v1/courses:generate", headers=asked)
            assert refused.status_code == 403
            assert refused.headers["content-type"] == "application/problem+json"
            assert refused.json()["type"].endswith("/origin-refused")
            assert refused.json()["requestId"] == refused.headers["x-request-id"]
            assert "Origin" in refused.headers["vary"]
            assert "access-control-allow-origin" not in refused.headers


async def test_without_the_setting_there_is_no_cors(api: Api) -> None:
    assert "access-control-allow-origin" not in (await api.client.get("/v1/tasks", headers={"Origin": PAGE})).headers
    assert (await api.client.options("/v1/tasks", headers=_preflight(PAGE))).status_code == 405


async def test_on_a_developers_machine_every_page_may_be_let_in(settings: Settings) -> None:
    async with serving(with_page(settings, cors_origins=("*",))) as api:
        answer = await api.client.get("/v1/tasks", headers={"Origin": FOREIGN})
        assert answer.headers["access-control-allow-origin"] == "*"
        assert await _handshake(api, FOREIGN) == 404


async def _handshake(api: Api, origin: str | None, host: str = "127.0.0.1", task_id: object = "none") -> int:
    """The status of a handshake, whose task there is not unless one is named."""
    port = int(api.base_url.rpartition(":")[2])
    url = f"ws://{host}:{port}/v1/ws/tasks/{task_id}"
    said = Origin(origin) if origin is not None else None
    try:
        async with connect(url, origin=said, host="127.0.0.1", port=port, proxy=None):
            return 101
    except InvalidStatus as refused:
        return refused.response.status_code


async def test_sockets_of_foreign_pages_are_refused(settings: Settings, learner: Learner) -> None:
    async with serving(with_page(settings)) as api:
        task_id, _ = await kick_off(learner)
        here = api.base_url
        port = here.rpartition(":")[2]
        for origin, status in (
            (None, 101),
            (PAGE, 101),
            (f"{PAGE}:443", 101),
            (PAGE.upper(), 101),
            (here, 101),
            (FOREIGN, 403),
            ("null", 403),
            ("", 403),
            (f"http://127.0.0.1:{int(port) - 1}", 403),
            ("https://app.example.org.evil.example", 403),
            ("http://app.example.org", 403),
        ):
            assert await _handshake(api, origin, task_id=task_id) == status, origin
        with pytest.raises(InvalidStatus) as refused:
            async with connect(f"{api.ws_url}/v1/ws/tasks/{task_id}", origin=Origin(FOREIGN), proxy=None):
                pass
        assert refused.value.response.headers["content-type"] == "application/problem+json"
        assert "/origin-refused" in (refused.value.response.body or b"").decode()


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("api.example.org", 200),
        ("API.Example.org:8443", 200),
        ("api.example.org.", 200),
        ("a.apps.example.net", 200),
        ("a.b.apps.example.net:80", 200),
        ("[2001:db8::1]:8000", 200),
        ("apps.example.net", 421),
        ("evilapps.example.net", 421),
        ("api.example.org.evil.example", 421),
        ("evil.example", 421),
        ("evil.example/api.example.org", 421),
        ("[2001:db8::2]", 421),
        ("[2001:db8::1", 421),
        ("", 421),
    ],
)
async def test_only_hosts_of_ours_are_answered_for(settings: Settings, host: str, status: int) -> None:
    hosts = ("api.example.org", "*.apps.example.net", "[2001:db8::1]")
    async with serving(settings.model_copy(update={"allowed_hosts": hosts})) as api:
        answer = await api.client.get("/v1/health/live", headers={"Host": host})
        assert answer.status_code == status
        if status == 421:
            assert answer.json()["type"].endswith("/misdirected-request")
            assert host not in answer.text or not host


async def test_a_browser_that_asks_first_is_told_too(settings: Settings) -> None:
    one_host = with_page(settings).model_copy(update={"allowed_hosts": ("api.example.org",)})
    async with serving(one_host) as api, httpx2.AsyncClient(base_url=api.base_url) as plain:
        for host, status in (("api.example.org", 200), ("evil.example", 421)):
            answer = await plain.options("/v1/auth/login", headers={**_preflight(PAGE), "Host": host})
            assert answer.status_code == status
        assert answer.json()["type"].endswith("/misdirected-request")


async def test_no_host_and_two_hosts_are_none(settings: Settings) -> None:
    async with serving(settings.model_copy(update={"allowed_hosts": ("api.example.org",)})) as api:
        for hosts in (b"", b"Host: api.example.org\r\nHost: evil.example\r\n"):
            answer = await send_raw(
                api.base_url, b"GET /v1/health/live HTTP/1.1\r\n" + hosts + b"Connection: close\r\n\r\n"
            )
            assert answer is not None
            assert answer.status == 421
        assert await _handshake(api, None, host="evil.example") == 421
        assert (
            await _handshake(
                api, "http://api.example.org:{}".format(api.base_url.rpartition(":")[2]), host="api.example.org"
            )
            == 404
        )


FORGED = {"X-Forwarded-For": "203.0.113.5", "X-Forwarded-Proto": "https"}


async def _counted_apart(settings: Settings) -> bool:
    """Whether two requests that say they come from different addresses are."""
    limited = settings.model_copy(update={"rate_per_address": "1/day"})
    async with serving(limited) as api:
        first = await api.client.get("/v1/courses", headers=FORGED)
        second = await api.client.get("/v1/courses", headers={**FORGED, "X-Forwarded-For": "203.0.113.6"})
    assert first.status_code == 401
    return second.status_code == 401


@pytest.mark.parametrize(
    ("trusted", "believed"),
    [((), False), (("10.0.0.0/8",), False), (("127.0.0.1/32",), True), (("127.0.0.0/8", "::1/128"), True)],
)
async def test_only_a_proxy_that_is_trusted_is_believed(
    settings: Settings, trusted: tuple[str, ...], believed: bool
) -> None:
    assert await _counted_apart(settings.model_copy(update={"trusted_proxies": trusted})) is believed


async def test_what_a_client_says_before_the_proxy_is_not_believed(settings: Settings) -> None:
    changed = settings.model_copy(update={"trusted_proxies": ("127.0.0.1/32",), "rate_per_address": "1/day"})
    async with serving(changed) as api:
        statuses = [
            (await api.client.get("/v1/courses", headers={"X-Forwarded-For": f"{said}, 203.0.113.9"})).status_code
            for said in ("198.51.100.1", "198.51.100.2", "127.0.0.1")
        ]
    assert statuses == [401, 429, 429]
