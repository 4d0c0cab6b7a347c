"""Which passages make which lesson, in which order: decided by code, from the passages alone."""

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lyo.courses.generation.choosing import choose_sentences
from lyo.courses.generation.quizzes.reading import is_person
from lyo.courses.generation.topics import names
from lyo.courses.generation.values import CourseRequest, Level, Material
from lyo.courses.generation.words import content_words, similarity
from lyo.sources.protocol import Passage

LESSONS: Mapping[Level, int] = {"beginner": 4, "intermediate": 5, "advanced": 6}
MOST_SUPPORT = 4
"""Passages beside the one that a lesson is about."""

SOURCE_WORDS = 300
"""Of the sources: a lesson that has as many is given no more."""

ROOMY_WORDS = 240
"""Of the sources: for a lesson with fewer, what lies next to what it is about is looked for."""

LEAST_WORDS = 140
"""Of the sources: a lesson with fewer takes what is closest, even if it is not close."""

CLOSE = 0.06
"""The least closeness of a passage to the one that it supports (cosine; measured: Chloroplast and Glucose 0.07,
Cuisine italienne and Sophia Loren 0.01)."""

NOT_FAR = 0.02
"""The least closeness where a lesson would otherwise be too short."""

RANK_BONUS = 0.1
"""For the passage that answers the topic best; of two that are as close to a lesson, it takes the better answer."""

ALIKE = 0.6
"""Jaccard similarity of two titles or texts from which on they would be one lesson twice."""

LEAST_SENTENCES = 2


@dataclass(frozen=True, slots=True)
class Anchored:
    """A lesson to be: what it is about, and what supports it."""

    anchor: Passage
    support: tuple[Passage, ...]

    @property
    def passages(self) -> tuple[Passage, ...]:
        """The anchor and its support."""
        return (self.anchor, *self.support)

    @property
    def size(self) -> int:
        """Words that its text can be made from."""
        return sum(_words(passage) for passage in self.passages)


def plan(request: CourseRequest, material: Material) -> list[Anchored]:
    """Lessons with distinct passages, general ones before special ones; never empty for material that is not."""
    count = min(LESSONS[request.level], len(material.passages))
    anchors = _anchors(
        material, count, set(content_words(names(request.topic, material.language)[0], material.language))
    )
    support = _support(material, anchors)
    return [Anchored(anchor, tuple(support[anchor.id])) for anchor in _ordered(anchors, material)]


def _anchors(material: Material, count: int, topic: set[str]) -> list[Passage]:
    """The best passages that are not about the same thing; where those run out, the best of the rest."""
    language = material.language
    chosen: list[Passage] = []

    def is_aside(one: Passage) -> bool:
        is_topic = topic <= set(content_words(one.title, language))
        return not is_topic and (is_person(one) or _is_thin(one))

    # Stable: within each kind the best come first. What bears the topic's name is the topic, whatever it is.
    ranked = sorted(material.passages, key=is_aside)
    for passage in ranked:
        if len(chosen) < count and not any(_alike(passage, other, language) for other in chosen):
            chosen.append(passage)
    rest = [passage for passage in ranked if passage not in chosen]
    return chosen + rest[: count - len(chosen)]


def _support(material: Material, anchors: Sequence[Passage]) -> dict[str, list[Passage]]:
    """Each passage that is no anchor goes to the lesson that it is closest to, until that has enough."""
    bags = {passage.id: _bag(passage, material.language) for passage in material.passages}
    rarity = _rarity(list(bags.values()))
    given: dict[str, list[Passage]] = {anchor.id: [] for anchor in anchors}
    rest = [passage for passage in material.passages if passage.id not in given]
    merit = {passage.id: RANK_BONUS * (1 - at / len(rest)) for at, passage in enumerate(rest)}
    pairs = [
        (_closeness(bags[a.id], bags[p.id], rarity) + _bonus(a, p) + merit[p.id], a.id, p)
        for a in anchors
        for p in rest
    ]
    pairs.sort(key=lambda pair: (-pair[0], pair[1], pair[2].id))
    size = {passage.id: _words(passage) for passage in material.passages}
    used: set[str] = set()
    for least, enough in ((CLOSE, SOURCE_WORDS), (NOT_FAR, LEAST_WORDS)):
        for closeness, anchor_id, passage in pairs:
            bag = given[anchor_id]
            has = size[anchor_id] + sum(size[other.id] for other in bag)
            wants = has < enough and len(bag) < MOST_SUPPORT and closeness >= least + merit[passage.id]
            if wants and passage.id not in used:
                bag.append(passage)
                used.add(passage.id)
    return given


