"""Bytes to a server and back, for requests that no client would send."""

import asyncio
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class RawAnswer:
    """What came back until the server closed."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def problem(self) -> dict[str, Any]:
        body: dict[str, Any] = json.loads(self.body)
        return body


async def send_raw(base_url: str, *parts: bytes, pause: float = 0, seconds: float = 10) -> RawAnswer | None:
    """Send `parts`, with a pause after each, and read to the end; None if the server closed without a word."""
    address = urlsplit(base_url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    try:
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(pause)
        async with asyncio.timeout(seconds):
            received = await reader.read()
    finally:
        writer.transport.abort()
    return parse_raw(received) if received else None


def parse_raw(received: bytes) -> RawAnswer:
    """The first answer in `received`."""
    head, _, body = received.partition(b"\r\n\r\n")
    line, *fields = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value for name, _, value in (field.partition(": ") for field in fields)}
    return RawAnswer(status=int(line.split()[1]), headers=headers, body=body)
