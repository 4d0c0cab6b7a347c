"""The naive prompt, and how its answer is read."""

import json
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.hand_made import AT, perfect_course
from support.writers import Scripted

from lyo.courses.generation.metrics import BY_NAME
from lyo.courses.generation.values import CourseRequest, Spent
from lyo.evaluation.drafting import costed, credited, draft_of
from lyo.evaluation.judging import figure
from lyo.evaluation.mending import mended
from lyo.evaluation.naive import SCHEMA, ask_naively, naive_prompt, room
from lyo.llm.protocol import ModelInfo, Prompt

WHOLE = {
    "title": "Tea",
    "lessons": [
        {
            "title": "Leaves",
            "objective": "Know them.",
            "text": "Photosynthesis is a process by which green plants turn light into energy. It has 99 steps.",
            "sources": [{"title": "Photosynthesis", "url": "https://x.example/", "why": "Read.", "quote": "It is."}],
            "quiz": [{"question": "Which?", "options": ["a", "b", "c", "d"], "answer": 2, "explanation": "So."}],
        }
    ],
}
LEAVES = st.none() | st.booleans() | st.integers() | st.text(max_size=20)
JSON = st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=12)
FIELDS = st.sampled_from(
    ["lessons", "text", "title", "sources", "quiz", "options", "answer", "url", "quote", "question"]
)
ANSWERS = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(FIELDS, inner), max_leaves=25
)
"""What a model may make of the form that it was asked for."""
REQUEST = CourseRequest(topic="photosynthesis")


@pytest.mark.anyio
@pytest.mark.parametrize("speaks_chat", [False, True])
@pytest.mark.parametrize("locale", ["en", "fr-CA", "es", "de"])
async def test_the_prompt_is_in_the_learners_language_and_fits_its_window(speaks_chat: bool, locale: str) -> None:
    request = CourseRequest(topic="thé", interests=("Paris",), locale=locale)
    for window in (2048, 4096, 131072):
        info = ModelInfo(id="m", sha256=None, speaks_chat=speaks_chat, context_tokens=window, slots=1)
        prompt = naive_prompt(request, info)
        assert prompt.json_schema == SCHEMA
        assert bool(prompt.examples) is not speaks_chat
        assert "Paris" in prompt.request
        assert prompt.request_label == {"fr-CA": "Sujet", "es": "Tema"}.get(locale, "Topic")
        assert 256 <= room(prompt, info) <= min(6000, window)
        for example in prompt.examples:
            jsonschema.validate(json.loads(example.answer)["lessons"][0], SCHEMA["properties"]["lessons"]["items"])  # type: ignore[index]  # JSON of ours


@pytest.mark.anyio
async def test_it_is_asked_again_while_it_has_less_than_a_course_and_the_budget_lasts() -> None:
    answers = iter(["", '{"lessons": 1}', "last"])
    model = Scripted(lambda _: next(answers))
    answer = await ask_naively(REQUEST, model, budget=1000, whole=len)
    assert len(model.asked) == 2
    assert answer.text == '{"lessons": 1}'
    assert answer.spent == Spent(calls=2, prompt_tokens=20, completion_tokens=10, seconds=0.02)
    once = Scripted(lambda _: "")
    await ask_naively(REQUEST, once, budget=0, whole=lambda _: 0)
    assert len(once.asked) == 1
    thrice = Scripted(lambda _: "")
    await ask_naively(REQUEST, thrice, budget=1000, whole=lambda _: 0)
    assert len(thrice.asked) == 3


@given(st.lists(JSON, max_size=5) | st.dictionaries(st.text(), JSON, max_size=5))
def test_what_is_json_already_is_read_as_it_stands(value: Any) -> None:
    assert mended(f"Here it is: {json.dumps(value)} and so on") == value


@given(st.integers(1, len(json.dumps(WHOLE))))
def test_what_is_broken_off_anywhere_is_mended(length: int) -> None:
    found = mended(json.dumps(WHOLE)[:length])
    assert isinstance(found, dict)


@given(st.text(alphabet='{}[]",:\\ntrue1ab ', max_size=80))
def test_mending_ends_in_a_value_or_a_value_error(text: str) -> None:
    try:
        json.dumps(mended(text))
    except ValueError:
        return


def test_a_repeated_opening_is_no_trap() -> None:
    assert mended("[" * 100_000 + '"') == []
    with pytest.raises(ValueError, match="no JSON"):
        mended("Photosynthesis is a process.")


def test_an_answer_becomes_a_course_that_the_metrics_can_judge() -> None:
    material = perfect_course().material
    course = costed(draft_of(WHOLE, REQUEST, material, AT), Spent(calls=1, completion_tokens=50), 10.0)
    (lesson,) = course.lessons
    text, article, quiz = lesson.items
    assert (text.type, article.type, quiz.type) == ("text", "article", "quiz")
    assert article.source_url == material.passages[0].url, "its title is that of an article that was found"
    assert quiz.questions[0].key == 2
    assert BY_NAME["first_lesson_share"].of(course) == 1.0
    assert BY_NAME["tokens_per_second"].of(course) == 5.0
    assert figure(BY_NAME["sentences_grounded"], [course], naive=False).value == 0.0
    assert figure(BY_NAME["sentences_grounded"], [course], naive=True).value == 0.5, (
        "the second has a number of its own"
    )


@pytest.mark.parametrize(
    ("question", "key"),
    [
        ({"question": "Q?", "options": ["a", "b", "c", "d"], "answer": "B"}, 1),
        ({"question": "Q?", "options": ["a", "b", "c", "d"], "answer": "D) d"}, 3),
        ({"question": "Q?", "options": ["a", "b", "c", "d"], "correct": "c"}, 2),
        ({"prompt": "Q?", "options": {"A": "a", "B": "b", "C": "c", "D": "d"}, "key": 0}, 0),
        ({"question": "Q?", "options": ["a", "b", "c"], "answer": 0}, None),
        ({"question": "Q?", "options": ["a", "b", "c", "d"], "answer": 4}, None),
        ({"question": "Q?", "options": ["a", "b", "c", "d"], "answer": True}, None),
        ({"question": "Q?", "options": ["a", "b", "c", "d"], "answer": "Because"}, None),
        ({"options": ["a", "b", "c", "d"], "answer": 1}, None),
        ("What?", None),
    ],
)
def test_a_question_is_read_however_it_names_its_key(question: Any, key: int | None) -> None:
    answer = {"lessons": [{"text": "Tea is tea.", "quiz": [question]}]}
    lesson = draft_of(answer, REQUEST, perfect_course().material, AT).lessons[0]
    keys = [question.key for item in lesson.items for question in item.questions]
    assert keys == ([] if key is None else [key])
    assert lesson.left_out == ({"question": 1} if key is None else {})


@given(ANSWERS)
def test_any_answer_is_a_course_or_a_value_error(answer: Any) -> None:
    try:
        course = draft_of(answer, REQUEST, perfect_course().material, AT)
    except ValueError:
        return
    assert credited(course).lessons
    assert all(figure(metric, [course], naive=True) for metric in BY_NAME.values() if metric.judge)


def test_a_prompt_for_a_chat_model_is_told_and_not_shown() -> None:
    info = ModelInfo(id="m", sha256=None, speaks_chat=True, context_tokens=8192, slots=1)
    prompt: Prompt = naive_prompt(REQUEST, info)
    assert "photosynthesis" in prompt.request
    assert prompt.examples == ()
