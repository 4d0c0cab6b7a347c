import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from support.api import Api, Learner
from support.community import (
    POSTS,
    QUEUE,
    appoint,
    comments_seen,
    crowd,
    once,
    posts_seen,
    report,
    say,
    someone_waits,
    write,
)

from lyo.accounts.values import Principal
from lyo.community.models import ModerationAction
from lyo.community.moderation import hide
from lyo.community.values import Target, TargetType
from lyo.core.bus import transaction
from lyo.core.clock import now

pytestmark = pytest.mark.anyio

MODERATION = "/v1/moderation"


async def _log(api: Api) -> list[tuple[str, str, str | None]]:
    """What was written down, in order."""
    async with api.sessions() as session:
        rows = (await session.scalars(select(ModerationAction).order_by(ModerationAction.created_at))).all()
    return [(row.action, row.target_type, row.reason) for row in rows]


async def _cases(moderator: Learner, status: str = "open") -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = (await moderator.client.get(QUEUE, params={"status": status})).json()["items"]
    return items


async def test_for_everybody_else_there_is_nothing(api: Api, learner: Learner) -> None:
    unknown = await learner.client.get("/v1/moderation")
    post = await write(learner)
    comment = await say(learner, post["id"])
    for method, path in (
        ("GET", "/reports"),
        ("GET", "/reports?status=nonsense"),
        ("POST", f"/reports/{uuid4()}/close"),
        ("PUT", f"/posts/{post['id']}/hidden"),
        ("PUT", "/posts/nonsense/hidden"),
        ("DELETE", f"/posts/{post['id']}/hidden"),
        ("PUT", f"/comments/{comment['id']}/hidden"),
        ("DELETE", f"/comments/{comment['id']}/hidden"),
    ):
        answer = await learner.client.request(method, MODERATION + path, json={} if method != "GET" else None)
        assert answer.status_code == 404, path
        assert answer.json()["type"] == unknown.json()["type"], path
        assert answer.json()["detail"] == unknown.json()["detail"], path


async def test_a_hidden_post_is_gone_but_for_its_author_and_moderators_and_comes_back(
    api: Api, learner: Learner
) -> None:
    async with crowd(api, 3) as (reader, reporter, moderator):
        await appoint(api, moderator)
        older, post = await write(learner, "Older."), await write(learner, "Buy followers!")
        await say(reader, post["id"])
        newest = await write(learner, "Newest.")
        await report(reporter, "post", post["id"], reason="spam", note="It sells followers.")
        feed = (await reader.client.get("/v1/feeds")).json()["items"]
        (case,) = await _cases(moderator)
        assert case["targetType"] == "post"
        assert case["targetId"] == case["postId"] == post["id"]
        assert case["author"]["id"] == str(learner.id)
        assert (case["content"], case["isHidden"], case["notes"]) == (
            "Buy followers!",
            False,
            ["It sells followers."],
        )
        hidden = f"{MODERATION}/posts/{post['id']}/hidden"
        for _ in range(2):
            assert (await moderator.client.put(hidden, json={"reason": "Advertising."})).status_code == 204
        assert [one["id"] for one in await posts_seen(reader)] == [newest["id"], older["id"]]
        address = f"{POSTS}/{post['id']}"
        for method, path in (("GET", ""), ("GET", "/comments"), ("PUT", "/like"), ("POST", "/comments")):
            body = {"content": "Hm."} if method == "POST" else None
            gone = await reader.client.request(method, address + path, json=body, headers=once())
            assert gone.status_code == 404, (method, path)
        assert post["id"] not in (await reader.client.get("/v1/feeds")).text
        mine = (await learner.client.get("/v1/feeds")).json()["items"]
        assert [one["title"] for one in mine if not one["isPublic"] and "postId" in one] == ["Buy followers!"]
        for insider in (learner, moderator):
            assert (await insider.client.get(address)).json()["isHidden"] is True
            assert [one["isHidden"] for one in await posts_seen(insider)] == [False, True, False]
        assert await _cases(moderator) == []
        (closed,) = await _cases(moderator, "closed")
        assert (closed["id"], closed["outcome"], closed["isHidden"]) == (case["id"], "hidden", True)
        assert closed["closedAt"] >= closed["lastReportedAt"]
        for _ in range(2):
            assert (await moderator.client.delete(hidden)).status_code == 204
        assert [one["id"] for one in await posts_seen(reader)] == [newest["id"], post["id"], older["id"]]
        assert (await reader.client.get("/v1/feeds")).json()["items"] == feed
        assert post["id"] not in (await reporter.client.get("/v1/feeds")).text
        assert await _log(api) == [("hide", "post", "Advertising."), ("restore", "post", None)]


