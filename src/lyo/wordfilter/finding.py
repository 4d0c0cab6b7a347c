"""Words that nobody posts here: obscenities and slurs from lists that others keep, through the usual disguises too.

The list is `refused.txt`; `README.md` says where it is from and by which rules it was made. A filter of
words knows no context, so it stands beside reports and moderators and replaces neither.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.resources import files
from typing import Final

from lyo.core.characters import BLANK, MARKS

_WORD: Final = re.compile(r"[^\W_]+")
_SIGN: Final = re.compile("[@$!]")
_WITH_SIGNS: Final = re.compile(r"(?<![^\W_])[^\W_]*(?:(?:[@$]|!(?=[^\W_]))[^\W_]*)+")
_SPELT: Final = re.compile(r"(?<![^\W_])[^\W_](?:[\W_]{1,2}[^\W_](?![^\W_])){2,}")
"""Three or more single letters, which `f.u.c.k` is and so is `f u c k`."""
_SPLIT: Final = re.compile(r"(?<![^\W_])[^\W_]{2,}(?:[-.*'’·][^\W_]{2,})+(?![^\W_])")
"""Pieces with one sign between two, which `fu.ck` is. Not `_`: `Mer_de_Chine` stands in addresses, and says nothing."""
_MOST_PIECES: Final = 3
_STRETCHED: Final = re.compile(r"(\w)\1\1+")

_SIGNS: Final = str.maketrans("@$0345789", "asoeastbg")
"""What stands for letters; 1 and ! stand for others."""
_AS_I: Final = str.maketrans("1!", "ii")
_AS_L: Final = str.maketrans("1!", "ll")
_ALIKE: Final = str.maketrans(
    # Cyrillic, then Greek.
    "\u0430\u0432\u0435\u043a\u043c\u043d\u043e\u0440\u0441\u0442\u0443\u0445\u0456\u0458\u0455\u0501"
    "\u03b1\u03b2\u03b5\u03b9\u03ba\u03bd\u03bf\u03c1\u03c4\u03c5\u03c7",
    "abekmhopctyxijsdabeikvoptux",
)
_MIXED: Final = re.compile("(?=[\u0370-\u052f]*[a-z])(?=[a-z]*[\u0370-\u052f])[a-z\u0370-\u052f]+")
"""Letters of Latin and of Cyrillic or Greek in one word; a word in Cyrillic alone is a word of its own."""
_FOREIGN: Final = re.compile("[\u0370-\u052f]")
_MARKS: Final = re.compile(f"{MARKS}+")
_BLANK: Final = BLANK | frozenset("\u17b4\u17b5")
"""The last two are vowels of Khmer that are never drawn."""
_FIGURES: Final = "0123456789"

_SHORTEST: Final = 3
"""In letters: what is shorter means something else somewhere."""
_SHORTEST_SPELT: Final = 4
_SINGLES: Final = bytes([True, True, True])
_LONGEST_SPELT: Final = 16


class WordFilter:
    """Finds the words and phrases of a list; a phrase is several words with spaces between them."""

    def __init__(self, listed: Iterable[str]) -> None:
        self._words: set[str] = set()
        self._phrases: dict[str, set[tuple[str, ...]]] = defaultdict(set)
        for entry in listed:
            words = tuple(_WORD.findall(normal(entry)))
            if len(words) == 1:
                self._words.add(words[0])
            elif words:
                self._phrases[words[0]].add(words)
        self._longest = max((len(phrase) for phrases in self._phrases.values() for phrase in phrases), default=0)

    def found(self, text: str) -> Iterator[str]:
        """Each entry of the list that stands in `text`; one may come more than once."""
        text = normal(text)
        words = _WORD.findall(text)
        distinct = set(words)
        yield from distinct & self._words
        yield from self._phrases_in(words, distinct)
        yield from self._words.intersection(_disguised(text, distinct))
        for split in _SPLIT.finditer(text):
            yield from self._words.intersection(_joined(_WORD.findall(split[0])))
        if _SINGLES in bytes([len(word) == 1 for word in words]):
            for spelt in _SPELT.finditer(text):
                yield from self._spelt_in("".join(_WORD.findall(spelt[0])))

    def _phrases_in(self, words: list[str], distinct: set[str]) -> Iterator[str]:
        first = distinct & self._phrases.keys()
        if not first:
            return
        for place in (place for place, word in enumerate(words) if word in first):
            here = tuple(words[place : place + self._longest])
            yield from (" ".join(phrase) for phrase in self._phrases[here[0]] if here[: len(phrase)] == phrase)

    def _spelt_in(self, letters: str) -> Iterator[str]:
        """The words in single letters, which may be several on end without a sign of where each begins."""
        for reading in _readings(letters):
            for begin in range(len(reading)):
                longest = min(begin + _LONGEST_SPELT, len(reading))
                yield from self._words.intersection(
                    reading[begin:end] for end in range(begin + _SHORTEST_SPELT, longest + 1)
                )


def _joined(pieces: list[str]) -> Iterator[str]:
    """Each two or three pieces on end as one word."""
    for begin in range(len(pieces)):
        for end in range(begin + 2, min(begin + _MOST_PIECES, len(pieces)) + 1):
            yield "".join(pieces[begin:end])


def normal(text: str) -> str:
    """One spelling of each word: compatible forms (NFKC) and cases are folded, and what cannot be seen is taken out."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    if folded.isascii():
        return folded
    hidden = {ord(character): None for character in set(folded) if _is_hidden(character)}
    return folded.translate(hidden) if hidden else folded


