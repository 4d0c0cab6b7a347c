"""Finding what a course is made from: several searches, fused, in the learner's language where sources have it."""

import asyncio
from collections.abc import Iterable, Sequence

from lyo.courses.generation.choosing import choose_sentences
from lyo.courses.generation.languages import FALLBACK, language_data, language_of, supported_languages
from lyo.courses.generation.planning import speaks_of
from lyo.courses.generation.topics import names, proper_name
from lyo.courses.generation.values import CourseRequest, GenerationFailed, Material
from lyo.courses.generation.words import content_words, words
from lyo.sources.protocol import Passage, Shelf, Source

LIMIT = 12
"""Passages asked of a source for each search."""

ENOUGH = 14
"""Passages with which the search is not widened: three for each lesson of a middling course."""

MOST = 24
LEAST = 4
"""Passages without which no course of four lessons can be made."""

INTERESTS = 4
"""Interests that are searched for; more would crowd out the topic."""

WORDS = 6
"""Words of a topic that are searched for one by one."""

TOPIC_WEIGHT = 1.0
INTEREST_WEIGHT = 0.6
RANK_CONSTANT = 20

CORE = 4
"""The best passages, whose neighbours are taken in where the topic itself has too few."""


async def retrieve(request: CourseRequest, shelf: Shelf) -> Material:
    """The passages for `request`, best first.

    In the locale's language where it is one of ours and the sources have at least `LEAST` passages of it, else in
    English; fewer only where one of them bears the name of the topic. Raises `GenerationFailed` with the code
    `no_sources` where there is nothing about it.
    """
    language = language_of(request.locale)
    candidates = [language] if language in supported_languages() else []
    found: list[Material] = []
    for candidate in dict.fromkeys([*candidates, FALLBACK]):
        passages = await _passages(request, candidate, shelf.passages[0])
        if len(passages) >= LEAST:
            return Material(language=candidate, passages=tuple(passages))
        if any(_entitled(passages, name) for name in names(request.topic, candidate)):
            found.append(Material(language=candidate, passages=tuple(passages)))
    if found:
        return found[0]
    spoken = language_data(candidates[0] if candidates else FALLBACK)
    raise GenerationFailed(
        "no_sources", spoken.phrases["no_sources"].format(topic=proper_name(request.topic, language))
    )


async def _passages(request: CourseRequest, language: str, source: Source[Passage]) -> list[Passage]:
    subject, *others = names(request.topic, language)
    interests = [names(interest, language)[0] for interest in request.interests[:INTERESTS]]
    topic, *rest = await _search([subject, *others, *(f"{subject} {name}" for name in interests)], language, source)
    named = [_entitled(ranked, name) for ranked, name in zip(rest, others, strict=False)]
    about = [(ranked, TOPIC_WEIGHT) for ranked in (topic, *named)]
    if not any(ranked for ranked, _ in about):
        about = [(ranked, TOPIC_WEIGHT) for ranked in await _by_words(subject, language, source)]
    if not any(ranked for ranked, _ in about):
        return []  # an interest alone is no course about the topic
    passages = _fused([*about, *((ranked, INTEREST_WEIGHT) for ranked in rest[len(others) :])])
    if len(passages) < ENOUGH:
        passages += await _wider(passages, language, source)
    if len(passages) < LEAST:
        passages = _fused([(passages, TOPIC_WEIGHT), *((ranked, INTEREST_WEIGHT) for ranked in rest)])
    return passages[:MOST]


async def _by_words(topic: str, language: str, source: Source[Passage]) -> list[list[Passage]]:
    """For a topic that is found nowhere as a whole: what bears the names of at least half of its words."""
    stop = language_data(language).stop_words
    single = [word for word in dict.fromkeys(words(topic)) if word not in stop][:WORDS]
    found = await _search(single, language, source) if len(single) > 1 else []
    named = [_entitled(ranked, word) for ranked, word in zip(found, single, strict=False)]
    return named if 2 * sum(bool(ranked) for ranked in named) >= len(single) else []


def _entitled(ranked: Iterable[Passage], name: str) -> list[Passage]:
    """Those that have the whole of `name` in their titles."""
    return [p for p in ranked if set(content_words(name, p.language)) <= set(content_words(p.title, p.language))]


async def _wider(passages: Sequence[Passage], language: str, source: Source[Passage]) -> list[Passage]:
    """What lies next to the passages found: articles that the best ones speak of, or that speak of the best."""
    core = passages[:CORE]
    queries = [f"{p.title} {p.description or ''}".strip() for p in core] + [p.title for p in core]
    near = _fused([(ranked, TOPIC_WEIGHT) for ranked in await _search(queries, language, source)])
    known = {passage.id for passage in passages}
    return [p for p in near if p.id not in known and _is_next_to(p, core)]


def _is_next_to(passage: Passage, core: Sequence[Passage]) -> bool:
    """A part of a title, like Machine of Machine learning, is not meant where the title is."""
    title = set(content_words(passage.title, passage.language))
    if any(title <= set(content_words(c.title, c.language)) for c in core):
        return False
    return speaks_of(passage, core[0]) or any(speaks_of(c, passage) for c in core)


async def _search(queries: Iterable[str], language: str, source: Source[Passage]) -> list[list[Passage]]:
    answers = await asyncio.gather(*(source.search(query, language=language, limit=LIMIT) for query in queries))
    return [[passage for passage in ranked if _is_useful(passage)] for ranked in answers]


def _fused(rankings: Iterable[tuple[Sequence[Passage], float]]) -> list[Passage]:
    """One ranking of many, by weighted reciprocal rank; each passage once, with its best score."""
    merit: dict[str, float] = {}
    best: dict[str, Passage] = {}
    for ranked, weight in rankings:
        for place, passage in enumerate(ranked):
            merit[passage.id] = merit.get(passage.id, 0.0) + weight / (RANK_CONSTANT + place)
            if passage.id not in best or passage.score > best[passage.id].score:
                best[passage.id] = passage
    return sorted(best.values(), key=lambda passage: (-merit[passage.id], passage.id))


def _is_useful(passage: Passage) -> bool:
    """Whether at least one sentence of it can stand in a lesson."""
    return bool(choose_sentences(passage, 1))
