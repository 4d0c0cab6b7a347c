import asyncio
import time
from collections import Counter
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from limits import parse
from redis.asyncio import Redis
from support.api import PASSWORD, Api, Learner, serving
from support.settings import plain_settings
from support.tasks import kick_off
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Subprotocol

from lyo.accounts.passwords import WAITING_AT_MOST, password_matches
from lyo.core.settings import Mode, Settings

pytestmark = pytest.mark.anyio

WRONG = "wrong horse"


def production(settings: Settings, **changes: Any) -> Settings:
    """Loopback is an address like any other, and tests may say that they come from elsewhere."""
    changes = {"trusted_proxies": ("127.0.0.0/8",), **changes}
    return settings.model_copy(update={"lyo_mode": Mode.PRODUCTION, **changes})


def coming_from(address: str) -> dict[str, str]:
    return {"X-Forwarded-For": address}


async def try_password(api: Api, email: str, password: str = WRONG, address: str = "192.0.2.1") -> httpx2.Response:
    return await api.client.post(
        "/v1/auth/login", json={"email": email, "password": password}, headers=coming_from(address)
    )


async def test_a_demo_and_a_fuzzer_on_the_same_machine_are_never_limited(api: Api, learner: Learner) -> None:
    answers = [await api.client.post("/v1/auth/login", json={"email": "a@b", "password": "x"}) for _ in range(100)]
    answers.append(await learner.client.get("/v1/tasks"))
    assert Counter(answer.status_code for answer in answers) == {401: 100, 200: 1}
    assert not any("ratelimit" in answer.headers for answer in answers)


