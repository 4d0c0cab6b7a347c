import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from support.api import Api, Learner
from support.learning import RIGHT, attempt, new_course, profile, report
from support.playing import lesson_draft
from support.tasks import advance, claim, finish, kick_off

from lyo.core.bus import transaction
from lyo.core.clock import now
from lyo.courses import repo
from lyo.courses.keeping import item_rows
from lyo.courses.models import Lesson
from lyo.gamification import repo as rewards
from lyo.gamification.models import UserProfile, XpEntry
from lyo.gamification.values import WORTH, Kind
from lyo.tasks.errors import LeaseLost
from lyo.web.schemas import whole_seconds

pytestmark = pytest.mark.anyio

ITEM = WORTH[Kind.ITEM_COMPLETED].amount


async def test_an_item_is_opened_read_and_done_once(api: Api, learner: Learner) -> None:
    course = await new_course(api, learner)
    text = course.id_of("text")
    opened = await report(learner, course.id, text)
    assert (opened["completedItems"], opened["totalItems"], opened["xpAwarded"]) == (0, 10, 0)
    done = await report(learner, course.id, text, completed=True, position=100)
    assert (done["completedItems"], done["progressPct"], done["xpAwarded"]) == (1, 10, ITEM)
    assert "first-step" in {badge["slug"] for badge in done["newBadges"]}  # another may be of the hour
    for again in ({"completed": True, "position": 100}, {"completed": False, "position": 3}, {}):
        later = await report(learner, course.id, text, **again)
        assert (later["completedItems"], later["xpAwarded"], later["newBadges"]) == (1, 0, [])
    body = (await learner.client.get(f"/v1/courses/{course.id}")).json()
    items = {item["id"]: item.get("learning") for item in body["items"]}
    assert items[text] == {"position": 100, "completed": True}
    assert [learning for learning in items.values() if learning] == [items[text]]
    assert (await profile(learner))["xp"] == ITEM


async def test_one_continues_where_one_was(api: Api, learner: Learner) -> None:
    course = await new_course(api, learner)
    ids = [item["id"] for item in course.items]

    async def place() -> tuple[str, int] | None:
        (listed,) = (await learner.client.get("/v1/courses")).json()["items"]
        at = listed["learning"].get("continueAt")
        return at and (at["itemId"], at["position"])

    assert await place() is None
    await report(learner, course.id, ids[3], position=42)
    assert await place() == (ids[3], 42)
    await report(learner, course.id, ids[3], completed=True)
    assert await place() == (ids[4], 0)
    await report(learner, course.id, ids[9], completed=True)
    assert await place() == (ids[0], 0)  # after the last comes what was skipped
    assert await place() == (ids[0], 0)


async def test_an_old_message_of_a_phone_that_was_offline_takes_nothing_back(api: Api, learner: Learner) -> None:
    course = await new_course(api, learner)
    ids = [item["id"] for item in course.items]
    yesterday = whole_seconds(now() - timedelta(days=1))
    await report(learner, course.id, ids[5], position=80)
    await report(learner, course.id, ids[1], position=10, occurredAt=yesterday)
    await report(learner, course.id, ids[5], position=20, occurredAt=yesterday)
    body = (await learner.client.get(f"/v1/courses/{course.id}")).json()
    assert body["learning"]["continueAt"] == {
        "lessonId": course.items[5]["lessonId"],
        "itemId": ids[5],
        "position": 80,
    }
    assert body["items"][1]["learning"] == {"position": 10, "completed": False}


async def test_a_clock_that_is_fast_is_no_reason_to_stay_somewhere(api: Api, learner: Learner) -> None:
    course = await new_course(api, learner)
    ids = [item["id"] for item in course.items]
    await report(learner, course.id, ids[0], occurredAt="9999-12-31T23:59:59+00:00")
    await report(learner, course.id, ids[2])
    body = (await learner.client.get(f"/v1/courses/{course.id}")).json()
    assert body["learning"]["continueAt"]["itemId"] == ids[2]
    assert (await report(learner, course.id, ids[3], completed=True, occurredAt="0001-01-01T00:00:00+14:00"))[
        "xpAwarded"
    ] == ITEM


