"""Answers that are kept: for how long, for whom, and what happens when many ask at once."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, cast

import pytest
from sqlalchemy import text

from lyo.core.clock import now
from lyo.core.db import SessionMaker, make_engine, make_sessions
from lyo.sources.cache import EMPTY_KEPT, SWEPT, CachedSource, normalised
from lyo.sources.protocol import Passage, Reading, SourceUnavailable, Video

pytestmark = pytest.mark.anyio

AT = now().replace(microsecond=123456)
PASSAGE = Passage("1", "Volcano", "A volcano is a rupture.", "https://x.org", "CC", "en", AT, "rupture", 0.5, "w")
VIDEO = Video("v", "Volcano", "https://x.org", "c", 60, None, "CC BY", AT, "d")
READING = Reading("r", "Volcano", "https://x.org", ("A", "B"), "book", "en", "CC0", AT, "openlibrary", 1981, "d")


class Counting:
    """A source that answers what it is told to, and counts."""

    name = "counting"

    def __init__(self, *answers: object, seconds: float = 0.0) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, str, int]] = []
        self.seconds = seconds

    async def search(self, query: str, *, language: str, limit: int) -> Sequence[Any]:
        self.asked.append((query, language, limit))
        await asyncio.sleep(self.seconds)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return cast("Sequence[Any]", answer)


class Meeting(Counting):
    """One that answers once it was asked twice."""

    def __init__(self, *answers: object) -> None:
        super().__init__(*answers)
        self.both = asyncio.Barrier(2)

    async def search(self, query: str, *, language: str, limit: int) -> Sequence[Any]:
        async with asyncio.timeout(20):
            await self.both.wait()
        return await super().search(query, language=language, limit=limit)


def cached(source: Counting, sessions: SessionMaker, kept: timedelta = timedelta(days=1)) -> CachedSource[Passage]:
    return CachedSource(source, sessions, Passage, kept)


async def expire(sessions: SessionMaker) -> None:
    async with sessions.begin() as session:
        await session.execute(text("UPDATE source_answers SET expires_at = now()"))


async def count(sessions: SessionMaker) -> int:
    async with sessions() as session:
        return int(await session.scalar(text("SELECT count(*) FROM source_answers")) or 0)


@pytest.mark.parametrize(("kind", "value"), [(Passage, PASSAGE), (Video, VIDEO), (Reading, READING)])
async def test_what_is_kept_comes_back_as_it_was(sessions: SessionMaker, kind: type[Any], value: object) -> None:
    source = Counting([value])
    keeping: CachedSource[Any] = CachedSource(source, sessions, kind, timedelta(days=1))
    assert keeping.name == "counting"
    for _ in range(3):
        assert await keeping.search("Volcano", language="en", limit=5) == [value]
    assert len(source.asked) == 1


async def test_another_process_has_it_too(sessions: SessionMaker) -> None:
    await cached(Counting([PASSAGE]), sessions).search("volcano", language="en", limit=5)
    other = Counting([])
    assert await cached(other, sessions).search("volcano", language="en", limit=5) == [PASSAGE]
    assert other.asked == []


async def test_one_query_is_one_query_however_it_is_written(sessions: SessionMaker) -> None:
    source = Counting([PASSAGE])
    for query in ("Café  au lait", " cafe\u0301 AU LAIT\n", "café au lait"):
        await cached(source, sessions).search(query, language="en", limit=5)
    assert len(source.asked) == 1
    for query, language, limit in (("tea", "en", 5), ("café au lait", "fr", 5), ("café au lait", "en", 6)):
        await cached(source, sessions).search(query, language=language, limit=limit)
    assert len(source.asked) == 4


async def test_it_expires_and_is_asked_again(sessions: SessionMaker) -> None:
    source = Counting([PASSAGE])
    for _ in range(2):
        await cached(source, sessions).search("volcano", language="en", limit=5)
        await expire(sessions)
    assert len(source.asked) == 2
    assert await count(sessions) == 1


async def test_nothing_is_kept_shorter_than_something(sessions: SessionMaker) -> None:
    await cached(Counting([]), sessions).search("nothing", language="en", limit=5)
    await cached(Counting([PASSAGE]), sessions).search("something", language="en", limit=5)
    async with sessions() as session:
        rows = (await session.execute(text("SELECT query, expires_at FROM source_answers"))).all()
    left = {row.query: row.expires_at - now() for row in rows}
    assert EMPTY_KEPT - timedelta(minutes=1) < left["nothing"] <= EMPTY_KEPT
    assert timedelta(hours=23) < left["something"] <= timedelta(days=1)
    again = Counting([PASSAGE])
    assert await cached(again, sessions).search("nothing", language="en", limit=5) == []
    assert again.asked == []


async def test_a_failure_is_not_kept(sessions: SessionMaker) -> None:
    source = Counting(SourceUnavailable("It is away."), [PASSAGE])
    with pytest.raises(SourceUnavailable):
        await cached(source, sessions).search("volcano", language="en", limit=5)
    assert await count(sessions) == 0
    assert await cached(source, sessions).search("volcano", language="en", limit=5) == [PASSAGE]


async def test_many_at_once_ask_once_in_a_process_and_do_not_collide_between_processes(sessions: SessionMaker) -> None:
    source = Meeting([PASSAGE])
    one, other = cached(source, sessions), cached(source, sessions)
    answers = await asyncio.gather(*(c.search("volcano", language="en", limit=5) for c in [one, other] * 20))
    assert answers == [[PASSAGE]] * 40
    assert len(source.asked) == 2
    assert await count(sessions) == 1
    assert not one.locks


async def test_who_leaves_takes_nothing_from_who_stays(sessions: SessionMaker) -> None:
    keeping = cached(Counting([PASSAGE], seconds=0.1), sessions)
    leaving = asyncio.create_task(keeping.search("volcano", language="en", limit=5))
    await asyncio.sleep(0.02)
    staying = asyncio.create_task(keeping.search("volcano", language="en", limit=5))
    await asyncio.sleep(0.02)
    leaving.cancel()
    assert await staying == [PASSAGE]


async def test_a_new_answer_sweeps_some_of_what_has_expired(sessions: SessionMaker) -> None:
    fill = """INSERT INTO source_answers (source, language, query, most, found, expires_at)
              SELECT 'old', 'en', n::text, 5, '[]', now() - interval '1 day' FROM generate_series(1, 250) n"""
    async with sessions.begin() as session:
        await session.execute(text(fill))
    keeping = cached(Counting([PASSAGE]), sessions)
    for left in (250 - SWEPT, 250 - 2 * SWEPT, 0, 0):
        await keeping.search(f"volcano {left} {await count(sessions)}", language="en", limit=5)
        async with sessions() as session:
            old = await session.scalar(text("SELECT count(*) FROM source_answers WHERE source = 'old'"))
        assert old == left


@pytest.mark.parametrize("stored", ['{"a": 1}', "[7]", '[{"id": "x"}]', '"x"', "null"])
async def test_what_another_version_kept_is_asked_anew(sessions: SessionMaker, stored: str) -> None:
    keeping = cached(Counting([PASSAGE]), sessions)
    await keeping.search("volcano", language="en", limit=5)
    async with sessions.begin() as session:
        await session.execute(text("UPDATE source_answers SET found = CAST(:stored AS jsonb)"), {"stored": stored})
    assert await keeping.search("volcano", language="en", limit=5) == [PASSAGE]


@pytest.mark.parametrize("query", ["\0", "  ", "", "\ud800", "\n"])
async def test_an_empty_query_asks_nobody(sessions: SessionMaker, query: str) -> None:
    source = Counting([PASSAGE])
    assert await cached(source, sessions).search(query, language="en", limit=5) == []
    assert source.asked == []


async def test_long_and_strange_queries_are_kept_too(sessions: SessionMaker) -> None:
    for query in (
        "ﷺ" * 5000,
        "a\0b" * 5000,
        "\ud800x" * 300,
        "\U0001d518" * 10_000,
        "'; DROP TABLE source_answers; --",
    ):
        assert len(normalised(query)) <= 400
        source = Counting([PASSAGE])
        for _ in range(2):
            assert await cached(source, sessions).search(query, language="en", limit=5) == [PASSAGE]
        assert len(source.asked) == 1


async def test_a_database_that_fails_stops_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    engine = make_engine("postgresql+psycopg://nobody@127.0.0.1:1/none", application_name="lyo-test")
    try:
        keeping = cached(Counting([PASSAGE]), make_sessions(engine))
        assert await keeping.search("volcano", language="en", limit=5) == [PASSAGE]
    finally:
        await engine.dispose()
