"""Questions of facts: what is known of a thing, among what is known of others of its kind."""

from functools import lru_cache

from lyo.courses.generation.gates import overlap
from lyo.courses.generation.quizzes.distractors import MOST_SHARED, apart, siblings
from lyo.courses.generation.quizzes.languages import quiz_language
from lyo.courses.generation.quizzes.lines import lines_of
from lyo.courses.generation.quizzes.naming import called, concept_of, contracted
from lyo.courses.generation.quizzes.pool import Concept, Pool
from lyo.courses.generation.quizzes.reading import Reading, read, shortened
from lyo.courses.generation.quizzes.terms import family
from lyo.courses.generation.quizzes.values import Draft, Line, Taught
from lyo.courses.generation.words import sentences
from lyo.sources.protocol import Passage

MOST_WORDS = 24
SENTENCES = 6
"""Of a passage, those that are read for what is known of its thing."""


def ask_for_fact(line: Line, pool: Pool) -> Draft | None:
    """`What is known about …?`: what a taught sentence says, among what is so of others of the same kind."""
    reading, concept = read(line.passage, line.sentence), concept_of(line, pool)
    if reading is None or concept is None or reading.definition is not None:
        return None
    key = _option(reading, concept, pool.language)
    if key is None:
        return None
    others = siblings(concept, reading.predicate, line.quote, pool)
    wrong = [text for other in others for text in _facts(other, concept, reading, pool)]
    wording = quiz_language(pool.language).phrases["known"]
    return Draft(
        kind="fact",
        prompt=contracted(wording.format(subject=called(reading, concept)), pool.language),
        key=key,
        wrong=apart(wrong, key, pool.language),
        line=line,
        merit=0.5,
    )


def _facts(other: Concept, concept: Concept, reading: Reading, pool: Pool) -> list[str]:
    """What is known of `other` in the form of the key's verb, and is not known of `concept`."""
    found: list[str] = []
    for known in facts_of(other.passage):
        text = _option(known, other, pool.language)
        alike = known.definition is None and _tense(known, pool.language) == _tense(reading, pool.language)
        if text is None or not alike or family(concept.name, pool.language) & family(text, pool.language):
            continue
        if overlap(text, concept.passage.text, pool.language) < MOST_SHARED:
            found.append(text)
    return found[:2]


@lru_cache(maxsize=512)
def facts_of(passage: Passage) -> tuple[Reading, ...]:
    """What the first sentences of a passage say of its thing."""
    lines = lines_of([Taught(passage, sentence) for sentence in sentences(passage.text)[:SENTENCES]])
    readings = (read(passage, line.sentence) for line in lines)
    return tuple(reading for reading in readings if reading is not None)


def _option(reading: Reading, concept: Concept, language: str) -> str | None:
    """The predicate as an option; None where it names its own thing, or nothing short enough is left."""
    text = shortened(reading.predicate, MOST_WORDS, language)
    if text is None or family(concept.name, language) & family(text, language):
        return None
    return text[:1].upper() + text[1:]


def _tense(reading: Reading, language: str) -> tuple[bool, bool, bool]:
    """What verbs must have in common to be told apart by their meaning alone."""
    data = quiz_language(language)
    past = reading.verb in data.past_copulas or reading.verb.endswith(data.past_endings)
    return reading.verb in data.copulas, reading.verb in data.plural_verbs, past
