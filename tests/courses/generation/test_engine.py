"""The engine over the real library, with models that are anything but helpful."""

import json
import re
from collections.abc import Callable

import pytest
from support.courses import check_course
from support.grammars import allowed
from support.writers import FOOLISH, UNAVAILABLE, Scripted

from lyo.courses.generation import (
    CourseRequest,
    GenerationFailed,
    LessonDraft,
    Material,
    Outline,
    outline,
    retrieve,
    write_lesson,
)
from lyo.llm.protocol import ModelUnavailable, Prompt
from lyo.sources.library.search import LibrarySource
from lyo.sources.protocol import Shelf

pytestmark = pytest.mark.anyio

TOPICS = [
    CourseRequest(topic="photosynthesis"),
    CourseRequest(topic="genai", interests=("ml",)),
    CourseRequest(topic="python programming", level="intermediate"),
    CourseRequest(topic="french revolution", level="advanced"),
    CourseRequest(topic="I want to learn yoga", interests=("philosophy", "history")),
    CourseRequest(topic="révolution française", locale="fr-CA", level="intermediate"),
    CourseRequest(topic="apprendre la guitare", locale="fr"),
    CourseRequest(topic="guerra civil española", locale="es", level="advanced"),
    CourseRequest(topic="photosynthesis", locale="de"),
]


async def make(
    request: CourseRequest, source: LibrarySource, model: Scripted
) -> tuple[Material, Outline, list[LessonDraft]]:
    shelf = Shelf(passages=(source,))
    material = await retrieve(request, shelf)
    plan = await outline(request, material, model)
    lessons = [await write_lesson(request, plan, at, material, shelf, model) for at in range(len(plan.lessons))]
    return material, plan, lessons


@pytest.mark.parametrize("request_", TOPICS, ids=lambda request: f"{request.topic}-{request.locale}")
async def test_without_a_useful_model_the_sources_carry_the_course(
    library: LibrarySource, request_: CourseRequest
) -> None:
    material, plan, lessons = await make(request_, library, Scripted(FOOLISH["says nothing"]))
    check_course(material, plan, lessons)
    assert {lesson.items[0].generated_by for lesson in lessons} == {"extractive"}
    assert {lesson.items[0].verbatim_share for lesson in lessons} == {1.0}


@pytest.mark.parametrize("folly", FOOLISH)
@pytest.mark.parametrize("speaks_chat", [False, True], ids=["base", "chat"])
async def test_nothing_that_a_foolish_model_writes_is_published(
    library: LibrarySource, folly: str, speaks_chat: bool
) -> None:
    model = Scripted(FOOLISH[folly], speaks_chat=speaks_chat)
    request = CourseRequest(topic="photosynthesis")
    material, plan, lessons = await make(request, library, model)
    check_course(material, plan, lessons)
    assert {lesson.items[0].generated_by for lesson in lessons} == {"extractive"}
    assert model.asked


async def test_what_a_model_says_shorter_is_published_as_the_model_s(library: LibrarySource) -> None:
    def shorter(prompt: Prompt) -> str:
        # As a server that obeys grammars would let the model; the first that is offered is the sentence as it is.
        return allowed(prompt.grammar)[1] if prompt.grammar else ""

    material, plan, lessons = await make(CourseRequest(topic="photosynthesis"), library, Scripted(shorter))
    check_course(material, plan, lessons)
    by_model = [lesson.items[0] for lesson in lessons if lesson.items[0].generated_by == "model"]
    assert len(by_model) >= len(lessons) - 1  # of a text whose sentences have no asides nothing can be left out
    assert all(item.verbatim_share is not None and item.verbatim_share <= 0.667 for item in by_model)
    assert all(lesson.spent.calls and lesson.spent.completion_tokens for lesson in lessons)


async def test_a_model_may_leave_every_sentence_as_it_is(library: LibrarySource) -> None:
    def keeps(prompt: Prompt) -> str:
        return allowed(prompt.grammar)[0] if prompt.grammar else ""

    material, plan, lessons = await make(CourseRequest(topic="photosynthesis"), library, Scripted(keeps))
    check_course(material, plan, lessons)
    assert {lesson.items[0].generated_by for lesson in lessons} == {"extractive"}
    assert not any("not_offered" in lesson.refusals for lesson in lessons)


