"""The server under the API: uvicorn, as production and tests run it, with bounds on what a request may be made of.

uvicorn takes a head of any size and for any time, and answers one that it cannot read in plain text. Here such a
request is given to the app, which refuses it with a problem, an id and a log line as any other.
"""

import asyncio
from asyncio.events import TimerHandle
from http import HTTPStatus
from ipaddress import ip_network
from typing import Any, Final, cast

import httptools
import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from websockets.datastructures import Headers
from websockets.http11 import MAX_LINE_LENGTH, MAX_NUM_HEADERS, Request
from websockets.server import ServerProtocol

from lyo.core.errors import BadRequest, HeadersTooLarge, InvalidToken, Problem, RequestTimeout
from lyo.core.settings import Settings
from lyo.web.middleware import REFUSAL

MAXIMUM_HEAD_BYTES: Final = 32 * 1024
HEAD_SECONDS: Final = 10.0
"""From the first byte of a request, or the connection, to the end of the headers."""
BODY_SECONDS: Final = 30.0
"""From there to the end of the body: 64 KiB at 2 KiB a second, which the slowest of phones can."""
LINGER_SECONDS: Final = 1.0
MAXIMUM_SOCKET_MESSAGE: Final = 64 * 1024
"""In bytes. Clients have nothing to say on our sockets."""
GRACE_SECONDS: Final = 5
"""How long requests and sockets that are open at the end may take."""
_UNREADABLE: Final = "This is no HTTP request that this server can read."
_BODY_OF_UPGRADE: Final = "A request that asks for another protocol cannot have a body here; leave Upgrade out."
_NO_HANDSHAKE: Final = "This is no WebSocket handshake that this server can read."
_KEPT: Final = {b"host", b"origin", b"x-request-id", b"x-forwarded-for", b"x-forwarded-proto"}


def server_config(app: FastAPI, settings: Settings) -> uvicorn.Config:
    """How `app` is served."""
    return uvicorn.Config(
        app,
        http=GuardedHttp,
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=[form for network in settings.trusted_proxies for form in _forms(network)],
        ws="websockets-sansio",
        ws_max_size=MAXIMUM_SOCKET_MESSAGE,
        ws_per_message_deflate=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )


def _forms(network: str) -> list[str]:
    """A network as it is written, and as a socket that speaks both versions of IP shows it."""
    parsed = ip_network(network)
    mapped = [f"::ffff:{parsed.network_address}/{96 + parsed.prefixlen}"] if parsed.version == 4 else []  # noqa: PLR2004
    return [network, *mapped]


_LINE_SLACK: Final = 256
"""For the name of a header, or the rest of the request line."""


