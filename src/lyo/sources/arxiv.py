"""arXiv: papers about a topic. Its rules: one request in three seconds, one connection, metadata under CC0."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from lyo.core.clock import now
from lyo.core.db import SessionMaker
from lyo.sources.atom import Entry, parse_atom
from lyo.sources.fetching import Fetcher, host_of
from lyo.sources.matching import LEAST_SHARE, plain, query_words, share
from lyo.sources.protocol import Reading, SourceUnavailable
from lyo.sources.turns import Turns, turn
from lyo.sources.untrusted import language_and_region, line, paragraphs, sane_query

LANGUAGE: Final = "en"
"""In which nearly all of arXiv is written; nothing in its answers says where it is not."""
TURNS: Final = Turns("arxiv", every=3.0, held=15.0, patience=4.0)
SPARE: Final = 3
MOST_ASKED: Final = 50
MOST_WORDS: Final = 8
MOST_AUTHORS: Final = 5
THROTTLED: Final = b"Rate exceeded"
"""How a body begins with which arXiv refuses, whatever the status."""
THROTTLED_SECONDS: Final = 120.0

_ID = re.compile(
    r"https?://arxiv\.org/abs/((?:[0-9]{4}\.[0-9]{4,5})|(?:[a-z-]{2,20}(?:\.[A-Z]{2})?/[0-9]{7}))(?:v[0-9]+)?"
)
_ERROR = re.compile(r"https?://arxiv\.org/api/errors")
_YEAR = re.compile(r"(?:19|20)[0-9]{2}(?=-)")


@dataclass(frozen=True, slots=True)
class ArxivSource:
    """arXiv's search as a `Source`. Of any language but English there is nothing, and it is not asked."""

    fetcher: Fetcher
    sessions: SessionMaker
    base_url: str
    turns: Turns = TURNS

    name = "arxiv"

    async def search(self, query: str, *, language: str, limit: int) -> Sequence[Reading]:
        """See `Source.search`. Every paper has the words of the query, or at least half of them, in its title."""
        query, (language, _) = sane_query(query), language_and_region(language)
        words = [word for word in map(plain, query_words(query)) if word.isascii()][:MOST_WORDS]
        if language != LANGUAGE or not words or limit < 1:
            return []
        params = {
            "search_query": " AND ".join(f"all:{word}" for word in words),
            "start": "0",
            "max_results": str(min(limit * SPARE, MOST_ASKED)),
            "sortBy": "relevance",
        }
        found = [_reading(entry) for entry in await self._entries(params)]
        papers = {paper.id: paper for paper in found if paper and share(query, paper.title) >= LEAST_SHARE}
        return sorted(papers.values(), key=lambda paper: -share(query, paper.title))[:limit]

    async def _entries(self, params: dict[str, str]) -> list[Entry]:
        gate, who = self.fetcher.gate(self.base_url), host_of(self.base_url)
        gate.check()
        async with turn(self.turns, self.sessions):
            body = (await self.fetcher.get(self.base_url, "/api/query", params)).body
        if body.lstrip().startswith(THROTTLED):
            gate.close(f"{who} asks to be left alone for a while.", THROTTLED_SECONDS)
            gate.check()
        entries = parse_atom(body, who)
        if any(_ERROR.match(entry.id) for entry in entries):
            raise SourceUnavailable(f"{who} does not understand the question.")
        return entries


def _reading(entry: Entry) -> Reading | None:
    match, title = _ID.fullmatch(entry.id.strip()), line(entry.title)
    if not match or not title:
        return None
    year = _YEAR.match(entry.published.strip())
    authors = [line(author, 100) for author in entry.authors]
    return Reading(
        id=f"arxiv:{match[1]}",
        title=title,
        url=f"https://arxiv.org/abs/{match[1]}",
        authors=tuple(author for author in authors if author)[:MOST_AUTHORS],
        kind="paper",
        language=LANGUAGE,
        licence="CC0 1.0",
        retrieved_at=now(),
        source="arxiv",
        year=int(year[0]) if year else None,
        description=paragraphs(line(entry.summary, 5000), 600),
    )
