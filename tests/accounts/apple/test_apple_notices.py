import asyncio
import time
from datetime import timedelta
from uuid import uuid4

import jwt
import pytest
from sqlalchemy import func, select
from support.api import Api
from support.apple_host import StandInApple, rsa_key
from support.apple_users import identities, is_logged_in, sign_in, users

from lyo.accounts.models import AppleNotice
from lyo.core.bus import transaction
from lyo.core.clock import now

pytestmark = pytest.mark.anyio


async def tell(api: Api, payload: str) -> int:
    answer = await api.client.post("/v1/auth/apple/notifications", json={"payload": payload})
    return answer.status_code


@pytest.mark.parametrize("as_string", [True, False])
async def test_who_no_longer_consents_is_logged_out_everywhere(api: Api, host: StandInApple, as_string: bool) -> None:
    phone = await sign_in(api, host, {"authorizationCode": "good-code"})
    tablet = await sign_in(api, host)
    other = await sign_in(api, host, sub="002.other")
    assert await tell(api, host.notice("consent-revoked", as_string=as_string)) == 204
    assert not await is_logged_in(api, phone)
    assert not await is_logged_in(api, tablet)
    assert await is_logged_in(api, other)
    refreshed = await api.client.post("/v1/auth/refresh", json={"refresh_token": phone.refresh_token})
    assert refreshed.status_code == 401
    first, _ = await identities(api)
    assert first.refresh_token is None
    assert await is_logged_in(api, await sign_in(api, host))
    assert len(await users(api)) == 2


@pytest.mark.parametrize("kind", ["account-delete", "account-deleted"])
async def test_who_is_gone_at_apple_is_gone_here(api: Api, host: StandInApple, kind: str) -> None:
    somebody = await sign_in(api, host, email="ada@example.com", email_verified=True)
    await sign_in(api, host, sub="002.other")
    assert await tell(api, host.notice(kind)) == 204
    assert not await is_logged_in(api, somebody)
    assert len(await users(api)) == 1
    assert [identity.subject for identity in await identities(api)] == ["002.other"]


async def test_whether_an_address_takes_mail_is_noted(api: Api, host: StandInApple) -> None:
    somebody = await sign_in(api, host, email="x@privaterelay.appleid.com", is_private_email=True)
    for kind, takes in (("email-disabled", False), ("email-enabled", True)):
        assert await tell(api, host.notice(kind)) == 204
        (identity,) = await identities(api)
        assert identity.is_email_forwarded is takes
    assert await is_logged_in(api, somebody)


async def test_a_notice_is_heeded_once(api: Api, host: StandInApple, caplog: pytest.LogCaptureFixture) -> None:
    await sign_in(api, host)
    payload = host.notice("consent-revoked", jti="once")
    assert await asyncio.gather(*(tell(api, payload) for _ in range(5))) == [204] * 5
    back = await sign_in(api, host)
    assert await tell(api, payload) == 204
    assert await is_logged_in(api, back)
    assert caplog.text.count("apple.consent_revoked") == 1
    assert caplog.text.count("apple.notice_repeated") == 5


async def test_a_notice_that_comes_late_does_not_put_anybody_out_who_is_back(api: Api, host: StandInApple) -> None:
    back = await sign_in(api, host)
    assert await tell(api, host.notice("consent-revoked", iat=int(time.time()) - 3600)) == 204
    assert await is_logged_in(api, back)


@pytest.mark.parametrize("kind", ["consent-revoked", "account-delete", "email-disabled", "unheard-of"])
async def test_a_notice_about_nobody_changes_nothing(api: Api, host: StandInApple, kind: str) -> None:
    somebody = await sign_in(api, host)
    assert await tell(api, host.notice(kind, "009.nobody")) == 204
    assert await is_logged_in(api, somebody)


async def test_a_notice_of_a_kind_that_is_not_known_is_taken_and_logged(
    api: Api, host: StandInApple, caplog: pytest.LogCaptureFixture
) -> None:
    somebody = await sign_in(api, host)
    assert await tell(api, host.notice("shoes-changed")) == 204
    assert await tell(api, host.notice("x", events="no event at all")) == 204
    assert await is_logged_in(api, somebody)
    assert "apple.notice_unknown" in caplog.text
    assert "shoes-changed" in caplog.text


async def test_what_is_not_apples_is_refused(api: Api, host: StandInApple) -> None:
    somebody = await sign_in(api, host)
    good = host.notice("account-delete")
    claims = jwt.decode(good, options={"verify_signature": False})
    forged = jwt.encode(claims, rsa_key("forger"), algorithm="RS256", headers={"kid": host.kid})
    head, _, signature = good.split(".")
    for payload in (
        forged,
        f"{head}.{host.notice('account-delete', jti='x').split('.')[1]}.{signature}",
        jwt.encode(claims, "", algorithm="none", headers={"kid": host.kid}),
        host.notice("account-delete", aud="another.app"),
        host.notice("account-delete", iss="https://elsewhere.example"),
        host.notice("account-delete", iat=int(time.time()) - 40 * 86400),
        host.identity_token(),
        "garbage",
        "x" * 60_000,
    ):
        answer = await api.client.post("/v1/auth/apple/notifications", json={"payload": payload})
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"
        assert answer.json()["type"].endswith("/invalid-notification")
    assert await is_logged_in(api, somebody)


async def test_a_notice_with_more_in_it_than_we_know_is_taken(api: Api, host: StandInApple) -> None:
    body = {"payload": host.notice("email-disabled"), "version": 2}
    assert (await api.client.post("/v1/auth/apple/notifications", json=body)).status_code == 204
    for wrong in ({}, {"payload": ""}, {"payload": {"a": 1}}):
        assert (await api.client.post("/v1/auth/apple/notifications", json=wrong)).status_code == 422


async def test_without_apple_a_notice_is_not_taken_and_comes_again(api: Api, host: StandInApple) -> None:
    host.instead["*"] = b""
    payload = host.notice("consent-revoked")
    assert await tell(api, payload) == 503
    host.instead.clear()
    assert await tell(api, payload) == 204


async def test_notices_are_not_remembered_for_ever(api: Api, host: StandInApple) -> None:
    await tell(api, host.notice("email-disabled", jti=uuid4().hex))
    async with transaction(api.sessions, api.bus) as session:
        (heard,) = await session.scalars(select(AppleNotice))
        assert timedelta(days=29) < heard.expires_at - now() < timedelta(days=31)
        heard.expires_at = now()
    await tell(api, host.notice("email-disabled"))
    async with api.sessions() as session:
        assert await session.scalar(select(func.count()).select_from(AppleNotice)) == 1
