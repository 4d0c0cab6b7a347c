"""The real app with one thing spoilt on its way out, to show that a check of its answers can fail."""

import asyncio
import json
import re
import socket
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any

import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send


@dataclass(slots=True)
class Answer:
    """An answer on its way out, to be changed in place."""

    scope: Scope
    status: int
    headers: dict[str, str]
    body: Any
    """The JSON value; None without a body."""


@dataclass(frozen=True, slots=True)
class Spoil:
    """What is done to requests and answers whose path matches. Everything else passes as it is."""

    path: str
    request: Callable[[Scope], None] | None = None
    answer: Callable[[Answer], None] | None = None
    message: Callable[[dict[str, Any]], None] | None = None
    close: int | None = None


@dataclass(slots=True)
class _Held:
    """An answer that is held back until it is whole."""

    changes: list[Callable[[Answer], None]]
    start: Message = field(default_factory=dict[str, Any])
    body: bytes = b""


@dataclass(slots=True)
class Front:
    """Where the spoilt app is served, and how many sockets it has opened so far."""

    base_url: str
    opened: int = 0


@asynccontextmanager
async def spoiling(app: ASGIApp, *spoils: Spoil, tls: tuple[Path, Path] | None = None) -> AsyncGenerator[Front]:
    """Serve `app`, which has been started already, once more and spoilt. `tls`: certificate and key."""
    front = Front("")

    async def spoilt(scope: Scope, receive: Receive, send: Send) -> None:
        here = [spoil for spoil in spoils if re.search(spoil.path, scope["path"])]
        held = _Held([spoil.answer for spoil in here if spoil.answer])

        async def sent(message: Message) -> None:
            front.opened += message["type"] == "websocket.accept"
            await _send(here, scope, held, message, send)

        for spoil in here:
            if spoil.request is not None:
                spoil.request(scope)
        await app(scope, receive, sent)

    listener = socket.socket(proto=socket.IPPROTO_TCP)  # asyncio sets TCP_NODELAY only where this is said
    listener.bind(("127.0.0.1", 0))
    config = uvicorn.Config(
        spoilt, log_config=None, lifespan="off", ws="websockets-sansio", timeout_graceful_shutdown=2
    )
    if tls is not None:
        config.ssl_certfile, config.ssl_keyfile = map(str, tls)
    server = uvicorn.Server(config)
    running = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        while not server.started:
            assert not running.done(), running.result()
            await asyncio.sleep(0.01)
        front.base_url = f"{'https' if tls else 'http'}://127.0.0.1:{listener.getsockname()[1]}"
        yield front
    finally:
        server.should_exit = True
        await running
        listener.close()


async def _send(here: list[Spoil], scope: Scope, held: _Held, message: Message, send: Send) -> None:
    kind = message["type"]
    if kind == "http.response.start" and held.changes:
        held.start = message
    elif kind == "http.response.body" and held.changes:
        held.body += message.get("body", b"")
        if not message.get("more_body"):
            await _send_whole(scope, held, send)
    elif kind == "websocket.send":
        told = json.loads(message["text"])
        for spoil in here:
            if spoil.message is not None:
                spoil.message(told)
        await send({"type": kind, "text": json.dumps(told)})
    elif kind == "websocket.close":
        codes = [spoil.close for spoil in here if spoil.close]
        await send({**message, "code": codes[0]} if codes else message)
    else:
        await send(message)


async def _send_whole(scope: Scope, held: _Held, send: Send) -> None:
    headers = {name.decode(): value.decode() for name, value in held.start["headers"]}
    answer = Answer(scope, held.start["status"], headers, json.loads(held.body) if held.body else None)
    for change in held.changes:
        change(answer)
    body = b"" if answer.body is None else json.dumps(answer.body).encode()
    if answer.status != HTTPStatus.NOT_MODIFIED:
        answer.headers["content-length"] = str(len(body))
    raw = [(name.encode(), value.encode()) for name, value in answer.headers.items()]
    await send({"type": "http.response.start", "status": answer.status, "headers": raw})
    await send({"type": "http.response.body", "body": body})
