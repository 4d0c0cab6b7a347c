"""Flaws of what is asked."""

import math
import re

from lyo.courses.generation.languages import language_data
from lyo.courses.generation.quizzes.judged import Judged
from lyo.courses.generation.quizzes.languages import quiz_language
from lyo.courses.generation.words import words

LEAST_WORDS = 3
MOST_WORDS = 40
MOST_RICHNESS = 4.5
"""Corrected type-token ratio above which a stem says more than it asks (the paper's threshold)."""

_BLANK = re.compile(r"_|\.{4,}|…{2,}|-{3,}")
_QUOTED = re.compile(r"[“«\"]\s*(?P<quoted>[^”»\"]+?)\s*[”»\"]")
_PAIRS = (("(", ")"), ("«", "»"), ("“", "”"), ("[", "]"))


def asks_nothing(judged: Judged) -> bool:
    """Unfocused: no question word, no question mark at the end, or hardly any words."""
    data, sequence = quiz_language(judged.language), words(judged.prompt)
    asks = data.question.search(judged.prompt.strip()) and data.interrogatives.intersection(sequence)
    return not asks or len(sequence) < LEAST_WORDS


def is_unclear(judged: Judged) -> bool:
    """A bracket or a quotation mark left open, or a quoted sentence that leans on one that is not there."""
    prompt = judged.prompt
    if any(prompt.count(opening) != prompt.count(closing) for opening, closing in _PAIRS) or prompt.count('"') % 2:
        return True
    if quiz_language(judged.language).names_subject.search(prompt):
        return False
    dangling = language_data(judged.language).dangling
    return any(
        words(match["quoted"])[:1] and words(match["quoted"])[0] in dangling for match in _QUOTED.finditer(prompt)
    )


def is_negative(judged: Judged) -> bool:
    """Asks what is not so."""
    return bool(quiz_language(judged.language).negative_terms.intersection(words(judged.prompt)))


def is_verbose(judged: Judged) -> bool:
    """Gratuitous: so many different words that the question drowns in them."""
    sequence = words(judged.prompt)
    richness = len(set(sequence)) / math.sqrt(2 * len(sequence)) if sequence else 0.0
    return len(sequence) > MOST_WORDS or richness > MOST_RICHNESS


def has_blank(judged: Judged) -> bool:
    """A blank to fill in that is drawn as a line."""
    return bool(_BLANK.search(judged.prompt))


def asks_true_or_false(judged: Judged) -> bool:
    """`Which of these is true?`: nothing can be answered before the options are read."""
    data, sequence = quiz_language(judged.language), words(judged.prompt)
    return bool(data.true_false.intersection(sequence) and data.interrogatives.intersection(sequence))
