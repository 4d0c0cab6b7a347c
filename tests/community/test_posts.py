import asyncio
import json
from collections import Counter
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import delete, func, select, update
from support.api import Api, Learner
from support.community import POSTS, crowd, once, posts_seen, write
from support.learning import new_course
from support.tasks import kick_off

from lyo.community.models import Post
from lyo.core.bus import transaction
from lyo.core.idempotency import IdempotencyRow
from lyo.courses.models import Course

pytestmark = pytest.mark.anyio


async def _complete(api: Api, course_id: UUID) -> None:
    async with transaction(api.sessions, api.bus) as session:
        await session.execute(update(Course).where(Course.id == course_id).values(status="completed", title="Leaves"))


async def test_a_post_is_read_by_others_as_by_its_author(api: Api, learner: Learner) -> None:
    async with crowd(api, 1) as (other,):
        post = await write(learner, "**Light** becomes sugar.")
        assert post["isOwn"] is True
        assert post["author"] == {"id": str(learner.id), "displayName": "Test"}
        assert (post["likeCount"], post["commentCount"], post["isLiked"], post["isHidden"]) == (0, 0, False, False)
        assert "courseTitle" not in post
        assert (await learner.client.get(f"{POSTS}/{post['id']}")).json() == post
        theirs = (await other.client.get(f"{POSTS}/{post['id']}")).json()
        assert theirs == post | {"isOwn": False}
        assert await posts_seen(other) == [theirs]


async def test_it_has_an_address_and_is_made_once_for_each_key(api: Api, learner: Learner) -> None:
    key = uuid4().hex
    first = await learner.client.post(POSTS, json={"content": "Once."}, headers=once(key))
    assert first.headers["location"] == f"{POSTS}/{first.json()['id']}"
    assert "idempotency-replayed" not in first.headers
    again = await learner.client.post(POSTS, json={"content": "Once."}, headers=once(key))
    assert (again.status_code, again.json()) == (201, first.json())
    assert again.headers["idempotency-replayed"] == "true"
    assert again.headers["location"] == first.headers["location"]
    other = await learner.client.post(POSTS, json={"content": "Twice."}, headers=once(key))
    assert other.status_code == 422
    assert other.json()["type"].endswith("/idempotency-key-reused")
    assert len(await posts_seen(learner)) == 1
    assert (await learner.client.post(POSTS, json={"content": "Keyless."})).status_code == 400


async def test_many_at_once_with_one_key_make_one_post(api: Api, learner: Learner) -> None:
    key = uuid4().hex
    answers = await asyncio.gather(
        *(learner.client.post(POSTS, json={"content": "Once."}, headers=once(key)) for _ in range(20))
    )
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    async with api.sessions() as session:
        assert await session.scalar(select(func.count()).select_from(Post)) == 1


async def test_one_key_of_two_people_makes_two_posts(api: Api, learner: Learner) -> None:
    async with crowd(api, 1) as (other,):
        key = uuid4().hex
        for author in (learner, other):
            answer = await author.client.post(POSTS, json={"content": "Mine."}, headers=once(key))
            assert "idempotency-replayed" not in answer.headers
        assert len(await posts_seen(learner)) == 2


async def test_what_was_made_and_deleted_is_not_made_again_and_its_words_are_kept_nowhere(
    api: Api, learner: Learner
) -> None:
    key = uuid4().hex
    made = await learner.client.post(POSTS, json={"content": "Something rash."}, headers=once(key))
    await learner.client.delete(f"{POSTS}/{made.json()['id']}")
    again = await learner.client.post(POSTS, json={"content": "Something rash."}, headers=once(key))
    assert again.status_code == 404
    assert again.json()["type"].endswith("/post-not-found")
    async with api.sessions() as session:
        kept = (await session.scalars(select(IdempotencyRow.answer))).all()
    assert "rash" not in str(kept)
    assert "rash" not in (await learner.client.get("/v1/users/me/export")).text