def _words(passage: Passage) -> int:
    """Of the passage, what can stand in a lesson."""
    return sum(len(sentence.split()) for sentence in choose_sentences(passage))


def _bonus(one: Passage, other: Passage) -> float:
    """That a passage speaks of another by name makes the two close, however few words they share."""
    return CLOSE if speaks_of(one, other) or speaks_of(other, one) else 0.0


def _ordered(anchors: Sequence[Passage], material: Material) -> list[Passage]:
    """The best match first, then what other passages speak of most; people come after ideas."""
    texts = {p.id: set(content_words(f"{p.title} {p.text}", material.language)) for p in material.passages}

    def mentions(anchor: Passage) -> int:
        title = set(content_words(anchor.title, material.language))
        return sum(bool(title) and title <= text for passage_id, text in texts.items() if passage_id != anchor.id)

    place = {passage.id: at for at, passage in enumerate(material.passages)}
    first = min(anchors, key=lambda anchor: place[anchor.id], default=None)
    return sorted(anchors, key=lambda a: (a is not first, is_person(a), -mentions(a), place[a.id]))


def speaks_of(one: Passage, other: Passage) -> bool:
    """Whether the text of `one` has the title of `other`, a title in brackets aside.

    Within a title of its own it has not: `Leaves of Grass` is no book about leaves.
    """
    title = content_words(other.title.partition("(")[0], one.language)
    text = content_words(one.text, one.language)
    own = content_words(one.title.partition("(")[0], one.language)
    if len(own) > len(title):
        text = _without(text, own)
    return bool(title) and any(text[at : at + len(title)] == title for at in range(len(text) - len(title) + 1))


def _without(text: Sequence[str], part: Sequence[str]) -> tuple[str, ...]:
    """The words of a text with a gap wherever `part` stands in it."""
    left: list[str] = []
    at = 0
    while at < len(text):
        is_part = text[at : at + len(part)] == part
        left.append("" if is_part else text[at])
        at += len(part) if is_part else 1
    return tuple(left)


def spoken_name(passage: Passage, material: Material) -> str:
    """What the passage is about, as the passages say it within a sentence: `black hole`, `World War II`, `Mars`."""
    name = passage.title.partition(" (")[0]
    small = name[:1].lower() + name[1:]
    said = re.compile(rf"(?<!\w){re.escape(small)}")
    return small if any(said.search(other.text) for other in material.passages) else name


def _alike(one: Passage, other: Passage, language: str) -> bool:
    titles = similarity(content_words(one.title, language), content_words(other.title, language))
    return titles >= ALIKE or similarity(_bag(one, language), _bag(other, language)) >= ALIKE


def _is_thin(passage: Passage) -> bool:
    """Whether it has too little to say to be what a lesson is about."""
    return len(choose_sentences(passage, LEAST_SENTENCES)) < LEAST_SENTENCES


def _bag(passage: Passage, language: str) -> Counter[str]:
    return Counter(content_words(f"{passage.title} {passage.title} {passage.text}", language))


def _rarity(bags: Sequence[Counter[str]]) -> dict[str, float]:
    seen = Counter(word for bag in bags for word in bag)
    return {word: math.log((1 + len(bags)) / count) for word, count in seen.items()}


def _closeness(one: Counter[str], other: Counter[str], rarity: Mapping[str, float]) -> float:
    """Cosine of two bags of words, rare words counting more."""

    def length(bag: Counter[str]) -> float:
        return math.sqrt(sum((count * rarity[word]) ** 2 for word, count in bag.items())) or 1.0

    return sum(one[word] * other[word] * rarity[word] ** 2 for word in one.keys() & other.keys()) / (
        length(one) * length(other)
    )
