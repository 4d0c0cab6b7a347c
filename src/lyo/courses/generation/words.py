"""Sentences and words, as the gates and the planner count them."""

import re
from collections.abc import Collection
from functools import lru_cache

from rapidfuzz import fuzz

from lyo.courses.generation.languages import language_data

MINIMUM_STEM = 5

_WORD = re.compile(r"[^\W_]+(?:[.,]\d+)*")
_SENTENCE_END = re.compile(
    r"""(?<=[.!?…])          # an end
        (?<!\b\w\.)          # not after an initial, nor within `a. C.`
        (?<!\bav\.)(?<!\bapr\.)(?<!\bca\.)(?<!\bcf\.)(?<!\bvs\.)
        (?<!\b[A-Z][a-z]\.)  # nor after Dr. or St.
        ["»”’)\]]*           # with its closing marks
        \s+
        (?=["«“‘¿¡(\[]*[^\W_a-zà-ÿ])""",  # before something that can begin a sentence
    re.VERBOSE,
)
_ENDS = (".", "!", "?", "…", '."', ".»", ". »", ".”", ".)", '!"', '?"')
_SUFFIXES = {
    "en": ("ically", "ation", "ingly", "ings", "ing", "edly", "ed", "ies", "es", "ly", "s"),
    "fr": ("ement", "ations", "ation", "ées", "és", "ée", "é", "er", "es", "aux", "e", "s"),
    "es": ("amente", "aciones", "ación", "ados", "adas", "ado", "ada", "ar", "er", "es", "os", "as", "o", "a", "s"),
}


def sentences(text: str) -> list[str]:
    """The whole sentences of `text`, in order. What does not end as a sentence does is left out."""
    found = [part.strip() for line in text.split("\n") for part in _SENTENCE_END.split(line)]
    return [part for part in found if part.endswith(_ENDS)]


# The planner, the gates and the quiz ask about the same few hundred passages, sentences and options again and again.
@lru_cache(maxsize=8192)
def words(text: str) -> tuple[str, ...]:
    """The words and numbers of `text`, in lower case."""
    return tuple(word.casefold() for word in _WORD.findall(text))


@lru_cache(maxsize=8192)
def content_words(text: str, language: str) -> tuple[str, ...]:
    """The stems of the words of `text` that carry meaning, in order, repeats included."""
    stop = language_data(language).stop_words
    return tuple(stem(word, language) for word in words(text) if word not in stop and (len(word) > 1 or word.isdigit()))


@lru_cache(maxsize=65536)
def stem(word: str, language: str) -> str:
    """`word` without its commonest endings: enough to see that `converts` and `converting` are one word."""
    for suffix in _SUFFIXES.get(language, ()):
        if word.endswith(suffix) and len(word) - len(suffix) >= MINIMUM_STEM - 1:
            return word[: -len(suffix)].rstrip("e")
    return word.rstrip("e") if len(word) > MINIMUM_STEM else word


def flat(text: str) -> str:
    """`text` as its words alone, so that two texts can be compared whatever their punctuation."""
    return " ".join(words(text))


def similarity(one: Collection[str], other: Collection[str]) -> float:
    """Jaccard similarity of two sets of words, 0 to 1."""
    a, b = set(one), set(other)
    return len(a & b) / len(a | b) if a | b else 0.0


def token_set_ratio(one: str, other: str) -> float:
    """How alike two titles are, 0 to 100, whatever the case; 100 where all words of one are among the other's."""
    return fuzz.token_set_ratio(flat(one), flat(other))
