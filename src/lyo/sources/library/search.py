"""Searching the bundled library: by words and by meaning, fused in one statement."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pgvector import Vector
from sqlalchemy import Row, String, bindparam, text

from lyo.core.db import SessionMaker
from lyo.sources.library.bundle import PACKAGE
from lyo.sources.library.embedding import embed
from lyo.sources.library.loading import TEXT_SEARCH_CONFIGURATIONS
from lyo.sources.protocol import Passage


@dataclass(frozen=True, slots=True)
class Floors:
    """The least cosine similarity of a passage that has every word of the query, some of them, or none.

    Whatever the similarity, a query none of whose words is in the library finds nothing: static vectors of unknown
    words are made of their letters, and put `genai` next to the Thai language (0.56).
    """

    worded: float
    related: float
    near: float
    share: float
    """Of the words of the query, the least share that a related passage has."""


FLOORS = {
    "en": Floors(worded=0.15, related=0.35, near=0.62, share=0.5),
    "fr": Floors(worded=0.15, related=0.35, near=0.62, share=0.6),
    "es": Floors(worded=0.15, related=0.35, near=0.62, share=0.6),
}
"""Chosen on 40 queries: what is about the topic lies above, the best of what is not just below.

`worded`: for `how to cook pasta`, Filtration 0.09 is out; for `photosynthèse`, Plaste 0.19 is in. `related`: for
`yoga`, Gymnastics 0.36 is the best wrong one, for `personal finance` Bank 0.35 the last right one. `near`: for `large
language model`, History of linguistics 0.60 is out. `share`: half of the words will do in English (`python
programming`: Compiler), for which the vectors were made; any two French texts are alike (`cuisine italienne`: Sophia
Loren 0.58).
"""

CANDIDATES = 60
"""Passages that each of the two searches hands to the fusion."""

SEARCHED = 400
"""Vectors that the index keeps in sight for the nearest `CANDIDATES`: of those above the floor it misses fewer than one
in 200, in 2.4 ms; with 100 one in 25, in 1.1 ms; looking at all of them takes 14 ms."""

AT_ONCE = 4
"""Searches of one source. They are work for processors: more at once take as long, hold more of the pool's connections,
and let the course that asked first wait for those that came after it."""

WAIT_SECONDS = 10
"""For a new version of the library, whose last step keeps searches out: 4 s on two cores, more on a busy host. Longer
than other statements wait for a lock, and less than a source has for its answer (`sources.asking.SECONDS`)."""

MAXIMUM_QUERY_CHARACTERS = 400


class LibrarySource:
    """The bundled library as a `Source`."""

    def __init__(self, sessions: SessionMaker) -> None:
        self._sessions = sessions
        self._places = asyncio.Semaphore(AT_ONCE)

    name = "library"

    async def search(self, query: str, *, language: str, limit: int) -> Sequence[Passage]:
        """See `Source.search`. A language that the library does not have yields nothing."""
        query = _sane(query)
        if language not in TEXT_SEARCH_CONFIGURATIONS or not query or limit < 1:
            return []
        async with self._places:
            rows = await self._rows(query, language, limit)
        return [
            Passage(
                id=str(row.id),
                title=row.title,
                text=row.extract,
                url=row.url,
                licence=row.licence,
                language=language,
                retrieved_at=row.loaded_at,
                description=row.description,
                score=float(row.similarity),
            )
            for row in rows
        ]

    async def _rows(self, query: str, language: str, limit: int) -> Sequence[Row[Any]]:
        vector = (await asyncio.to_thread(embed, [query]))[0]
        parameters = {
            "config": TEXT_SEARCH_CONFIGURATIONS[language],
            "query": query,
            "vector": Vector(vector).to_text(),
            "language": language,
            "floor_worded": FLOORS[language].worded,
            "floor_related": FLOORS[language].related,
            "floor_near": FLOORS[language].near,
            "share_related": FLOORS[language].share,
            "edition": PACKAGE,
            "candidates": CANDIDATES,
            "limit": limit,
        }
        async with self._sessions() as session:
            await session.execute(_SETTINGS)
            return (await session.execute(_STATEMENT, parameters)).all()


def _sane(query: str) -> str:
    """Without what PostgreSQL refuses in a text, and no longer than a query need be."""
    return query.replace("\0", " ").encode("utf-8", "ignore").decode()[:MAXIMUM_QUERY_CHARACTERS].strip()


_SEARCH = """
WITH asked AS (
    SELECT websearch_to_tsquery(CAST(:config AS regconfig), :query) AS every_word,
           CAST(replace(CAST(plainto_tsquery(CAST(:config AS regconfig), :query) AS text), '&', '|') AS tsquery)
               AS any_word,
           ARRAY(
               SELECT CAST(quote_literal(lexeme) AS tsquery)
               FROM unnest(tsvector_to_array(to_tsvector(CAST(:config AS regconfig), :query))) AS lexeme
           ) AS terms,
           CAST(:vector AS vector) AS meaning,
           lower(:query) AS title
), held AS (
    SELECT p.id, count(*) AS terms
    FROM asked CROSS JOIN unnest(asked.terms) AS term JOIN library_passages p ON p.document @@ term
    WHERE p.language = :language
    GROUP BY p.id
), by_words AS (
    SELECT id, row_number() OVER (ORDER BY rank DESC, id) AS place
    FROM (
        SELECT p.id, ts_rank_cd('{0.1, 0.2, 0.4, 1.0}', p.document, asked.every_word, 1) AS rank
        FROM library_passages p, asked
        WHERE p.language = :language AND p.document @@ asked.every_word
          AND (1 - (p.embedding <=> asked.meaning) >= :floor_worded
               OR ts_rank('{0, 0, 0.1, 1.0}', p.document, asked.any_word, 1) > 0)
    ) AS worded
    ORDER BY rank DESC, id
    LIMIT :candidates
), near AS (
    SELECT nearest.id, nearest.similarity
    FROM asked CROSS JOIN LATERAL (
        SELECT p.id, 1 - (p.embedding <=> asked.meaning) AS similarity
        FROM library_passages p
        WHERE p.language = :language
        ORDER BY p.embedding <=> asked.meaning
        LIMIT :candidates
    ) AS nearest
    WHERE EXISTS (SELECT FROM held)
      AND (SELECT count(*) FROM by_words) < :limit  -- where words find too little
), by_meaning AS (
    SELECT id, row_number() OVER (ORDER BY similarity DESC, id) AS place
    FROM (
        SELECT p.id, 1 - (p.embedding <=> asked.meaning) AS similarity
        FROM held JOIN library_passages p USING (id), asked
        WHERE held.terms >= :share_related * cardinality(asked.terms)
          AND 1 - (p.embedding <=> asked.meaning) >= :floor_related
        UNION
        SELECT id, similarity FROM near WHERE similarity >= :floor_near
    ) AS related
    ORDER BY similarity DESC, id
    LIMIT :candidates
), fused AS (
    SELECT id, coalesce(1.0 / (60 + w.place), 0) + coalesce(1.0 / (60 + m.place), 0) AS merit
    FROM by_words w FULL JOIN by_meaning m USING (id)
), entitled AS (
    -- An article that bears the topic's name is about it, whatever the two rankings say.
    SELECT fused.id,
           fused.merit
               + CASE WHEN lower(p.title) = asked.title THEN 1 ELSE 0 END
               + CASE WHEN to_tsvector(CAST(:config AS regconfig), p.title) @@ asked.every_word THEN 0.02 ELSE 0 END
               AS merit
    FROM fused JOIN library_passages p USING (id), asked
)
SELECT p.id, p.title, p.extract, p.url, p.licence, p.description, e.loaded_at,
       greatest(0, 1 - (p.embedding <=> asked.meaning)) AS similarity
FROM entitled
JOIN library_passages p USING (id)
JOIN library_editions e ON e.name = :edition AND e.language = p.language
CROSS JOIN asked
ORDER BY entitled.merit DESC, similarity DESC, p.id
LIMIT :limit
"""

# The language stands in the statement itself, so that PostgreSQL sees which of the indexes it can use.
_STATEMENT = text(_SEARCH).bindparams(bindparam("language", type_=String, literal_execute=True))
_SETTINGS = text(
    f"SELECT set_config('hnsw.ef_search', '{SEARCHED}', true), set_config('lock_timeout', '{WAIT_SECONDS}s', true)"
)
