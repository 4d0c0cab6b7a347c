import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.ext.asyncio import AsyncEngine

from lyo.core.db import SessionMaker, make_engine, make_sessions
from lyo.core.settings import Settings
from lyo.sources.library.loading import count_passages, load_library
from lyo.sources.library.models import LibraryEdition, LibraryPassage

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(300)]


@pytest.fixture
async def engine(settings: Settings) -> AsyncIterator[AsyncEngine]:
    made = make_engine(settings.require_database_url(), application_name="lyo-test", patient=True)
    yield made
    await made.dispose()


async def test_two_loaders_at_once_load_it_once_and_a_new_version_replaces_it(engine: AsyncEngine) -> None:
    sessions = make_sessions(engine)
    async with sessions() as session:
        assert await count_passages(session) == {}
    told: list[tuple[str, int, int]] = []

    def progress(language: str, done: int, total: int) -> None:
        told.append((language, done, total))

    both = await asyncio.gather(load_library(engine, progress=progress), load_library(engine))
    for one, other in zip(*both, strict=True):
        assert {one.fresh, other.fresh} == {True, False}
        assert (one.language, one.rows) == (other.language, other.rows)
    assert {language for language, _, _ in told} <= {"en", "fr", "es"}
    assert all(done <= total for _, done, total in told)
    again = await load_library(engine)
    assert not any(edition.fresh for edition in again)

    async with sessions.begin() as session:
        counts = await count_passages(session)
        assert counts == {edition.language: edition.rows for edition in again}
        assert await session.scalar(select(func.count()).select_from(LibraryPassage)) == sum(counts.values())
        before = set(await session.scalars(select(LibraryPassage.id).where(LibraryPassage.language == "es")))
        await session.execute(update(LibraryEdition).where(LibraryEdition.language == "es").values(version="older"))
        await session.execute(text("DELETE FROM library_passages WHERE language = 'es' AND title LIKE 'A%'"))

    assert [edition.language for edition in await load_library(engine) if edition.fresh] == ["es"]
    async with sessions() as session:
        assert set(await session.scalars(select(LibraryPassage.id).where(LibraryPassage.language == "es"))) == before


async def test_each_passage_carries_its_licence_and_both_searches_data(library_sessions: SessionMaker) -> None:
    async with library_sessions() as session:
        passage = (await session.scalars(select(LibraryPassage).where(LibraryPassage.title == "Photosynthesis"))).one()
    assert passage.licence == "CC BY-SA 4.0"
    assert passage.url == "https://en.wikipedia.org/wiki/Photosynthesis"
    assert "'photosynthesi':1A" in passage.document
