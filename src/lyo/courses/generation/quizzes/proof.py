"""Flaws of a question against its sources: what is not proved, or should not be in front of a learner at all."""

import re
import unicodedata

from lyo.courses.generation.gates import Claim, has_no_link, is_clean, numbers, speaks
from lyo.courses.generation.quizzes.judged import Judged
from lyo.courses.generation.words import flat, words

MOST_PROMPT = 320
MOST_OPTION = 140
MOST_EXPLANATION = 640
LEAST_QUOTE_WORDS = 4

_FORBIDDEN = re.compile(r"[*_`|\\{}<>~^\n\r\t]|\]\(|\$\$|^#|^\s|\s$|\[\d+\]")
_QUOTES = re.compile(r"[“”«»\"]")


def unsafe_text(judged: Judged) -> bool:
    """Control tokens, HTML, links, or what Markdown would take for its own."""
    for text in (judged.prompt, *judged.options, judged.explanation):
        claim = Claim(text, "", judged.language)
        if not is_clean(claim) or not has_no_link(claim) or _FORBIDDEN.search(text):
            return True
    return False


def wrong_length(judged: Judged) -> bool:
    """Longer than anybody reads, or an explanation that says nothing."""
    if len(judged.prompt) > MOST_PROMPT or any(len(option) > MOST_OPTION for option in judged.options):
        return True
    return not len(words(judged.explanation)) >= LEAST_QUOTE_WORDS or len(judged.explanation) > MOST_EXPLANATION


def wrong_language(judged: Judged) -> bool:
    """A question or an explanation that another language explains better."""
    return not speaks(judged.prompt, judged.language) or not speaks(judged.explanation, judged.language)


def quote_not_verbatim(judged: Judged) -> bool:
    """The quote stands in none of the passages, white space and the form of letters aside."""
    quote = _plain(judged.quote)
    return len(words(quote)) < LEAST_QUOTE_WORDS or not any(quote in _plain(p.text) for p in judged.passages)


def key_not_in_quote(judged: Judged) -> bool:
    """A word of the key that the quote does not have, nor the title of the article that it is from."""
    said, quoted = judged.stems(judged.right), judged.stems(judged.quote)
    quote = _plain(judged.quote)
    titles = {stem for p in judged.passages if quote in _plain(p.text) for stem in judged.stems(p.title)}
    named = said <= quoted or (bool(said & quoted) and said <= quoted | titles)
    return not named or not numbers(judged.right) <= numbers(judged.quote)


def distractor_in_quote(judged: Judged) -> bool:
    """A distractor that the quote names as well: it may be right too."""
    quote = f" {flat(judged.quote)} "
    for option in judged.wrong:
        said = judged.stems(option)
        if f" {flat(option)} " in quote or (said and said <= judged.stems(judged.quote)):
            return True
    return False


def answer_in_prompt(judged: Judged) -> bool:
    """An option that the question itself names."""
    prompt = f" {flat(judged.prompt)} "
    return any(f" {flat(option)} " in prompt for option in judged.options)


def invented_number(judged: Judged) -> bool:
    """A number in the question or the explanation that no passage has."""
    known = {number for passage in judged.passages for number in numbers(f"{passage.title} {passage.text}")}
    return not numbers(judged.prompt) | numbers(judged.explanation) <= known


def explanation_without_quote(judged: Judged) -> bool:
    """An explanation that shares too little with what proves the key."""
    said = judged.stems(judged.explanation)
    return 2 * len(said & judged.stems(judged.quote)) < min(len(said), len(judged.stems(judged.quote)))


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())
