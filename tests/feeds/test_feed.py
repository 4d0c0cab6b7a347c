from uuid import UUID, uuid4

import pytest
from support.api import Api, Learner

from lyo.core.bus import transaction
from lyo.feeds.service import tell, withdraw
from lyo.feeds.values import FeedItemType, Story

pytestmark = pytest.mark.anyio


def _story(title: str, *, kind: FeedItemType = FeedItemType.ACHIEVEMENT, public: bool = True) -> Story:
    return Story(type=kind, source_id=uuid4(), title=title, content=None, is_public=public)


async def _tell(api: Api, owner_id: UUID, *stories: Story) -> None:
    async with transaction(api.sessions, api.bus) as session:
        await tell(session, stories, owner_id=owner_id)


async def _titles(learner: Learner) -> set[str]:
    return {item["title"] for item in (await learner.client.get("/v1/feeds")).json()["items"]}


async def test_one_reads_ones_own_and_what_others_show(api: Api, learner: Learner) -> None:
    other = await api.new_learner()
    await _tell(api, learner.id, _story("mine, private", public=False))
    await _tell(api, other.id, _story("theirs, shown"), _story("theirs, private", public=False))
    items = (await learner.client.get("/v1/feeds")).json()["items"]
    assert [(item["title"], item["isOwn"]) for item in items] == [("theirs, shown", False), ("mine, private", True)]
    assert items[0]["author"] == {"id": str(other.id), "displayName": "Test"}
    assert await _titles(other) == {"theirs, shown", "theirs, private"}
    await other.client.aclose()


async def test_who_is_blocked_is_not_read_whoever_of_the_two_did_it(api: Api, learner: Learner) -> None:
    other = await api.new_learner()
    await _tell(api, learner.id, _story("mine"))
    await _tell(api, other.id, _story("theirs"))
    await other.client.put(f"/v1/users/{learner.id}/block")
    assert await _titles(learner) == {"mine"}
    assert await _titles(other) == {"theirs"}
    await other.client.delete(f"/v1/users/{learner.id}/block")
    assert await _titles(learner) == {"mine", "theirs"}
    await other.client.aclose()


async def test_milestones_are_shown_and_hidden_with_the_profile(api: Api, learner: Learner) -> None:
    other = await api.new_learner()
    post = _story("a post", kind=FeedItemType.COMMUNITY_POST)
    await _tell(api, learner.id, _story("a badge", public=False), post)
    assert await _titles(other) == {"a post"}
    shown = await learner.client.patch("/v1/users/me", json={"sharesMilestones": True})
    assert shown.json()["sharesMilestones"] is True
    assert await _titles(other) == {"a post", "a badge"}
    await learner.client.patch("/v1/users/me", json={"sharesMilestones": False})
    assert await _titles(other) == {"a post"}
    await other.client.aclose()


async def test_nothing_is_told_twice_and_what_is_withdrawn_is_gone(api: Api, learner: Learner) -> None:
    story = _story("once")
    await _tell(api, learner.id, story)
    await _tell(api, learner.id, story)
    assert len((await learner.client.get("/v1/feeds")).json()["items"]) == 1
    async with transaction(api.sessions, api.bus) as session:
        await withdraw(session, owner_id=learner.id, kind=story.type, source_id=story.source_id)
    assert await _titles(learner) == set()


async def test_who_leaves_takes_their_news_along(api: Api, learner: Learner) -> None:
    other = await api.new_learner()
    await _tell(api, other.id, _story("theirs"))
    assert await _titles(learner) == {"theirs"}
    await other.client.delete("/v1/users/me")
    assert await _titles(learner) == set()
    await other.client.aclose()


async def test_ids_lead_only_to_what_the_reader_may_open(api: Api, learner: Learner) -> None:
    other = await api.new_learner()
    course, badge = _story("course", kind=FeedItemType.COURSE_COMPLETION), _story("badge")
    await _tell(api, learner.id, course, badge)
    mine = {item["title"]: item for item in (await learner.client.get("/v1/feeds")).json()["items"]}
    theirs = {item["title"]: item for item in (await other.client.get("/v1/feeds")).json()["items"]}
    assert mine["course"]["courseId"] == str(course.source_id)
    assert "courseId" not in theirs["course"]
    assert mine["badge"]["badgeId"] == theirs["badge"]["badgeId"] == str(badge.source_id)
    await other.client.aclose()
