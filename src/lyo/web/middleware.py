"""What surrounds every request: its id, one log line, and the answer to errors that nobody foresaw.

Pure ASGI and outermost. Starlette calls handlers of plain exceptions outside of all middleware, where the request id
and headers would be missing, and `BaseHTTPMiddleware` cancels endpoints of clients that leave.
"""

import re
import time
from typing import Final

import structlog
from fastapi import HTTPException
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lyo.core.errors import BodyTooLarge, NotFound, Problem
from lyo.core.ids import new_id
from lyo.web.problems import problem_response

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

_SANE_ID: Final = re.compile(r"[A-Za-z0-9._-]{8,128}")
_QUIET: Final = "/v1/health/"


class RequestContext:
    """Gives each request an id, which its answer and all its log lines carry."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] not in {"http", "websocket"}:
            await self.app(scope, receive, send)
            return
        request_id = _request_id(Headers(scope=scope).get("x-request-id"))
        status = 0

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] in {"http.response.start", "websocket.http.response.start"}:
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Request-ID"] = request_id
                headers["X-Content-Type-Options"] = "nosniff"
            elif message["type"] == "websocket.accept":
                status = 101
            elif message["type"] == "websocket.close" and status == 0:
                # Closed before it was accepted: no route of ours has this address. Make it a real 404.
                await problem_response(NotFound(), HTTPConnection(scope))(scope, receive, send_with_id)
                return
            await send(message)

        started = time.perf_counter()
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                await self.app(scope, receive, send_with_id)
            except Exception as error:
                log.exception("request.failed", path=scope["path"], error=type(error).__name__)
                if status == 0:
                    await _answer_500(scope, receive, send_with_id)
                    return
                raise
            finally:
                _log_request(scope, status, time.perf_counter() - started)


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
            response = problem_response(BodyTooLarge(), HTTPConnection(scope))
            await response(scope, receive, send)
            return
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


async def _answer_500(scope: Scope, receive: Receive, send: Send) -> None:
    response = problem_response(Problem(), HTTPConnection(scope))
    await response(scope, receive, send)


def _log_request(scope: Scope, status: int, seconds: float) -> None:
    # A probe comes every few seconds: it is worth a line only when it fails.
    write = log.debug if scope["path"].startswith(_QUIET) and status < 400 else log.info  # noqa: PLR2004
    write(
        "request",
        method=scope.get("method", "WEBSOCKET"),
        path=scope["path"],
        status=status,
        ms=round(seconds * 1000, 1),
    )