async def test_a_developer_who_sets_a_rate_sees_it_at_work(settings: Settings) -> None:
    async with serving(settings.model_copy(update={"rate_per_address": "2/day"})) as api:
        answers = [await api.client.get("/v1/courses") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [401, 401, 429]


async def test_in_the_local_mode_strangers_are_limited(settings: Settings) -> None:
    local = settings.model_copy(update={"trusted_proxies": ("127.0.0.1",)})
    async with serving(local) as api:
        answer = await api.client.get("/v1/courses", headers=coming_from("192.0.2.9"))
        assert answer.headers["ratelimit-policy"] == '"address";q=1200;w=60'


async def test_requests_without_a_token_count_by_address(settings: Settings) -> None:
    async with serving(production(settings, rate_per_address="3/day")) as api:
        answers = [await api.client.get("/v1/courses", headers=coming_from("192.0.2.1")) for _ in range(4)]
        assert [answer.status_code for answer in answers] == [401, 401, 401, 429]
        assert [answer.headers["ratelimit"].partition(";t=")[0] for answer in answers] == [
            '"address";r=2',
            '"address";r=1',
            '"address";r=0',
            '"address";r=0',
        ]
        assert {answer.headers["ratelimit-policy"] for answer in answers} == {'"address";q=3;w=86400'}
        refused = answers[-1]
        assert refused.json()["type"].endswith("/too-many-requests")
        assert refused.headers["retry-after"] == refused.headers["ratelimit"].rpartition("=")[2]
        assert 1 <= int(refused.headers["retry-after"]) <= 86400
        # Whatever is asked, and whoever says that they are somebody.
        for path, headers in (("/nothing", {}), ("/v1/courses", {"Authorization": "Bearer forged"})):
            answer = await api.client.get(path, headers={**coming_from("192.0.2.1"), **headers})
            assert answer.status_code == 429
        for path, paths in api.contract.document["paths"].items():
            if path.startswith("/v1/health/"):
                answer = await api.client.get(path, headers=coming_from("192.0.2.1"))
                assert str(answer.status_code) in paths["get"]["responses"]
                assert answer.status_code != 429
        assert (await api.client.get("/v1/health/x", headers=coming_from("192.0.2.1"))).status_code == 429
        assert (await api.client.get("/v1/courses", headers=coming_from("192.0.2.2"))).status_code == 401


async def test_one_customer_has_one_count_however_many_addresses_of_ipv6(settings: Settings) -> None:
    async with serving(production(settings, rate_per_address="2/day")) as api:

        async def asking(address: str) -> int:
            return (await api.client.get("/v1/courses", headers=coming_from(address))).status_code

        assert [await asking(f"2001:db8:1:2::{n}") for n in (1, 2, 3)] == [401, 401, 429]
        assert await asking("2001:db8:1:3::1") == 401
        assert [await asking(address) for address in ("::ffff:192.0.2.1", "192.0.2.1", "192.0.2.1")] == [401, 401, 429]
        assert [await asking("unknown") for _ in range(3)] == [401, 401, 429]


async def test_requests_with_a_good_token_count_by_user(settings: Settings) -> None:
    async with serving(production(settings, rate_per_user="3/day", rate_per_address="20/day")) as api:
        first, second = await api.new_learner(), await api.new_learner()
        answers = [await first.client.get("/v1/tasks") for _ in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        assert answers[0].headers["ratelimit-policy"] == '"user";q=3;w=86400'
        other = await second.client.get("/v1/tasks")
        assert other.status_code == 200
        assert other.headers["ratelimit"].startswith('"user";r=2;t=')
        await first.client.aclose()
        await second.client.aclose()


async def test_a_socket_counts_too_and_its_refusal_is_a_real_429(settings: Settings) -> None:
    async with serving(production(settings, rate_per_user="2/day", rate_per_address="3/day")) as api:
        learner = await api.new_learner()
        task_id, _ = await kick_off(learner)
        url = f"{api.ws_url}/v1/ws/tasks/{task_id}"
        bearer = [Subprotocol("bearer"), Subprotocol(learner.access_token)]
        async with connect(url, subprotocols=bearer, proxy=None) as socket:
            await socket.recv()
        for opening in (
            connect(url, subprotocols=bearer, proxy=None),
            connect(url, additional_headers={"Authorization": f"Bearer {learner.access_token}"}, proxy=None),
        ):
            with pytest.raises(InvalidStatus) as refused:
                async with opening:
                    pass
            assert refused.value.response.status_code == 429
            assert refused.value.response.headers["content-type"] == "application/problem+json"
            assert int(refused.value.response.headers["retry-after"]) >= 1
            assert refused.value.response.headers["ratelimit"].startswith('"user";r=0;t=')
        async with connect(url, proxy=None) as socket:  # nobody counts as nobody
            await socket.recv()
        await learner.client.aclose()


async def test_guesses_at_once_are_no_way_round(settings: Settings) -> None:
    async with serving(production(settings, rate_login_per_address="1000/day", rate_login_per_account="10/day")) as api:
        _, email = await api.make_user()
        for address in (email, "nobody@example.com"):
            answers = await asyncio.gather(*(try_password(api, address.upper()) for _ in range(50)))
            assert Counter(answer.status_code for answer in answers) == {401: 10, 429: 40}
            refused = next(answer for answer in answers if answer.status_code == 429)
            assert '"login-account";q=10;w=86400' in refused.headers["ratelimit-policy"]
            assert int(refused.headers["retry-after"]) >= 1
        # Neither does the right password help while there are no attempts left.
        assert (await try_password(api, email, PASSWORD)).status_code == 429


async def test_logging_in_gives_the_attempts_back(settings: Settings) -> None:
    async with serving(production(settings, rate_login_per_account="3/day")) as api:
        _, email = await api.make_user()
        for _ in range(3):
            wrong = [await try_password(api, email) for _ in range(2)]
            good = await try_password(api, email, PASSWORD)
            assert [answer.status_code for answer in (*wrong, good)] == [401, 401, 200]
            assert [_attempts_left(answer) for answer in (*wrong, good)] == [2, 1, 3]


def _attempts_left(answer: httpx2.Response) -> int:
    _, _, standing = answer.headers["ratelimit"].partition('"login-account";r=')
    return int(standing.partition(";")[0])


async def test_an_attacker_does_not_keep_the_owner_out_of_their_own_home(settings: Settings) -> None:
    async with serving(production(settings, rate_login_per_account="3/day")) as api:
        _, email = await api.make_user()
        assert (await try_password(api, email, PASSWORD, address="192.0.2.7")).status_code == 200
        attack = [(await try_password(api, email, address=f"198.51.100.{n}")).status_code for n in range(5)]
        assert attack == [401, 401, 401, 429, 429]
        assert (await try_password(api, email, PASSWORD, address="198.51.100.9")).status_code == 429
        at_home = [await try_password(api, email, address="192.0.2.7") for _ in range(4)]
        assert [answer.status_code for answer in at_home] == [401, 401, 401, 429]
        assert at_home[0].headers["ratelimit"].count('"login-account"') == 1


async def test_the_owner_logs_in_from_home_in_the_middle_of_an_attack(settings: Settings) -> None:
    async with serving(production(settings, rate_login_per_account="3/day")) as api:
        _, email = await api.make_user()
        assert (await try_password(api, email, PASSWORD, address="192.0.2.7")).status_code == 200
        for n in range(5):
            await try_password(api, email, address=f"198.51.100.{n}")
        assert (await try_password(api, email, PASSWORD, address="192.0.2.7")).status_code == 200


async def test_attempts_from_one_address_count_whatever_the_account(settings: Settings) -> None:
    async with serving(production(settings, rate_login_per_address="3/day")) as api:
        answers = [await try_password(api, f"{n}@example.com") for n in range(4)]
        assert [answer.status_code for answer in answers] == [401, 401, 401, 429]
        assert answers[0].headers["ratelimit-policy"].startswith('"address";q=1200;w=60, "login-address";q=3;w=86400')
        assert (await try_password(api, "5@example.com", address="192.0.2.2")).status_code == 401
        # An attempt that is none counts as well, so that nobody finds out for free what is one.
        answer = await api.client.post("/v1/auth/login", json={}, headers=coming_from("192.0.2.1"))
        assert answer.status_code == 429


async def test_every_way_in_counts_at_one_address(settings: Settings) -> None:
    async with serving(production(settings, rate_login_per_address="3/day", apple_client_ids=("app.lyo.ios",))) as api:
        newcomer = {"email": f"{uuid4().hex}@example.com", "password": PASSWORD}
        ways = (
            ("register", newcomer, 201),
            ("apple", {"identityToken": "x", "nonce": "x"}, 401),
            ("login", newcomer, 200),
            ("register", {**newcomer, "email": f"{uuid4().hex}@example.com"}, 429),
            ("apple", {"identityToken": "x", "nonce": "x"}, 429),
        )
        for way, body, status in ways:
            answer = await api.client.post(f"/v1/auth/{way}", json=body, headers=coming_from("192.0.2.1"))
            assert answer.status_code == status, way


async def test_guesses_at_the_present_password_are_counted(settings: Settings) -> None:
    async with serving(production(settings, rate_login_per_account="3/day")) as api:
        learner = await api.new_learner()
        body = {"currentPassword": WRONG, "newPassword": "another battery staple"}
        answers = [await learner.client.put("/v1/users/me/password", json=body) for _ in range(4)]
        assert [answer.status_code for answer in answers] == [403, 403, 403, 429]
        await learner.client.aclose()


async def test_who_is_counted_is_not_to_be_read_in_redis(settings: Settings) -> None:
    email = f"{uuid4().hex}@example.com"
    client: Any = Redis
    redis: Any = client.from_url(settings.require_redis_url())
    before = set(await redis.keys("*"))
    async with serving(production(settings)) as api:
        assert (await try_password(api, email, address="203.0.113.77")).status_code == 401
    made = set(await redis.keys("*")) - before
    lives = [await redis.ttl(key) for key in made]
    await redis.aclose()
    assert len(made) == 3
    assert all(0 < life <= 15 * 60 for life in lives)
    assert email not in str(made)
    assert "203.0.113.77" not in str(made)


async def test_who_waits_as_long_as_told_is_served_again(settings: Settings) -> None:
    async with serving(production(settings, rate_per_address="4/second")) as api:

        async def until_refused() -> httpx2.Response:
            for _ in range(50):
                answer = await api.client.get("/v1/courses")
                if answer.status_code == 429:
                    return answer
            pytest.fail("never refused")

        refused = await until_refused()
        assert refused.headers["retry-after"] == "1"
        await asyncio.sleep(1)
        assert (await api.client.get("/v1/courses")).status_code == 401


def test_the_library_reads_every_rate_that_the_settings_take() -> None:
    for text in ("1/second", "600 / minute", "10/15 minutes", "5 per hour", "5 PER 2 Days"):
        assert parse(plain_settings(rate_per_user=text).rate_per_user).amount == int(text.split("/")[0].split()[0])


async def test_who_would_wait_too_long_to_be_checked_is_told_so_at_once(api: Api) -> None:
    leaving = asyncio.Event()

    async def stand_in_line() -> None:
        while not leaving.is_set():
            assert not await password_matches("x", None)

    crowd = [asyncio.create_task(stand_in_line()) for _ in range(WAITING_AT_MOST + 2)]
    await asyncio.sleep(0)
    began = time.monotonic()
    answer = await api.client.post("/v1/auth/login", json={"email": "a@example.com", "password": "x"})
    assert time.monotonic() - began < 5
    assert answer.status_code == 503
    assert answer.json()["type"].endswith("/door-crowded")
    assert int(answer.headers["retry-after"]) >= 1
    leaving.set()
    await asyncio.gather(*crowd)
    answer = await api.client.post("/v1/auth/login", json={"email": "a@example.com", "password": "x"})
    assert answer.status_code == 401
