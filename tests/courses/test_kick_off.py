import asyncio
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import httpx2
import pytest
from sqlalchemy import func, select
from support.api import Api, Learner
from support.tasks import kick_off

from lyo.core.jobs import OutboxRow
from lyo.courses.models import Course
from lyo.tasks.models import Task

pytestmark = pytest.mark.anyio

WISH = {"topic": "photosynthesis", "interests": ["leaves"], "level": "beginner", "locale": "en"}


async def _rows(api: Api) -> tuple[int, int, int]:
    async with api.sessions() as session:
        courses = await session.scalar(select(func.count()).select_from(Course))
        tasks = await session.scalar(select(func.count()).select_from(Task))
        outbox = await session.scalar(select(func.count()).select_from(OutboxRow))
    return courses or 0, tasks or 0, outbox or 0


async def test_a_kick_off_promises_a_course_that_can_be_read_at_once(api: Api, learner: Learner) -> None:
    answer = await learner.client.post("/v1/courses:generate", json=WISH, headers={"Idempotency-Key": uuid4().hex})
    assert answer.status_code == 202
    body = answer.json()
    assert set(body) == {"task_id", "provisional_course_id"}
    assert answer.headers["location"] == f"/v1/tasks/{body['task_id']}"
    assert "idempotency-replayed" not in answer.headers
    course = (await learner.client.get(f"/v1/courses/{body['provisional_course_id']}")).json()
    assert course["status"] == "generating"
    assert course["lessons"] == []
    assert course["items"] == []
    assert course["topic"] == "photosynthesis"
    task = (await learner.client.get(answer.headers["location"])).json()
    assert (task["state"], task["progressPct"], task["message"], task["resultId"]) == ("PENDING", 0, None, None)
    assert await _rows(api) == (1, 1, 1)


async def test_fifty_at_once_make_one_course_ten_times(api: Api, learner: Learner) -> None:
    for made in range(1, 11):
        headers = {"Idempotency-Key": uuid4().hex}
        answers = await asyncio.gather(
            *(learner.client.post("/v1/courses:generate", json=WISH, headers=headers) for _ in range(50))
        )
        assert {answer.status_code for answer in answers} == {202}
        assert len({answer.text for answer in answers}) == 1
        assert sum(answer.headers.get("idempotency-replayed") == "true" for answer in answers) == 49
        assert await _rows(api) == (made, made, made)


async def test_the_quoted_and_the_bare_key_are_one(api: Api, learner: Learner) -> None:
    key = str(uuid4())
    first = await learner.client.post("/v1/courses:generate", json=WISH, headers={"Idempotency-Key": key})
    again = await learner.client.post("/v1/courses:generate", json=WISH, headers={"Idempotency-Key": f'"{key}"'})
    assert again.text == first.text
    assert again.headers["idempotency-replayed"] == "true"


async def test_the_same_meaning_in_another_order_is_the_same_request(api: Api, learner: Learner) -> None:
    headers = {"Idempotency-Key": uuid4().hex}
    first = await learner.client.post("/v1/courses:generate", json={"topic": "rain"}, headers=headers)
    spelt_out: dict[str, object] = {"locale": "en", "level": "beginner", "interests": [], "topic": " rain "}
    again = await learner.client.post("/v1/courses:generate", json=spelt_out, headers=headers)
    assert again.text == first.text


async def test_a_key_for_another_request_is_refused_and_changes_nothing(api: Api, learner: Learner) -> None:
    headers = {"Idempotency-Key": uuid4().hex}
    await learner.client.post("/v1/courses:generate", json=WISH, headers=headers)
    other = await learner.client.post("/v1/courses:generate", json={**WISH, "topic": "rain"}, headers=headers)
    assert other.status_code == 422
    assert other.json()["type"].endswith("/idempotency-key-reused")
    assert await _rows(api) == (1, 1, 1)


async def test_two_learners_may_use_one_key(api: Api, learner: Learner) -> None:
    other = await api.new_learner()
    key = uuid4().hex
    mine, theirs = await kick_off(learner, key=key), await kick_off(other, key=key)
    await other.client.aclose()
    assert mine != theirs


@pytest.mark.parametrize(
    "key", [None, "", '""', '"', '"open', "two words", "é" * 4, "x" * 256, f'"{"x" * 256}"', "tab\tbed", "\xa0key"]
)
async def test_no_key_or_a_malformed_one_is_400(learner: Learner, key: str | None) -> None:
    assert await _is_refused(learner, *(() if key is None else (key,)))


async def test_two_keys_are_none(learner: Learner) -> None:
    assert await _is_refused(learner, "one-key", "another")


async def _is_refused(learner: Learner, *keys: str) -> bool:
    headers = httpx2.Headers([(b"Idempotency-Key", key.encode("latin-1")) for key in keys])
    answer = await learner.client.post("/v1/courses:generate", json=WISH, headers=headers)
    return answer.status_code == 400 and answer.json()["type"].endswith("/idempotency-key-missing")


