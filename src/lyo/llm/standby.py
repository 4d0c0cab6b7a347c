"""What stands on the model server's port while there is no model: an HTTP server that answers 503 and says why."""

import asyncio
import json
import socket
from contextlib import suppress
from dataclasses import dataclass

_HEAD_LIMIT = 64 * 1024
_BODY_LIMIT = 4 * 1024 * 1024
_PATIENCE_SECONDS = 10.0
_RETRY_SECONDS = 2


@dataclass(frozen=True, slots=True)
class Reason:
    """Why no model can be asked now."""

    code: str
    message: str


def bind(host: str, port: int) -> socket.socket:
    """Reserve `port` (0: any free one) for this process and the children that it starts; raises `OSError`.

    The socket is bound and does not listen: connections go to whoever listens beside it, the stand-by or the engine.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Two servers with SO_REUSEPORT would share a port silently, so ask without it first.
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((host, port))
        if port:
            probe.listen()
    return _shared(family, host, port)


class StandBy:
    """The 503 server. `reason` may be set at any time; `open` and `close` may be called again and again."""

    def __init__(self, reserved: socket.socket, reason: Reason) -> None:
        self._reserved = reserved
        self._server: asyncio.Server | None = None
        self.reason = reason

    async def open(self) -> None:
        """Listen, unless it does already."""
        if self._server is None:
            host, port = self._reserved.getsockname()[:2]
            own = _shared(self._reserved.family, host, port)
            self._server = await asyncio.start_server(self._answer, sock=own, limit=_HEAD_LIMIT)

    async def close(self) -> None:
        """Take no more connections. Those that were taken are still answered."""
        if self._server is not None:
            # One turn of the loop takes what the kernel has queued already, so that it is answered, not reset.
            await asyncio.sleep(0)
            self._server.close()
            self._server = None

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # Whatever the other end does wrong is its own affair: it gets no answer, and nothing else happens.
        with suppress(OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError):
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await _read_request(reader)
                writer.write(_response(self.reason))
                await writer.drain()
        writer.close()


async def _read_request(reader: asyncio.StreamReader) -> None:
    head = await reader.readuntil(b"\r\n\r\n")
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            # Read to its end: closing on unread bytes would reset the connection under our answer.
            remaining = min(int(value), _BODY_LIMIT)
            while remaining > 0 and (block := await reader.read(min(remaining, _HEAD_LIMIT))):
                remaining -= len(block)


def _response(reason: Reason) -> bytes:
    body = json.dumps({"error": {"code": reason.code, "message": reason.message, "type": "unavailable_error"}}).encode()
    head = (
        "HTTP/1.1 503 Service Unavailable\r\n"
        "Content-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n"
        f"Retry-After: {_RETRY_SECONDS}\r\n"
        "Connection: close\r\n\r\n"
    )
    return head.encode() + body


def _shared(family: int, host: str, port: int) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    sock.settimeout(0)
    try:
        sock.bind((host, port))
    except OSError:
        sock.close()
        raise
    return sock
