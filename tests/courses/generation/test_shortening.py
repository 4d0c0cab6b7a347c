import psycopg
import pytest
from support.grammars import allowed
from support.library import passage
from support.writers import Scripted

from lyo.courses.generation.asking import open_desk
from lyo.courses.generation.offering import offer, written
from lyo.courses.generation.shortening import LONGEST, shortenings
from lyo.courses.generation.words import sentences, words
from lyo.llm.protocol import Prompt

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
        set[str](),  # a list is all or nothing
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
def test_what_may_be_left(language: str, sentence: str, expected: set[str]) -> None:
    assert set(shortenings(sentence, language)) == expected


@pytest.mark.parametrize(("language", "sentence"), NOTHING_TO_LEAVE_OUT)
def test_a_simple_sentence_stays_as_it_is(language: str, sentence: str) -> None:
    assert shortenings(sentence, language) == []


def test_a_sentence_does_not_end_before_its_verb() -> None:
    made = shortenings("Jean Reinhardt, known by his nickname Django, was a French guitarist and composer.", "en")
    assert made
    assert all(" was " in sentence for sentence in made)


def test_a_comma_before_and_stays_where_it_was() -> None:
    made = shortenings(
        "Inflation is a rise in the price of goods, and it reduces the power of money, which buys.", "en"
    )
    assert "Inflation is a rise in the price of goods, and it reduces the power of money." in made


def test_a_point_that_ends_an_abbreviation_ends_the_sentence_too() -> None:
    made = shortenings("The firm has its seat in the U.S., where it began with a small shop.", "en")
    assert made == ["The firm has its seat in the U.S."]


def test_quotation_marks_and_backslashes_are_only_letters() -> None:
    sentence = 'The "White" side, a \\set, is "first" here, or so it is said.'
    made = shortenings(sentence, "en")
    assert made
    assert all(shorter.startswith('The "White" side is "first" here') for shorter in made)
    offered = offer([sentence, *made, 'The "White" \\side ends.'])
    assert allowed(offered.grammar) == list(dict.fromkeys(offered.marks))


@pytest.mark.parametrize(
    ("choices", "begun", "marks"),
    [
        (["A cat, a pet, sleeps.", "A cat sleeps."], "A cat", (",", " sleeps.")),
        (["Tea is hot, or cold.", "Tea is hot."], "Tea is hot", (",", ".")),
        (["In 1964, he won.", "He won."], "", (" In", " He")),
        (["It has 2.5 parts.", "It has 2.4 parts."], "It has", (" 2.5", " 2.4")),
        (["Cats sleep, eat, and play.", "Cats sleep, eat.", "Cats sleep."], "Cats sleep", (",", ",", ".")),
        (["It is in the U.S., too.", "It is in the U.S."], "It is in the", (" U.S.,", " U.S.")),
        (['A "big cat" sleeps.', 'A "bigger cat" sleeps.'], "A", (' "big', ' "bigger')),
    ],
)
def test_a_model_writes_no_more_than_tells_what_it_means(
    choices: list[str], begun: str, marks: tuple[str, ...]
) -> None:
    offered = offer(choices)
    assert (offered.begun, offered.marks) == (begun, marks)


def check_that_it_can_be_meant(choice: str, choices: tuple[str, ...]) -> None:
    """Word by word, each as a whole and by its first letter, `choice` is what is left in the end."""
    while len(choices) > 1:
        offered = offer(choices)
        mark = offered.marks[choices.index(choice)]
        assert choice.startswith(f"{offered.begun}{mark}".strip()), (choice, offered)
        assert choice in offered.left(mark.strip()[:1], is_whole=False), (choice, offered)
        left = offered.left(mark.strip(), is_whole=True)
        assert len(left) < len(choices), (choice, offered)
        choices = left
    assert choices == (choice,)


def test_a_word_that_was_not_offered_means_nothing() -> None:
    offered = offer(["A cat, a pet, sleeps.", "A cat sleeps."])
    assert offered.left("barks", is_whole=False) == offered.left("", is_whole=True) == ()
    assert offered.left("sle", is_whole=False) == ("A cat sleeps.",)


@pytest.mark.anyio
async def test_a_space_alone_says_nothing_yet() -> None:
    asked: list[int] = []

    def digits(prompt: Prompt) -> str:
        asked.append(1)
        return "" if len(asked) == 1 else "1887"

    desk = await open_desk(Scripted(digits))
    about = passage("Eiffel Tower", "It was built from 1887 on.")
    assert await written(["1942", "1887"], about, "It was built from", desk) == "1887"
    assert len(asked) == 2


@pytest.mark.anyio
@pytest.mark.parametrize(("before", "space"), [("où l'", ""), ("le climat de l’", ""), ("le serbe et le", " ")])
async def test_nothing_stands_after_an_elided_article(before: str, space: str) -> None:
    model = Scripted(lambda prompt: allowed(prompt.grammar or "")[0])
    about = passage("Europe", "Un continent.", language="fr")
    assert await written(["Océanie", "Asie"], about, before, await open_desk(model)) == "Océanie"
    assert allowed(model.asked[0].grammar or "") == [f"{space}Océanie", f"{space}Asie"]
    assert model.asked[0].begun == before


def test_half_a_word_may_be_two() -> None:
    one, more = "It is a bird of prey.", "It is a birds' nest."
    assert offer([one, more]).left("bird", is_whole=False) == (one, more)
    assert offer([one, more]).left("bird", is_whole=True) == (one,)


@pytest.mark.parametrize("language", ["en", "fr", "es"])
def test_over_the_whole_library_only_words_are_left_out(library_url: str, language: str) -> None:
    with psycopg.connect(library_url) as connection:
        rows = connection.execute(
            "SELECT extract FROM library_passages WHERE language = %s ORDER BY md5(title) LIMIT 400", (language,)
        ).fetchall()
    checked = 0
    for sentence in (line for (extract,) in rows for line in sentences(extract)):
        made = shortenings(sentence, language)
        for shorter in made:
            checked += 1
            remaining = iter(words(sentence))
            assert all(word in remaining for word in words(shorter)), (sentence, shorter)
            assert len(words(shorter)) < len(words(sentence)), (sentence, shorter)
            assert shorter.endswith(".")
            assert not shorter.endswith((" .", ",.", ";."))
            assert ",," not in shorter
        if made:
            choices = (" ".join(sentence.split()), *made)
            for choice in choices:
                check_that_it_can_be_meant(choice, choices)
    assert checked > 300
