"""Finding what a course is made from: several searches, fused, in the learner's language where sources have it."""

import asyncio
from collections.abc import Iterable, Sequence
from itertools import zip_longest
from typing import TypeVar

from lyo.courses.generation.choosing import has_a_sentence
from lyo.courses.generation.languages import FALLBACK, language_data, language_of, supported_languages
from lyo.courses.generation.planning import ROOMY_WORDS, plan, speaks_of
from lyo.courses.generation.safety import is_unsafe
from lyo.courses.generation.topics import names, proper_name, says_nothing
from lyo.courses.generation.values import CourseRequest, GenerationFailed, Material
from lyo.courses.generation.words import content_words, words
from lyo.sources.asking import ask_all
from lyo.sources.protocol import Passage, Reading, Shelf, Source, Video

Found = TypeVar("Found", Video, Reading)

LIMIT = 12
"""Passages asked of a source for each search."""

ENOUGH = 26
"""Passages with which the search is not widened: five for each lesson of a middling course."""

MOST = 32
LEAST = 4
"""Passages without which no course of four lessons can be made."""

INTERESTS = 4
"""Interests that are searched for; more would crowd out the topic."""

WORDS = 6
"""Words of a topic that are searched for one by one."""

TOPIC_WEIGHT = 1.0
INTEREST_WEIGHT = 0.6
RANK_CONSTANT = 20

ELSEWHERE_QUERIES = 2
"""Of the topic's names, those that sources beyond the library are asked for: they are slow and count calls."""

MOST_VIDEOS = 25
MOST_READINGS = 10

NOT_FOR_BEGINNERS = frozenset({"arxiv"})
"""Sources of readings that suit only those who know something already."""

CORE = 8
"""The best passages, whose neighbours are taken in where the topic itself has too few."""


async def retrieve(request: CourseRequest, shelf: Shelf) -> Material:
    """The passages for `request`, best first, with videos and readings about the same.

    In the locale's language where it is one of ours and the sources have at least `LEAST` passages of it, else in
    English; fewer only where one of them bears the name of the topic. Sources beyond the library are asked beside it,
    and a course is made without those that do not answer. Raises `GenerationFailed`: `unsafe_topic`, `empty_topic`, or
    `no_sources` where there is nothing about it.
    """
    language = language_of(request.locale)
    candidates = [language] if language in supported_languages() else []
    spoken = candidates[0] if candidates else FALLBACK
    _refuse(request, spoken)
    found: list[Material] = []
    for candidate in dict.fromkeys([*candidates, FALLBACK]):
        passages, unavailable = await _passages(request, candidate, shelf)
        material = Material(language=candidate, passages=tuple(passages), unavailable=unavailable)
        if len(passages) >= LEAST:
            return await _completed(await _thickened(material, request, shelf.passages[0]), request, shelf)
        if any(_entitled(passages, name) for name in names(request.topic, candidate)):
            found.append(material)
    if found:
        return await _completed(found[0], request, shelf)
    raise GenerationFailed(
        "no_sources", language_data(spoken).phrases["no_sources"].format(topic=proper_name(request.topic, language))
    )


async def _completed(material: Material, request: CourseRequest, shelf: Shelf) -> Material:
    """With what there is to watch and to read about the topic."""
    language, topic = material.language, names(request.topic, material.language)[0]
    # With its region, where it has one: a video can be seen in some countries alone.
    locale = request.locale if language_of(request.locale) == language else language
    suited = [one for one in shelf.readings if request.level != "beginner" or one.name not in NOT_FOR_BEGINNERS]
    videos, readings = await asyncio.gather(
        ask_all(shelf.videos, topic, language=locale, limit=MOST_VIDEOS),
        ask_all(suited, topic, language=language, limit=MOST_READINGS),
    )
    return material.model_copy(
        update={
            "videos": tuple(_in_turn(videos.found.values())),
            "readings": tuple(_in_turn(readings.found.values())),
            "unavailable": tuple(dict.fromkeys([*material.unavailable, *videos.failed, *readings.failed])),
        }
    )


