"""Live Wikipedia, played by a server on loopback that speaks its two interfaces."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from typing import Any
from uuid import NAMESPACE_URL, uuid5
from zlib import crc32

import pytest
from support.source_hosts import Asked, fetcher, hangs, host, http, routes, sends

from lyo.core.clock import now
from lyo.sources.fetching import Patience
from lyo.sources.protocol import Passage, SourceUnavailable
from lyo.sources.wikipedia import WikipediaSource

pytestmark = pytest.mark.anyio

SEARCH = "/w/rest.php/v1/search/page"
API = "/w/api.php"
TEXT = "Photosynthesis is a process by which plants turn light into chemical energy. It takes place in leaves."


def hit(title: str, **more: object) -> dict[str, object]:
    return {"id": crc32(title.encode()), "key": title.replace(" ", "_"), "title": title, "excerpt": "", **more}


def page(title: str, extract: object = TEXT, **more: object) -> dict[str, object]:
    return {"pageid": crc32(title.encode()), "ns": 0, "title": title, "extract": extract, **more}


async def found(
    hits: object,
    pages: object,
    *,
    query: str = "photosynthesis",
    language: str = "en",
    limit: int = 5,
    asked: list[Asked] | None = None,
) -> list[Passage]:
    script = routes({SEARCH: {"pages": hits}, API: {"batchcomplete": True, "query": {"pages": pages}}})
    async with host(script) as there, fetcher() as asking:
        passages = await WikipediaSource(asking, there.url).search(query, language=language, limit=limit)
        if asked is not None:
            asked += there.asked
    return list(passages)


async def test_a_passage_has_all_that_a_citation_needs() -> None:
    asked: list[Asked] = []
    hits = [hit("Photosynthesis", description="Biological process"), hit("Light-dependent reactions")]
    pages = [
        page("Light-dependent reactions", "The light-dependent reactions are steps of photosynthesis in plants."),
        page("Photosynthesis", fullurl="https://en.wikipedia.org/wiki/Photosynthesis"),
    ]
    first, second = await found(hits, pages, asked=asked)
    assert first.title == "Photosynthesis"
    assert first.text == TEXT
    assert first.url == "https://en.wikipedia.org/wiki/Photosynthesis"
    assert first.id == str(uuid5(NAMESPACE_URL, first.url))
    assert first.licence == "CC BY-SA 4.0"
    assert (first.language, first.source, first.description) == ("en", "wikipedia", "Biological process")
    assert abs((now() - first.retrieved_at).total_seconds()) < 10
    assert 1 >= first.score > second.score > 0
    assert second.url == "https://en.wikipedia.org/wiki/Light-dependent_reactions"
    assert len(asked) == 2
    assert asked[0].params["q"] == "photosynthesis"
    assert asked[1].params["titles"] == "Photosynthesis|Light-dependent reactions"
    assert {"exintro", "explaintext", "redirects"} <= set(asked[1].params)
    assert [one.params["uselang"] for one in asked] == ["en", "en"]
    assert [one.headers["accept-language"] for one in asked] == ["en", "en"]


async def test_each_language_has_its_host() -> None:
    async with host(routes({SEARCH: {"pages": [hit("Volcan")]}, API: {"query": {"pages": [page("Volcan")]}}})) as there:
        base = there.url.replace("127.0.0.1", "{language}.localhost")
        async with fetcher() as asking:
            # Whether such a name resolves here is another matter.
            with suppress(SourceUnavailable):
                await WikipediaSource(asking, base).search("volcan", language="fr-CA", limit=3)
            assert [*asking.gates] == [base.replace("{language}", "fr")]


@pytest.mark.parametrize("language", ["", "evil.example/", "../x", "e", "1234", "@evil", "évil"])
async def test_what_is_no_language_asks_nobody(language: str) -> None:
    async with fetcher() as asking:
        source = WikipediaSource(asking, "https://{language}.wikipedia.org")
        assert await source.search("volcano", language=language, limit=3) == []
        assert not asking.gates


@pytest.mark.parametrize(
    "disambiguation",
    [
        (hit("Mercury"), page("Mercury", "Mercury most often refers to a planet, an element or a god of Rome.",
                              pageprops={"disambiguation": ""})),
        (hit("Mercury", description="Topics referred to by the same term"), page("Mercury")),
        (hit("Mercure"), page("Mercure", description="page d'homonymie de Wikimedia")),
        (hit("Mercury (disambiguation)"), page("Mercury (disambiguation)")),
        (hit("Mercury"), page("Mercury", "Mercury may refer to:\nMercury (planet), a planet of the solar system.")),
        (hit("Mercury"), page("Mercury", "Mercury commonly refers to:\nthe planet that is next to the sun.")),
    ],
)  # fmt: skip
async def test_disambiguation_pages_are_skipped(disambiguation: tuple[dict[str, object], dict[str, object]]) -> None:
    search, extract = disambiguation
    good = "Mercury is the first planet from the Sun. It is a rocky planet with a trace atmosphere."
    passages = await found(
        [search, hit("Mercury (planet)")], [extract, page("Mercury (planet)", good)], query="mercury"
    )
    assert [passage.title for passage in passages] == ["Mercury (planet)"]


@pytest.mark.parametrize(
    "said",
    [
        "javascript:alert(1)",
        "http://en.wikipedia.org/wiki/Elsewhere",
        "https://evil.example/wiki/Elsewhere",
        "https://en.wikipedia.org@evil.example/wiki/Elsewhere",
        "https://fr.wikipedia.org/wiki/Elsewhere",
        "https://en.wikipedia.org:444/wiki/Elsewhere",
        "https://en.wikipedia.org/w/index.php?title=Photosynthesis",
        "https://[::1/wiki/X",
        "https://en.wikipedia.org/wiki/%ff%fe",
        7,
        None,
    ],
)
async def test_an_address_is_one_of_wikipedia_whatever_the_wiki_says(said: object) -> None:
    (passage,) = await found([hit("Photosynthesis")], [page("Photosynthesis", fullurl=said)])
    assert passage.url == "https://en.wikipedia.org/wiki/Photosynthesis"


async def test_an_address_that_is_one_of_this_wikipedia_is_believed() -> None:
    (passage,) = await found(
        [hit("Photosynthesis")], [page("Photosynthesis", fullurl="https://en.wikipedia.org/wiki/Photo_synthesis")]
    )
    assert passage.url == "https://en.wikipedia.org/wiki/Photo_synthesis"


async def test_an_address_is_the_librarys_for_the_same_article() -> None:
    title = "Schrödinger's cat / AT&T?"
    (passage,) = await found(
        [hit(title)],
        [page(title, fullurl="https://en.wikipedia.org/wiki/Schr%C3%B6dinger%27s_cat_/_AT%26T%3F")],
        query="cat",
        language="en",
    )
    assert passage.url == "https://en.wikipedia.org/wiki/Schr%C3%B6dinger's_cat_/_AT&T%3F"


async def test_a_redirect_that_matched_is_evidence() -> None:
    hits = [hit("Generative artificial intelligence", matched_title="GenAI")]
    pages = [
        page("Generative artificial intelligence", "It is a subfield of computing that makes new texts and images.")
    ]
    assert len(await found(hits, pages, query="genai")) == 1
    assert (
        await found([hit("List of lakes")], [page("List of lakes", "This is a list of all lakes of the world.")]) == []
    )


async def test_the_text_is_clean() -> None:
    extract = (
        "Gravity\u202e (\u200b; ) is a\x07 force\ud83d.[1] It acts where\n\n  \n    \n      \n        m\n      \n    \n"
        "    {\\displaystyle m_{1}}\n  \n is a mass. It is weak.\n\nA new paragraph stands here. And an unfinis"
    )
    (passage,) = await found([hit("Gravity")], [page("Gravity", extract)], query="gravity")
    assert passage.text == "Gravity is a force. It acts where m is a mass. It is weak.\nA new paragraph stands here."


async def test_a_long_text_is_cut_after_a_sentence() -> None:
    (passage,) = await found([hit("Photosynthesis")], [page("Photosynthesis", f"{TEXT} " * 500)])
    assert len(passage.text) <= 8000
    assert passage.text.endswith("leaves.")


async def test_japanese_is_found_too() -> None:
    text = (
        "光合成は、光エネルギーを化学エネルギーに変換して有機物質を作り出す反応過程である。主に植物が行う反応である。"
    )
    (passage,) = await found([hit("光合成")], [page("光合成", text)], query="光合成", language="ja")
    assert passage.text == text
    assert passage.score > 0.9


async def test_nothing_found_is_one_request_and_nonsense_is_none() -> None:
    asked: list[Asked] = []
    assert await found([], [], query="qwxz blorp", asked=asked) == []
    assert len(asked) == 1
    for query in ("", " \0\n", "\u200b"):
        assert await found([hit("X")], [page("X")], query=query, asked=asked) == []
    assert len(asked) == 1


async def test_a_topic_gives_the_search_no_orders() -> None:
    asked: list[Asked] = []
    await found([], [], query='insource:/a.*b/ -plants "x~" well-known C++', asked=asked)
    assert asked[0].params["q"] == "insource /a. b/ plants x well-known C++"


async def test_the_limit_holds_and_a_query_is_not_sent_longer_than_a_topic() -> None:
    asked: list[Asked] = []
    titles = [f"Photosynthesis {n}" for n in range(40)]
    found_ = await found([hit(t) for t in titles], [page(t) for t in titles], limit=3, asked=asked)
    assert [p.title for p in found_] == titles[:3]
    assert int(asked[0].params["limit"]) <= 20
    assert len(asked[1].params["titles"].split("|")) <= 20
    await found([], [], query="a photosynthesis \ud800" * 500, asked=asked)
    assert len(asked[2].params["q"]) <= 200


ODD: list[Any] = [None, 7, True, "x", [], {}, [[]], [None], {"pages": None}, {"pages": 7}, {"pages": "x"}]


@pytest.mark.parametrize("odd", ODD, ids=repr)
async def test_wrong_types_are_nothing_or_one_sentence(odd: object) -> None:
    for search, api in ((odd, odd), ({"pages": [hit("Photosynthesis")]}, odd), ({"pages": odd}, {"query": odd})):
        async with host(routes({SEARCH: http_json(search), API: http_json(api)})) as there, fetcher() as asking:
            source = WikipediaSource(asking, there.url)
            with suppress(SourceUnavailable):
                assert await source.search("photosynthesis", language="en", limit=3) == []


def http_json(value: object) -> bytes:
    return http(json.dumps(value).encode())


@pytest.mark.parametrize("name", ["title", "key", "id", "excerpt", "description", "matched_title"])
@pytest.mark.parametrize("odd", [None, 7, ["x"], {"a": 1}, "x\ud800", "|", "#"])
async def test_wrong_fields_of_a_hit_harm_nothing(name: str, odd: object) -> None:
    passages = await found([{**hit("Photosynthesis"), name: odd}], [page("Photosynthesis")])
    assert {passage.title for passage in passages} <= {"Photosynthesis"}


@pytest.mark.parametrize("name", ["title", "extract", "pageid", "fullurl", "description", "pageprops", "missing"])
@pytest.mark.parametrize("odd", [7, ["x"], {"a": 1}, "x\ud800"])
async def test_wrong_fields_of_a_page_harm_nothing(name: str, odd: object) -> None:
    more: Mapping[str, Any] = {name: odd}
    bad = {**page("Photosynthesis"), **more}
    passages = await found([hit("Photosynthesis"), hit("Leaf")], [bad, page("Leaf")])
    assert "Leaf" in {passage.title for passage in passages}


@pytest.mark.parametrize(
    "body",
    [
        b"<html>Our servers are under maintenance</html>",
        b"",
        b"[" * 300_000,
        b'{"pages": ' * 200_000,
        '{"pages": ["é"]}'.encode("latin-1"),
        '{"pages": []}'.encode("utf-16"),
        b'{"pages": [NaN]}',
        b'{"pages": ' + b"9" * 10_000 + b"}",
        b'{"pages": []',
    ],
    ids=range(9),
)
async def test_what_is_no_json_is_one_sentence(body: bytes) -> None:
    async with host(sends(http(body))) as there, fetcher() as asking:
        with pytest.raises(SourceUnavailable, match="not JSON"):
            await WikipediaSource(asking, there.url).search("leaf", language="en", limit=3)


async def test_the_old_form_of_the_answer_is_read_too() -> None:
    assert len(await found([hit("Photosynthesis")], {"17": page("Photosynthesis")})) == 1


async def test_a_wiki_that_hangs_at_the_second_request_is_unavailable() -> None:
    async def script(asked: Asked) -> AsyncIterator[bytes]:
        async for block in (hangs if asked.path == API else routes({SEARCH: {"pages": [hit("Leaf")]}}))(asked):
            yield block

    async with host(script) as there, fetcher(Patience(silence=1)) as asking:
        with pytest.raises(SourceUnavailable, match="in time"):
            await WikipediaSource(asking, there.url).search("leaf", language="en", limit=3)
