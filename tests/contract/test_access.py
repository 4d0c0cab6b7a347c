"""Nobody is where they do not belong: a route asks who is there or is public on purpose; ids open one's own things."""

import re
from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from sqlalchemy import select
from support.api import Api, Learner
from support.community import report, say, write
from support.learning import Taught, answers, attempt, new_course
from support.settings import plain_settings
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from lyo.accounts.deps import current_user, current_user_briefly
from lyo.community.models import ModerationCase
from lyo.courses.models import Course
from lyo.main import create_app
from lyo.reviews.models import ReviewCard

ASKING: Final = {current_user, current_user_briefly}
PUBLIC: Final = {
    "POST /v1/auth/register": "who comes for the first time has no token",
    "POST /v1/auth/login": "it gives the token",
    "POST /v1/auth/refresh": "the refresh token is the proof",
    "POST /v1/auth/apple": "Apple's signature is the proof",
    "POST /v1/auth/apple/notifications": "Apple's signature is the proof",
    "GET /v1/health/live": "probes have no account",
    "GET /v1/health/ready": "probes have no account",
    "GET /v1/health/model": "probes have no account",
    "WS /v1/ws/tasks/{task_id}": "the random id is the capability; admission.py asks for more where more is shown",
    "GET /openapi.json": "the contract is no secret",
    "GET /asyncapi.json": "the contract is no secret",
    "GET /docs": "the contract is no secret",
    "GET /docs/docs.js": "the contract is no secret",
    "GET /docs/scalar-1.72.1.js": "the contract is no secret",
}
"""Every route without a token, and why."""


def _routes(app: FastAPI) -> Iterator[tuple[str, Dependant | None]]:
    """Every route that the app serves, in the document or not, and what it depends on."""
    waiting: list[Any] = list(app.routes)
    while waiting:
        route = waiting.pop()
        if hasattr(route, "effective_candidates"):  # a router, which FastAPI keeps as it was included
            waiting += route.effective_candidates()
            continue
        route = getattr(route, "starlette_route", None) or route
        assert isinstance(route.path, str), f"{route}: whatever it serves, say here how its routes are found"
        for method in sorted(set(getattr(route, "methods", None) or {"WS"}) - {"HEAD"}):
            yield f"{method} {route.path}", getattr(route, "dependant", None)


def _asks(dependant: Dependant | None) -> bool:
    return dependant is not None and _needs_somebody(dependant)


def _needs_somebody(dependant: Dependant) -> bool:
    return dependant.call in ASKING or any(_needs_somebody(below) for below in dependant.dependencies)


def test_every_route_asks_who_is_there_or_is_public_on_purpose() -> None:
    app = create_app(plain_settings())
    found = dict(_routes(app))
    assert len(found) > len(PUBLIC)
    assert {name for name, dependant in found.items() if not _asks(dependant)} == set(PUBLIC)
    documented = {
        f"{method.upper()} {path}" for path, operations in app.openapi()["paths"].items() for method in operations
    }
    assert documented <= set(found), "this test does not see every route"


def test_a_route_without_a_rule_would_be_noticed() -> None:
    app = create_app(plain_settings())

    @app.get("/v1/secrets/{secret_id}")
    async def read(secret_id: str) -> str:
        return secret_id

    assert not _asks(dict(_routes(app))["GET /v1/secrets/{secret_id}"])


BODIES: Final[dict[str, Callable[[Taught], dict[str, Any]]]] = {
    "PUT /v1/courses/{course_id}/progress": lambda course: {"itemId": course.id_of("text")},
    "POST /v1/courses/{course_id}/items/{item_id}/attempts": lambda course: answers(course.of_type("quiz")[0], 1),
    "POST /v1/reviews/{review_id}": lambda _: {"option": 1},
    "POST /v1/moderation/reports/{case_id}/close": lambda _: {"outcome": "dismissed"},
    "PUT /v1/moderation/posts/{post_id}/hidden": lambda _: {},
    "PUT /v1/moderation/comments/{comment_id}/hidden": lambda _: {},
}
"""A right body for each operation with an id that wants one."""
LAST: Final = ("DELETE /v1/community/posts/{post_id}", "DELETE /v1/courses/{course_id}")
"""After them there is nothing left to try."""


NONE_OF_MINE: Final = ("task-not-found", "course-not-found", "post-not-found", "comment-not-found")
FOR_EVERYBODY: Final = {
    "POST /v1/community/posts/{post_id}/course": "a post is for everybody, and who opens its course gets a copy",
    "PUT /v1/users/{user_id}/block": "anybody may block anybody",
    "DELETE /v1/users/{user_id}/block": "it takes back one's own block, if there is one",
    "GET /v1/community/posts/{post_id}": "posts are for all to read",
    "GET /v1/community/posts/{post_id}/comments": "and so are comments",
    "POST /v1/community/posts/{post_id}/comments": "anybody may comment on what they can read",
    "PUT /v1/community/posts/{post_id}/like": "anybody may like what they can read",
    "DELETE /v1/community/posts/{post_id}/like": "it takes back one's own like, if there is one",
}
"""Operations with an id that is not one's own, and why."""


def _with_ids(document: dict[str, Any]) -> list[tuple[str, str]]:
    return [
        (method.upper(), path)
        for path, operations in document["paths"].items()
        for method in operations
        if "{" in path and f"{method.upper()} {path}" not in FOR_EVERYBODY
    ]


@pytest.mark.anyio
async def test_somebody_elses_id_is_a_404_everywhere(api: Api, learner: Learner) -> None:
    other = await api.new_learner()
    course = await new_course(api, learner)
    (quiz, *_) = course.of_type("quiz")
    await attempt(learner, course.id, quiz, 1)
    post, commented = await write(learner, courseId=str(course.id)), await write(learner)
    comment = await say(learner, commented["id"])
    await report(other, "user", learner.id)
    async with api.sessions() as session:
        task_id = (await session.scalars(select(Course.task_id))).one()
        review_id = (await session.scalars(select(ReviewCard.id))).one()
        case_id = (await session.scalars(select(ModerationCase.id))).one()
    ids = {"task_id": task_id, "course_id": course.id, "item_id": quiz["id"], "review_id": review_id}
    ids |= {"post_id": post["id"], "comment_id": comment["id"], "case_id": case_id}
    tried = sorted(_with_ids(api.contract.document), key=lambda operation: " ".join(operation) in LAST)
    assert tried
    for method, path in tried:
        names = re.findall(r"\{(\w+)\}", path)
        assert set(names) <= set(ids), f"{path}: make one of these in this test"
        address = path.format(**ids)
        make = BODIES.get(f"{method} {path}")
        body = make(course) if make else None
        theirs = await other.client.request(method, address, json=body)
        assert theirs.status_code == 404, (method, path)
        nobodys = await api.client.request(method, address, json=body)
        assert nobodys.status_code == 401, (method, path)
        mine = await learner.client.request(method, address, json=body)
        assert mine.status_code < 400 or not mine.json()["type"].endswith(NONE_OF_MINE), path
    with pytest.raises(InvalidStatus) as refused:
        async with connect(
            f"{api.ws_url}/v1/ws/tasks/{task_id}",
            additional_headers={"Authorization": f"Bearer {other.access_token}"},
            proxy=None,
        ):
            pass
    assert refused.value.response.status_code == 404
    await other.client.aclose()
