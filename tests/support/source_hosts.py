"""Hosts outside, as real servers on loopback: each answers what its script says, byte by byte if need be."""

import asyncio
import json
import socket
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from lyo.sources.breaker import Pauses
from lyo.sources.fetching import Fetcher, Patience, open_fetcher

PATIENCE = Patience()
HASTY = Patience(connect=0.4, silence=0.6, whole=0.8)
"""For tests of time-outs, and of nothing else: this machine may do something else for as long."""
BRIEF = Pauses(first=0.5, longest=2.0, trial=0.1)


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it arrived."""

    path: str
    params: dict[str, str]
    headers: dict[str, str]
    target: str


Script = Callable[[Asked], AsyncIterator[bytes]]
"""Gets a request and gives the raw bytes of the answer, head and all."""


@dataclass(slots=True)
class Host:
    """A host that is up, and everything that it was asked."""

    url: str
    asked: list[Asked] = field(default_factory=list[Asked])

    def count(self, path: str) -> int:
        return sum(asked.path == path for asked in self.asked)


@asynccontextmanager
async def host(script: Script) -> AsyncGenerator[Host]:
    """A host that answers every request by `script`, each on a connection of its own."""
    handlers: list[asyncio.Task[None]] = []
    writers: list[asyncio.StreamWriter] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        handlers.append(task)
        writers.append(writer)
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            asked = _read(await reader.readuntil(b"\r\n\r\n"))
            running.asked.append(asked)
            async for block in script(asked):
                writer.write(block)
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    running = Host(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    try:
        yield running
    finally:
        server.close()
        for handler in handlers:
            handler.cancel()  # a script may be endless
        for writer in writers:
            writer.transport.abort()
        await asyncio.gather(*handlers, return_exceptions=True)
        await server.wait_closed()


def http(body: bytes, status: str = "200 OK", **headers: str) -> bytes:
    lines = {"Content-Length": str(len(body)), "Connection": "close"}
    lines |= {name.replace("_", "-"): value for name, value in headers.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"HTTP/1.1 {status}\r\n{head}\r\n".encode() + body


def sends(*blocks: bytes, every: float = 0.0) -> Script:
    """A script of fixed bytes, `every` so many seconds a block."""

    async def script(asked: Asked) -> AsyncIterator[bytes]:
        for block in blocks:
            yield block
            await asyncio.sleep(every)

    return script


def routes(paths: dict[str, object]) -> Script:
    """A script that answers each path: with bytes as they are, with anything else as JSON, else with 404.

    What can be called is called with the request.
    """

    async def script(asked: Asked) -> AsyncIterator[bytes]:
        value = paths.get(asked.path, http(b"Not Found", "404 Not Found"))
        if callable(value):
            value = value(asked)
        yield value if isinstance(value, bytes) else http(json.dumps(value).encode())

    return script


async def hangs(asked: Asked) -> AsyncIterator[bytes]:
    """A script that never says anything."""
    await asyncio.Event().wait()
    yield b""


@contextmanager
def black_hole() -> Generator[str]:
    """An address at which connecting never ends: its queue is full, and the kernel drops what comes."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        address = listening.getsockname()
        waiting = [socket.socket() for _ in range(4)]
        try:
            for one in waiting:
                one.settimeout(0)
                with suppress(BlockingIOError):
                    one.connect(address)
            yield f"http://127.0.0.1:{address[1]}"
        finally:
            for one in waiting:
                one.close()


def nobody() -> str:
    """An address at which nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"


@asynccontextmanager
async def fetcher(patience: Patience = PATIENCE, pauses: Pauses = BRIEF) -> AsyncGenerator[Fetcher]:
    async with open_fetcher("tests@example.org", patience=patience, pauses=pauses) as opened:
        yield opened


def _read(head: bytes) -> Asked:
    first, *lines = head.decode("latin-1").split("\r\n")
    target = first.split(" ")[1]
    parts = urlsplit(target)
    headers = dict(line.split(": ", 1) for line in lines if line)
    return Asked(
        path=parts.path,
        params={name: values[0] for name, values in parse_qs(parts.query).items()},
        headers={name.lower(): value for name, value in headers.items()},
        target=target,
    )
