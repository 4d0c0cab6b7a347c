"""The real app, with all its middleware, behind a real socket on loopback."""

import asyncio
import socket
import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from uuid import UUID, uuid4

import httpx2
import uvicorn
from fastapi import FastAPI
from sqlalchemy import select

from lyo.accounts.models import User
from lyo.accounts.passwords import hash_password
from lyo.core.bus import Bus, transaction
from lyo.core.db import SessionMaker
from lyo.core.settings import Settings
from lyo.main import create_app
from lyo.web.deps import Resources
from lyo.web.server import server_config
from support.contract import Contract
from support.settings import plain_settings

PASSWORD = "correct horse battery staple"


@dataclass(frozen=True, slots=True)
class Learner:
    """Somebody who is logged in."""

    id: UUID
    email: str
    access_token: str
    refresh_token: str
    client: httpx2.AsyncClient
    """Sends the access token with each request, and checks each answer against the contract."""


@dataclass(frozen=True, slots=True)
class Api:
    """A running API."""

    app: FastAPI
    base_url: str
    client: httpx2.AsyncClient
    """Nobody's client; checks each answer against the contract."""
    contract: Contract

    @property
    def resources(self) -> Resources:
        held: Resources = self.app.state.resources
        return held

    @property
    def ws_url(self) -> str:
        return self.base_url.replace("http://", "ws://")

    @property
    def sessions(self) -> SessionMaker:
        return self.resources.sessions

    @property
    def bus(self) -> Bus:
        return self.resources.bus

    async def make_user(self, email: str | None = None) -> tuple[UUID, str]:
        address = email or f"{uuid4().hex}@example.com"
        hashed = await _hashed()
        async with transaction(self.sessions, self.bus) as session:
            session.add(User(email=address, password_hash=hashed, display_name="Test"))
        async with self.sessions() as session:
            user = (await session.scalars(select(User).where(User.email == address))).one()
        return user.id, address

    async def new_learner(self) -> Learner:
        user_id, email = await self.make_user()
        answer = await self.client.post("/v1/auth/login", json={"email": email, "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        tokens = answer.json()
        return Learner(
            id=user_id,
            email=email,
            access_token=tokens["access_token"],
            refresh_token=tokens["refresh_token"],
            client=checked_client(
                self.base_url, self.contract, headers={"Authorization": f"Bearer {tokens['access_token']}"}
            ),
        )


_HASHES: dict[str, str] = {}
"""Of passwords: all learners have the same one, and to hash it takes as long as a quick test."""


async def _hashed() -> str:
    if PASSWORD not in _HASHES:
        _HASHES[PASSWORD] = await hash_password(PASSWORD)
    return _HASHES[PASSWORD]


@cache
def _tls() -> ssl.SSLContext:
    """One for all clients, which speak plain HTTP: to read the certificates of the machine takes longer than a test."""
    return httpx2.create_ssl_context()


def checked_client(base_url: str, contract: Contract, headers: dict[str, str] | None = None) -> httpx2.AsyncClient:
    """A client that raises when an answer is not as the contract says."""

    async def check(response: httpx2.Response) -> None:
        await response.aread()
        assert response.headers["x-request-id"]
        contract.check(response)

    hooks = {"response": [check]}
    return httpx2.AsyncClient(base_url=base_url, headers=headers, event_hooks=hooks, timeout=60, verify=_tls())


@cache
def _described() -> FastAPI:
    """An app that lends others what is the same whatever the settings."""
    return create_app(plain_settings())


@cache
def _contract() -> Contract:
    """The contract: describing an app takes longer than starting it."""
    return Contract(_described().openapi())


def _app(settings: Settings) -> FastAPI:
    """The app by `settings`, with routes whose signatures were read before: that takes longer than most tests."""
    app = create_app(settings)
    lent = {id(router): route for route in _described().routes if (router := getattr(route, "original_router", None))}
    app.router.routes[:] = [lent.get(id(getattr(route, "original_router", None)), route) for route in app.router.routes]
    return app


@asynccontextmanager
async def serving(settings: Settings) -> AsyncGenerator[Api]:
    """Run the app on a free port until the end of the block."""
    app = _app(settings)
    contract = _contract()
    app.openapi_schema = contract.document
    listener = socket.socket(proto=socket.IPPROTO_TCP)  # asyncio sets TCP_NODELAY only where this is said
    listener.bind(("127.0.0.1", 0))
    server = uvicorn.Server(server_config(app, settings))
    running = asyncio.create_task(server.serve(sockets=[listener]))
    base_url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    try:
        while not server.started:
            assert not running.done(), running.result()
            await asyncio.sleep(0.01)
        async with checked_client(base_url, contract) as client:
            yield Api(app=app, base_url=base_url, client=client, contract=contract)
    finally:
        server.should_exit = True
        await running
        listener.close()
