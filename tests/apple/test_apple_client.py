import asyncio
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from support.apple_host import HASTY, NONCE, StandInApple, as_json, rsa_key
from support.source_hosts import http

from lyo.apple.client import Apple, open_apple
from lyo.apple.errors import AppleRefused, AppleUnavailable
from lyo.apple.tokens import Identity
from lyo.core.settings import Settings, SettingsError

pytestmark = pytest.mark.anyio


async def somebody(host: StandInApple, apple: Apple) -> Identity:
    return await apple.identity(host.identity_token(), nonce=NONCE)


async def test_a_code_becomes_a_token_that_can_be_revoked(host: StandInApple, apple: Apple) -> None:
    assert apple.can_exchange
    token = await apple.exchange("good-code", await somebody(host, apple))
    assert token == "refresh-token-of-apple"
    await apple.revoke(token, client_id="app.lyo.ios")
    assert host.revoked == [("refresh-token-of-apple", "app.lyo.ios")]
    assert {asked.path for asked in host.asked if asked.method == "POST"} == {"/auth/token", "/auth/revoke"}


async def test_a_code_that_is_no_good_is_refused(host: StandInApple, apple: Apple) -> None:
    with pytest.raises(AppleRefused, match="invalid_grant"):
        await apple.exchange("bad-code", await somebody(host, apple))


async def test_the_code_of_somebody_else_is_refused(host: StandInApple, apple: Apple) -> None:
    me = await somebody(host, apple)
    host.subject_of_codes = "002.another"
    with pytest.raises(AppleRefused, match="code_of_somebody_else"):
        await apple.exchange("good-code", me)
    host.instead["/auth/token"] = as_json({"refresh_token": "x", "id_token": "garbage"})
    with pytest.raises(AppleRefused, match="code_of_somebody_else"):
        await apple.exchange("good-code", me)
    host.instead["/auth/token"] = as_json({"refresh_token": "x"})
    assert await apple.exchange("good-code", me) == "x"


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (as_json({"error": "invalid_client"}, "400 Bad Request"), "invalid_client"),
        (as_json({"error": "<script>"}, "400 Bad Request"), "unknown"),
        (as_json({"error": ["invalid_client"]}, "401 Unauthorized"), "unknown"),
        (http(b"<html>", "403 Forbidden"), "unknown"),
    ],
)
async def test_apples_own_words_are_not_repeated(host: StandInApple, apple: Apple, answer: bytes, code: str) -> None:
    host.instead["/auth/revoke"] = answer
    with pytest.raises(AppleRefused) as refused:
        await apple.revoke("x", client_id="app.lyo.ios")
    assert str(refused.value) == code


@pytest.mark.parametrize(
    "answer",
    [
        http(b"", "500 Internal Server Error"),
        http(b"", "429 Too Many Requests"),
        http(b"", "302 Found", Location="/"),
        http(b"no json"),
        as_json({}),
        as_json({"refresh_token": 7}),
        as_json({"refresh_token": ""}),
        b"",
        None,
    ],
)
async def test_an_answer_that_makes_no_sense_is_none(
    host: StandInApple, apple: Apple, apple_settings: Settings, answer: bytes | None
) -> None:
    me = await somebody(host, apple)
    host.instead["/auth/token"] = answer
    async with asyncio.timeout(20), open_apple(apple_settings, patience=HASTY) as hasty:
        with pytest.raises(AppleUnavailable):
            await hasty.exchange("good-code", me)


async def test_without_a_key_nothing_is_asked(host: StandInApple, apple_settings: Settings) -> None:
    keyless = apple_settings.model_copy(update={"apple_private_key_path": None})
    async with open_apple(keyless) as apple:
        assert not apple.can_exchange
        with pytest.raises(AppleRefused, match="no_key"):
            await apple.revoke("x", client_id="app.lyo.ios")
    assert not host.asked


def _pem(key: Any) -> bytes:
    pem: bytes = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return pem


@pytest.mark.parametrize(
    "content", [b"", b"\xff", b"-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----\n", None]
)
async def test_a_file_that_is_no_key_is_named(apple_settings: Settings, tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "AuthKey.p8"
    if content is not None:
        path.write_bytes(content)
    settings = apple_settings.model_copy(update={"apple_private_key_path": path})
    with pytest.raises(SettingsError, match="APPLE_PRIVATE_KEY_PATH") as refused:
        async with open_apple(settings):
            pass
    assert "hunter2" not in str(refused.value)


async def test_a_key_of_another_kind_is_named(apple_settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "AuthKey.p8"
    settings = apple_settings.model_copy(update={"apple_private_key_path": path})
    for key in (rsa_key("first"), ec.generate_private_key(ec.SECP384R1())):
        path.write_bytes(_pem(key))
        with pytest.raises(SettingsError, match=r"P-256"):
            async with open_apple(settings):
                pass


@pytest.mark.parametrize("name", ["APPLE_KEY_ID", "APPLE_TEAM_ID"])
async def test_a_key_without_its_names_is_named(apple_settings: Settings, name: str) -> None:
    settings = apple_settings.model_copy(update={name.lower(): None})
    with pytest.raises(SettingsError, match=name):
        async with open_apple(settings):
            pass


async def test_the_team_is_that_of_the_pushes_unless_it_is_said(host: StandInApple, apple_settings: Settings) -> None:
    settings = apple_settings.model_copy(update={"apple_team_id": None, "apns_team_id": "TEAM123456"})
    async with open_apple(settings) as apple:
        await apple.revoke("x", client_id="app.lyo.ios")
        assert "BEGIN" not in repr(apple.team_key)
    assert host.revoked
