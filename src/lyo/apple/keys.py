"""Apple's public keys, kept in memory and fetched when they are needed, one fetch at a time.

Whoever sends a token chooses its `kid`, before anything about the token is known to be true. So an unknown one makes
us ask Apple at most once a minute, and however many ask at once share one request.
"""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, cast

import jwt
import structlog
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from lyo.apple.asking import AppleHost
from lyo.apple.errors import AppleUnavailable, NotFromApple

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

ALGORITHM: Final = "RS256"
_PATH: Final = "/auth/keys"
_LEAST_BITS: Final = 2048
_MOST_KEYS: Final = 64


@dataclass(frozen=True, slots=True)
class Keeping:
    """How long keys are kept and how often Apple is asked for them, in seconds."""

    fresh: float = 3600.0
    stale: float = 24 * 3600.0
    """For so long after the fetch a key is used while Apple is away."""
    unknown: float = 60.0
    """Between two fetches because of a key that we do not know."""
    pause: float = 10.0
    """After a fetch that failed, as long as we have some keys."""


@dataclass(slots=True)
class AppleKeys:
    """The keys of one process."""

    host: AppleHost
    keeping: Keeping = field(default_factory=Keeping)
    _keys: Mapping[str, jwt.PyJWK] = field(default_factory=dict[str, jwt.PyJWK])
    _fetched_at: float | None = None
    _failed_at: float | None = None
    _unknown_at: float | None = None
    _fetch: asyncio.Task[AppleUnavailable | None] | None = None

    async def find(self, kid: str) -> jwt.PyJWK:
        """The key with this name; raises `NotFromApple` if there is none, `AppleUnavailable` if nobody can tell."""
        failure = None
        has_just_asked = not self._is_within(self._fetched_at, self.keeping.fresh)
        if has_just_asked:
            failure = await self._refresh()
        if kid not in self._keys and not has_just_asked and self._may_ask_for_unknown():
            failure = await self._refresh(because_unknown=True)
        if kid in self._keys and self._is_within(self._fetched_at, self.keeping.stale):
            return self._keys[kid]
        if failure is not None:
            raise failure
        raise NotFromApple

    async def aclose(self) -> None:
        """Give a fetch that is under way up."""
        if self._fetch is not None:
            self._fetch.cancel()
            await asyncio.wait([self._fetch])

    async def _refresh(self, *, because_unknown: bool = False) -> AppleUnavailable | None:
        """Fetch the keys, or wait for the fetch that is under way; says why there are no new ones."""
        if self._fetch is None:
            if self._keys and self._is_within(self._failed_at, self.keeping.pause):
                return AppleUnavailable()
            if because_unknown:
                self._unknown_at = time.monotonic()
            self._fetch = asyncio.create_task(self._fetch_keys())
        # Shielded: the one who began it may leave, and the others still wait.
        return await asyncio.shield(self._fetch)

    def _may_ask_for_unknown(self) -> bool:
        # A fetch that is under way costs nothing more, and may bring the key.
        return self._fetch is not None or not self._is_within(self._unknown_at, self.keeping.unknown)

    async def _fetch_keys(self) -> AppleUnavailable | None:
        try:
            self._keys = _usable(await self.host.get(_PATH))
        except AppleUnavailable as error:
            self._failed_at, self._unknown_at = time.monotonic(), None
            reason = type(error.__cause__).__name__ if error.__cause__ else "no keys in the answer"
            log.warning("apple.keys_unavailable", reason=reason, known=len(self._keys))
            return AppleUnavailable()
        else:
            self._fetched_at, self._failed_at = time.monotonic(), None
            return None
        finally:
            self._fetch = None

    def _is_within(self, moment: float | None, seconds: float) -> bool:
        return moment is not None and time.monotonic() - moment < seconds


def _usable(answer: dict[str, object]) -> Mapping[str, jwt.PyJWK]:
    """The keys of a JWKS that can check Apple's tokens; raises `AppleUnavailable` if there is none."""
    listed = answer.get("keys")
    entries = cast("list[object]", listed)[:_MOST_KEYS] if isinstance(listed, list) else []
    found = dict(key for key in map(_key, entries) if key is not None)
    if not found:
        raise AppleUnavailable
    return found


def _key(entry: object) -> tuple[str, jwt.PyJWK] | None:
    if not isinstance(entry, dict):
        return None
    fields = cast("dict[str, object]", entry)
    kid = fields.get("kid")
    if (
        not isinstance(kid, str)
        or fields.get("kty") != "RSA"
        or fields.get("alg", ALGORITHM) != ALGORITHM
        or fields.get("use", "sig") != "sig"
    ):
        return None
    try:
        # The public numbers and nothing else, whatever stands beside them.
        key = jwt.PyJWK({"kty": "RSA", "n": fields.get("n"), "e": fields.get("e")}, algorithm=ALGORITHM)
    except (jwt.PyJWTError, ValueError, TypeError, AttributeError):
        return None
    is_long_enough = isinstance(key.key, RSAPublicKey) and key.key.key_size >= _LEAST_BITS
    return (kid, key) if is_long_enough else None
