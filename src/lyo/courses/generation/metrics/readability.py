"""How hard the texts are to read, by the formula that was fitted to their language.

- en: Flesch-Kincaid grade level (Kincaid et al. 1975): years of school in the USA; more is harder.
- fr: Kandel and Moles (1958), Flesch's reading ease for French, 0 to 100; more is easier.
- es: Szigriszt Pazos (1993), perspicuity as on the INFLESZ scale, 0 to 100; more is easier.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from lyo.courses.generation.metrics.reading import items_of, said_in
from lyo.courses.generation.metrics.syllables import syllables
from lyo.courses.generation.metrics.values import MetricUndefined
from lyo.courses.generation.values import CourseDraft
from lyo.courses.generation.words import words

LEAST_WORDS = 100
"""The formulas were fitted to samples of a hundred words."""


@dataclass(frozen=True, slots=True)
class Formula:
    """`base + per_sentence · words a sentence + per_word · syllables a word`."""

    name: str
    base: float
    per_sentence: float
    per_word: float


FORMULAS = {
    "en": Formula("Flesch-Kincaid grade", -15.59, 0.39, 11.8),
    "fr": Formula("Kandel-Moles ease", 207.0, -1.015, -73.6),
    "es": Formula("Szigriszt-Pazos perspicuity", 206.835, -1.0, -62.3),
}


def readability(courses: Sequence[CourseDraft]) -> float:
    """The figure of the language's formula over all texts; undefined over several languages."""
    language, *others = sorted({course.material.language for course in courses}) or [""]
    if others:
        raise MetricUndefined("each language has a formula of its own")
    if language not in FORMULAS:
        raise MetricUndefined(f"there is no formula for {language!r}")
    contents = [item.content or "" for course in courses for _, item in items_of(course, "text")]
    sentences = [words(said.sentence) for content in contents for said in said_in(content)]
    return score(sentences, language)


def score(sentences: Sequence[Sequence[str]], language: str) -> float:
    """The figure for sentences given as their words; raises `MetricUndefined` for too short a sample."""
    flat = [word for sentence in sentences for word in sentence]
    if len(flat) < LEAST_WORDS:
        raise MetricUndefined(f"the formula wants {LEAST_WORDS} words, and there are {len(flat)}")
    formula = FORMULAS[language]
    per_word = sum(syllables(word, language) for word in flat) / len(flat)
    return formula.base + formula.per_sentence * len(flat) / len(sentences) + formula.per_word * per_word
