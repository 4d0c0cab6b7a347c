"""The leaderboard as an app reads it."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from support.api import Api, Learner
from support.boards import Crowd

from lyo.core.clock import now
from lyo.core.pagination import CursorKey
from lyo.gamification.leaderboard.values import WEEK, week_of
from lyo.gamification.values import Kind
from lyo.web.pages import cursor_key

pytestmark = pytest.mark.anyio

BOARD = "/v1/gamification/leaderboard"


async def _board(learner: Learner, **asked: str | int) -> dict[str, Any]:
    answer = await learner.client.get(BOARD, params=asked)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def _places(entries: Sequence[dict[str, Any]]) -> list[tuple[int, int, bool]]:
    return [(entry["rank"], entry["xp"], entry["isMe"]) for entry in entries]


def _people(entries: Sequence[dict[str, Any]]) -> list[UUID]:
    return [UUID(entry["learner"]["id"]) for entry in entries]


def _key(api: Api, learner: Learner, board: str) -> CursorKey:
    return cursor_key(api.resources.settings, route=f"leaderboard\0{board}", user_id=learner.id)


async def test_ties_share_a_rank_and_neighbours_are_shown(learner: Learner, crowd: Crowd) -> None:
    assert await _board(learner, period="all") == {"items": [], "nextCursor": None}
    others = [*await crowd.learners(1, xp=70), *await crowd.learners(2, xp=20), *await crowd.learners(3, xp=5)]
    assert "me" not in await _board(learner, period="all")
    assert await crowd.award(learner.id, Kind.ITEM_COMPLETED) == 10
    body = await _board(learner, period="all", limit=4)
    assert _places(body["items"]) == [(1, 70, False), (2, 20, False), (2, 20, False), (4, 10, True)]
    assert _people(body["items"]) == [*others[:3], learner.id]
    assert (body["me"]["rank"], body["me"]["xp"]) == (4, 10)
    around = [(2, 20, False), (2, 20, False), (4, 10, True), (5, 5, False), (5, 5, False)]
    assert _places(body["me"]["neighbours"]) == around
    following = await _board(learner, period="all", limit=4, cursor=body["nextCursor"])
    assert _people(following["items"]) == others[3:]
    assert following["nextCursor"] is None
    assert following["me"] == body["me"]


async def test_a_week_counts_what_was_earned_in_it(learner: Learner, crowd: Crowd) -> None:
    moment = now()
    await crowd.award(learner.id, Kind.COURSE_COMPLETED, moment=moment - WEEK)
    assert "me" not in await _board(learner)
    assert (await _board(learner, period="all"))["me"]["xp"] == 50
    await crowd.award(learner.id, Kind.QUESTION_RIGHT, moment=moment)
    assert (await _board(learner, period="week"))["me"]["xp"] == 5
    assert (await _board(learner, period="all"))["me"]["xp"] == 55


async def test_who_opts_out_is_gone_at_once_and_comes_back_with_all_xp(learner: Learner, crowd: Crowd) -> None:
    (other,) = await crowd.learners(1)
    await crowd.award(learner.id, Kind.COURSE_COMPLETED)
    await crowd.award(other, Kind.ITEM_COMPLETED)
    assert (await crowd.rank(learner.id), await crowd.rank(other)) == (1, 2)
    await learner.client.patch("/v1/users/me", json={"leaderboardOptOut": True})
    for period in ("week", "all"):
        body = await _board(learner, period=period)
        assert _people(body["items"]) == [other]
        assert "me" not in body
    assert await crowd.rank(other) == 1
    await crowd.award(learner.id, Kind.QUESTION_RIGHT)
    assert await crowd.rank(learner.id) is None
    await learner.client.patch("/v1/users/me", json={"leaderboardOptOut": False, "displayName": "Grace"})
    for period in ("week", "all"):
        body = await _board(learner, period=period)
        assert (body["me"]["rank"], body["me"]["xp"]) == (1, 55)
        assert body["items"][0]["learner"] == {"id": str(learner.id), "displayName": "Grace"}
    await learner.client.patch("/v1/users/me", json={"displayName": "Ada"})
    assert await crowd.rank(other) == 2


async def test_blocked_people_are_not_shown_and_are_counted(learner: Learner, crowd: Crowd) -> None:
    first, second, third = [(await crowd.learners(1, xp=xp))[0] for xp in (300, 200, 100)]
    await crowd.award(learner.id, Kind.ITEM_COMPLETED)
    await learner.client.put(f"/v1/users/{second}/block")
    await crowd.block(first, learner.id)
    body = await _board(learner, period="all", limit=1)
    assert _people(body["items"]) == [third]
    assert _places(body["items"]) == [(3, 100, False)]
    assert _people(body["me"]["neighbours"]) == [third, learner.id]
    assert body["me"]["rank"] == 4
    assert (await crowd.read(third)).items[0].user_id == first


async def test_who_is_deleted_vanishes(api: Api, learner: Learner, crowd: Crowd) -> None:
    other = await api.new_learner()
    await crowd.award(other.id, Kind.COURSE_COMPLETED)
    await crowd.award(learner.id, Kind.ITEM_COMPLETED)
    assert (await _board(learner))["me"]["rank"] == 2
    assert (await other.client.delete("/v1/users/me")).status_code == 204
    body = await _board(learner)
    assert _places(body["items"]) == [(1, 10, True)]
    await other.client.aclose()


async def test_an_event_that_earns_nothing_puts_nobody_on_a_board(learner: Learner, crowd: Crowd) -> None:
    assert await crowd.award(learner.id) == 0
    assert await crowd.counts() == (0, 0, 0)


@pytest.mark.parametrize("asked", [{"period": "month"}, {"limit": 0}, {"limit": 101}, {"limit": "x"}, {"period": ""}])
async def test_what_is_not_offered_is_refused(learner: Learner, asked: dict[str, str | int]) -> None:
    assert (await learner.client.get(BOARD, params=asked)).status_code == 422


async def test_a_cursor_is_good_for_its_reader_and_its_board_alone(api: Api, learner: Learner, crowd: Crowd) -> None:
    moment = now()
    await crowd.learners(3, xp=20)
    cursor = str((await _board(learner, period="all", limit=1))["nextCursor"])
    place = _key(api, learner, "all").decode_number(cursor)
    other = await api.new_learner()
    boards = [week_of(moment - WEEK), week_of(moment + timedelta(weeks=1)), "week"]
    wrong = [_key(api, learner, board).encode_number(*place) for board in boards]
    wrong += [cursor, cursor[:-1], cursor + "!", "A" * len(cursor), "", _key(api, other, "all").encode_number(*place)]
    for tried in wrong:
        answer = await learner.client.get(BOARD, params={"period": "week", "cursor": tried})
        assert answer.status_code == 400, tried
        assert answer.json()["type"].endswith("invalid-cursor")
    assert (await other.client.get(BOARD, params={"period": "all", "cursor": cursor})).status_code == 400
    assert len((await _board(learner, period="all", cursor=cursor))["items"]) == 2
    this_week = _key(api, learner, week_of(now())).encode_number(*place)
    assert (await _board(learner, cursor=this_week))["items"] == []
    await other.client.aclose()
