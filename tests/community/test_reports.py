import asyncio
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import func, select
from support.api import Api, Learner
from support.community import POSTS, QUEUE, REPORTS, appoint, comments_seen, crowd, posts_seen, report, say, write

from lyo.community.models import ContentReport, ModerationCase

pytestmark = pytest.mark.anyio


async def test_a_post_that_one_reports_is_gone_for_oneself_at_once(api: Api, learner: Learner) -> None:
    async with crowd(api, 2) as (reader, third):
        post = await write(learner, "Buy followers!")
        made = await report(reader, "post", post["id"], note="It sells followers.")
        assert made.status_code == 201
        body = made.json()
        assert body["targetId"] == post["id"]
        assert (body["targetType"], body["reason"], body["note"]) == ("post", "spam", "It sells followers.")
        assert await posts_seen(reader) == []
        assert (await reader.client.get(f"{POSTS}/{post['id']}")).status_code == 404
        assert (await reader.client.put(f"{POSTS}/{post['id']}/like")).status_code == 404
        assert (await reader.client.get("/v1/feeds")).json()["items"] == []
        for other in (learner, third):
            assert len(await posts_seen(other)) == 1
            assert "community_post" in (await other.client.get("/v1/feeds")).text
        again = await report(reader, "post", post["id"], reason="hate")
        assert (again.status_code, again.json()) == (201, body)


async def test_a_comment_that_one_reports_is_gone_for_oneself(api: Api, learner: Learner) -> None:
    async with crowd(api, 2) as (reader, third):
        post = await write(learner)
        bad, good = await say(third, post["id"], "bad"), await say(third, post["id"], "good")
        assert (await report(reader, "comment", bad["id"])).status_code == 201
        assert await comments_seen(reader, post["id"]) == ["good"]
        assert await comments_seen(learner, post["id"]) == ["bad", "good"]
        assert good["id"] != bad["id"]


async def test_somebody_may_be_reported_also_after_one_has_blocked_them(api: Api, learner: Learner) -> None:
    async with crowd(api, 1) as (other,):
        await learner.client.put(f"/v1/users/{other.id}/block")
        made = await report(learner, "user", other.id, reason="harassment")
        assert made.status_code == 201
        assert "note" not in made.json()


async def test_nobody_reports_themselves_or_what_they_do_not_see(api: Api, learner: Learner) -> None:
    async with crowd(api, 1) as (other,):
        post = await write(learner)
        comment = await say(learner, post["id"])
        for kind, identifier in (("post", post["id"]), ("comment", comment["id"]), ("user", learner.id)):
            own = await report(learner, kind, identifier)
            assert (own.status_code, own.json()["type"].rpartition("/")[2]) == (422, "cannot-report-yourself")
        for kind, slug in (("post", "post"), ("comment", "comment"), ("user", "learner")):
            nothing = await report(learner, kind, uuid4())
            assert (nothing.status_code, nothing.json()["type"].rpartition("/")[2]) == (404, f"{slug}-not-found")
        await learner.client.put(f"/v1/users/{other.id}/block")
        for kind, identifier in (("post", post["id"]), ("comment", comment["id"])):
            assert (await report(other, kind, identifier)).status_code == 404


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"reason": "boring"}, "#/reason"),
        ({"targetType": "course"}, "#/targetType"),
        ({"targetId": "1"}, "#/targetId"),
        ({"note": "x" * 1001}, "#/note"),
        ({"note": ""}, "#/note"),
        ({"note": None}, "#/note"),
        ({"why": "?"}, "#/why"),
    ],
)
async def test_each_wrong_field_is_one_sentence(learner: Learner, change: dict[str, Any], pointer: str) -> None:
    body = {"targetType": "post", "targetId": str(uuid4()), "reason": "spam", **change}
    answer = await learner.client.post(REPORTS, json=body)
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert error["pointer"] == pointer
    assert error["detail"].endswith(".")