async def test_the_last_item_completes_the_course_once(api: Api, learner: Learner) -> None:
    course = await new_course(api, learner)
    for quiz in course.of_type("quiz"):
        await attempt(learner, course.id, quiz, RIGHT, RIGHT, RIGHT)
    *first, last = [item["id"] for item in course.items if item["type"] != "quiz"]
    for item_id in first:
        assert "completedAt" not in await report(learner, course.id, item_id, completed=True)
    assert (await learner.client.get(f"/v1/courses/{course.id}")).json()["learning"]["progressPct"] == 90
    finished = await asyncio.gather(*(report(learner, course.id, last, completed=True) for _ in range(10)))
    assert {body["progressPct"] for body in finished} == {100}
    course_xp = WORTH[Kind.COURSE_COMPLETED].amount
    assert sorted(body["xpAwarded"] for body in finished) == [0] * 9 + [ITEM + course_xp]
    celebrated = [badge["slug"] for body in finished for badge in body["newBadges"]]
    assert celebrated.count("graduate") == 1
    totals = await profile(learner)
    assert (totals["coursesCompleted"], totals["itemsCompleted"], totals["perfectQuizzes"]) == (1, 10, 2)
    news = [item for item in (await learner.client.get("/v1/feeds")).json()["items"] if "courseId" in item]
    assert [(item["type"], item["courseId"]) for item in news] == [("course_completion", str(course.id))]
    assert "continueAt" not in (await learner.client.get(f"/v1/courses/{course.id}")).json()["learning"]
    async with api.sessions() as session:
        ledger = await session.scalar(select(func.sum(XpEntry.amount)).where(XpEntry.user_id == learner.id))
    assert totals["xp"] == ledger


async def test_who_keeps_up_with_the_making_is_done_when_the_course_is_whole(api: Api, learner: Learner) -> None:
    task_id, course_id = await kick_off(learner)
    claimed = await claim(api, task_id)
    await advance(api, claimed, "outline", 15)
    async with transaction(api.sessions, api.bus) as session:
        lesson = Lesson(course_id=course_id, order_index=1, title="Leaf", objective="Know it", status="ready")
        session.add(lesson)
        await session.flush()
        session.add_all(item_rows(lesson, lesson_draft(1)))
    items = (await learner.client.get(f"/v1/courses/{course_id}")).json()["items"]
    said = [await report(learner, course_id, item["id"], completed=True) for item in items]
    assert said[-1]["progressPct"] == 99
    assert "completedAt" not in said[-1]
    await finish(api, claimed)
    async with transaction(api.sessions, api.bus) as session:
        await repo.complete_course(session, course_id=course_id, at=now(), report=None)
    again = await report(learner, course_id, items[0]["id"], completed=True)
    assert again["progressPct"] == 100
    assert (await profile(learner))["coursesCompleted"] == 1


async def test_what_is_wrong_is_said(api: Api, learner: Learner) -> None:
    course, other = await new_course(api, learner), await api.new_learner()
    text = course.id_of("text")
    path = f"/v1/courses/{course.id}/progress"
    for body, pointer in (
        ({}, "#/itemId"),
        ({"itemId": "x"}, "#/itemId"),
        ({"itemId": text, "position": -1}, "#/position"),
        ({"itemId": text, "position": 1.5}, "#/position"),
        ({"itemId": text, "completed": "yes"}, "#/completed"),
        ({"itemId": text, "occurredAt": 5}, "#/occurredAt"),
        ({"itemId": text, "occurredAt": "2025-08-22T10:30:00"}, "#/occurredAt"),
        ({"itemId": text, "occurredAt": "2026-02-30T10:30:00Z"}, "#/occurredAt"),
        ({"itemId": text, "done": True}, "#/done"),
    ):
        refused = await learner.client.put(path, json=body)
        assert refused.status_code == 422, body
        assert refused.json()["errors"][0]["pointer"] == pointer
    nothing = await learner.client.put(path, json={"itemId": str(uuid4())})
    assert (nothing.status_code, nothing.json()["title"]) == (404, "Item not found")
    theirs = await other.client.put(path, json={"itemId": text, "completed": True})
    assert (theirs.status_code, theirs.json()["title"]) == (404, "Course not found")
    own = await new_course(api, other)
    mixed = await other.client.put(f"/v1/courses/{own.id}/progress", json={"itemId": text})
    assert mixed.status_code == 404
    await other.client.aclose()


