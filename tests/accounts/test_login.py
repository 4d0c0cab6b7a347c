import asyncio
import time
import unicodedata
from datetime import timedelta
from statistics import median
from typing import Any
from uuid import uuid4

import jwt
import pytest
from sqlalchemy import func, select, update
from support.api import PASSWORD, Api, Learner, serving

from lyo.accounts.demo import DEMO_EMAIL, DEMO_NAME, DEMO_PASSWORD
from lyo.accounts.models import RefreshToken
from lyo.accounts.service import REFRESH_GRACE, ensure_user
from lyo.accounts.tokens import AUDIENCE, ISSUER, TOKEN_TYPE, TokenKey, refresh_token_hash
from lyo.core.bus import transaction
from lyo.core.clock import now
from lyo.core.settings import Mode, Settings

pytestmark = pytest.mark.anyio


async def _used_long_ago(api: Api, token: str) -> None:
    async with transaction(api.sessions, api.bus) as session:
        await session.execute(
            update(RefreshToken)
            .where(RefreshToken.token_hash == refresh_token_hash(token))
            .values(used_at=now() - REFRESH_GRACE - timedelta(seconds=1))
        )


async def test_the_address_is_read_in_any_case(api: Api) -> None:
    await api.make_user("ada@example.com")
    answer = await api.client.post("/v1/auth/login", json={"email": " Ada@Example.com ", "password": PASSWORD})
    assert answer.status_code == 200
    assert answer.json()["expires_in"] == 1800
    assert answer.json()["token_type"] == "bearer"


async def test_unknown_user_and_wrong_password_look_the_same(api: Api) -> None:
    _, email = await api.make_user()
    bodies: list[dict[str, Any]] = []
    for address in (email, "nobody@example.com"):
        answer = await api.client.post("/v1/auth/login", json={"email": address, "password": "wrong"})
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"
        bodies.append({**answer.json(), "requestId": ""})
    assert bodies[0] == bodies[1]
    assert bodies[0]["type"].endswith("/wrong-credentials")


async def test_a_password_is_the_same_however_its_accents_are_sent(api: Api) -> None:
    email = f"{uuid4().hex}@example.com"
    words = "crème brûlée à volonté"
    spelt = [unicodedata.normalize(form, words) for form in ("NFD", "NFC")]
    assert spelt[0] != spelt[1]
    answer = await api.client.post("/v1/auth/register", json={"email": email, "password": spelt[0]})
    assert answer.status_code == 201
    for password in spelt:
        answer = await api.client.post("/v1/auth/login", json={"email": email, "password": password})
        assert answer.status_code == 200


async def test_unknown_user_and_wrong_password_take_the_same(api: Api) -> None:
    _, email = await api.make_user()

    async def takes(address: str) -> float:
        began = time.perf_counter()
        answer = await api.client.post("/v1/auth/login", json={"email": address, "password": "wrong"})
        assert answer.status_code == 401
        return time.perf_counter() - began

    ratios = list[float]()
    for _ in range(50):  # side by side and in both orders, so that whatever else the machine does is the same for both
        known, unknown = await takes(email), await takes("nobody@example.com")
        ratios.append(unknown / known)
        unknown, known = await takes("nobody@example.com"), await takes(email)
        ratios.append(unknown / known)
    assert 0.9 < median(ratios) < 1.1


async def test_the_demo_account_lets_nobody_in_in_production(settings: Settings) -> None:
    async with serving(settings.model_copy(update={"lyo_mode": Mode.PRODUCTION})) as api:
        for _ in range(2):  # a database may come from a local mode; the second time nothing is made
            async with transaction(api.sessions, api.bus) as session:
                await ensure_user(session, email=DEMO_EMAIL, password=DEMO_PASSWORD, display_name=DEMO_NAME)
        answer = await api.client.post("/v1/auth/login", json={"email": DEMO_EMAIL, "password": DEMO_PASSWORD})
        assert answer.status_code == 401
        assert answer.json()["type"].endswith("/wrong-credentials")


async def test_a_storm_of_log_ins_leaves_the_rest_of_the_api_alone(api: Api, learner: Learner) -> None:
    storm = [
        asyncio.create_task(api.client.post("/v1/auth/login", json={"email": f"{n}@example.com", "password": "x"}))
        for n in range(80)  # four times what the pool has
    ]
    await asyncio.sleep(0.2)
    assert (await api.client.get("/v1/health/ready")).status_code == 200
    assert (await learner.client.get("/v1/tasks")).status_code == 200
    assert not all(attempt.done() for attempt in storm), "the storm was over too soon to show anything"
    assert {(await attempt).status_code for attempt in storm} == {401}


