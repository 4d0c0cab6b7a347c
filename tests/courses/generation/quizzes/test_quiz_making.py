"""Quizzes from material made by hand, with models of every kind."""

import json
from collections.abc import Callable

import pytest
from support.library import passage
from support.writers import FOOLISH, UNAVAILABLE, Scripted

from lyo.courses.generation import CourseRequest, LessonPlan, Material, Outline
from lyo.courses.generation.asking import open_desk
from lyo.courses.generation.quizzes import Quiz, Taught, make_quiz
from lyo.courses.generation.quizzes.distractors import people
from lyo.courses.generation.quizzes.flaws import flaws
from lyo.courses.generation.quizzes.lines import lines_of
from lyo.courses.generation.quizzes.naming import ask_for_name
from lyo.courses.generation.quizzes.pool import open_pool
from lyo.courses.generation.words import sentences
from lyo.llm.protocol import ModelUnavailable, Prompt
from lyo.sources.protocol import Passage

pytestmark = pytest.mark.anyio

ORGAN = "Bodily organ of many animals"


def organ(name: str, said: str) -> Passage:
    return passage(name, f"The {name.casefold()} is a {said}.", description=ORGAN)


HEART = passage(
    "Heart",
    "The heart is a muscular organ that pumps blood through the vessels of the body. "
    "In 1967, Christiaan Barnard carried out the first transplant between two humans. "
    "The wall of the heart has three layers, and its rhythm comes from a node of nervous tissue.",
    description=ORGAN,
)
SIBLINGS = (
    organ("Liver", "large gland which makes bile and stores sugar for later use"),
    organ("Kidney", "bean-shaped filter that cleans waste out of the water we drink"),
    organ("Stomach", "hollow bag in which food meets acid and is broken down"),
    organ("Lung", "spongy pair of sacs that takes in oxygen from the air"),
    organ("Spleen", "soft store of cells that fights infections and old germs"),
)
GARDEN = (
    passage("Kale", "Kale stands in snow all winter and still offers deer the leaves of its tall stalks."),
    passage("Larch", "A larch turns golden every autumn, when frost has reached the needles of its crown."),
    passage("Rowan", "Thrushes visit rowan trees in October and swallow the flowers of each cluster whole."),
    passage("Birch", "Wind carries pollen far away from birches, which spread the roots of their kind early."),
    passage("Fern", "Ferns like damp ground, where slugs and snails nibble the stems of the youngest."),
    passage("Spruce", "Foresters plant spruce in rows and later cut the branches of every second trunk."),
)
MATERIAL = Material(language="en", passages=(HEART,))
POOL = open_pool(MATERIAL, SIBLINGS)
OUTLINE = Outline(
    title="The body",
    description="",
    language="en",
    lessons=(LessonPlan(title="Heart", objective="Describe the heart.", passage_ids=(HEART.id,)),),
)
TAUGHT = [Taught(HEART, sentence) for sentence in sentences(HEART.text)]


async def quiz_by(model: Scripted, *, material: Material = MATERIAL, level: str = "beginner") -> Quiz:
    request = CourseRequest.model_validate({"topic": "body", "level": level})
    taught = [Taught(p, sentence) for p in material.passages for sentence in sentences(p.text)]
    pool = open_pool(material, SIBLINGS)
    return await make_quiz(taught, "Describe the heart.", OUTLINE, 0, pool, request, await open_desk(model))


def check(quiz: Quiz, material: Material = MATERIAL) -> None:
    passages = {passage.url: passage for passage in material.passages}
    numbered = {citation.n: citation for citation in quiz.citations}
    assert sorted(numbered) == list(range(1, len(numbered) + 1))
    assert {question.n for question in quiz.questions} == set(numbered)
    for question in quiz.questions:
        assert flaws(question, material.passages, material.language) == []
        assert question.quote in passages[numbered[question.n].url].text
        assert len(question.options) == 4
    assert all(citation.quote in passages[citation.url].text for citation in quiz.citations)
    assert len({question.prompt for question in quiz.questions}) == len(quiz.questions)


async def test_the_sources_carry_a_quiz_alone() -> None:
    quiz = await quiz_by(Scripted(FOOLISH["says nothing"]))
    check(quiz)
    assert len(quiz.questions) == 3
    assert {question.generated_by for question in quiz.questions} == {"extractive"}
    what = next(question for question in quiz.questions if question.prompt == "What is the heart?")
    assert what.options[what.key] == "A muscular organ that pumps blood through the vessels of the body"
    others = {option[0].lower() + option[1:] for place, option in enumerate(what.options) if place != what.key}
    assert all(any(other in sibling.text for sibling in SIBLINGS) for other in others)
    assert what.explanation == f"The article “Heart” says: “{TAUGHT[0].quote}”"
    year = next(question for question in quiz.questions if "1967" in question.options)
    assert list(year.options) == sorted(year.options)
    assert year.prompt.startswith("In which year did this happen: “Christiaan Barnard carried out")


async def test_gaps_are_read_for_where_there_is_little_else_to_ask() -> None:
    pool = open_pool(MATERIAL, SIBLINGS)
    desk, request = await open_desk(Scripted(FOOLISH["says nothing"])), CourseRequest(topic="body")
    full = await make_quiz(TAUGHT, "Describe the heart.", OUTLINE, 0, pool, request, desk)
    assert len(full.questions) == 3
    assert "known" not in vars(pool)
    await make_quiz(TAUGHT[-1:], "Describe the heart.", OUTLINE, 0, pool, request, desk)
    assert "known" in vars(pool)


