"""What stands on the shelf, by the settings; and a course's search with no network at all."""

import time

import pytest
from pydantic import SecretStr
from support.settings import plain_settings
from support.source_hosts import black_hole, host, routes

from lyo.core.db import SessionMaker
from lyo.core.settings import SOURCES, Settings, SettingsError, load_settings
from lyo.sources.asking import ask_all
from lyo.sources.protocol import Shelf
from lyo.sources.shelf import open_shelf

pytestmark = pytest.mark.anyio


def names(shelf: Shelf) -> tuple[list[str], list[str], list[str]]:
    return (
        [source.name for source in shelf.passages],
        [source.name for source in shelf.videos],
        [source.name for source in shelf.readings],
    )


async def test_the_library_stands_first_and_videos_need_a_key(sessions: SessionMaker) -> None:
    async with open_shelf(plain_settings(lyo_sources=SOURCES), sessions) as shelf:
        assert names(shelf) == (["library", "wikipedia"], [], ["openlibrary", "arxiv"])
    async with open_shelf(plain_settings(lyo_sources=SOURCES, youtube_api_key=SecretStr("k")), sessions) as shelf:
        assert names(shelf)[1] == ["youtube"]
    async with open_shelf(plain_settings(lyo_sources=("arxiv",)), sessions) as shelf:
        assert names(shelf) == (["library"], [], ["arxiv"])
    async with open_shelf(plain_settings(), sessions) as shelf:
        assert names(shelf) == (["library"], [], [])


async def test_with_no_network_a_course_waits_once_and_the_library_carries_it(library_sessions: SessionMaker) -> None:
    with black_hole() as wikipedia, black_hole() as openlibrary, black_hole() as arxiv, black_hole() as youtube:
        settings = plain_settings(
            lyo_sources=SOURCES,
            wikipedia_base_url=wikipedia,
            open_library_base_url=openlibrary,
            arxiv_base_url=arxiv,
            youtube_base_url=youtube,
            youtube_api_key=SecretStr("k"),
        )
        async with open_shelf(settings, library_sessions) as shelf:
            for most in (4.0, 0.5):
                began = time.monotonic()
                passages = await ask_all(shelf.passages, "volcano", language="en", limit=5)
                assert passages.found["library"]
                assert passages.failed == ("wikipedia",)
                assert time.monotonic() - began < most
            for most in (4.0, 0.5):
                began = time.monotonic()
                readings = await ask_all(shelf.readings, "volcano", language="en", limit=5)
                assert readings.failed == ("openlibrary", "arxiv")
                videos = await ask_all(shelf.videos, "volcano", language="en", limit=5)
                assert videos.failed == ("youtube",)
                assert time.monotonic() - began < 2 * most


async def test_the_second_learner_of_a_topic_costs_no_request_but_a_look_whether_its_videos_live(
    sessions: SessionMaker,
) -> None:
    video = {
        "id": "abcdefghijk",
        "snippet": {"title": "Volcano"},
        "contentDetails": {"duration": "PT5M"},
        "status": {"embeddable": True, "privacyStatus": "public"},
    }
    script = routes(
        {
            "/youtube/v3/search": {"items": [{"id": {"videoId": "abcdefghijk"}}]},
            "/youtube/v3/videos": {"items": [video]},
            "/oembed": {"title": "Volcano"},
            "/search.json": {"docs": [{"key": "/works/OL1W", "title": "Volcano"}]},
        }
    )
    async with host(script) as there:
        settings = plain_settings(
            lyo_sources=("youtube", "openlibrary"),
            youtube_base_url=f"{there.url}/youtube/v3",
            youtube_api_key=SecretStr("k"),
            open_library_base_url=there.url,
        )
        for _ in range(2):  # two processes, one after the other
            async with open_shelf(settings, sessions) as shelf:
                videos = await ask_all(shelf.videos, "volcano", language="en", limit=2)
                assert [video.id for video in videos.found["youtube"]] == ["abcdefghijk"]
                readings = await ask_all(shelf.readings, "volcano", language="en", limit=2)
                assert [book.title for book in readings.found["openlibrary"]] == ["Volcano"]
        paths = sorted(asked.path for asked in there.asked)
    assert paths == ["/oembed", "/oembed", "/search.json", "/youtube/v3/search", "/youtube/v3/videos"]


def test_the_settings_of_sources(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    monkeypatch.chdir(tmp_path_factory.mktemp("empty"))
    monkeypatch.delenv("LYO_SOURCES", raising=False)
    assert load_settings().lyo_sources == SOURCES
    monkeypatch.setenv("LYO_SOURCES", " Wikipedia, arxiv,,arxiv ")
    assert load_settings().lyo_sources == ("wikipedia", "arxiv")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LYO_SOURCES", "wikipedia,hunter2"),
        ("LYO_CONTACT", "hunter2\r\nX-Evil: 1"),
        ("LYO_CONTACT", "hunter2é"),
        ("WIKIPEDIA_BASE_URL", "ftp://hunter2.example"),
        ("WIKIPEDIA_BASE_URL", "https://user:hunter2@wiki.example"),
        ("YOUTUBE_BASE_URL", "hunter2"),
        ("YOUTUBE_OEMBED_URL", "https://hunter2.example/?a=b"),
        ("OPEN_LIBRARY_BASE_URL", "https://hunter2.example:99999"),
        ("ARXIV_BASE_URL", "https://hunter2.example/#x"),
    ],
)
def test_a_wrong_setting_of_a_source_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory, name: str, value: str
) -> None:
    monkeypatch.chdir(tmp_path_factory.mktemp("empty"))
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=name) as refused:
        load_settings()
    assert "hunter2" not in str(refused.value)


def test_where_oembed_is() -> None:
    assert plain_settings().oembed_url == "https://www.youtube.com/oembed"
    standin = plain_settings(youtube_base_url="http://127.0.0.1:9/youtube/v3")
    assert standin.oembed_url == "http://127.0.0.1:9/oembed"
    assert plain_settings(youtube_oembed_url="http://h/x").oembed_url == "http://h/x"
    assert isinstance(standin, Settings)