@pytest.mark.parametrize(
    ("body", "pointer", "detail"),
    [
        ({}, "#/content", "Field required."),
        ({"content": ""}, "#/content", "String should have at least 1 character."),
        ({"content": "x" * 5001}, "#/content", "String should have at most 5000 characters."),
        ({"content": " \n\t\u200b\u2800 "}, "#/content", "Write something that others can read."),
        ({"content": "a\x00b"}, "#/content", "Write something that others can read."),
        ({"content": "***\n\n---"}, "#/content", "Write something that others can read."),
        ({"content": "Hello.", "courseId": None}, "#/courseId", "UUID input should be a string, bytes or UUID object."),
        ({"content": "Hello.", "title": "Hello"}, "#/title", "This field is not known."),
    ],
)
async def test_what_cannot_be_posted_is_said_in_one_sentence(
    learner: Learner, body: dict[str, Any], pointer: str, detail: str
) -> None:
    answer = await learner.client.post(POSTS, json=body, headers=once())
    assert answer.status_code == 422
    assert answer.json()["errors"] == [{"pointer": pointer, "detail": detail}]
    assert await posts_seen(learner) == []


async def test_a_word_is_refused_and_the_same_request_may_be_said_otherwise(learner: Learner) -> None:
    key = uuid4().hex
    refused = await learner.client.post(POSTS, json={"content": "What the FUCK is rubisco?"}, headers=once(key))
    assert refused.status_code == 422
    problem = refused.json()
    assert problem["type"].endswith("/words-refused")
    assert "say it in other words" in problem["detail"]
    assert problem["errors"] == [{"pointer": "#/content", "detail": "Say it in other words."}]
    otherwise = await learner.client.post(POSTS, json={"content": "What is rubisco?"}, headers=once(key))
    assert otherwise.status_code == 201


async def test_only_the_author_deletes_a_post(api: Api, learner: Learner) -> None:
    async with crowd(api, 1) as (other,):
        post = await write(learner)
        refused = await other.client.delete(f"{POSTS}/{post['id']}")
        assert (refused.status_code, refused.json()["type"].rpartition("/")[2]) == (404, "post-not-found")
        assert (await learner.client.delete(f"{POSTS}/{post['id']}")).status_code == 204
        assert (await learner.client.delete(f"{POSTS}/{post['id']}")).status_code == 404
        assert (await other.client.get(f"{POSTS}/{post['id']}")).status_code == 404


async def test_a_like_is_one_however_often_it_is_given_and_taken(api: Api, learner: Learner) -> None:
    async with crowd(api, 1) as (other,):
        post = await write(learner)
        like = f"{POSTS}/{post['id']}/like"
        for method, count in (("PUT", 1), ("PUT", 1), ("DELETE", 0), ("DELETE", 0), ("PUT", 1)):
            assert (await other.client.request(method, like)).status_code == 204
            seen = (await other.client.get(f"{POSTS}/{post['id']}")).json()
            assert (seen["likeCount"], seen["isLiked"]) == (count, count == 1)
        assert (await learner.client.get(f"{POSTS}/{post['id']}")).json()["isLiked"] is False
        assert (await other.client.put(f"{POSTS}/{uuid4()}/like")).status_code == 404
        assert (await other.client.delete(f"{POSTS}/{uuid4()}/like")).status_code == 204


async def test_a_list_may_be_of_one_author(api: Api, learner: Learner) -> None:
    async with crowd(api, 1) as (other,):
        mine = [await write(learner, f"mine {number}") for number in range(3)]
        theirs = await write(other, "theirs")
        assert [post["id"] for post in await posts_seen(learner)] == [
            theirs["id"],
            *(post["id"] for post in reversed(mine)),
        ]
        for author, reader in (("me", learner), (str(learner.id).upper(), other)):
            found = await posts_seen(reader, author=author)
            assert [post["id"] for post in found] == [post["id"] for post in reversed(mine)]
        assert await posts_seen(learner, author=str(uuid4())) == []
        assert (await learner.client.get(POSTS, params={"author": "ada"})).status_code == 422
        page = (await learner.client.get(POSTS, params={"author": "me", "limit": "1"})).json()
        elsewhere = await learner.client.get(POSTS, params={"cursor": page["nextCursor"]})
        assert elsewhere.status_code == 400
        same = await learner.client.get(POSTS, params={"author": str(learner.id), "cursor": page["nextCursor"]})
        assert len(same.json()["items"]) == 2


