"""Every list of the API shows each row that stays exactly once, whatever comes and goes between its pages."""

import itertools
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import itemgetter
from typing import Any, Final
from uuid import UUID, uuid4

import pytest
from sqlalchemy import delete, insert, select
from support.api import Api, Learner
from support.community import appoint, write
from support.learning import new_course
from support.settings import plain_settings

from lyo.accounts.models import User
from lyo.blocks.models import UserBlock
from lyo.community.models import Comment, ModerationCase, Post
from lyo.core.bus import transaction
from lyo.core.clock import now
from lyo.core.db import Base
from lyo.courses.models import Course, CourseItem, Lesson
from lyo.feeds.models import FeedItem
from lyo.gamification.leaderboard.models import LeaderboardScore
from lyo.gamification.leaderboard.values import Period, board_of
from lyo.main import create_app
from lyo.reviews.models import ReviewCard
from lyo.tasks.models import Task

AT: Final = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
"""When all of it happened."""
ROWS: Final = 1000
NUMBERS: Final = itertools.count(1000)
"""Of items in a lesson, after those that it has."""
NAMED_BY_OTHERS: Final = (User, Post, CourseItem)
"""Tables that are written first."""


@dataclass(frozen=True, slots=True)
class Scene:
    """Who reads, and what there is."""

    reader: UUID
    course_id: UUID
    lesson_id: UUID
    post_id: UUID


