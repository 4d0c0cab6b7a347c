from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from support.library import driver_url, loaded_library
from support.model_driving import serving

from lyo.core.db import make_engine, make_sessions
from lyo.core.settings import Settings
from lyo.llm.weights.store import pull
from lyo.local.temporary import Servers
from lyo.sources.library.search import LibrarySource


@pytest.fixture(scope="session")
def library_url(servers: Servers, migrated: str) -> Iterator[str]:
    with loaded_library(servers, migrated) as url:
        yield url


@pytest.fixture
async def library(library_url: str) -> AsyncIterator[LibrarySource]:
    engine = make_engine(driver_url(library_url), application_name="lyo-test")
    yield LibrarySource(make_sessions(engine))
    await engine.dispose()


@pytest.fixture(scope="session")
def real_model_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The default model, served as `lyo model serve` does."""
    home = tmp_path_factory.mktemp("model")
    _assemble(home)
    with serving(home) as running:
        running.wait_for(200, "")
        yield running.url


def _assemble(home: Path) -> None:
    settings = Settings.model_validate({"lyo_data_dir": home, "model_path": None, "model_checksum": None})
    pull(settings, lambda _done, _total: None, lambda _sentence: None)
