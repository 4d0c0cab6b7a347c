"""YouTube: one search of the day's hundred, then what the videos found really are."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final
from zoneinfo import ZoneInfo

from pydantic import SecretStr

from lyo.core.clock import now
from lyo.core.db import SessionMaker
from lyo.sources.budget import Budget
from lyo.sources.fetching import Fetcher, host_of
from lyo.sources.matching import LEAST_SHARE, share
from lyo.sources.protocol import SourceUnavailable, Video
from lyo.sources.untrusted import (
    entries,
    escaped_line,
    language_and_region,
    line,
    mapping,
    parse_json,
    sane_query,
    sequence,
)

API_PATH: Final = "/youtube/v3"
SEARCHES: Final = Budget("youtube", daily=100, at_once=20, zone=ZoneInfo("America/Los_Angeles"))
"""What a key has of `search.list` between two midnights of California; see `Budget` for how it is shared."""
CANDIDATES: Final = 25
"""Videos asked of one search, which costs the same for 50; about half of them fall to the rules below."""
ISO_639_1: Final = 2
"""Letters."""
MOST_COUNTRIES: Final = 249
"""Of ISO 3166-1."""

_VIDEO_ID = re.compile(r"[A-Za-z0-9_-]{11}")
_DURATION = re.compile(
    r"P(?:(?P<w>[0-9]{1,4})W)?(?:(?P<d>[0-9]{1,4})D)?"
    r"(?:T(?:(?P<h>[0-9]{1,6})H)?(?:(?P<m>[0-9]{1,6})M)?(?:(?P<s>[0-9]{1,7})S)?)?"
)
_UNIT_SECONDS: Final = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}
_OUT_OF_CALLS: Final = {"quotaExceeded", "dailyLimitExceeded"}
_LICENCES: Final = {"creativeCommon": "CC BY", "youtube": "YouTube Standard License"}


@dataclass(frozen=True, slots=True)
class YouTubeSource:
    """YouTube's Data API as a `Source`. The language may be a BCP 47 tag: its region decides what can be watched."""

    fetcher: Fetcher
    sessions: SessionMaker
    base_url: str
    key: SecretStr
    budget: Budget = SEARCHES

    name = "youtube"

    async def search(self, query: str, *, language: str, limit: int) -> Sequence[Video]:
        """See `Source.search`. Each call that is not answered from a cache takes one of the day's searches."""
        query, (language, region) = sane_query(query), language_and_region(language)
        if not query or limit < 1:
            return []
        ids = await self._search(query, language, region)
        if not ids:
            return []
        answer = await self._get("/videos", {"part": "snippet,contentDetails,status", "id": ",".join(ids)})
        known = {line(item.get("id")): item for item in entries(answer, "items", self._who)}
        found = (_video(known[one], one, language, region) for one in ids if one in known)
        return [video for video in found if video and _is_about(video, query)][:limit]

    async def _search(self, query: str, language: str, region: str | None) -> list[str]:
        self.fetcher.gate(self.base_url).check()
        if not await self.budget.take(self.sessions):
            raise SourceUnavailable(
                "The searches that YouTube allows are used up for now: more become available over the day."
            )
        params = {
            "part": "snippet",
            "type": "video",
            "q": query,
            "maxResults": str(CANDIDATES),
            "safeSearch": "strict",
            "videoEmbeddable": "true",
            "videoSyndicated": "true",
        }
        params |= {"relevanceLanguage": language} if len(language) == ISO_639_1 else {}
        params |= {"regionCode": region} if region else {}
        answer = await self._get("/search", params)
        named = (line(mapping(item.get("id")).get("videoId")) for item in entries(answer, "items", self._who))
        return [one for one in dict.fromkeys(named) if _VIDEO_ID.fullmatch(one)][:CANDIDATES]

    async def _get(self, path: str, params: Mapping[str, str]) -> object:
        root = self.base_url.rstrip("/").removesuffix(API_PATH)
        fetched = await self.fetcher.get(
            root,
            API_PATH + path,
            {**params, "key": self.key.get_secret_value()},
            statuses={HTTPStatus.OK, HTTPStatus.BAD_REQUEST, HTTPStatus.FORBIDDEN},
        )
        answer = parse_json(fetched.body, self._who)
        if fetched.status != HTTPStatus.OK:
            await self._refused(fetched.status, answer)
        return answer

    async def _refused(self, status: int, answer: object) -> None:
        error = mapping(mapping(answer).get("error"))
        reasons = {line(mapping(one).get("reason")) for one in sequence(error.get("errors"))}
        if reasons & _OUT_OF_CALLS:
            await self.budget.exhaust(self.sessions)
            raise SourceUnavailable("YouTube says that the key has used up its day: it is not asked before midnight.")
        why = f"{self._who} refuses the request ({status}): check YOUTUBE_API_KEY."
        if status == HTTPStatus.FORBIDDEN:  # the key or its pace, not this question
            self.fetcher.gate(self.base_url).close(why, self.fetcher.pauses.first)
        raise SourceUnavailable(why)

    @property
    def _who(self) -> str:
        return host_of(self.base_url)