async def test_a_whole_course_of_ones_own_may_be_shared(api: Api, learner: Learner) -> None:
    async with crowd(api, 1) as (other,):
        _, course_id = await kick_off(learner)
        unfinished = await learner.client.post(
            POSTS, json={"content": "Look!", "courseId": str(course_id)}, headers=once()
        )
        assert unfinished.status_code == 422
        assert unfinished.json()["type"].endswith("/course-not-completed")
        await _complete(api, course_id)
        for thief, stolen in ((other, course_id), (learner, uuid4())):
            answer = await thief.client.post(POSTS, json={"content": "Look!", "courseId": str(stolen)}, headers=once())
            assert answer.status_code == 404
            assert answer.json()["type"].endswith("/course-not-found")
        post = await write(learner, "Look!", courseId=str(course_id))
        assert post["courseTitle"] == "Leaves"
        assert [seen["courseTitle"] for seen in await posts_seen(other)] == ["Leaves"]
        async with transaction(api.sessions, api.bus) as session:
            await session.execute(delete(Course).where(Course.id == course_id))
        assert ["courseTitle" in seen for seen in await posts_seen(other)] == [False]


async def test_a_course_whose_title_others_should_not_read_is_not_shared(api: Api, learner: Learner) -> None:
    await learner.client.patch("/v1/users/me", json={"sharesMilestones": True})
    async with crowd(api, 1) as (other,):
        course = await new_course(api, learner, lessons=1)
        async with transaction(api.sessions, api.bus) as session:
            rude = "The leaves of a fuck"
            await session.execute(update(Course).where(Course.id == course.id).values(title=rude))
        answer = await learner.client.post(POSTS, json={"content": "Look!", "courseId": str(course.id)}, headers=once())
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "#/courseId")
        assert answer.json()["type"].endswith("/words-refused")
        for item in course.items:
            said = {"itemId": item["id"], "completed": True}
            await learner.client.put(f"/v1/courses/{course.id}/progress", json=said)
        told = (await other.client.get("/v1/feeds")).json()["items"]
        assert "A course" in [one["title"] for one in told]
        assert "fuck" not in json.dumps(told)


async def test_a_post_is_told_in_feeds_and_withdrawn_with_it(api: Api, learner: Learner) -> None:
    async with crowd(api, 1) as (other,):
        words = "chlorophyll " * 60
        post = await write(learner, f"# Why *leaves* are `green`\n\n{words}")
        (told,) = (await other.client.get("/v1/feeds")).json()["items"]
        assert (told["type"], told["postId"], told["title"]) == (
            "community_post",
            post["id"],
            "Why leaves are green",
        )
        assert told["content"].startswith("Why leaves are green\nchlorophyll chlorophyll")
        assert len(told["content"]) <= 300
        await learner.client.delete(f"{POSTS}/{post['id']}")
        for reader in (learner, other):
            items = (await reader.client.get("/v1/feeds")).json()["items"]
            assert [item["type"] for item in items if item["type"] == "community_post"] == []


async def test_the_first_post_earns_a_badge_and_the_second_none(learner: Learner) -> None:
    await write(learner, "First.")
    await write(learner, "Second.")
    items = (await learner.client.get("/v1/feeds")).json()["items"]
    assert Counter(item["type"] for item in items) == {"community_post": 2, "achievement": 1}
    assert next(item["title"] for item in items if item["type"] == "achievement") == "First words"
