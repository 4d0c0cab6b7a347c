import asyncio
import re
import time
from collections.abc import AsyncIterator
from urllib.parse import parse_qsl, urlsplit

import httpx2
import pytest
from pydantic import SecretStr
from sqlalchemy import event, text
from support.api import Api, serving
from support.flaky import flaky_way
from support.model_hosts import http, model_server

from lyo.core.bus import transaction
from lyo.core.settings import Settings
from lyo.web.health import PROBE_SECONDS

pytestmark = pytest.mark.anyio


async def test_alive_and_ready(api: Api) -> None:
    assert (await api.client.get("/v1/health/live")).json() == {"status": "ok"}
    ready = await api.client.get("/v1/health/ready")
    assert ready.status_code == 200
    assert ready.json()["database"] == "ok"


async def test_not_ready_names_what_is_missing(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> None:
    nowhere = SecretStr(f"unix://{tmp_path_factory.mktemp('none')}/redis.sock")
    async with serving(settings.model_copy(update={"redis_url": nowhere})) as api:
        answer = await api.client.get("/v1/health/ready")
        assert answer.status_code == 503
        assert answer.json()["detail"] == "Not ready: redis: does not answer."
        assert answer.headers["retry-after"]
        assert (await api.client.get("/v1/health/live")).status_code == 200


async def test_a_database_that_is_frozen_is_not_waited_for(settings: Settings) -> None:
    url = settings.require_database_url()
    address, _, options = url.partition("?")
    folder = dict(parse_qsl(options))["host"]
    async with flaky_way(f"unix://{folder}/.s.PGSQL.5432") as way:
        port = urlsplit(way.url).port
        url = f"{address}?host=127.0.0.1&port={port}".replace("+psycopg", "")
        async with serving(settings.model_copy(update={"database_url": SecretStr(url)})) as api:
            assert (await api.client.get("/v1/health/ready")).status_code == 200
            way.hang()
            began = time.monotonic()
            answer = await api.client.get("/v1/health/ready")
            assert time.monotonic() - began < PROBE_SECONDS + 3
            assert answer.json()["detail"] == "Not ready: database: does not answer."
            way.cut()


async def test_many_who_ask_cost_no_more_than_one(api: Api) -> None:
    asked = 0

    def count(*_: object) -> None:
        nonlocal asked
        asked += 1

    engine = api.sessions.kw["bind"].sync_engine
    event.listen(engine, "before_cursor_execute", count)
    answers = await asyncio.gather(*(api.client.get("/v1/health/ready") for _ in range(40)))
    assert {answer.status_code for answer in answers} == {200}
    assert asked < 40


async def test_not_ready_with_another_schema(api: Api) -> None:
    async with transaction(api.sessions, api.bus) as session:
        await session.execute(text("UPDATE alembic_version SET version_num = 'ancient'"))
    answer = await api.client.get("/v1/health/ready")
    assert answer.status_code == 503
    assert "lyo migrate" in answer.json()["detail"]


async def test_no_model_is_a_503_and_leaves_the_rest_alone(settings: Settings) -> None:
    for url in (None, "http://127.0.0.1:9"):
        async with serving(settings.model_copy(update={"model_url": url})) as api:
            answer = await api.client.get("/v1/health/model")
            assert answer.status_code == 503
            assert answer.json()["type"].endswith("/model-unavailable")
            assert (await api.client.get("/v1/health/ready")).status_code == 200


async def test_the_reference_asks_nobody_else(api: Api) -> None:
    async with httpx2.AsyncClient(base_url=api.base_url) as plain:
        page = await plain.get("/docs")
        assert page.status_code == 200
        assert "http://" not in page.text.replace("http://www.w3.org", "")
        assert "https://" not in page.text
        policy = page.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "connect-src 'self'" in policy
        assert not re.search(r"https?:|\*|unsafe-eval", policy)
        script = await plain.get("/docs/scalar-1.72.1.js")
        assert script.status_code == 200
        assert b"createApiReference" in script.content
        start = (await plain.get("/docs/docs.js")).text
        assert "//" not in start.partition("\n")[2], "an address"
        for wanted in ("'swift'", "telemetry: false", "withDefaultFonts: false", "proxyUrl: ''", "'HTTPBearer'"):
            assert wanted in start
        assert (await plain.get("/openapi.json")).json()["info"]["title"] == "Lyo"


async def _no_words(path: str, body: dict[str, object]) -> AsyncIterator[bytes]:
    """Nobody asks for any here."""
    yield http(b"{}", "404 Not Found")


async def test_a_model_that_is_there_is_named(settings: Settings) -> None:
    async with (
        model_server(_no_words) as url,
        serving(settings.model_copy(update={"model_url": url})) as api,
    ):
        answer = await api.client.get("/v1/health/model")
        assert answer.status_code == 200
        assert answer.json()["loaded"] is True
        assert answer.json()["model"]
