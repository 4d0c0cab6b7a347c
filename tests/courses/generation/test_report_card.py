"""The report card of courses made by hand."""

import json

from support.hand_made import perfect_course, with_item

from lyo.courses.generation.metrics import METRICS
from lyo.courses.generation.report import Measures, ReportCard, report_card


def test_a_report_card_survives_json_and_speaks_camel_case() -> None:
    card = report_card(perfect_course())
    assert ReportCard.model_validate_json(card.model_dump_json()) == card
    assert ReportCard.model_validate_json(card.model_dump_json(by_alias=True)) == card
    said = json.loads(card.model_dump_json(by_alias=True))
    assert said["measures"]["sentencesGrounded"] == 1.0
    assert said["refusals"] == {"is_grounded": 4}, "names of gates are data, not fields"
    assert not [key for part in (said, said["measures"], said["cost"]) for key in part if "_" in key]


def test_every_metric_has_its_place_and_is_there_or_says_why_not() -> None:
    assert [metric.name for metric in METRICS] == list(Measures.model_fields)
    card = report_card(perfect_course().model_copy(update={"lessons": (), "seconds": {}}))
    measures = card.measures.model_dump()
    assert {name for name, value in measures.items() if value is None} == card.undefined.keys()
    assert card.undefined["sentences_grounded"] == "there are no sentences"
    assert card.cost.seconds is None


def test_a_report_card_counts_what_is_there() -> None:
    card = report_card(perfect_course())
    assert card.items_by_type == {"article": 4, "quiz": 4, "text": 4}
    assert card.items_by_making == {"catalogue": 4, "extractive": 4, "model": 4}
    assert card.key_positions == (3, 3, 3, 3)
    assert card.quiz_flaws == {}
    assert card.items_by_verdict_of_language == {"right": 12}
    assert {source.citations for source in card.sources} == {3}
    assert card.licences == {"CC BY-SA 4.0": 12}
    assert list(card.costs) == ["retrieve", "outline", "lesson:1", "lesson:2", "lesson:3", "lesson:4"]
    assert card.costs["lesson:2"].seconds == 7.0
    assert (card.cost.calls, card.cost.prompt_tokens, card.cost.completion_tokens) == (12, 450, 90)
    assert card.undefined.keys() == {"key_position_p"}


def test_a_course_without_quizzes_has_a_report_card_too() -> None:
    course = perfect_course()
    bare = tuple(
        lesson.model_copy(update={"items": tuple(i for i in lesson.items if i.type != "quiz"), "left_out": {"quiz": 1}})
        for lesson in course.lessons
    )
    card = report_card(course.model_copy(update={"lessons": bare}))
    assert card.items_left_out == {"quiz": 4}
    assert card.key_positions == (0, 0, 0, 0)
    assert card.measures.objectives_covered == 0.0
    assert card.undefined.keys() == {
        "flawless_quizzes", "flawless_questions", "questions_proved", "long_keys", "key_position_p",
    }  # fmt: skip


def test_what_is_too_short_to_tell_its_language_is_counted_as_such() -> None:
    course = with_item(perfect_course(), "article", lambda item: item.model_copy(update={"content": "Read it."}))
    assert report_card(course).items_by_verdict_of_language == {"right": 11, "short": 1}
