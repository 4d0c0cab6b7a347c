"""Reading what an encyclopedia's sentence says: its subject, its verb, and what it says of the subject."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from lyo.courses.generation.languages import language_data
from lyo.courses.generation.quizzes.languages import QuizLanguage, quiz_language
from lyo.courses.generation.words import content_words, sentences, words
from lyo.sources.protocol import Passage

LEAST_SAID = 4
"""Content words without which a predicate says too little to ask about."""

LEAST_KEPT = 5
"""Content words that a shortened sentence must keep to say anything of its own."""

MOST_LEAD = 12
"""Words before a comma that can lead up to a subject."""

MOST_CALLED = 7
"""Words behind `was` among which a profession stands."""

MOST_PARTICLE = 3
"""Letters of a small word that a name writes small: of, the, del."""

MOST_NAMES = 6
"""Words that somebody's whole name may have more than the title of the article."""

LEAST_BEHIND = 5
"""Words that must follow the last `which` or `by` of a text that was cut."""

LIFETIME = range(22, 111)
"""Years between two dates from which on they are somebody's life and no war's or reign's."""

_BRACKETS = re.compile(r"\s*/[^/\s]{1,30}/|\s*\((?:[^()]|\([^()]*\))*\)|\s*\[[^\[\]…]*\]")
_YEARS = re.compile(r"\((?:[^()]{0,140}\D)?(\d{3,4})\)?\s*(?:[-–—]|et mort)\s*(?:[^()]{0,140}\D)?(\d{3,4})")
_BORN = re.compile(r"\b(?:born|né|née|nacido|nacida|nació)\b")
_FIRST_PART = re.compile(r"\b(?:by|of|in|for|about|par|de|du|sur|por|sobre|en)\b")
_NAME = re.compile(r"[A-ZÀ-Þ]\w*[’'.]?\w*(?:[ -](?:[a-z]{1,3} )*[A-ZÀ-Þ]|$)")
_PARTICLES = {"de", "da", "di", "du", "del", "la", "von", "van", "der", "ser", "of", "the", "y", "d'"}
_OR = re.compile(r",? (?:or|ou|o|u) ")
_CUT = re.compile(r", |; | [–—] |: | (?:and|et|y) (?=(?:who|which|that|is|was|has|qui|que|est|a|es|fue)\b)")
_WORD = re.compile(r"\S+")


@dataclass(frozen=True, slots=True)
class Reading:
    """A sentence about the thing that its passage is about."""

    passage: Passage
    name: str
    """What it is about, without an article, as it stands in the sentence."""
    article: str
    """The article before it, in lower case; empty where there is none."""
    predicate: str
    """All from the verb on, without brackets and the full stop."""
    definition: str | None
    """What stands behind `is`, article first; None where the sentence is no definition."""
    verb: str


def without_brackets(sentence: str) -> str:
    """The sentence without what stands in brackets: pronunciations, dates, second names."""
    return re.sub(r"\s+([,.;:])", r"\1", _BRACKETS.sub("", sentence)).strip()


def read(passage: Passage, sentence: str) -> Reading | None:
    """What `sentence` says of the thing that `passage` is about, or None where it does not begin with that."""
    plain = without_brackets(sentence)
    led = _without_lead(plain, passage.language)
    for text in (plain, _without_aside(plain, passage.language), led, _without_aside(led, passage.language)):
        subject, rest = _split(text, passage.language)
        if rest and is_named(subject, passage):
            return _reading(passage, subject, rest)
    return None


def _without_lead(sentence: str, language: str) -> str:
    """`sentence` without what leads up to its subject: in 1964, after the war."""
    lead, comma, rest = sentence.partition(", ")
    begins = next(iter(words(lead)), "")
    if comma and begins in quiz_language(language).leads and len(words(lead)) <= MOST_LEAD:
        return rest
    return sentence


def _without_aside(sentence: str, language: str) -> str:
    """`sentence` without what stands in commas between its subject and its first copula."""
    copulas = "|".join(quiz_language(language).copulas)
    aside = re.compile(rf"^(?P<subject>[^,]{{1,80}}), .{{1,220}}?,? (?=(?:{copulas}) )")
    return aside.sub(r"\g<subject> ", sentence)


@lru_cache(maxsize=1024)
def read_first(passage: Passage) -> Reading | None:
    """What the passage's first sentence says that the thing is."""
    first = next(iter(sentences(passage.text)), "")
    reading = read(passage, first)
    return reading if reading is not None and reading.definition else None


def _reading(passage: Passage, subject: str, rest: str) -> Reading:
    data = quiz_language(passage.language)
    predicate = re.sub(r"[.\s]+$", "", rest)
    verb, _, complement = predicate.partition(" ")
    if complement.partition(" ")[0] in data.also:
        complement = complement.partition(" ")[2]
        predicate = f"{verb} {complement}"
    defines = verb in data.copulas and data.definite.match(complement)
    article, name = split_article(subject, passage.language)
    return Reading(
        passage=passage,
        name=name,
        article=article.casefold(),
        predicate=predicate,
        definition=complement if defines else None,
        verb=verb,
    )


