from collections.abc import AsyncIterator, Iterator

import pytest
from support.library import driver_url, loaded_library

from lyo.core.db import SessionMaker, make_engine, make_sessions
from lyo.local.temporary import Servers
from lyo.sources.library.search import LibrarySource


@pytest.fixture(scope="session")
def library_url(servers: Servers, migrated: str) -> Iterator[str]:
    """The address of a database with the whole library, for reading only."""
    with loaded_library(servers, migrated) as url:
        yield url


@pytest.fixture
async def library_sessions(library_url: str) -> AsyncIterator[SessionMaker]:
    engine = make_engine(driver_url(library_url), application_name="lyo-test")
    yield make_sessions(engine)
    await engine.dispose()


@pytest.fixture
def source(library_sessions: SessionMaker) -> LibrarySource:
    return LibrarySource(library_sessions)
