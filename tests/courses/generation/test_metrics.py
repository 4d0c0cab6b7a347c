"""The metrics on courses made by hand: one without a fault, and one with each fault that there is."""

import math
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.hand_made import perfect_course, question, text_item, with_item
from support.library import passage

from lyo.courses.generation.metrics import BY_NAME, METRICS, MetricUndefined
from lyo.courses.generation.metrics.language import detect
from lyo.courses.generation.metrics.quizzes import even_p, key_length_ratio, survival
from lyo.courses.generation.metrics.readability import score
from lyo.courses.generation.metrics.reading import said_in
from lyo.courses.generation.metrics.syllables import syllables
from lyo.courses.generation.values import CourseDraft, ItemDraft

Change = Callable[[CourseDraft], CourseDraft]


def of(kind: str, **fields: Any) -> Change:
    """The first lesson's items of a type, with other fields."""
    return lambda course: with_item(course, kind, lambda item: item.model_copy(update=fields))


def said(text: str) -> Change:
    return of("text", content=text)


def cites(**fields: Any) -> Change:
    def change(item: ItemDraft) -> ItemDraft:
        return item.model_copy(update={"citations": tuple(c.model_copy(update=fields) for c in item.citations)})

    return lambda course: with_item(course, "text", change)


def asks(**fields: Any) -> Change:
    def change(item: ItemDraft) -> ItemDraft:
        first, *rest = item.questions
        return item.model_copy(update={"questions": (first.model_copy(update=fields), *rest)})

    return lambda course: with_item(course, "quiz", change)


def without(kind: str) -> Change:
    return lambda course: with_item(course, kind, lambda _: None)


def planned(**fields: Any) -> Change:
    def change(course: CourseDraft) -> CourseDraft:
        first, *rest = course.outline.lessons
        lessons = (first.model_copy(update=fields), *rest)
        return course.model_copy(update={"outline": course.outline.model_copy(update={"lessons": lessons})})

    return change


def shortened(course: CourseDraft) -> CourseDraft:
    outline = course.outline.model_copy(update={"lessons": course.outline.lessons[:3]})
    return course.model_copy(update={"outline": outline, "lessons": course.lessons[:3]})


FRENCH = "La photosynthèse est un processus par lequel les plantes vertes produisent du sucre et de l'oxygène. [1]"
FAULTS: dict[str, tuple[Change, str, str]] = {
    "a sentence cites nothing": (
        said("Photosynthesis is a process by which green plants turn light into chemical energy."),
        "sentences_grounded", "cites nothing",
    ),
    "a sentence cites what is not there": (said("Photosynthesis is a process. [7]"), "sentences_grounded", "[7]"),
    "a sentence is about something else": (
        said("Football is the most popular sport in many countries of Europe. [1]"), "sentences_grounded", "% of its",
    ),
    "a number is invented": (
        said("Photosynthesis turns the light of the sun into 47 kinds of chemical energy. [1]"),
        "sentences_grounded", "number 47",
    ),
    "a name is invented": (
        said("Photosynthesis turns the light of the sun into the chemical energy of Wimmelmann. [1]"),
        "sentences_grounded", "names",
    ),
    "a text does not end": (
        said("Photosynthesis is a process by which green plants turn the light [1]"), "texts_passing", "is_whole",
    ),
    "a text has HTML": (
        said("Photosynthesis is a <script>process</script> by which green plants turn light into energy. [1]"),
        "texts_passing", "is_clean",
    ),
    "a text is empty": (said(""), "texts_passing", "says nothing"),
    "a mark has no citation": (said("Photosynthesis is a process. [3]"), "citations_resolved", "of this number"),
    "a citation leads elsewhere": (cites(url="https://evil.example/"), "citations_resolved", "was found"),
    "a quote is not verbatim": (cites(quote="Photosynthesis is wonderful."), "quotes_verbatim", "does not stand"),
    "a quote is empty": (cites(quote=""), "quotes_verbatim", "no quote"),
    "a question quotes what nobody said": (asks(quote="He never said so."), "quotes_verbatim", "does not stand"),
    "a text is in another language": (said(FRENCH), "right_language", "is fr, not en"),
    "an address is no https": (of("article", source_url="javascript:alert(1)"), "valid", "https://"),
    "an article has no content": (of("article", content=" "), "valid", "no content"),
    "a text has no citation": (of("text", citations=()), "valid", "no citation"),
    "a text has a duration": (of("text", duration_seconds=5), "valid", "duration"),
    "a quiz has no questions": (of("quiz", questions=()), "valid", "0 questions"),
    "a key is out of reach": (asks(key=4), "valid", "key is 4"),
    "an option is empty": (asks(options=("a", "b", "", "d")), "valid", "empty part"),
    "a lesson has no objective": (planned(objective=""), "objectives_covered", "is not there"),
    "an objective has no question": (without("quiz"), "objectives_covered", "no question"),
    "a lesson has no article": (without("article"), "complete_lessons", "no article"),
    "there are three lessons": (shortened, "right_size", "has 3 lessons"),
    "a question has a flaw": (asks(prompt="Which of these did not find it?"), "flawless_questions", "is_negative"),
    "a quiz has a flaw": (
        asks(options=("Jan Ingenhousz", "None of the above", "Hill", "Mohl")), "flawless_quizzes", "above",
    ),
    "a question is not proved": (asks(quote=""), "questions_proved", "quote_not_verbatim"),
    "a key is long": (
        asks(options=("Jan Ingenhousz of Breda", "Warburg", "Hill", "Mohl")), "long_keys", "times as long",
    ),
}  # fmt: skip