async def test_what_is_reported_while_it_is_hidden_leaves_no_case_behind(api: Api, learner: Learner) -> None:
    async with crowd(api, 2) as (reporter, moderator):
        await appoint(api, moderator)
        judge = Principal(moderator.id, uuid4(), "en", now(), is_moderator=True)
        post = await write(learner)
        comment = await say(learner, (await write(learner))["id"])
        for target in (Target(TargetType.COMMENT, UUID(comment["id"])), Target(TargetType.POST, UUID(post["id"]))):
            async with transaction(api.sessions, api.bus) as session:
                await hide(session, moderator=judge, target=target, reason=None)
                reporting = asyncio.create_task(report(reporter, target.type, target.id))
                await someone_waits(api)
            assert (await reporting).status_code == 404
        assert await _cases(moderator) == []


async def test_a_hidden_comment_is_gone_and_does_not_count(api: Api, learner: Learner) -> None:
    async with crowd(api, 3) as (author, reader, moderator):
        await appoint(api, moderator)
        post = await write(learner)
        comment = await say(author, post["id"], "Rude.")
        await say(author, post["id"], "Kind.")
        await report(reader, "comment", comment["id"], reason="harassment")
        (case,) = await _cases(moderator)
        assert (case["targetType"], case["targetId"], case["postId"]) == ("comment", comment["id"], post["id"])
        hidden = f"{MODERATION}/comments/{comment['id']}/hidden"
        for count, method in ((1, "PUT"), (1, "PUT"), (2, "DELETE"), (2, "DELETE"), (1, "PUT")):
            body: dict[str, Any] | None = {} if method == "PUT" else None
            assert (await moderator.client.request(method, hidden, json=body)).status_code == 204
            assert (await learner.client.get(f"{POSTS}/{post['id']}")).json()["commentCount"] == count
        assert await comments_seen(learner, post["id"]) == ["Kind."]
        assert await comments_seen(author, post["id"]) == ["Rude.", "Kind."]
        items = (await moderator.client.get(f"{POSTS}/{post['id']}/comments")).json()["items"]
        assert [item["isHidden"] for item in items] == [True, False]
        assert [action for action, *_ in await _log(api)] == ["hide", "restore", "hide"]
        await author.client.delete(f"/v1/community/comments/{comment['id']}")
        assert (await learner.client.get(f"{POSTS}/{post['id']}")).json()["commentCount"] == 1
        assert (await moderator.client.delete(hidden)).json()["type"].endswith("/comment-not-found")


async def test_reports_of_one_thing_are_one_case_and_the_longest_waiting_is_first(api: Api, learner: Learner) -> None:
    async with crowd(api, 4) as (one, two, three, moderator):
        await appoint(api, moderator)
        first, second = await write(learner, "first"), await write(learner, "second")
        await report(one, "post", second["id"], reason="hate")
        await report(one, "post", first["id"])
        await report(two, "post", second["id"], reason="spam", note="older")
        await report(three, "post", second["id"], reason="spam", note="newer")
        await report(one, "user", learner.id)
        cases = await _cases(moderator)
        assert [(case["targetId"], case["reportCount"]) for case in cases] == [
            (second["id"], 3),
            (first["id"], 1),
            (str(learner.id), 1),
        ]
        assert cases[0]["reasons"] == [{"reason": "spam", "count": 2}, {"reason": "hate", "count": 1}]
        assert cases[0]["notes"] == ["newer", "older"]
        assert "content" not in cases[2]
        assert "outcome" not in cases[2]


async def test_a_case_is_closed_once_and_another_verdict_comes_too_late(api: Api, learner: Learner) -> None:
    async with crowd(api, 2) as (reporter, moderator):
        await appoint(api, moderator)
        post = await write(learner)
        await report(reporter, "post", post["id"])
        await report(reporter, "user", learner.id)
        on_post, on_user = await _cases(moderator)
        close = {case["id"]: f"{QUEUE}/{case['id']}/close" for case in (on_post, on_user)}
        dismissed = {"outcome": "dismissed", "reason": "It is a joke."}
        for _ in range(2):
            assert (await moderator.client.post(close[on_post["id"]], json=dismissed)).status_code == 204
        late = await moderator.client.post(close[on_post["id"]], json={"outcome": "resolved"})
        assert (late.status_code, late.json()["type"].rpartition("/")[2]) == (409, "case-closed")
        assert (await moderator.client.post(close[on_user["id"]], json={"outcome": "resolved"})).status_code == 204
        assert await _cases(moderator) == []
        assert [case["outcome"] for case in await _cases(moderator, "closed")] == ["dismissed", "resolved"]
        assert await _log(api) == [("dismiss", "post", "It is a joke."), ("resolve", "user", None)]
        assert len(await posts_seen(learner)) == 1
        nothing = await moderator.client.post(f"{QUEUE}/{uuid4()}/close", json=dismissed)
        assert (nothing.status_code, nothing.json()["type"].rpartition("/")[2]) == (404, "case-not-found")
        wrong = await moderator.client.post(close[on_user["id"]], json={"outcome": "hidden"})
        assert wrong.json()["errors"][0]["pointer"] == "#/outcome"


