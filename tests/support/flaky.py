"""A way to Redis that can be cut and can hang, as networks do."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from typing import Final
from urllib.parse import urlsplit

_CHUNK: Final = 65536


class FlakyWay:
    """A TCP port on loopback that leads to Redis' socket."""

    def __init__(self, redis_url: str) -> None:
        self._target = urlsplit(redis_url).path
        self._port = 0
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._flowing = asyncio.Event()
        self._flowing.set()
        self.connections = 0
        """How many were made."""

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self._port}/0"

    async def mend(self) -> None:
        """Let everything through again."""
        self._flowing.set()
        if self._server is None:
            self._server = await asyncio.start_server(self._lead, "127.0.0.1", self._port)
            self._port = self._server.sockets[0].getsockname()[1]

    def hang(self) -> None:
        """Take connections and bytes, and let nothing through."""
        self._flowing.clear()

    def cut(self) -> None:
        """Close every connection and take no more."""
        self._flowing.set()
        if self._server is not None:
            self._server.close()
            self._server = None
        for writer in list(self._writers):
            writer.transport.abort()

    async def _lead(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        back, forth = await asyncio.open_unix_connection(self._target)
        self._writers |= {writer, forth}
        try:
            await asyncio.gather(self._pump(reader, forth), self._pump(back, writer))
        finally:
            self._writers -= {writer, forth}
            writer.transport.abort()
            forth.transport.abort()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(_CHUNK):
                await self._flowing.wait()
                writer.write(data)
                await writer.drain()
        writer.transport.abort()


@asynccontextmanager
async def flaky_way(redis_url: str) -> AsyncGenerator[FlakyWay]:
    """A way to Redis, for the block."""
    way = FlakyWay(redis_url)
    await way.mend()
    try:
        yield way
    finally:
        way.cut()
