"""What distractors are taken from: the things that a course's passages are about and their like, and their terms."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cached_property

from lyo.courses.generation.quizzes.languages import quiz_language
from lyo.courses.generation.quizzes.reading import Reading, is_person, read_first
from lyo.courses.generation.quizzes.terms import Frame, frame, terms_of
from lyo.courses.generation.values import Material
from lyo.courses.generation.words import content_words, sentences
from lyo.sources.library.embedding import embed
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


class Meanings:
    """How close in meaning texts are."""

    def __init__(self, texts: Iterable[str]) -> None:
        each = list(dict.fromkeys(texts))
        self._places = {text: place for place, text in enumerate(each)}
        self._vectors = embed(each)

    def closeness(self, one: str, other: str) -> float:
        """Cosine similarity; 0 for what is not among the texts."""
        a, b = self._places.get(one), self._places.get(other)
        return 0.0 if a is None or b is None else float(self._vectors[a] @ self._vectors[b])


@dataclass(frozen=True)
class Pool:
    """All that a quiz can draw from. What only gaps need is read when the first gap is made: many quizzes have none."""

    language: str
    passages: tuple[Passage, ...]
    """Of the course: what may be asked about."""
    concepts: tuple[Concept, ...]
    """What those passages are about, and the siblings, which only wrong answers are taken from."""
    sorts: Meanings
    """Of the concepts."""

    @cached_property
    def known(self) -> frozenset[str]:
        """The stems of all names of concepts."""
        titles = (concept.passage.title for concept in self.concepts)
        return frozenset(word for title in titles for word in content_words(title, self.language))

    @cached_property
    def lines(self) -> tuple[tuple[str, frozenset[str]], ...]:
        """All sentences in lower case, with their stems."""
        return tuple((line.casefold(), frozenset(content_words(line, self.language))) for line in self._sentences)

    @cached_property
    def terms(self) -> Mapping[Frame, AbstractSet[str]]:
        """Of all sentences, by the frame in which they stand."""
        found: dict[Frame, set[str]] = {}
        for line in self._sentences:
            for term in terms_of(line, self.language, self.known):
                found.setdefault(frame(term, self.language), set()).add(term.text)
        return found

    @cached_property
    def wordings(self) -> Meanings:
        """Of the terms."""
        return Meanings(text for texts in self.terms.values() for text in texts)

    @property
    def _sentences(self) -> Iterator[str]:
        return (line for concept in self.concepts for line in sentences(concept.passage.text))


def open_pool(material: Material, siblings: Sequence[Passage] = ()) -> Pool:
    """Read the material, and the siblings of what a lesson speaks of. Takes a while: call it from a thread."""
    passages = (*material.passages, *siblings)
    texts = "\n".join(passage.text for passage in passages)
    concepts = tuple(_concept(passage, texts) for passage in passages)
    return Pool(material.language, material.passages, concepts, Meanings(concept.sort for concept in concepts))


def _concept(passage: Passage, texts: str) -> Concept:
    reading, title = read_first(passage), passage.title.partition(" (")[0]
    person = is_person(passage)
    proper = person or _is_proper(title, texts)
    name = title if proper or reading is None else reading.name
    return Concept(
        passage=passage,
        name=name[:1].upper() + name[1:],
        reading=reading,
        is_plural=reading is not None and reading.verb in quiz_language(passage.language).plural_verbs,
        is_person=person,
        is_proper=proper,
        is_common=_small(name) in texts,
    )


def _is_proper(title: str, texts: str) -> bool:
    """Whether a title is a name: a capital beyond the first word, or the texts only write it with one."""
    if any(word[:1].isupper() for word in title.split()[1:] if word not in _SMALL):
        return True
    if _small(title) in texts or title not in texts:
        return False
    return re.search(rf"(?<=[a-zà-ÿ,] ){re.escape(title)}\b", texts) is not None


def _small(name: str) -> str:
    return name[:1].lower() + name[1:]
