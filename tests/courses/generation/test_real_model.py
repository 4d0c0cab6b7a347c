"""A course by the default model itself."""

import asyncio

import pytest
from support.courses import check_course

from lyo.courses.generation import CourseRequest, outline, retrieve, write_lesson
from lyo.llm.client import ServedModel
from lyo.sources.library.search import LibrarySource

pytestmark = pytest.mark.anyio


async def test_the_real_model_writes_part_of_a_right_course(library: LibrarySource, real_model_url: str) -> None:
    request = CourseRequest(topic="photosynthesis")
    async with ServedModel(real_model_url) as model:
        material = await retrieve(request, library)
        plan = await outline(request, material, model)
        lessons = await asyncio.gather(*(write_lesson(plan, at, material, model) for at in range(len(plan.lessons))))
    check_course(material, plan, lessons)
    by_model = [lesson.items[0] for lesson in lessons if lesson.items[0].generated_by == "model"]
    assert by_model, [lesson.refusals for lesson in lessons]
    assert all(item.verbatim_share is not None and item.verbatim_share < 1 for item in by_model)