async def test_what_is_not_there_cannot_be_judged(api: Api, learner: Learner) -> None:
    await appoint(api, learner)
    for kind in ("posts", "comments"):
        address = f"{MODERATION}/{kind}/{uuid4()}/hidden"
        for answer in (await learner.client.put(address, json={}), await learner.client.delete(address)):
            assert answer.status_code == 404
            assert answer.json()["type"].endswith(f"/{kind.removesuffix('s')}-not-found")


async def test_the_role_holds_from_the_next_request_and_no_longer_than_it_is_given(api: Api, learner: Learner) -> None:
    assert (await learner.client.get(QUEUE)).status_code == 404
    await appoint(api, learner)
    assert (await learner.client.get(QUEUE)).status_code == 200
    async with transaction(api.sessions, api.bus) as session:
        await session.execute(text("UPDATE users SET role = 'learner'"))
    assert (await learner.client.get(QUEUE)).status_code == 404


async def test_nobody_gives_themselves_a_role(learner: Learner) -> None:
    assert (await learner.client.patch("/v1/users/me", json={"role": "moderator"})).status_code == 422
    assert "role" not in (await learner.client.get("/v1/users/me")).json()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE moderation_actions SET reason = 'another'",
        "UPDATE moderation_actions SET moderator_id = subject_id",
        "UPDATE moderation_actions SET created_at = now() + interval '1 day'",
        "DELETE FROM moderation_actions",
    ],
)
async def test_the_log_is_never_changed(api: Api, learner: Learner, statement: str) -> None:
    async with crowd(api, 1) as (moderator,):
        await appoint(api, moderator)
        post = await write(learner)
        await moderator.client.put(f"{MODERATION}/posts/{post['id']}/hidden", json={"reason": "Advertising."})
        with pytest.raises(IntegrityError, match="never changed"):
            async with transaction(api.sessions, api.bus) as session:
                await session.execute(text(statement))
        assert await _log(api) == [("hide", "post", "Advertising.")]


async def test_nobody_judges_themselves_or_reads_what_is_said_of_them(api: Api, learner: Learner) -> None:
    async with crowd(api, 2) as (judge, other_judge):
        for one in (judge, other_judge):
            await appoint(api, one)
        post = await write(judge, "Mine.")
        comment = await say(judge, post["id"], "Mine too.")
        for kind, target in (("comment", comment["id"]), ("post", post["id"]), ("user", str(judge.id))):
            await report(learner, kind, target, note="Of the judge.")
        cases = (await other_judge.client.get(QUEUE)).json()["items"]
        assert len(cases) == 3
        assert (await judge.client.get(QUEUE)).json()["items"] == []
        for case in cases:
            answer = await judge.client.post(f"{QUEUE}/{case['id']}/close", json={"outcome": "dismissed"})
            assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (404, "case-not-found")
        for address in (f"posts/{post['id']}", f"comments/{comment['id']}"):
            path = f"/v1/moderation/{address}/hidden"
            assert (await other_judge.client.put(path, json={"reason": "Rude."})).status_code == 204
            for answer in (await judge.client.delete(path), await judge.client.put(path, json={"reason": "Mine."})):
                assert answer.status_code == 422
                assert answer.json()["type"].endswith("/cannot-judge-yourself")
            assert (await other_judge.client.delete(path)).status_code == 204


async def test_nobody_gets_rid_of_moderators_by_a_block(api: Api, learner: Learner) -> None:
    async with crowd(api, 1) as (moderator,):
        await appoint(api, moderator)
        post = await write(learner, "Hidden from moderators?")
        await say(learner, post["id"], "This too?")
        await learner.client.put(f"/v1/users/{moderator.id}/block")
        assert [seen["id"] for seen in await posts_seen(moderator)] == [post["id"]]
        assert (await moderator.client.get(f"{POSTS}/{post['id']}")).status_code == 200
        assert await comments_seen(moderator, post["id"]) == ["This too?"]
        await moderator.client.put(f"/v1/users/{learner.id}/block")  # whom they do not want to read, they do not
        assert await posts_seen(moderator) == []