@pytest.mark.parametrize("metric", [metric for metric in METRICS if metric.judge], ids=lambda metric: metric.name)
def test_a_perfect_course_has_no_fault(metric: Any) -> None:
    assert [verdict for verdict in metric.judge(perfect_course()) if not verdict.passes] == []


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_found_by_its_metric(fault: str) -> None:
    change, name, why = FAULTS[fault]
    metric, course = BY_NAME[name], change(perfect_course())
    assert metric.judge is not None
    reasons = [verdict.why for verdict in metric.judge(course) if verdict.why]
    assert len(reasons) >= 1
    assert any(why in reason for reason in reasons), reasons
    better = metric.of(perfect_course())
    assert (metric.of(course) > better) if metric.better == "less" else (metric.of(course) < better)


def test_two_lessons_that_say_the_same_are_alike() -> None:
    course = perfect_course()
    first, second, *rest = course.lessons
    twice = second.model_copy(update={"items": (first.items[0], *second.items[1:])})
    assert BY_NAME["texts_alike"].of(course) < 0.05
    assert BY_NAME["texts_alike"].of(course.model_copy(update={"lessons": (first, twice, *rest)})) == 1.0
    assert BY_NAME["titles_alike"].of(course) < 85
    assert BY_NAME["titles_alike"].of(planned(title="The Calvin cycle")(course)) == 100.0


def test_what_cannot_be_computed_says_why_and_has_no_score() -> None:
    course = perfect_course()
    nothing = course.model_copy(update={"lessons": (), "seconds": {}})
    for name in ("sentences_grounded", "flawless_quizzes", "long_keys", "right_language", "texts_by_model", "seconds"):
        with pytest.raises(MetricUndefined) as error:
            BY_NAME[name].of(nothing)
        assert error.value.reason
    with pytest.raises(MetricUndefined, match="12"):
        BY_NAME["key_position_p"].of(course)
    with pytest.raises(MetricUndefined, match="lesson:3"):
        BY_NAME["seconds"].of(
            course.model_copy(update={"seconds": {"lesson:1": 1.0, "lesson:2": 1.0, "lesson:4": 1.0}})
        )
    other = course.model_copy(update={"material": course.material.model_copy(update={"language": "fr"})})
    with pytest.raises(MetricUndefined, match="own"):
        BY_NAME["readability"].over([course, other])


def test_shares_are_pooled_over_what_is_judged_and_the_worst_counts_where_one_is_too_many() -> None:
    good = perfect_course()
    bad = said("Football is a sport of Europe and of many other countries. [1]")(good)
    metric = BY_NAME["sentences_grounded"]
    assert metric.judge is not None
    judged = len(metric.judge(good)) + len(metric.judge(bad))
    assert metric.over([good, bad]) == pytest.approx(1 - 1 / judged)
    slow = good.model_copy(update={"seconds": {**good.seconds, "lesson:1": 7.0}})
    assert BY_NAME["first_lesson_share"].over([good, slow]) == pytest.approx(8 / 15)


def test_time_is_by_the_clock_with_the_lessons_behind_the_first_at_once() -> None:
    course = perfect_course()
    assert BY_NAME["seconds"].of(course) == pytest.approx(10.0)
    assert BY_NAME["first_lesson_share"].of(course) == pytest.approx(0.3)
    assert BY_NAME["tokens_per_second"].of(course) == pytest.approx(9.0)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("One is here. [1] Two is here. [2]", [("One is here.", (1,)), ("Two is here.", (2,))]),
        ("One is here. Two is here. [1][2]", [("One is here.", (1, 2)), ("Two is here.", (1, 2))]),
        ("One is here [1]. Two is here [2, 3].", [("One is here.", (1,)), ("Two is here.", (2, 3))]),
        ("### Key ideas\n\n- **Leaf.** It is green. [2]\n- It breathes", [("It is green.", (2,)), ("It breathes", ())]),
        (r"- **Sagittarius A\*.** It is bright. [1]", [("It is bright.", (1,))]),
        ("1. It is **green**. [1]", [("It is green.", (1,))]),
        ("", []),
    ],
)
def test_a_text_is_read_as_its_sentences_with_what_they_cite(
    content: str, expected: list[tuple[str, tuple[int, ...]]]
) -> None:
    assert [(one.sentence, one.marks) for one in said_in(content)] == expected


