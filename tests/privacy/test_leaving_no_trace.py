"""An account with everything in it is deleted: nothing of it is left anywhere, and what others see is right."""

from typing import Any

import pytest
from sqlalchemy import text
from support.api import Api, Learner
from support.community import POSTS, appoint, once, report, say, write
from support.learning import RIGHT, attempt, new_course
from support.learning import report as tell

from lyo.tables import metadata

pytestmark = pytest.mark.anyio

LISTS = (
    "/v1/feeds",
    POSTS,
    "/v1/gamification/leaderboard?period=all",
    "/v1/users/me/blocked",
    "/v1/moderation/reports",
)


async def test_nothing_comes_back_and_others_counts_are_right(api: Api, learner: Learner) -> None:
    leaver, friend = await api.new_learner(), await api.new_learner()
    await appoint(api, learner)
    opened = await _live(api, leaver, friend, learner)
    before = (await learner.client.get(f"{POSTS}/{opened['friends']}")).json()
    assert (before["likeCount"], before["commentCount"]) == (2, 2)
    board = await _board(friend)
    assert [entry["learner"]["id"] for entry in board].count(str(leaver.id)) == 1
    assert (await leaver.client.delete("/v1/users/me")).status_code == 204
    after = (await learner.client.get(f"{POSTS}/{opened['friends']}")).json()
    assert (after["likeCount"], after["commentCount"]) == (1, 1)
    assert (await learner.client.get(f"{POSTS}/{opened['leavers']}")).status_code == 404
    for path in LISTS:
        for reader in (learner, friend):
            answer = await reader.client.get(path)
            assert str(leaver.id) not in answer.text, path
            assert "leaver's words" not in answer.text, path
    for reader in (learner, friend):
        export = (await reader.client.get("/v1/users/me/export")).text
        assert str(leaver.id) not in export
        assert "leaver's words" not in export
    assert [entry["rank"] for entry in await _board(friend)] == list(range(1, len(board)))
    assert (await friend.client.get(f"/v1/courses/{opened['copy']}")).status_code == 200
    await _is_nowhere(api, str(leaver.id))
    await leaver.client.aclose()
    await friend.client.aclose()


async def _live(api: Api, leaver: Learner, friend: Learner, other: Learner) -> dict[str, str]:
    """Everything that a learner can do and have."""
    await leaver.client.patch("/v1/users/me", json={"sharesMilestones": True, "timeZone": "Asia/Tokyo"})
    course = await new_course(api, leaver, lessons=1)
    await attempt(leaver, course.id, course.of_type("quiz")[0], RIGHT, RIGHT, RIGHT)
    for item in course.items:
        await tell(leaver, course.id, item["id"], completed=True)
    for somebody in (leaver, friend):
        await somebody.client.post("/v1/gamification/activity", json={"type": "daily_visit"}, headers=once())
    leavers = await write(leaver, "leaver's words", courseId=str(course.id))
    friends = await write(friend, "friend's words")
    copy = (await friend.client.post(f"{POSTS}/{leavers['id']}/course")).json()
    assert copy["isNew"] is True
    for somebody in (leaver, other):
        await somebody.client.put(f"{POSTS}/{friends['id']}/like")
        await say(somebody, friends["id"], "leaver's words" if somebody is leaver else "Hm.")
    await friend.client.put(f"{POSTS}/{leavers['id']}/like")
    await say(friend, leavers["id"], "And then?")
    stranger = await api.new_learner()
    await leaver.client.put(f"/v1/users/{stranger.id}/block")
    await stranger.client.put(f"/v1/users/{leaver.id}/block")
    assert (await report(leaver, "user", stranger.id, note="leaver's words")).status_code == 201
    assert (await report(stranger, "user", leaver.id)).status_code == 201
    await stranger.client.aclose()
    return {"leavers": leavers["id"], "friends": friends["id"], "copy": copy["courseId"]}


async def _board(reader: Learner) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = (
        await reader.client.get("/v1/gamification/leaderboard", params={"period": "all"})
    ).json()["items"]
    return items


async def _is_nowhere(api: Api, leaver: str) -> None:
    """In no column of any table."""
    async with api.sessions() as session:
        for table in metadata.sorted_tables:
            found = await session.scalar(
                text(f'SELECT count(*) FROM "{table.name}" AS kept WHERE kept::text LIKE :who'),  # noqa: S608
                {"who": f"%{leaver}%"},
            )
            assert found == 0, table.name