async def test_a_model_has_its_say_in_gaps_but_not_where_a_learner_waits() -> None:
    taught = [Taught(passage, line) for passage in GARDEN for line in sentences(passage.text)]
    pool = open_pool(Material(language="en", passages=GARDEN))
    request = CourseRequest(topic="garden")

    async def asked(number: int) -> list[Prompt]:
        model = Scripted(FOOLISH["says nothing"])
        await make_quiz(taught, "Describe it.", OUTLINE, number, pool, request, await open_desk(model))
        return model.asked

    assert not await asked(0)
    assert {prompt.begun for prompt in await asked(1)} >= {"Kale stands in snow all winter and still offers deer the"}


def test_people_stand_in_for_somebody_of_their_sort() -> None:
    sorts = {
        "Adele Aarons": "English pop singer",
        "Carl Cook": "French chef of the twentieth century",
        "Niels Bohr": "Danish theoretical physicist",
        "Werner Heisenberg": "German theoretical physicist",
    }
    persons = [
        passage(name, f"{name} (born 5 May 1901) was a {sort}.", description=sort) for name, sort in sorts.items()
    ]
    pool = open_pool(Material(language="en", passages=(HEART,)), persons)
    nearest = people("theoretical physicist Erwin Schrödinger", "It was found by Erwin Schrödinger.", pool)
    assert set(nearest[:2]) == {"Niels Bohr", "Werner Heisenberg"}
    assert len(nearest) == 4


def test_a_thing_is_asked_for_among_its_like() -> None:
    draft = ask_for_name(lines_of(TAUGHT[:1])[0], POOL)
    assert draft is not None
    assert draft.prompt == "Which of these is a muscular organ that pumps blood through the vessels of the body?"
    assert draft.key == "Heart"
    assert set(draft.wrong) == {"Liver", "Kidney", "Stomach", "Lung", "Spleen"}


async def test_the_same_lesson_has_the_same_quiz() -> None:
    assert await quiz_by(Scripted(FOOLISH["says nothing"])) == await quiz_by(Scripted(FOOLISH["says nothing"]))


async def test_a_base_model_is_not_asked() -> None:
    model = Scripted(FOOLISH["repeats the source"])
    await quiz_by(model)
    assert not model.asked


@pytest.mark.parametrize("folly", FOOLISH)
async def test_a_foolish_chat_model_changes_nothing(folly: str) -> None:
    model = Scripted(FOOLISH[folly], speaks_chat=True)
    quiz = await quiz_by(model)
    check(quiz)
    assert quiz.questions == (await quiz_by(Scripted(FOOLISH["says nothing"]))).questions
    assert model.asked
    assert quiz.refusals


def composed(**changes: object) -> Callable[[Prompt], str]:
    made = {
        "question": "Which muscular organ pumps blood through the vessels of the body?",
        "answer": "heart",
        "wrong": ["brain", "tooth", "tongue"],
    }
    return lambda prompt: json.dumps({**made, **changes}) if "pumps" in prompt.request else ""


async def test_a_good_question_of_a_chat_model_is_taken() -> None:
    model = Scripted(composed(), speaks_chat=True)
    quiz = await quiz_by(model)
    check(quiz)
    (made,) = [question for question in quiz.questions if question.generated_by == "model"]
    assert made.prompt == "Which muscular organ pumps blood through the vessels of the body?"
    assert made.options[made.key] == "heart"
    assert all(prompt.json_schema is not None for prompt in model.asked)


@pytest.mark.parametrize(
    "changes",
    [
        {"answer": "soul"},
        {"answer": 7},
        {"wrong": ["brain", "brain", "Brain"]},
        {"wrong": ["vessels", "blood", "body"]},
        {"wrong": ["brain", "tooth", "all of the above"]},
        {"wrong": "brain"},
        {"question": "Which organ was celebrated by Shakespeare in sonnets about winter?"},
        {"question": "Which organ does not pump blood through the vessels of the body?"},
        {"question": "The heart pumps blood through the vessels of the body?"},
        {"question": "Which heart pumps blood through the vessels of the body?"},
        {"question": "Which muscular organ pumps <b>blood</b> through the vessels of the body?"},
    ],
    ids=str,
)
async def test_a_bad_question_of_a_chat_model_is_not(changes: dict[str, object]) -> None:
    quiz = await quiz_by(Scripted(composed(**changes), speaks_chat=True))
    check(quiz)
    assert {question.generated_by for question in quiz.questions} == {"extractive"}


async def test_a_model_that_is_away_is_the_caller_s_to_wait_for() -> None:
    with pytest.raises(ModelUnavailable):
        await quiz_by(Scripted(UNAVAILABLE, speaks_chat=True))


async def test_sources_that_carry_no_question_make_no_quiz() -> None:
    bare = Material(language="en", passages=(passage("Chess", "Chess is fun for all the people who love it."),))
    quiz = await quiz_by(Scripted(FOOLISH["says nothing"]), material=bare)
    assert quiz.questions == ()
    assert quiz.citations == ()


async def test_a_quiz_asks_only_what_was_taught() -> None:
    request = CourseRequest(topic="body")
    desk = await open_desk(Scripted(FOOLISH["says nothing"]))
    quiz = await make_quiz(TAUGHT[1:2], "Describe the heart.", OUTLINE, 0, POOL, request, desk)
    assert {question.quote for question in quiz.questions} == {TAUGHT[1].quote}
