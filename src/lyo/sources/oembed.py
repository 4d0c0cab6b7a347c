"""Whether videos are still there: YouTube's oEmbed, which needs no key and has no quota."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from lyo.sources.fetching import Fetcher
from lyo.sources.protocol import Source, SourceUnavailable, Video

SPARE: Final = 3
"""Videos asked for beyond the limit: some may be gone."""
_GONE: Final = {HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND}
"""No such video, may not be embedded, is private, was removed."""


@dataclass(frozen=True, slots=True)
class LivingVideos:
    """A source of videos without those that are gone. It stands before the cache, whose answers may be a week old.

    An oEmbed that cannot be asked removes nothing: the source itself vouched for its videos when it found them.
    """

    source: Source[Video]
    fetcher: Fetcher
    url: str
    """Of oEmbed: base and path."""

    @property
    def name(self) -> str:
        """That of the source."""
        return self.source.name

    async def search(self, query: str, *, language: str, limit: int) -> Sequence[Video]:
        """See `Source.search`."""
        if limit < 1:
            return []
        found = (await self.source.search(query, language=language, limit=limit + SPARE))[: limit + SPARE]
        alive = await asyncio.gather(*(self._is_alive(video) for video in found))
        return [video for video, lives in zip(found, alive, strict=True) if lives][:limit]

    async def _is_alive(self, video: Video) -> bool:
        base, _, path = self.url.rpartition("/")
        try:
            answer = await self.fetcher.get(
                base, f"/{path}", {"url": video.url, "format": "json"}, statuses={HTTPStatus.OK, *_GONE}
            )
        except SourceUnavailable:
            return True
        return answer.status == HTTPStatus.OK
