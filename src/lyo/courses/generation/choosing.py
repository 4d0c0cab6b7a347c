"""Which sentences of a passage may stand before a learner as they are."""

import re
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


@lru_cache(maxsize=512)
def _chosen(passage: Passage) -> tuple[str, ...]:
    # Planning, writing and the quiz each ask for the sentences of the same passages, and each has all gates to pass.
    chosen: list[str] = []
    before: str | None = None
    for sentence in sentences(passage.text):
        leans = dangles(sentence, passage.language) and (not chosen or before != chosen[-1])
        if not leans and _is_good(sentence, passage):
            chosen.append(sentence)
        before = sentence
    return tuple(chosen)


def dangles(sentence: str, language: str) -> bool:
    """Whether the sentence begins with a word that points back to another one."""
    return (words(sentence) or [""])[0] in language_data(language).dangling


def _is_good(sentence: str, passage: Passage) -> bool:
    """Whether the sentence says something, and would pass the gates if a model had said it."""
    says = len(content_words(sentence, passage.language)) >= LEAST_CONTENT_WORDS
    plain = len(sentence) <= MOST_CHARACTERS and not _MARKUP.search(sentence)
    return says and plain and first_failure(Claim(sentence, passage.text, passage.language)) is None
