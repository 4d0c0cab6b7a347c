from typing import Any
from uuid import UUID, uuid4

import pytest
from support.api import Api, Learner
from support.learning import RIGHT, Taught, attempt, new_course, profile, report

from lyo.core.bus import transaction
from lyo.courses.errors import CourseNotFound
from lyo.courses.sharing import open_shared

pytestmark = pytest.mark.anyio


async def _open(api: Api, sharer: Learner, course: Taught, reader: Learner, post_id: UUID) -> tuple[UUID, bool]:
    async with transaction(api.sessions, api.bus) as session:
        return await open_shared(
            session, sharer_id=sharer.id, course_id=course.id, reader_id=reader.id, post_id=post_id
        )


async def test_a_reader_gets_a_copy_with_progress_of_their_own(api: Api, learner: Learner) -> None:
    reader, post_id = await api.new_learner(), uuid4()
    course = await new_course(api, learner)
    await report(learner, course.id, course.id_of("text"), completed=True)
    opened, is_new = await _open(api, learner, course, reader, post_id)
    assert is_new
    assert await _open(api, learner, course, reader, post_id) == (opened, False)
    assert await _open(api, learner, course, learner, post_id) == (course.id, False)
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
    reader, post_id = await api.new_learner(), uuid4()
    course = await new_course(api, learner, lessons=1)
    earned = list[dict[str, Any]]()
    for _ in range(2):
        opened, is_new = await _open(api, learner, course, reader, post_id)
        assert is_new
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
    with pytest.raises(CourseNotFound):
        await _open(api, learner, course, other, uuid4())
    await other.client.aclose()