async def test_a_route_without_a_token_says_what_it_wants(api: Api) -> None:
    answer = await api.client.get("/v1/courses")
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    ("change", "header"),
    [
        ({"exp": now() - timedelta(minutes=1)}, {}),
        ({"iss": "https://elsewhere.example"}, {}),
        ({"aud": "another-app"}, {}),
        ({"sub": "no uuid"}, {}),
        ({"sub": None}, {}),
        ({"sid": str(uuid4())}, {}),
        ({}, {"typ": "JWT"}),
        ({"exp": None}, {}),
    ],
)
async def test_a_token_that_is_wrong_in_one_thing_is_refused(
    api: Api, learner: Learner, change: dict[str, object], header: dict[str, str]
) -> None:
    key = TokenKey.of(api.resources.settings)
    good = jwt.decode(learner.access_token, options={"verify_signature": False})
    claims = {name: value for name, value in {**good, **change}.items() if value is not None}
    token = jwt.encode(claims, key.secret, algorithm=key.algorithm, headers={"typ": TOKEN_TYPE, **header})
    answer = await api.client.get("/v1/courses", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == 'Bearer error="invalid_token"'
    assert good["iss"] == ISSUER
    assert good["aud"] == AUDIENCE


@pytest.mark.parametrize("token", ["x", "a.b.c", "é", "x" * 20_000, "x" * 40_000])
async def test_garbage_for_a_token_is_refused(api: Api, token: str) -> None:
    answer = await api.client.get("/v1/courses", headers=[(b"Authorization", f"Bearer {token}".encode())])
    assert answer.status_code == 401
    assert answer.json()["type"].endswith("/invalid-token")


async def test_a_token_signed_by_nobody_is_refused(api: Api, learner: Learner) -> None:
    claims = jwt.decode(learner.access_token, options={"verify_signature": False})
    forged = jwt.encode(claims, "", algorithm="none", headers={"typ": TOKEN_TYPE})
    answer = await api.client.get("/v1/courses", headers={"Authorization": f"Bearer {forged}"})
    assert answer.status_code == 401


async def test_refreshing_gives_a_new_pair_and_keeps_the_access_token_in_use(api: Api, learner: Learner) -> None:
    answer = await api.client.post("/v1/auth/refresh", json={"refresh_token": learner.refresh_token})
    assert answer.status_code == 200
    assert answer.json()["refresh_token"] != learner.refresh_token
    assert (await learner.client.get("/v1/courses")).status_code == 200


async def test_a_lost_answer_to_a_refresh_can_be_asked_for_again(api: Api, learner: Learner) -> None:
    answers = await asyncio.gather(
        *(api.client.post("/v1/auth/refresh", json={"refresh_token": learner.refresh_token}) for _ in range(20))
    )
    assert [answer.status_code for answer in answers] == [200] * 20
    assert len({answer.json()["refresh_token"] for answer in answers}) == 1
    async with api.sessions() as session:
        assert await session.scalar(select(func.count()).select_from(RefreshToken)) == 2, "the first and one successor"


async def test_a_refresh_token_used_after_the_grace_ends_the_log_in(api: Api, learner: Learner) -> None:
    first = await api.client.post("/v1/auth/refresh", json={"refresh_token": learner.refresh_token})
    await _used_long_ago(api, learner.refresh_token)
    stolen = await api.client.post("/v1/auth/refresh", json={"refresh_token": learner.refresh_token})
    assert stolen.status_code == 401
    newest = await api.client.post("/v1/auth/refresh", json={"refresh_token": first.json()["refresh_token"]})
    assert newest.status_code == 401
    assert (await learner.client.get("/v1/courses")).status_code == 401


async def test_an_expired_or_unknown_refresh_token_is_refused(api: Api, learner: Learner) -> None:
    async with transaction(api.sessions, api.bus) as session:
        await session.execute(update(RefreshToken).values(expires_at=now() - timedelta(seconds=1)))
    for token in (learner.refresh_token, "unknown"):
        answer = await api.client.post("/v1/auth/refresh", json={"refresh_token": token})
        assert answer.status_code == 401
        assert answer.json()["type"].endswith("/invalid-refresh-token")


async def test_logging_out_bites_at_once_and_only_here(api: Api, learner: Learner) -> None:
    other = await api.client.post("/v1/auth/login", json={"email": learner.email, "password": PASSWORD})
    assert (await learner.client.post("/v1/auth/logout")).status_code == 204
    assert (await learner.client.get("/v1/courses")).status_code == 401
    assert (await api.client.post("/v1/auth/refresh", json={"refresh_token": learner.refresh_token})).status_code == 401
    elsewhere = {"Authorization": f"Bearer {other.json()['access_token']}"}
    assert (await api.client.get("/v1/courses", headers=elsewhere)).status_code == 200
