"""Learners who write to each other."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID, uuid4

import httpx2
from sqlalchemy import text, update

from lyo.accounts.models import Login, User
from lyo.accounts.tokens import TokenKey, issue_access_token
from lyo.core.bus import transaction
from support.api import Api, Learner, checked_client

POSTS = "/v1/community/posts"
REPORTS = "/v1/community/reports"
QUEUE = "/v1/moderation/reports"


def once(key: str | None = None) -> dict[str, str]:
    return {"Idempotency-Key": key or uuid4().hex}


async def write(learner: Learner, content: str = "Hello.", **more: Any) -> dict[str, Any]:
    """A new post of the learner's."""
    answer = await learner.client.post(POSTS, json={"content": content, **more}, headers=once())
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def say(learner: Learner, post_id: str, content: str = "Why?") -> dict[str, Any]:
    """A new comment of the learner's."""
    answer = await learner.client.post(f"{POSTS}/{post_id}/comments", json={"content": content}, headers=once())
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def report(learner: Learner, kind: str, target_id: object, **more: Any) -> httpx2.Response:
    body = {"targetType": kind, "targetId": str(target_id), "reason": "spam", **more}
    return await learner.client.post(REPORTS, json=body)


async def posts_seen(learner: Learner, **params: str) -> list[dict[str, Any]]:
    """The first page of posts."""
    items: list[dict[str, Any]] = (await learner.client.get(POSTS, params=params)).json()["items"]
    return items


async def comments_seen(learner: Learner, post_id: str) -> list[str]:
    """What the learner reads under a post."""
    items = (await learner.client.get(f"{POSTS}/{post_id}/comments")).json()["items"]
    return [item["content"] for item in items]


async def appoint(api: Api, learner: Learner) -> None:
    """Make the learner a moderator."""
    async with transaction(api.sessions, api.bus) as session:
        await session.execute(update(User).where(User.id == learner.id).values(role="moderator"))


async def someone_waits(api: Api) -> None:
    """Wait until a statement waits for a lock that another transaction holds."""
    ask = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    async with asyncio.timeout(30):
        while True:
            async with api.sessions() as session:
                if await session.scalar(text(ask)):
                    return
            await asyncio.sleep(0.01)


async def newcomers(api: Api, many: int) -> list[Learner]:
    """Many who are logged in; nobody hashes a password for them."""
    users = [User(id=uuid4(), email=f"{uuid4().hex}@example.com", display_name="Test") for _ in range(many)]
    logins = [Login(id=uuid4(), user_id=user.id) for user in users]
    async with transaction(api.sessions, api.bus) as session:
        session.add_all(users)
        await session.flush()
        session.add_all(logins)
    return [_learner(api, user, login.id) for user, login in zip(users, logins, strict=True)]


def _learner(api: Api, user: User, login_id: UUID) -> Learner:
    token = issue_access_token(TokenKey.of(api.resources.settings), user_id=user.id, login_id=login_id)
    # They have long pauses: a connection that the server is about to close must not be taken for the next request.
    headers = {"Authorization": f"Bearer {token}", "Connection": "close"}
    client = checked_client(api.base_url, api.contract, headers=headers)
    return Learner(id=user.id, email=user.email or "", access_token=token, refresh_token="", client=client)


@asynccontextmanager
async def crowd(api: Api, many: int) -> AsyncGenerator[list[Learner]]:
    """So many learners, until the end of the block."""
    made = await newcomers(api, many)
    try:
        yield made
    finally:
        for learner in made:
            await learner.client.aclose()