async def test_a_course_is_deleted_with_its_progress_and_what_was_earned_stays(api: Api, learner: Learner) -> None:
    course, other = await new_course(api, learner), await api.new_learner()
    for item in course.items:
        await report(learner, course.id, item["id"], completed=True)
    await attempt(learner, course.id, course.of_type("quiz")[0], RIGHT, RIGHT, RIGHT)
    assert str(course.id) in (await learner.client.get("/v1/feeds")).text
    earned = (await profile(learner))["xp"]
    assert (await other.client.delete(f"/v1/courses/{course.id}")).status_code == 404
    assert (await learner.client.delete(f"/v1/courses/{course.id}")).status_code == 204
    assert (await learner.client.get(f"/v1/courses/{course.id}")).status_code == 404
    assert (await learner.client.delete(f"/v1/courses/{course.id}")).status_code == 404
    assert (await learner.client.get("/v1/courses")).json()["items"] == []
    assert (await learner.client.get("/v1/reviews")).json()["items"] == []
    assert "courseId" not in (await learner.client.get("/v1/feeds")).text
    assert (await profile(learner))["xp"] == earned
    await other.client.aclose()


async def test_a_course_that_is_deleted_while_it_is_made_stops(api: Api, learner: Learner) -> None:
    task_id, course_id = await kick_off(learner)
    claimed = await claim(api, task_id)
    assert (await learner.client.delete(f"/v1/courses/{course_id}")).status_code == 204
    task = (await learner.client.get(f"/v1/tasks/{task_id}")).json()
    assert (task["state"], task["errorCode"], task["message"]) == ("ERROR", "cancelled", "You deleted the course.")
    with pytest.raises(LeaseLost):
        await advance(api, claimed, "outline", 15)


async def test_a_position_beyond_the_end_is_the_end(api: Api, learner: Learner) -> None:
    course = await new_course(api, learner, lessons=1)
    text, video = course.id_of("text"), course.of_type("video")[0]
    for item_id in (text, video["id"]):
        await report(learner, course.id, item_id, position=1_000_000)
    body = (await learner.client.get(f"/v1/courses/{course.id}")).json()
    reached = {item["id"]: item["learning"]["position"] for item in body["items"] if "learning" in item}
    assert reached == {text: 100, video["id"]: video["duration"]}


async def test_days_count_in_whatever_order_they_are_told(api: Api, learner: Learner) -> None:
    course = await new_course(api, learner)
    ids = [item["id"] for item in course.items]
    slugs = set[str]()
    for days, item_id in zip((0, 5, 4, 3), ids, strict=False):
        at = whole_seconds(now() - timedelta(days=days))
        body = await report(learner, course.id, item_id, position=1, occurredAt=at)
        slugs |= {badge["slug"] for badge in body["newBadges"]}
    totals = await profile(learner)
    assert (totals["streak"], totals["longestStreak"], totals["countsToday"]) == (1, 3, True)
    assert "kindled" in slugs


async def test_a_profile_can_be_read_while_a_later_day_begins(
    api: Api, learner: Learner, monkeypatch: pytest.MonkeyPatch
) -> None:
    course = await new_course(api, learner, lessons=1)
    yesterday = whole_seconds(now() - timedelta(days=1))
    await report(learner, course.id, course.id_of("text"), position=1, occurredAt=yesterday)
    read = rewards.profile

    async def read_and_be_overtaken(session: AsyncSession, *, owner_id: UUID) -> UserProfile | None:
        found = await read(session, owner_id=owner_id)
        monkeypatch.undo()
        await report(learner, course.id, course.id_of("text"), position=2)
        return found

    monkeypatch.setattr(rewards, "profile", read_and_be_overtaken)
    assert (await profile(learner))["streak"] == 1
    assert (await profile(learner))["streak"] == 2