def _is_hidden(character: str) -> bool:
    is_format = unicodedata.category(character) == "Cf" or "VARIATION SELECTOR" in unicodedata.name(character, "")
    return is_format or character in _BLANK


def _disguised(text: str, distinct: set[str]) -> Iterator[str]:
    """What the words of `text` may be meant to say, where that is not what they say."""
    if not text.isascii():
        # Marks that are left after NFKC are on letters that nobody writes them on, and stand between two words then.
        unsure = text if _MARKS.search(text) else " ".join(word for word in distinct if not word.isascii())
        unsure = _MARKS.sub("", unicodedata.normalize("NFD", unsure))
        if _FOREIGN.search(unsure):
            unsure = _MIXED.sub(lambda word: word[0].translate(_ALIKE), unsure)
        unmarked = _WORD.findall(unicodedata.normalize("NFC", unsure))
        yield from unmarked
        distinct = distinct.union(unmarked)
    odd = {word for word in distinct if not word.isalpha()}
    if _STRETCHED.search(text):
        odd |= {word for word in distinct if _STRETCHED.search(word)}
    if _SIGN.search(text):
        odd.update(_WITH_SIGNS.findall(text))
    for word in odd:
        yield from _readings(word)


def _readings(word: str) -> set[str]:
    """What `word` may be meant to say: with letters for the signs that look like them, and not stretched."""
    readings = {word, word.strip(_FIGURES)}
    letters = sum(map(str.isalpha, word))
    if len(word) - letters < letters < len(word):
        signs = word.translate(_SIGNS)
        readings |= {signs.translate(_AS_I), signs.translate(_AS_L)}
    if any(map(_STRETCHED.search, readings)):
        readings |= {_STRETCHED.sub(once, reading) for reading in readings for once in (r"\1", r"\1\1")}
    return {reading for reading in readings if len(reading) >= _SHORTEST}


@cache
def _filter() -> WordFilter:
    text = files("lyo.wordfilter").joinpath("refused.txt").read_text(encoding="utf-8")
    return WordFilter(text.splitlines())


def refused_word(text: str) -> str | None:
    """A word or phrase of the list that stands in `text`, as the list spells it, or None.

    `text` is as one reads it (`lyo.community.markdown.plain`): emphasis within a word would hide it.
    """
    return next(_filter().found(text), None)
