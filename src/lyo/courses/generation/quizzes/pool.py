"""What distractors are taken from: the things that a course's passages are about and their like, and their terms."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from lyo.courses.generation.quizzes.languages import quiz_language
from lyo.courses.generation.quizzes.reading import Reading, is_person, read_first
from lyo.courses.generation.quizzes.terms import Term, terms_of
from lyo.courses.generation.values import Material
from lyo.courses.generation.words import content_words, sentences
from lyo.sources.library.embedding import Vectors, embed
from lyo.sources.protocol import Passage

_SMALL = {"of", "and", "the", "de", "du", "des", "la", "le", "les", "et", "del", "los", "las", "y", "van", "von"}


@dataclass(frozen=True, slots=True)
class Concept:
    """What a passage is about."""

    passage: Passage
    name: str
    """As an option shows it: without an article, with a capital."""
    reading: Reading | None
    """Its definition, where the first sentence of the passage is one."""
    is_plural: bool
    is_person: bool
    is_proper: bool
    is_common: bool
    """Whether the texts write its name without a capital somewhere."""

    @property
    def sort(self) -> str:
        """What it is, in a few words."""
        return self.passage.description or (self.reading.definition if self.reading is not None else None) or self.name


@dataclass(frozen=True, slots=True)
class Pool:
    """All that a quiz can draw from, with how close in meaning any two of its texts are."""

    language: str
    passages: tuple[Passage, ...]
    """Of the course: what may be asked about."""
    concepts: tuple[Concept, ...]
    """What those passages are about, and the siblings, which only wrong answers are taken from."""
    terms: tuple[Term, ...]
    """Of all of them, each wording in each place."""
    known: frozenset[str]
    """The stems of all names of concepts."""
    lines: tuple[tuple[str, frozenset[str]], ...]
    """All sentences in lower case, with their stems."""
    places: dict[str, int]
    vectors: Vectors

    def closeness(self, one: str, other: str) -> float:
        """Cosine similarity of two sorts or terms of the pool; 0 for what is not in it."""
        a, b = self.places.get(one), self.places.get(other)
        return 0.0 if a is None or b is None else float(self.vectors[a] @ self.vectors[b])


def open_pool(material: Material, siblings: Sequence[Passage] = ()) -> Pool:
    """Read the material, and the siblings of what a lesson speaks of. Takes a while: call it from a thread."""
    language, passages = material.language, (*material.passages, *siblings)
    concepts = tuple(_concept(passage, passages) for passage in passages)
    lines = [line for passage in passages for line in sentences(passage.text)]
    known = frozenset(word for passage in passages for word in content_words(passage.title, language))
    terms = tuple(term for line in lines for term in terms_of(line, language, known))
    texts = list(dict.fromkeys([*(concept.sort for concept in concepts), *(term.text for term in terms)]))
    return Pool(
        language=language,
        passages=material.passages,
        concepts=concepts,
        terms=terms,
        known=known,
        lines=tuple((line.casefold(), frozenset(content_words(line, language))) for line in lines),
        places={text: place for place, text in enumerate(texts)},
        vectors=embed(texts),
    )


def _concept(passage: Passage, passages: Sequence[Passage]) -> Concept:
    reading, title = read_first(passage), passage.title.partition(" (")[0]
    person = is_person(passage)
    proper = person or _is_proper(title, passages)
    name = title if proper or reading is None else reading.name
    return Concept(
        passage=passage,
        name=name[:1].upper() + name[1:],
        reading=reading,
        is_plural=reading is not None and reading.verb in quiz_language(passage.language).plural_verbs,
        is_person=person,
        is_proper=proper,
        is_common=any(_small(name) in other.text for other in passages),
    )


def _is_proper(title: str, passages: Sequence[Passage]) -> bool:
    """Whether a title is a name: a capital beyond the first word, or the texts only write it with one."""
    if any(word[:1].isupper() for word in title.split()[1:] if word not in _SMALL):
        return True
    name = re.compile(rf"(?<=[a-zà-ÿ,] ){re.escape(title)}\b")
    if any(_small(title) in passage.text for passage in passages):
        return False
    return any(name.search(passage.text) for passage in passages)


def _small(name: str) -> str:
    return name[:1].lower() + name[1:]
