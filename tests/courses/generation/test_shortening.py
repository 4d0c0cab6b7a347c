import psycopg
import pytest
from support.grammars import allowed

from lyo.courses.generation.shortening import LONGEST, grammar
from lyo.courses.generation.words import sentences, words

# What may be left of a sentence, in the order of length. Every one of them is a sentence, and as true as the whole.
CASES = [
    (
        "en",
        "The players, referred to as White and Black, have sixteen pieces.",
        {"The players have sixteen pieces."},
    ),
    (
        "en",
        "Napoleon Bonaparte, later known by his regnal name Napoleon I, was Emperor of the French, with a brief break.",
        {"Napoleon Bonaparte was Emperor of the French."},
    ),
    (
        "en",
        "It encompasses the Roman Kingdom (753–509 BC), the Roman Republic (509–27 BC), and the Roman Empire.",
        None,  # a list is all or nothing
    ),
    (
        "en",
        "In 1964, he won with an 11–0 score, the only perfect score in the history of the tournament.",
        {"In 1964, he won with an 11–0 score.", "He won with an 11–0 score."},
    ),
    (
        "en",
        "Cardiology is a branch of medicine that deals with the heart, and it is a part of internal medicine.",
        {"Cardiology is a branch of medicine that deals with the heart."},
    ),
    (
        "fr",
        "Le plaste, appelé aussi plastide, est un organite présent dans les cellules.",
        {"Le plaste est un organite présent dans les cellules."},
    ),
    (
        "fr",
        "Les feuilles peuvent se spécialiser, notamment pour stocker des éléments nutritifs.",
        {"Les feuilles peuvent se spécialiser."},
    ),
    (
        "es",
        "Tras purgar a sus adversarios, asumió la dictadura, dividida entre dos cónsules.",
        {"Tras purgar a sus adversarios, asumió la dictadura."},
    ),
    (
        "es",
        "La música Barroca es el estilo musical europeo, relacionado con la época cultural homónima.",
        {"La música Barroca es el estilo musical europeo."},
    ),
]

NOTHING_TO_LEAVE_OUT = [
    ("en", "Most veins carry blood to the heart."),
    ("en", "Frying is a process in which food is cooked in oil."),
    ("en", "It is a sentence without an end"),
    ("en", ""),
    ("en", "..."),
    ("en", "Its roots are in blues, ragtime, and hymns."),
    ("fr", "Elle est faite de blé, de lait et de sel."),
    ("en", f"It is {'long ' * LONGEST}, and it ends."),
]


@pytest.mark.parametrize(("language", "sentence", "expected"), CASES)
def test_what_may_be_left(language: str, sentence: str, expected: set[str] | None) -> None:
    made = grammar(sentence, language)
    assert (set(allowed(made)) if made else None) == expected


@pytest.mark.parametrize(("language", "sentence"), NOTHING_TO_LEAVE_OUT)
def test_a_simple_sentence_stays_as_it_is(language: str, sentence: str) -> None:
    assert grammar(sentence, language) is None


def test_a_sentence_does_not_end_before_its_verb() -> None:
    made = grammar("Jean Reinhardt, known by his nickname Django, was a French guitarist and composer.", "en")
    assert made is not None
    assert all(" was " in sentence for sentence in allowed(made))


def test_quotation_marks_and_backslashes_are_only_letters() -> None:
    made = grammar('The "White" side, a \\set, is "first" here, or so it is said.', "en")
    assert made is not None
    assert all(sentence.startswith('The "White" side is "first" here') for sentence in allowed(made))


@pytest.mark.parametrize("language", ["en", "fr", "es"])
def test_over_the_whole_library_only_words_are_left_out(library_url: str, language: str) -> None:
    with psycopg.connect(library_url) as connection:
        rows = connection.execute(
            "SELECT extract FROM library_passages WHERE language = %s ORDER BY md5(title) LIMIT 400", (language,)
        ).fetchall()
    checked = 0
    for sentence in (line for (extract,) in rows for line in sentences(extract)):
        made = grammar(sentence, language)
        for shorter in allowed(made, 40) if made else ():
            checked += 1
            remaining = iter(words(sentence))
            assert all(word in remaining for word in words(shorter)), (sentence, shorter)
            assert len(words(shorter)) < len(words(sentence)), (sentence, shorter)
            assert shorter.endswith(".")
            assert not shorter.endswith((" .", ",.", ";."))
            assert ",," not in shorter
    assert checked > 300
