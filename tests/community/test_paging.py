"""Lists that change while they are read: what stays comes exactly once, although all of it is of one moment."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID, uuid4

import pytest
from sqlalchemy import delete, insert
from support.api import Api, Learner
from support.community import POSTS, QUEUE, appoint, crowd, write

from lyo.community.models import Comment, ContentReport, ModerationCase, Post
from lyo.core.bus import transaction

pytestmark = pytest.mark.anyio

MANY: Final = 1000
AT: Final = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)

Row = dict[str, Any]
Change = Callable[[int], Awaitable[None]]


async def _keep(api: Api, table: type[Any], rows: Sequence[Row]) -> None:
    async with transaction(api.sessions, api.bus) as session:
        await session.execute(insert(table), list(rows))


async def _forget(api: Api, table: type[Any], identifier: UUID) -> None:
    async with transaction(api.sessions, api.bus) as session:
        await session.execute(delete(table).where(table.id == identifier))


async def _read_all(reader: Learner, address: str, limit: int, change: Change) -> list[UUID]:
    """The ids of all pages, with a change between each two."""
    found: list[UUID] = []
    params: dict[str, str] = {}
    while True:
        # Small pages are many, so the last part alone is read by them.
        size = limit if limit > 2 or len(found) >= MANY - 100 else 100
        answer = (await reader.client.get(address, params=params | {"limit": str(size)})).json()
        assert len(answer["items"]) <= size
        found += [UUID(item["id"]) for item in answer["items"]]
        if answer["nextCursor"] is None:
            return found
        params["cursor"] = answer["nextCursor"]
        await change(len(found))


async def _check(api: Api, table: type[Any], reader: Learner, address: str, make: Callable[[], Row]) -> None:
    """Read with pages of all sizes while rows come and go."""
    for limit in (100, 37, 2, 1):
        async with transaction(api.sessions, api.bus) as session:
            await session.execute(delete(table))
        rows = [make() for _ in range(MANY)]
        await _keep(api, table, rows)
        doomed = [row["id"] for row in rows[::10]]
        gone: set[UUID] = set()

        async def change(_: int, doomed: list[UUID] = doomed, gone: set[UUID] = gone) -> None:
            await _keep(api, table, [make()])
            if doomed:
                gone.add(identifier := doomed.pop())
                await _forget(api, table, identifier)

        found = await _read_all(reader, address, limit, change)
        assert len(set(found)) == len(found), limit
        assert {row["id"] for row in rows} - gone <= set(found), limit


async def test_every_post_that_stays_comes_once(api: Api, learner: Learner) -> None:
    def make() -> Row:
        return {"id": uuid4(), "user_id": learner.id, "content": "Hello.", "created_at": AT}

    async with crowd(api, 1) as (reader,):
        await _check(api, Post, reader, POSTS, make)


async def test_every_comment_that_stays_comes_once(api: Api, learner: Learner) -> None:
    post = await write(learner)

    def make() -> Row:
        return {
            "id": uuid4(),
            "post_id": UUID(post["id"]),
            "user_id": learner.id,
            "content": "Hm.",
            "created_at": AT,
        }

    async with crowd(api, 1) as (reader,):
        await _check(api, Comment, reader, f"{POSTS}/{post['id']}/comments", make)
        seen = (await reader.client.get(f"{POSTS}/{post['id']}")).json()
        async with api.sessions() as session:
            left = await session.get(Post, UUID(post["id"]))
        assert left is not None
        assert seen["commentCount"] == left.comment_count > 0


async def test_every_case_that_stays_comes_once(api: Api, learner: Learner) -> None:
    posts = [uuid4() for _ in range(2 * MANY)]
    await _keep(api, Post, [{"id": one, "user_id": learner.id, "content": "Buy!", "created_at": AT} for one in posts])

    async with crowd(api, 1) as (moderator,):
        await appoint(api, moderator)
        waiting: list[UUID] = []

        def make() -> Row:
            if not waiting:
                waiting.extend(posts)
            return {"id": uuid4(), "post_id": waiting.pop(), "created_at": AT}

        await _check(api, ModerationCase, moderator, QUEUE, make)


async def test_a_case_with_a_thousand_reports_is_one(api: Api, learner: Learner) -> None:
    post = await write(learner)
    async with crowd(api, MANY) as many:
        moderator = many[0]
        await appoint(api, moderator)
        case_id = uuid4()
        await _keep(api, ModerationCase, [{"id": case_id, "post_id": UUID(post["id"]), "created_at": AT}])
        reports = [
            {
                "id": uuid4(),
                "user_id": one.id,
                "case_id": case_id,
                "reason": "spam" if place % 4 else "hate",
                "note": f"note {place}",
                "created_at": AT,
            }
            for place, one in enumerate(many)
        ]
        await _keep(api, ContentReport, reports)
        (case,) = (await moderator.client.get(QUEUE)).json()["items"]
        assert case["reportCount"] == MANY
        assert case["reasons"] == [{"reason": "spam", "count": 750}, {"reason": "hate", "count": 250}]
        assert len(case["notes"]) == 20
        assert case["firstReportedAt"] == case["lastReportedAt"] == "2026-01-02T03:04:05Z"


async def test_a_cursor_is_of_one_list_and_one_reader(api: Api, learner: Learner) -> None:
    async with crowd(api, 1) as (other,):
        first, second = await write(learner), await write(learner)
        cursor = (await learner.client.get(POSTS, params={"limit": "1"})).json()["nextCursor"]
        for reader, address in (
            (other, POSTS),
            (learner, f"{POSTS}/{first['id']}/comments"),
            (learner, f"{POSTS}/{second['id']}/comments"),
            (learner, "/v1/feeds"),
        ):
            answer = await reader.client.get(address, params={"cursor": cursor})
            assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (400, "invalid-cursor")