async def _thickened(material: Material, request: CourseRequest, source: Source[Passage]) -> Material:
    """With what lies next to those articles that would make a lesson too thin, as far as there is room."""
    thin = [lesson.anchor for lesson in plan(request, material) if lesson.size < ROOMY_WORDS]
    found = await asyncio.gather(*(_beside([one], material.passages, material.language, source) for one in thin))
    near = {passage.id: passage for passages in zip_longest(*found) for passage in passages if passage is not None}
    return material.model_copy(update={"passages": (*material.passages, *near.values())[:MOST]})


def _refuse(request: CourseRequest, language: str) -> None:
    """Raises `GenerationFailed` for a topic that nobody should be taught, and for one that there is not."""
    phrases = language_data(language).phrases
    if any(is_unsafe(wish) for wish in (request.topic, *request.interests)):
        raise GenerationFailed("unsafe_topic", phrases["unsafe_topic"])
    if says_nothing(request.topic, language):
        raise GenerationFailed("empty_topic", phrases["empty_topic"])


async def _passages(request: CourseRequest, language: str, shelf: Shelf) -> tuple[list[Passage], tuple[str, ...]]:
    """The best passages of all sources, and the names of the sources that could not be asked."""
    queries = names(request.topic, language)[:ELSEWHERE_QUERIES]
    own, answers = await asyncio.gather(
        _of_library(request, language, shelf.passages[0]),
        asyncio.gather(*(ask_all(shelf.passages[1:], query, language=language, limit=LIMIT) for query in queries)),
    )
    elsewhere: dict[str, list[tuple[Sequence[Passage], float]]] = {}
    for answer in answers:
        for name, ranked in answer.found.items():
            elsewhere.setdefault(name, []).append(([one for one in ranked if has_a_sentence(one)], TOPIC_WEIGHT))
    failed = tuple(dict.fromkeys(name for answer in answers for name in answer.failed))
    # One ranking for each source, so that they take turns and none crowds out the rest.
    rankings = [(own, TOPIC_WEIGHT), *((_fused(ranked), TOPIC_WEIGHT) for ranked in elsewhere.values())]
    found = _fused(rankings)
    wanted = [set(content_words(name, language)) for name in names(request.topic, language)]
    found.sort(key=lambda one: next((at for at, name in enumerate(wanted) if _is_named(one, name)), len(wanted)))
    return found[:MOST], failed


def _is_named(passage: Passage, name: set[str]) -> bool:
    """Whether the passage bears that name and no longer one: Black hole for `black holes`, not Stellar black hole."""
    return bool(name) and set(content_words(passage.title.partition(" (")[0], passage.language)) == name


async def _of_library(request: CourseRequest, language: str, source: Source[Passage]) -> list[Passage]:
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
        passages += await _beside(passages[:CORE], passages, language, source)
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


async def _beside(
    core: Sequence[Passage], passages: Sequence[Passage], language: str, source: Source[Passage]
) -> list[Passage]:
    """What lies next to `core` and is not among `passages`: what those speak of, or what speaks of the first."""
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
    return [[passage for passage in ranked if has_a_sentence(passage)] for ranked in answers]


def _fused(rankings: Iterable[tuple[Sequence[Passage], float]]) -> list[Passage]:
    """One ranking of many, by weighted reciprocal rank; each address once, with its longest text and best score."""
    merit: dict[str, float] = {}
    best: dict[str, Passage] = {}
    for ranked, weight in rankings:
        for place, passage in enumerate(ranked):
            merit[passage.url] = merit.get(passage.url, 0.0) + weight / (RANK_CONSTANT + place)
            known = best.get(passage.url)
            if known is None or (len(passage.text), passage.score) > (len(known.text), known.score):
                best[passage.url] = passage
    return sorted(best.values(), key=lambda passage: (-merit[passage.url], passage.id))


def _in_turn(rankings: Iterable[Sequence[Found]]) -> list[Found]:
    """The best of each ranking, then the second of each, and so on."""
    return [one for places in zip_longest(*rankings) for one in places if one is not None]