@pytest.mark.parametrize("key", ["x" * 255, f'"{"x" * 255}"', "!", '"!"', 'a"b"', '"""'])
async def test_a_key_of_255_characters_or_of_one_is_taken(learner: Learner, key: str) -> None:
    answer = await learner.client.post("/v1/courses:generate", json=WISH, headers={"Idempotency-Key": key})
    assert answer.status_code == 202


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "#/topic"),
        ({"topic": ""}, "#/topic"),
        ({"topic": "   "}, "#/topic"),
        ({"topic": "?!…"}, "#/topic"),
        ({"topic": "\u3000\u2003"}, "#/topic"),
        ({"topic": "\uff1f\uff1f"}, "#/topic"),
        ({"topic": "\u3164\ufeff\uffa0"}, "#/topic"),
        ({"topic": "\U000e0041\ufe0f"}, "#/topic"),
        ({"topic": "one\x85two\x9b"}, "#/topic"),
        ({"topic": "x" * 201}, "#/topic"),
        ({"topic": "a\x00b"}, "#/topic"),
        ({"topic": "\x07\x1b[31m"}, "#/topic"),
        ({"topic": "\ufdfa" * 100}, "#/topic"),  # one character that NFKC makes eighteen of
        ({"topic": 5}, "#/topic"),
        ({"topic": None}, "#/topic"),
        ({"topic": "rain", "level": "wizard"}, "#/level"),
        ({"topic": "rain", "locale": "../etc"}, "#/locale"),
        ({"topic": "rain", "interests": "ml"}, "#/interests"),
        ({"topic": "rain", "interests": [""]}, "#/interests/0"),
        ({"topic": "rain", "interests": ["  "]}, "#/interests/0"),
        ({"topic": "rain", "interests": ["\uff20\uff03"]}, "#/interests/0"),
        ({"topic": "rain", "interests": ["x"] * 11}, "#/interests"),
        ({"topic": "rain", "colour/of": 1}, "#/colour~1of"),
        ([], "#"),
        ("rain", "#"),
    ],
)
async def test_wrong_values_are_named_and_not_repeated(learner: Learner, body: object, pointer: str) -> None:
    answer = await learner.client.post("/v1/courses:generate", json=body, headers={"Idempotency-Key": uuid4().hex})
    assert answer.status_code == 422
    assert pointer in [error["pointer"] for error in answer.json()["errors"]]


@pytest.mark.parametrize(
    "topic",
    [
        "日本の歴史",
        "русская литература",
        "تاريخ",
        "🎻 violin",
        "C++",
        "a" * 200,
        "ﬁnance",
        "two\nlines",
        "\U0001fae8 faces",
        "\uf8ff phones",
    ],
)
async def test_topics_in_any_script_are_taken(learner: Learner, topic: str) -> None:
    await kick_off(learner, topic=topic)


async def test_a_body_that_is_no_json_is_400_and_one_that_is_huge_413(api: Api, learner: Learner) -> None:
    headers = {"Idempotency-Key": uuid4().hex, "content-type": "application/json"}
    broken = await learner.client.post("/v1/courses:generate", content=b'{"topic": ', headers=headers)
    assert broken.status_code == 400
    huge = await learner.client.post("/v1/courses:generate", json={"topic": "x" * 10_000_000}, headers=headers)
    assert huge.status_code == 413
    assert await _rows(api) == (0, 0, 0)


async def test_a_huge_body_that_does_not_say_its_length_is_413(learner: Learner) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(200):
            yield b"x" * 1000

    answer = await learner.client.post(
        "/v1/courses:generate", content=pieces(), headers={"Idempotency-Key": "k", "content-type": "application/json"}
    )
    assert answer.status_code == 413


async def test_half_a_character_is_refused(learner: Learner) -> None:
    headers = {"Idempotency-Key": "k", "content-type": "application/json"}
    body = rb'{"topic": "half of \ud83d"}'
    answer = await learner.client.post("/v1/courses:generate", content=body, headers=headers)
    assert answer.status_code == 422


async def test_somebody_elses_course_is_not_there(api: Api, learner: Learner) -> None:
    _, course_id = await kick_off(learner)
    other = await api.new_learner()
    for wanted in (course_id, uuid4()):
        answer = await other.client.get(f"/v1/courses/{wanted}")
        assert answer.status_code == 404
        assert answer.json()["type"].endswith("/course-not-found")
    assert (await other.client.get("/v1/courses")).json()["items"] == []
    await other.client.aclose()


async def test_the_list_of_courses_goes_on_where_it_ended(learner: Learner) -> None:
    made = [(await kick_off(learner))[1] for _ in range(7)]
    seen: list[UUID] = []
    cursor: str | None = None
    for _ in range(4):
        page = (
            await learner.client.get("/v1/courses", params={"limit": 2, **({"cursor": cursor} if cursor else {})})
        ).json()
        seen += [UUID(course["id"]) for course in page["items"]]
        cursor = page["nextCursor"]
        await kick_off(learner)  # what comes in between disturbs nothing
    assert cursor is None
    assert seen == made[::-1]


async def test_a_failed_course_says_so(api: Api, learner: Learner) -> None:
    task_id, course_id = await kick_off(learner)
    await learner.client.delete(f"/v1/tasks/{task_id}")
    assert (await learner.client.get(f"/v1/courses/{course_id}")).json()["status"] == "failed"
    assert (await learner.client.get("/v1/courses")).json()["items"][0]["status"] == "failed"
