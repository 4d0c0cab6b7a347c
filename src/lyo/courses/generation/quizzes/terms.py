"""The names and nouns of a sentence, as far as capitals, small words around them and endings show them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from lyo.courses.generation.languages import language_data
from lyo.courses.generation.quizzes.languages import quiz_language
from lyo.courses.generation.quizzes.options import shape
from lyo.courses.generation.words import content_words

LEAST_TERM = 5
"""Letters of a common noun that is worth asking for."""

NAME_BEGINS = 5
"""Letters by which two words are taken for one family: science, scientific."""

_TOKEN = re.compile(r"[^\W_]+(?:[’'-][^\W_]+)*|[.,;:!?()«»“”\"—–%]")
_ELIDED = re.compile(r"\b(?:[ldnsjmtc]|qu)[’'](?=\w)", re.IGNORECASE)
_LINKS = {"of", "de", "du", "des", "del", "la", "van", "von", "di"}
_ROMAN = re.compile(r"[IVXLC]+(?:er|e)?")
_BRACKETS = re.compile(r"\([^)]*\)|\[[^\]]*\]")


@dataclass(frozen=True, slots=True)
class Term:
    """A name or a noun of a text, with the place where it stands."""

    text: str
    before: str
    """The word before it, in lower case."""
    is_name: bool
    is_topical: bool
    """Whether all its words are in names of things that the course has passages about, or beside."""
    start: int
    end: int


Frame = tuple[str, bool, bool, int, tuple[bool, bool]]
"""What two terms have in common one of which can stand where the other stands."""


def frame(term: Term, language: str) -> Frame:
    """The word before a term, what it is, how many words it has, and its shape."""
    return term.before, term.is_name, term.is_topical, len(term.text.split()), shape(term.text, language)


def terms_of(sentence: str, language: str, known: frozenset[str] = frozenset()) -> list[Term]:
    """The names and the nouns that end their phrase, in order; none from within brackets.

    `known` are the stems of what the course is about.
    """
    found = _terms_of(sentence, language)
    return [replace(term, is_topical=known.issuperset(content_words(term.text, language))) for term in found]


@lru_cache(maxsize=4096)
def _terms_of(sentence: str, language: str) -> tuple[Term, ...]:
    # Each lesson reads the whole material of its course, and what a word is depends on its sentence alone.
    spaced = _ELIDED.sub(lambda match: match.group()[:-1] + " ", sentence)
    spaced = _BRACKETS.sub(lambda match: " " * len(match.group()), spaced)
    tokens = list(_TOKEN.finditer(spaced))
    found: list[Term] = []
    place = 1
    while place < len(tokens):
        length = _name_length(tokens, place)
        end = place + max(1, length)
        if _stands_free(tokens, place, end, language):
            text, before = spaced[tokens[place].start() : tokens[end - 1].end()], tokens[place - 1].group().casefold()
            if length or _is_noun(text, before, language):
                start, stop = tokens[place].start(), tokens[end - 1].end()
                found.append(Term(text, before, is_name=bool(length), is_topical=False, start=start, end=stop))
        place = end
    return tuple(found)


def _stands_free(tokens: Sequence[re.Match[str]], place: int, end: int, language: str) -> bool:
    """Whether its phrase ends with it, and a word stands before it."""
    following = tokens[end].group() if end < len(tokens) else "."
    ends = following.casefold() in language_data(language).stop_words or not following[:1].isalnum()
    return ends and tokens[place - 1].group()[:1].isalnum()


def _is_noun(word: str, before: str, language: str) -> bool:
    data = quiz_language(language)
    plain = word.isalpha() and word.islower() and len(word) >= LEAST_TERM
    known = word in language_data(language).stop_words or word in data.hollow or word in data.verbs
    return plain and not known and before in data.frames and not word.endswith(data.verb_endings)


def _name_length(tokens: Sequence[re.Match[str]], place: int) -> int:
    """How many tokens from `place` on make a name: words with capitals, small links between them allowed."""
    if not _is_capital(tokens[place].group()) or tokens[place - 1].group() in '.!?:“«"':
        return 0
    end = place + 1
    while end < len(tokens):
        if _is_capital(tokens[end].group()) or _ROMAN.fullmatch(tokens[end].group()):
            end += 1
        elif tokens[end].group() in _LINKS and end + 1 < len(tokens) and _is_capital(tokens[end + 1].group()):
            end += 2
        else:
            break
    return end - place


def _is_capital(word: str) -> bool:
    return word[:1].isupper() and any(letter.islower() for letter in word) and not _ROMAN.fullmatch(word)


def family(text: str, language: str) -> set[str]:
    """The beginnings of the content words of `text`, by which `science` and `scientific` are one family."""
    return {word[:NAME_BEGINS] for word in content_words(text, language)}
