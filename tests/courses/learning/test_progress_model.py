"""Progress against a plain oracle: messages in any order, twice, late, from clocks that are wrong."""

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, ClassVar, Final
from uuid import UUID, uuid4

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy.ext.asyncio import AsyncSession
from support.playing import lesson_draft
from support.stateful import Ground, ground, take_steps

from lyo.core.clock import LATEST
from lyo.core.pagination import PageRequest
from lyo.core.settings import Settings
from lyo.courses.keeping import item_rows
from lyo.courses.learning.attempts import attempt
from lyo.courses.learning.progress import record_progress
from lyo.courses.learning.values import Choice, Report
from lyo.courses.models import Course, Lesson
from lyo.courses.service import get_course, list_courses
from lyo.courses.values import CourseSummary, CourseView
from lyo.gamification.models import UserProfile
from lyo.gamification.repo import profile

pytestmark = [pytest.mark.slow, pytest.mark.no_cover, pytest.mark.timeout(900)]

STEPS: Final = 2000


class Plain:
    """What is known of one item."""

    def __init__(self, quiz: list[UUID]) -> None:
        self.questions = quiz
        self.answered: set[UUID] = set()
        self.opened = self.done = False
        self.position = 0


class Learning(RuleBasedStateMachine):
    """One learner with one course, which grows and becomes whole while it is learned."""

    ground: ClassVar[Ground]

    def __init__(self) -> None:
        super().__init__()
        self.on = self.ground
        self.clock = datetime(2026, 3, 1, tzinfo=UTC)
        self.items: dict[UUID, Plain] = {}
        self.order: list[UUID] = []
        self.place: tuple[UUID, datetime] | None = None
        self.whole = self.learned = False

    @initialize()
    def begin(self) -> None:
        self.user_id = self.on.new_user()
        self.course_id, self.lessons = uuid4(), 0

        async def make(session: Any) -> None:
            names: dict[str, Any] = {
                "topic": "leaves",
                "interests": [],
                "level": "beginner",
                "locale": "en",
                "title": "Leaves",
            }
            session.add(Course(id=self.course_id, user_id=self.user_id, **names))

        self.on.do(make)
        self.one_more_lesson()

    @rule()
    def one_more_lesson(self) -> None:
        if self.whole or self.lessons == 3:
            return
        self.on.steps["one more lesson"] += 1
        self.lessons += 1

        async def make(session: Any) -> list[Any]:
            lesson = Lesson(
                course_id=self.course_id, order_index=self.lessons, title="L", objective="O", status="ready"
            )
            session.add(lesson)
            await session.flush()
            draft = lesson_draft(self.lessons, everything=True)
            few = tuple(item for item in draft.items if item.type in {"text", "quiz"})
            rows = item_rows(lesson, draft.model_copy(update={"items": few}))
            session.add_all(rows)
            await session.flush()
            return rows

        for row in self.on.do(make):
            self.order.append(row.id)
            self.items[row.id] = Plain([UUID(question["id"]) for question in row.questions or ()])

    @rule()
    def become_whole(self) -> None:
        self.on.steps["become whole"] += 1
        self.whole = True

        async def make(session: Any) -> None:
            course = await session.get(Course, self.course_id)
            course.status = "completed"

        self.on.do(make)

    @rule(minutes=st.integers(1, 3 * 24 * 60))
    def wait(self, minutes: int) -> None:
        self.on.steps["wait"] += 1
        self.clock += timedelta(minutes=minutes)

    @rule(
        place=st.integers(0, 20),
        completed=st.booleans(),
        position=st.integers(0, 100),
        minutes_off=st.none() | st.integers(-9 * 24 * 60, 24 * 60),
    )
    def tell(self, place: int, completed: bool, position: int, minutes_off: int | None) -> None:
        self.on.steps["tell"] += 1
        item_id = self.order[place % len(self.order)]
        occurred_at = None if minutes_off is None else self.clock + timedelta(minutes=minutes_off)
        said = Report(item_id=item_id, completed=completed, position=position, occurred_at=occurred_at)
        work = partial(record_progress, report=said, owner_id=self.user_id, course_id=self.course_id, moment=self.clock)
        answer = self.on.do(work)
        self._take_in(item_id, completed=completed, position=position, occurred_at=occurred_at)
        assert answer.completed_items == sum(item.done for item in self.items.values())
        assert answer.total_items == len(self.items)
        assert (answer.progress_pct == 100) == self.learned

    @rule(place=st.integers(0, 2), options=st.lists(st.integers(0, 3), min_size=1, max_size=3))
    def try_quiz(self, place: int, options: list[int]) -> None:
        self.on.steps["try quiz"] += 1
        quizzes = [item_id for item_id in self.order if self.items[item_id].questions]
        item_id = quizzes[place % len(quizzes)]
        item = self.items[item_id]
        choices = [Choice(*pair) for pair in zip(item.questions, options, strict=False)]
        tried = partial(attempt, choices=choices, owner_id=self.user_id, course_id=self.course_id, item_id=item_id)
        self.on.do(partial(tried, occurred_at=None, moment=self.clock))
        item.answered |= {choice.question_id for choice in choices}
        self._take_in(item_id, completed=item.answered == set(item.questions), position=0, occurred_at=None)

    def _take_in(self, item_id: UUID, *, completed: bool, position: int, occurred_at: datetime | None) -> None:
        item, at = self.items[item_id], self.clock
        is_news = not item.opened or position > item.position or (completed and not item.done)
        if occurred_at is not None and occurred_at < self.clock:
            at = max(occurred_at, self.clock - LATEST)
        if is_news and (self.place is None or at >= self.place[1]):
            self.place = (item_id, at)
        item.opened = True
        item.position = max(item.position, position)
        item.done = item.done or completed
        if self.whole and all(other.done for other in self.items.values()):
            self.learned = True

    def _expected_place(self) -> UUID | None:
        if self.place is None:
            return None
        begin = self.order.index(self.place[0])
        for item_id in self.order[begin:] + self.order[:begin]:
            if not self.items[item_id].done:
                return item_id
        return None

    async def _look(self, session: AsyncSession) -> tuple[CourseView, CourseSummary, UserProfile | None]:
        course = await get_course(session, owner_id=self.user_id, course_id=self.course_id)
        listed = await list_courses(session, owner_id=self.user_id, page=PageRequest(limit=1, after=None))
        return course, listed.items[0], await profile(session, owner_id=self.user_id)

    @invariant()
    def nothing_differs(self) -> None:
        if not self.order:
            return
        course, listed, totals = self.on.do(self._look)
        for item in course.items:
            known = self.items[item.id]
            assert (item.learning is not None) == known.opened
            if item.learning is not None:
                assert (item.learning.position, item.learning.completed) == (known.position, known.done)
        at = course.summary.learning.continue_at
        assert (at.item_id if at else None) == self._expected_place()
        assert listed == course.summary
        assert (totals.courses_completed if totals else 0) == int(self.learned)
        assert (totals.items_completed if totals else 0) == sum(item.done for item in self.items.values())


def test_progress_is_that_of_a_plain_oracle(settings: Settings) -> None:
    with ground(settings) as on:

        class Here(Learning):
            ground = on

        take_steps(on, Here, at_least=STEPS)
        assert on.steps.total() >= STEPS
        assert min(on.steps.values()) > 20, on.steps
