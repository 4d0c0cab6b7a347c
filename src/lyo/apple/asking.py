"""Requests to Apple: one fixed host, no redirects, bounded in bytes and seconds."""

import asyncio
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Final, cast

import httpx2

from lyo.apple.errors import AppleRefused, AppleUnavailable

MOST_BYTES: Final = 64 << 10
_OAUTH_ERRORS: Final = {
    "invalid_request",
    "invalid_client",
    "invalid_grant",
    "unauthorized_client",
    "unsupported_grant_type",
    "invalid_scope",
}


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a request to Apple may take, in seconds."""

    connect: float = 3.0
    silence: float = 4.0
    """Between two pieces of an answer, and before the first."""
    whole: float = 5.0


@dataclass(frozen=True, slots=True)
class AppleHost:
    """Where Apple is, and how it is asked."""

    client: httpx2.AsyncClient
    base: str
    patience: Patience

    async def get(self, path: str) -> dict[str, object]:
        """The JSON object at `path`; raises `AppleUnavailable` for everything else."""
        status, body = await self._ask("GET", path, None)
        if status != HTTPStatus.OK:
            raise AppleUnavailable
        return json_object(body)

    async def post(self, path: str, form: Mapping[str, str]) -> bytes:
        """The body of the answer to `form`; raises `AppleUnavailable`, or `AppleRefused` if Apple says no."""
        status, body = await self._ask("POST", path, form)
        if status == HTTPStatus.OK:
            return body
        if HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR and status not in _BUSY:
            raise AppleRefused(_oauth_error(body))
        raise AppleUnavailable

    async def _ask(self, method: str, path: str, form: Mapping[str, str] | None) -> tuple[int, bytes]:
        try:
            async with (
                asyncio.timeout(self.patience.whole),
                self.client.stream(method, self.base.rstrip("/") + path, data=form) as response,
            ):
                body = bytearray()
                # Never decoded: what is small on the wire may be large in memory.
                async for block in response.aiter_raw():
                    body += block
                    if len(body) > MOST_BYTES:
                        raise AppleUnavailable
                return response.status_code, bytes(body)
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError, TimeoutError) as error:
            raise AppleUnavailable from error


_BUSY: Final = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS}


@cache
def _trusted() -> ssl.SSLContext:
    """The certificates that we trust, read once: that is the longest part of a start."""
    return httpx2.create_ssl_context()


def apple_client(patience: Patience) -> httpx2.AsyncClient:
    """A client for `AppleHost`; close it."""
    return httpx2.AsyncClient(
        verify=_trusted(),
        timeout=httpx2.Timeout(patience.silence, connect=patience.connect, pool=patience.whole),
        headers={"Accept": "application/json", "Accept-Encoding": "identity"},
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        follow_redirects=False,
    )


def json_object(body: bytes) -> dict[str, object]:
    """The JSON object in an answer; raises `AppleUnavailable`: whatever this is, Apple it is not."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise AppleUnavailable from error
    if not isinstance(value, dict):
        raise AppleUnavailable
    return cast("dict[str, object]", value)


def _oauth_error(body: bytes) -> str:
    try:
        word = json_object(body).get("error")
    except AppleUnavailable:
        return "unknown"
    return word if isinstance(word, str) and word in _OAUTH_ERRORS else "unknown"