async def test_what_a_model_says_beside_its_grammar_is_refused(library: LibrarySource) -> None:
    def disobeys(prompt: Prompt) -> str:
        return "Photosynthesis is a system of 77 biological processes." if prompt.grammar else ""

    material, plan, lessons = await make(CourseRequest(topic="photosynthesis"), library, Scripted(disobeys))
    check_course(material, plan, lessons)
    assert {lesson.items[0].generated_by for lesson in lessons} == {"extractive"}
    assert sum(lesson.refusals.get("not_offered", 0) for lesson in lessons) > 0


async def test_a_chat_model_explains_whole_passages(library: LibrarySource) -> None:
    def explain(prompt: Prompt) -> str:
        return re.sub(r"\b(?:the|a|an) (?=[a-z]+ )", "", prompt.request)

    model = Scripted(explain, speaks_chat=True)
    material, plan, lessons = await make(CourseRequest(topic="photosynthesis"), library, model)
    check_course(material, plan, lessons)
    assert any(lesson.items[0].generated_by == "model" for lesson in lessons)


async def test_a_chat_model_is_told_what_was_wrong_and_asked_once_more(library: LibrarySource) -> None:
    def mends(prompt: Prompt) -> str:
        if prompt.json_schema is not None:
            return ""
        if "no number that the source does not have" in prompt.request:
            return re.sub(r"\b(?:the|a|an) (?=[a-z]+ )", "", prompt.request.partition("\n\n")[0])
        return "Photosynthesis has 77 parts, all of them in plants and their light."

    model = Scripted(mends, speaks_chat=True)
    material, plan, lessons = await make(CourseRequest(topic="photosynthesis"), library, model)
    check_course(material, plan, lessons)
    assert any(lesson.items[0].generated_by == "model" for lesson in lessons)
    assert sum(lesson.refusals.get("invents_no_number", 0) for lesson in lessons) > 0


async def test_the_model_s_titles_are_taken_where_they_fit_and_only_there(library: LibrarySource) -> None:
    request = CourseRequest(topic="photosynthesis")
    material = await retrieve(request, Shelf(passages=(library,)))
    numbers = {passage.title: at for at, passage in enumerate(material.passages, start=1)}
    lessons: list[tuple[str, str, str, list[int]]] = [
        ("Photosynthesis and light energy", "Explain how photosynthesis stores chemical energy.", "Photosynthesis", []),
        ("Leaf", "Describe a leaf.", "Leaf", [3]),
        ("Chlorophyll on Mars", "Explain chlorophyll on the planet Mars.", "Chlorophyll", []),
        ("Chloroplast", "Explain <b>chloroplasts</b>.", "Chloroplast", [3]),
    ]
    said = [
        {"title": title, "objective": objective, "sources": [numbers[source]], "needs": needs}
        for title, objective, source, needs in lessons
    ]

    def drafts(prompt: Prompt) -> str:
        return json.dumps({"lessons": said}) if prompt.json_schema else ""

    plan = await outline(request, material, Scripted(drafts, speaks_chat=True))
    assert plan.lessons[0].title == "Photosynthesis and light energy"
    assert plan.lessons[0].objective == "Explain how photosynthesis stores chemical energy."
    assert [lesson.title for lesson in plan.lessons[1:]] == ["Chlorophyll", "Leaf", "Chloroplast"]
    assert "Mars" not in plan.model_dump_json()
    assert "<b>" not in plan.model_dump_json()


async def test_a_base_model_is_not_asked_for_an_outline(library: LibrarySource) -> None:
    request = CourseRequest(topic="photosynthesis")
    model = Scripted(FOOLISH["loops"])
    plan = await outline(request, await retrieve(request, Shelf(passages=(library,))), model)
    assert model.asked == []
    assert [lesson.title for lesson in plan.lessons] == ["Photosynthesis", "Chlorophyll", "Chloroplast", "Leaf"]
    assert plan.lessons[1].objective.startswith("Describe chlorophyll, and the links with ")