class GuardedHttp(HttpToolsProtocol):
    """uvicorn's protocol, with a limit on the size of heads, and on the time that heads and bodies take."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._in_head = False
        self._fields_size = 0
        """Of the request line, the headers and the trailers of this request, as far as they were parsed."""
        self._unaccounted = 0
        """Bytes with which neither a head nor a body has come to its end or got on."""
        self._line = b""
        """How the last line of those bytes begins."""
        self._line_size = 0
        self._wrong: Problem | None = None
        """What is wrong with what could be parsed."""
        self._got_on = False
        self._deadline: TimerHandle | None = None
        self._refused = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn does
        """Take a connection, which has so long to say what it wants."""
        super().connection_made(transport)
        self._start_clock(HEAD_SECONDS)

    def connection_lost(self, exc: Exception | None) -> None:
        """Let go of a connection."""
        self._stop_clock()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on, unless it was refused or is too much."""
        if self._refused:
            return
        self._got_on = False
        super().data_received(data)
        if self._got_on or self._refused:
            return
        self._unaccounted += len(data)
        _, begun, last = data.rpartition(b"\n")
        self._line = (last if begun else self._line + last)[:_LINE_SLACK]
        self._line_size = len(last) + (0 if begun else self._line_size)
        if self._unaccounted > MAXIMUM_HEAD_BYTES:
            name, _, _ = self._line.partition(b":")
            self._refuse(_too_large(name, self._line_size))
        elif self._is_idle():  # empty lines, which begin nothing and end uvicorn's own wait
            self._start_clock(HEAD_SECONDS)

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self._in_head = True
        self._fields_size = 0
        self._start_clock(HEAD_SECONDS)

    def on_url(self, url: bytes) -> None:
        """A part of the address."""
        super().on_url(url)
        self._add_field(b"", len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header, or a trailer."""
        if self._in_head:  # uvicorn would make a header of a trailer, and proxies do not look at those
            super().on_header(name, value)
        self._add_field(name, len(name) + len(value) + len(": \r\n"))

    def on_headers_complete(self) -> None:
        """The head is whole."""
        parser = cast("httptools.HttpRequestParser", self.parser)  # None only when the connection is lost
        fields = dict(self.headers)
        has_body = b"transfer-encoding" in fields or fields.get(b"content-length", b"0") != b"0"
        if parser.should_upgrade() and has_body:
            # The parser takes what follows for the other protocol: a body would be lost, or read as a request.
            self._wrong = BadRequest(_BODY_OF_UPGRADE)
            raise ValueError
        self._in_head = False
        self._stop_clock()
        self._start_clock(BODY_SECONDS)
        self._note_progress()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A part of the body."""
        self._note_progress()
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is whole."""
        self._stop_clock()
        self._note_progress()
        super().on_message_complete()

    def handle_websocket_upgrade(self) -> None:
        """Hand a connection over, unless the library for sockets would answer in plain text, or not at all."""
        if self._is_handshake():
            super().handle_websocket_upgrade()
        else:
            self._refuse(BadRequest(_NO_HANDSHAKE, headers={"Sec-WebSocket-Version": "13"}))

    def send_400_response(self, msg: str) -> None:
        """Refuse what could not be parsed: uvicorn calls this, with words that we do not need."""
        del msg
        self._refuse(self._wrong or BadRequest(_UNREADABLE))

    def _is_handshake(self) -> bool:
        """Whether the library will take it: it is asked, with its limits for heads put before that."""
        lines = (self.url, *(value for _, value in self.headers))
        if len(self.headers) > MAX_NUM_HEADERS or max(map(len, lines)) + _LINE_SLACK > MAX_LINE_LENGTH:
            return False
        headers = Headers([(name.decode("latin-1"), value.decode("latin-1")) for name, value in self.headers])
        version = f"HTTP/{self.scope['http_version']}"
        request = Request(self.url.decode("latin-1"), headers, method=self.scope["method"], protocol=version)
        return ServerProtocol().accept(request).status_code == HTTPStatus.SWITCHING_PROTOCOLS

    def _note_progress(self) -> None:
        self._got_on = True
        self._unaccounted = 0

    def _add_field(self, name: bytes, size: int) -> None:
        self._fields_size += size
        if self._fields_size > MAXIMUM_HEAD_BYTES:
            self._wrong = _too_large(name, size)
            raise ValueError  # ends the parsing, and with it `send_400_response` is called

    def _is_idle(self) -> bool:
        # None before the first request, whatever its type says.
        cycle = cast("RequestResponseCycle | None", self.cycle)
        return cycle is None or cycle.response_complete

    def _start_clock(self, seconds: float) -> None:
        if self._deadline is None:
            self._deadline = self.loop.call_later(seconds, self._too_slow)

    def _stop_clock(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _too_slow(self) -> None:
        self._deadline = None
        if self._is_idle():
            self.transport.close()
        elif self._in_head or self.pipeline:
            # An earlier request of this connection is being answered, and we may be the ones who do not read.
            self._start_clock(HEAD_SECONDS)
        else:
            self._refuse(RequestTimeout())

    def _refuse(self, problem: Problem) -> None:
        self._refused = True
        self._stop_clock()
        self._unset_keepalive_if_required()
        if not self._is_idle():
            if self._in_head or self.pipeline or self.cycle.response_started:
                self._end_after_answer()
                return
            # The body of this very request is broken: its route waits for the rest, and is told that nobody is there.
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self._answer(problem)

    def _end_after_answer(self) -> None:
        """Let the requests before this one be answered, if that is one, and close."""
        if self.pipeline:
            self.transport.close()
        else:
            self.cycle.keep_alive = False

    def _answer(self, problem: Problem) -> None:
        self.flow.resume_reading()
        kept = [(name, value) for name, value in self.headers or () if name in _KEPT]
        scope: Any = {
            "type": "http",
            "asgi": {"version": self.asgi_version, "spec_version": "2.3"},
            "http_version": "1.1",
            "server": self.server,
            "client": self.client,
            "scheme": self.scheme,
            "method": "-",
            "root_path": self.root_path,
            "path": "/",
            "raw_path": b"/",
            "query_string": b"",
            "headers": kept,
            "state": {**self.app_state, REFUSAL: problem},
        }
        self.cycle = RequestResponseCycle(
            scope=scope,
            transport=cast("asyncio.Transport", Lingering(self.transport, self.loop)),
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=self.access_log,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=False,
            keep_alive=False,
            on_response=self.on_response_complete,
        )
        # uvicorn's own type of it is partly unknown.
        self._start_asgi_task(self.cycle, self.app)  # pyright: ignore[reportUnknownMemberType, reportArgumentType]


def _too_large(name: bytes, size: int) -> Problem:
    """What is wrong with a head that the header of this name and size makes too large."""
    if name.strip().lower() == b"authorization" and size > MAXIMUM_HEAD_BYTES:
        return InvalidToken("The access token is far too long.")
    return HeadersTooLarge()


class Lingering:
    """A transport that is closed in two steps: closing at once, with more to read, would take the answer back."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop

    def write(self, data: bytes) -> None:
        """Send."""
        self._transport.write(data)

    def is_closing(self) -> bool:
        """Whether it is closed or about to be."""
        return self._transport.is_closing()

    def close(self) -> None:
        """Say that nothing more comes, read on for a moment, and close."""
        if self._transport.can_write_eof() and not self._transport.is_closing():
            self._transport.write_eof()
            self._loop.call_later(LINGER_SECONDS, self._transport.close)
        else:
            self._transport.close()
