"""Open Library and arXiv, played on loopback."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from itertools import pairwise

import pytest
from support.source_hosts import Asked, fetcher, host, http, routes, sends

from lyo.core.clock import now
from lyo.core.db import SessionMaker
from lyo.sources.arxiv import TURNS, ArxivSource
from lyo.sources.atom import parse_atom
from lyo.sources.openlibrary import OpenLibrarySource
from lyo.sources.protocol import Reading, SourceUnavailable
from lyo.sources.turns import Turns, turn

pytestmark = pytest.mark.anyio

QUICK = replace(TURNS, every=0.3)


def doc(number: int = 1, **more: object) -> dict[str, object]:
    whole: dict[str, object] = {
        "key": f"/works/OL{number}W",
        "title": f"Volcanoes of the World {number}",
        "author_name": ["Lee Siebert", "Tom Simkin"],
        "first_publish_year": 1981,
        "language": ["eng", "ger"],
    }
    return {**whole, **more}


async def books(
    docs: object, query: str = "volcano", language: str = "en", limit: int = 5, asked: list[Asked] | None = None
) -> list[Reading]:
    async with host(routes({"/search.json": {"numFound": 1, "docs": docs}})) as there, fetcher() as asking:
        found = await OpenLibrarySource(asking, there.url).search(query, language=language, limit=limit)
        if asked is not None:
            asked += there.asked
        return list(found)


async def test_a_book_is_what_the_catalogue_says() -> None:
    asked: list[Asked] = []
    (book,) = await books([doc(subtitle="A Directory")], "how to understand volcanoes AND (x:y)", asked=asked, limit=4)
    assert book.id == "openlibrary:OL1W"
    assert book.title == "Volcanoes of the World 1: A Directory"
    assert book.url == "https://openlibrary.org/works/OL1W"
    assert book.authors == ("Lee Siebert", "Tom Simkin")
    assert (book.kind, book.language, book.licence, book.source, book.year) == (
        "book", "en", "CC0 1.0", "openlibrary", 1981
    )  # fmt: skip
    assert abs((now() - book.retrieved_at).total_seconds()) < 10
    assert asked[0].params["q"] == "volcanoes x language:eng"
    assert asked[0].params["limit"] == "12"


@pytest.mark.parametrize(
    "bad",
    [
        doc(key="/books/OL1M"),
        doc(key="javascript:alert(1)"),
        doc(key="/works/OL1W/../../evil"),
        doc(key="//evil.example/works/OL1W"),
        doc(key=None),
        doc(title=["Volcano"]),
        doc(title="A history of tea"),
        doc(title=""),
        doc(language=["fre"]),
        7,
        None,
        [],
    ],
)
async def test_what_is_no_book_about_it_is_left_out(bad: object) -> None:
    assert [book.id for book in await books([bad, doc(2)])] == ["openlibrary:OL2W"]


@pytest.mark.parametrize(
    ("field", "odd"),
    [
        ("author_name", "Lee"),
        ("author_name", [7, None, "\u202e"]),
        ("author_name", {}),
        ("first_publish_year", "1981"),
        ("first_publish_year", 99999),
        ("first_publish_year", True),
        ("language", "eng"),
        ("subtitle", 7),
    ],
)
async def test_an_odd_field_costs_only_itself(field: str, odd: object) -> None:
    (book,) = await books([doc(1, **{field: odd})])
    assert book.title == "Volcanoes of the World 1"


async def test_books_with_more_of_the_words_come_first_and_each_once() -> None:
    docs = [doc(1, title="Programming in C"), doc(2, title="Learning Python"), doc(3, title="Python Programming")]
    found = await books([*docs, docs[2], doc(4, title="Gardening")], "python programming")
    assert [book.title for book in found] == ["Python Programming", "Programming in C", "Learning Python"]


@pytest.mark.parametrize(("query", "language"), [("", "en"), ("C", "en"), ("!!", "en"), ("volcano", "xx"), ("v", "")])
async def test_what_the_service_would_refuse_is_not_asked(query: str, language: str) -> None:
    asked: list[Asked] = []
    assert await books([doc()], query, language, asked=asked) == []
    assert asked == []


async def test_nonsense_finds_no_book() -> None:
    assert await books([doc()], "qwxz blorp zzgh") == []


@pytest.mark.parametrize("odd", [None, 7, "x", [], {}, {"docs": None}, {"docs": 7}], ids=repr)
async def test_wrong_types_of_a_catalogue_are_one_sentence(odd: object) -> None:
    async with host(routes({"/search.json": odd})) as there, fetcher() as asking:
        with pytest.raises(SourceUnavailable, match="documentation"):
            await OpenLibrarySource(asking, there.url).search("volcano", language="en", limit=3)


ENTRY = """
<entry>
  <id>{id}</id>
  <updated>2024-02-27T16:02:02Z</updated>
  <published>{published}</published>
  <title>{title}</title>
  <summary>We study volcanoes
  on two lines &amp; more.</summary>
  <author><name>A. Plinius</name><arxiv:affiliation xmlns:arxiv="http://arxiv.org/schemas/atom">Roma</arxiv:affiliation></author>
  <author><name>G.  Kacprzak</name></author>
  <link href="http://arxiv.org/abs/2101.00001v2" rel="alternate" type="text/html"/>
