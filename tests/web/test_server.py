import asyncio
import base64
import time
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest
from fastapi.responses import StreamingResponse
from support.api import Api, serving
from support.raw import RawAnswer, parse_raw, send_raw
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from lyo.core.settings import Settings
from lyo.web import server

pytestmark = pytest.mark.anyio

LIVE = b"GET /v1/health/live HTTP/1.1\r\nHost: localhost\r\n"
LAST = b"Connection: close\r\n\r\n"
LOGIN = b"POST /v1/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
UPGRADE = b"Host: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
KEY = b"Sec-WebSocket-Key: " + base64.b64encode(b"0123456789abcdef") + b"\r\n"


def assert_refused(answer: RawAnswer | None, status: int, slug: str) -> None:
    assert answer is not None, "closed without an answer"
    assert answer.status == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["connection"] == "close"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.problem["type"].endswith(f"/{slug}")
    assert answer.problem["requestId"] == answer.headers["x-request-id"]


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "HEAD_SECONDS", 0.6)


@pytest.fixture
def impatient_of_bodies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "BODY_SECONDS", 0.6)


@pytest.mark.parametrize(
    "bad",
    [
        b"GARBAGE\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET /v1/health/live HTTP/9.9\r\n\r\n",
        b"GET /\xc3\xa9 HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"CONNECT localhost:443 HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost : localhost\r\n\r\n",
        b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
    ],
)
async def test_what_is_no_request_is_refused_with_a_problem(api: Api, bad: bytes) -> None:
    assert_refused(await send_raw(api.base_url, bad), 400, "bad-request")


async def test_a_refusal_is_logged_under_the_id_that_the_client_chose(
    api: Api, caplog: pytest.LogCaptureFixture
) -> None:
    answer = await send_raw(
        api.base_url, b"GET / HTTP/1.1\r\nX-Request-ID: find-me-again\r\nHost: localhost\r\nno colon\r\n\r\n"
    )
    assert answer is not None
    assert answer.headers["x-request-id"] == "find-me-again"
    assert "find-me-again" in caplog.text


@pytest.mark.parametrize(
    "head",
    [
        LIVE + b"X-Long: " + b"x" * 40_000 + b"\r\n" + LAST,
        LIVE + b"X-Long: " + b"x" * 40_000,
        LIVE + b"X-Long: " + b"x" * 5_000_000,
        LIVE + b"X-Short: y\r\n" * 4000 + LAST,
        b"GET /" + b"x" * 40_000 + b" HTTP/1.1\r\nHost: localhost\r\n" + LAST,
        b"GET /v1/health/live?" + b"x" * 40_000,
    ],
    ids=["one", "one-without-end", "huge", "many", "line", "line-without-end"],
)
async def test_a_head_over_the_limit_is_refused(api: Api, head: bytes) -> None:
    assert_refused(await send_raw(api.base_url, head), 431, "headers-too-large")


async def test_a_head_below_the_limit_is_read_in_any_portions(api: Api) -> None:
    whole = LIVE + b"X-Long: " + b"x" * 32_000 + b"\r\n" + LAST
    answer = await send_raw(api.base_url, *(whole[at : at + 9_000] for at in range(0, len(whole), 9_000)), pause=0.01)
    assert answer is not None
    assert answer.status == 200


