"""Courses that are there to be learned, over the API."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from support.api import Api, Learner
from support.playing import make_course
from support.tasks import kick_off

RIGHT = 1
"""The key of every question in `support.playing`."""
WRONG = 2


@dataclass(frozen=True, slots=True)
class Taught:
    """A whole course of somebody's."""

    id: UUID
    items: list[dict[str, Any]]

    def of_type(self, kind: str) -> list[dict[str, Any]]:
        return [item for item in self.items if item["type"] == kind]

    def id_of(self, kind: str, place: int = 0) -> str:
        found: str = self.of_type(kind)[place]["id"]
        return found


async def new_course(api: Api, learner: Learner, *, lessons: int = 2) -> Taught:
    """A completed course with all that lessons can have: five items each, the last a quiz of three questions."""
    task_id, course_id = await kick_off(learner)
    await make_course(api, task_id, lessons=lessons, everything=True)
    body = (await learner.client.get(f"/v1/courses/{course_id}")).json()
    return Taught(id=course_id, items=body["items"])


async def report(learner: Learner, course_id: UUID, item_id: str, **said: Any) -> dict[str, Any]:
    """Tell how far an item is; returns the answer."""
    answer = await learner.client.put(f"/v1/courses/{course_id}/progress", json={"itemId": item_id, **said})
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def answers(quiz: dict[str, Any], *options: int) -> dict[str, Any]:
    """The body of an attempt that chooses these options."""
    chosen = zip(quiz["questions"], options, strict=False)
    return {"answers": [{"questionId": question["id"], "option": option} for question, option in chosen]}


async def attempt(learner: Learner, course_id: UUID, quiz: dict[str, Any], *options: int) -> dict[str, Any]:
    """Try a quiz; returns the answer."""
    path = f"/v1/courses/{course_id}/items/{quiz['id']}/attempts"
    answer = await learner.client.post(path, json=answers(quiz, *options))
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def profile(learner: Learner) -> dict[str, Any]:
    """What the learner has earned."""
    body: dict[str, Any] = (await learner.client.get("/v1/gamification/profile")).json()
    return body
