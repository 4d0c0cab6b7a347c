"""Fifty learners at once, each of them several times: counts are exact, and nobody is sent away."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select
from support.api import Api, Learner
from support.community import POSTS, crowd, once, write
from support.learning import new_course, profile

from lyo.accounts.profiles import lock_learner
from lyo.community.models import Comment, PostLike
from lyo.core.bus import transaction
from lyo.courses.sharing import open_shared
from lyo.courses.values import SharedCourse
from lyo.feeds.models import FeedItem
from lyo.gamification.models import UserBadge, UserProfile, XpEntry
from lyo.gamification.values import Kind

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.no_cover, pytest.mark.timeout(300)]

PEOPLE = 50
TIMES = 4
"""Two hundred of each kind, two hundred of all kinds at once."""


async def test_likes_comments_and_completions_at_once(api: Api, learner: Learner) -> None:
    post = await write(learner)
    original = await new_course(api, learner, lessons=1)
    async with crowd(api, PEOPLE) as people:
        courses = [await _nearly_done(api, learner, original.id, one) for one in people]
        asked = [
            _requests(one, post["id"], course_id, last) for one, (course_id, last) in zip(people, courses, strict=True)
        ]
        for kinds in zip(*(zip(*[iter(mine)] * TIMES, strict=True) for mine in asked), strict=True):
            at_once = [request for mine in kinds for request in mine]
            assert len(at_once) == PEOPLE * TIMES
            answers = await asyncio.gather(*at_once)
            assert {answer.status_code for answer in answers} <= {200, 201, 204}
        seen = (await learner.client.get(f"{POSTS}/{post['id']}")).json()
        assert (seen["likeCount"], seen["commentCount"]) == (PEOPLE, PEOPLE * TIMES // 2)
        totals = [await profile(one) for one in people]
    assert {(mine["coursesCompleted"], mine["itemsCompleted"]) for mine in totals} == {(1, 5)}
    assert all([badge["slug"] for badge in mine["badges"]].count("graduate") == 1 for mine in totals)
    await _agrees(api, UUID(post["id"]), [one.id for one in people])


def _requests(one: Learner, post_id: str, course_id: UUID, last: str) -> list[Any]:
    keys = [uuid4().hex for _ in range(TIMES // 2)]  # each comment is sent twice
    done = {"itemId": last, "completed": True}
    likes = [one.client.put(f"{POSTS}/{post_id}/like") for _ in range(TIMES)]
    comments = [
        one.client.post(f"{POSTS}/{post_id}/comments", json={"content": f"Yes {key}."}, headers=once(key))
        for key in keys * 2
    ]
    completions = [one.client.put(f"/v1/courses/{course_id}/progress", json=done) for _ in range(TIMES)]
    return [request for three in zip(likes, comments, completions, strict=True) for request in three]


async def _nearly_done(api: Api, sharer: Learner, course_id: UUID, one: Learner) -> tuple[UUID, str]:
    """A course of their own, of which one item is left."""
    async with transaction(api.sessions, api.bus) as session:
        await lock_learner(session, owner_id=one.id)
        shared = SharedCourse(sharer_id=sharer.id, course_id=course_id, origin_id=course_id)
        copy = await open_shared(session, shared, reader_id=one.id)
    assert copy is not None
    opened, _ = copy
    items = (await one.client.get(f"/v1/courses/{opened}")).json()["items"]
    for item in items[:-1]:
        await one.client.put(f"/v1/courses/{opened}/progress", json={"itemId": item["id"], "completed": True})
    return opened, items[-1]["id"]


async def _agrees(api: Api, post_id: UUID, people: list[UUID]) -> None:
    """What is counted is what is there."""
    async with api.sessions() as session:
        likes = await session.scalar(select(func.count()).where(PostLike.post_id == post_id))
        comments = await session.scalar(select(func.count()).where(Comment.post_id == post_id))
        assert (likes, comments) == (PEOPLE, PEOPLE * TIMES // 2)
        completions = select(XpEntry.user_id).where(XpEntry.kind == Kind.COURSE_COMPLETED)
        assert sorted(await session.scalars(completions)) == sorted(people)
        entries = select(XpEntry.user_id, func.sum(XpEntry.amount)).where(XpEntry.user_id.in_(people))
        sums = entries.group_by(XpEntry.user_id)
        kept = select(UserProfile.user_id, UserProfile.xp).where(UserProfile.user_id.in_(people))
        assert dict((await session.execute(kept)).all()) == dict((await session.execute(sums)).all())
        badges = select(func.count()).where(UserBadge.user_id.in_(people))
        news = select(func.count()).where(FeedItem.user_id.in_(people), FeedItem.type == "achievement")
        assert await session.scalar(badges) == await session.scalar(news)
