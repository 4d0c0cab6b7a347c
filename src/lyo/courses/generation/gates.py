"""The gates: what a sentence or a text must be before a learner sees it. Each is one question with one answer."""

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

from rapidfuzz.distance import LCSseq

from lyo.courses.generation.languages import language_data, supported_languages
from lyo.courses.generation.words import content_words, flat, words

LEAST_OVERLAP = 0.5
"""Of a sentence's content words, the share that its cited passage must have (issue bar; after lextures)."""

LEAST_IN_ORDER = 0.9
"""Of a shortened sentence's content words, the share that must stand in the long one in the same order."""

LOOP_WORDS = 5
LOOP_REPEATS = 3

_CONTROL = re.compile(r"<\|?/?[a-z_]+\|?>|\[/?(?:INST|SYS)\]|<<SYS>>|[\x00-\x08\x0b-\x1f\x7f\ufffd]", re.IGNORECASE)
_HTML = re.compile(r"<[a-z!/][^>]*>?|&(?:#\d+|#x[0-9a-f]+|[a-z]{2,8});", re.IGNORECASE)
_LINK = re.compile(r"\b[a-z][a-z0-9+.-]*://|\bwww\.|\bjavascript:|\bdata:|\]\(|!\[", re.IGNORECASE)
_MARKUP = re.compile(r"^\s*(?:#{1,6}\s|[-*+]\s|>|\d+[.)]\s|```)|\*\*|__|`|\[\d+\]|\$\$|\\[a-z]+", re.MULTILINE)
_NUMBER = re.compile(r"\d+(?:[.,   ]\d+)*")
_NAME = re.compile(r"[^\W\d_]*[A-ZÀ-ÖØ-Þ][^\W_]*(?:[’'-][^\W_]+)*")
_END = re.compile(r"[.!?…][\"»”’)]*$")
_PAIRS = (("(", ")"), ("«", "»"), ("“", "”"), ("[", "]"))

LEAST_WORDS = 4
MOST_WORDS = 90
LEAST_JUDGED_WORDS = 6


@dataclass(frozen=True, slots=True)
class Claim:
    """A sentence of a model, with what it rests on."""

    sentence: str
    passage: str
    """The text of the passage that it cites."""
    language: str
    basis: str | None = None
    """The one sentence of the passage that it shortens; None where it may draw on the whole passage."""


def is_clean(claim: Claim) -> bool:
    """No control tokens and no HTML."""
    return not _CONTROL.search(claim.sentence) and not _HTML.search(claim.sentence)


def has_no_link(claim: Claim) -> bool:
    """No address, link or image of any kind: addresses come from code, not from a model."""
    return not _LINK.search(claim.sentence)


def is_prose(claim: Claim) -> bool:
    """No headings, bullets, emphasis, code or citation marks: code sets those."""
    return not _MARKUP.search(claim.sentence) and "\n" not in claim.sentence


def is_whole(claim: Claim) -> bool:
    """Begins and ends as a sentence does, with every bracket and quotation mark closed."""
    sentence = claim.sentence
    begins = sentence[:1].isupper() or sentence[:1].isdigit() or sentence[:1] in '«“"¿¡('
    closed = all(sentence.count(opening) == sentence.count(closing) for opening, closing in _PAIRS)
    return begins and closed and sentence.count('"') % 2 == 0 and bool(_END.search(sentence))


def has_right_length(claim: Claim) -> bool:
    """Between `LEAST_WORDS` and `MOST_WORDS` words."""
    return LEAST_WORDS <= len(words(claim.sentence)) <= MOST_WORDS


def does_not_loop(claim: Claim) -> bool:
    """No word three times in a row, no three words twice in a row, no `LOOP_WORDS` words `LOOP_REPEATS` times."""
    return not loops(claim.sentence)


def is_in_language(claim: Claim) -> bool:
    """No other language explains its commonest words better than the one that it should be in."""
    return speaks(claim.sentence, claim.language)


def is_grounded(claim: Claim) -> bool:
    """At least half of its content words are in the passage that it cites."""
    return overlap(claim.sentence, claim.passage, claim.language) >= LEAST_OVERLAP


def invents_no_number(claim: Claim) -> bool:
    """Every number and date is in the passage."""
    return numbers(claim.sentence) <= numbers(claim.passage)


def invents_no_name(claim: Claim) -> bool:
    """Every word with a capital, but for the first, is in the passage with a capital."""
    known = {part for name in _NAME.findall(claim.passage) for part in _parts(name)}
    first = _first_word(claim.sentence)
    for match in _NAME.finditer(claim.sentence):
        if match.start() == first and match.group().istitle():
            continue  # judged as a content word: any word has a capital there
        if not _parts(match.group()) <= known:
            return False
    return True


def keeps_negations(claim: Claim) -> bool:
    """Says `not` exactly as often as the sentence that it shortens."""
    if claim.basis is None:
        return True
    return _negations(claim.sentence, claim.language) == _negations(claim.basis, claim.language)


