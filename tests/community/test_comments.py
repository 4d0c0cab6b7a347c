import asyncio
from typing import Any
from uuid import uuid4

import pytest
from support.api import Api, Learner
from support.community import POSTS, comments_seen, crowd, once, say, write

pytestmark = pytest.mark.anyio


async def test_a_conversation_reads_from_its_beginning(api: Api, learner: Learner) -> None:
    async with crowd(api, 1) as (other,):
        post = await write(learner)
        comment = await say(other, post["id"], "Why?")
        assert comment["postId"] == post["id"]
        assert comment["author"] == {"id": str(other.id), "displayName": "Test"}
        assert (comment["isOwn"], comment["isHidden"]) == (True, False)
        await say(learner, post["id"], "Because of the *light*.")
        assert await comments_seen(other, post["id"]) == ["Why?", "Because of the *light*."]
        assert (await other.client.get(f"{POSTS}/{post['id']}")).json()["commentCount"] == 2
        items = (await learner.client.get(f"{POSTS}/{post['id']}/comments")).json()["items"]
        assert [item["isOwn"] for item in items] == [False, True]


async def test_a_comment_is_made_once_for_each_key(learner: Learner) -> None:
    post, second = await write(learner), await write(learner)
    address, key = f"{POSTS}/{post['id']}/comments", uuid4().hex
    answers = await asyncio.gather(
        *(learner.client.post(address, json={"content": "Once."}, headers=once(key)) for _ in range(10))
    )
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert sum(answer.headers.get("idempotency-replayed") == "true" for answer in answers) == 9
    elsewhere = f"{POSTS}/{second['id']}/comments"
    reused = await learner.client.post(address, json={"content": "Twice."}, headers=once(key))
    assert reused.json()["type"].endswith("/idempotency-key-reused")
    under_another = await learner.client.post(elsewhere, json={"content": "Once."}, headers=once(key))
    assert under_another.json()["id"] != answers[0].json()["id"]
    assert await comments_seen(learner, post["id"]) == ["Once."]
    await learner.client.delete(f"/v1/community/comments/{answers[0].json()['id']}")
    gone = await learner.client.post(address, json={"content": "Once."}, headers=once(key))
    assert (gone.status_code, gone.json()["type"].rpartition("/")[2]) == (404, "comment-not-found")


@pytest.mark.parametrize(
    ("body", "slug"),
    [
        ({"content": "x" * 2001}, "validation-failed"),
        ({"content": "\u200b"}, "validation-failed"),
        ({"content": "---"}, "validation-failed"),
        ({"content": "You cunt."}, "words-refused"),
        ({}, "validation-failed"),
    ],
)
async def test_what_cannot_be_said_is_refused_in_a_sentence(learner: Learner, body: dict[str, Any], slug: str) -> None:
    post = await write(learner)
    answer = await learner.client.post(f"{POSTS}/{post['id']}/comments", json=body, headers=once())
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (422, slug)
    (error,) = answer.json()["errors"]
    assert error["pointer"] == "#/content"
    assert await comments_seen(learner, post["id"]) == []


async def test_one_deletes_ones_own_and_what_stands_under_ones_post(api: Api, learner: Learner) -> None:
    async with crowd(api, 2) as (guest, stranger):
        post = await write(learner)
        first, second = await say(guest, post["id"]), await say(guest, post["id"])
        own = await say(learner, post["id"])
        for comment, who, status in (
            (first, stranger, 404),
            (own, guest, 404),
            (first, guest, 204),
            (second, learner, 204),
            (second, learner, 404),
        ):
            answer = await who.client.delete(f"/v1/community/comments/{comment['id']}")
            assert answer.status_code == status
        seen = (await learner.client.get(f"{POSTS}/{post['id']}")).json()
        assert seen["commentCount"] == len(await comments_seen(learner, post["id"])) == 1


async def test_there_is_nothing_under_a_post_that_there_is_not(learner: Learner) -> None:
    address = f"{POSTS}/{uuid4()}/comments"
    assert (await learner.client.get(address)).status_code == 404
    assert (await learner.client.post(address, json={"content": "Hello?"}, headers=once())).status_code == 404


async def test_blocked_people_neither_see_nor_touch_what_the_other_writes(api: Api, learner: Learner) -> None:
    async with crowd(api, 2) as (other, third):
        mine, theirs, neutral = await write(learner), await write(other), await write(third)
        await say(learner, neutral["id"], "by the blocker")
        await say(other, neutral["id"], "by the blocked")
        await learner.client.put(f"/v1/users/{other.id}/block")
        for reader, own, hidden in ((learner, mine, theirs), (other, theirs, mine)):
            listed = (await reader.client.get(POSTS)).json()["items"]
            assert {post["id"] for post in listed} == {own["id"], neutral["id"]}
            assert await _statuses(reader, hidden["id"]) == [404, 404, 404, 404]
            assert (await reader.client.get(POSTS, params={"author": hidden["author"]["id"]})).json()["items"] == []
        assert await comments_seen(learner, neutral["id"]) == ["by the blocker"]
        assert await comments_seen(other, neutral["id"]) == ["by the blocked"]
        assert len(await comments_seen(third, neutral["id"])) == 2
        await learner.client.delete(f"/v1/users/{other.id}/block")
        assert await _statuses(other, mine["id"]) == [200, 200, 204, 201]


async def _statuses(reader: Learner, post_id: str) -> list[int]:
    """What comes of reading a post, reading its comments, liking it and commenting on it."""
    address = f"{POSTS}/{post_id}"
    answers = [
        await reader.client.get(address),
        await reader.client.get(f"{address}/comments"),
        await reader.client.put(f"{address}/like"),
        await reader.client.post(f"{address}/comments", json={"content": "Hm."}, headers=once()),
    ]
    return [answer.status_code for answer in answers]
