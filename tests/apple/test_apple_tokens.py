import base64
import hashlib
import hmac
import json
import time
from datetime import timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.utils import base64url_encode
from support.apple_host import NONCE, StandInApple, public_jwk, rsa_key

from lyo.apple.client import Apple
from lyo.apple.errors import NotFromApple
from lyo.core.clock import now

pytestmark = pytest.mark.anyio


def raw_token(header: object, claims: object, signature: bytes = b"x") -> str:
    parts = [json.dumps(header).encode(), json.dumps(claims).encode(), signature]
    return b".".join(base64url_encode(part) for part in parts).decode()


def hmac_token(host: StandInApple, secret: bytes) -> str:
    """Signed with what everybody can read; PyJWT itself refuses to sign so."""
    header = {"alg": "HS256", "kid": host.kid}
    signed = raw_token(header, host.claims()).rpartition(".")[0]
    return f"{signed}.{base64url_encode(hmac.digest(secret, signed.encode(), hashlib.sha256)).decode()}"


async def refused(apple: Apple, token: str, nonce: str = NONCE) -> bool:
    with pytest.raises(NotFromApple):
        await apple.identity(token, nonce=nonce)
    return True


async def test_a_good_token_says_who_it_is(host: StandInApple, apple: Apple) -> None:
    email = "Ada@Example.com"
    token = host.identity_token(email=email, email_verified="true", is_private_email="false")
    identity = await apple.identity(token, nonce=NONCE)
    assert identity.subject == "001.subject"
    assert identity.client_id == "app.lyo.ios"
    assert identity.email == "ada@example.com"
    assert (identity.is_email_verified, identity.is_private_email) == (True, False)
    assert identity.expires_at > now() + timedelta(hours=23)


@pytest.mark.parametrize(
    ("said", "meant"), [(True, True), ("true", True), (False, False), ("false", False), (None, False), (1, False)]
)
async def test_apple_says_yes_as_a_boolean_or_as_a_word(
    host: StandInApple, apple: Apple, said: object, meant: bool
) -> None:
    token = host.identity_token(email="a@example.com", email_verified=said, is_private_email=said)
    identity = await apple.identity(token, nonce=NONCE)
    assert (identity.is_email_verified, identity.is_private_email) == (meant, meant)


@pytest.mark.parametrize("email", ["", "no address", "a@b@c", "nul\0@example.com", 7, ["a@example.com"], "a" * 300])
async def test_an_address_that_is_none_is_no_verified_address(host: StandInApple, apple: Apple, email: object) -> None:
    identity = await apple.identity(host.identity_token(email=email, email_verified=True), nonce=NONCE)
    assert identity.email is None
    assert not identity.is_email_verified


@pytest.mark.parametrize(
    "change",
    [
        {"iss": "https://appleid.apple.com.evil.example"},
        {"iss": "http://appleid.apple.com"},
        {"iss": None},
        {"aud": "another.app"},
        {"aud": None},
        {"aud": ["app.lyo.ios", "another.app"]},
        {"aud": ["app.lyo.ios"]},
        {"aud": {"app.lyo.ios": 1}},
        {"exp": int(time.time()) - 3600},
        {"exp": None},
        {"exp": "soon"},
        {"exp": float("inf")},
        {"exp": 10**30},
        {"iat": int(time.time()) + 86_400},
        {"iat": None},
        {"iat": "now"},
        {"nbf": int(time.time()) + 86_400},
        {"sub": None},
        {"sub": ""},
        {"sub": 7},
        {"sub": "nul\0"},
        {"sub": "x" * 256},
        {"nonce": None},
        {"nonce": NONCE},
        {"nonce": "0" * 64},
        {"nonce": "é"},
        {"nonce": 7},
    ],
)
async def test_a_token_that_is_wrong_in_one_thing_is_refused(
    host: StandInApple, apple: Apple, change: dict[str, Any]
) -> None:
    assert await refused(apple, host.identity_token(**change))


async def test_clocks_may_differ_a_little(host: StandInApple, apple: Apple) -> None:
    moment = int(time.time())
    await apple.identity(host.identity_token(iat=moment + 15, exp=moment + 600), nonce=NONCE)
    await apple.identity(host.identity_token(iat=moment - 600, exp=moment - 15), nonce=NONCE)


async def test_another_nonce_is_refused(host: StandInApple, apple: Apple) -> None:
    assert await refused(apple, host.identity_token(), nonce="another")
    assert await refused(apple, host.identity_token(), nonce="")


@pytest.mark.parametrize(
    "header",
    [
        {"crit": ["b64"]},
        {"crit": ["exp"], "exp": 1},
        {"crit": []},
        {"b64": True},
        {"kid": ""},
        {"kid": "../../etc/passwd"},
        {"kid": "k" * 300},
        {"kid": "first\n"},
        {"alg": "RS384"},
        {"alg": "PS256"},
    ],
)
async def test_a_header_that_asks_for_something_else_is_refused(
    host: StandInApple, apple: Apple, header: dict[str, Any]
) -> None:
    token = host.sign(host.claims())
    _, payload, signature = token.split(".")
    changed = {"alg": "RS256", "kid": "first", **header}
    assert await refused(apple, f"{base64url_encode(json.dumps(changed).encode()).decode()}.{payload}.{signature}")
    if "alg" not in header:  # the same, and truly signed so
        assert await refused(apple, host_signed(host, changed))


