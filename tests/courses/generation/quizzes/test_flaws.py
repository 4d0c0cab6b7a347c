"""Each gate of a question: what it refuses, and that it refuses nothing of a sound one."""

from dataclasses import dataclass, replace

import pytest
from support.library import passage

from lyo.courses.generation.quizzes.flaws import ITEM_FLAWS, PROOF_FLAWS, first_flaw, flaws, item_flaws

TEXT = (
    "Chlorophyll is a green pigment found in the chloroplasts of plants. "
    "Chlorophyll was named in 1818 by Joseph Caventou, and 95 percent of it is in leaves."
)
SOURCE = passage("Chlorophyll", TEXT)
QUOTE = "Chlorophyll is a green pigment found in the chloroplasts of plants."


@dataclass(frozen=True)
class Asked:
    """A question of no maker in particular."""

    prompt: str = "Which of these is a green pigment found in the chloroplasts of plants?"
    options: tuple[str, ...] = ("Haemoglobin", "Chlorophyll", "Melanin", "Carotene")
    key: int = 1
    explanation: str = f"The article “Chlorophyll” says: “{QUOTE}”"
    quote: str = QUOTE


SOUND = Asked()
GAP = replace(
    SOUND,
    prompt="Which word belongs in the gap: “Chlorophyll is a green […] found in the chloroplasts of plants”?",
    options=("hormone", "pigment", "protein", "mineral"),
)
YEAR = replace(
    SOUND,
    prompt="In which year did this happen: “Chlorophyll was named by Joseph Caventou”?",
    options=("1798", "1818", "1838", "1858"),
    explanation="The article “Chlorophyll” says: “Chlorophyll was named in 1818 by Joseph Caventou”",
    quote="Chlorophyll was named in 1818 by Joseph Caventou",
)
WHAT = replace(
    SOUND,
    prompt="What is chlorophyll?",
    options=(
        "A red protein that carries oxygen in blood",
        "A green pigment found in the chloroplasts of plants",
        "A hard mineral made from pure carbon",
        "A sweet liquid that bees bring home to their hive",
    ),
)


@pytest.mark.parametrize("question", [SOUND, GAP, YEAR, WHAT])
def test_a_sound_question_has_no_flaw(question: Asked) -> None:
    assert flaws(question, [SOURCE], "en") == []
    assert first_flaw(question, [SOURCE], "en") is None
    assert item_flaws(question, "en") == []


@pytest.mark.parametrize(
    ("flaw", "question"),
    [
        ("is_malformed", replace(SOUND, options=("Chlorophyll", "Melanin", "Carotene"))),
        ("is_malformed", replace(SOUND, key=4)),
        ("is_malformed", replace(SOUND, options=("Haemoglobin", "Chlorophyll", " ", "Carotene"))),
        ("asks_nothing", replace(SOUND, prompt="The green pigment of plants is this")),
        ("asks_nothing", replace(SOUND, prompt="Green pigment of all plants?")),
        ("is_unclear", replace(SOUND, prompt="Which word belongs in the gap: “It is a green […] of plants”?")),
        ("is_unclear", replace(SOUND, prompt="Which of these is a green pigment (in plants?")),
        ("is_negative", replace(SOUND, prompt="Which of these is not a green pigment of plants?")),
        ("is_negative", replace(SOUND, prompt="Which of these are pigments, except one?")),
        ("is_verbose", replace(SOUND, prompt="Which of these " + " ".join(f"word{n}" for n in range(40)) + "?")),
        ("has_blank", replace(SOUND, prompt="Which word is missing: the green pigment is ____?")),
        ("asks_true_or_false", replace(SOUND, prompt="Which of these is true of the green pigment?")),
        ("all_or_none_of_the_above", replace(SOUND, options=("Melanin", "Chlorophyll", "Carotene", "None of these"))),
        (
            "all_or_none_of_the_above",
            replace(SOUND, options=("Melanin", "Chlorophyll", "Carotene", "All of the above")),
        ),
        ("true_or_false_options", replace(SOUND, options=("Yes", "Chlorophyll", "No", "Carotene"))),
        ("combined_options", replace(SOUND, options=("A and B", "Chlorophyll", "B and C", "Carotene"))),
        (
            "combined_options",
            replace(
                SOUND,
                options=("melanin, iron", "iron, chlorophyll", "iron, melanin", "carotene, iron"),
            ),
        ),
        ("absolute_terms", replace(SOUND, options=("Always melanin", "Chlorophyll", "Carotene", "Keratin"))),
        ("vague_terms", replace(SOUND, options=("Usually melanin", "Chlorophyll", "Carotene", "Keratin"))),
        ("longest_is_right", replace(SOUND, options=("Iron", "Chlorophyll", "Zinc", "Keratin"))),
        ("lost_sequence", replace(YEAR, options=("1838", "1818", "1798", "1858"))),
        ("lost_sequence", replace(YEAR, options=("1858", "1838", "1818", "1798"), key=2)),
        ("word_repeats", replace(SOUND, options=("Melanin", "Green pigment", "Carotene", "Haemoglobin"))),
        (
            "grammatical_cue",
            replace(
                GAP,
                prompt="Which word belongs in the gap: “Chlorophyll is an […] found in plants”?",
                options=("acid", "oil", "protein", "enzyme"),
            ),
        ),
        ("grammatical_cue", replace(GAP, options=("Hormones", "pigment", "proteins", "minerals"))),
        ("convergence_cue", replace(SOUND, options=("red leaf", "green leaf", "blue leaf", "carotene"))),
        ("logical_cue", replace(SOUND, options=("12", "chlorophyll", "melanin", "carotene"))),
        ("logical_cue", replace(SOUND, options=("Louis Pasteur", "pigments", "Marie Curie", "Carl Linnaeus"))),
        ("implausible_distractor", replace(YEAR, options=("1234", "1818", "1838", "1858"))),
        ("implausible_distractor", replace(YEAR, options=("2", "3", "4", "9000000"), key=0)),
        ("more_than_one_right", replace(SOUND, options=("Pigment", "pigments", "Melanin", "Carotene"))),
        ("more_than_one_right", replace(SOUND, options=("Amoníaco", "amoniaco", "Melanin", "Carotene"))),
        ("more_than_one_right", replace(SOUND, options=("the pigment", "pigment", "Melanin", "Carotene"))),
        ("unsafe_text", replace(SOUND, explanation=f"{SOUND.explanation} <script>")),
        ("unsafe_text", replace(SOUND, options=("https://evil.example", "Chlorophyll", "Melanin", "Carotene"))),
        ("unsafe_text", replace(SOUND, options=("**Melanin**", "Chlorophyll", "Iron", "Carotene"))),
        ("unsafe_text", replace(SOUND, prompt="Which of these is a green pigment of plants<|im_end|>?")),
        ("wrong_length", replace(SOUND, explanation="Because.")),
        ("wrong_length", replace(SOUND, options=("x" * 150, "Chlorophyll", "Melanin", "Carotene"))),
        ("wrong_language", replace(SOUND, prompt="Lequel de ces mots est le nom de la couleur des plantes ?")),
        ("quote_not_verbatim", replace(SOUND, quote="Chlorophyll is the green pigment of all plants.")),
        ("quote_not_verbatim", replace(SOUND, quote="")),
        ("key_not_in_quote", replace(SOUND, key=0)),
        ("distractor_in_quote", replace(SOUND, options=("Plants", "Chlorophyll", "Melanin", "Carotene"))),
        ("answer_in_prompt", replace(SOUND, options=("Pigment", "Chlorophyll", "Melanin", "Carotene"))),
        ("invented_number", replace(SOUND, prompt="Which of these is 1 of 7 green pigments of plants?")),
        ("explanation_without_quote", replace(SOUND, explanation="It is what everybody learns about at school.")),
    ],
)
def test_each_flaw_is_found(flaw: str, question: Asked) -> None:
    assert flaw in flaws(question, [SOURCE], "en")


