"""What a host may do to us, and what we make of it: an answer, or one sentence, and never twice the same wait."""

import asyncio
import gzip
import socket
import threading
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from email.utils import format_datetime

import pytest
from support.source_hosts import (
    HASTY,
    Asked,
    Script,
    black_hole,
    fetcher,
    hangs,
    host,
    http,
    nobody,
    routes,
    sends,
)

from lyo.core.clock import now
from lyo.sources.breaker import Pauses
from lyo.sources.fetching import MOST_BYTES, Fetcher, Patience, user_agent
from lyo.sources.protocol import SourceUnavailable

pytestmark = pytest.mark.anyio

LONG = Pauses(first=600)


async def get(fetcher: Fetcher, base: str, **params: str) -> bytes:
    return (await fetcher.get(base, "/x", params)).body


async def refused(fetcher: Fetcher, base: str) -> tuple[str, float]:
    """The sentence, and how many seconds it took."""
    began = time.monotonic()
    with pytest.raises(SourceUnavailable) as problem:
        await get(fetcher, base)
    return str(problem.value), time.monotonic() - began


def refused_at_once(fetcher: Fetcher, base: str) -> str:
    """The sentence of a refusal that waits for nothing: it comes at the first step."""
    with pytest.raises(SourceUnavailable) as problem:
        fetcher.get(base, "/x", {}).send(None)
    return str(problem.value)


async def test_a_request_says_who_asks_and_keeps_no_cookie() -> None:
    async with host(sends(http(b"yes", Set_Cookie="a=b; Path=/"))) as there, fetcher() as asking:
        assert await get(asking, there.url, q="a b&c=d") == b"yes"
        await get(asking, there.url)
    first, second = there.asked
    assert first.params == {"q": "a b&c=d"}
    assert first.headers["user-agent"] == user_agent("tests@example.org")
    assert "tests@example.org" in first.headers["user-agent"]
    assert first.headers["accept-encoding"] == "identity"
    assert "cookie" not in second.headers


async def test_no_redirect_is_followed() -> None:
    async with host(sends(http(b"secret"))) as elsewhere:
        for location in (f"{elsewhere.url}/x", "/y", "file:///etc/passwd", "//evil.example/x"):
            answer = http(b"", "302 Found", Location=location)
            async with host(sends(answer)) as there, fetcher() as asking:
                sentence, _ = await refused(asking, there.url)
                assert "sends elsewhere" in sentence
                assert len(there.asked) == 1
        assert elsewhere.asked == []


def chunked(*blocks: bytes) -> tuple[bytes, ...]:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    return (head, *(f"{len(block):x}\r\n".encode() + block + b"\r\n" for block in blocks), b"0\r\n\r\n")


@pytest.mark.parametrize("script", [sends(http(b"x" * (3 << 20))), sends(*chunked(*[b"x" * (1 << 18)] * 12))])
async def test_what_is_longer_than_two_mebibytes_is_not_read_to_its_end(script: Script) -> None:
    async with host(script) as there, fetcher() as asking:
        sentence, _ = await refused(asking, there.url)
    assert sentence == "127.0.0.1 sends more than 2 MiB."


async def test_two_mebibytes_are_read() -> None:
    async with host(sends(http(b"x" * MOST_BYTES))) as there, fetcher() as asking:
        assert len(await get(asking, there.url)) == MOST_BYTES


async def test_a_bomb_is_not_unpacked() -> None:
    bomb = gzip.compress(b"\0" * (64 << 20))
    assert len(bomb) < MOST_BYTES
    async with host(sends(http(bomb, Content_Encoding="gzip"))) as there, fetcher() as asking:
        sentence, seconds = await refused(asking, there.url)
    assert "compressed" in sentence
    assert seconds < Patience().silence


