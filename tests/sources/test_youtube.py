"""YouTube, played on loopback: what a search finds, what of it a learner can watch, and what a day's searches are."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from pydantic import SecretStr
from sqlalchemy import text
from support.source_hosts import HASTY, Asked, Host, Script, fetcher, hangs, host, http, nobody, routes

from lyo.core.clock import now
from lyo.core.db import SessionMaker
from lyo.core.logs import configure_logs
from lyo.sources.asking import ask_all
from lyo.sources.breaker import Pauses
from lyo.sources.budget import Budget
from lyo.sources.fetching import Fetcher
from lyo.sources.oembed import LivingVideos
from lyo.sources.protocol import SourceUnavailable, Video
from lyo.sources.youtube import SEARCHES, YouTubeSource, seconds_of

pytestmark = pytest.mark.anyio

KEY = "AIzaTheSecretKeyOfTheseTests"
IDS = [f"abcdefghi{n:02}" for n in range(60)]
PACIFIC = ZoneInfo("America/Los_Angeles")


def item(number: int = 0, **changes: dict[str, object]) -> dict[str, object]:
    whole: dict[str, object] = {
        "id": IDS[number],
        "snippet": {
            "title": f"Volcanoes explained, part {number}",
            "description": "How they work",
            "channelTitle": "Earth &amp; Co",
            "liveBroadcastContent": "none",
        },
        "contentDetails": {"duration": "PT15M33S", "caption": "true"},
        "status": {"embeddable": True, "privacyStatus": "public", "uploadStatus": "processed", "license": "youtube"},
    }
    for part, change in changes.items():
        known = whole[part]
        assert isinstance(known, dict)
        whole[part] = {**known, **change}
    return whole


def youtube(items: list[dict[str, object]], **more: object) -> Script:
    found = [{"id": {"kind": "youtube#video", "videoId": IDS[n]}, "snippet": {}} for n in range(len(items))]
    return routes({"/youtube/v3/search": {"items": found}, "/youtube/v3/videos": {"items": items}, **more})


@asynccontextmanager
async def playing(script: Script, sessions: SessionMaker) -> AsyncGenerator[tuple[YouTubeSource, Host]]:
    async with host(script) as there, fetcher() as asking:
        yield YouTubeSource(asking, sessions, there.url, SecretStr(KEY)), there


async def videos(
    items: list[dict[str, object]], sessions: SessionMaker, query: str = "volcano", language: str = "en"
) -> list[Video]:
    async with playing(youtube(items), sessions) as (source, _):
        return list(await source.search(query, language=language, limit=10))


async def test_a_video_has_all_that_an_item_needs(sessions: SessionMaker) -> None:
    async with playing(youtube([item()]), sessions) as (source, there):
        (video,) = await source.search("volcano", language="es-MX", limit=10)
    assert video.url == f"https://www.youtube.com/watch?v={IDS[0]}"
    assert (video.title, video.channel) == ("Volcanoes explained, part 0", "Earth & Co")
    assert video.duration_seconds == 933
    assert (video.language, video.licence, video.source) == (None, "YouTube Standard License", "youtube")
    search, details = there.asked
    assert search.params["relevanceLanguage"] == "es"
    assert search.params["regionCode"] == "MX"
    assert search.params["safeSearch"] == "strict"
    assert search.params["key"] == details.params["key"] == KEY
    assert details.params["id"] == IDS[0]


@pytest.mark.parametrize(
    ("duration", "seconds"),
    [
        ("PT15M33S", 933),
        ("P1DT2H", 93_600),
        ("PT2H", 7200),
        ("P1W", 604_800),
        ("PT45S", 45),
        ("P0D", 0),
        ("PT0S", 0),
        ("P", 0),
        ("PT", 0),
        ("", 0),
        ("15:33", 0),
        ("PT-5S", 0),
        ("PT1.5S", 0),
        ("PT٣S", 0),
        ("PT" + "9" * 5000 + "S", 0),
        (None, 0),
        (933, 0),
    ],
)
def test_durations(duration: object, seconds: int) -> None:
    assert seconds_of(duration) == seconds


@pytest.mark.parametrize(
    ("language", "changes"),
    [
        ("en", {"contentDetails": {"duration": "P0D"}}),
        ("en", {"snippet": {"liveBroadcastContent": "live"}}),
        ("en", {"snippet": {"liveBroadcastContent": "upcoming"}}),
        ("en", {"status": {"embeddable": False}}),
        ("en", {"status": {"embeddable": "true"}}),
        ("en", {"status": {"privacyStatus": "unlisted"}}),
        ("en", {"status": {"uploadStatus": "rejected"}}),
        ("en", {"contentDetails": {"contentRating": {"ytRating": "ytAgeRestricted"}}}),
        ("en-CA", {"contentDetails": {"regionRestriction": {"allowed": ["US", "GB"]}}}),
        ("en-CA", {"contentDetails": {"regionRestriction": {"blocked": ["CA"]}}}),
        ("en-CA", {"contentDetails": {"regionRestriction": {"allowed": []}}}),
        ("en", {"contentDetails": {"regionRestriction": {"allowed": ["DE"]}}}),
        ("en", {"snippet": {"defaultAudioLanguage": "fr-FR"}}),
        ("en", {"snippet": {"title": "\u200b \n"}}),
        ("en", {"snippet": {"title": ["x"]}}),
        ("en", {"snippet": {"title": "Ten songs to sleep to", "description": ""}}),
    ],
)
async def test_what_cannot_be_watched_or_is_about_something_else_is_dropped(
    sessions: SessionMaker, language: str, changes: dict[str, dict[str, object]]
) -> None:
    kept = await videos([item(0, **changes), item(1)], sessions, language=language)
    assert [video.id for video in kept] == [IDS[1]]


@pytest.mark.parametrize(
    ("language", "changes"),
    [
        ("en-CA", {"contentDetails": {"regionRestriction": {"allowed": ["CA"]}}}),
        ("en-CA", {"contentDetails": {"regionRestriction": {"blocked": ["DE"]}}}),
        ("en", {"contentDetails": {"regionRestriction": {"blocked": ["DE"]}}}),
        ("en", {"contentDetails": {"duration": "P1DT2H"}}),
        ("en", {"snippet": {"defaultAudioLanguage": "en-GB"}}),
        ("en", {"snippet": {"defaultAudioLanguage": "zxx"}}),
    ],
)
async def test_what_can_be_watched_is_kept(
    sessions: SessionMaker, language: str, changes: dict[str, dict[str, object]]
) -> None:
    assert len(await videos([item(0, **changes)], sessions, language=language)) == 1


async def test_titles_are_unescaped_and_then_cleaned(sessions: SessionMaker) -> None:
    title = "Tom &amp; &quot;Jerry&#39;s&quot; &lt;volcano&gt;&#7;&#x202e;!"
    (video,) = await videos([item(0, snippet={"title": title})], sessions)
    assert video.title == 'Tom & "Jerry\'s" <volcano>!'


async def test_a_removed_video_is_absent_and_nothing_made_up_takes_its_place(sessions: SessionMaker) -> None:
    script = routes({
        "/youtube/v3/search": {"items": [{"id": {"videoId": one}} for one in (*IDS[:2], "javascript:x", "../etc/pass")]
                               + [{"id": {"channelId": "UC1"}}, {"id": "x"}, 7, {}]},
        "/youtube/v3/videos": {"items": [item(1), item(5), {"id": 7}, None]},
    })  # fmt: skip
    async with playing(script, sessions) as (source, there):
        found = await source.search("volcano", language="en", limit=10)
        assert [video.id for video in found] == [IDS[1]]
        assert there.asked[1].params["id"] == ",".join(IDS[:2])


@pytest.mark.parametrize("odd", [None, 7, "x", [], {}, {"items": None}, {"items": 7}], ids=repr)
async def test_wrong_types_are_one_sentence(sessions: SessionMaker, odd: object) -> None:
    async with playing(routes({"/youtube/v3/search": odd}), sessions) as (source, _):
        with pytest.raises(SourceUnavailable):
            await source.search("volcano", language="en", limit=10)


@pytest.mark.parametrize("part", ["snippet", "contentDetails", "status"])
@pytest.mark.parametrize("odd", [None, 7, "x", []])
async def test_wrong_parts_drop_the_video(sessions: SessionMaker, part: str, odd: object) -> None:
    assert [v.id for v in await videos([{**item(0), part: odd}, item(1)], sessions)] == [IDS[1]]


async def test_nonsense_finds_nothing_even_where_youtube_finds_something(sessions: SessionMaker) -> None:
    assert await videos([item(n) for n in range(5)], sessions, query="qwxz blorp zzgh") == []
    async with playing(youtube([item()]), sessions) as (source, there):
        assert await source.search(" \0 ", language="en", limit=3) == []
        assert there.asked == []


async def test_the_key_is_in_no_log_line_and_no_error(
    sessions: SessionMaker, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    configure_logs(level="DEBUG", form="json")
    refusal = http(b'{"error": {"code": 400, "message": "Bad key ' + KEY.encode() + b'"}}', "400 Bad Request")
    reasons: list[str] = []
    try:
        for script in (
            routes({"/youtube/v3/search": refusal}),
            routes({}),
            routes({"/youtube/v3/search": b"\0"}),
            hangs,
        ):
            async with host(script) as there, fetcher() as asking:
                source = YouTubeSource(asking, sessions, there.url, SecretStr(KEY))
                with pytest.raises(SourceUnavailable) as problem:
                    await source.search("volcano", language="en", limit=3)
                reasons += [str(problem.value), repr(source), repr(asking)]
                await ask_all([source], "volcano", language="en", limit=3)
    finally:
        configure_logs(level="INFO", form="console")
    out, err = capsys.readouterr()
    assert KEY not in " ".join([*reasons, out, err, caplog.text])
    assert "sources.failed" in out + err


async def rows(sessions: SessionMaker) -> int:
    async with sessions() as session:
        return int(await session.scalar(text("SELECT sum(spent) FROM source_budgets")) or 0)


async def test_two_workers_share_one_budget_to_the_last_call(sessions: SessionMaker) -> None:
    budget = Budget("youtube", daily=7, at_once=7, zone=PACIFIC)
    async with host(youtube([item()])) as there, fetcher() as one, fetcher() as other:
        workers = [YouTubeSource(f, sessions, there.url, SecretStr(KEY), budget) for f in (one, other)]
        answers = await asyncio.gather(
            *(workers[n % 2].search(f"volcano {n}", language="en", limit=3) for n in range(20)), return_exceptions=True
        )
        refusals = [answer for answer in answers if isinstance(answer, BaseException)]
        assert len(refusals) == 13
        assert all(isinstance(one, SourceUnavailable) and "used up" in str(one) for one in refusals)
        assert there.count("/youtube/v3/search") == 7
        assert await rows(sessions) == 7


async def test_when_youtube_says_that_the_day_is_used_up_no_worker_asks_again(sessions: SessionMaker) -> None:
    quota = http(b'{"error": {"code": 403, "errors": [{"reason": "quotaExceeded"}]}}', "403 Forbidden")
    async with host(routes({"/youtube/v3/search": quota})) as there:
        for _ in range(3):
            async with fetcher() as asking:
                with pytest.raises(SourceUnavailable, match="used up"):
                    await YouTubeSource(asking, sessions, there.url, SecretStr(KEY)).search(
                        "volcano", language="en", limit=3
                    )
        assert len(there.asked) == 1


async def test_a_refused_key_is_left_alone_for_a_while(sessions: SessionMaker) -> None:
    bad = http(b'{"error": {"code": 403, "errors": [{"reason": "forbidden"}]}}', "403 Forbidden")
    async with playing(routes({"/youtube/v3/search": bad}), sessions) as (source, there):
        for _ in range(3):
            with pytest.raises(SourceUnavailable, match="YOUTUBE_API_KEY"):
                await source.search("volcano", language="en", limit=3)
        assert len(there.asked) == 1


async def test_an_open_breaker_costs_no_call_of_the_budget(sessions: SessionMaker) -> None:
    async with fetcher() as asking:
        source = YouTubeSource(asking, sessions, nobody(), SecretStr(KEY))
        for _ in range(5):
            with pytest.raises(SourceUnavailable):
                await source.search("volcano", language="en", limit=3)
    assert await rows(sessions) == 1


def pacific(hour: int, *, month: int = 7, day: int = 1) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=PACIFIC).astimezone(UTC)


def test_the_morning_cannot_take_what_the_evening_needs() -> None:
    assert SEARCHES.available(pacific(0)) == 20
    assert SEARCHES.available(pacific(12)) == 60
    assert SEARCHES.available(pacific(23)) == 96
    assert SEARCHES.available(pacific(0, day=2) - timedelta(seconds=1)) == 99


def test_the_day_is_californias_also_when_its_clocks_change() -> None:
    assert SEARCHES.available(datetime(2026, 7, 1, 7, tzinfo=UTC)) == 20
    for month, day in ((3, 8), (11, 1)):  # 23 and 25 hours long
        assert SEARCHES.available(pacific(0, month=month, day=day)) == 20
        assert 95 <= SEARCHES.available(pacific(23, month=month, day=day)) <= 97


async def test_a_new_day_is_a_new_budget_and_old_days_go(sessions: SessionMaker) -> None:
    budget = Budget("youtube", daily=1, at_once=1, zone=PACIFIC)
    assert await budget.take(sessions)
    assert not await budget.take(sessions)
    async with sessions.begin() as session:
        await session.execute(text("UPDATE source_budgets SET day = day - 30"))
    assert await budget.take(sessions)
    async with sessions() as session:
        days = (await session.scalars(text("SELECT day FROM source_budgets"))).all()
    assert days == [now().astimezone(PACIFIC).date()]


class Stored:
    """A cache that has videos."""

    name = "youtube"

    def __init__(self, count: int) -> None:
        self.videos = [
            Video(one, "Volcano", f"https://www.youtube.com/watch?v={one}", "c", 60, None, "CC BY", now())
            for one in IDS[:count]
        ]

    async def search(self, query: str, *, language: str, limit: int) -> list[Video]:
        return self.videos[:limit] if query and language else []


def living(asking: Fetcher, base: str, count: int = 6) -> LivingVideos:
    return LivingVideos(Stored(count), asking, f"{base}/oembed")


@pytest.mark.parametrize("status", ["404 Not Found", "401 Unauthorized", "403 Forbidden", "400 Bad Request"])
async def test_a_video_that_is_gone_is_not_shown_though_it_was_kept(status: str) -> None:
    def oembed(asked: Asked) -> object:
        gone = asked.params["url"].endswith(IDS[1])
        return http(b"Not Found", status) if gone else {"title": "Volcano", "html": "<script>"}

    async with host(routes({"/oembed": oembed})) as there, fetcher() as asking:
        found = await living(asking, there.url).search("volcano", language="en", limit=4)
    assert [video.id for video in found] == [IDS[0], *IDS[2:5]]
    assert {asked.params["format"] for asked in there.asked} == {"json"}


async def test_an_oembed_that_cannot_be_asked_removes_nothing_and_costs_one_time_out() -> None:
    async with host(hangs) as there, fetcher(HASTY, Pauses(first=600)) as asking:
        source = living(asking, there.url)
        async with asyncio.timeout(2 * HASTY.whole):
            assert len(await source.search("volcano", language="en", limit=4)) == 4
        assert len(there.asked) == 1
        async with asyncio.timeout(10 * HASTY.whole):
            for _ in range(20):
                assert len(await source.search("volcano", language="en", limit=4)) == 4
        assert len(there.asked) == 1
