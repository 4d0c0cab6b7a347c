"""Finding what stands beside a thing: other things of its kind, from which distractors are taken."""

import asyncio
from collections.abc import Sequence

from lyo.courses.generation.quizzes.reading import is_person, read_first
from lyo.sources.protocol import Passage, Source, SourceUnavailable

SIBLINGS = 12
"""Things that are looked for beside each one."""

ENOUGH = 8
"""Siblings with which the search is not widened."""

QUERY_WORDS = 8


async def find_siblings(passages: Sequence[Passage], source: Source[Passage]) -> tuple[Passage, ...]:
    """What `source` describes in the same words as these passages, themselves left out; each once.

    A chess player brings other chess players, an organelle other organelles. They are there to choose wrong answers
    from: nothing is taught from them and nothing cites them. Nothing is found where the source is not available.
    """
    answers = await asyncio.gather(*(_beside(passage, source) for passage in passages))
    known = {passage.id for passage in passages}
    found = {passage.id: passage for ranked in answers for passage in ranked if passage.id not in known}
    return tuple(found.values())


async def _beside(passage: Passage, source: Source[Passage]) -> list[Passage]:
    """The siblings of one: by what it is; where those are few, by the last words of that, and by its own noun."""
    said = _kind_of(passage)
    queries = [" ".join(said), " ".join(said[-2:])]
    name = passage.title.partition(" (")[0].split()
    if len(name) > 1 and not is_person(passage):
        queries.append(name[-1 if passage.language == "en" else 0])
    found: list[Passage] = []
    for query in dict.fromkeys(queries):
        if query and len(found) < ENOUGH:
            found += await _search(query, passage.language, source)
    return found


async def _search(query: str, language: str, source: Source[Passage]) -> Sequence[Passage]:
    try:
        return await source.search(query, language=language, limit=SIBLINGS)
    except SourceUnavailable:
        return []


def _kind_of(passage: Passage) -> list[str]:
    """What the thing is, in a few words: its description, or how its definition begins, as far as the noun goes."""
    reading = read_first(passage)
    said = passage.description or (reading.definition if reading is not None else None) or ""
    return said.partition("(")[0].partition(",")[0].split()[:QUERY_WORDS]
