"""The sentences that a lesson taught, made ready to be asked about: without brackets, with their subject named."""

import re
from collections.abc import Sequence

from lyo.courses.generation.choosing import dangles
from lyo.courses.generation.quizzes.languages import quiz_language
from lyo.courses.generation.quizzes.reading import MOST_LEAD, Reading, is_person, read, verbs_of, without_brackets
from lyo.courses.generation.quizzes.values import Line, Taught
from lyo.courses.generation.words import words
from lyo.sources.protocol import Passage

_GLUED = re.compile(r"\)\w")
"""A formula: without its brackets it would be another one."""

MOST_POINTING = 6
"""Words from the beginning of a sentence within which `this` points at another sentence."""

MOST_QUOTE = 520
"""Characters of what proves a key."""

_DEFINITE = {"a": "the", "an": "the", "un": "le", "une": "la"}


def lines_of(taught: Sequence[Taught]) -> list[Line]:
    """The taught sentences that can be understood by themselves or with those before them, in order, each once."""
    found: list[Line] = []
    for line in dict.fromkeys((one.passage.id, one.quote) for one in taught):
        passage = next(one.passage for one in taught if one.passage.id == line[0])
        made = _line(passage, line[1], found)
        if made is not None:
            found.append(made)
    return found


def _line(passage: Passage, quote: str, found: Sequence[Line]) -> Line | None:
    sentence = without_brackets(quote)
    if sentence.count("(") != sentence.count(")") or _GLUED.search(quote):
        return None
    if not leans(sentence, passage.language):
        return Line(passage, quote, sentence)
    before = next((one for one in found if one.passage.id == passage.id and _follows(quote, one)), None)
    resolved = _resolved(sentence, before) if before is not None else None
    whole = f"{before.quote} {quote}" if before is not None else ""
    if resolved is not None and not leans(resolved, passage.language) and len(whole) <= MOST_QUOTE:
        return Line(passage, whole, resolved)
    if _means_the_title(sentence, passage.language):
        return Line(passage, quote, sentence, about=passage.title.partition(" (")[0])
    return None


def _means_the_title(sentence: str, language: str) -> bool:
    """Whether it begins with a pronoun that stands for what the passage is about, as far as anybody can tell."""
    data, first = quiz_language(language), _first_word(sentence)
    points = data.deictics.intersection(words(sentence)[:MOST_POINTING])
    return not points and (first in data.pronouns | data.possessives or _is_bare(first, language))


def leans(sentence: str, language: str) -> bool:
    """Whether a sentence cannot be understood without the one before it."""
    data, first = quiz_language(language), _first_word(sentence)
    lead, _, rest = sentence.partition(", ")
    pronoun_behind = len(words(lead)) <= MOST_LEAD and _first_word(rest) in data.pronouns
    points = dangles(sentence, language) or bool(data.deictics.intersection(words(sentence)[:MOST_POINTING]))
    return points or pronoun_behind or _is_bare(first, language)


def _is_bare(first: str, language: str) -> bool:
    """Whether a sentence that begins with this word leaves its subject out, as Spanish does."""
    endings = quiz_language(language).bare_endings
    return bool(endings) and (first in verbs_of(language) or first.endswith(endings))


def _first_word(text: str) -> str:
    return next(iter(words(text)), "")


def _follows(quote: str, before: Line) -> bool:
    return f"{before.quote} {quote}" in before.passage.text


def _resolved(sentence: str, before: Line) -> str | None:
    """`sentence` with the subject of the one before it in the place of its pronoun, where that is beyond doubt."""
    reading, data = read(before.passage, before.sentence), quiz_language(before.passage.language)
    lead, _, rest = sentence.partition(", ")
    if reading is None:
        return None
    if _first_word(sentence) in data.pronouns:
        return f"{_subject(reading)} {sentence.partition(' ')[2]}"
    if _first_word(rest) in data.pronouns and len(words(lead)) <= MOST_LEAD:
        name = _subject(reading)
        name = name if is_person(before.passage) or not reading.article else name[:1].lower() + name[1:]
        return f"{lead}, {name} {rest.partition(' ')[2]}"
    if _is_bare(_first_word(sentence), before.passage.language):
        return f"{_subject(reading)} {sentence[:1].lower()}{sentence[1:]}"
    return None


def _subject(reading: Reading) -> str:
    """What the sentence before was about, with the article that a second mention has."""
    if is_person(reading.passage):
        return reading.passage.title.partition(" (")[0]
    article = _DEFINITE.get(reading.article, reading.article)
    if article in {"le", "la"} and reading.article in {"un", "une"} and reading.name[:1].casefold() in "aeiouéèêîôh":
        article = "l'"
    joint = "" if not article or article.endswith(("'", "’")) else " "
    whole = f"{article}{joint}{reading.name}"
    return whole[:1].upper() + whole[1:]
