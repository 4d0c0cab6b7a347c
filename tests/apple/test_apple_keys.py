import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from support.apple_host import HASTY, NONCE, StandInApple, as_json, public_jwk, rsa_key
from support.source_hosts import black_hole, http, nobody

from lyo.apple.asking import Patience
from lyo.apple.client import KEEPING, PATIENCE, Apple, open_apple
from lyo.apple.errors import AppleUnavailable, NotFromApple
from lyo.apple.keys import Keeping
from lyo.core.settings import Settings

pytestmark = pytest.mark.anyio

KEYS = "/auth/keys"


@asynccontextmanager
async def keeping(settings: Settings, patience: Patience = PATIENCE, **seconds: float) -> AsyncGenerator[Apple]:
    async with open_apple(settings, patience=patience, keeping=Keeping(**seconds)) as apple:
        yield apple


async def signs_in(apple: Apple, host: StandInApple, **header: Any) -> bool:
    """Whether a good token is taken; raises if nobody can tell."""
    try:
        await apple.identity(host.sign(host.claims(), **header), nonce=NONCE)
    except NotFromApple:
        return False
    return True


async def test_keys_are_fetched_once(host: StandInApple, apple: Apple) -> None:
    assert not host.asked, "nothing is asked before it is needed"
    assert all([await signs_in(apple, host) for _ in range(3)])
    assert host.count(KEYS) == 1


async def test_however_many_come_at_once_share_one_fetch(host: StandInApple, apple: Apple) -> None:
    host.delay = 0.1
    assert all(await asyncio.gather(*(signs_in(apple, host) for _ in range(100))))
    assert host.count(KEYS) == 1


async def test_who_leaves_does_not_take_the_fetch_away_from_the_others(host: StandInApple, apple: Apple) -> None:
    host.delay = 0.2
    first = asyncio.create_task(signs_in(apple, host))
    await asyncio.sleep(0.05)
    second = asyncio.create_task(signs_in(apple, host))
    await asyncio.sleep(0.05)
    first.cancel()
    assert await second
    assert host.count(KEYS) == 1


async def test_a_storm_of_unknown_keys_makes_us_ask_once_more_and_no_oftener(host: StandInApple, apple: Apple) -> None:
    assert await signs_in(apple, host)
    storm = await asyncio.gather(*(signs_in(apple, host, kid=f"unknown-{n}") for n in range(100)))
    assert not any(storm)
    assert not any([await signs_in(apple, host, kid=f"unknown-{n}") for n in range(100)])
    assert host.count(KEYS) == 2
    assert await signs_in(apple, host)


async def test_a_storm_at_the_start_makes_us_ask_once(host: StandInApple, apple: Apple) -> None:
    storm = await asyncio.gather(*(signs_in(apple, host, kid=f"unknown-{n}") for n in range(100)))
    assert not any(storm)
    assert host.count(KEYS) == 1


async def test_a_key_that_is_new_is_found(host: StandInApple, apple: Apple) -> None:
    assert await signs_in(apple, host)
    old = host.sign(host.claims())
    host.rotate("second")
    host.delay = 0.1
    assert all(await asyncio.gather(*(signs_in(apple, host) for _ in range(10))))
    assert host.count(KEYS) == 2
    with pytest.raises(NotFromApple):
        await apple.identity(old, nonce=NONCE)


async def test_after_a_while_unknown_keys_are_looked_for_again(host: StandInApple, apple_settings: Settings) -> None:
    rsa_key("second")  # making one may take longer than the wait
    async with keeping(apple_settings, unknown=1.5) as apple:
        assert await signs_in(apple, host)
        assert not await signs_in(apple, host, kid="unknown")
        host.rotate("second")
        assert not await signs_in(apple, host)
        await asyncio.sleep(1.6)
        assert await signs_in(apple, host)


async def test_keys_are_looked_at_again_when_they_are_old(host: StandInApple, apple_settings: Settings) -> None:
    async with keeping(apple_settings, fresh=0.2) as apple:
        token = host.sign(host.claims())
        assert await signs_in(apple, host)
        host.rotate("second")
        await asyncio.sleep(0.25)
        with pytest.raises(NotFromApple):
            await apple.identity(token, nonce=NONCE)
        assert host.count(KEYS) == 2


SENSELESS = {
    "500": http(b"{}", "500 Internal Server Error"),
    "no answer": b"",
    "no HTTP": b"220 mail.example.com ESMTP\r\n\r\n",
    "a page": http(b"<html>", Content_Type="text/html"),
    "elsewhere": http(b"", "302 Found", Location="/auth/keys"),
    "broken off": http(b"x" * 100)[:60],
    "too long": http(b'{"keys": [' + b" " * (64 << 10) + b"]}"),
    "too deep": http(b"[" * 50_000),
    "a list": as_json([]),
    "no keys": as_json({}),
    "no list of keys": as_json({"keys": {"first": 1}}),
    "no usable keys": as_json({"keys": [1, {}, {"kid": "first", "kty": "RSA"}]}),
    "compressed": http(b"\x1f\x8b", Content_Encoding="gzip"),
}


