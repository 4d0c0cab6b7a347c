"""Choosing distractors: of the key's kind, close to it in meaning, and not right as well."""

from collections.abc import Iterable, Sequence

from lyo.courses.generation.gates import overlap
from lyo.courses.generation.quizzes.languages import quiz_language
from lyo.courses.generation.quizzes.options import says_the_same
from lyo.courses.generation.quizzes.pool import Concept, Meanings, Pool
from lyo.courses.generation.quizzes.terms import Term, family, frame
from lyo.courses.generation.words import content_words, flat, sentences

MOST_SHARED = 0.5
"""Of what is said of the key, the share of content words from which on a passage says it of its own thing too."""

LEAST_CLOSE = 0.27
"""Similarity of two descriptions from which on two things are of one sort (measured: fermion and boson 0.69, fermion
and electron 0.51, leaf and root 0.38; leaf and green 0.2, fermion and solid-state physics 0.26)."""

MOST = 30
"""Distractors that are handed on: the gates choose three of them."""


def siblings(key: Concept, said: str, quote: str, pool: Pool, *, least: float = LEAST_CLOSE) -> list[Concept]:
    """Other concepts of the same kind that `said` is not true of, the closest first.

    Before those come any that share with the key what `said` repeats of its name.
    """
    close = {other.passage.id: pool.sorts.closeness(key.sort, other.sort) for other in pool.concepts}
    fit = [
        other
        for other in pool.concepts
        if other.passage.id != key.passage.id
        and _is_of_kind(other, key)
        and (close[other.passage.id] >= least or key.is_person)
        and not _is_kind_of(other, key, pool.language)
        and _is_told_apart(other, key, said, quote, pool.language)
    ]
    shared = set(content_words(key.name, pool.language)) & set(content_words(said, pool.language))
    return sorted(
        fit, key=lambda o: (-len(shared & set(content_words(o.name, pool.language))), -close[o.passage.id], o.name)
    )


def classmates(key: Term, sentence: str, pool: Pool) -> list[str]:
    """The other members of the first class that the key is of, those that the material speaks of first."""
    for members in quiz_language(pool.language).classes:
        if key.text in members:
            at = members.index(key.text)
            spoken = {text for texts in pool.terms.values() for text in texts}
            others = [*members[at + 1 :], *members[:at]]
            free = [member for member in others if f" {flat(member)} " not in f" {flat(sentence)} "]
            return sorted(_unsaid(free, key, sentence, pool), key=lambda member: member not in spoken)
    return []


def terms_like(key: Term, sentence: str, pool: Pool) -> list[str]:
    """Terms that stand in the same frame elsewhere, the closest in meaning first, none that fits the sentence too."""
    alike = pool.terms.get(frame(key, pool.language), set())
    fit = [text for text in alike if f" {flat(text)} " not in f" {flat(sentence)} "]
    ranked = sorted(fit, key=lambda text: (-pool.wordings.closeness(key.text, text), text))
    return _unsaid(ranked, key, sentence, pool)


def people(key: str, line_quote: str, pool: Pool) -> list[str]:
    """Persons of the pool that the quote does not speak of, in the order of their closeness to `key`."""
    said = set(content_words(line_quote, pool.language))
    fit = [c for c in pool.concepts if c.is_person and not said & set(content_words(c.name, pool.language))]
    sort = next((c.sort for c in pool.concepts if c.name == key), key)
    meanings = Meanings([sort, *(c.sort for c in fit)])
    return [c.name for c in sorted(fit, key=lambda c: (-meanings.closeness(sort, c.sort), c.name))]


def apart(candidates: Iterable[str], key: str, language: str) -> tuple[str, ...]:
    """The candidates that are neither the key nor each other in other words, at most `MOST`."""
    chosen: list[str] = []
    for candidate in candidates:
        if len(chosen) < MOST and not any(says_the_same(candidate, other, language) for other in (key, *chosen)):
            chosen.append(candidate)
    return tuple(chosen)


def _is_of_kind(other: Concept, key: Concept) -> bool:
    return (other.is_plural, other.is_person, other.is_proper) == (key.is_plural, key.is_person, key.is_proper)


def _is_kind_of(other: Concept, key: Concept, language: str) -> bool:
    """Whether the other is a kind of the key: what is said of the general is true of the special as well."""
    first = next(iter(sentences(other.passage.text)), "")
    name = family(key.name, language)
    about = f"{other.name} {other.passage.description or ''} {first}"
    return bool(name) and name <= family(about, language)


def _is_told_apart(other: Concept, key: Concept, said: str, quote: str, language: str) -> bool:
    """Whether nothing that is said of the key is said of the other."""
    text = f"{other.passage.title} {other.passage.description or ''} {other.passage.text}"
    if overlap(said, text, language) >= MOST_SHARED:
        return False
    name = set(content_words(other.name, language)) - set(content_words(key.name, language))
    return bool(name) and not name & set(content_words(quote, language))


def _unsaid(texts: Sequence[str], key: Term, sentence: str, pool: Pool) -> list[str]:
    """Those of which no sentence of the sources says what the sentence says of the key."""
    rest = set(content_words(sentence, pool.language)) - set(content_words(key.text, pool.language))
    near = [line for line, stems in pool.lines if 2 * len(rest & stems) >= len(rest)]
    return [text for text in texts if not any(text.casefold() in line for line in near)]
