from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select
from support.api import Api, Learner
from support.learning import RIGHT, WRONG, answers, attempt, new_course, profile, report
from support.playing import PAGE, SECRETS

from lyo.courses.models import QuizAttempt
from lyo.gamification.values import WORTH, Kind

pytestmark = pytest.mark.anyio

ITEM, QUESTION = WORTH[Kind.ITEM_COMPLETED].amount, WORTH[Kind.QUESTION_RIGHT].amount


async def test_what_was_kept_back_comes_with_the_answer_and_the_first_answer_scores(api: Api, learner: Learner) -> None:
    course = await new_course(api, learner)
    quiz = course.of_type("quiz")[0]
    first = await attempt(learner, course.id, quiz, RIGHT, WRONG, RIGHT)
    assert (first["score"], first["total"], first["xpAwarded"]) == (2, 3, 2 * QUESTION + ITEM)
    assert [result["correct"] for result in first["results"]] == [True, False, True]
    assert first["results"][1] == {
        "questionId": quiz["questions"][1]["id"],
        "correct": False,
        "correctOption": RIGHT,
        "explanation": SECRETS["explanation"],
        "quote": SECRETS["quote"],
        "sourceUrl": PAGE,
    }
    better = await attempt(learner, course.id, quiz, RIGHT, RIGHT, RIGHT)
    assert (better["score"], better["xpAwarded"]) == (3, 0)
    totals = await profile(learner)
    assert (totals["questionsRight"], totals["perfectQuizzes"], totals["itemsCompleted"]) == (2, 0, 1)
    async with api.sessions() as session:
        kept = (await session.scalars(select(QuizAttempt).order_by(QuizAttempt.number))).all()
    assert [(row.number, row.score, row.total) for row in kept] == [(1, 2, 3), (2, 3, 3)]


async def test_a_quiz_may_be_answered_question_by_question(api: Api, learner: Learner) -> None:
    course = await new_course(api, learner)
    quiz = course.of_type("quiz")[0]
    one = await attempt(learner, course.id, quiz, RIGHT)
    assert (one["score"], one["total"], len(one["results"]), one["xpAwarded"]) == (1, 3, 1, QUESTION)
    body = (await learner.client.get(f"/v1/courses/{course.id}")).text
    assert SECRETS["explanation"] not in body
    await attempt(learner, course.id, {**quiz, "questions": quiz["questions"][1:]}, RIGHT, RIGHT)
    totals = await profile(learner)
    assert (totals["perfectQuizzes"], totals["itemsCompleted"]) == (1, 1)
    assert (await report(learner, course.id, quiz["id"], completed=True))["xpAwarded"] == 0


async def test_the_same_key_is_one_attempt(api: Api, learner: Learner) -> None:
    course = await new_course(api, learner)
    quiz = course.of_type("quiz")[0]
    path, headers = f"/v1/courses/{course.id}/items/{quiz['id']}/attempts", {"Idempotency-Key": uuid4().hex}
    sent = [await learner.client.post(path, json=answers(quiz, RIGHT, RIGHT), headers=headers) for _ in range(3)]
    assert [answer.json() for answer in sent] == [sent[0].json()] * 3
    assert sent[0].json()["xpAwarded"] == 2 * QUESTION
    assert [answer.headers.get("Idempotency-Replayed") for answer in sent] == [None, "true", "true"]
    other = await learner.client.post(path, json=answers(quiz, WRONG), headers=headers)
    assert (other.status_code, other.json()["title"]) == (422, "Idempotency-Key reused")
    malformed = await learner.client.post(path, json=answers(quiz, WRONG), headers={"Idempotency-Key": ""})
    assert malformed.status_code == 400
    async with api.sessions() as session:
        assert len((await session.scalars(select(QuizAttempt))).all()) == 1


async def test_what_is_wrong_is_said_and_nothing_is_told(api: Api, learner: Learner) -> None:
    course, other = await new_course(api, learner), await api.new_learner()
    quiz = course.of_type("quiz")[0]
    path = f"/v1/courses/{course.id}/items/{quiz['id']}/attempts"
    question = quiz["questions"][0]["id"]
    wrong: tuple[tuple[dict[str, Any], str], ...] = (
        ({"answers": []}, "#/answers"),
        ({"answers": [{"questionId": question, "option": 4}]}, "#/answers/0/option"),
        ({"answers": [{"questionId": question, "option": True}]}, "#/answers/0/option"),
        ({"answers": [{"questionId": str(uuid4()), "option": 0}]}, "#/answers/0/questionId"),
        ({"answers": [{"questionId": question, "option": 0}] * 2}, "#/answers/1/questionId"),
    )
    for body, pointer in wrong:
        refused = await learner.client.post(path, json=body)
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, pointer), body
        assert SECRETS["explanation"] not in refused.text
    text = course.id_of("text")
    no_quiz = await learner.client.post(f"/v1/courses/{course.id}/items/{text}/attempts", json=answers(quiz, 0))
    assert (no_quiz.status_code, no_quiz.json()["title"]) == (409, "Not a quiz")
    theirs = await other.client.post(path, json=answers(quiz, RIGHT))
    assert theirs.status_code == 404
    assert (await profile(learner))["xp"] == 0
    await other.client.aclose()
