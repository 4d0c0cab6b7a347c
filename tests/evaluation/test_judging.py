"""What is demanded, what wins, and that nothing has a default score."""

import pytest
from support.hand_made import perfect_course, with_item

from lyo.courses.generation.metrics import BY_NAME
from lyo.courses.generation.values import CourseDraft
from lyo.evaluation.bars import DEMANDS, bars
from lyo.evaluation.judging import figure, rows, wins
from lyo.evaluation.topics import Topic
from lyo.evaluation.trying import is_right, side_of
from lyo.evaluation.values import Bar, Figure, Side, Throughput, Tried

INSIDE = Topic(name="in", topic="photosynthesis", inside=True)
OUTSIDE = Topic(name="out", topic="zorblatt", inside=False)
REFUSED = Topic(name="no", topic="a bomb", inside=False, refuse=True)


def tried(course: CourseDraft | None, topic: Topic = INSIDE, *, naive: CourseDraft | None = None) -> Tried:
    engine = side_of(course, 10.0, naive=False) if course else Side(outcome="failure", code="no_sources", seconds=1.0)
    other = side_of(naive, 20.0, naive=True) if naive else None
    return Tried(topic=topic, right=is_right(topic, engine), engine=engine, naive=other)


def judged(*several: Tried, throughput: Throughput | str | None = None, at_once: int = 1) -> dict[str, Bar]:
    pairs = [(one.engine, one.naive) for one in several if one.naive]
    return {bar.name: bar for bar in bars(several, rows(pairs), throughput, at_once=at_once)}


def ungrounded(course: CourseDraft) -> CourseDraft:
    return with_item(
        course, "text", lambda item: item.model_copy(update={"content": "Football is a sport of Europe. [1]"})
    )


def test_a_perfect_course_clears_every_bar_that_can_be_judged() -> None:
    found = judged(tried(perfect_course(), naive=ungrounded(perfect_course())), tried(perfect_course()))
    states = {name: bar.state for name, bar in found.items()}
    assert states.pop("throughput") == "skipped"
    assert states.pop("against_naive") == "fails", "on most metrics the two are the same, and not all at their best"
    assert set(states.values()) == {"holds"}, states


def test_each_demand_is_a_metric_and_can_fail() -> None:
    found = judged(tried(ungrounded(perfect_course())))
    assert found["sentences_grounded"].state == "fails"
    assert found["texts_passing"].state == "fails"
    assert {demand.metric for demand in DEMANDS} <= BY_NAME.keys()


def test_what_cannot_be_computed_does_not_hold() -> None:
    found = judged(tried(None))
    assert found["right_outcome"].state == "fails"
    assert found["right_outcome"].reason == "not in"
    for demand in DEMANDS:
        assert found[demand.metric].state == "undefined"
        assert found[demand.metric].value is None
        assert found[demand.metric].reason == "there are no courses"
    assert judged(tried(perfect_course()))["key_position_p"].state == "undefined"


def test_bars_of_the_library_look_at_its_topics_alone() -> None:
    found = judged(tried(perfect_course()), tried(ungrounded(perfect_course()), OUTSIDE))
    assert found["sentences_grounded"].state == "holds"
    assert found["texts_passing"].state == "fails"


@pytest.mark.parametrize(
    ("topic", "side", "right"),
    [
        (INSIDE, "course", True),
        (INSIDE, "failure", False),
        (OUTSIDE, "course", True),
        (OUTSIDE, "failure", True),
        (OUTSIDE, "error", False),
        (REFUSED, "course", False),
        (REFUSED, "failure", True),
        (REFUSED, "error", False),
    ],
)
def test_what_is_right_hangs_on_the_topic(topic: Topic, side: str, right: bool) -> None:
    assert is_right(topic, Side.model_validate({"outcome": side, "seconds": 1.0})) is right


def test_time_and_throughput() -> None:
    slow = tried(perfect_course()).model_copy(update={"engine": side_of(perfect_course(), 61.0, naive=False)})
    assert judged(slow)["seconds"].state == "fails"
    assert judged(slow, at_once=2)["seconds"].state == "skipped"
    measured = Throughput(courses=4, slots=4, prompts=80, engine=89.0, direct=100.0)
    assert judged(slow, throughput=measured)["throughput"].state == "fails"
    assert judged(slow, throughput=measured.model_copy(update={"engine": 90.0}))["throughput"].state == "holds"
    assert judged(slow, throughput="the model went away")["throughput"].reason == "the model went away"
    assert judged(slow, throughput="the model went away")["throughput"].state == "undefined"


@pytest.mark.parametrize(
    ("metric", "ours", "theirs", "won"),
    [
        ("sentences_grounded", 0.9, 0.8, True),
        ("sentences_grounded", 0.8, 0.9, False),
        ("sentences_grounded", 0.9, 0.9, False),
        ("sentences_grounded", 1.0, 1.0, True),
        ("sentences_grounded", None, 0.1, False),
        ("sentences_grounded", 0.1, None, True),
        ("long_keys", 0.1, 0.2, True),
        ("long_keys", 0.0, 0.0, True),
        ("long_keys", 0.1, 0.1, False),
        ("titles_alike", 50.0, 40.0, False),
        ("seconds", 10.0, 20.0, None),
    ],
)
def test_the_engine_wins_by_doing_better_or_as_well_as_can_be(
    metric: str, ours: float | None, theirs: float | None, won: bool | None
) -> None:
    assert wins(BY_NAME[metric], Figure(value=ours), Figure(value=theirs)) is won


def test_an_undefined_figure_has_a_reason_and_no_value() -> None:
    found = figure(BY_NAME["key_position_p"], [perfect_course()], naive=False)
    assert found.value is None
    assert found.undefined is not None
    assert figure(BY_NAME["valid"], [], naive=False) == Figure(undefined="there are no courses")
