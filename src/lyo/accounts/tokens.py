"""Access tokens (JWT, RFC 9068) and refresh tokens (opaque)."""

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import jwt

from lyo.core.clock import now
from lyo.core.ids import new_id
from lyo.core.settings import Settings

ISSUER: Final = "https://api.lyo.app"
AUDIENCE: Final = "lyo-app"
TOKEN_TYPE: Final = "at+jwt"  # noqa: S105 - the media type of RFC 9068, no secret
_REQUIRED: Final = ["iss", "aud", "sub", "sid", "jti", "iat", "exp"]
_LONGEST_TOKEN: Final = 8192
CLOCK_SKEW: Final = timedelta(seconds=10)


class TokenInvalid(Exception):
    """The access token is not one of ours, or no longer good. The message says why and holds nothing of the token."""


@dataclass(frozen=True, slots=True)
class AccessClaims:
    """What a good access token says."""

    user_id: UUID
    login_id: UUID
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class TokenKey:
    """How access tokens are signed and how long they live."""

    secret: str = field(repr=False)
    algorithm: str
    lifetime: timedelta

    @classmethod
    def of(cls, settings: Settings) -> "TokenKey":
        """The key that the settings name."""
        return cls(
            secret=settings.require_jwt_secret(),
            algorithm=settings.jwt_algorithm,
            lifetime=timedelta(minutes=settings.jwt_access_token_expire_minutes),
        )


def issue_access_token(key: TokenKey, *, user_id: UUID, login_id: UUID) -> str:
    """A signed access token for one log-in of one user."""
    issued = now()
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": str(user_id),
        "sid": str(login_id),
        "jti": str(new_id()),
        "iat": issued,
        "exp": issued + key.lifetime,
    }
    return jwt.encode(claims, key.secret, algorithm=key.algorithm, headers={"typ": TOKEN_TYPE})


def read_access_token(key: TokenKey, token: str) -> AccessClaims:
    """What `token` says, after its signature, type, issuer, audience and life were checked; raises `TokenInvalid`."""
    if len(token) > _LONGEST_TOKEN:
        raise TokenInvalid("too long")
    try:
        whole = jwt.decode_complete(
            token,
            key.secret,
            algorithms=[key.algorithm],
            audience=AUDIENCE,
            issuer=ISSUER,
            leeway=CLOCK_SKEW,
            options={"require": _REQUIRED},
        )
        if whole["header"].get("typ") != TOKEN_TYPE:
            raise TokenInvalid("wrong type")
        claims = whole["payload"]
        return AccessClaims(
            user_id=UUID(claims["sub"]),
            login_id=UUID(claims["sid"]),
            expires_at=datetime.fromtimestamp(claims["exp"], tz=now().tzinfo),
        )
    except (jwt.InvalidTokenError, ValueError, TypeError, AttributeError, OverflowError, OSError) as error:
        # Its class and not its words, which may quote the token.
        raise TokenInvalid(type(error).__name__) from None


def new_refresh_token() -> str:
    """256 random bits."""
    return secrets.token_urlsafe(32)


def successor(key: TokenKey, refresh_token: str) -> str:
    """The one refresh token that may follow `refresh_token`.

    Derived and not drawn, so that a client whose answer was lost can ask again and get the same one, while only
    digests are stored.
    """
    digest = hmac.digest(key.secret.encode(), b"refresh-successor\0" + refresh_token.encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def refresh_token_hash(refresh_token: str) -> bytes:
    """What is stored of a refresh token."""
    return hashlib.sha256(refresh_token.encode()).digest()
