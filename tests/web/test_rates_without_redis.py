import asyncio
import time
from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr
from support.api import PASSWORD, Api, serving
from support.flaky import FlakyWay, flaky_way

from lyo.core.settings import Mode, Settings
from lyo.web.rates import ANSWER_SECONDS, PAUSE_SECONDS

pytestmark = pytest.mark.anyio


@pytest.fixture
async def way(settings: Settings) -> AsyncIterator[FlakyWay]:
    async with flaky_way(settings.require_redis_url()) as leading:
        yield leading


@pytest.fixture
async def far(settings: Settings, way: FlakyWay) -> AsyncIterator[Api]:
    """An API in production, with Redis over a way that may fail."""
    changed = {"lyo_mode": Mode.PRODUCTION, "redis_url": SecretStr(way.url)}
    # A day long, so that no window ends in the middle of a test.
    async with serving(settings.model_copy(update={**changed, "rate_per_address": "1200/day"})) as running:
        yield running


async def _timed(api: Api) -> float:
    began = time.monotonic()
    answer = await api.client.get("/v1/courses")
    assert answer.status_code == 401
    assert "ratelimit" not in answer.headers
    return time.monotonic() - began


@pytest.mark.parametrize("fault", ["hang", "cut"])
async def test_everything_but_the_door_works_on_and_nothing_is_slow(
    far: Api, way: FlakyWay, fault: str, caplog: pytest.LogCaptureFixture
) -> None:
    learner = await far.new_learner()
    assert "ratelimit" in (await learner.client.get("/v1/tasks")).headers
    (way.hang if fault == "hang" else way.cut)()

    assert await _timed(far) < ANSWER_SECONDS + 1
    began = time.monotonic()
    assert sum([await _timed(far) < ANSWER_SECONDS for _ in range(50)]) > 40
    answer = await learner.client.get("/v1/tasks")
    assert answer.status_code == 200
    assert "ratelimit" not in answer.headers
    refused = await far.client.post("/v1/auth/login", json={"email": learner.email, "password": PASSWORD})
    assert refused.status_code == 503
    assert int(refused.headers["retry-after"]) >= 1
    assert refused.json()["type"].endswith("/unavailable")
    assert time.monotonic() - began < 5

    await asyncio.sleep(PAUSE_SECONDS)
    await asyncio.gather(*(_timed(far) for _ in range(20)))
    assert caplog.text.count("rates.redis_away") == 1
    await way.mend()
    await asyncio.sleep(PAUSE_SECONDS + 0.1)
    async with asyncio.timeout(10):
        while "ratelimit" not in (await far.client.get("/v1/courses")).headers:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.1)
    assert caplog.text.count("rates.redis_back") == 1
    answer = await far.client.post("/v1/auth/login", json={"email": learner.email, "password": PASSWORD})
    assert answer.status_code == 200
    await learner.client.aclose()


async def test_a_redis_that_was_never_there_keeps_only_the_door_shut(
    settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> None:
    nowhere = SecretStr(f"unix://{tmp_path_factory.mktemp('none')}/redis.sock")
    changed = settings.model_copy(update={"lyo_mode": Mode.PRODUCTION, "redis_url": nowhere})
    async with serving(changed) as api:
        assert (await api.client.get("/v1/courses")).status_code == 401
        answer = await api.client.post("/v1/auth/login", json={"email": "a@example.com", "password": "x"})
        assert answer.status_code == 503
    async with serving(settings.model_copy(update={"redis_url": nowhere})) as api:
        _, email = await api.make_user()
        answer = await api.client.post("/v1/auth/login", json={"email": email, "password": PASSWORD})
        assert answer.status_code == 200


async def test_a_burst_takes_few_connections_and_is_counted_whole(
    far: Api, way: FlakyWay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lyo.web.rates.ANSWER_SECONDS", 10)  # all of it is on one event loop, Redis' way too
    answers = await asyncio.gather(*(far.client.get("/v1/courses") for _ in range(200)))
    left = sorted(int(answer.headers["ratelimit"].split(";")[1][2:]) for answer in answers)
    assert left == list(range(1000, 1200))
    assert way.connections <= 25
