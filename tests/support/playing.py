"""A worker played by hand: the real task machine, real rows, and no model."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select

from lyo.core.bus import transaction
from lyo.core.clock import now
from lyo.courses import repo
from lyo.courses.generation.values import (
    Citation,
    CourseDraft,
    CourseRequest,
    ItemDraft,
    LessonDraft,
    LessonPlan,
    Material,
    Outline,
    Question,
    Spent,
)
from lyo.courses.keeping import item_rows, report_to_keep
from lyo.courses.models import Lesson
from lyo.sources.protocol import Passage, Reading, Video
from lyo.tasks import machine
from lyo.tasks.errors import ErrorCode
from lyo.tasks.models import Task
from lyo.tasks.values import Claim, TaskState
from support.api import Api

PAGE = "https://en.wikipedia.org/wiki/Photosynthesis"
BOOK = "https://openlibrary.org/works/OL1W"
FILM = "https://www.youtube.com/watch?v=leaf"

SECRETS = {"explanation": "canary-explanation-4711", "quote": "canary-quote-4712"}
"""What a quiz has that nobody may read before it is answered."""


@asynccontextmanager
async def playing(
    api: Api, *, lessons: int = 2, pause: float = 0.02, ready: Callable[[], bool] = lambda: True, seconds: float = 6
) -> AsyncGenerator[None]:
    """Every promised task is worked on, until the end of the block: once it is `ready`, or after so many seconds."""

    async def work() -> None:
        while True:
            async with api.sessions() as session:
                waiting = (await session.scalars(select(Task).where(Task.state == TaskState.PENDING))).all()
            for task in waiting:
                if not ready() and now() < task.created_at + timedelta(seconds=seconds):
                    continue
                await make_course(api, task.id, lessons=lessons, pause=pause)
            await asyncio.sleep(pause)

    worker = asyncio.create_task(work())
    try:
        yield
    finally:
        worker.cancel()
        with suppress(asyncio.CancelledError):
            await worker


async def make_course(
    api: Api, task_id: UUID, *, lessons: int = 2, pause: float = 0.0, everything: bool = False
) -> CourseDraft:
    """Make the course of a task: an outline, lessons of a text and an article each, its report, and the end.

    With `everything` each lesson has all that a lesson can have: a reading, a video and a quiz too.
    """
    async with transaction(api.sessions, api.bus) as session:
        claimed = await machine.claim(session, task_id=task_id, owner="played")
    assert claimed is not None
    course = course_draft(lessons, everything=everything)
    await asyncio.sleep(pause)
    await _outline(api, claimed, course.outline)
    for number, draft in enumerate(course.lessons, start=1):
        await asyncio.sleep(pause)
        await _lesson(api, claimed, number, lessons, draft)
    async with transaction(api.sessions, api.bus) as session:
        await machine.finish(session, claimed, message="Your course is ready.")
        await repo.complete_course(session, course_id=claimed.course_id, at=now(), report=report_to_keep(course))
    return course


async def fail_course(api: Api, task_id: UUID, *, code: ErrorCode, message: str) -> None:
    """End a task as ERROR."""
    async with transaction(api.sessions, api.bus) as session:
        claimed = await machine.claim(session, task_id=task_id, owner="played")
        assert claimed is not None
        await machine.fail(session, claimed, code=code, message=message)


def course_draft(lessons: int = 2, *, everything: bool = False) -> CourseDraft:
    """A course as the engine hands it over."""
    video = Video(
        id="leaf",
        title="A leaf at work",
        url=FILM,
        channel="Leaves",
        duration_seconds=305,
        language="en",
        licence="YouTube",
        retrieved_at=now(),
    )
    reading = Reading(
        id="OL1W",
        title="The book of leaves",
        url=BOOK,
        authors=("A. Leaf",),
        kind="book",
        language="en",
        licence="CC0",
        retrieved_at=now(),
        source="openlibrary",
        year=1999,
    )
    passages = tuple(
        Passage(
            id=f"leaf-{number}",
            title="Photosynthesis",
            text=f"Plants turn light into sugar. {SECRETS['quote']} is what leaf {number} says.",
            url=PAGE,
            licence="CC BY-SA 4.0",
            language="en",
            retrieved_at=now(),
        )
        for number in range(1, lessons + 1)
    )
    return CourseDraft(
        request=CourseRequest(topic="photosynthesis"),
        material=Material(language="en", passages=passages, videos=(video,), readings=(reading,)),
        outline=Outline(
            title="Photosynthesis",
            description="How plants live on light.",
            language="en",
            lessons=tuple(
                LessonPlan(title=f"Leaf {number}", objective="Explain it.", passage_ids=(f"leaf-{number}",))
                for number in range(1, lessons + 1)
            ),
            spent=Spent(calls=1, prompt_tokens=10, completion_tokens=5, seconds=0.5),
        ),
        lessons=tuple(lesson_draft(number, everything=everything) for number in range(1, lessons + 1)),
        seconds={"retrieve": 0.1, "outline": 0.5, **{f"lesson:{n}": 1.0 for n in range(1, lessons + 1)}},
    )


def lesson_draft(number: int, *, everything: bool = False) -> LessonDraft:
    """A lesson as the engine hands it over."""
    text = ItemDraft(
        type="text",
        title=f"Leaf {number}",
        content="Plants turn **light** into sugar [1].",
        source="generated",
        source_url=None,
        generated_by="model",
        citations=(citation(),),
        verbatim_share=0.5,
    )
    article = ItemDraft(
        type="article",
        title="Photosynthesis",
        content=None,
        source="wikipedia",
        source_url=PAGE,
        generated_by="catalogue",
        citations=(),
    )
    more = (_reading(), _video(), _quiz(number)) if everything else ()
    return LessonDraft(
        items=(text, article, *more),
        spent=Spent(calls=2, prompt_tokens=100, completion_tokens=50, seconds=2.0),
        refusals={"grounding": 1},
        left_out={"video": 1} if everything else {},
    )


def citation(n: int = 1, quote: str = "Plants turn light into sugar.") -> Citation:
    """A citation of the passages."""
    return Citation(
        n=n, title="Photosynthesis", url=PAGE, licence="CC BY-SA 4.0", language="en", quote=quote, retrieved_at=now()
    )


def _reading() -> ItemDraft:
    return ItemDraft(
        type="article",
        title="The book of leaves",
        content="A book, if you want to know all of it.",
        source="openlibrary",
        source_url=BOOK,
        generated_by="catalogue",
        citations=(),
    )


def _video() -> ItemDraft:
    return ItemDraft(
        type="video",
        title="A leaf at work",
        content="See it happen.",
        source="youtube",
        source_url=FILM,
        generated_by="catalogue",
        citations=(),
        duration_seconds=305,
    )


def _quiz(number: int) -> ItemDraft:
    questions = tuple(
        Question(
            prompt=f"What does leaf {number} turn into sugar ({place})?",
            options=("Sand", "Light", "Iron", "Noise"),
            key=1,
            explanation=SECRETS["explanation"],
            quote=SECRETS["quote"],
            n=1,
            generated_by="model",
        )
        for place in range(3)
    )
    return ItemDraft(
        type="quiz",
        title="Test yourself",
        content=None,
        source="generated",
        source_url=None,
        generated_by="model",
        citations=(citation(quote=SECRETS["quote"]),),
        questions=questions,
    )


async def _outline(api: Api, claimed: Claim, plan: Outline) -> None:
    async with transaction(api.sessions, api.bus) as session:
        await machine.advance(
            session,
            claimed,
            step="outline",
            output={"made": plan.model_dump(mode="json"), "seconds": 0.5},
            progress_pct=15,
            message=f"Planned {len(plan.lessons)} lessons.",
        )
        await repo.set_outline(
            session,
            course_id=claimed.course_id,
            title=plan.title,
            description=plan.description,
            language=plan.language,
        )
        session.add_all(
            Lesson(course_id=claimed.course_id, order_index=number, title=lesson.title, objective=lesson.objective)
            for number, lesson in enumerate(plan.lessons, start=1)
        )


async def _lesson(api: Api, claimed: Claim, number: int, lessons: int, draft: LessonDraft) -> None:
    async with transaction(api.sessions, api.bus) as session:
        await machine.advance(
            session,
            claimed,
            step=f"lesson:{number}",
            output={"made": draft.model_dump(mode="json"), "seconds": 1.0},
            progress_pct=15 + 80 * number // lessons,
            message=f"Lesson {number} of {lessons} is ready.",
        )
        lesson = await repo.lesson_at(session, course_id=claimed.course_id, order_index=number)
        lesson.status = "ready"
        session.add_all(item_rows(lesson, draft))
