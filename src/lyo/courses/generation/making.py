"""A whole course in one call, as the evaluation makes it: the steps of a task, with nothing written down between."""

import asyncio
import time
from collections.abc import Awaitable
from typing import TypeVar

from lyo.courses.generation.outlining import outline
from lyo.courses.generation.retrieval import retrieve
from lyo.courses.generation.values import CourseDraft, CourseRequest
from lyo.courses.generation.writing import write_lesson
from lyo.llm.protocol import LanguageModel
from lyo.sources.protocol import Shelf

Made = TypeVar("Made")


async def make_course(request: CourseRequest, shelf: Shelf, model: LanguageModel) -> CourseDraft:
    """Retrieve, outline, write lesson 1, then the others at once; raises `GenerationFailed`, `ModelUnavailable`."""
    seconds: dict[str, float] = {}

    async def timed(step: str, work: Awaitable[Made]) -> Made:
        began = time.monotonic()
        made = await work
        seconds[step] = round(time.monotonic() - began, 3)
        return made

    material = await timed("retrieve", retrieve(request, shelf))
    plan = await timed("outline", outline(request, material, model))
    first = await timed("lesson:1", write_lesson(request, plan, 0, material, shelf, model))
    rest = await asyncio.gather(
        *(
            timed(f"lesson:{number + 1}", write_lesson(request, plan, number, material, shelf, model))
            for number in range(1, len(plan.lessons))
        )
    )
    return CourseDraft(request=request, material=material, outline=plan, lessons=(first, *rest), seconds=seconds)
