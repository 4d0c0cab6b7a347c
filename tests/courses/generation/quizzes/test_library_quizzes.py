"""Quizzes over the real library: in three languages, from beginners to the advanced."""

from collections import Counter
from collections.abc import Sequence

import pytest
from support.writers import FOOLISH, Scripted

from lyo.courses.generation import CourseRequest, Material, outline, retrieve
from lyo.courses.generation.asking import open_desk
from lyo.courses.generation.choosing import choose_sentences
from lyo.courses.generation.quizzes import Quiz, Taught, make_quiz
from lyo.courses.generation.quizzes.flaws import flaws
from lyo.courses.generation.quizzes.pool import open_pool
from lyo.courses.generation.quizzes.siblings import find_siblings
from lyo.sources.library.search import LibrarySource
from lyo.sources.protocol import Passage, Shelf, SourceUnavailable

pytestmark = pytest.mark.anyio

TOPICS = [
    CourseRequest(topic="photosynthesis"),
    CourseRequest(topic="jazz"),
    CourseRequest(topic="economics", level="intermediate"),
    CourseRequest(topic="quantum mechanics", level="advanced"),
    CourseRequest(topic="french revolution", level="advanced"),
    CourseRequest(topic="chess"),
    CourseRequest(topic="la guitare", locale="fr"),
    CourseRequest(topic="système solaire", locale="fr"),
    CourseRequest(topic="chimie", locale="fr", level="intermediate"),
    CourseRequest(topic="philosophie", locale="fr", level="advanced"),
    CourseRequest(topic="segunda guerra mundial", locale="es", level="advanced"),
    CourseRequest(topic="filosofía", locale="es", level="intermediate"),
    CourseRequest(topic="música clásica", locale="es"),
    CourseRequest(topic="volcanes", locale="es"),
]
SENTENCES = 5
CRITICAL = 7.815
"""χ² with three degrees of freedom at 0.05."""


async def quizzes(request: CourseRequest, library: LibrarySource) -> tuple[Material, list[tuple[int, Quiz]]]:
    """The quizzes of a course, each with the number of the sentences that its lesson taught."""
    model = Scripted(FOOLISH["says nothing"])
    material = await retrieve(request, Shelf(passages=(library,)))
    plan = await outline(request, material, model)
    made: list[tuple[int, Quiz]] = []
    for number, lesson in enumerate(plan.lessons):
        passages = [material.passage(passage_id) for passage_id in lesson.passage_ids]
        pool = open_pool(material, await find_siblings(passages, library))
        taught = [Taught(p, sentence) for p in passages for sentence in list(choose_sentences(p))[:SENTENCES]]
        quiz = await make_quiz(taught, lesson.objective, plan, number, pool, request, await open_desk(model))
        made.append((len(taught), quiz))
    return material, made


@pytest.mark.timeout(300)
async def test_what_learners_get(library: LibrarySource) -> None:
    places: Counter[int] = Counter()
    enough: list[bool] = []
    for request in TOPICS:
        material, made = await quizzes(request, library)
        for taught, quiz in made:
            assert len(quiz.questions) <= {"beginner": 3, "intermediate": 4, "advanced": 5}[request.level]
            for question in quiz.questions:
                assert flaws(question, material.passages, material.language) == []
                places[question.key] += 1
            if taught >= SENTENCES:
                enough.append(len(quiz.questions) >= 3)
    asked = sum(places.values())
    assert asked > 150
    assert sum((places[place] - asked / 4) ** 2 / (asked / 4) for place in range(4)) < CRITICAL
    assert sum(enough) / len(enough) >= 0.7


async def test_no_question_stands_twice_in_a_course(library: LibrarySource) -> None:
    _, made = await quizzes(CourseRequest(topic="world war ii", level="advanced"), library)
    prompts = [question.prompt for _, quiz in made for question in quiz.questions]
    assert len(set(prompts)) == len(prompts)


async def test_a_thing_has_siblings_of_its_kind(library: LibrarySource) -> None:
    passages = (await retrieve(CourseRequest(topic="jazz"), Shelf(passages=(library,)))).passages[:2]
    found = await find_siblings(passages, library)
    assert {"Blues", "Funk"} & {passage.title for passage in found}
    assert not {passage.id for passage in passages} & {passage.id for passage in found}
    assert len({passage.id for passage in found}) == len(found)


class Away:
    """A source that cannot be asked."""

    name = "away"

    async def search(self, query: str, *, language: str, limit: int) -> Sequence[Passage]:
        raise SourceUnavailable(f"{query} {language} {limit}")


async def test_without_their_source_there_are_no_siblings(library: LibrarySource) -> None:
    passages = (await retrieve(CourseRequest(topic="jazz"), Shelf(passages=(library,)))).passages[:2]
    assert await find_siblings(passages, Away()) == ()
    assert await find_siblings((), Away()) == ()
