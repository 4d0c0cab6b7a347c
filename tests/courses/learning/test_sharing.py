import asyncio
import json
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update
from support.api import Api, Learner
from support.community import crowd, write
from support.learning import RIGHT, Taught, attempt, new_course, profile, report

from lyo.accounts.profiles import lock_learner
from lyo.core.bus import transaction
from lyo.courses.models import Course
from lyo.courses.sharing import open_shared
from lyo.courses.values import SharedCourse

pytestmark = pytest.mark.anyio


async def _open(api: Api, sharer: Learner, course: Taught, reader: Learner) -> tuple[UUID, bool] | None:
    async with transaction(api.sessions, api.bus) as session:
        shared = SharedCourse(sharer_id=sharer.id, course_id=course.id, origin_id=course.id)
        await lock_learner(session, owner_id=reader.id)
        return await open_shared(session, shared, reader_id=reader.id)


async def _copy(api: Api, sharer: Learner, course: Taught, reader: Learner) -> UUID:
    opened = await _open(api, sharer, course, reader)
    assert opened is not None
    assert opened[1]
    return opened[0]


async def test_a_reader_gets_a_copy_with_progress_of_their_own(api: Api, learner: Learner) -> None:
    reader = await api.new_learner()
    course = await new_course(api, learner)
    await report(learner, course.id, course.id_of("text"), completed=True)
    opened = await _copy(api, learner, course, reader)
    assert await _open(api, learner, course, reader) == (opened, False)
    assert await _open(api, learner, course, learner) == (course.id, False)
    body = (await reader.client.get(f"/v1/courses/{opened}")).json()
    assert (body["status"], body["progressPct"], body["learning"]["completedItems"]) == ("completed", 100, 0)
    assert [item["content"] for item in body["items"] if "content" in item] == [
        item["content"] for item in course.items if "content" in item
    ]
    theirs = {item["id"] for item in body["items"]}
    assert not theirs & {item["id"] for item in course.items}
    quiz = next(item for item in body["items"] if item["type"] == "quiz")
    await attempt(learner, course.id, course.of_type("quiz")[0], RIGHT, RIGHT, RIGHT)
    assert (await attempt(reader, opened, quiz, RIGHT, RIGHT, RIGHT))["xpAwarded"] > 0
    assert (await learner.client.get(f"/v1/courses/{opened}")).status_code == 404
    assert (await reader.client.get(f"/v1/courses/{opened}/report")).status_code == 200
    await learner.client.delete("/v1/users/me")
    assert (await reader.client.get(f"/v1/courses/{opened}")).status_code == 200
    await reader.client.aclose()


async def test_a_copy_that_is_opened_anew_earns_nothing_anew(api: Api, learner: Learner) -> None:
    reader = await api.new_learner()
    course = await new_course(api, learner, lessons=1)
    earned = list[dict[str, Any]]()
    for _ in range(2):
        opened = await _copy(api, learner, course, reader)
        body = (await reader.client.get(f"/v1/courses/{opened}")).json()
        quiz = next(item for item in body["items"] if item["type"] == "quiz")
        await attempt(reader, opened, quiz, RIGHT, RIGHT, RIGHT)
        said = [await report(reader, opened, item["id"], completed=True) for item in body["items"]]
        assert said[-1]["progressPct"] == 100
        earned.append(await profile(reader))
        await reader.client.delete(f"/v1/courses/{opened}")
    assert earned[0] == earned[1]
    assert (earned[0]["coursesCompleted"], earned[0]["perfectQuizzes"]) == (1, 1)
    await reader.client.aclose()


async def test_what_was_deleted_is_not_opened(api: Api, learner: Learner) -> None:
    other = await api.new_learner()
    course = await new_course(api, learner)
    await learner.client.delete(f"/v1/courses/{course.id}")
    assert await _open(api, learner, course, other) is None
    await other.client.aclose()


