"""Finding what a course is made from: several searches, fused, in the learner's language where sources have it."""

import asyncio
from collections.abc import Iterable, Sequence

from lyo.courses.generation.choosing import choose_sentences
from lyo.courses.generation.languages import FALLBACK, language_data, language_of, supported_languages
from lyo.courses.generation.topics import expansions, proper_name
from lyo.courses.generation.values import CourseRequest, GenerationFailed, Material
from lyo.courses.generation.words import content_words
from lyo.sources.protocol import Passage, Source

LIMIT = 12
"""Passages asked of a source for each search."""

ENOUGH = 14
"""Passages with which the search is not widened: three for each lesson of a middling course."""

MOST = 24
LEAST = 4
"""Passages without which no course of four lessons can be made."""

INTERESTS = 4
"""Interests that are searched for; more would crowd out the topic."""

TOPIC_WEIGHT = 1.0
INTEREST_WEIGHT = 0.6
RANK_CONSTANT = 20

CORE = 4
"""The best passages, whose neighbours are taken in where the topic itself has too few."""


async def retrieve(request: CourseRequest, source: Source) -> Material:
    """The passages for `request`, best first.

    In the locale's language where it is one of ours and the sources have at least `LEAST` passages of it, else in
    English. Raises `GenerationFailed` with the code `no_sources` where there is nothing about the topic.
    """
    language = language_of(request.locale)
    candidates = [language] if language in supported_languages() else []
    found: list[Material] = []
    for candidate in dict.fromkeys([*candidates, FALLBACK]):
        passages = await _passages(request, candidate, source)
        if len(passages) >= LEAST:
            return Material(language=candidate, passages=tuple(passages))
        if passages:
            found.append(Material(language=candidate, passages=tuple(passages)))
    if found:
        return found[0]
    spoken = language_data(candidates[0] if candidates else FALLBACK)
    raise GenerationFailed(
        "no_sources", spoken.phrases["no_sources"].format(topic=proper_name(request.topic, language))
    )


async def _passages(request: CourseRequest, language: str, source: Source) -> list[Passage]:
    topics = [request.topic, *expansions(request.topic, language)]
    interests = [name for interest in request.interests[:INTERESTS] for name in _names(interest, language)[:1]]
    subject = _names(request.topic, language)[0]
    searches = [(query, TOPIC_WEIGHT) for query in topics]
    searches += [(f"{subject} {interest}", INTEREST_WEIGHT) for interest in interests]
    direct = await _search(searches, language, source)
    passages = _fused(direct)
    if not any(ranked for ranked, weight in direct if weight == TOPIC_WEIGHT):
        return []  # an interest alone is no course about the topic
    if len(passages) < ENOUGH:
        passages += await _wider(passages, language, source)
    return passages[:MOST]


async def _wider(passages: Sequence[Passage], language: str, source: Source) -> list[Passage]:
    """What lies next to the passages found: articles that they speak of, or that speak of them."""
    core = passages[:CORE]
    queries = [f"{p.title} {p.description or ''}".strip() for p in core] + [p.title for p in core]
    near = _fused(await _search([(query, TOPIC_WEIGHT) for query in queries], language, source))
    known = {passage.id for passage in passages}
    return [p for p in near if p.id not in known and any(_speaks_of(p, c) or _speaks_of(c, p) for c in core)]


def _speaks_of(one: Passage, other: Passage) -> bool:
    """Whether the text of `one` has the title of `other`, a title in brackets aside."""
    title = content_words(other.title.partition("(")[0], one.language)
    text = content_words(one.text, one.language)
    return bool(title) and any(text[at : at + len(title)] == title for at in range(len(text) - len(title) + 1))


async def _search(
    searches: Iterable[tuple[str, float]], language: str, source: Source
) -> list[tuple[list[Passage], float]]:
    asked = list(searches)
    answers = await asyncio.gather(*(source.search(query, language=language, limit=LIMIT) for query, _ in asked))
    return [([p for p in ranked if _is_useful(p)], weight) for ranked, (_, weight) in zip(answers, asked, strict=True)]


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


def _names(phrase: str, language: str) -> tuple[str, ...]:
    return expansions(phrase, language) or (phrase,)
