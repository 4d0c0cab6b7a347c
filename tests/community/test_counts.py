"""Counts are exact, whatever happens at once and whoever leaves."""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Sequence
from typing import TypeVar
from uuid import UUID

import httpx2
import pytest
from sqlalchemy import Text, func, literal_column, select, text
from support.api import Api, Learner
from support.community import POSTS, appoint, comments_seen, crowd, newcomers, once, posts_seen, report, say, write

from lyo.community.models import Comment, ModerationAction, Post, PostLike
from lyo.core.bus import transaction
from lyo.tables import metadata

pytestmark = pytest.mark.anyio

T = TypeVar("T")


async def at_once(calls: Sequence[Awaitable[T]], width: int = 40) -> list[T]:
    """All of `calls`, so many of them at any time."""
    room = asyncio.Semaphore(width)

    async def one(call: Awaitable[T]) -> T:
        async with room:
            return await call

    return await asyncio.gather(*(one(call) for call in calls))


async def _exact(api: Api) -> dict[UUID, tuple[int, int]]:
    """The counts of all posts, which are what there is."""
    likes = select(func.count()).where(PostLike.post_id == Post.id).scalar_subquery()
    comments = select(func.count()).where(Comment.post_id == Post.id, Comment.hidden_at.is_(None)).scalar_subquery()
    async with api.sessions() as session:
        rows = (await session.execute(select(Post.id, Post.like_count, Post.comment_count, likes, comments))).all()
    for _, like_count, comment_count, liked, said in rows:
        assert (like_count, comment_count) == (liked, said)
    return {post_id: (like_count, comment_count) for post_id, like_count, comment_count, *_ in rows}


async def test_two_hundred_at_once_leave_exact_counts(api: Api, learner: Learner) -> None:
    post, other_post = await write(learner), await write(learner)
    address = f"{POSTS}/{post['id']}"
    async with crowd(api, 50) as many:
        likes = [one.client.put(f"{address}/like") for one in many]
        comments = [one.client.post(f"{address}/comments", json={"content": "Hm."}, headers=once()) for one in many]
        mixed = [
            one.client.request("DELETE" if place % 2 else "PUT", f"{POSTS}/{other_post['id']}/like")
            for place, one in enumerate(many * 2)
        ]
        answers = await at_once(random.sample([*likes, *comments, *mixed], 200))
        assert Counter(answer.status_code for answer in answers) == {204: 150, 201: 50}
        seen = (await learner.client.get(address)).json()
        assert (seen["likeCount"], seen["commentCount"]) == (50, 50)
        await _exact(api)
        gone = await at_once([one.client.delete(f"{address}/like") for one in many[:20]])
        assert {answer.status_code for answer in gone} == {204}
        assert (await learner.client.get(address)).json()["likeCount"] == 30


async def test_who_leaves_takes_likes_and_comments_along_and_the_counts_know(api: Api, learner: Learner) -> None:
    async with crowd(api, 3) as (leaver, other, moderator):
        await appoint(api, moderator)
        posts = [await write(learner, f"post {number}") for number in range(5)]
        own = await write(leaver, "UNFORGETTABLE words")
        await other.client.put(f"{POSTS}/{own['id']}/like")
        on_own = await say(other, own["id"], "on the post of somebody who leaves")
        hidden = await say(leaver, posts[0]["id"], "UNFORGETTABLE and hidden")
        await moderator.client.put(f"/v1/moderation/comments/{hidden['id']}/hidden", json={"reason": "rude"})
        for post in posts:
            for reader in (leaver, other):
                await reader.client.put(f"{POSTS}/{post['id']}/like")
                await say(reader, post["id"], f"by {'UNFORGETTABLE' if reader is leaver else 'other'}")
        await report(leaver, "post", posts[1]["id"], note="UNFORGETTABLE note")
        await report(other, "post", own["id"])
        await report(other, "user", leaver.id)
        assert (await leaver.client.delete("/v1/users/me")).status_code == 204
        assert set((await _exact(api)).values()) == {(1, 1)}
        for post in posts:
            assert await comments_seen(other, post["id"]) == ["by other"]
        assert {post["id"] for post in await posts_seen(other)} == {post["id"] for post in posts}
        assert (await other.client.delete(f"/v1/community/comments/{on_own['id']}")).status_code == 404
        queue = (await moderator.client.get("/v1/moderation/reports")).json()["items"]
        assert [(case["targetId"], case["reportCount"], case["notes"]) for case in queue] == [(posts[1]["id"], 0, [])]
        await _nowhere(api, str(leaver.id), "UNFORGETTABLE")
        async with api.sessions() as session:
            (action,) = (await session.scalars(select(ModerationAction))).all()
        assert (action.moderator_id, action.subject_id, action.reason) == (moderator.id, None, "rude")