def adds_no_link(claim: Claim) -> bool:
    """Shortening joins nothing that was not joined: no `because` or `before` that the long sentence lacks."""
    if claim.basis is None:
        return True
    links = language_data(claim.language).connectives
    return not (Counter(w for w in words(claim.sentence) if w in links) - Counter(words(claim.basis)))


def adds_no_copula(claim: Claim) -> bool:
    """Shortening puts no `is` in the place of a verb: `plays a role` does not become `is a role`."""
    if claim.basis is None:
        return True
    copulas = language_data(claim.language).copulas
    count = [sum(word in copulas for word in words(text)) for text in (claim.sentence, claim.basis)]
    return count[0] <= count[1]


def keeps_hedges(claim: Claim) -> bool:
    """What was true of some, or sometimes, or perhaps, is so still: a hedge stays with the word behind it."""
    if claim.basis is None:
        return True
    hedges = language_data(claim.language).hedges
    kept, said = set(words(claim.sentence)), set(content_words(claim.sentence, claim.language))
    sequence = words(claim.basis)
    for at, word in enumerate(sequence):
        next_content = content_words(" ".join(sequence[at + 1 :]), claim.language)[:1]
        if word in hedges and word not in kept and said.issuperset(next_content):
            return False
    return True


def repeats_nothing(claim: Claim) -> bool:
    """No two words with a meaning stand together twice, unless they do in the long sentence."""
    if claim.basis is None:
        return True
    return not (_repeated_pairs(claim.sentence, claim.language) - _repeated_pairs(claim.basis, claim.language))


def keeps_order(claim: Claim) -> bool:
    """Shortening leaves words out: it brings in none with a meaning of its own, and changes no order."""
    if claim.basis is None:
        return True
    said = content_words(claim.sentence, claim.language)
    basis = content_words(claim.basis, claim.language)
    return set(said) <= set(basis) and LCSseq.similarity(said, basis) >= LEAST_IN_ORDER * len(said)


GATES: tuple[Callable[[Claim], bool], ...] = (
    is_clean,
    has_no_link,
    is_prose,
    is_whole,
    has_right_length,
    does_not_loop,
    is_in_language,
    is_grounded,
    invents_no_number,
    invents_no_name,
    keeps_negations,
    keeps_hedges,
    adds_no_link,
    adds_no_copula,
    repeats_nothing,
    keeps_order,
)


def first_failure(claim: Claim) -> str | None:
    """The name of the first gate that refuses `claim`, or None when it may be published."""
    return next((gate.__name__ for gate in GATES if not gate(claim)), None)


def loops(text: str) -> bool:
    """Whether `text` repeats itself as a model does that is stuck."""
    sequence = words(text)
    if repeats_a_phrase(text):
        return True
    if any(sequence[at] == sequence[at + 1] == sequence[at + 2] for at in range(len(sequence) - 2)):
        return True
    return any(sequence[at : at + 3] == sequence[at + 3 : at + 6] for at in range(len(sequence) - 5))


def repeats_a_phrase(text: str) -> bool:
    """Whether any `LOOP_WORDS` words stand `LOOP_REPEATS` times in `text`, which may be a whole lesson."""
    sequence = words(text)
    grams = Counter(tuple(sequence[at : at + LOOP_WORDS]) for at in range(len(sequence) - LOOP_WORDS + 1))
    return any(count >= LOOP_REPEATS for count in grams.values())


def speaks(text: str, language: str) -> bool:
    """Whether the stop words of `language` explain `text` at least as well as those of any other."""
    sequence = words(text)
    if len(sequence) < LEAST_JUDGED_WORDS:
        return True
    hits = {name: sum(word in language_data(name).stop_words for word in sequence) for name in supported_languages()}
    return hits[language] > 0 and hits[language] >= max(hits.values())


def overlap(sentence: str, passage: str, language: str) -> float:
    """The share of the content words of `sentence` that `passage` has; 0 for a sentence without any."""
    said = content_words(sentence, language)
    known = set(content_words(passage, language))
    return sum(word in known for word in said) / len(said) if said else 0.0


def numbers(text: str) -> set[str]:
    """The numbers in `text`, without the marks that group their digits."""
    return {re.sub(r"[.,   ](?=\d{3}\b)", "", number) for number in _NUMBER.findall(text)}


def is_verbatim(sentence: str, passage: str) -> bool:
    """Whether `sentence` stands in `passage` word for word, whatever the punctuation."""
    return f" {flat(sentence)} " in f" {flat(passage)} "


def _repeated_pairs(text: str, language: str) -> set[tuple[str, str]]:
    said = content_words(text, language)
    pairs = Counter(pairwise(said))
    return {pair for pair, count in pairs.items() if count > 1}


def _first_word(sentence: str) -> int:
    match = re.search(r"[^\W_]", sentence)
    return match.start() if match else 0


def _parts(name: str) -> set[str]:
    return {part.casefold().removesuffix("s") for part in re.split(r"[’'-]", name) if len(part) > 1}


def _negations(sentence: str, language: str) -> int:
    negations = language_data(language).negations
    plain = sentence.casefold().replace("’", "'").replace("n't", " n't")
    return sum(part in negations for part in re.findall(r"n't|[^\W_]+", plain))
