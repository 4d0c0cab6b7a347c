import pytest
from hypothesis import given
from hypothesis import strategies as st

from lyo.courses.generation import gates
from lyo.courses.generation.gates import Claim

SOURCE = (
    "Photosynthesis is a process by which plants, algae and cyanobacteria convert light energy into chemical energy. "
    "It was described in 1779 by Jan Ingenhousz. Most leaves usually store 1,000 units of starch at night. "
    "Chlorophyll plays a role in plants and does not absorb green light."
)
LONG = "Photosynthesis is a process by which plants, algae and cyanobacteria convert light energy into chemical energy."


def claim(sentence: str, *, basis: str | None = None, passage: str = SOURCE, language: str = "en") -> Claim:
    return Claim(sentence, passage, language, basis)


GOOD = "Photosynthesis is a process by which plants convert light energy into chemical energy."


def test_a_good_sentence_passes_every_gate() -> None:
    assert gates.first_failure(claim(GOOD, basis=LONG)) is None
    assert gates.first_failure(claim(GOOD)) is None


@pytest.mark.parametrize(
    ("gate", "sentence"),
    [
        ("is_clean", "Photosynthesis is a process <eos> of plants."),
        ("is_clean", "Photosynthesis is a process<end_of_turn>."),
        ("is_clean", "Plants convert <b>light</b> energy into chemical energy."),
        ("is_clean", "Plants convert light &amp; energy into chemical energy."),
        ("is_clean", "Plants convert light\x07 energy."),
        ("has_no_link", "Plants convert light, see https://example.com for energy."),
        ("has_no_link", "Plants convert light, see www.example.com for energy."),
        ("has_no_link", "Plants convert javascript:alert(1) light energy."),
        ("is_prose", "**Plants** convert light energy into chemical energy."),
        ("is_prose", "# Plants convert light energy."),
        ("is_prose", "Plants convert light energy [1] into chemical energy."),
        ("is_whole", "Plants convert light energy into"),
        ("is_whole", "plants convert light energy into chemical energy."),
        ("is_whole", "Plants convert light energy (into chemical energy."),
        ("is_whole", 'Plants convert "light energy into chemical energy.'),
        ("has_right_length", "Plants convert light."),
        ("has_right_length", "Plants convert light " * 30 + "energy."),
        ("does_not_loop", "Plants plants plants convert light energy."),
        ("does_not_loop", "Plants convert light plants convert light energy."),
        ("is_in_language", "Les plantes de la forêt convert dans le light energy et les algae."),
        ("is_grounded", "Elephants are remarkable mammals living across savannahs."),
        ("invents_no_number", "Photosynthesis was described in 1780 by plants."),
        ("invents_no_number", "Most leaves usually store 2,000 units of starch."),
        ("invents_no_name", "Photosynthesis was described in 1779 by Jan Priestley."),
        ("invents_no_name", "Photosynthesis converts light energy for NASA plants."),
    ],
)
def test_a_bad_sentence_is_refused_by_the_gate_that_is_there_for_it(gate: str, sentence: str) -> None:
    assert gates.first_failure(claim(sentence)) == gate


@pytest.mark.parametrize(
    ("gate", "sentence", "basis"),
    [
        ("keeps_negations", "Chlorophyll absorbs green light.", "Chlorophyll does not absorb green light."),
        ("keeps_hedges", "Leaves store starch at night.", "Most leaves usually store starch at night."),
        (
            "adds_no_link",
            "Plants convert light because of energy.",
            "Plants convert light energy into chemical energy.",
        ),
        ("adds_no_copula", "Chlorophyll is a role in plants.", "Chlorophyll plays a role in plants."),
        (
            "repeats_nothing",
            "Light energy of plants, light energy.",
            "Plants convert light energy into energy of light.",
        ),
        ("keeps_order", "Energy is a process of plants and light.", LONG),
        ("keeps_order", "Photosynthesis is a process by which plants convert green light.", LONG),
    ],
)
def test_shortening_may_leave_out_and_nothing_else(gate: str, sentence: str, basis: str) -> None:
    assert gates.first_failure(claim(sentence, basis=basis)) == gate


def test_the_same_number_in_another_form_is_the_same() -> None:
    assert gates.invents_no_number(claim("They store 1000 units."))
    assert gates.invents_no_number(claim("They store 1 000 units."))


def test_names_may_lose_their_article_and_their_genitive() -> None:
    passage = "L'histoire de l'Angleterre et d'Oliver Cromwell."
    assert gates.invents_no_name(claim("Il règne sur Angleterre.", passage=passage, language="fr"))
    assert gates.invents_no_name(claim("The laws are Cromwell's.", passage=passage))
    assert not gates.invents_no_name(claim("Il règne sur la Bretagne.", passage=passage, language="fr"))


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "The plants of the forest are the ones that make sugar from light."),
        ("fr", "Les plantes de la forêt sont celles qui font du sucre avec de la lumière."),
        ("es", "Las plantas del bosque son las que hacen azúcar con la luz del sol."),
    ],
)
def test_each_language_is_told_from_the_others(language: str, text: str) -> None:
    assert {name for name in ("en", "fr", "es") if gates.speaks(text, name)} == {language}


def test_five_words_three_times_are_a_loop() -> None:
    assert gates.loops("one two three four five a one two three four five b one two three four five")
    assert not gates.loops("one two three four five a one two three four five")


def test_verbatim_means_whole_words_whatever_the_punctuation() -> None:
    assert gates.is_verbatim("Plants, algae and cyanobacteria, convert.", SOURCE)
    assert not gates.is_verbatim("lants, algae", SOURCE)


@given(st.text(max_size=300), st.sampled_from(["en", "fr", "es"]), st.booleans())
def test_every_gate_takes_every_text(sentence: str, language: str, shortens: bool) -> None:
    judged = claim(sentence, basis=LONG if shortens else None, language=language)
    assert all(gate(judged) in {True, False} for gate in gates.GATES)


@given(st.lists(st.sampled_from(LONG.rstrip(".").split()), min_size=4, max_size=16))
def test_what_passes_never_says_more_than_the_source(words: list[str]) -> None:
    sentence = f"{' '.join(words)}."
    if gates.first_failure(claim(sentence, basis=LONG)) is None:
        assert gates.overlap(sentence, SOURCE, "en") == 1.0
        assert not gates.loops(sentence)
