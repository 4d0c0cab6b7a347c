"""A learner's way into a running API: log in, ask for a course, follow its task, read it."""

import asyncio
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, TypeVar
from uuid import UUID, uuid4

import httpx2
from pydantic import BaseModel, ValidationError
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from lyo.accounts.schemas import Tokens
from lyo.courses.schemas import CourseBody
from lyo.courses.wishes import KickOffBody
from lyo.realtime.messages import ProgressMessage
from lyo.web.problems import ProblemBody

REQUEST_SECONDS: Final = 20.0
WAIT_SECONDS: Final = 5
"""How long a poll is held back by the server; `Prefer: wait=N`."""
PATIENCE_SECONDS: Final = 60.0
"""How long the API may be silent: it is started again by itself when it died."""
_PAUSE_SECONDS: Final = 0.5
_PING_SECONDS: Final = 10.0

Body = TypeVar("Body", bound=BaseModel)


class DemoError(Exception):
    """The course cannot be had. The message is one sentence for a person."""


@dataclass(slots=True)
class Door:
    """The way in, as one learner. The token is the present one; `log_in` renews it."""

    client: httpx2.AsyncClient
    email: str
    password: str
    token: str = ""

    @property
    def headers(self) -> dict[str, str]:
        """What carries the token."""
        return {"Authorization": f"Bearer {self.token}"}


@dataclass(frozen=True, slots=True)
class Wish:
    """What the learner asks for, unchecked: the API judges it."""

    topic: str
    interests: Sequence[str]
    level: str
    locale: str


def door_to(base_url: str, *, email: str, password: str) -> Door:
    """A way to the API on this machine; close its client in the end."""
    client = httpx2.AsyncClient(base_url=base_url, timeout=REQUEST_SECONDS, trust_env=False)
    return Door(client=client, email=email, password=password)


async def log_in(door: Door) -> None:
    """Get a token; raises `DemoError`."""
    answer = await _send(door, "POST", "/v1/auth/login", json={"email": door.email, "password": door.password})
    door.token = _body(Tokens, answer).access_token


async def ask(door: Door, wish: Wish) -> KickOffBody:
    """Ask for a course, with a key of its own; raises `DemoError` with what is wrong with the wish."""
    body = {"topic": wish.topic, "interests": list(wish.interests), "level": wish.level, "locale": wish.locale}
    headers = {**door.headers, "Idempotency-Key": str(uuid4())}
    return _body(KickOffBody, await _send(door, "POST", "/v1/courses:generate", json=body, headers=headers))


async def read_course(door: Door, course_id: UUID) -> CourseBody:
    """The course with all of it that is there by now; raises `DemoError`."""
    return _body(CourseBody, await _send(door, "GET", f"/v1/courses/{course_id}", headers=door.headers))


async def follow(door: Door, task_id: UUID, *, patience: float = PATIENCE_SECONDS) -> AsyncGenerator[ProgressMessage]:
    """Every change of a task up to its last, each once: from the WebSocket, or by polling where there is none.

    Raises `DemoError` when the API has been silent for `patience` seconds, or does not know the task.
    """
    seen, heard_at = 0, time.monotonic()
    while True:
        async for change in _heard(door, task_id, seen):
            heard_at = time.monotonic()
            if change.seq > seen:
                seen = change.seq
                yield change
                if change.state.is_final:
                    return
        if time.monotonic() - heard_at > patience:
            raise DemoError(f"The API has not answered for {patience:.0f} s; its log says why.")


async def _heard(door: Door, task_id: UUID, seen: int) -> AsyncGenerator[ProgressMessage]:
    """What the socket tells until it is gone; what one poll tells where the socket told nothing new."""
    news = False
    async for change in _news(door, task_id, seen):
        news = news or change.seq > seen
        yield change
    if news:
        return
    polled = await _poll(door, task_id, seen)
    if polled is None:
        await asyncio.sleep(_PAUSE_SECONDS)
    else:
        yield polled


async def _news(door: Door, task_id: UUID, after: int) -> AsyncGenerator[ProgressMessage]:
    """What the WebSocket tells after change number `after`, as long as there is one."""
    base = str(door.client.base_url).rstrip("/")
    socket = connect(
        f"ws{base.removeprefix('http')}/v1/ws/tasks/{task_id}?after={after}",
        additional_headers=door.headers,
        proxy=None,
        open_timeout=REQUEST_SECONDS,
        ping_interval=_PING_SECONDS,
        ping_timeout=_PING_SECONDS,
        close_timeout=1,
    )
    with suppress(WebSocketException, OSError, TimeoutError):
        async with socket as connection:
            async for text in connection:
                yield ProgressMessage.model_validate_json(text)


async def _poll(door: Door, task_id: UUID, seen: int) -> ProgressMessage | None:
    """The task now, or None if the API does not answer as it should at the moment; raises `DemoError`."""
    headers = {**door.headers, "Prefer": f"wait={WAIT_SECONDS}", "If-None-Match": f'"{seen}"'}
    try:
        answer = await door.client.get(f"/v1/tasks/{task_id}", headers=headers)
        if answer.status_code == HTTPStatus.UNAUTHORIZED:
            await log_in(door)
        if answer.status_code in {HTTPStatus.UNAUTHORIZED, HTTPStatus.NOT_MODIFIED}:
            answer = await door.client.get(f"/v1/tasks/{task_id}", headers=door.headers)
    except httpx2.HTTPError:
        return None
    if answer.is_server_error:
        return None
    return _body(ProgressMessage, answer)


async def _send(
    door: Door, method: str, path: str, *, json: object = None, headers: dict[str, str] | None = None
) -> httpx2.Response:
    try:
        return await door.client.request(method, path, json=json, headers=headers)
    except httpx2.HTTPError as error:
        raise DemoError(f"The API at {door.client.base_url} does not answer ({type(error).__name__}).") from None


def _body(model: type[Body], answer: httpx2.Response) -> Body:
    """The body of a good answer; raises `DemoError` with the detail of any other."""
    try:
        if answer.is_success:
            return model.model_validate_json(answer.content)
        problem = ProblemBody.model_validate_json(answer.content)
    except ValidationError:
        path = answer.request.url.path
        raise DemoError(f"The API answers {answer.status_code} to {path}, in a form unknown here.") from None
    details = " ".join(f"{error.pointer.removeprefix('#/')}: {error.detail}" for error in problem.errors or [])
    raise DemoError(details or problem.detail)
