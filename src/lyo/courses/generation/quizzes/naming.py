"""Questions of names: what is said of a thing is given, the thing is asked for; or the other way round."""

import re

from lyo.courses.generation.quizzes.distractors import apart, siblings
from lyo.courses.generation.quizzes.languages import QuizLanguage, quiz_language
from lyo.courses.generation.quizzes.pool import Concept, Pool
from lyo.courses.generation.quizzes.reading import Reading, read, shortened
from lyo.courses.generation.quizzes.values import Draft, Line
from lyo.courses.generation.words import content_words, words

MOST_SAID = 32
"""Words of what a question says of a thing."""

MOST_DEFINITION = 20
"""Words of a definition that is an option."""

LEAST_DEFINITION = 6

LEAST_CLOSE = 0.33
"""Similarity of two things of which a definition of the one may be taken for one of the other."""

_ELISION = re.compile(r"\b(?P<letter>qu|d)e (?=[aeiouyéèêâîôûœAEIOUÉÈÊ])")
_FEMININE = ("ée", "ue", "ie", "euse", "elle", "ive", "ada", "ida", "osa", "iva", "a")
_INFLECTS = {"fr", "es"}
"""Languages whose participles agree with their subject: a question that has none cannot keep them."""


def ask_for_name(line: Line, pool: Pool) -> Draft | None:
    """`Which of these …?`: the thing that a taught sentence is about, among others of its kind."""
    reading, concept = read(line.passage, line.sentence), concept_of(line, pool)
    if reading is None or concept is None:
        return None
    prompt = _which(reading, concept, pool.language)
    if prompt is None or _is_plural(reading, pool.language) != concept.is_plural:
        return None
    wrong = (other.name for other in siblings(concept, reading.predicate, line.quote, pool))
    return Draft(
        kind="named",
        prompt=prompt,
        key=concept.name,
        wrong=apart(wrong, concept.name, pool.language),
        line=line,
        merit=1.0 if reading.definition else 0.5,
    )


def ask_for_definition(line: Line, pool: Pool) -> Draft | None:
    """`What is …?`: what a thing is, among what others of its kind are."""
    reading, concept = read(line.passage, line.sentence), concept_of(line, pool)
    if reading is None or concept is None or reading.definition is None:
        return None
    key = _definition(reading)
    if key is None:
        return None
    others = siblings(concept, reading.definition, line.quote, pool, least=LEAST_CLOSE)
    wrong = [_definition(other.reading) for other in others if other.reading is not None]
    said = set(content_words(key, pool.language))
    return Draft(
        kind="definition",
        prompt=_what(reading, concept, quiz_language(pool.language)),
        key=key,
        wrong=apart(
            (text for text in wrong if text and not said & set(content_words(text, pool.language))), key, pool.language
        ),
        line=line,
        merit=1.0,
    )


def concept_of(line: Line, pool: Pool) -> Concept | None:
    """The concept that the line's passage is about."""
    return next((concept for concept in pool.concepts if concept.passage.id == line.passage.id), None)


def _definition(reading: Reading) -> str | None:
    """The definition as an option: shortened until it has no word by which an option is known to be right or wrong."""
    data, text = quiz_language(reading.passage.language), reading.definition
    for most in range(MOST_DEFINITION, LEAST_DEFINITION, -2):
        text = shortened(reading.definition or "", most, reading.passage.language)
        if text is None or not (data.vague_terms | data.absolute_terms).intersection(words(text)):
            break
    return text[:1].upper() + text[1:] if text else None


def _which(reading: Reading, concept: Concept, language: str) -> str | None:
    data = quiz_language(language)
    predicate = shortened(reading.predicate, MOST_SAID, language)
    if predicate is None or (reading.definition is None and not _can_be_asked(reading, concept, language)):
        return None
    definition = predicate.partition(" ")[2]
    return data.phrases[_wording(reading, concept)].format(predicate=predicate, definition=definition)


def _wording(reading: Reading, concept: Concept) -> str:
    if concept.is_person:
        return "who_named" if reading.definition else "who"
    if reading.definition is None:
        return "which_does"
    if concept.is_proper:
        return "which_named"
    return "which_are" if concept.is_plural else "which_is"


def _can_be_asked(reading: Reading, concept: Concept, language: str) -> bool:
    """Whether the predicate stays right behind `Qu'est-ce qui` and `¿Qué`, which are masculine and singular."""
    if language not in _INFLECTS:
        return True
    if reading.verb not in quiz_language(language).copulas:
        return not concept.is_plural
    agrees = next(iter(words(reading.predicate.partition(" ")[2])), "")
    return not concept.is_plural and not agrees.endswith(_FEMININE)


def _is_plural(reading: Reading, language: str) -> bool:
    return reading.verb in quiz_language(language).plural_verbs


def _what(reading: Reading, concept: Concept, data: QuizLanguage) -> str:
    past = reading.verb in data.past_copulas
    if concept.is_person:
        return data.phrases["who_was" if past else "who_is"].format(subject=concept.name)
    plural = "are" if concept.is_plural else "is"
    wording = {"is": "what_was" if past else "what_is", "are": "what_were" if past else "what_are"}[plural]
    return contracted(data.phrases[wording].format(subject=called(reading, concept)), concept.passage.language)


def called(reading: Reading, concept: Concept) -> str:
    """How a question calls a thing: with the article of its sentence, and a small letter where it is no name."""
    if concept.is_person:
        return concept.name
    name = reading.name
    if not concept.is_proper and not name[1:2].isupper() and (reading.article or concept.is_common):
        name = name[:1].lower() + name[1:]
    joint = "" if not reading.article or reading.article.endswith(("'", "’")) else " "
    return f"{reading.article}{joint}{name}"


def contracted(text: str, language: str) -> str:
    """`text` with small words run together as the language wants it: de le is du, que un is qu'un."""
    for apart_, joined in quiz_language(language).contractions.items():
        text = text.replace(apart_, joined)
    return _ELISION.sub(r"\g<letter>'", text) if language == "fr" else text
