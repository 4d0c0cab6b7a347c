"""All the sources of one process, as the settings want them."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Final

import structlog

from lyo.core.db import SessionMaker
from lyo.core.settings import Settings
from lyo.sources.arxiv import ArxivSource
from lyo.sources.cache import CachedSource
from lyo.sources.fetching import Fetcher, open_fetcher
from lyo.sources.library.search import LibrarySource
from lyo.sources.oembed import LivingVideos
from lyo.sources.openlibrary import OpenLibrarySource
from lyo.sources.protocol import Passage, Reading, Shelf, Source, Video
from lyo.sources.wikipedia import WikipediaSource
from lyo.sources.youtube import YouTubeSource

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

PASSAGES_KEPT: Final = timedelta(days=3)
VIDEOS_KEPT: Final = timedelta(days=7)
"""Whether they are still there is asked each time; YouTube wants what is kept renewed within 30 days."""
READINGS_KEPT: Final = timedelta(days=14)


@asynccontextmanager
async def open_shelf(settings: Settings, sessions: SessionMaker) -> AsyncGenerator[Shelf]:
    """The bundled library, always there and behind no cache, and the live sources that `LYO_SOURCES` names."""
    wanted = settings.lyo_sources
    log.info("sources.open", live=sorted(set(wanted) - {"library"}), contact=settings.lyo_contact)
    async with open_fetcher(settings.lyo_contact) as fetcher:
        passages: list[Source[Passage]] = [LibrarySource(sessions)]
        if "wikipedia" in wanted:
            wikipedia = WikipediaSource(fetcher, settings.wikipedia_base_url)
            passages.append(CachedSource(wikipedia, sessions, Passage, PASSAGES_KEPT))
        yield Shelf(
            passages=tuple(passages),
            videos=_videos(settings, sessions, fetcher),
            readings=_readings(settings, sessions, fetcher),
        )


def _videos(settings: Settings, sessions: SessionMaker, fetcher: Fetcher) -> tuple[Source[Video], ...]:
    if "youtube" not in settings.lyo_sources or settings.youtube_api_key is None:
        return ()
    youtube = YouTubeSource(fetcher, sessions, settings.youtube_base_url, settings.youtube_api_key)
    cached = CachedSource(youtube, sessions, Video, VIDEOS_KEPT)
    return (LivingVideos(cached, fetcher, settings.oembed_url),)


def _readings(settings: Settings, sessions: SessionMaker, fetcher: Fetcher) -> tuple[Source[Reading], ...]:
    sources: list[Source[Reading]] = []
    if "openlibrary" in settings.lyo_sources:
        books = OpenLibrarySource(fetcher, settings.open_library_base_url)
        sources.append(CachedSource(books, sessions, Reading, READINGS_KEPT))
    if "arxiv" in settings.lyo_sources:
        papers = ArxivSource(fetcher, sessions, settings.arxiv_base_url)
        sources.append(CachedSource(papers, sessions, Reading, READINGS_KEPT))
    return tuple(sources)
