import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.library import passage

from lyo.courses.generation.planning import LESSONS, MOST_SUPPORT, plan, speaks_of
from lyo.courses.generation.values import CourseRequest, Level, Material

LEVELS: list[Level] = ["beginner", "intermediate", "advanced"]


def material(count: int) -> Material:
    kinds = ["plant", "planet", "violin", "river", "engine", "painter", "volcano", "market", "poem", "bridge"]
    passages = [
        passage(
            f"{kinds[at % 10].title()} {at}", f"The {kinds[at % 10]} number {at} has a part called {kinds[at % 10]}y."
        )
        for at in range(count)
    ]
    return Material(language="en", passages=tuple(passages))


@given(count=st.integers(1, 24), level=st.sampled_from(LEVELS))
def test_lessons_are_sized_distinct_and_never_empty(count: int, level: Level) -> None:
    lessons = plan(CourseRequest(topic="things", level=level), material(count))
    assert len(lessons) == min(LESSONS[level], count)
    ids = [one.id for lesson in lessons for one in lesson.passages]
    assert len(set(ids)) == len(ids)
    assert all(1 <= len(lesson.passages) <= 1 + MOST_SUPPORT for lesson in lessons)


def test_the_topic_comes_first_then_what_others_speak_of_and_people_last() -> None:
    passages = (
        passage("Photosynthesis", "Photosynthesis makes sugar from light. It needs the help of chlorophyll."),
        passage(
            "Jan Ingenhousz",
            "Jan Ingenhousz was a physiologist. He studied gases.",
            description="Dutch scientist (1730–1799)",
        ),
        passage("Stoma", "A stoma is a pore for gas. It lets carbon dioxide in."),
        passage("Root", "A root holds the ground. Roots take up water."),
        passage("Chlorophyll", "Chlorophyll is a green pigment. The pigment absorbs red light."),
        passage("Leaf", "A leaf holds chlorophyll and bears many a stoma. Most leaves turn to light."),
    )
    lessons = plan(
        CourseRequest(topic="photosynthesis", level="intermediate"), Material(language="en", passages=passages)
    )
    titles = [lesson.anchor.title for lesson in lessons]
    assert titles[0] == "Photosynthesis"
    assert titles.index("Chlorophyll") < titles.index("Leaf")
    assert "Jan Ingenhousz" not in titles


@pytest.mark.parametrize("description", ["series of wars (1803–1815)", "period of French history (1789-1799)", None])
def test_a_war_is_nobody(description: str | None) -> None:
    passages = (
        passage("War", "The war was long.", description=description),
        passage("Ada", "Ada, born in London, was a mathematician."),
    )
    lessons = plan(CourseRequest(topic="war"), Material(language="en", passages=passages))
    assert [lesson.anchor.title for lesson in lessons] == ["War", "Ada"]


def test_the_same_thing_is_not_two_lessons_while_there_are_others() -> None:
    passages = [passage(f"Roman Empire {at}", "The Roman Empire was a large state around the sea.") for at in range(4)]
    passages += [
        passage(word, f"{word} is something of its own kind {word}.") for word in ("Senate", "Legion", "Latin")
    ]
    lessons = plan(CourseRequest(topic="rome"), Material(language="en", passages=tuple(passages)))
    assert {lesson.anchor.title for lesson in lessons} == {"Roman Empire 0", "Senate", "Legion", "Latin"}


def test_speaking_of_something_takes_its_whole_name() -> None:
    text = passage("Leaf", "A leaf holds plant cells.")
    assert speaks_of(text, passage("Plant cell", "x"))
    assert speaks_of(text, passage("Cell (biology)", "x"))
    assert not speaks_of(text, passage("Blood cell", "x"))


def test_what_has_too_little_to_say_is_no_lesson_while_there_is_more() -> None:
    passages = [
        passage("Light", "Light travels through empty space."),
        passage("Fir", "Fir wood burns rather well."),
        passage("Oak", "Oak trees carry small acorns. Their timber builds strong ships."),
        passage("Ash", "Ash handles absorb every shock. Craftsmen bend steamed planks."),
        passage("Elm", "Elm bark fed hungry farmers. Disease killed several million plants."),
    ]
    lessons = plan(CourseRequest(topic="light"), Material(language="en", passages=tuple(passages)))
    assert {lesson.anchor.title for lesson in lessons} == {"Light", "Oak", "Ash", "Elm"}


def test_a_title_within_another_title_is_not_spoken_of() -> None:
    leaf = passage("Leaf", "A leaf is an organ of a plant. It makes sugar from light.")
    poems = passage("Leaves of Leaf", "Leaves of Leaf is a book of poems. It was printed in 1855.")
    stem = passage("Plant stem", "A stem carries every leaf of a plant. It stands upright.")
    assert not speaks_of(poems, leaf)
    assert speaks_of(stem, leaf)