async def test_heads_that_are_sent_ahead_are_measured_one_by_one(api: Api) -> None:
    one = LIVE + b"X-Long: " + b"x" * 10_000 + b"\r\n\r\n"
    address = urlsplit(api.base_url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    writer.write(one * 6 + one[:200])
    await asyncio.sleep(0.3)
    writer.write(one[200:-2] + LAST)
    received = await asyncio.wait_for(reader.read(), 10)
    writer.transport.abort()
    assert received.count(b"HTTP/1.1 200 OK") == 7


@pytest.mark.parametrize("begin", [b"", b"\r\n", LIVE, b"GET /v1/heal"])
@pytest.mark.usefixtures("impatient")
async def test_a_head_that_takes_too_long_is_cut_off(api: Api, begin: bytes) -> None:
    began = time.monotonic()
    assert await send_raw(api.base_url, begin) is None
    assert time.monotonic() - began < 5


@pytest.mark.usefixtures("impatient")
async def test_drops_of_a_head_do_not_buy_time(api: Api) -> None:
    began = time.monotonic()
    with pytest.raises(OSError, match=r"."):
        await send_raw(api.base_url, LIVE, *[b"X: y\r\n"] * 100, pause=0.1)
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("after", [b"\r\n", b"GET /v1"])
@pytest.mark.usefixtures("impatient")
async def test_neither_do_they_after_a_request(api: Api, after: bytes) -> None:
    answer = await send_raw(api.base_url, LIVE + b"\r\n", after, pause=0.2)
    assert answer is not None
    assert answer.status == 200


@pytest.mark.usefixtures("impatient")
async def test_a_body_and_an_answer_may_take_longer_than_a_head(api: Api) -> None:
    @api.app.get("/v1/slow")
    async def slow() -> None:
        await asyncio.sleep(1.5)

    body = b'{"email": "a@b.example", "password": "x"}'
    head = LOGIN + b"Content-Length: " + str(len(body)).encode() + b"\r\n" + LAST
    answer = await send_raw(api.base_url, head, body[:10], body[10:], pause=0.6)
    assert answer is not None
    assert answer.status == 401
    # The next head has begun, and waits for the answer to this request.
    ask = b"GET /v1/slow HTTP/1.1\r\nHost: localhost\r\n\r\n"
    for parts in ((ask + b"GET /v1",), (ask, b"GET /v1")):
        answer = await send_raw(api.base_url, *parts, pause=0.1)
        assert answer is not None
        assert answer.status == 200


@pytest.mark.parametrize("announced", [b"Content-Length: 100\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\n"])
@pytest.mark.parametrize("drop", [b"", b"1\r\n \r\n"], ids=["silence", "drops"])
@pytest.mark.usefixtures("impatient_of_bodies")
async def test_a_body_that_takes_too_long_is_refused(api: Api, announced: bytes, drop: bytes) -> None:
    began = time.monotonic()
    assert_refused(await send_raw(api.base_url, LOGIN + announced, drop, drop, pause=0.1), 408, "request-timeout")
    assert time.monotonic() - began < 5


@pytest.mark.usefixtures("impatient_of_bodies")
async def test_nobody_waits_for_a_body_whose_answer_is_given(api: Api) -> None:
    head = b"POST /v1/nothing HTTP/1.1\r\nHost: localhost\r\nContent-Length: 50\r\n\r\n"
    began = time.monotonic()
    with pytest.raises(OSError, match=r"."):
        await send_raw(api.base_url, head, *[b"x"] * 40, pause=0.1)
    assert time.monotonic() - began < 5


@pytest.mark.usefixtures("impatient_of_bodies")
async def test_a_body_that_waits_behind_another_request_is_given_time(api: Api) -> None:
    @api.app.get("/v1/slow")
    async def slow() -> None:
        await asyncio.sleep(1.5)

    ask = b"GET /v1/slow HTTP/1.1\r\nHost: localhost\r\n\r\n"
    body = b'{"email": "a@b.example", "password": "x"}'
    head = LOGIN + b"Content-Length: " + str(len(body)).encode() + b"\r\n" + LAST
    answer = await send_raw(api.base_url, ask + head, body, pause=0.1)
    assert answer is not None
    assert answer.status == 200
    assert b"HTTP/1.1 401" in answer.body


async def test_a_body_that_breaks_off_into_nonsense_is_refused(api: Api) -> None:
    head = LOGIN + b"Transfer-Encoding: chunked\r\n\r\n"
    answer = await send_raw(api.base_url, head, b"5\r\nhello\r\n", b"nonsense\r\n", pause=0.05)
    assert_refused(answer, 400, "bad-request")


@pytest.mark.parametrize("flood", [b"X-Trailer: " + b"x" * 300_000, b"X: y\r\n" * 9000])
async def test_trailers_are_headers_too(api: Api, flood: bytes) -> None:
    head = LOGIN + b"Transfer-Encoding: chunked\r\n\r\n"
    answer = await send_raw(api.base_url, head + b"2\r\n{}\r\n", b"0\r\n" + flood, pause=0.05)
    assert_refused(answer, 431, "headers-too-large")


async def test_nonsense_after_a_request_does_not_take_its_answer(api: Api) -> None:
    @api.app.get("/v1/slow")
    async def slow() -> None:
        await asyncio.sleep(1)

    ask = b"GET /v1/slow HTTP/1.1\r\nHost: localhost\r\n\r\n"
    answer = await send_raw(api.base_url, ask, b"NONSENSE\r\n\r\n", b"and more", pause=0.05)
    assert answer is not None
    assert answer.status == 200
    assert b"HTTP/1.1" not in answer.body
    upgrade = LOGIN + b"Connection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 2\r\n\r\n{}"
    answer = await send_raw(api.base_url, ask, upgrade, pause=0.05)
    assert answer is not None
    assert answer.status == 200
    assert b"HTTP/1.1" not in answer.body
    # With more of them waiting there is no telling whose answer a refusal would be.
    assert await send_raw(api.base_url, ask + ask + b"NONSENSE\r\n\r\n") is None


@pytest.mark.parametrize(
    "handshake",
    [
        b"GET /v1/ws/tasks/1 HTTP/1.1\r\n" + UPGRADE + b"Sec-WebSocket-Version: 13\r\n",
        b"GET /v1/ws/tasks/1 HTTP/1.1\r\n" + UPGRADE + b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: short\r\n",
        b"GET /v1/ws/tasks/1 HTTP/1.1\r\n" + UPGRADE + KEY + b"Sec-WebSocket-Version: 8\r\n",
        b"GET /v1/ws/tasks/1 HTTP/1.1\r\n" + UPGRADE + KEY,
        b"POST /v1/ws/tasks/1 HTTP/1.1\r\n" + UPGRADE + KEY + b"Sec-WebSocket-Version: 13\r\n",
        b"GET /v1/ws/tasks/1 HTTP/1.1\r\n"
        + UPGRADE
        + KEY
        + b"Sec-WebSocket-Version: 13\r\nX: "
        + b"x" * 9000
        + b"\r\n",
        b"GET /v1/ws/tasks/1 HTTP/1.1\r\n" + UPGRADE + KEY + b"Sec-WebSocket-Version: 13\r\n" + b"X: y\r\n" * 130,
        b"GET /v1/ws/tasks/1 HTTP/1.1\r\n"
        + UPGRADE
        + KEY
        + b"Sec-WebSocket-Version: 13\r\n"
        + b"Origin: http://a\r\n" * 2,
    ],
    ids=["no-key", "short-key", "version", "no-version", "post", "long-line", "many-headers", "two-origins"],
)
async def test_a_handshake_that_is_none_is_refused_with_a_problem(api: Api, handshake: bytes) -> None:
    answer = await send_raw(api.base_url, handshake + b"\r\n")
    assert_refused(answer, 400, "bad-request")
    assert answer is not None
    assert answer.headers["sec-websocket-version"] == "13"


@pytest.mark.parametrize(
    "body", [b"Content-Length: 1\r\n\r\nx", b"Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n"]
)
@pytest.mark.parametrize("to", [b"h2c", b"foo", b"websocket"])
async def test_an_upgrade_with_a_body_is_refused_and_its_body_is_no_request(api: Api, to: bytes, body: bytes) -> None:
    head = LOGIN + b"Connection: Upgrade\r\nUpgrade: " + to + b"\r\n"
    assert_refused(await send_raw(api.base_url, head + body), 400, "bad-request")
    handshake = b"GET /v1/ws/tasks/1 HTTP/1.1\r\n" + UPGRADE + KEY + b"Sec-WebSocket-Version: 13\r\n"
    answer = await send_raw(api.base_url, handshake + body + LIVE + b"\r\n")
    assert_refused(answer, 400, "bad-request")
    assert answer is not None
    assert b"HTTP/1.1" not in answer.body


async def test_a_trailer_is_no_header(api: Api) -> None:
    body = b"2\r\n{}\r\n0\r\nX-Request-ID: from-the-trailer\r\nAuthorization: Bearer x\r\n\r\n"
    answer = await send_raw(api.base_url, LOGIN + b"Transfer-Encoding: chunked\r\n" + LAST + body)
    assert answer is not None
    assert answer.status == 422
    assert answer.headers["x-request-id"] != "from-the-trailer"


async def test_a_token_is_too_long_only_by_itself(api: Api) -> None:
    for parts in ((40_000,), (10_000, 30_000)):
        token = b"".join(b"x" * part for part in parts)
        answer = await send_raw(api.base_url, LIVE + b"Authorization: Bearer " + token + b"\r\n" + LAST)
        assert_refused(answer, 401, "invalid-token")
    crowded = LIVE + b"Cookie: " + b"x" * 32_000 + b"\r\nAuthorization: Bearer " + b"x" * 700 + b"\r\n"
    assert_refused(await send_raw(api.base_url, crowded + LAST), 431, "headers-too-large")
    assert_refused(await send_raw(api.base_url, crowded), 431, "headers-too-large")


async def test_another_upgrade_is_ignored(api: Api) -> None:
    answer = await send_raw(api.base_url, LIVE + b"Upgrade: h2c\r\nConnection: Upgrade, close\r\n\r\n")
    assert answer is not None
    assert answer.status == 200


async def test_a_body_of_unknown_length_is_measured_as_it_comes(api: Api) -> None:
    chunk = b"2000\r\n" + b"x" * 0x2000 + b"\r\n"
    answer = await send_raw(api.base_url, LOGIN + b"Transfer-Encoding: chunked\r\n" + LAST + chunk * 9)
    assert answer is not None
    assert answer.status == 413
    assert answer.headers["content-type"] == "application/problem+json"


async def test_an_answer_that_fails_in_the_middle_breaks_off(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    async def half() -> AsyncIterator[bytes]:
        yield b"half"
        raise RuntimeError

    @api.app.get("/v1/half")
    async def fault() -> StreamingResponse:
        return StreamingResponse(half())

    answer = await send_raw(api.base_url, b"GET /v1/half HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert answer is not None
    assert answer.status == 200
    assert not answer.body.endswith(b"0\r\n\r\n")
    assert "request.failed" in caplog.text


async def test_a_transport_that_cannot_close_by_halves_is_closed(settings: Settings) -> None:
    """TLS cannot; the answer is sent all the same."""
    closed: list[str] = []

    class Tls(asyncio.Transport):
        def can_write_eof(self) -> bool:
            return False

        def is_closing(self) -> bool:
            return bool(closed)

        def close(self) -> None:
            closed.append("closed")

    lingering = server.Lingering(Tls(), asyncio.get_running_loop())
    assert not lingering.is_closing()
    lingering.close()
    assert lingering.is_closing()


async def test_production_runs_the_protocol_that_is_tested_here(settings: Settings) -> None:
    async with serving(settings) as api:
        config = server.server_config(api.app, settings)
    assert issubclass(server.GuardedHttp, HttpToolsProtocol)
    assert config.http is server.GuardedHttp
    assert not config.proxy_headers
    assert parse_raw(b"HTTP/1.1 204 No Content\r\nA: b\r\n\r\n").headers == {"a": "b"}