def test_every_gate_is_tried_above() -> None:
    (cases,) = (mark.args[1] for mark in test_each_flaw_is_found.pytestmark)  # type: ignore[attr-defined]  # pytest's own
    assert {gate.__name__ for gate in ITEM_FLAWS + PROOF_FLAWS} <= {flaw for flaw, _ in cases}


def test_two_numbers_are_not_one_because_they_look_alike() -> None:
    assert "more_than_one_right" not in flaws(replace(YEAR, options=("1817", "1818", "1819", "1820")), [SOURCE], "en")


def test_roman_numerals_stand_in_their_order_too() -> None:
    asked = replace(GAP, prompt="Quel siècle manque ici : « au […] siècle » ?", options=("XVIe", "XVIIe", "XVe", "XXe"))
    assert "lost_sequence" in item_flaws(asked, "fr")
    assert "lost_sequence" not in item_flaws(replace(asked, options=("XVe", "XVIe", "XVIIe", "XXe")), "fr")


def test_a_word_that_all_options_share_gives_nothing_away() -> None:
    shared = replace(
        SOUND,
        prompt="Which war was fought between Prussia and France?",
        options=("Anglo-Zulu War", "Franco-Prussian War", "Second Boer War", "First Opium War"),
    )
    assert "word_repeats" not in item_flaws(shared, "en")
    assert "convergence_cue" not in item_flaws(shared, "en")


@pytest.mark.parametrize(
    ("language", "prompt", "flaw"),
    [
        ("es", "Cuál de estas plantas es verde?", "asks_nothing"),
        ("es", "¿Cuál de estas plantas no es verde?", "is_negative"),
        ("es", "¿Qué palabra falta aquí: «Su capital es […]»?", "is_unclear"),
        ("fr", "Quelle plante n'est pas verte ?", "is_negative"),
        ("fr", "Laquelle de ces phrases est vraie ou faux ?", "asks_true_or_false"),
        ("fr", "Quel mot manque ici : « l'[…] des plantes » ?", "grammatical_cue"),
    ],
)
def test_flaws_in_other_languages(language: str, prompt: str, flaw: str) -> None:
    asked = Asked(prompt=prompt, options=("orchidée", "rose", "iris", "mousse"), key=0)
    assert flaw in item_flaws(asked, language)


@pytest.mark.parametrize("language", ["fr", "es"])
def test_all_of_the_above_in_other_languages(language: str) -> None:
    last = {"fr": "Toutes ces réponses", "es": "Todas las anteriores"}[language]
    asked = replace(SOUND, options=("Rosa", "Iris", "Tulipa", last))
    assert "all_or_none_of_the_above" in item_flaws(asked, language)