@settings(deadline=None)  # the first one loads the detector
@given(st.text(max_size=300))
def test_any_text_can_be_read_and_judged(content: str) -> None:
    course = said(content)(perfect_course())
    for name in ("sentences_grounded", "texts_passing", "citations_resolved", "right_language", "valid"):
        assert 0 <= BY_NAME[name].of(course) <= 1


@pytest.mark.parametrize(
    ("x", "p"), [(0.352, 0.95), (2.366, 0.5), (6.251, 0.1), (7.815, 0.05), (11.345, 0.01), (16.266, 0.001)]
)
def test_the_chi_squared_distribution_is_that_of_the_printed_tables(x: float, p: float) -> None:
    assert survival(x) == pytest.approx(p, rel=0.002)


def test_keys_at_one_place_are_no_chance() -> None:
    assert even_p([5, 5, 5, 5]) == 1.0
    assert even_p([15, 5, 0, 0]) < 0.001


@given(st.lists(st.integers(5, 400), min_size=4, max_size=4))
def test_the_p_value_is_a_probability_and_does_not_hang_on_the_order(counts: list[int]) -> None:
    assert 0 <= even_p(counts) <= 1 + 1e-12
    assert math.isclose(even_p(counts), even_p(sorted(counts)), abs_tol=1e-9)


def test_a_key_is_as_long_as_the_longest_distractor_is_not() -> None:
    one = question(passage("Stoma", perfect_course().material.passages[3].text), 0)
    assert key_length_ratio(one) == pytest.approx(len("Two guard cells") / len("Two root hairs"))
    assert key_length_ratio(one.model_copy(update={"options": ("abcdef", "abc", "ab", "a")})) == 2.0
    assert key_length_ratio(one.model_copy(update={"options": ("a", "", " ", "")})) == math.inf


WORDS = {
    "en": "photosynthesis:5 energy:3 the:1 make:1 science:2 evolution:4 plants:1 table:2 changes:2 walked:1 7:1",
    "fr": "eau:1 énergie:3 photosynthèse:4 table:1 plante:1 théâtre:2 naïf:2 langue:1 océan:3 qualité:3 noël:2",
    "es": "agua:2 energía:4 historia:3 aéreo:4 ciudad:2 país:2 guerra:2 murciélago:4 teatro:3 rey:1 mayo:2 siguiente:3",
}


@pytest.mark.parametrize(("language", "sample"), WORDS.items())
def test_syllables_are_counted_in_each_language(language: str, sample: str) -> None:
    pairs = [entry.rpartition(":") for entry in sample.split()]
    assert {word: syllables(word, language) for word, _, _ in pairs} == {word: int(count) for word, _, count in pairs}


@given(st.text(max_size=20), st.sampled_from(["en", "fr", "es"]))
def test_every_word_has_a_syllable(word: str, language: str) -> None:
    assert 1 <= syllables(word.casefold(), language) <= max(1, 2 * len(word))


def test_readability_is_that_of_the_formulas() -> None:
    sentences = [
        ["the", "cat", "sat", "on", "the", "mat", "and", "ate", "a", "rat"]
    ] * 10  # ten words, one syllable each
    assert score(sentences, "en") == pytest.approx(0.39 * 10 + 11.8 * 1 - 15.59)
    assert score(sentences, "fr") == pytest.approx(207 - 1.015 * 10 - 73.6 * 1)
    assert score(sentences, "es") == pytest.approx(206.835 - 10 - 62.3 * 1.1, abs=7)
    with pytest.raises(MetricUndefined, match="90"):
        score(sentences[:9], "en")


def test_the_detector_knows_the_languages_and_what_is_none_of_them() -> None:
    assert detect(text_item(perfect_course().material.passages[0]).content or "") == "en"
    assert detect(FRENCH) == "fr"
    assert detect("La fotosíntesis es un proceso por el cual las plantas verdes producen azúcar y oxígeno.") == "es"
    assert detect("Die Photosynthese ist ein Vorgang, bei dem grüne Pflanzen Zucker und Sauerstoff erzeugen.") == "de"
