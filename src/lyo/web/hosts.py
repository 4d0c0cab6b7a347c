"""For which hosts this server answers, and to which web pages it is open."""

from typing import Final

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from lyo.core.errors import MisdirectedRequest, OriginRefused, Problem
from lyo.core.settingrules import plain_origin
from lyo.web.problems import problem_response

_METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
_TAKEN: Final = ("Authorization", "Content-Type", "Idempotency-Key", "If-None-Match", "Prefer", "X-Request-ID")
_EXPOSED: Final = (
    "ETag",
    "Idempotency-Replayed",
    "Location",
    "Preference-Applied",
    "RateLimit",
    "RateLimit-Policy",
    "Retry-After",
    "WWW-Authenticate",
    "X-Request-ID",
)


class Hosts:
    """Refuses requests for other hosts, and sockets of web pages that are neither this host's nor known."""

    def __init__(self, app: ASGIApp, *, allowed: tuple[str, ...], origins: tuple[str, ...]) -> None:
        self.app = app
        self.allowed = allowed
        self.origins = origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection; raises `MisdirectedRequest` or `OriginRefused`."""
        if scope["type"] in {"http", "websocket"}:
            headers = Headers(scope=scope)
            if not _answers_for(headers.getlist("host"), self.allowed):
                raise MisdirectedRequest
            # Browsers ask nobody before they open a socket, and say on whose behalf. Apps say nothing.
            if scope["type"] == "websocket" and not self._is_open_to(
                headers.getlist("origin"), headers.get("host", "")
            ):
                raise OriginRefused
        await self.app(scope, receive, send)

    def _is_open_to(self, origins: list[str], host: str) -> bool:
        if not origins or "*" in self.origins:
            return True
        origin = plain_origin(origins[0]) if len(origins) == 1 else None
        if origin is None:
            return False
        scheme, _, _ = origin.partition("://")
        return origin in self.origins or origin == plain_origin(f"{scheme}://{host}")


class Cors(CORSMiddleware):
    """Starlette's, with what our answers and clients carry, and a problem for a page that is refused."""

    def __init__(self, app: ASGIApp, *, allowed: tuple[str, ...], origins: tuple[str, ...]) -> None:
        super().__init__(
            app, allow_origins=origins, allow_methods=_METHODS, allow_headers=_TAKEN, expose_headers=_EXPOSED
        )
        self.allowed = allowed

    def preflight_response(self, request_headers: Headers) -> Response:
        """The answer to a question of a browser's, before the request itself."""
        if not _answers_for(request_headers.getlist("host"), self.allowed):
            return _Refusal(MisdirectedRequest())
        answer = super().preflight_response(request_headers)
        refused = answer.status_code >= 400  # noqa: PLR2004
        return _Refusal(OriginRefused(headers={"Vary": answer.headers["Vary"]})) if refused else answer


class _Refusal(Response):
    """Made where the request itself is not at hand."""

    def __init__(self, problem: Problem) -> None:
        super().__init__()
        self.problem = problem

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await problem_response(self.problem, HTTPConnection(scope))(scope, receive, send)


def _answers_for(named: list[str], hosts: tuple[str, ...]) -> bool:
    if "*" in hosts:
        return len(named) <= 1
    host = _without_port(named[0]).lower().removesuffix(".") if len(named) == 1 else ""
    return any(
        host.endswith(allowed[1:]) and host != allowed[1:] if allowed.startswith("*.") else host == allowed
        for allowed in hosts
    )


def _without_port(host: str) -> str:
    if host.startswith("["):
        name, bracket, _ = host.partition("]")
        return name + bracket
    return host.partition(":")[0]