async def test_a_model_that_is_away_is_the_caller_s_to_wait_for(library: LibrarySource) -> None:
    request = CourseRequest(topic="photosynthesis")
    shelf = Shelf(passages=(library,))
    material = await retrieve(request, shelf)
    with pytest.raises(ModelUnavailable):
        await outline(request, material, Scripted(UNAVAILABLE, speaks_chat=True))
    plan = await outline(request, material, Scripted(FOOLISH["says nothing"]))
    with pytest.raises(ModelUnavailable):
        await write_lesson(request, plan, 0, material, shelf, Scripted(UNAVAILABLE))


@pytest.mark.parametrize("slots", [1, 3])
async def test_no_more_is_asked_at_once_than_the_model_has_slots(library: LibrarySource, slots: int) -> None:
    model = Scripted(FOOLISH["says nothing"], slots=slots)
    await make(CourseRequest(topic="photosynthesis"), library, model)
    assert model.most_at_once == slots


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        (CourseRequest(topic="qwxz blorp"), "found nothing in its library about “Qwxz blorp”"),
        (CourseRequest(topic="qwxz blorp", interests=("machine learning",)), "found nothing"),
        (CourseRequest(topic="agujeros negros", locale="es"), "no ha encontrado nada"),
        (CourseRequest(topic="wibble flonk", locale="fr"), "n'a rien trouvé"),
        (CourseRequest(topic="'; EXEC xqwz_blorp; --", locale="xx"), "found nothing"),
    ],
)
async def test_a_topic_that_no_source_has_is_refused_in_words(
    library: LibrarySource, request_: CourseRequest, said: str
) -> None:
    with pytest.raises(GenerationFailed, match=re.escape(said)) as refused:
        await retrieve(request_, Shelf(passages=(library,)))
    assert refused.value.code == "no_sources"


@pytest.mark.parametrize(
    ("request_", "code", "said"),
    [
        (CourseRequest(topic="I want to learn"), "empty_topic", "names no topic"),
        (CourseRequest(topic="🦊🦊"), "empty_topic", "names no topic"),
        (CourseRequest(topic="quiero aprender algo", locale="es"), "empty_topic", "no nombra ningún tema"),
        (CourseRequest(topic="how to build a pipe b0mb"), "unsafe_topic", "makes no course about this"),
        (CourseRequest(topic="chemistry", interests=("cooking meth",)), "unsafe_topic", "makes no course"),
        (CourseRequest(topic="comment me suicider", locale="fr"), "unsafe_topic", "ne fait pas de cours"),
    ],
)
async def test_what_no_course_is_made_about_is_refused_with_a_code(
    library: LibrarySource, request_: CourseRequest, code: str, said: str
) -> None:
    with pytest.raises(GenerationFailed, match=re.escape(said)) as refused:
        await retrieve(request_, Shelf(passages=(library,)))
    assert refused.value.code == code


async def test_a_language_without_a_library_gets_an_english_course_that_says_so(library: LibrarySource) -> None:
    request = CourseRequest(topic="photosynthesis", locale="de-AT")
    material = await retrieve(request, Shelf(passages=(library,)))
    plan = await outline(request, material, Scripted(FOOLISH["says nothing"]))
    assert plan.language == material.language == "en"
    assert "so this course is in English" in plan.description


async def test_interests_bring_in_material(library: LibrarySource) -> None:
    plain = await retrieve(CourseRequest(topic="mathematics"), Shelf(passages=(library,)))
    woven = await retrieve(CourseRequest(topic="mathematics", interests=("music",)), Shelf(passages=(library,)))
    assert {p.id for p in woven.passages} - {p.id for p in plain.passages}


async def test_every_value_survives_json(library: LibrarySource) -> None:
    material, plan, lessons = await make(TOPICS[0], library, Scripted(FOOLISH["says nothing"]))
    assert Material.model_validate_json(material.model_dump_json()) == material
    assert Material.model_validate(material.model_dump(mode="json")) == material
    assert Outline.model_validate_json(plan.model_dump_json()) == plan
    assert [LessonDraft.model_validate_json(lesson.model_dump_json()) for lesson in lessons] == lessons


async def test_the_same_request_finds_and_plans_the_same(library: LibrarySource) -> None:
    silent: Callable[[Prompt], str | Exception] = FOOLISH["says nothing"]
    first = await make(TOPICS[0], library, Scripted(silent))
    assert await make(TOPICS[0], library, Scripted(silent)) == first
