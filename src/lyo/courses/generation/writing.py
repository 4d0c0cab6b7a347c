"""Writing a lesson: its text, the articles behind it, what else there is to read or watch, and its quiz."""

import asyncio
from collections import Counter
from collections.abc import Sequence

from lyo.courses.generation.asking import Desk, open_desk
from lyo.courses.generation.catalogue import articles, readings, videos
from lyo.courses.generation.choosing import choose_sentences
from lyo.courses.generation.languages import language_data
from lyo.courses.generation.quizzes.making import make_quiz
from lyo.courses.generation.quizzes.pool import Pool, open_pool
from lyo.courses.generation.quizzes.siblings import find_siblings
from lyo.courses.generation.quizzes.values import Quiz, Taught
from lyo.courses.generation.said import Part
from lyo.courses.generation.texts import phrase, quote, text_item
from lyo.courses.generation.values import CourseRequest, ItemDraft, LessonDraft, LessonPlan, Material, Outline
from lyo.llm.protocol import LanguageModel
from lyo.sources.protocol import Passage, Shelf


async def write_lesson(
    request: CourseRequest, outline: Outline, number: int, material: Material, shelf: Shelf, model: LanguageModel
) -> LessonDraft:
    """Lesson `number` (from 0) of `outline`: a text with citations, what it is from, what else there is, a quiz.

    Raises `ModelUnavailable`. Whatever else the model does, everything in the lesson has passed its gates.
    """
    lesson = outline.lessons[number]
    passages = [material.passage(passage_id) for passage_id in lesson.passage_ids]
    desk = await open_desk(model)
    refusals: Counter[str] = Counter()
    left_out: Counter[str] = Counter()
    parts, pool = await _phrased(passages, material, shelf, desk, refusals, quickly=number == 0)
    text = text_item(lesson, parts, outline.language)
    taught = [Taught(line.passage, line.quote) for part in parts for line in part]
    quiz = await make_quiz(
        taught,
        lesson.objective,
        outline,
        number,
        pool,
        request,
        desk,
        said=text.content or "" if text else "",
        reserves=_reserves(taught, passages, outline, number, material),
    )
    refusals.update(quiz.refusals)
    items = [*articles(passages), *videos(outline, number, material), *readings(outline, number, material)]
    if text is None:
        left_out["text"] += 1
    if not quiz.questions:
        left_out["quiz"] += 1
    return LessonDraft(
        items=(
            *([text] if text else []),
            *items,
            *([_quiz_item(lesson, quiz, outline.language)] if quiz.questions else []),
        ),
        spent=desk.spent,
        refusals=dict(refusals),
        left_out=dict(left_out),
    )


async def _phrased(
    passages: Sequence[Passage],
    material: Material,
    shelf: Shelf,
    desk: Desk,
    refusals: Counter[str],
    *,
    quickly: bool,
) -> tuple[list[Part], Pool]:
    """What the lesson says, and, got ready meanwhile, what its quiz draws from."""
    opening = asyncio.create_task(_pool(passages, material, shelf))
    try:
        parts = await phrase(passages, desk, refusals, quickly=quickly)
        return parts, await opening
    finally:
        opening.cancel()


async def _pool(passages: Sequence[Passage], material: Material, shelf: Shelf) -> Pool:
    return await asyncio.to_thread(open_pool, material, await find_siblings(passages, shelf.passages[0]))


def _reserves(
    taught: Sequence[Taught], passages: Sequence[Passage], outline: Outline, number: int, material: Material
) -> list[list[Taught]]:
    """What else a short lesson may ask: the rest of the articles that it gives to read, then earlier lessons again.

    The first has none before it: it asks ahead, which helps learning too, before it asks nothing.
    """
    quotes = {line.quote for line in taught}
    rest = [Taught(one, line) for one in passages for line in choose_sentences(one) if line not in quotes]
    others = [
        Taught(line.passage, line.quote)
        for lesson in [*reversed(outline.lessons[:number]), *outline.lessons[number + 1 :]]
        for part in quote([material.passage(passage_id) for passage_id in lesson.passage_ids])
        for line in reversed(part)
    ]
    return [rest, others]


def _quiz_item(lesson: LessonPlan, quiz: Quiz, language: str) -> ItemDraft:
    by_model = any(question.generated_by == "model" for question in quiz.questions)
    phrases = language_data(language).phrases
    return ItemDraft(
        type="quiz",
        title=phrases["quiz_title"].format(title=lesson.title),
        content=None,
        source="generated",
        source_url=None,
        generated_by="model" if by_model else "extractive",
        citations=quiz.citations,
        questions=quiz.questions,
    )
