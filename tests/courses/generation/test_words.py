import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.library import passage

from lyo.courses.generation.choosing import choose_sentences
from lyo.courses.generation.languages import language_data, language_of, supported_languages
from lyo.courses.generation.topics import expansions, names, proper_name, topic_of
from lyo.courses.generation.words import content_words, sentences, stem, token_set_ratio


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("One is here. Two is there! Three?", ["One is here.", "Two is there!", "Three?"]),
        ("J. S. Bach was born in 1685. He wrote fugues.", ["J. S. Bach was born in 1685.", "He wrote fugues."]),
        ("Dr. Smith came. He left.", ["Dr. Smith came.", "He left."]),
        ("Se formó en el siglo VIII a. C. Luego creció.", ["Se formó en el siglo VIII a. C. Luego creció."]),
        ("It costs 3.5 units. Then 4.", ["It costs 3.5 units.", "Then 4."]),
        ("Il dit « non ». Élise part.", ["Il dit « non ».", "Élise part."]),
        ("¿Qué es? ¡Nada! Es todo.", ["¿Qué es?", "¡Nada!", "Es todo."]),
        ("Whole. And cut off in the", ["Whole."]),
        ("A list:\nFirst thing\nA sentence.", ["A sentence."]),
        ("", []),
    ],
)
def test_sentences(text: str, parts: list[str]) -> None:
    assert sentences(text) == parts


@pytest.mark.parametrize(
    ("language", "one", "other"),
    [
        ("en", "plants", "plant"),
        ("en", "converting", "converts"),
        ("en", "converted", "convert"),
        ("fr", "révolutions", "révolution"),
        ("fr", "frottées", "frotter"),
        ("es", "cuerdas", "cuerda"),
        ("es", "formar", "formado"),
    ],
)
def test_forms_of_a_word_have_one_stem(language: str, one: str, other: str) -> None:
    assert stem(one, language) == stem(other, language)


def test_content_words_leave_out_what_carries_no_meaning() -> None:
    assert content_words("The plants of the forest are 42.", "en") == (stem("plants", "en"), stem("forest", "en"), "42")


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [
        ("Photosynthesis", "Photosynthesis: the key ideas", 100.0),
        ("The Roman Republic", "The Roman Empire", 76.47),
        ("Black holes", "White dwarfs", 34.78),
        ("History of tea", "The history of green tea", 100.0),
        ("Volcanic rock", "Volcanic eruptions", 76.19),
        ("", "Tea", 0.0),
    ],
)
def test_titles_are_alike_by_the_words_that_they_share(one: str, other: str, ratio: float) -> None:
    assert token_set_ratio(one, other) == pytest.approx(ratio, abs=0.01)


@given(st.text(max_size=40), st.text(max_size=40))
def test_the_ratio_of_titles_is_symmetric_and_bounded(one: str, other: str) -> None:
    assert 0 <= token_set_ratio(one, other) <= 100
    assert token_set_ratio(one, other) == token_set_ratio(other, one)


def test_every_language_has_all_of_its_data() -> None:
    assert supported_languages() == {"en", "fr", "es"}
    phrases = {name: set(language_data(name).phrases) for name in supported_languages()}
    assert phrases["en"] == phrases["fr"] == phrases["es"]
    with pytest.raises(KeyError):
        language_data("de")


@pytest.mark.parametrize(("locale", "language"), [("fr-CA", "fr"), ("fr_FR", "fr"), ("EN", "en"), ("pt-BR", "pt")])
def test_the_language_of_a_locale(locale: str, language: str) -> None:
    assert language_of(locale) == language


@pytest.mark.parametrize(
    ("wish", "language", "topic"),
    [
        ("I want to learn guitar", "en", "guitar"),
        ("introduction to  quantum mechanics ", "en", "quantum mechanics"),
        ("how to cook pasta?", "en", "cook pasta"),
        ("learn", "en", "learn"),
        ("learning theory", "en", "learning theory"),
        ("apprendre la guitare", "fr", "guitare"),
        ("introduction à l'économie", "fr", "économie"),
        ("quiero aprender química", "es", "química"),
        ("introducción a la música", "es", "música"),
        ("¿?", "es", "¿?"),
    ],
)
def test_the_topic_in_a_wish(wish: str, language: str, topic: str) -> None:
    assert topic_of(wish, language) == topic


def test_shorthands_are_expanded_in_their_language_alone() -> None:
    assert expansions("GenAI", "en")[0] == "generative artificial intelligence"
    assert expansions("learn ML", "en")[0] == "machine learning"
    assert expansions("photosynthesis", "en") == ()
    assert expansions("ww2", "fr") == ()
    assert names("photosynthesis", "en") == ("photosynthesis",)
    assert proper_name("genai", "en") == "Generative artificial intelligence"
    assert proper_name("ia", "es") == "Inteligencia artificial"


def test_the_chosen_sentences_stand_alone() -> None:
    text = (
        "It leans on nothing here. Plants convert sunlight into sugar. They store the sugar in roots. "
        "The value {x} is denoted by y<2. This last one leans on the formula. Roots hold water and minerals."
    )
    assert choose_sentences(passage("Plant", text), 9) == [
        "Plants convert sunlight into sugar.",
        "They store the sugar in roots.",
        "Roots hold water and minerals.",
    ]
    assert choose_sentences(passage("Plant", text), 1) == ["Plants convert sunlight into sugar."]
