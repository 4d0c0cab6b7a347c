from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select, update
from support.api import Api, Learner
from support.learning import RIGHT, WRONG, answers, attempt, new_course, profile
from support.playing import SECRETS

from lyo.core.bus import transaction
from lyo.core.clock import now
from lyo.gamification.values import WORTH, Kind
from lyo.reviews.models import ReviewAnswer, ReviewCard
from lyo.web.schemas import whole_seconds

pytestmark = pytest.mark.anyio

WORD = WORTH[Kind.REVIEW_DONE].amount


async def _due_now(api: Api, learner: Learner) -> None:
    """Let time pass, for the cards alone."""
    async with transaction(api.sessions, api.bus) as session:
        mine = update(ReviewCard).where(ReviewCard.user_id == learner.id)
        await session.execute(mine.values(due_at=now() - timedelta(minutes=1)))


async def _listed(learner: Learner) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = (await learner.client.get("/v1/reviews")).json()["items"]
    return items


async def test_what_was_attempted_comes_again(api: Api, learner: Learner) -> None:
    course = await new_course(api, learner, lessons=1)
    (quiz,) = course.of_type("quiz")
    await attempt(learner, course.id, quiz, RIGHT, WRONG, RIGHT)
    async with api.sessions() as session:
        due = {row.question_id: row.due_at - now() for row in await session.scalars(select(ReviewCard))}
    assert len(due) == 3
    wrong = due.pop(next(question for question in due if str(question) == quiz["questions"][1]["id"]))
    assert timedelta(minutes=9) < wrong <= timedelta(minutes=10)
    assert all(timedelta(hours=23) < wait < timedelta(days=10) for wait in due.values())
    assert await _listed(learner) == []
    assert (await profile(learner))["reviewsDue"] == 0
    await _due_now(api, learner)
    listed = await _listed(learner)
    assert len(listed) == (await profile(learner))["reviewsDue"] == 3
    assert {item["question"]["id"] for item in listed} == {question["id"] for question in quiz["questions"]}
    assert {(item["courseId"], item["courseTitle"], item["itemId"]) for item in listed} == {
        (str(course.id), "Photosynthesis", quiz["id"])
    }
    assert SECRETS["quote"] not in str(listed)


async def test_an_answer_is_marked_and_puts_the_question_off(api: Api, learner: Learner) -> None:
    course = await new_course(api, learner, lessons=1)
    await attempt(learner, course.id, course.of_type("quiz")[0], RIGHT, RIGHT, RIGHT)
    await _due_now(api, learner)
    first, second, _ = await _listed(learner)
    before = await profile(learner)
    right = (await learner.client.post(f"/v1/reviews/{first['id']}", json={"option": RIGHT})).json()
    assert (right["result"]["correct"], right["xpAwarded"]) == (True, WORD)
    assert right["result"]["quote"] == SECRETS["quote"]
    assert right["dueAt"] > whole_seconds(now() + timedelta(hours=23))
    wrong = (await learner.client.post(f"/v1/reviews/{second['id']}", json={"option": WRONG})).json()
    assert (wrong["result"]["correct"], wrong["result"]["correctOption"]) == (False, RIGHT)
    assert wrong["dueAt"] <= whole_seconds(now() + timedelta(minutes=10))
    after = await profile(learner)
    assert (after["reviewsDue"], after["reviewsDone"], after["xp"]) == (1, 2, before["xp"] + 2 * WORD)
    async with api.sessions() as session:
        assert len((await session.scalars(select(ReviewAnswer))).all()) == 3 + 2


async def test_a_question_is_answered_once_each_time_it_is_due(api: Api, learner: Learner) -> None:
    course = await new_course(api, learner, lessons=1)
    await attempt(learner, course.id, course.of_type("quiz")[0], RIGHT)
    await _due_now(api, learner)
    (card,) = await _listed(learner)
    path, key = f"/v1/reviews/{card['id']}", {"Idempotency-Key": uuid4().hex}
    sent = [await learner.client.post(path, json={"option": RIGHT}, headers=key) for _ in range(2)]
    assert sent[0].json() == sent[1].json()
    assert sent[1].headers["Idempotency-Replayed"] == "true"
    late = await learner.client.post(path, json={"option": RIGHT})
    assert (late.status_code, late.json()["title"]) == (409, "Review not due")


async def test_others_cards_and_wrong_options_are_refused(api: Api, learner: Learner) -> None:
    other = await api.new_learner()
    course = await new_course(api, learner, lessons=1)
    await attempt(learner, course.id, course.of_type("quiz")[0], RIGHT)
    await _due_now(api, learner)
    (card,) = await _listed(learner)
    path = f"/v1/reviews/{card['id']}"
    assert (await other.client.post(path, json={"option": RIGHT})).status_code == 404
    assert await _listed(other) == []
    assert (await learner.client.post(f"/v1/reviews/{uuid4()}", json={"option": 0})).status_code == 404
    for option in (-1, 4, "1", None):
        assert (await learner.client.post(path, json={"option": option})).status_code == 422
    await other.client.aclose()


async def test_an_answer_that_is_told_late_is_told_once(api: Api, learner: Learner) -> None:
    course = await new_course(api, learner, lessons=1)
    (quiz,) = course.of_type("quiz")
    long_ago = whole_seconds(now() - timedelta(days=6))
    path = f"/v1/courses/{course.id}/items/{quiz['id']}/attempts"
    await learner.client.post(path, json={**answers(quiz, WRONG), "occurredAt": long_ago})
    (card,) = await _listed(learner)
    said = {"option": WRONG, "occurredAt": long_ago}
    sent = [await learner.client.post(f"/v1/reviews/{card['id']}", json=said) for _ in range(2)]
    assert [answer.status_code for answer in sent] == [200, 409]
    assert sent[0].json()["dueAt"] > whole_seconds(now() + timedelta(minutes=9))
    assert (await profile(learner))["reviewsDone"] == 1
