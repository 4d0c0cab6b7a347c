"""Access tokens that are wrong in one thing: each is a 401, and is logged without itself."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final
from uuid import uuid4

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import RSAAlgorithm
from support.api import Api, Learner

from lyo.accounts.tokens import AUDIENCE, ISSUER, TOKEN_TYPE, TokenKey
from lyo.core.clock import now
from lyo.core.settings import Settings

pytestmark = pytest.mark.anyio

Claims = dict[str, Any]
Forge = Callable[[TokenKey, Claims], str]


def _part(content: object) -> str:
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _by_hand(secret: bytes, header: Claims, claims: Claims) -> str:
    """What PyJWT refuses to make."""
    signed = f"{_part(header)}.{_part(claims)}"
    return f"{signed}.{_part(hmac.digest(secret, signed.encode(), hashlib.sha256))}"


def _signed(key: TokenKey, claims: Claims, **header: Any) -> str:
    return _by_hand(key.secret.encode(), {"alg": "HS256", "typ": TOKEN_TYPE, **header}, claims)


def _changed(**change: Any) -> Forge:
    def forge(key: TokenKey, claims: Claims) -> str:
        return _signed(key, {name: value for name, value in {**claims, **change}.items() if value is not None})

    return forge


def _with_header(**header: Any) -> Forge:
    return lambda key, claims: _signed(key, claims, **header)


def _public_key() -> Any:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key()


def _by_a_public_key(key: TokenKey, claims: Claims) -> str:
    pem = _public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return _by_hand(pem, {"alg": "HS256", "typ": TOKEN_TYPE}, claims)


def _by_a_public_jwk(key: TokenKey, claims: Claims) -> str:
    jwk: str = RSAAlgorithm.to_jwk(_public_key())
    return _by_hand(jwk.encode(), {"alg": "HS256", "typ": TOKEN_TYPE, "jwk": json.loads(jwk)}, claims)


def _by_the_old_secret(key: TokenKey, claims: Claims) -> str:
    return _by_hand(b"the secret of last year, of some length", {"alg": "HS256", "typ": TOKEN_TYPE}, claims)


def _unsigned(key: TokenKey, claims: Claims) -> str:
    return f"{_part({'alg': 'none', 'typ': TOKEN_TYPE})}.{_part(claims)}."


def _stripped(key: TokenKey, claims: Claims) -> str:
    return _signed(key, claims).rpartition(".")[0] + "."


def _padded(key: TokenKey, claims: Claims) -> str:
    return _signed(key, {**claims, "pad": "x" * 9000})


FORGERIES: Final[dict[str, Forge]] = {
    "alg none": _unsigned,
    "alg none in capitals": lambda _, claims: f"{_part({'alg': 'NONE', 'typ': TOKEN_TYPE})}.{_part(claims)}.",
    "another alg": _with_header(alg="HS512"),
    "an alg of public keys": _with_header(alg="RS256"),
    "no signature": _stripped,
    "HS256 by a public key": _by_a_public_key,
    "HS256 by a public key in the header": _by_a_public_jwk,
    "an old secret": _by_the_old_secret,
    "unknown crit": _with_header(crit=["exp-ish"], **{"exp-ish": True}),
    "typ JWT": _with_header(typ="JWT"),
    "no typ": _with_header(typ=None),
    "typ of refresh tokens": _with_header(typ="rt+jwt"),
    "wrong aud": _changed(aud="another-app"),
    "wrong iss": _changed(iss="https://elsewhere.example"),
    "iss that begins like ours": _changed(iss=f"{ISSUER}.evil.example"),
    "expired": _changed(exp=int((now() - timedelta(minutes=1)).timestamp())),
    "exp of another kind": _changed(exp="tomorrow"),
    "exp beyond all years": _changed(exp=10**18),
    "no exp": _changed(exp=None),
    "not yet valid": _changed(nbf=int((now() + timedelta(days=1)).timestamp())),
    "issued in the future": _changed(iat=int((now() + timedelta(days=1)).timestamp())),
    "no jti": _changed(jti=None),
    "no sub": _changed(sub=None),
    "sub of nobody": _changed(sub=str(uuid4())),
    "sub that is no id": _changed(sub="../admin"),
    "sub that is no text": _changed(sub=1),
    "sid of nobody": _changed(sid=str(uuid4())),
    "no sid": _changed(sid=None),
    "no claims": lambda key, _: _signed(key, {}),
    "claims that are a list": lambda key, _: _by_hand(key.secret.encode(), {"alg": "HS256"}, [1]),  # type: ignore[arg-type]
    "far too long": _padded,
    "1 MB long": lambda _, __: "x" * 1_000_000,
    "a dot": lambda _, __: ".",
    "no token": lambda _, __: "a.b.c",
    "no ASCII": lambda _, __: "tökén",
}


async def _refused(api: Api, token: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.clear()
    answer = await api.client.get("/v1/courses", headers=[(b"Authorization", f"Bearer {token}".encode())])
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert answer.headers["content-type"] == "application/problem+json"
    assert " 401" in caplog.text or "'status': 401" in caplog.text
    if len(token) > 8:
        assert token[-40:] not in caplog.text + answer.text
        assert token[:40] not in caplog.text + answer.text


@pytest.mark.parametrize("name", FORGERIES)
async def test_a_forged_token_is_a_401_and_is_logged_without_itself(
    api: Api, learner: Learner, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    claims: Claims = jwt.decode(learner.access_token, options={"verify_signature": False})
    assert (claims["iss"], claims["aud"]) == (ISSUER, AUDIENCE)
    key = TokenKey.of(api.resources.settings)
    genuine = {"Authorization": f"Bearer {_signed(key, claims)}"}
    assert (await api.client.get("/v1/courses", headers=genuine)).status_code == 200, "only the forgery is at fault"
    await _refused(api, FORGERIES[name](key, claims), caplog)


async def test_a_token_of_one_learner_with_the_name_of_another_is_refused(
    api: Api, learner: Learner, caplog: pytest.LogCaptureFixture
) -> None:
    other = await api.new_learner()
    await other.client.aclose()
    claims: Claims = jwt.decode(learner.access_token, options={"verify_signature": False})
    await _refused(api, _changed(sub=str(other.id))(TokenKey.of(api.resources.settings), claims), caplog)


async def test_a_refresh_token_opens_nothing(api: Api, learner: Learner, caplog: pytest.LogCaptureFixture) -> None:
    await _refused(api, learner.refresh_token, caplog)
    assert "token_refused" in caplog.text


async def test_an_access_token_refreshes_nothing(api: Api, learner: Learner) -> None:
    for token in (learner.access_token[:512], learner.access_token[-400:]):
        answer = await api.client.post("/v1/auth/refresh", json={"refresh_token": token})
        assert answer.status_code == 401


@pytest.mark.parametrize("scheme", ["Basic", "bearer", "Token"])
async def test_the_scheme_is_bearer_in_any_case(api: Api, learner: Learner, scheme: str) -> None:
    answer = await api.client.get("/v1/courses", headers={"Authorization": f"{scheme} {learner.access_token}"})
    assert answer.status_code == (200 if scheme == "bearer" else 401)


async def test_another_algorithm_of_the_settings_makes_the_old_tokens_void(settings: Settings, api: Api) -> None:
    learner = await api.new_learner()
    await learner.client.aclose()
    claims: Claims = jwt.decode(learner.access_token, options={"verify_signature": False})
    key = TokenKey.of(settings.model_copy(update={"jwt_algorithm": "HS512"}))
    token = jwt.encode(claims, key.secret * 2, algorithm="HS512", headers={"typ": TOKEN_TYPE})
    answer = await api.client.get("/v1/courses", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 401