async def test_a_slow_drip_ends_when_the_whole_is_too_long() -> None:
    async with host(sends(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n", *[b"x"] * 99, every=0.1)) as there:
        async with fetcher(HASTY, LONG) as asking:
            sentence, seconds = await refused(asking, there.url)
            assert "in time" in sentence
            assert HASTY.whole - 0.1 < seconds < 5  # the whole answer takes ten
            assert refused_at_once(asking, there.url) == sentence
        assert len(there.asked) == 1


async def test_a_host_that_hangs_costs_one_time_out(anyio_backend: str) -> None:
    async with host(hangs) as there, fetcher(pauses=LONG) as asking:
        sentence, seconds = await refused(asking, there.url)
        assert sentence == "127.0.0.1 does not answer in time: check the network."
        assert 5.5 < seconds < Patience().whole
        assert {refused_at_once(asking, there.url) for _ in range(20)} == {sentence}
        assert len(there.asked) == 1


async def test_a_black_hole_costs_the_time_to_connect_once() -> None:
    with black_hole() as base:
        async with fetcher(pauses=LONG) as asking:
            began = time.monotonic()
            first = await asyncio.gather(*(refused(asking, base) for _ in range(12)))
            assert 2.8 < time.monotonic() - began < 2 * Patience().connect
            assert {said for said, _ in first} == {refused_at_once(asking, base)}


async def test_first_requests_at_the_same_time_wait_for_one_time_out_together() -> None:
    async with host(hangs) as there, fetcher(HASTY, LONG) as asking:
        began = time.monotonic()
        await asyncio.gather(*(refused(asking, there.url) for _ in range(30)))
        assert time.monotonic() - began < 5  # one after the other they would wait 24 s
        assert len(there.asked) == 1


async def test_first_requests_at_the_same_time_are_all_answered() -> None:
    async with host(sends(http(b"yes"))) as there, fetcher() as asking:
        assert await asyncio.gather(*(get(asking, there.url) for _ in range(30))) == [b"yes"] * 30


async def test_nobody_there_is_one_sentence_and_the_next_call_does_not_connect() -> None:
    base = nobody()
    async with fetcher(pauses=LONG) as asking:
        sentence, seconds = await refused(asking, base)
        assert sentence == "127.0.0.1 cannot be reached: check the network."
        assert seconds < Patience().connect
        assert refused_at_once(asking, base) == sentence


async def test_after_the_pause_one_request_tries_and_the_others_do_not_wait_for_it() -> None:
    pauses = Pauses(first=1.5, longest=6, trial=0.1)
    async with host(hangs) as there, fetcher(HASTY, pauses) as asking:
        await refused(asking, there.url)
        await asyncio.sleep(pauses.first + 0.05)
        answers = await asyncio.gather(*(refused(asking, there.url) for _ in range(10)))
        assert len(there.asked) == 2
        waited = sorted(seconds for _, seconds in answers)
        assert waited[-2] < HASTY.silence - 0.1 < waited[-1]
        await asyncio.sleep(pauses.first + 0.05)  # the second pause is twice as long
        refused_at_once(asking, there.url)
        assert len(there.asked) == 2


async def test_a_host_that_comes_back_is_asked_again_by_all() -> None:
    bad = [True]

    def answer(asked: Asked) -> object:
        return http(b"", "503 Service Unavailable", Retry_After="1") if bad[0] else {"ok": True}

    async with host(routes({"/x": answer})) as there, fetcher() as asking:
        await refused(asking, there.url)
        bad[0] = False
        await asyncio.sleep(1.1)
        await asyncio.gather(*(get(asking, there.url) for _ in range(10)))
        assert len(there.asked) == 11


@pytest.mark.parametrize("status", ["429 Too Many Requests", "503 Service Unavailable"])
@pytest.mark.parametrize(
    ("header", "least", "most"),
    [
        ("120", 120, 120),
        (timedelta(seconds=300), 290, 300),  # a date is in whole seconds, and of the time before the request
        ("0", 1, 1),
        ("-5", 30, 30),
        ("soon", 30, 30),
        ("Fri, 99 Foo 2026 00:00:00 GMT", 30, 30),
        (timedelta(days=-3), 1, 1),
        ("999999999", 3600, 3600),
        ("9" * 400, 30, 30),
        ("٣", 30, 30),
        (None, 30, 30),
    ],
)
async def test_a_host_that_asks_for_a_pause_gets_it(
    status: str, header: str | timedelta | None, least: float, most: float
) -> None:
    said = format_datetime(now() + header, usegmt=True) if isinstance(header, timedelta) else header
    more = {} if said is None else {"Retry_After": said}
    answer = http(b"", status, **more)
    async with host(sends(answer)) as there, fetcher(pauses=Pauses(first=30)) as asking:
        before = time.monotonic()
        sentence, took = await refused(asking, there.url)
        assert "asks to be left alone" in sentence
        assert before + least <= asking.gate(there.url).closed_until <= before + took + most
        assert refused_at_once(asking, there.url) == sentence
        assert len(there.asked) == 1


async def test_a_good_answer_that_was_under_way_does_not_end_a_pause() -> None:
    slow = asyncio.Event()

    async def answer(asked: Asked) -> AsyncIterator[bytes]:
        if asked.params.get("q") == "slow":
            await slow.wait()
            yield http(b"late")
        elif asked.params.get("q") == "busy":
            yield http(b"", "429 Too Many Requests", Retry_After="60")
        else:
            yield http(b"yes")

    async with host(answer) as there, fetcher(pauses=LONG) as asking:
        await get(asking, there.url)
        late = asyncio.create_task(get(asking, there.url, q="slow"))
        await asyncio.sleep(0.1)
        with pytest.raises(SourceUnavailable):
            await get(asking, there.url, q="busy")
        slow.set()
        assert await late == b"late"
        refused_at_once(asking, there.url)


@pytest.mark.parametrize(
    "answer",
    [
        http(b"", "500 Internal Server Error"),
        http(b"", "404 Not Found"),
        http(b"", "204 No Content"),
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\ncut",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * (200 << 10) + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"",
    ],
)
async def test_a_bad_answer_is_one_sentence_and_after_three_there_is_a_pause(answer: bytes) -> None:
    async with host(sends(answer)) as there, fetcher(pauses=LONG) as asking:
        sentences = {(await refused(asking, there.url))[0] for _ in range(3)}
        assert len(there.asked) == 3
        (sentence,) = sentences
        assert sentence.startswith("127.0.0.1 ")
        assert sentence.endswith(".")
        assert refused_at_once(asking, there.url) == sentence
        assert len(there.asked) == 3


async def test_the_hosts_do_not_share_a_gate() -> None:
    async with host(sends(http(b"yes"))) as there, fetcher(pauses=LONG) as asking:
        await refused(asking, nobody())
        assert await get(asking, there.url) == b"yes"


async def test_a_caller_that_gives_up_leaves_the_trial_to_the_next() -> None:
    first = [True]

    async def answer(asked: Asked) -> AsyncIterator[bytes]:
        if first.pop() if first else False:
            await asyncio.Event().wait()
        yield http(b"yes")

    async with host(answer) as there, fetcher(pauses=LONG) as asking:
        leaving = asyncio.create_task(get(asking, there.url))
        await asyncio.sleep(0.1)
        staying = asyncio.create_task(get(asking, there.url))
        await asyncio.sleep(0.05)
        leaving.cancel()
        assert await staying == b"yes"


async def test_a_caller_that_loses_patience_opens_the_breaker() -> None:
    async with host(hangs) as there, fetcher(Patience(connect=0.2, silence=5, whole=5), LONG) as asking:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1):
                await get(asking, there.url)
        refused_at_once(asking, there.url)


async def test_no_more_than_three_at_once(anyio_backend: str) -> None:
    now_open = [0]
    most = [0]

    async def answer(asked: Asked) -> AsyncIterator[bytes]:
        now_open[0] += 1
        most[0] = max(most[0], now_open[0])
        await asyncio.sleep(0.05)
        now_open[0] -= 1
        yield http(b"yes")

    async with host(answer) as there, fetcher() as asking:
        await asyncio.gather(*(get(asking, there.url) for _ in range(12)))
    assert most == [3]


async def test_a_resolver_that_hangs_takes_no_thread_from_others(monkeypatch: pytest.MonkeyPatch) -> None:
    free = threading.Event()
    real = socket.getaddrinfo

    def hang(name: str, *arguments: object, **more: object) -> object:
        if name.endswith(".example"):
            free.wait(20)
            raise socket.gaierror(-3, "Temporary failure in name resolution")
        return real(name, *arguments, **more)  # type: ignore[arg-type]  # passed on

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    try:
        async with fetcher(HASTY, LONG) as asking:
            began = time.monotonic()
            asked = [asyncio.create_task(refused(asking, f"https://host{n}.example")) for n in range(40)]
            assert await asyncio.wait_for(asyncio.to_thread(lambda: 7), 10) == 7
            sentences = await asyncio.gather(*asked)
            assert time.monotonic() - began < 10  # half of what the resolver hangs for
            assert sentences[0][0] == "host0.example does not answer in time: check the network."
    finally:
        free.set()


def test_the_user_agent_without_a_contact_says_so() -> None:
    assert "the operator has set none" in user_agent(None)


async def test_the_statuses_that_were_asked_for_are_answers() -> None:
    async with host(sends(http(b"gone", "404 Not Found"))) as there, fetcher() as asking:
        fetched = await asking.get(there.url, "/x", {}, statuses={200, 404})
        assert (fetched.status, fetched.body) == (404, b"gone")


async def test_a_base_with_a_path_keeps_it() -> None:
    async with host(routes({"/api/v1/x": {}})) as there, fetcher() as asking:
        await get(asking, f"{there.url}/api/v1/")
    assert there.asked[0].path == "/api/v1/x"