async def _nowhere(api: Api, *words: str) -> None:
    """No row of any table holds one of these."""
    async with api.sessions() as session:
        for table in metadata.sorted_tables:
            whole = select(literal_column(f'"{table.name}"::text', Text)).select_from(table)
            rows = (await session.scalars(whole)).all()
            for word in words:
                assert not [row for row in rows if word in row], (table.name, word)


async def test_a_moderator_who_leaves_is_not_in_the_log_any_more(api: Api, learner: Learner) -> None:
    post = await write(learner)
    (moderator,) = await newcomers(api, 1)
    await appoint(api, moderator)
    await moderator.client.put(f"/v1/moderation/posts/{post['id']}/hidden", json={"reason": "Advertising."})
    assert (await moderator.client.delete("/v1/users/me")).status_code == 204
    async with api.sessions() as session:
        (action,) = (await session.scalars(select(ModerationAction))).all()
    assert (action.moderator_id, action.subject_id, action.action) == (None, learner.id, "hide")
    await _nowhere(api, str(moderator.id))
    await moderator.client.aclose()


async def test_all_leave_at_once_while_others_like_and_comment(api: Api, learner: Learner) -> None:
    posts = [await write(learner, f"post {number}") for number in range(4)]
    async with crowd(api, 24) as many:
        leaving, staying = many[:12], many[12:]
        for one in leaving:
            await write(one, "mine")
        addresses = [f"{POSTS}/{post['id']}" for post in posts]
        touched = [
            call
            for one in many
            for address in random.sample(addresses, 3)
            for call in (
                one.client.put(f"{address}/like"),
                one.client.post(f"{address}/comments", json={"content": "Hm."}, headers=once()),
            )
        ]
        assert {answer.status_code for answer in await at_once(touched)} == {204, 201}
        calls: list[Awaitable[httpx2.Response]] = [one.client.delete("/v1/users/me") for one in leaving]
        for one in many:
            for address in random.sample(addresses, 2):
                calls.append(one.client.delete(f"{address}/like"))
                calls.append(one.client.post(f"{address}/comments", json={"content": "Hm."}, headers=once()))
        answers = await at_once(random.sample(calls, len(calls)))
        statuses = Counter(answer.status_code for answer in answers)
        assert set(statuses) <= {204, 201, 401}, statuses
        counts = await _exact(api)
        assert set(counts) == {UUID(post["id"]) for post in posts}
        assert sum(likes for likes, _ in counts.values()) <= 3 * len(staying)


async def test_those_who_have_blocked_each_other_may_leave_at_once(api: Api) -> None:
    async with crowd(api, 8) as many:
        blocks = [one.client.put(f"/v1/users/{other.id}/block") for one in many for other in many if one is not other]
        assert {answer.status_code for answer in await at_once(blocks)} == {204}
        answers = await at_once([one.client.delete("/v1/users/me") for one in many])
        assert [answer.status_code for answer in answers] == [204] * len(many)
        await _nowhere(api, *(str(one.id) for one in many))


async def test_a_like_and_the_end_of_its_post_do_not_collide(api: Api, learner: Learner) -> None:
    async with crowd(api, 10) as many:
        for _ in range(5):
            post = await write(learner)
            address = f"{POSTS}/{post['id']}"
            said = await at_once(
                [one.client.post(f"{address}/comments", json={"content": "Hm."}, headers=once()) for one in many]
            )
            calls: list[Awaitable[httpx2.Response]] = [learner.client.delete(address)]
            calls += [one.client.put(f"{address}/like") for one in many]
            calls += [
                one.client.delete(f"/v1/community/comments/{comment.json()['id']}")
                for one, comment in zip(many, said, strict=True)
            ]
            random.shuffle(calls)
            assert {answer.status_code for answer in await at_once(calls)} <= {204, 404}
        assert await _exact(api) == {}


async def test_counts_hold_for_many_rows_of_one_statement(api: Api, learner: Learner) -> None:
    posts = [await write(learner, f"post {number}") for number in range(3)]
    users = await newcomers(api, 20)
    async with transaction(api.sessions, api.bus) as session:
        session.add_all(PostLike(post_id=UUID(post["id"]), user_id=user.id) for post in posts for user in users)
        session.add_all(
            Comment(post_id=UUID(post["id"]), user_id=user.id, content="Hm.") for post in posts for user in users
        )
    assert set((await _exact(api)).values()) == {(20, 20)}
    for statement, left in (
        ("UPDATE comments SET hidden_at = now() WHERE user_id IN (SELECT id FROM users ORDER BY id LIMIT 10)", None),
        ("UPDATE comments SET content = 'Hm?'", None),
        ("UPDATE comments SET hidden_at = NULL", (20, 20)),
        ("DELETE FROM post_likes", (0, 20)),
        ("DELETE FROM comments", (0, 0)),
    ):
        async with transaction(api.sessions, api.bus) as session:
            await session.execute(text(statement))
        counts = set((await _exact(api)).values())
        assert left is None or counts == {left}
    for user in users:
        await user.client.aclose()
