"""A course by the default model itself."""

import asyncio

import pytest
from support.courses import check_course

from lyo.courses.generation import CourseRequest, outline, retrieve, write_lesson
from lyo.llm.client import ServedModel
from lyo.sources.library.search import LibrarySource
from lyo.sources.protocol import Shelf

pytestmark = pytest.mark.anyio


async def test_a_course_by_the_real_model_is_right(library: LibrarySource, real_model_url: str) -> None:
    request = CourseRequest(topic="photosynthesis")
    async with ServedModel(real_model_url) as model:
        material = await retrieve(request, Shelf(passages=(library,)))
        plan = await outline(request, material, model)
        lessons = await asyncio.gather(*(write_lesson(plan, at, material, model) for at in range(len(plan.lessons))))
    check_course(material, plan, lessons)
    # How many of the texts are the model's is for `lyo eval` to say: here they must be right, and it must have tried.
    spent = sum((lesson.spent for lesson in lessons), plan.spent)
    assert spent.completion_tokens > 100
    texts = [lesson.items[0] for lesson in lessons]
    assert all((text.verbatim_share or 0) <= 2 / 3 + 0.001 for text in texts if text.generated_by == "model")
