"""What Apple signs: identity tokens, which an app gets for a learner, and notices, which Apple sends by itself.

Neither is believed in anything before its signature was checked with a key of Apple's that its `kid` names. Keys, or
addresses of keys, in the token itself are never looked at.
"""

import hashlib
import hmac
import json
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, cast

import jwt

from lyo.apple.errors import NotFromApple
from lyo.apple.keys import ALGORITHM, AppleKeys
from lyo.core.clock import now

ISSUER: Final = "https://appleid.apple.com"
"""Also where a stand-in has another address: it is what the tokens say."""
LONGEST_TOKEN: Final = 8192
CLOCK_SKEW: Final = timedelta(seconds=30)
NOTICES_GOOD_FOR: Final = timedelta(days=30)
"""How old a notice may be. For as long it is remembered that it was heard."""

_NAME: Final = re.compile(r"[\x21-\x7e]{1,255}")
_EMAIL: Final = re.compile(r"[^@\s\x00\ud800-\udfff]{1,64}@[^@\s\x00\ud800-\udfff]{1,189}")


@dataclass(frozen=True, slots=True)
class Identity:
    """Who signed in with Apple, as Apple says."""

    subject: str
    """Stable for all apps of one team; the only thing to know somebody by."""
    client_id: str
    email: str | None
    """In lower case."""
    is_email_verified: bool
    is_private_email: bool
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that happened to somebody's account at Apple."""

    id: str
    type: str
    """One of Apple's, or an empty string if it could not be read. More may come."""
    subject: str | None
    issued_at: datetime


async def read_identity(keys: AppleKeys, audiences: tuple[str, ...], token: str, *, nonce: str | None) -> Identity:
    """What an identity token says; raises `NotFromApple` or `AppleUnavailable`.

    `nonce` is the raw one; Apple was given its SHA-256 in hexadecimal. None: the token came from Apple itself.
    """
    claims = await _claims(keys, audiences, token, require=["sub", "exp", *(["nonce"] if nonce is not None else [])])
    if nonce is not None and not _is_nonce(claims["nonce"], nonce):
        raise NotFromApple
    email = claims.get("email")
    is_address = isinstance(email, str) and _EMAIL.fullmatch(email) is not None
    return Identity(
        subject=_name(claims["sub"]),
        client_id=claims["aud"],
        email=str(email).lower() if is_address else None,
        is_email_verified=is_address and _is_true(claims.get("email_verified")),
        is_private_email=is_address and _is_true(claims.get("is_private_email")),
        expires_at=_moment(claims["exp"]),
    )


async def read_notice(keys: AppleKeys, audiences: tuple[str, ...], payload: str) -> Notice:
    """What a notice says; raises `NotFromApple` or `AppleUnavailable`. Of its event nothing is required."""
    claims = await _claims(keys, audiences, payload, require=["jti"])
    issued_at = _moment(claims["iat"])
    if now() - issued_at > NOTICES_GOOD_FOR:
        raise NotFromApple
    event = _event(claims.get("events"))
    kind, subject = event.get("type"), event.get("sub")
    return Notice(
        id=_name(claims["jti"]),
        type=kind if isinstance(kind, str) and _NAME.fullmatch(kind) else "",
        subject=subject if isinstance(subject, str) and _NAME.fullmatch(subject) else None,
        issued_at=issued_at,
    )


async def _claims(keys: AppleKeys, audiences: tuple[str, ...], token: str, *, require: list[str]) -> dict[str, Any]:
    if len(token) > LONGEST_TOKEN or not token.isascii():
        raise NotFromApple
    try:
        header = jwt.get_unverified_header(token)
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
        raise NotFromApple from None
    # What `crit` lists must be understood, and of that we understand nothing.
    if header.get("alg") != ALGORITHM or "crit" in header or "b64" in header:
        raise NotFromApple
    key = await keys.find(_name(header.get("kid")))
    try:
        claims = jwt.decode(
            token,
            key,
            algorithms=[ALGORITHM],
            audience=audiences,
            issuer=ISSUER,
            leeway=CLOCK_SKEW,
            options={"require": ["iss", "aud", "iat", *require]},
        )
    except (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError):
        raise NotFromApple from None
    if not isinstance(claims["aud"], str):  # a list would be for others too
        raise NotFromApple
    return claims


def nonce_digest(nonce: str) -> bytes:
    """What Apple is given of a nonce, before it is written in hexadecimal."""
    return hashlib.sha256(nonce.encode()).digest()


def _is_nonce(claim: object, nonce: str) -> bool:
    if not isinstance(claim, str) or not claim.isascii():
        return False
    return hmac.compare_digest(claim, nonce_digest(nonce).hex())


def _name(value: object) -> str:
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise NotFromApple
    return value


def _is_true(value: object) -> bool:
    """Apple writes such claims as booleans in some tokens and as strings in others."""
    return value is True or (isinstance(value, str) and value.lower() == "true")


def _moment(seconds: Any) -> datetime:
    try:
        return datetime.fromtimestamp(int(seconds), tz=now().tzinfo)
    except (ValueError, TypeError, OverflowError, OSError):
        raise NotFromApple from None


def _event(events: object) -> dict[str, object]:
    """Apple sends the event as JSON inside a string; its documentation shows an object."""
    value = events
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return {}
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}