def host_signed(host: StandInApple, header: dict[str, Any]) -> str:
    signed = raw_token(header, host.claims()).rpartition(".")[0]
    signature = jwt.get_algorithm_by_name("RS256").sign(signed.encode(), rsa_key(host.kid))
    return f"{signed}.{base64url_encode(signature).decode()}"


async def test_a_token_without_a_name_of_its_key_is_refused(host: StandInApple, apple: Apple) -> None:
    assert await refused(apple, host_signed(host, {"alg": "RS256"}))
    assert await refused(apple, host_signed(host, {"alg": "RS256", "kid": 7}))
    await apple.identity(host_signed(host, {"alg": "RS256", "kid": "first"}), nonce=NONCE)


async def test_a_token_signed_by_nobody_is_refused(host: StandInApple, apple: Apple) -> None:
    for alg in ("none", "None", "NONE", ""):
        assert await refused(apple, raw_token({"alg": alg, "kid": host.kid}, host.claims(), b""))


async def test_a_token_signed_with_the_public_key_as_a_secret_is_refused(host: StandInApple, apple: Apple) -> None:
    public = rsa_key(host.kid).public_key()
    jwk = public_jwk(host.kid, rsa_key(host.kid))
    for secret in (
        public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        public.public_bytes(Encoding.PEM, PublicFormat.PKCS1),
        public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        json.dumps(jwk).encode(),
        json.dumps(jwk, separators=(",", ":")).encode(),
        jwk["n"].encode(),
    ):
        assert await refused(apple, hmac_token(host, secret))


async def test_a_key_in_the_token_itself_is_not_believed(host: StandInApple, apple: Apple) -> None:
    forger = rsa_key("forger")
    mine = public_jwk(host.kid, forger)
    certificate = base64.b64encode(b"a certificate").decode()
    for header in ({"jwk": mine}, {"jku": f"{host.url}/forged"}, {"x5u": f"{host.url}/forged"}, {"x5c": [certificate]}):
        headers = {"kid": host.kid, **header}
        assert await refused(apple, jwt.encode(host.claims(), forger, algorithm="RS256", headers=headers))
    assert {asked.path for asked in host.asked} == {"/auth/keys"}


@pytest.mark.parametrize(
    "token",
    [
        "",
        ".",
        "..",
        "a.b.c",
        "a.b.c.d",
        "é.é.é",
        "\ud800.b.c",
        "eyJhbGciOiJSUzI1NiJ9..",
        raw_token([], {}),
        raw_token("RS256", {}),
        raw_token({"alg": "RS256", "kid": "first"}, []),
        base64url_encode(b"[" * 6000).decode() + ".e30.eA",
        base64url_encode(b'{"alg":"RS256","kid":"first","x":' + b"9" * 5000 + b"}").decode() + ".e30.eA",
    ],
)
async def test_garbage_is_refused(host: StandInApple, apple: Apple, token: str) -> None:
    assert await refused(apple, token)


async def test_a_token_that_is_too_long_is_refused_before_it_is_read(host: StandInApple, apple: Apple) -> None:
    token = host.identity_token(filler="x" * 8192)
    for one in (token, "x" * (1 << 20)):
        with pytest.raises(NotFromApple):  # at the first step: nothing is waited for
            apple.identity(one, nonce=NONCE).send(None)
    assert not host.asked


async def test_a_notice_is_read_with_its_event_as_text_or_as_an_object(host: StandInApple, apple: Apple) -> None:
    for as_string in (True, False):
        notice = await apple.notice(host.notice("consent-revoked", "001.x", as_string=as_string, jti="once"))
        assert (notice.id, notice.type, notice.subject) == ("once", "consent-revoked", "001.x")


@pytest.mark.parametrize("events", [None, "", "no json", "[" * 5000, "[]", 7, {"type": 7, "sub": 7}, {"type": "a\0"}])
async def test_of_an_event_nothing_is_required(host: StandInApple, apple: Apple, events: object) -> None:
    notice = await apple.notice(host.notice("x", events=events))
    assert (notice.type, notice.subject) == ("", None)


@pytest.mark.parametrize(
    "change",
    [
        {"iss": "https://elsewhere.example"},
        {"aud": "another.app"},
        {"jti": None},
        {"jti": ""},
        {"jti": "nul\0"},
        {"iat": None},
        {"iat": int(time.time()) + 86_400},
        {"iat": int(time.time()) - 40 * 86400},
        {"iat": -(10**17)},
        {"exp": int(time.time()) - 3600},
    ],
)
async def test_a_notice_that_is_wrong_in_one_thing_is_refused(
    host: StandInApple, apple: Apple, change: dict[str, Any]
) -> None:
    with pytest.raises(NotFromApple):
        await apple.notice(host.notice("consent-revoked", **change))
