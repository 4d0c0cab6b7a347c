"""Reading sentences: subjects, predicates, shortened texts, pronouns, persons."""

import pytest
from support.library import passage

from lyo.courses.generation.quizzes.lines import lines_of
from lyo.courses.generation.quizzes.reading import is_person, read, shortened
from lyo.courses.generation.quizzes.terms import terms_of
from lyo.courses.generation.quizzes.values import Taught


@pytest.mark.parametrize(
    ("language", "title", "sentence", "name", "predicate"),
    [
        ("en", "Leaf", "A leaf (plural leaves) is an organ of a plant.", "leaf", "is an organ of a plant"),
        ("en", "Funk", "Funk, a genre of soul, is music for dancing.", "Funk", "is music for dancing"),
        (
            "en",
            "Mode (statistics)",
            "In statistics, the mode is the commonest value.",
            "mode",
            "is the commonest value",
        ),
        ("en", "Lava", "Lava is also called molten rock.", "Lava", "is called molten rock"),
        ("en", "Marie Curie", "Maria Salomea Curie was a chemist.", "Maria Salomea Curie", "was a chemist"),
        ("fr", "Plaste", "Le plaste, appelé aussi plastide, est un organite.", "plaste", "est un organite"),
        ("fr", "Algue", "L'algue est un végétal.", "algue", "est un végétal"),
        ("es", "Ópera", "La ópera u obra lírica es un género de teatro.", "ópera", "es un género de teatro"),
    ],
)
def test_what_a_sentence_says_of_the_thing(language: str, title: str, sentence: str, name: str, predicate: str) -> None:
    about = passage(title, sentence, language=language, description="chemist" if title == "Marie Curie" else None)
    found = read(about, sentence)
    assert found is not None
    assert (found.name, found.predicate) == (name, predicate)


@pytest.mark.parametrize(
    ("title", "sentence"),
    [
        ("Mauna Loa", "The lava of Mauna Loa is very fluid."),
        ("Volcano", "Ash is thrown out by a volcano."),
        ("Human evolution", "Evolution is a change of populations."),
        ("Jazz", "Jazz Jazz Jazz."),
    ],
)
def test_a_sentence_about_something_else_says_nothing_of_it(title: str, sentence: str) -> None:
    assert read(passage(title, sentence), sentence) is None


def test_a_text_is_cut_only_where_the_rest_stands_by_itself() -> None:
    long = "is a stringed instrument of wood, which many players hold under the chin while they draw a bow across it"
    assert shortened(long, 12, "en") is None  # five words with a meaning must be left
    long = "is a stringed instrument of polished wood and metal, which players hold under the chin while they play it"
    assert shortened(long, 12, "en") == "is a stringed instrument of polished wood and metal"
    broken = (
        "is a process by which green organisms, such as plants and algae, make sugar from light and water every day"
    )
    assert shortened(broken, 10, "en") is None
    assert shortened("is a plant", 10, "en") is None
    assert shortened("is a small green water plant", 10, "en") == "is a small green water plant"


def test_a_pronoun_becomes_what_the_sentence_before_was_about() -> None:
    text = "A violin is a wooden instrument. It has four strings. In 1600, it was already known in Europe."
    first, second, third = lines_of(taught(text))
    assert first.quote == "A violin is a wooden instrument."
    assert second.sentence == "The violin has four strings."
    assert second.quote == "A violin is a wooden instrument. It has four strings."
    assert third.about == "Violin" or third.sentence.startswith("In 1600, the violin")
    assert all(line.quote in text for line in (first, second, third))


def taught(text: str) -> list[Taught]:
    about = passage("Violin", text)
    return [Taught(about, f"{part.rstrip('.')}.") for part in text.split(". ")]


def test_what_nothing_explains_is_only_asked_about_by_name() -> None:
    text = "The violin is old. Nobody knows more. Its strings are four."
    lines = lines_of([Taught(passage("Violin", text), "Its strings are four.")])
    assert [(line.about, line.sentence) for line in lines] == [("Violin", "Its strings are four.")]


def test_a_sentence_that_points_elsewhere_is_left_alone() -> None:
    text = "The violin is old. This instrument has four strings. Some others have five."
    about = passage("Violin", text)
    assert lines_of([Taught(about, "This instrument has four strings."), Taught(about, "Some others have five.")]) == []


def test_a_formula_that_brackets_are_part_of_is_left_alone() -> None:
    text = "Cellulose has the formula (C6H10O5)n and is found in plants."
    assert lines_of([Taught(passage("Cellulose", text), text)]) == []


@pytest.mark.parametrize(
    ("title", "text", "description", "somebody"),
    [
        ("Marie Curie", "Maria Curie (1867 – 1934) was a Polish physicist.", None, True),
        ("Alan Turing", "Turing did much.", "English computer scientist", True),
        ("Bodhidharma", "Bodhidharma was a semi-legendary Buddhist monk.", None, True),
        ("Carolingian Empire", "The Carolingian Empire (800–888) was a kingdom of the Franks.", None, False),
        ("World War II", "World War II (1939–1945) was a war.", None, False),
        ("Physicist", "A physicist is a scientist who studies physics.", "Scientist", False),
        ("Macbeth", "Macbeth is a tragedy.", "Play by William Shakespeare", False),
    ],
)
def test_somebody_is_told_from_something(title: str, text: str, description: str | None, somebody: bool) -> None:
    assert is_person(passage(title, text, description=description)) is somebody


def test_names_and_nouns_of_a_sentence() -> None:
    text = "The Golden Gate Bridge crosses the strait between San Francisco Bay and the Pacific Ocean in California."
    assert [(term.text, term.before) for term in terms_of(text, "en") if term.is_name] == [
        ("San Francisco Bay", "between"),
        ("Pacific Ocean", "the"),
        ("California", "in"),
    ]
    assert [term.text for term in terms_of("La feuille absorbe l'énergie de la lumière (du soleil).", "fr")] == [
        "énergie",
        "lumière",
    ]
