"""Open Library: books about a topic, in the learner's language."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from lyo.core.clock import now
from lyo.sources.fetching import Fetcher, host_of
from lyo.sources.matching import LEAST_SHARE, query_words, share
from lyo.sources.protocol import Reading
from lyo.sources.untrusted import entries, language_and_region, line, parse_json, sane_query, sequence, whole

SPARE: Final = 3
"""Times the limit that is asked for: half of what the search finds bears the words elsewhere than in its title."""
MOST_ASKED: Final = 50
LEAST_QUERY_CHARACTERS: Final = 3
"""Shorter ones are refused by the service."""
MOST_AUTHORS: Final = 5
EARLIEST_YEAR: Final = 1400

_MARC: Final = {
    "ar": "ara", "ca": "cat", "cs": "cze", "da": "dan", "de": "ger", "el": "gre", "en": "eng", "es": "spa", "fi": "fin",
    "fr": "fre", "he": "heb", "hi": "hin", "hu": "hun", "id": "ind", "it": "ita", "ja": "jpn", "ko": "kor", "nl": "dut",
    "no": "nor", "pl": "pol", "pt": "por", "ro": "rum", "ru": "rus", "sv": "swe", "tr": "tur", "uk": "ukr", "vi": "vie",
    "zh": "chi",
}  # fmt: skip
"""ISO 639-1 to the codes of the Library of Congress, which the catalogue uses."""
_WORK = re.compile(r"/works/OL[0-9]{1,12}W")


@dataclass(frozen=True, slots=True)
class OpenLibrarySource:
    """Open Library's search as a `Source`. Of a language that it has no code for, there is nothing."""

    fetcher: Fetcher
    base_url: str

    name = "openlibrary"

    async def search(self, query: str, *, language: str, limit: int) -> Sequence[Reading]:
        """See `Source.search`. Every book has the words of the query, or at least half of them, in its title."""
        query, (language, _) = sane_query(query), language_and_region(language)
        # The query is in Solr's language, in which a learner's punctuation and `and` would mean something.
        asked = " ".join(query_words(query))
        if len(asked) < LEAST_QUERY_CHARACTERS or language not in _MARC or limit < 1:
            return []
        params = {
            "q": f"{asked} language:{_MARC[language]}",
            "fields": "key,title,subtitle,author_name,first_publish_year,language",
            "limit": str(min(limit * SPARE, MOST_ASKED)),
            "lang": language,
        }
        fetched = await self.fetcher.get(self.base_url, "/search.json", params)
        who = host_of(self.base_url)
        found = [_reading(doc, language) for doc in entries(parse_json(fetched.body, who), "docs", who)]
        books = {book.id: book for book in found if book and share(query, book.title) >= LEAST_SHARE}
        return sorted(books.values(), key=lambda book: -share(query, book.title))[:limit]


def _reading(doc: Mapping[str, object], language: str) -> Reading | None:
    key, title = line(doc.get("key")), line(doc.get("title"), 200)
    languages = {line(code) for code in sequence(doc.get("language"))}
    if not _WORK.fullmatch(key) or not title or (languages and _MARC[language] not in languages):
        return None
    subtitle = line(doc.get("subtitle"), 200)
    authors = [line(author, 100) for author in sequence(doc.get("author_name"))]
    year = whole(doc.get("first_publish_year"))
    return Reading(
        id=f"openlibrary:{key.removeprefix('/works/')}",
        title=f"{title}: {subtitle}" if subtitle else title,
        url=f"https://openlibrary.org{key}",
        authors=tuple(author for author in authors if author)[:MOST_AUTHORS],
        kind="book",
        language=language if languages else None,
        licence="CC0 1.0",
        retrieved_at=now(),
        source="openlibrary",
        year=year if year is not None and EARLIEST_YEAR <= year <= now().year + 1 else None,
    )
