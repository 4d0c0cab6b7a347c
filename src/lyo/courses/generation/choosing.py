"""Which sentences of a passage may stand before a learner as they are."""

import re
from collections.abc import Iterator
from functools import lru_cache

from lyo.courses.generation.gates import Claim, first_failure
from lyo.courses.generation.languages import language_data
from lyo.courses.generation.words import content_words, sentences, words
from lyo.sources.protocol import Passage

LEAST_CONTENT_WORDS = 3
"""Without which a sentence says nothing: who, does, what."""

MOST_CHARACTERS = 600

_MARKUP = re.compile(r"[<>{}\[\]|*_`\\#]|://")
"""Formulas that lost their form, editors' leftovers, and whatever Markdown would take for its own."""


def choose_sentences(passage: Passage, count: int | None = None) -> list[str]:
    """The sentences that stand for a passage: its first good ones, in order, none that leans on one left out."""
    return list(_chosen(passage)[:count])


@lru_cache(maxsize=4096)
def has_a_sentence(passage: Passage) -> bool:
    """Whether there is any; of most of what a search finds nobody asks more."""
    return next(_good_sentences(passage), None) is not None


@lru_cache(maxsize=512)
def _chosen(passage: Passage) -> tuple[str, ...]:
    # Planning, writing and the quiz each ask for the sentences of the same passages, and each has all gates to pass.
    return tuple(_good_sentences(passage))


def _good_sentences(passage: Passage) -> Iterator[str]:
    is_kept = False
    for sentence in sentences(passage.text):
        leans_on_nothing = dangles(sentence, passage.language) and not is_kept
        is_kept = not leans_on_nothing and _is_good(sentence, passage)
        if is_kept:
            yield sentence


def dangles(sentence: str, language: str) -> bool:
    """Whether the sentence begins with a word that points back to another one."""
    return (words(sentence) or [""])[0] in language_data(language).dangling


def _is_good(sentence: str, passage: Passage) -> bool:
    """Whether the sentence says something, and would pass the gates if a model had said it."""
    says = len(content_words(sentence, passage.language)) >= LEAST_CONTENT_WORDS
    plain = len(sentence) <= MOST_CHARACTERS and not _MARKUP.search(sentence)
    return says and plain and first_failure(Claim(sentence, passage.text, passage.language)) is None
