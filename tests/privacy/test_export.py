from typing import Any
from uuid import UUID

import httpx2
import pytest
from sqlalchemy import update
from support.api import Api, Learner
from support.tasks import advance, claim, finish, kick_off

from lyo.accounts.models import Login, RefreshToken
from lyo.core.bus import transaction
from lyo.courses.models import CourseItem, Lesson
from lyo.privacy.repo import KEPT_BACK, NOT_THEIRS, chain_to_user
from lyo.tables import metadata
from lyo.tasks.models import TaskStep

pytestmark = pytest.mark.anyio

SECRETS = {"key": "THE-KEY", "explanation": "BECAUSE-OF-IT", "quote": "IT-IS-PROVED"}
"""What gives a quiz away."""

OF_NOBODY = {
    "apple_nonces",
    "apple_notices",
    "apple_revocations",
    "badges",
    "leaderboard_changes",
    "leaderboard_tallies",
    "library_editions",
    "library_passages",
    "outbox",
    "source_answers",
    "source_budgets",
    "source_turns",
}
"""Tables in which nothing is about a learner."""


def _by_kind(answer: httpx2.Response) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for record in answer.json()["records"]:
        found.setdefault(record["kind"], []).append(record["fields"])
    return found


async def _course_with_a_quiz(api: Api, course_id: UUID) -> None:
    async with transaction(api.sessions, api.bus) as session:
        lesson = Lesson(course_id=course_id, order_index=1, title="Leaves", objective="Know them", status="ready")
        session.add(lesson)
        await session.flush()
        quote = [
            {"n": 1, "title": "Leaf", "url": "https://en.wikipedia.org/wiki/Leaf", "quote": "It is the chlorophyll."}
        ]
        for order, (kind, questions) in enumerate((("text", None), ("quiz", [{"prompt": "Why?", **SECRETS}]))):
            session.add(
                CourseItem(
                    course_id=course_id,
                    lesson_id=lesson.id,
                    order_index=order,
                    type=kind,
                    title=f"A {kind}",
                    content="Words.",
                    source="generated",
                    generated_by="model",
                    citations=quote,
                    questions=questions,
                )
            )


async def test_it_holds_all_that_is_mine_and_nothing_of_others(api: Api, learner: Learner) -> None:
    other = await api.new_learner()
    await kick_off(other, topic="somebody else's wish")
    await other.client.aclose()
    task_id, course_id = await kick_off(learner, topic="volcanoes")
    claimed = await claim(api, task_id)
    await advance(api, claimed, "outline", 15)
    await _course_with_a_quiz(api, course_id)
    async with transaction(api.sessions, api.bus) as session:  # as the worker keeps a lesson that it has made
        await session.execute(update(TaskStep).values(output={"made": {"items": [{"questions": [SECRETS]}]}}))
    await finish(api, claimed)
    answer = await learner.client.get("/v1/users/me/export")
    assert answer.status_code == 200
    assert "attachment" in answer.headers["content-disposition"]
    data = _by_kind(answer)
    assert [user["id"] for user in data["users"]] == [str(learner.id)]
    assert data["users"][0]["email"] == learner.email
    assert [course["topic"] for course in data["courses"]] == ["volcanoes"]
    assert [task["state"] for task in data["tasks"]] == ["DONE"]
    assert len(data["taskEvents"]) == 4
    assert {item["type"]: "citations" in item for item in data["courseItems"]} == {"text": True, "quiz": False}
    assert data["users"][0]["createdAt"].endswith("Z")
    assert "." not in data["users"][0]["createdAt"]
    assert "somebody else" not in answer.text
    for secret in SECRETS.values():
        assert secret not in answer.text


async def test_no_secret_is_in_it(learner: Learner) -> None:
    answer = await learner.client.get("/v1/users/me/export")
    text = answer.text
    assert "argon2" not in text
    for secret in ("passwordHash", "tokenHash", learner.refresh_token, learner.access_token):
        assert secret not in text
    assert _by_kind(answer)["refreshTokens"]


def test_every_table_leads_to_a_learner_or_is_about_nobody() -> None:
    assert {table.name for table in metadata.sorted_tables if chain_to_user(table) is None} == OF_NOBODY
    assert chain_to_user(RefreshToken.metadata.tables["refresh_tokens"]) == (
        metadata.tables["refresh_tokens"].columns["login_id"],
        metadata.tables["logins"].columns["user_id"],
    )
    assert Login.__tablename__ == "logins"


def test_what_is_kept_back_exists() -> None:
    for name in KEPT_BACK:
        table, _, column = name.partition(".")
        assert column in metadata.tables[table].columns
    assert set(metadata.tables) >= NOT_THEIRS