async def test_reports_at_once_are_one_of_each_and_one_case(api: Api, learner: Learner) -> None:
    post = await write(learner)
    async with crowd(api, 10) as many:
        answers = await asyncio.gather(*(report(one, "post", post["id"]) for one in many * 3))
        assert {answer.status_code for answer in answers} == {201}
        assert len({answer.json()["id"] for answer in answers}) == 10
        async with api.sessions() as session:
            assert await session.scalar(select(func.count()).select_from(ContentReport)) == 10
            assert await session.scalar(select(func.count()).select_from(ModerationCase)) == 1


async def test_one_exports_ones_own_reports_and_learns_of_none_about_oneself(api: Api, learner: Learner) -> None:
    async with crowd(api, 2) as (reporter, moderator):
        await appoint(api, moderator)
        post = await write(learner, "Mine, all mine.")
        comment = await say(learner, post["id"], "And this.")
        await reporter.client.put(f"{POSTS}/{post['id']}/like")
        for kind, identifier in (("comment", comment["id"]), ("post", post["id"]), ("user", learner.id)):
            await report(reporter, kind, identifier, note="SECRET NOTE")
        await moderator.client.put(f"/v1/moderation/posts/{post['id']}/hidden", json={"reason": "OUR REASON"})
        exports = {one.id: await _kinds(one) for one in (learner, reporter, moderator)}
        assert len(exports[reporter.id]["contentReports"]) == 3
        assert len(exports[reporter.id]["postLikes"]) == 1
        assert len(exports[learner.id]["posts"]) == len(exports[learner.id]["comments"]) == 1
        for name in ("contentReports", "moderationCases", "moderationActions", "postLikes"):
            assert name not in exports[learner.id]
        (action,) = exports[moderator.id]["moderationActions"]
        assert (action["action"], action["reason"], action["targetId"]) == ("hide", "OUR REASON", post["id"])
        assert "subjectId" not in action
        assert "moderationCases" not in exports[moderator.id]


async def _kinds(one: Learner) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for record in (await one.client.get("/v1/users/me/export")).json()["records"]:
        found.setdefault(record["kind"], []).append(record["fields"])
    return found


async def test_a_person_is_reported_anew_when_the_first_report_was_dismissed(api: Api, learner: Learner) -> None:
    async with crowd(api, 2) as (victim, moderator):
        await appoint(api, moderator)
        first = (await report(victim, "user", learner.id)).json()
        assert (await report(victim, "user", learner.id, reason="harassment")).json() == first
        (case,) = (await moderator.client.get(QUEUE)).json()["items"]
        await moderator.client.post(f"{QUEUE}/{case['id']}/close", json={"outcome": "dismissed"})
        again = (await report(victim, "user", learner.id, reason="harassment", note="Again.")).json()
        assert (again["id"] != first["id"], again["reason"], again["note"]) == (True, "harassment", "Again.")
        (anew,) = (await moderator.client.get(QUEUE)).json()["items"]
        assert anew["id"] != case["id"]


async def test_what_is_reported_anew_after_it_was_dismissed_is_a_new_case(api: Api, learner: Learner) -> None:
    post = await write(learner)
    async with crowd(api, 3) as (first, second, moderator):
        await appoint(api, moderator)
        earlier = (await report(first, "post", post["id"])).json()
        (case,) = (await moderator.client.get(QUEUE)).json()["items"]
        closed = await moderator.client.post(f"{QUEUE}/{case['id']}/close", json={"outcome": "dismissed"})
        assert closed.status_code == 204
        assert (await report(first, "post", post["id"])).json() == earlier
        assert (await moderator.client.get(QUEUE)).json()["items"] == []
        await report(second, "post", post["id"])
        (anew,) = (await moderator.client.get(QUEUE)).json()["items"]
        assert (anew["id"] != case["id"], anew["reportCount"]) == (True, 1)