Row = tuple[type[Base], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Listed:
    """A list: how a row gets into it, and by which column one is taken out."""

    make: Callable[[Scene, UUID], list[Row]]
    table: type[Base]
    column: str = "id"
    named: Callable[[dict[str, Any]], str] = itemgetter("id")
    """The id of what stands in the list."""


def _course(scene: Scene, id: UUID) -> list[Row]:  # noqa: A002 - what it is
    names: dict[str, Any] = {"topic": "leaves", "interests": [], "level": "beginner", "locale": "en", "title": "Leaves"}
    return [(Course, {"id": id, "user_id": scene.reader, "created_at": AT, **names})]


def _task(scene: Scene, id: UUID) -> list[Row]:  # noqa: A002
    task = {"idempotency_key": id.hex, "job": "courses.generate", "due_at": AT, "deadline_at": AT}
    return [(Task, {"id": id, "user_id": scene.reader, "provisional_course_id": uuid4(), "created_at": AT, **task})]


def _news(scene: Scene, id: UUID) -> list[Row]:  # noqa: A002
    """Half one's own, half of others."""
    author = scene.reader if id.int % 2 else uuid4()
    told: dict[str, Any] = {
        "type": "achievement",
        "title": "Told",
        "details": {},
        "source_id": uuid4(),
        "is_public": True,
    }
    rows: list[Row] = [(FeedItem, {"id": id, "user_id": author, "created_at": AT, **told})]
    return rows if author == scene.reader else [(User, {"id": author, "display_name": "Other"}), *rows]


def _review(scene: Scene, id: UUID) -> list[Row]:  # noqa: A002
    """Each of a quiz of its own."""
    item_id, question_id = uuid4(), uuid4()
    questions = [{"id": str(question_id), "prompt": "Which?", "options": ["a", "b", "c", "d"], "key": 0}]
    place = {"course_id": scene.course_id, "lesson_id": scene.lesson_id, "order_index": next(NUMBERS)}
    what: dict[str, Any] = {
        "type": "quiz",
        "title": "Asked",
        "source": "Lyo",
        "generated_by": "extractive",
        "citations": [],
    }
    memory = {"state": 2, "step": None, "stability": 3.0, "difficulty": 5.0, "last_answered_at": AT}
    card = {"item_id": item_id, "is_first_right": True, "due_at": AT, "created_at": AT}
    return [
        (CourseItem, {"id": item_id, **place, **what, "questions": questions}),
        (ReviewCard, {"id": id, "user_id": scene.reader, "question_id": question_id, **card, **memory}),
    ]


def _block(scene: Scene, id: UUID) -> list[Row]:  # noqa: A002
    other = {"id": id, "display_name": "Other"}
    return [(User, other), (UserBlock, {"user_id": scene.reader, "blocked_id": id, "created_at": AT})]


def _score(scene: Scene, id: UUID) -> list[Row]:  # noqa: A002
    """This week's, all with the same XP."""
    del scene
    other = {"id": id, "display_name": "Other"}
    return [(User, other), (LeaderboardScore, {"user_id": id, "board": board_of(Period.WEEK, now()), "xp": 40})]


def _post(scene: Scene, id: UUID) -> list[Row]:  # noqa: A002
    return [(Post, {"id": id, "user_id": scene.reader, "content": "Hello.", "created_at": AT})]


def _comment(scene: Scene, id: UUID) -> list[Row]:  # noqa: A002
    said = {"user_id": scene.reader, "content": "Hm.", "created_at": AT}
    return [(Comment, {"id": id, "post_id": scene.post_id, **said})]


def _case(scene: Scene, id: UUID) -> list[Row]:  # noqa: A002
    """Of somebody else's: nobody judges themselves."""
    del scene
    author, post = uuid4(), uuid4()
    return [
        (User, {"id": author, "display_name": "Other"}),
        (Post, {"id": post, "user_id": author, "content": "Hello.", "created_at": AT}),
        (ModerationCase, {"id": id, "post_id": post, "created_at": AT}),
    ]


LISTS: Final[dict[str, Listed]] = {
    "/v1/courses": Listed(_course, Course),
    "/v1/tasks": Listed(_task, Task),
    "/v1/feeds": Listed(_news, FeedItem),
    "/v1/reviews": Listed(_review, ReviewCard),
    "/v1/community/posts": Listed(_post, Post),
    "/v1/community/posts/{post_id}/comments": Listed(_comment, Comment),
    "/v1/moderation/reports": Listed(_case, ModerationCase),
    "/v1/gamification/leaderboard": Listed(
        _score, LeaderboardScore, "user_id", lambda entry: str(entry["learner"]["id"])
    ),
    "/v1/users/me/blocked": Listed(_block, UserBlock, "blocked_id"),
}


def test_no_list_is_forgotten() -> None:
    paths = create_app(plain_settings()).openapi()["paths"]
    paged = {
        path
        for path, operations in paths.items()
        if any(parameter["name"] == "cursor" for parameter in operations.get("get", {}).get("parameters", ()))
    }
    assert paged == set(LISTS)


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.no_cover  # twice as quick; what a list runs is covered by the tests of its feature
@pytest.mark.anyio
@pytest.mark.parametrize("size", [1, 2, 37, 100])
@pytest.mark.parametrize("path", LISTS)
async def test_each_row_that_stays_is_seen_once(api: Api, learner: Learner, path: str, size: int) -> None:
    scene, listed = await _scene(api, learner), LISTS[path]
    ids = [uuid4() for _ in range(ROWS)]
    await _change(api, scene, listed, incoming=ids)
    seen, gone, cursor = Counter[str](), set[str](), None
    while True:
        asked = {"limit": str(size), **({"cursor": cursor} if cursor else {})}
        answer = await learner.client.get(path.format(post_id=scene.post_id), params=asked)
        assert answer.status_code == 200
        page = answer.json()
        assert len(page["items"]) <= size
        seen.update(listed.named(item) for item in page["items"])
        cursor = page["nextCursor"]
        if cursor is None:
            break
        leaving = ids[seen.total() * 7919 % ROWS]
        await _change(api, scene, listed, incoming=[uuid4()], leaving=leaving)
        gone.add(str(leaving))
    stayed = set(map(str, ids)) - gone
    assert stayed <= set(seen)
    assert set(seen.values()) == {1}
    assert len(gone) >= min(ROWS // size - 1, 5)


async def _scene(api: Api, learner: Learner) -> Scene:
    """A reader with a course and a post, who may see what a moderator sees."""
    course = await new_course(api, learner, lessons=1)
    async with api.sessions() as session:
        lesson_id = (await session.scalars(select(Lesson.id).where(Lesson.course_id == course.id))).one()
    post_id = UUID((await write(learner))["id"])
    await appoint(api, learner)
    return Scene(reader=learner.id, course_id=course.id, lesson_id=lesson_id, post_id=post_id)


async def _change(api: Api, scene: Scene, listed: Listed, *, incoming: list[UUID], leaving: UUID | None = None) -> None:
    by_table: dict[type[Base], list[dict[str, Any]]] = {}
    for id in incoming:  # noqa: A001
        for table, row in listed.make(scene, id):
            by_table.setdefault(table, []).append(row)
    async with transaction(api.sessions, api.bus) as session:
        for table in sorted(by_table, key=lambda table: (table is not User, table not in NAMED_BY_OTHERS)):
            await session.execute(insert(table), by_table[table])
        if leaving:
            await session.execute(delete(listed.table).where(getattr(listed.table, listed.column) == leaving))