</entry>
"""


def entry(
    id: str = "http://arxiv.org/abs/2101.00001v2",  # noqa: A002 - Atom's own word
    title: str = "Deep\n   volcanoes",
    published: str = "2021-02-27T16:02:02-05:00",
) -> str:
    return ENTRY.format(id=id, title=title, published=published)


def feed(*entries: str, before: str = "") -> bytes:
    title = "<title>arXiv Query: search_query=all:volcano</title><id>https://arxiv.org/api/x</id>"
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>{before}<feed xmlns="http://www.w3.org/2005/Atom">{title}'
        f'<link href="http://arxiv.org/api/query" rel="self"/>{"".join(entries)}</feed>'
    ).encode()


async def papers(body: bytes, sessions: SessionMaker, query: str = "volcano", language: str = "en") -> list[Reading]:
    async with host(routes({"/api/query": http(body)})) as there, fetcher() as asking:
        return list(await ArxivSource(asking, sessions, there.url, QUICK).search(query, language=language, limit=5))


async def test_a_paper_is_what_arxiv_says(sessions: SessionMaker) -> None:
    (paper,) = await papers(feed(entry()), sessions)
    assert paper.id == "arxiv:2101.00001"
    assert paper.url == "https://arxiv.org/abs/2101.00001"
    assert paper.title == "Deep volcanoes"
    assert paper.authors == ("A. Plinius", "G. Kacprzak")
    assert paper.description == "We study volcanoes on two lines & more."
    assert (paper.kind, paper.language, paper.licence, paper.source, paper.year) == (
        "paper", "en", "CC0 1.0", "arxiv", 2021
    )  # fmt: skip


async def test_old_ids_and_the_question(sessions: SessionMaker) -> None:
    body = feed(entry("http://arxiv.org/abs/hep-ex/0307015"), entry("https://arxiv.org/abs/math.GT/0309136v1"))
    async with host(routes({"/api/query": http(body)})) as there, fetcher() as asking:
        found = await ArxivSource(asking, sessions, there.url, QUICK).search(
            'the "volcano" OR ti:lava)', language="en-GB", limit=5
        )
    assert [paper.id for paper in found] == []  # one word of three
    assert there.asked[0].params["search_query"] == "all:volcano AND all:ti AND all:lava"
    assert [paper.id for paper in await papers(body, sessions)] == ["arxiv:hep-ex/0307015", "arxiv:math.GT/0309136"]


@pytest.mark.parametrize(
    "bad",
    [
        entry("javascript:alert(1)"),
        entry("http://evil.example/abs/2101.00001"),
        entry("http://arxiv.org/abs/../../evil"),
        entry("http://arxiv.org.evil.example/abs/2101.00001"),
        entry(title=""),
        entry(title="On tea"),
        "<entry/>",
        "<other><entry/></other>",
    ],
)
async def test_what_is_no_paper_about_it_is_left_out(sessions: SessionMaker, bad: str) -> None:
    found = await papers(feed(bad, entry("http://arxiv.org/abs/2101.00002")), sessions)
    assert [paper.id for paper in found] == ["arxiv:2101.00002"]


LAUGHS = "<!DOCTYPE lolz [<!ENTITY a 'ha'>" + "".join(
    f"<!ENTITY {name} '{f'&{before};' * 10}'>" for before, name in zip("abcdefghi", "bcdefghij", strict=True)
) + "]>"  # fmt: skip


@pytest.mark.parametrize(
    "body",
    [
        b"<html><body>Maintenance</body></html>",
        b"",
        b"{}",
        feed(entry())[:-20],
        feed(entry(), before="<!DOCTYPE feed>"),
        feed(entry(title="&j;"), before=LAUGHS),
        feed(entry(title="&x;"), before='<!DOCTYPE f [<!ENTITY x SYSTEM "file:///etc/passwd">]>'),
        feed(entry(title="&undefined;")),
        feed("<a>" * 10_000 + "</a>" * 10_000),
        feed(*["<entry/>"] * 10_000),
        feed(entry()).replace(b"Deep", b"\xff\xfe"),
        b"\xff\xfe" + "<feed/>".encode("utf-16-le"),
        b'<feed xmlns="urn:other"/>',
    ],
    ids=range(13),
)
async def test_what_is_no_feed_is_one_sentence(sessions: SessionMaker, body: bytes) -> None:
    began = time.monotonic()
    with pytest.raises(SourceUnavailable, match="not an Atom feed"):
        await papers(body, sessions)
    assert time.monotonic() - began < 3


def test_a_feed_of_two_mebibytes_of_text_is_read_in_a_moment() -> None:
    began = time.process_time()
    (read,) = parse_atom(feed(entry(title="x&amp;" * 300_000)), "arxiv")
    assert len(read.title) == 600_000
    assert time.process_time() - began < 1


async def test_an_error_feed_is_a_refusal(sessions: SessionMaker) -> None:
    wrong = entry("http://arxiv.org/api/errors#incorrect_id_format_for_1234", "Error about volcano")
    with pytest.raises(SourceUnavailable, match="does not understand"):
        await papers(feed(wrong), sessions)


async def test_a_throttle_that_says_200_is_heard(sessions: SessionMaker) -> None:
    async with host(sends(http(b"Rate exceeded."))) as there, fetcher() as asking:
        for _ in range(3):
            with pytest.raises(SourceUnavailable, match="left alone"):
                await ArxivSource(asking, sessions, there.url, QUICK).search("volcano", language="en", limit=5)
        assert len(there.asked) == 1


async def test_other_languages_ask_nobody(sessions: SessionMaker) -> None:
    assert await papers(feed(entry()), sessions, "volcan", "fr") == []


async def test_two_workers_ask_one_after_the_other_with_a_rest_between(sessions: SessionMaker) -> None:
    open_now, starts = [0], list[float]()

    async def answer(asked: Asked) -> AsyncIterator[bytes]:
        assert open_now == [0]
        open_now[0] += 1
        starts.append(time.monotonic())
        await asyncio.sleep(0.1)
        open_now[0] -= 1
        yield http(feed(entry()))

    async with host(answer) as there, fetcher() as one, fetcher() as other:
        sources = [ArxivSource(f, sessions, there.url, QUICK) for f in (one, other)]
        for source in sources:  # gaps are seen where requests arrive, and the first of a process takes longer
            await source.search("volcano", language="en", limit=2)
        starts.clear()
        await asyncio.gather(*(source.search("volcano", language="en", limit=2) for source in sources * 2))
    gaps = [later - earlier for earlier, later in pairwise(starts)]
    assert len(gaps) == 3
    assert min(gaps) >= QUICK.every - 0.05


async def test_whose_turn_does_not_come_in_time_is_told_so(sessions: SessionMaker) -> None:
    turns = Turns("slow", every=3, held=15, patience=0.4)
    async with turn(turns, sessions):
        with pytest.raises(SourceUnavailable, match="Too many"):
            async with turn(turns, sessions):
                pass


async def test_a_turn_of_a_process_that_died_runs_out_and_a_late_return_takes_none_away(sessions: SessionMaker) -> None:
    short = Turns("x", every=0.1, held=0.3, patience=2)
    long = replace(short, held=10, patience=0.2)
    async with turn(short, sessions):
        await asyncio.sleep(0.4)
        holder = turn(long, sessions)
        await holder.__aenter__()
    with pytest.raises(SourceUnavailable):
        async with turn(long, sessions):
            pass
    await holder.__aexit__(None, None, None)
