"""A stand-in for Apple on loopback: signs with keys of its own, and serves its JWKS, codes and revocations."""

import asyncio
import hashlib
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from jwt.algorithms import RSAAlgorithm

from lyo.apple.asking import Patience
from lyo.core.clock import now
from support.source_hosts import http

HASTY = Patience(connect=0.5, silence=0.4, whole=0.6)
"""For tests of time-outs, and of nothing else: this machine may do something else for as long."""
ISSUER = "https://appleid.apple.com"
CLIENT_ID = "app.lyo.ios"
TEAM_ID = "TEAM123456"
KEY_ID = "KEY1234567"
NONCE = "a raw nonce, drawn by the app"
CODES = {"good-code": "refresh-token-of-apple"}


@cache
def rsa_key(name: str, bits: int = 2048) -> rsa.RSAPrivateKey:
    """The key of this name, made once for the process."""
    assert name
    return rsa.generate_private_key(65537, bits)


@cache
def team_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def write_team_key(folder: Path) -> Path:
    """The team's private key as the file that Apple hands out."""
    path = folder / "AuthKey.p8"
    path.write_bytes(team_key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return path


def public_jwk(kid: str, key: rsa.RSAPrivateKey, **changes: Any) -> dict[str, Any]:
    return {**RSAAlgorithm.to_jwk(key.public_key(), as_dict=True), "kid": kid, "use": "sig", "alg": "RS256", **changes}


def hashed(nonce: str) -> str:
    return hashlib.sha256(nonce.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class AskedOfApple:
    method: str
    path: str
    form: dict[str, str]


@dataclass(slots=True)
class StandInApple:
    """Apple, as far as a backend sees it. What it does is changed by changing its fields."""

    url: str
    kid: str = "first"
    """The key that signs now."""
    served: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    """The JWKS."""
    instead: dict[str, bytes | None] = field(default_factory=dict[str, bytes | None])
    """Raw answers by path in place of the real ones; None: it never answers. The path `*` stands for all."""
    delay: float = 0.0
    asked: list[AskedOfApple] = field(default_factory=list[AskedOfApple])
    subject_of_codes: str = "001.subject"
    revoked: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    """Refresh tokens, each with the app that revoked it."""

    def rotate(self, kid: str) -> None:
        """Sign with a new key from now on; the old one is served no more."""
        self.kid = kid
        self.served = [public_jwk(kid, rsa_key(kid))]

    def count(self, path: str) -> int:
        return sum(asked.path == path for asked in self.asked)

    def sign(self, claims: dict[str, Any], **header: Any) -> str:
        present = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode(present, rsa_key(self.kid), algorithm="RS256", headers={"kid": self.kid, **header})

    def claims(self, **changes: Any) -> dict[str, Any]:
        """The claims of a good identity token; a change to None leaves one out."""
        issued = int(now().timestamp())
        return {
            "iss": ISSUER,
            "aud": CLIENT_ID,
            "iat": issued,
            "exp": issued + 86400,
            "sub": self.subject_of_codes,
            "nonce": hashed(NONCE),
            "nonce_supported": True,
            "auth_time": issued,
            **changes,
        }

    def identity_token(self, **changes: Any) -> str:
        return self.sign(self.claims(**changes))

    def notice(self, kind: str, sub: str | None = None, *, as_string: bool = True, **changes: Any) -> str:
        """The payload of a notice about the account of `sub`."""
        issued = int(now().timestamp())
        event = {"type": kind, "sub": sub or self.subject_of_codes, "event_time": issued * 1000}
        events = json.dumps(event) if as_string else event
        whole = {"iss": ISSUER, "aud": CLIENT_ID, "iat": issued, "jti": uuid4().hex, "events": events}
        return self.sign({**whole, **changes})

    async def answer(self, asked: AskedOfApple) -> bytes | None:
        self.asked.append(asked)
        await asyncio.sleep(self.delay)
        for path in (asked.path, "*"):
            if path in self.instead:
                return self.instead[path]
        if (asked.method, asked.path) == ("GET", "/auth/keys"):
            return as_json({"keys": self.served})
        if (asked.method, asked.path) == ("POST", "/auth/token"):
            return self._token(asked.form)
        if (asked.method, asked.path) == ("POST", "/auth/revoke"):
            return self._revoke(asked.form)
        return http(b"Not Found", "404 Not Found")

    def _token(self, form: dict[str, str]) -> bytes:
        if not _knows(form):
            return as_json({"error": "invalid_client"}, "400 Bad Request")
        if form.get("grant_type") != "authorization_code" or form.get("code") not in CODES:
            return as_json({"error": "invalid_grant"}, "400 Bad Request")
        return as_json(
            {
                "access_token": "access-token-of-apple",
                "token_type": "Bearer",
                "expires_in": 3600,
                "refresh_token": CODES[form["code"]],
                "id_token": self.identity_token(nonce=None),
            }
        )

    def _revoke(self, form: dict[str, str]) -> bytes:
        if not _knows(form) or form.get("token_type_hint") != "refresh_token":
            return as_json({"error": "invalid_client"}, "400 Bad Request")
        self.revoked.append((form["token"], form["client_id"]))
        return http(b"")


def as_json(value: object, status: str = "200 OK") -> bytes:
    return http(json.dumps(value).encode(), status, Content_Type="application/json;charset=ISO-8859-1")


def _knows(form: dict[str, str]) -> bool:
    """Whether the client secret is a good one, by all that Apple's documentation asks of it."""
    try:
        secret = form["client_secret"]
        claims = jwt.decode(secret, team_key().public_key(), algorithms=["ES256"], audience=ISSUER, issuer=TEAM_ID)
    except (KeyError, jwt.PyJWTError):
        return False
    is_short_lived = bool(claims["exp"] - claims["iat"] <= timedelta(days=180).total_seconds())
    is_for_this_app = bool(claims["sub"] == form["client_id"])
    return is_short_lived and is_for_this_app and jwt.get_unverified_header(secret)["kid"] == KEY_ID


@asynccontextmanager
async def stand_in_apple() -> AsyncGenerator[StandInApple]:
    """Apple, up and well."""
    handlers: list[asyncio.Task[None]] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        handlers.append(task)
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            answer = await running.answer(await _read(reader))
            if answer is None:
                await asyncio.Event().wait()
            writer.write(answer or b"")
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    running = StandInApple(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    running.rotate("first")
    try:
        yield running
    finally:
        server.close()
        for handler in handlers:
            handler.cancel()
        await asyncio.gather(*handlers, return_exceptions=True)
        await server.wait_closed()


async def _read(reader: asyncio.StreamReader) -> AskedOfApple:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.split("\r\n")
    method, path, _ = first.split(" ")
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines if line)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return AskedOfApple(method, path, dict(parse_qsl(body.decode())))
