import asyncio
import json
import time
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, text
from support.api import PASSWORD, Api, serving
from support.apple_host import CLIENT_ID, StandInApple, as_json
from support.apple_users import ask, credential, identities, is_logged_in, sign_in, users

from lyo.accounts import repo
from lyo.accounts.models import AppleNonce, AppleRevocation
from lyo.accounts.schemas import NAMELESS
from lyo.accounts.sealing import Seal
from lyo.accounts.service import delete_user
from lyo.accounts.values import NewUser
from lyo.core.bus import transaction
from lyo.core.clock import now
from lyo.core.settings import Settings

pytestmark = pytest.mark.anyio


async def test_whoever_comes_first_becomes_a_learner_and_stays_that_one(api: Api, host: StandInApple) -> None:
    first = await sign_in(api, host, {"displayName": " Ada "}, email="Ada@Example.com", email_verified="true")
    second = await sign_in(api, host, {"displayName": "Another"})
    assert await is_logged_in(api, first)
    assert await is_logged_in(api, second)
    (user,) = await users(api)
    assert (user.email, user.password_hash, user.display_name) == ("ada@example.com", None, "Ada")
    (identity,) = await identities(api)
    assert (identity.subject, identity.user_id, identity.email) == ("001.subject", user.id, "ada@example.com")
    refreshed = await api.client.post("/v1/auth/refresh", json={"refresh_token": first.refresh_token})
    assert refreshed.status_code == 200


async def test_two_subjects_are_two_learners(api: Api, host: StandInApple) -> None:
    await sign_in(api, host, sub="001.a")
    await sign_in(api, host, sub="001.b", aud="app.lyo.web")
    assert [user.display_name for user in await users(api)] == [NAMELESS, NAMELESS]
    assert [user.email for user in await users(api)] == [None, None]


@pytest.mark.parametrize(
    ("email", "verified"), [("ada@example.com", False), ("ada@example.com", "false"), ("no address", True)]
)
async def test_an_address_that_apple_does_not_vouch_for_is_not_the_users(
    api: Api, host: StandInApple, email: str, verified: object
) -> None:
    await sign_in(api, host, email=email, email_verified=verified)
    assert [user.email for user in await users(api)] == [None]


async def test_a_relay_address_is_one_like_any_other(api: Api, host: StandInApple) -> None:
    address = "x7y@privaterelay.appleid.com"
    await sign_in(api, host, email=address, email_verified="true", is_private_email="true")
    (identity,) = await identities(api)
    assert identity.is_private_email
    assert identity.is_email_forwarded
    assert [user.email for user in await users(api)] == [address]


async def test_an_account_with_a_password_is_not_taken_over(api: Api, host: StandInApple) -> None:
    owner_id, email = await api.make_user()
    somebody = await sign_in(api, host, email=email.upper(), email_verified=True)
    owner, other = await users(api)
    assert (owner.id, owner.email) == (owner_id, email)
    assert other.email is None
    (identity,) = await identities(api)
    assert (identity.user_id, identity.email) == (other.id, email)
    assert await is_logged_in(api, somebody)
    answer = await api.client.post("/v1/auth/login", json={"email": email, "password": PASSWORD})
    assert answer.status_code == 200


async def test_the_address_that_apple_names_last_is_kept(api: Api, host: StandInApple) -> None:
    await sign_in(api, host, email="old@example.com", email_verified=True)
    await sign_in(api, host, email="new@example.com", email_verified=True, is_private_email=True)
    await sign_in(api, host)
    (identity,) = await identities(api)
    assert (identity.email, identity.is_email_verified, identity.is_private_email) == ("new@example.com", True, True)
    assert [user.email for user in await users(api)] == ["old@example.com"]


async def test_a_learner_without_a_password_cannot_log_in_with_one(api: Api, host: StandInApple) -> None:
    await sign_in(api, host, email="ada@example.com", email_verified=True)
    bodies: list[dict[str, Any]] = []
    seconds: list[float] = []
    for address in ("ada@example.com", "nobody@example.com") * 5:
        started = time.perf_counter()
        answer = await api.client.post("/v1/auth/login", json={"email": address, "password": "None"})
        seconds.append(time.perf_counter() - started)
        assert answer.status_code == 401
        bodies.append({**answer.json(), "requestId": ""})
    assert all(body == bodies[0] for body in bodies)
    assert min(seconds[::2]) > min(seconds[1::2]) / 2, "no shorter way out than for anybody else"


async def test_two_at_once_of_somebody_new_are_one_learner(api: Api, host: StandInApple) -> None:
    both = await asyncio.gather(*(sign_in(api, host, email="ada@example.com", email_verified=True) for _ in range(8)))
    assert all([await is_logged_in(api, one) for one in both])
    assert len(await users(api)) == 1


