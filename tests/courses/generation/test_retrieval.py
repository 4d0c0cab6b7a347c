"""Several sources at once: what one of them does to a course, and what it cannot do."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pytest
from support.library import passage

from lyo.courses.generation import CourseRequest, retrieve
from lyo.courses.generation.planning import LEAST_WORDS, plan
from lyo.sources.library.search import LibrarySource
from lyo.sources.protocol import Passage, Reading, Shelf, SourceUnavailable

pytestmark = pytest.mark.anyio
REQUEST = CourseRequest(topic="photosynthesis", level="advanced")


@dataclass
class Elsewhere:
    """A source of passages beyond the library, as a live one stands behind its protocol."""

    found: Sequence[Passage] = ()
    error: Exception | None = None
    seconds: float = 0.0
    name: str = "elsewhere"
    asked: int = 0

    async def search(self, query: str, *, language: str, limit: int) -> Sequence[Passage]:
        self.asked += 1
        await asyncio.sleep(self.seconds)
        if self.error is not None:
            raise self.error
        return self.found[:limit]


@dataclass
class Books:
    name: str = "openlibrary"

    async def search(self, query: str, *, language: str, limit: int) -> Sequence[Reading]:
        at = datetime(2026, 1, 1, tzinfo=UTC)
        return [Reading("b", f"All about {query}", "https://b.example", (), "book", language, "CC0", at, self.name)]


def others(count: int) -> list[Passage]:
    return [
        passage(f"Process {number}", f"Process number {number} makes light into sugar in plants.")
        for number in range(count)
    ]


async def test_sources_take_turns(library: LibrarySource) -> None:
    live = Elsewhere(others(12))
    found = await retrieve(REQUEST, Shelf(passages=(library, live)))
    ours = [p.title.startswith("Process") for p in found.passages]
    assert 0.3 <= sum(ours[:12]) / 12 <= 0.7
    assert found.passages[0].title == "Photosynthesis"
    assert live.asked == 1


@pytest.mark.parametrize("error", [SourceUnavailable("It is closed."), RuntimeError("a fault"), TimeoutError()])
async def test_a_source_that_fails_concerns_itself_alone(library: LibrarySource, error: Exception) -> None:
    alone = await retrieve(REQUEST, Shelf(passages=(library,)))
    found = await retrieve(REQUEST, Shelf(passages=(library, Elsewhere(error=error))))
    assert found.passages == alone.passages
    assert found.unavailable == ("elsewhere",)


async def test_a_fault_of_the_library_is_no_lack_of_sources(library: LibrarySource) -> None:
    broken = Elsewhere(error=RuntimeError("the database is away"))
    with pytest.raises(RuntimeError, match="database"):
        await retrieve(REQUEST, Shelf(passages=(broken, library)))


async def test_the_same_article_twice_is_one_with_its_longest_text(library: LibrarySource) -> None:
    alone = await retrieve(REQUEST, Shelf(passages=(library,)))
    known = next(p for p in alone.passages if p.title == "Photosynthesis")
    longer = replace(known, id="live", text=f"{known.text} It is the topic of this test, which adds a sentence.")
    found = await retrieve(REQUEST, Shelf(passages=(library, Elsewhere([longer]))))
    same = [p for p in found.passages if p.url == known.url]
    assert [p.id for p in same] == ["live"]


async def test_what_only_a_live_source_has_makes_a_course(library: LibrarySource) -> None:
    live = Elsewhere([replace(one, title=f"Zorblax {one.title}") for one in others(6)])
    found = await retrieve(CourseRequest(topic="zorblax"), Shelf(passages=(library, live)))
    assert len(found.passages) == 6


async def test_papers_are_not_for_beginners(library: LibrarySource) -> None:
    shelf = Shelf(passages=(library,), readings=(Books(), Books("arxiv")))
    beginner = await retrieve(CourseRequest(topic="photosynthesis"), shelf)
    advanced = await retrieve(REQUEST, shelf)
    assert [r.source for r in beginner.readings] == ["openlibrary"]
    assert [r.source for r in advanced.readings] == ["openlibrary", "arxiv"]


async def test_a_thin_lesson_gets_what_its_article_speaks_of(library: LibrarySource) -> None:
    request = CourseRequest(topic="chess")
    material = await retrieve(request, Shelf(passages=(library,)))
    board_games = next(lesson for lesson in plan(request, material) if lesson.anchor.title == "Board game")
    assert {"Go (game)", "Checkers"} & {passage.title for passage in board_games.support}
    assert board_games.size >= LEAST_WORDS