async def test_what_a_learner_writes_of_themselves_is_not_handed_on(api: Api, learner: Learner) -> None:
    reader, course = await api.new_learner(), await new_course(api, learner)
    private = {"topic": "leaves, since I am ILL", "interests": ["my ILLness"]}
    described = "All of leaves.\n\nWith an eye to my ILLness."
    await learner.client.patch("/v1/users/me", json={"sharesMilestones": True})
    async with transaction(api.sessions, api.bus) as session:
        await session.execute(update(Course).where(Course.id == course.id).values(description=described, **private))
    await _copy(api, learner, course, reader)
    for item in course.items:
        await report(learner, course.id, item["id"], completed=True)
    told = (await reader.client.get("/v1/feeds")).json()["items"]
    assert "All of leaves." in [one["content"] for one in told]
    (copied,) = (await reader.client.get("/v1/courses")).json()["items"]
    assert (copied["topic"], copied["title"]) == ("Photosynthesis", "Photosynthesis")
    everything = (await reader.client.get("/v1/users/me/export")).text
    assert "All of leaves." in everything
    assert "ILL" not in everything + json.dumps(told)
    assert "ILLness" in (await learner.client.get(f"/v1/courses/{course.id}")).text
    await reader.client.aclose()


async def test_a_copy_is_found_by_its_post_when_the_original_is_gone(api: Api, learner: Learner) -> None:
    reader, other, course = await api.new_learner(), await api.new_learner(), await new_course(api, learner)
    post = await write(learner, "Look!", courseId=str(course.id))
    address = f"/v1/community/posts/{post['id']}/course"
    first = await reader.client.post(address)
    assert first.status_code in {200, 201}
    await learner.client.delete(f"/v1/courses/{course.id}")
    assert (await reader.client.post(address)).json()["courseId"] == first.json()["courseId"]
    for one in (other, learner):
        refused = await one.client.post(address)
        assert (refused.status_code, refused.json()["type"].rpartition("/")[2]) == (404, "course-not-found")
    for one in (reader, other):
        await one.client.aclose()


async def _share(sharer: Learner, course_id: str) -> str:
    post = await write(sharer, "Look!", courseId=course_id)
    return f"/v1/community/posts/{post['id']}/course"


async def test_one_course_is_one_copy_by_whichever_post_and_whoever_hands_it_on(api: Api, learner: Learner) -> None:
    friend, reader, course = await api.new_learner(), await api.new_learner(), await new_course(api, learner)
    first, second = [await _share(learner, str(course.id)) for _ in range(2)]
    theirs = (await friend.client.post(first)).json()["courseId"]
    third = await _share(friend, theirs)
    opened = [(await reader.client.post(address)).json() for address in (third, first, second)]
    assert [one["isNew"] for one in opened] == [True, False, False]
    (copy,) = {one["courseId"] for one in opened}
    assert copy not in {theirs, str(course.id)}
    assert (await learner.client.post(third)).json() == {"courseId": str(course.id), "isNew": False}
    await reader.client.delete(f"/v1/courses/{copy}")
    items = list[list[str]]()
    for address in (third, first):  # made anew of either, it is the same to the last id
        assert (await reader.client.post(address)).json() == {"courseId": copy, "isNew": True}
        items.append([item["id"] for item in (await reader.client.get(f"/v1/courses/{copy}")).json()["items"]])
        await reader.client.delete(f"/v1/courses/{copy}")
    assert items[0] == items[1]
    assert (await reader.client.post(second)).json()["isNew"]
    await learner.client.delete("/v1/users/me")
    await friend.client.delete(f"/v1/courses/{theirs}")
    assert (await reader.client.post(third)).json() == {"courseId": copy, "isNew": False}
    for one in (friend, reader):
        await one.client.aclose()


async def test_readers_and_the_one_who_deletes_do_not_collide(api: Api, learner: Learner) -> None:
    """Each reader gets all of it or hears that it is gone, and nobody waits for a deadlock to be untied."""
    async with crowd(api, 8) as readers:
        for _ in range(4):
            course = await new_course(api, learner, lessons=1)
            post = await write(learner, "Look!", courseId=str(course.id))
            address = f"/v1/community/posts/{post['id']}/course"
            calls = [one.client.post(address) for one in readers]
            answers = await asyncio.gather(*calls[:4], learner.client.delete(f"/v1/courses/{course.id}"), *calls[4:])
            statuses = [answer.status_code for answer in answers]
            assert statuses.pop(4) == 204
            assert set(statuses) <= {200, 201, 404}
            for one, answer in zip(readers, answers[:4] + answers[5:], strict=True):
                if answer.status_code != 404:
                    body = (await one.client.get(f"/v1/courses/{answer.json()['courseId']}")).json()
                    assert len(body["items"]) == len(course.items)
