import asyncio

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from lyo.core.db import SessionMaker
from lyo.sources.library.search import LibrarySource

pytestmark = pytest.mark.anyio

SENSIBLE = [
    ("en", "photosynthesis", {"Photosynthesis", "Chlorophyll", "Chloroplast"}),
    ("en", "machine learning", {"Machine learning", "Artificial intelligence"}),
    ("en", "python programming", {"Computer programming", "Programming language", "Compiler"}),
    ("en", "french revolution", {"French Revolution", "Georges Danton"}),
    ("en", "quantum computing", {"Quantum mechanics", "Quantum entanglement"}),
    ("en", "how to cook pasta", {"Pasta", "Cooking"}),
    ("en", "black holes", {"Black hole", "Supermassive black hole"}),
    ("en", "how does the immune system work", {"Immune system", "Antibody"}),
    ("en", "music theory", {"Music theory", "Harmony"}),
    ("en", "dogs", {"Dog", "Terrier"}),
    ("fr", "photosynthèse", {"Photosynthèse", "Chloroplaste"}),
    ("fr", "la révolution française", {"Révolution française"}),
    ("fr", "histoire du cinéma", {"Histoire du cinéma", "Auguste et Louis Lumière"}),
    ("es", "guerra civil española", {"Guerra civil española", "Francisco Franco"}),
    ("es", "revolución francesa", {"Revolución francesa"}),
]

NONSENSE = ["qwxz blorp", "zzzzzz", "asdf ghjkl", "blorp flimflam wibble", "xkqj 9932", "kubernetes"]

HOSTILE = [
    "",
    " ",
    "!!!",
    "\0",
    "a\0b",
    "'; DROP TABLE library_passages; --",
    '"unclosed & | ! <-> ( :*',
    "-photosynthesis",
    "🦊🦊",
    "العربية تعلم",
    "\u202eevil\u202c",
    "量子力学",
    "\ud800 lone",
    "x" * 200,
    "%s %(query)s :query {0}",
    "the",
]


@pytest.mark.parametrize(("language", "query", "expected"), SENSIBLE)
async def test_a_sensible_topic_finds_what_it_is_about(
    source: LibrarySource, language: str, query: str, expected: set[str]
) -> None:
    passages = await source.search(query, language=language, limit=12)
    assert expected <= {passage.title for passage in passages}
    assert all(passage.language == language for passage in passages)
    assert len({passage.id for passage in passages}) == len(passages)


@pytest.mark.parametrize("query", ["photosynthesis", "French Revolution", "Yoga", "calculus", "Roman Empire"])
async def test_the_article_of_that_name_comes_first(source: LibrarySource, query: str) -> None:
    first, *_ = await source.search(query, language="en", limit=3)
    assert first.title.casefold() == query.casefold()
    assert first.licence == "CC BY-SA 4.0"
    assert 0 < first.score <= 1


@pytest.mark.parametrize("language", ["en", "fr", "es"])
@pytest.mark.parametrize("query", NONSENSE)
async def test_nonsense_finds_nothing(source: LibrarySource, language: str, query: str) -> None:
    assert await source.search(query, language=language, limit=5) == []


async def test_the_letters_of_an_unknown_word_say_nothing(source: LibrarySource) -> None:
    # By its letters alone this is next to the Thai language, with a similarity of 0.56.
    assert await source.search("genai", language="en", limit=5) == []


@pytest.mark.parametrize("query", HOSTILE)
async def test_any_text_is_a_query(source: LibrarySource, query: str) -> None:
    for language in ("en", "fr", "es"):
        assert len(await source.search(query, language=language, limit=5)) <= 5


async def test_a_language_or_a_limit_that_there_is_not_finds_nothing(source: LibrarySource) -> None:
    assert await source.search("photosynthesis", language="de", limit=5) == []
    assert await source.search("photosynthesis", language="en", limit=0) == []


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=st.text(max_size=200))
async def test_no_text_at_all_breaks_the_search(source: LibrarySource, query: str) -> None:
    assert len(await source.search(query, language="en", limit=3)) <= 3


async def test_a_search_waits_while_a_new_version_is_put_in_place(
    library_sessions: SessionMaker, source: LibrarySource
) -> None:
    async with library_sessions.begin() as loader:
        await loader.execute(text("LOCK TABLE library_passages IN ACCESS EXCLUSIVE MODE"))
        asked = asyncio.create_task(source.search("photosynthesis", language="en", limit=1))
        done, _ = await asyncio.wait({asked}, timeout=5.5)  # other statements give up after five
        assert not done
    assert [passage.title for passage in await asked] == ["Photosynthesis"]