@pytest.mark.parametrize("answer", SENSELESS.values(), ids=SENSELESS)
async def test_an_apple_that_makes_no_sense_is_unavailable(
    host: StandInApple, apple_settings: Settings, answer: bytes
) -> None:
    async with keeping(apple_settings, fresh=0.05, pause=0.0) as apple:
        host.instead[KEYS] = answer
        with pytest.raises(AppleUnavailable) as refused:
            await signs_in(apple, host)
        assert (refused.value.status, refused.value.headers) == (503, {"Retry-After": "5"})
        del host.instead[KEYS]
        assert await signs_in(apple, host), "it is asked again at once, while we have no keys at all"
        host.instead[KEYS] = answer
        await asyncio.sleep(0.1)
        assert await signs_in(apple, host), "the keys that we have are good while Apple is away"
        with pytest.raises(AppleUnavailable):
            await signs_in(apple, host, kid="unknown")


async def test_an_apple_that_does_not_answer_is_unavailable_in_time(
    host: StandInApple, apple_settings: Settings
) -> None:
    with black_hole() as nowhere:
        for url in (nobody(), nowhere, host.url):
            host.instead["*"] = None
            settings = apple_settings.model_copy(update={"apple_base_url": url})
            async with asyncio.timeout(20), keeping(settings, HASTY) as apple:
                with pytest.raises(AppleUnavailable):
                    await signs_in(apple, host)


async def test_an_apple_that_drips_is_unavailable_in_time(host: StandInApple, apple_settings: Settings) -> None:
    host.delay = 60
    async with asyncio.timeout(20), keeping(apple_settings, HASTY) as apple:
        with pytest.raises(AppleUnavailable):
            await signs_in(apple, host)


async def test_while_apple_is_away_it_is_not_asked_by_everybody(host: StandInApple, apple_settings: Settings) -> None:
    async with keeping(apple_settings, Patience(silence=1), fresh=0.05) as apple:
        assert await signs_in(apple, host)
        host.instead["*"] = None
        await asyncio.sleep(0.1)
        assert all(await asyncio.gather(*(signs_in(apple, host) for _ in range(20))))
        assert all([await signs_in(apple, host) for _ in range(20)])
        for _ in range(20):
            with pytest.raises(AppleUnavailable):
                await signs_in(apple, host, kid="unknown")
        assert host.count(KEYS) == 2


async def test_keys_are_not_good_for_ever_while_apple_is_away(host: StandInApple, apple_settings: Settings) -> None:
    async with keeping(apple_settings, fresh=0.05, stale=1.0, pause=0.0) as apple:
        assert await signs_in(apple, host)
        host.instead["*"] = b""
        await asyncio.sleep(1.05)
        with pytest.raises(AppleUnavailable):
            await signs_in(apple, host)
    assert KEEPING.stale == 24 * 3600


async def test_closing_does_not_wait_for_apple(host: StandInApple, apple_settings: Settings) -> None:
    host.instead["*"] = None
    async with keeping(apple_settings) as apple:
        asking = asyncio.create_task(signs_in(apple, host))
        await asyncio.sleep(0.1)
    await asyncio.wait([asking], timeout=1)
    assert asking.cancelled()


@pytest.mark.parametrize(
    "change",
    [
        {"kty": "EC"},
        {"kty": "oct", "k": "c2VjcmV0"},
        {"alg": "RS512"},
        {"alg": "HS256"},
        {"use": "enc"},
        {"kid": None},
        {"kid": 7},
        {"n": None},
        {"n": "AQAB"},
        {"n": "not base64 é"},
        {"e": 7},
        {"n": public_jwk("short", rsa_key("short", 1024))["n"]},
    ],
)
async def test_a_key_that_is_not_for_this_is_ignored(host: StandInApple, apple: Apple, change: dict[str, Any]) -> None:
    spare = public_jwk("spare", rsa_key("spare"))
    host.served = [{**public_jwk("first", rsa_key("first")), **change}, spare]
    assert not await signs_in(apple, host)
    host.kid = "spare"
    assert await signs_in(apple, host)


async def test_a_private_key_among_the_public_ones_is_read_as_public(host: StandInApple, apple: Apple) -> None:
    host.served = [{**public_jwk("first", rsa_key("first")), "d": "AQAB", "p": "x"}]
    assert await signs_in(apple, host)


async def test_a_key_may_leave_out_what_it_is_for(host: StandInApple, apple: Apple) -> None:
    jwk = public_jwk("first", rsa_key("first"))
    host.served = [{name: jwk[name] for name in ("kid", "kty", "n", "e")}]
    assert await signs_in(apple, host)
