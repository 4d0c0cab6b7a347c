"""Items of every type: as they are shown, and what is never shown before it is answered."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any, cast
from uuid import UUID

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from support.api import Api, Learner
from support.playing import BOOK, FILM, PAGE, SECRETS, course_draft, make_course
from support.tasks import kick_off
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from lyo.courses.models import Course, CourseItem

pytestmark = pytest.mark.anyio


@pytest.fixture
async def course(api: Api, learner: Learner) -> dict[str, Any]:
    task_id, course_id = await kick_off(learner)
    await make_course(api, task_id, lessons=2, everything=True)
    made: dict[str, Any] = (await learner.client.get(f"/v1/courses/{course_id}")).json()
    return made


def of_type(course: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [item for item in course["items"] if item["type"] == kind]


def objects(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield cast("dict[str, Any]", node)
        for value in cast("dict[str, Any]", node).values():
            yield from objects(value)
    elif isinstance(node, list):
        for value in cast("list[Any]", node):
            yield from objects(value)


async def test_a_lesson_has_items_of_every_type_in_order(course: dict[str, Any]) -> None:
    by_id = {item["id"]: item for item in course["items"]}
    for lesson in course["lessons"]:
        items = [by_id[item] for item in lesson["items"]]
        assert [item["type"] for item in items] == ["text", "article", "article", "video", "quiz"]
        assert {item["lessonId"] for item in items} == {lesson["id"]}
    assert all({"id", "type", "title", "source", "sourceUrl"} <= set(item) for item in course["items"])


async def test_a_video_has_its_duration_and_a_reading_its_source(course: dict[str, Any]) -> None:
    assert {(item["source"], item["sourceUrl"], item["duration"]) for item in of_type(course, "video")} == {
        ("youtube", FILM, 305)
    }
    assert {(item["source"], item["sourceUrl"]) for item in of_type(course, "article")} == {
        ("wikipedia", PAGE),
        ("openlibrary", BOOK),
    }
    assert all("duration" not in item for item in course["items"] if item["type"] != "video")


async def test_a_quiz_is_shown_without_anything_that_gives_it_away(course: dict[str, Any]) -> None:
    quizzes = of_type(course, "quiz")
    assert len(quizzes) == 2
    for quiz in quizzes:
        assert quiz["sourceUrl"] is None
        assert len(quiz["questions"]) == 3
        for question in quiz["questions"]:
            assert set(question) == {"id", "prompt", "options"}
            assert question["options"] == ["Sand", "Light", "Iron", "Noise"]
        (citation,) = quiz["citations"]
        assert set(citation) == {"n", "title", "url", "licence", "language", "retrievedAt"}
    ids = [UUID(question["id"]) for quiz in quizzes for question in quiz["questions"]]
    assert len(set(ids)) == len(ids) == 6
    assert all("questions" not in item for item in course["items"] if item["type"] != "quiz")
    assert all(citation["quote"] for item in of_type(course, "text") for citation in item["citations"])


async def test_a_question_keeps_its_id(course: dict[str, Any], learner: Learner) -> None:
    again = (await learner.client.get(f"/v1/courses/{course['id']}")).json()
    assert again == course


async def test_the_server_keeps_all_of_a_question(api: Api, course: dict[str, Any]) -> None:
    async with api.sessions() as session:
        kept = await session.scalar(
            select(CourseItem.questions).where(CourseItem.id == of_type(course, "quiz")[0]["id"])
        )
    assert kept is not None
    assert set(kept[0]) == {"id", "prompt", "options", "key", "explanation", "quote", "n", "generatedBy"}
    assert (kept[0]["key"], kept[0]["quote"]) == (1, SECRETS["quote"])


async def test_no_answer_leaks_by_any_way_out(api: Api, learner: Learner, caplog: pytest.LogCaptureFixture) -> None:
    """What is said while a course with quizzes is made and read: on every route and socket, and in the log."""
    caplog.set_level("DEBUG")
    task_id, course_id = await kick_off(learner)
    said: list[str] = []
    listening = asyncio.create_task(_listen(api, learner, task_id, said))
    await asyncio.sleep(0.1)
    await make_course(api, task_id, lessons=2, pause=0.05, everything=True)
    await asyncio.wait_for(listening, 20)
    assert any("Lesson 2 of 2" in words for words in said)
    paths = [path for path, methods in api.contract.document["paths"].items() if "get" in methods]
    assert any("{course_id}" in path for path in paths)
    for path in paths:
        answer = await learner.client.get(
            path.replace("{course_id}", str(course_id)).replace("{task_id}", str(task_id)).replace("{", "")
        )
        said.append(answer.text)
        secret = {"key", "explanation", "correct", "correctOption", "answer"}
        if answer.headers["content-type"] == "application/json" and path.startswith("/v1/courses/"):
            assert not [found for found in objects(answer.json()) if secret & set(found)], path
    said += [record.getMessage() for record in caplog.records] + [caplog.text]
    assert any(str(course_id) in words for words in said)
    for canary in SECRETS.values():
        assert not [words for words in said if canary in words]


async def _listen(api: Api, learner: Learner, task_id: UUID, said: list[str]) -> None:
    headers = {"Authorization": f"Bearer {learner.access_token}"}
    for given in (headers, {}):
        async with connect(f"{api.ws_url}/v1/ws/tasks/{task_id}", additional_headers=given, proxy=None) as socket:
            try:
                while True:
                    said.append(str(await socket.recv()))
            except ConnectionClosed:
                pass


@pytest.mark.parametrize(
    ("kind", "wrong", "rule"),
    [
        ("quiz", {"questions": None}, "quiz_has_questions"),
        ("quiz", {"questions": []}, "questions"),
        ("text", {"questions": [{"id": "x"}]}, "quiz_has_questions"),
        ("text", {"content": None}, "text_has_content"),
        ("video", {"duration_seconds": None}, "video_has_duration"),
        ("video", {"duration_seconds": 0}, "duration_seconds"),
        ("text", {"duration_seconds": 5}, "video_has_duration"),
        ("article", {"source_url": None}, "link_has_url"),
        ("video", {"source_url": "http://www.youtube.com/watch?v=leaf"}, "source_url"),
        ("article", {"source_url": "javascript:alert(1)"}, "source_url"),
        ("text", {"type": "podcast"}, "type"),
        ("text", {"generated_by": "magic"}, "generated_by"),
        ("text", {"citations": {}}, "citations"),
    ],
)
async def test_the_database_refuses_an_item_that_is_none(
    api: Api, course: dict[str, Any], kind: str, wrong: dict[str, Any], rule: str
) -> None:
    item = of_type(course, kind)[0]["id"]
    with pytest.raises(IntegrityError, match=f"ck_course_items_{rule}"):
        async with api.sessions() as session, session.begin():
            await session.execute(update(CourseItem).where(CourseItem.id == UUID(item)).values(**wrong))


async def test_the_database_refuses_a_report_of_a_course_that_is_not_whole(api: Api, learner: Learner) -> None:
    _, course_id = await kick_off(learner)
    with pytest.raises(IntegrityError, match="ck_courses_report"):
        async with api.sessions() as session, session.begin():
            await session.execute(update(Course).where(Course.id == course_id).values(report={"version": 1}))


def test_the_canaries_are_really_in_what_is_kept() -> None:
    kept = json.dumps(course_draft(everything=True).model_dump(mode="json"))
    assert all(kept.count(canary) > 1 for canary in SECRETS.values())
