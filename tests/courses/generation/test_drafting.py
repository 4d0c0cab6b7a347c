import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.library import passage

from lyo.courses.generation.drafting import in_order, put_right, schema
from lyo.courses.generation.outlining import distinct
from lyo.courses.generation.planning import Anchored

PASSAGES = [
    passage(title, f"{title} is a thing that plants have.") for title in ("Leaf", "Root", "Stem", "Seed", "Bark")
]
PLANNED = [Anchored(PASSAGES[0], (PASSAGES[4],)), Anchored(PASSAGES[1], ()), Anchored(PASSAGES[2], ())]


def answer(*lessons: tuple[list[int], list[int]]) -> str:
    made = [
        {"title": f"Lesson {at}", "objective": "Know.", "sources": sources, "needs": needs}
        for at, (sources, needs) in enumerate(lessons, start=1)
    ]
    return json.dumps({"lessons": made})


def anchors(said: str) -> list[str]:
    return [one.lesson.anchor.title for one in put_right(said, PASSAGES, PLANNED)]


def test_a_sound_outline_stands_as_it_is() -> None:
    assert anchors(answer(([1], []), ([2, 4], [1]), ([3], [2]))) == ["Leaf", "Root", "Stem"]


def test_lessons_follow_what_they_need() -> None:
    assert anchors(answer(([1], [3]), ([2], [1]), ([3], []))) == ["Stem", "Leaf", "Root"]


def test_a_circle_is_cut() -> None:
    assert anchors(answer(([1], [2]), ([2], [3]), ([3], [1]))) == ["Leaf", "Stem", "Root"]


def test_a_lesson_that_needs_itself_does_not() -> None:
    assert anchors(answer(([1], [1]), ([2], []), ([3], []))) == ["Leaf", "Root", "Stem"]


def test_no_passage_is_in_two_lessons_and_code_fills_up() -> None:
    drafted = put_right(answer(([4, 5], []), ([4], []), ([5], [])), PASSAGES, PLANNED)
    assert [one.lesson.anchor.title for one in drafted] == ["Seed", "Leaf", "Root"]
    used = [p.id for one in drafted for p in one.lesson.passages]
    assert len(used) == len(set(used))


def test_an_outline_that_leaves_too_little_is_not_taken() -> None:
    assert anchors(answer(([1, 2, 3], []), ([1], []), ([2], []))) == ["Leaf", "Root", "Stem"]
    assert put_right(answer(([1, 2, 3], []), ([1], []), ([2], [])), PASSAGES, PLANNED)[0].title == ""


@pytest.mark.parametrize(
    "said",
    [
        "",
        "null",
        "[]",
        "{",
        '{"lessons": "none"}',
        '{"lessons": [{"title": 1}]}',
        '{"lessons": []}',
        '{"lessons": [{"title": "A", "objective": "B", "sources": [99], "needs": [77]}]}',
        '{"lessons": [{"title": "A", "objective": "B", "sources": [-1, 0], "needs": []}]}',
        "[" * 100_000,
        '{"lessons": [{"title": "' + "A" * 5000 + '", "objective": "B", "sources": [1], "needs": []}]}',
    ],
)
def test_what_is_no_outline_leaves_the_planning_to_code(said: str) -> None:
    assert anchors(said) == ["Leaf", "Root", "Stem"]


@given(st.dictionaries(st.integers(1, 8), st.lists(st.integers(1, 8), max_size=8), max_size=8))
def test_an_order_has_everything_once(needs: dict[int, list[int]]) -> None:
    kept = {one: [need for need in of if need in needs] for one, of in needs.items()}
    assert sorted(in_order(kept)) == sorted(kept)


@given(st.permutations(range(1, 7)), st.data())
def test_without_circles_each_follows_what_it_needs(hidden: list[int], data: st.DataObject) -> None:
    place = {one: at for at, one in enumerate(hidden)}
    drawn = {one: data.draw(st.lists(st.sampled_from(hidden), max_size=3)) for one in sorted(hidden)}
    needs = {one: [need for need in of if place[need] < place[one]] for one, of in drawn.items()}
    order = in_order(needs)
    assert all(order.index(need) < order.index(one) for one, of in needs.items() for need in of)


def test_every_string_and_array_of_the_schema_has_an_end() -> None:
    text = json.dumps(schema(5, 24))
    assert text.count('"type": "string"') == text.count("maxLength")
    assert text.count('"type": "array"') == text.count("maxItems")
    assert text.count('"type": "object"') == text.count('"additionalProperties": false')


def test_titles_are_told_apart() -> None:
    assert distinct(["Jazz", "Jazz dance", "Bossa nova"], "en") == ["Jazz: the big picture", "Jazz dance", "Bossa nova"]
    assert distinct(["Black hole", "Supermassive black hole"], "en")[0] == "Black hole: the big picture"
    assert distinct(["Leaf", "Root"], "en") == ["Leaf", "Root"]
