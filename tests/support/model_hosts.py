"""What is outside: a host to download from, and a model server that somebody else wrote, both on loopback."""

import asyncio
import hashlib
import json
import threading
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

CONTENT = b"".join(hashlib.sha256(n.to_bytes(4, "big")).digest() for n in range(64 * 1024))
"""2 MiB that do not compress and differ everywhere."""


def _set() -> threading.Event:
    event = threading.Event()
    event.set()
    return event


@dataclass
class Host:
    """A download host, and the faults that it is told to have. A list gives one entry to each request."""

    content: bytes = CONTENT
    etag: str | None = '"v1"'
    cut_after: list[int] = field(default_factory=list[int])
    statuses: list[int] = field(default_factory=list[int])
    knows_ranges: bool = True
    range_shift: int = 0
    encoding: str | None = None
    location: str | None = None
    seconds_per_block: float = 0.0
    goes_on: threading.Event = field(default_factory=_set)
    """While it is not set, no block is sent."""
    ranges: list[str | None] = field(default_factory=list[str | None])
    paths: list[str] = field(default_factory=list[str])
    heads: list[str] = field(default_factory=list[str])
    commit: str = "c0" * 20
    knows_sha256: bool = True
    url: str = ""

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


@contextmanager
def download_host(host: Host) -> Generator[Host]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            with suppress(ConnectionError):
                _answer(self, host)

        def do_HEAD(self) -> None:
            """What the Hugging Face hub says of a large file: its commit, and its SHA-256 as ETag."""
            self.send_response(200)
            self.send_header("X-Repo-Commit", host.commit)
            self.send_header("X-Linked-Etag", f'"{host.sha256}"' if host.knows_sha256 else '"abc"')
            self.send_header("X-Linked-Size", str(len(host.content)))
            self.send_header("ETag", '"other"')
            self.send_header("Content-Length", "0")
            self.end_headers()
            host.heads.append(self.path)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the name is the base class's
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    host.url = f"http://127.0.0.1:{server.server_port}/models/tiny.gguf"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield host
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _answer(request: BaseHTTPRequestHandler, host: Host) -> None:
    asked = request.headers.get("Range")
    host.ranges.append(asked)
    host.paths.append(request.path)
    status = host.statuses.pop(0) if host.statuses else 200
    if status != 200 or host.location:
        request.send_response(302 if host.location else status)
        if host.location:
            request.send_header("Location", host.location)
        if status == 416:
            request.send_header("Content-Range", f"bytes */{len(host.content)}")
        request.send_header("Content-Length", "0")
        request.end_headers()
        return
    start = 0
    same = request.headers.get("If-Range") == host.etag
    if asked and host.knows_ranges and same:
        start = int(asked.removeprefix("bytes=").rstrip("-"))
        if start >= len(host.content):
            host.statuses.insert(0, 416)
            host.ranges.pop()
            _answer(request, host)
            return
        request.send_response(206)
        shown = start + host.range_shift
        request.send_header("Content-Range", f"bytes {shown}-{len(host.content) - 1}/{len(host.content)}")
    else:
        request.send_response(200)
    if host.etag:
        request.send_header("ETag", host.etag)
    if host.encoding:
        request.send_header("Content-Encoding", host.encoding)
    request.send_header("Content-Length", str(len(host.content) - start))
    request.end_headers()
    _send(request, host, start)


def _send(request: BaseHTTPRequestHandler, host: Host, start: int) -> None:
    end = start + host.cut_after.pop(0) if host.cut_after else len(host.content)
    for at in range(start, min(end, len(host.content)), 64 * 1024):
        host.goes_on.wait(60)
        request.wfile.write(host.content[at : min(at + 64 * 1024, end)])
        if host.seconds_per_block:
            time.sleep(host.seconds_per_block)
    request.close_connection = True


Script = Callable[[str, dict[str, object]], AsyncIterator[bytes]]
"""Gets the path and the JSON body of a request and gives the raw bytes of the answer."""

MODELS = {"object": "list", "data": [{"id": "elsewhere", "object": "model", "owned_by": "vllm", "max_model_len": 8192}]}


def http(body: bytes, status: str = "200 OK", kind: str = "application/json") -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    return head.encode() + body


def event(value: object) -> bytes:
    return b"data: " + json.dumps(value).encode() + b"\n\n"


def chunk(text: str, finish: str | None = None) -> bytes:
    return event({"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": finish}]})


STREAM_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"


@asynccontextmanager
async def model_server(script: Script, models: object = MODELS) -> AsyncGenerator[str]:
    """A model server that answers `/v1/models` well and everything else by `script`; gives its address."""
    handlers: list[asyncio.Task[None]] = []
    writers: list[asyncio.StreamWriter] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        handlers.append(task)
        writers.append(writer)
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            path = head.split(" ", 2)[1]
            lengths = [line.split(":")[1] for line in head.split("\r\n") if line.lower().startswith("content-length")]
            body = await reader.readexactly(int(lengths[0])) if lengths else b"{}"
            if path == "/v1/models":
                writer.write(http(json.dumps(models).encode()))
            else:
                async for block in script(path, json.loads(body)):
                    writer.write(block)
                    await writer.drain()
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for handler in handlers:
            handler.cancel()  # a script may be endless
        for writer in writers:
            writer.transport.abort()  # and its reader may have gone to sleep
        await asyncio.gather(*handlers, return_exceptions=True)
        await server.wait_closed()