def watch_url(video_id: str) -> str:
    """The address of a video."""
    return f"https://www.youtube.com/watch?v={video_id}"


def seconds_of(duration: object) -> int:
    """The length of an ISO 8601 duration in seconds; 0, as for what is live, where it is none."""
    match = _DURATION.fullmatch(duration) if isinstance(duration, str) else None
    return sum(int(value) * _UNIT_SECONDS[unit] for unit, value in match.groupdict("0").items()) if match else 0


def _video(item: Mapping[str, object], video_id: str, language: str, region: str | None) -> Video | None:
    snippet, details, status = (mapping(item.get(part)) for part in ("snippet", "contentDetails", "status"))
    seconds, title = seconds_of(details.get("duration")), escaped_line(snippet.get("title"))
    spoken = _spoken(snippet)
    if not (
        title
        and seconds > 0
        and _can_be_embedded(status)
        and _can_be_watched(details, region)
        and line(snippet.get("liveBroadcastContent")) in {"", "none"}
        and (spoken is None or not language or spoken == language)
    ):
        return None
    return Video(
        id=video_id,
        title=title,
        url=watch_url(video_id),
        channel=escaped_line(snippet.get("channelTitle")),
        duration_seconds=seconds,
        language=spoken,
        licence=_LICENCES.get(line(status.get("license")), _LICENCES["youtube"]),
        retrieved_at=now(),
        description=escaped_line(snippet.get("description"), 1000),
    )


def _spoken(snippet: Mapping[str, object]) -> str | None:
    for name in ("defaultAudioLanguage", "defaultLanguage"):
        language, _ = language_and_region(line(snippet.get(name)))
        if language and language not in {"zxx", "und"}:
            return language
    return None


def _can_be_embedded(status: Mapping[str, object]) -> bool:
    return (
        status.get("embeddable") is True
        and status.get("privacyStatus") == "public"
        and status.get("uploadStatus", "processed") == "processed"
    )


def _can_be_watched(details: Mapping[str, object], region: str | None) -> bool:
    """By everybody's age and in the region; where that is not known, in at least half of all countries."""
    if mapping(details.get("contentRating")).get("ytRating") == "ytAgeRestricted":
        return False
    restriction = mapping(details.get("regionRestriction"))
    blocked = _countries(restriction.get("blocked"))
    if "allowed" in restriction:
        allowed = _countries(restriction.get("allowed"))
        return region in allowed if region else 2 * len(allowed) >= MOST_COUNTRIES
    return region not in blocked if region else 2 * len(blocked) < MOST_COUNTRIES


def _countries(value: object) -> set[str]:
    return {line(country).upper() for country in sequence(value)}


def _is_about(video: Video, query: str) -> bool:
    return share(query, f"{video.title} {video.description}") >= LEAST_SHARE
