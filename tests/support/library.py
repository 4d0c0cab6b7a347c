"""The bundled library in a database of its own, and material made by hand for what needs none."""

import asyncio
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from uuid import uuid4

from lyo.core.db import make_engine
from lyo.core.settings import Settings
from lyo.local.temporary import Servers
from lyo.sources.library.bundle import article_url
from lyo.sources.library.loading import LoadedEdition, load_library
from lyo.sources.protocol import Passage
from support.databases import create_database, drop_database


@contextmanager
def loaded_library(servers: Servers, template: str) -> Generator[str]:
    """The address of a database with the schema of `template` and the whole library; gone afterwards."""
    name = f"library_{uuid4().hex}"
    url = create_database(servers, name, template)
    try:
        load(url)
        yield url
    finally:
        drop_database(servers, name)


def load(url: str) -> Sequence[LoadedEdition]:
    """Load the whole library into the database at `url` (DATABASE_URL)."""

    async def loaded() -> Sequence[LoadedEdition]:
        engine = make_engine(driver_url(url), application_name="lyo-test", patient=True)
        try:
            return await load_library(engine)
        finally:
            await engine.dispose()

    return asyncio.run(loaded())


def driver_url(url: str) -> str:
    return Settings.model_validate({"database_url": url}).require_database_url()


def passage(title: str, text: str, *, language: str = "en", description: str | None = None) -> Passage:
    return Passage(
        id=f"{language}:{title}",
        title=title,
        text=text,
        url=article_url(language, title),
        licence="CC BY-SA 4.0",
        language=language,
        retrieved_at=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        description=description,
        score=0.6,
    )