def _split(sentence: str, language: str) -> tuple[str, str]:
    """What stands before the first verb, and all from the verb on; an empty rest where no verb is known."""
    verbs = verbs_of(language)
    for place, match in enumerate(_WORD.finditer(sentence)):
        word = match.group()
        if place and (word in verbs or word.startswith("s'")):
            subject = _OR.split(sentence[: match.start()])[0]
            return subject.rstrip(" ,"), sentence[match.start() :]
    return sentence, ""


@cache
def verbs_of(language: str) -> frozenset[str]:
    """The verbs that are known to stand behind a subject."""
    data = quiz_language(language)
    return data.verbs | data.copulas | language_data(language).verbs


def split_article(subject: str, language: str) -> tuple[str, str]:
    """The article of a noun, and the noun; elided ones (`l'`) too."""
    for article in sorted(quiz_language(language).articles, key=len, reverse=True):
        begins = article if article.endswith(("'", "’")) else f"{article} "
        if subject.casefold().startswith(begins):
            return subject[: len(begins)].strip(), subject[len(begins) :].strip()
    return "", subject


def is_named(subject: str, passage: Passage) -> bool:
    """Whether `subject` is the name of what the passage is about, whatever its number, articles and accents."""
    title = content_words(_plain(passage.title.partition("(")[0]), passage.language)
    said = content_words(_plain(subject), passage.language)
    if not title or not said or "," in subject:
        return False
    if is_person(passage):
        names = split_article(subject, passage.language)[1].split()
        small = sum(name[:1].islower() for name in names if name not in _PARTICLES)
        return title[-1] in said and not small and len(names) <= len(title) + MOST_NAMES
    is_name = all(word[:1].isupper() for word in passage.title.split() if len(word) > MOST_PARTICLE)
    part_of_name = is_name and len(title) > 1 and set(said) < set(title) and said[-1] == title[-1]
    return part_of_name or (set(title) <= set(said) and (len(said) == len(title) or _adds_an_adjective(said, title)))


def _adds_an_adjective(said: Sequence[str], title: Sequence[str]) -> bool:
    """Whether one word more than in the title only qualifies it: it begins alike, and is no `lava of Mauna Loa`."""
    return len(said) == len(title) + 1 and said[0] == title[0]


def _plain(text: str) -> str:
    """`text` without accents."""
    marks = unicodedata.normalize("NFD", text)
    return unicodedata.normalize("NFC", "".join(mark for mark in marks if not unicodedata.combining(mark)))


def is_person(passage: Passage) -> bool:
    """Whether the passage is about somebody, as far as dates, the word `born` and a profession tell."""
    start, description = passage.text[:300], passage.description or ""
    years = _YEARS.search(description) or _YEARS.search(start)
    lived = years is not None and int(years[2]) - int(years[1]) in LIFETIME
    data = quiz_language(passage.language)
    if split_article(start, passage.language)[0]:
        return False  # the Carolingian Empire (800-888), a physicist
    if lived or _BORN.search(start):
        return True
    called = (description, _what_it_is(passage))
    return any(_is_profession(said, data) for said in called) and bool(_NAME.match(passage.title))


def _is_profession(said: str, data: QuizLanguage) -> bool:
    sequence = [word for word in words(_FIRST_PART.split(said)[0]) if word not in data.articles]
    return bool(data.people.intersection(sequence) or data.people_first.intersection(sequence[:1]))


def _what_it_is(passage: Passage) -> str:
    """The first words behind the first copula."""
    data, sequence = quiz_language(passage.language), words(passage.text[:400])
    at = next((place for place, word in enumerate(sequence) if word in data.copulas), len(sequence))
    return " ".join(sequence[at + 1 : at + 1 + MOST_CALLED])


def shortened(text: str, most_words: int, language: str) -> str | None:
    """`text`, or so much of it as stands by itself within `most_words` words; None where nothing does."""
    cuts, whole = quiz_language(language).cuts, text
    while len(words(text)) > most_words:
        places = [match for match in _CUT.finditer(text) if match.start() > 0]
        if not places:
            return None
        tail = text[places[-1].end() :]
        text = text[: places[-1].start()]
        free = places[-1].group() != ", " or next(iter(words(tail)), "") in cuts
        if len(words(text)) <= most_words and not free:
            return None
    least = LEAST_SAID if text == whole else LEAST_KEPT
    says = len(content_words(text, language)) >= least
    return text if says and (text == whole or _is_closed(text, language)) else None


def _is_closed(text: str, language: str) -> bool:
    """Whether nothing is left open at the end of a text that was cut: no `by which organisms` without its verb."""
    sequence = words(text)
    open_at = [place for place, word in enumerate(sequence) if word in quiz_language(language).open_ends]
    return not open_at or len(sequence) - open_at[-1] > LEAST_BEHIND
