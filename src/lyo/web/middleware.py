"""What surrounds every request: its id, headers and log line, the answer to unforeseen errors, HEAD, the body's size.

Pure ASGI. Starlette calls handlers of plain exceptions outside of all middleware, where the request id and headers
would be missing, and `BaseHTTPMiddleware` cancels endpoints of clients that leave.
"""

import asyncio
import re
import time
from typing import Final

import structlog
from fastapi import HTTPException
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lyo.core.errors import BodyTooLarge, NotFound, Problem, Unavailable
from lyo.core.ids import new_id
from lyo.core.settings import Mode, Settings
from lyo.web.problems import problem_response
from lyo.web.throttle import UNCOUNTED, rate_headers

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

REFUSAL: Final = "refusal"
"""Where the server puts the problem of a request that it could not even read; see `lyo.web.server`."""
_SANE_ID: Final = re.compile(r"[A-Za-z0-9._-]{8,128}")
_STARTS: Final = {"http.response.start", "websocket.http.response.start"}
_SAFE: Final = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}
_HSTS: Final = {"Strict-Transport-Security": "max-age=31536000"}
_NOTHING_ELSE: Final = "default-src 'none'; frame-ancestors 'none'"


class RequestContext:
    """Gives each request an id, which its answer and all its log lines carry, and each answer the headers of all."""

    def __init__(self, app: ASGIApp, *, settings: Settings) -> None:
        self.app = app
        self.always = {**_SAFE, **(_HSTS if settings.lyo_mode is Mode.PRODUCTION else {})}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] not in {"http", "websocket"}:
            await self.app(scope, receive, send)
            return
        request_id = _request_id(Headers(scope=scope).get("x-request-id"))
        scope.setdefault("state", {})
        status = 0

        async def send_dressed(message: Message) -> None:
            nonlocal status
            if message["type"] in _STARTS:
                status = message["status"]
                self._dress(MutableHeaders(scope=message), scope, request_id)
            elif message["type"] == "websocket.accept":
                status = 101
                message["headers"] = [*message.get("headers", ()), (b"x-request-id", request_id.encode())]
            elif message["type"] == "websocket.close" and status == 0:
                # Closed before it was accepted: no route of ours has this address. Make it a real 404.
                await problem_response(NotFound(), HTTPConnection(scope))(scope, receive, send_dressed)
                return
            await send(message)

        started = time.perf_counter()
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                await self.app(scope, receive, send_dressed)
            finally:
                _log_request(scope, status, time.perf_counter() - started)

    def _dress(self, headers: MutableHeaders, scope: Scope, request_id: str) -> None:
        headers["X-Request-ID"] = request_id
        headers.update(self.always)
        headers.update(rate_headers(scope))
        headers.setdefault("Content-Security-Policy", _NOTHING_ELSE)
        if scope["path"].startswith("/v1/"):
            headers.setdefault("Cache-Control", "no-store")


class Faults:
    """Answers problems that are raised outside of FastAPI, and exceptions that nobody foresaw."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] not in {"http", "websocket"}:
            await self.app(scope, receive, send)
            return
        begun = False

        async def send_noted(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app_for(scope)(scope, receive, send_noted)
        except Problem as problem:
            await problem_response(problem, HTTPConnection(scope))(scope, receive, send)
        except asyncio.CancelledError:
            # The server stops, and the request took longer than it waits.
            if begun or scope["type"] != "http":
                raise
            await problem_response(Unavailable(), HTTPConnection(scope))(scope, receive, send)
        except Exception as error:
            log.exception("request.failed", path=scope["path"], error=type(error).__name__)
            if begun:
                raise
            await problem_response(Problem(), HTTPConnection(scope))(scope, receive, send)

    def _app_for(self, scope: Scope) -> ASGIApp:
        refusal: Problem | None = scope["state"].get(REFUSAL)
        return self.app if refusal is None else problem_response(refusal, HTTPConnection(scope))


class HeadAsGet:
    """Answers HEAD wherever GET is answered, by the same code; the server leaves the body out."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] == "http" and scope["method"] == "HEAD":
            scope = {**scope, "method": "GET"}
        await self.app(scope, receive, send)


class BodyLimit:
    """Refuses bodies that are too large, at once where they say so, else at the byte that is one too many."""

    def __init__(self, app: ASGIApp, *, maximum_bytes: int) -> None:
        self.app = app
        self.maximum_bytes = maximum_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        announced = Headers(scope=scope).get("content-length", "0")
        if announced.isdecimal() and int(announced) > self.maximum_bytes:
            raise BodyTooLarge
        received = 0

        async def receive_counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self.maximum_bytes:
                # FastAPI lets its own exception alone through while it reads a body.
                raise HTTPException(BodyTooLarge.status)
            return message

        await self.app(scope, receive_counted, send)


def _request_id(offered: str | None) -> str:
    return offered if offered and _SANE_ID.fullmatch(offered) else new_id().hex


def _log_request(scope: Scope, status: int, seconds: float) -> None:
    # A probe comes every few seconds: it is worth a line only when it fails.
    write = log.debug if scope["path"] in UNCOUNTED and status < 400 else log.info  # noqa: PLR2004
    write(
        "request",
        method=scope.get("method", "WEBSOCKET"),
        path=scope["path"],
        status=status,
        ms=round(seconds * 1000, 1),
    )
