"""Putting the bundled library into PostgreSQL: once for each version of it, all of a language or nothing."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast

from pgvector import Vector
from pgvector.psycopg import register_vector_async
from psycopg import AsyncConnection
from sqlalchemy import delete, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection as SqlAlchemyConnection
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from lyo.core.clock import now
from lyo.sources.library.bundle import LANGUAGES, LICENCE, PACKAGE, Article, bundle_version, read_bundle
from lyo.sources.library.embedding import Vectors, embed
from lyo.sources.library.models import NEAREST, LibraryEdition, LibraryPassage

BATCH = 2048
"""How many articles are embedded while the batch before them is on its way to the database."""

LOADER_LOCK = 5_960_102
"""Key of the advisory lock that lets one loader at a time in."""

TEXT_SEARCH_CONFIGURATIONS = {"en": "english", "fr": "french", "es": "spanish"}

Progress = Callable[[str, int, int], None]
"""Told the language, how many of its passages are loaded, and how many there are."""


@dataclass(frozen=True, slots=True)
class LoadedEdition:
    """What one language of the library holds after a call to `load_library`."""

    language: str
    version: str
    rows: int
    fresh: bool
    """Whether this call loaded it; False where it was there already."""


async def load_library(engine: AsyncEngine, *, progress: Progress | None = None) -> tuple[LoadedEdition, ...]:
    """Load every language of the bundle whose installed version is not in the database yet.

    Each language is replaced in one transaction, so that a search sees the old edition or the new one. A second
    loader waits for the first and finds nothing left to do: `engine` is a patient one (`make_engine`). Raises
    `LibraryMissing`, and what the database raises.
    """
    version = await asyncio.to_thread(bundle_version)
    return tuple([await _load_language(engine, language, version, progress) for language in LANGUAGES])


async def count_passages(session: AsyncSession) -> dict[str, int]:
    """How many passages each language has, as noted when it was loaded; empty before the first load."""
    rows = await session.execute(
        select(LibraryEdition.language, func.sum(LibraryEdition.rows)).group_by(LibraryEdition.language)
    )
    return {language: int(count) for language, count in rows}


async def _load_language(engine: AsyncEngine, language: str, version: str, progress: Progress | None) -> LoadedEdition:
    async with engine.begin() as connection:
        await connection.execute(select(func.pg_advisory_xact_lock(LOADER_LOCK)))
        loaded = (
            await connection.execute(
                select(LibraryEdition.rows).where(
                    LibraryEdition.name == PACKAGE,
                    LibraryEdition.language == language,
                    LibraryEdition.version == version,
                )
            )
        ).scalar_one_or_none()
        if loaded is not None:
            return LoadedEdition(language, version, loaded, fresh=False)
        rows = await _replace(connection, language, progress)
        edition = {"version": version, "rows": rows, "loaded_at": now()}
        await connection.execute(
            insert(LibraryEdition)
            .values(name=PACKAGE, language=language, **edition)
            .on_conflict_do_update(index_elements=["name", "language"], set_=edition)
        )
    await _analyze(engine)
    return LoadedEdition(language, version, rows, fresh=True)


async def _replace(connection: SqlAlchemyConnection, language: str, progress: Progress | None) -> int:
    await connection.execute(text(_STAGING))
    articles = await asyncio.to_thread(lambda: list(read_bundle(language)))
    driver = (await connection.get_raw_connection()).driver_connection
    if not isinstance(driver, AsyncConnection):
        raise TypeError("the library can be loaded through psycopg only")
    psycopg = cast("AsyncConnection[Any]", driver)
    await register_vector_async(psycopg)
    done = 0
    async with psycopg.cursor() as cursor, cursor.copy(_COPY) as copy:
        copy.set_types(["uuid", "text", "text", "text", "text", "text", "vector"])
        async for batch, vectors in _embedded(articles):
            for article, vector in zip(batch, vectors, strict=True):
                await copy.write_row(_row(article, vector))
            done += len(batch)
            if progress:
                progress(language, done, len(articles))
    # An index made after the rows takes a sixth of the time of one that is kept up with them, and has no holes where
    # the old ones were. Searches wait from here on (`search.WAIT_SECONDS`), once for each version of the library.
    await connection.run_sync(NEAREST[language].drop, checkfirst=True)
    await connection.execute(delete(LibraryPassage).where(LibraryPassage.language == language))
    parameters = {"language": language, "licence": LICENCE, "config": TEXT_SEARCH_CONFIGURATIONS[language]}
    await connection.execute(text(_FROM_STAGING), parameters)
    # By one process: several would share the memory of a container that often has 64 MiB to share.
    await connection.execute(text("SET LOCAL max_parallel_maintenance_workers = 0"))
    await connection.run_sync(NEAREST[language].create)
    return done


async def _embedded(articles: Sequence[Article]) -> AsyncIterator[tuple[Sequence[Article], Vectors]]:
    """Batches with their vectors; the next batch is embedded while the caller works on this one."""
    batches = [articles[start : start + BATCH] for start in range(0, len(articles), BATCH)]
    pending = [asyncio.create_task(_embed_articles(batches[0]))] if batches else []
    try:
        for place, batch in enumerate(batches):
            vectors = await pending.pop()
            if place + 1 < len(batches):
                pending.append(asyncio.create_task(_embed_articles(batches[place + 1])))
            yield batch, vectors
    finally:
        for task in pending:
            task.cancel()


async def _embed_articles(articles: Sequence[Article]) -> Vectors:
    return await asyncio.to_thread(embed, [embedding_text(article) for article in articles])


def embedding_text(article: Article) -> str:
    """What stands for an article in the search by meaning: above all its title and what the thing is."""
    return f"{article.title}. {article.description or article.topic or ''}. {article.extract}"


def _row(article: Article, vector: Vectors) -> tuple[object, ...]:
    return (
        article.id,
        article.title,
        article.description,
        article.topic,
        article.extract,
        article.url,
        Vector(vector),
    )


async def _analyze(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await connection.execute(text("ANALYZE library_passages"))


_STAGING = """
CREATE TEMPORARY TABLE library_staging (
    id uuid, title text, description text, topic text, extract text, url text, embedding vector
) ON COMMIT DROP
"""

_COPY = "COPY library_staging (id, title, description, topic, extract, url, embedding) FROM STDIN WITH (FORMAT BINARY)"

_FROM_STAGING = """
INSERT INTO library_passages (id, language, title, description, topic, extract, url, licence, document, embedding)
SELECT id, :language, title, description, topic, extract, url, :licence,
       setweight(to_tsvector(CAST(:config AS regconfig), title), 'A')
       || setweight(to_tsvector(CAST(:config AS regconfig), coalesce(description, '')), 'B')
       || setweight(to_tsvector(CAST(:config AS regconfig), extract), 'D'),
       embedding
FROM library_staging
"""
