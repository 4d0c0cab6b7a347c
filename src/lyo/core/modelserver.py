"""Asking a model server over HTTP which model it has, and whether it is proven: for health probes.

It lives here because the web process must not import `lyo.llm`, and both need it.
"""

import asyncio
import json
import ssl
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from typing import cast
from urllib.parse import urlsplit

import httpx2

PROBE_SECONDS = 3.0
_MAX_ANSWER_BYTES = 1 << 20
_MAX_MESSAGE = 300
_TIMEOUT = httpx2.Timeout(PROBE_SECONDS, connect=2.0)


class AnswerTooLong(Exception):
    """The answer is longer than anything that was expected."""


@dataclass(frozen=True, slots=True)
class ModelHealth:
    """What a model server says of itself."""

    ok: bool
    """A model is loaded and answers."""
    model: str | None = None
    sha256: str | None = None
    """Hex digest of the verified file; None where the server is not ours."""
    verified: bool | None = None
    """True: verified before it was loaded. False: refused. None: the server does not say."""
    loaded: bool = False
    code: str | None = None
    """Why not, for programs: `loading`, `checksum_mismatch`, `model_missing`, `unreachable`, `not_a_model_server`, …"""
    reason: str | None = None
    """Why not, in a sentence for people."""


def server_root(url: str) -> str:
    """`url` without what people append to it: a trailing slash, or OpenAI's `/v1`."""
    return url.rstrip("/").removesuffix("/v1").rstrip("/")


@cache
def _tls() -> ssl.SSLContext:
    """Made once: it takes 50 ms, in which this process serves nobody."""
    return httpx2.create_ssl_context()


async def health(url: str) -> ModelHealth:
    """Probe the model server at `url` (MODEL_URL); never raises, answers within `PROBE_SECONDS` or little more."""
    async with httpx2.AsyncClient(timeout=_TIMEOUT, verify=_tls()) as client:
        return await probe(client, url)


async def probe(client: httpx2.AsyncClient, url: str) -> ModelHealth:
    """Like `health`, over a client that is there already."""
    if not _is_address(url):
        return ModelHealth(ok=False, code="unreachable", reason="MODEL_URL is no address.")
    try:
        status, body = await fetch_limited(client, f"{server_root(url)}/v1/models", _MAX_ANSWER_BYTES)
    except (httpx2.HTTPError, TimeoutError):
        return ModelHealth(ok=False, code="unreachable", reason="The model server does not answer.")
    except AnswerTooLong:
        return _no_model_server()
    if status == HTTPStatus.OK:
        return _loaded(_object(body))
    code, message = error_of(body)
    return ModelHealth(
        ok=False,
        verified=False if code == "checksum_mismatch" else None,
        code=code or "unavailable",
        reason=message or f"The model server answers {status}.",
    )


async def fetch_limited(client: httpx2.AsyncClient, url: str, limit: int) -> tuple[int, bytes]:
    """Status and body of a GET, within `PROBE_SECONDS`; raises `AnswerTooLong`, `TimeoutError`, `httpx2.HTTPError`."""
    ask = client.stream("GET", url, headers={"Accept-Encoding": "identity"})
    async with asyncio.timeout(PROBE_SECONDS), ask as response:
        body = bytearray()
        async for block in response.aiter_raw():
            body += block
            if len(body) > limit:
                raise AnswerTooLong
        return response.status_code, bytes(body)


def error_of(body: bytes) -> tuple[str | None, str | None]:
    """Code and message of an OpenAI-style error body; a number as code (llama.cpp while loading) reads `loading`."""
    error = _object(body).get("error")
    if not isinstance(error, dict):
        return None, None
    fields = cast("dict[str, object]", error)
    code, message = fields.get("code"), fields.get("message")
    known = code if isinstance(code, str) else "loading" if message == "Loading model" else None
    return known, message[:_MAX_MESSAGE] if isinstance(message, str) and message else None


def _loaded(answer: dict[str, object]) -> ModelHealth:
    models = answer.get("data")
    first = cast("list[object]", models)[0] if isinstance(models, list) and models else None
    if not isinstance(first, dict):
        return _no_model_server()
    model = cast("dict[str, object]", first)
    if not isinstance(model.get("id"), str):
        return _no_model_server()
    digest = sha256_of(model)
    return ModelHealth(ok=True, model=str(model["id"]), sha256=digest, verified=True if digest else None, loaded=True)


def tags_of(model: dict[str, object]) -> list[str]:
    """The tags of an entry of `/v1/models`; ours carry `sha256:…` and `chat` or `base`."""
    tags = model.get("tags")
    return [tag for tag in cast("list[object]", tags) if isinstance(tag, str)] if isinstance(tags, list) else []


def sha256_of(model: dict[str, object]) -> str | None:
    """The digest in the tags of an entry of `/v1/models`."""
    digests = [tag.removeprefix("sha256:") for tag in tags_of(model) if tag.startswith("sha256:")]
    return digests[0] if digests else None


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        # Reading the port checks it: the HTTP client lets 99999 through to the socket, which overflows.
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _no_model_server() -> ModelHealth:
    return ModelHealth(ok=False, code="not_a_model_server", reason="What answers at MODEL_URL is no model server.")


def _object(body: bytes) -> dict[str, object]:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}