async def test_two_at_once_with_one_address_are_two_learners_and_one_has_it(api: Api, host: StandInApple) -> None:
    await asyncio.gather(
        *(sign_in(api, host, sub=f"00{n}.x", email="ada@example.com", email_verified=True) for n in range(4))
    )
    assert sorted(str(user.email) for user in await users(api)) == ["None", "None", "None", "ada@example.com"]


async def test_a_token_opens_one_log_in(api: Api, host: StandInApple) -> None:
    body = credential(host)
    answers = await asyncio.gather(*(ask(api, body) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [200, 401, 401, 401, 401]
    again = await ask(api, body)
    assert again.status_code == 401
    assert again.json()["type"].endswith("/invalid-identity-token")
    # Another token with the same nonce, as one gets by asking Apple twice for one.
    assert (await ask(api, {**body, "identityToken": credential(host)["identityToken"]})).status_code == 401


async def test_a_nonce_is_remembered_as_long_as_its_token_is_good(api: Api, host: StandInApple) -> None:
    exp = int(now().timestamp()) + 86400
    await sign_in(api, host, exp=exp)
    async with transaction(api.sessions, api.bus) as session:
        (nonce,) = await session.scalars(select(AppleNonce))
        assert nonce.expires_at.timestamp() == exp + 30
        nonce.expires_at = now() - timedelta(seconds=1)
    await sign_in(api, host)
    async with api.sessions() as session:
        assert await session.scalar(select(func.count()).select_from(AppleNonce)) == 1


@pytest.mark.parametrize(
    "claims",
    [{"iss": "https://elsewhere.example"}, {"aud": "another.app"}, {"exp": 1}, {"nonce": None}, {"nonce": "0" * 64}],
)
async def test_a_wrong_token_is_refused_in_one_sentence(
    api: Api, host: StandInApple, claims: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    body = credential(host, **claims)
    answer = await ask(api, body)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.json()["type"].endswith("/invalid-identity-token")
    assert answer.json()["detail"] == "The identity token or its nonce is not valid; sign in with Apple again."
    assert body["nonce"] not in answer.text + caplog.text
    assert body["identityToken"] not in answer.text + caplog.text
    assert not await users(api)


async def test_what_is_no_token_is_refused(api: Api, host: StandInApple) -> None:
    for token in ("x", "a.b.c", "\0", "é", "x" * 60_000):
        assert (await ask(api, {"identityToken": token, "nonce": "n"})).status_code == 401
    lone = b'{"identityToken": "\\ud800", "nonce": "n"}'
    sent = await api.client.post("/v1/auth/apple", content=lone, headers={"Content-Type": "application/json"})
    assert sent.status_code == 401
    assert (await ask(api, {"identityToken": "x" * (1 << 20), "nonce": "n"})).status_code == 413
    assert not host.asked


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"nonce": ""}, "#/nonce"),
        ({"nonce": "n" * 256}, "#/nonce"),
        ({"nonce": "\ud800"}, "#/nonce"),
        ({"nonce": None}, "#/nonce"),
        ({"identityToken": ""}, "#/identityToken"),
        ({"authorizationCode": ""}, "#/authorizationCode"),
        ({"authorizationCode": "é"}, "#/authorizationCode"),
        ({"authorizationCode": None}, "#/authorizationCode"),
        ({"displayName": ""}, "#/displayName"),
        ({"displayName": " "}, "#/displayName"),
        ({"displayName": "x" * 51}, "#/displayName"),
        ({"displayName": "nul\0"}, "#/displayName"),
        ({"displayName": "\ud800"}, "#/displayName"),
        ({"identity_token": "x"}, "#/identity_token"),
        ({"email": "a@example.com"}, "#/email"),
    ],
)
async def test_a_wrong_body_is_refused_where_it_is_wrong(
    api: Api, host: StandInApple, change: dict[str, Any], pointer: str
) -> None:
    body = json.dumps({**credential(host), **change})
    answer = await api.client.post("/v1/auth/apple", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422
    assert pointer in {error["pointer"] for error in answer.json()["errors"]}
    assert not await users(api)


async def test_without_apple_nobody_new_is_known(api: Api, host: StandInApple) -> None:
    host.instead["*"] = b""
    body = credential(host)
    answer = await ask(api, body)
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "5"
    assert answer.json()["type"].endswith("/apple-unavailable")
    host.instead.clear()
    assert (await ask(api, body)).status_code == 200, "the nonce was not used up"
    host.instead["*"] = b""
    await sign_in(api, host)


async def test_a_server_without_apps_does_not_offer_it(settings: Settings, host: StandInApple) -> None:
    async with serving(settings.model_copy(update={"apple_client_ids": ()})) as api:
        for answer in (
            await ask(api, credential(host)),
            await ask(api, {}),
            await api.client.post("/v1/auth/apple/notifications", json={"payload": "x"}),
        ):
            assert answer.status_code == 404
            assert answer.json()["type"].endswith("/apple-sign-in-off")
    bundle = settings.model_copy(update={"apple_client_ids": (), "apns_bundle_id": CLIENT_ID})
    async with serving(bundle) as api:
        await sign_in(api, host)


async def test_a_code_becomes_a_token_that_is_stored_where_only_we_can_read_it(
    api: Api, host: StandInApple, settings: Settings
) -> None:
    await sign_in(api, host, {"authorizationCode": "good-code"})
    (identity,) = await identities(api)
    assert identity.refresh_token is not None
    assert b"refresh-token" not in identity.refresh_token
    assert Seal.of(settings).open(identity.refresh_token, owner=CLIENT_ID) == "refresh-token-of-apple"
    assert identity.client_id == CLIENT_ID


@pytest.mark.parametrize("answer", [b"", as_json({"error": "invalid_grant"}, "400 Bad Request"), as_json({})])
async def test_a_code_that_cannot_be_exchanged_does_not_keep_anybody_out(
    api: Api, host: StandInApple, answer: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    host.instead["/auth/token"] = answer
    somebody = await sign_in(api, host, {"authorizationCode": "good-code"})
    assert await is_logged_in(api, somebody)
    assert "apple.code_" in caplog.text
    assert "good-code" not in caplog.text
    (identity,) = await identities(api)
    assert identity.refresh_token is None


async def test_a_code_is_asked_about_once_and_only_with_a_key(settings: Settings, host: StandInApple) -> None:
    async with serving(settings.model_copy(update={"apple_private_key_path": None})) as api:
        await sign_in(api, host, {"authorizationCode": "good-code"})
    assert host.count("/auth/token") == 0
    async with serving(settings) as api:
        body = {**credential(host), "authorizationCode": "good-code"}
        assert (await ask(api, body)).status_code == 200
        assert (await ask(api, body)).status_code == 401
    assert host.count("/auth/token") == 1


async def test_no_connection_is_held_while_apple_is_asked(settings: Settings, host: StandInApple) -> None:
    host.delay = 1.0
    async with serving(settings.model_copy(update={"database_pool_size": 1})) as api:
        storm = [
            asyncio.create_task(sign_in(api, host, {"authorizationCode": "good-code"}, sub=f"001.{n}"))
            for n in range(6)
        ]
        for _ in range(5):
            await asyncio.sleep(0.3)
            async with api.sessions() as session:
                # Between two statements everybody is, for some milliseconds.
                waiting = "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%' "
                waiting += "AND state_change < clock_timestamp() - interval '200 ms'"
                assert await session.scalar(text(waiting)) == 0
        await asyncio.gather(*storm)


async def test_who_left_while_apple_was_asked_is_revoked_all_the_same(api: Api, host: StandInApple) -> None:
    await sign_in(api, host)
    host.delay = 0.4
    coming = asyncio.create_task(sign_in(api, host, {"authorizationCode": "good-code"}))
    async with asyncio.timeout(5):
        while not host.count("/auth/token"):  # noqa: ASYNC110 - it is on the other side of a socket
            await asyncio.sleep(0.02)
    (user,) = await users(api)
    async with transaction(api.sessions, api.bus) as session:
        await delete_user(session, user_id=user.id)
    await coming
    async with api.sessions() as session:
        (waiting,) = await session.scalars(select(AppleRevocation))
        assert waiting.client_id == CLIENT_ID


async def test_a_database_that_fails_after_that_does_not_keep_anybody_out(
    api: Api, host: StandInApple, caplog: pytest.LogCaptureFixture
) -> None:
    async with transaction(api.sessions, api.bus) as session:
        await session.execute(text("ALTER TABLE apple_identities ADD CHECK (refresh_token IS NULL)"))
    await sign_in(api, host, {"authorizationCode": "good-code"})
    assert "apple.code_not_exchanged" in caplog.text
    assert "refresh-token" not in caplog.text


async def test_keys_are_asked_for_once_in_a_storm(api: Api, host: StandInApple) -> None:
    host.delay = 0.1
    tokens = [host.sign(host.claims(), kid=f"unknown-{n}") for n in range(30)]
    answers = await asyncio.gather(*(ask(api, {"identityToken": token, "nonce": "n"}) for token in tokens))
    assert {answer.status_code for answer in answers} == {401}
    assert host.count("/auth/keys") == 1


async def test_somebody_whose_address_is_given_to_another_user_meanwhile(api: Api, host: StandInApple) -> None:
    async with transaction(api.sessions, api.bus) as session:
        ada = NewUser(email=None, display_name="Ada", locale="fr", time_zone="Europe/Paris")
        one = await repo.add_user_without_password(session, newcomer=ada, email="a@example.com")
        two = await repo.add_user_without_password(session, newcomer=ada, email="a@example.com")
    assert one != two
    assert [user.email for user in await users(api)] == ["a@example.com", None]
