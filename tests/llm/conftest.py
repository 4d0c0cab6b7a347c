"""The real model, assembled once for all workers of a run and served once for each."""

from collections.abc import Generator
from pathlib import Path

import pytest
from support.model_driving import Configure, Running, serving

from lyo.core.settings import Settings
from lyo.llm.weights.store import Weights, pull


def model_settings(data_dir: Path, **values: object) -> Settings:
    return Settings.model_validate({"lyo_data_dir": data_dir, "model_path": None, "model_checksum": None, **values})


@pytest.fixture(scope="session")
def model_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder that has the default model; the workers of a run share it."""
    base = tmp_path_factory.getbasetemp()
    home = (base.parent if base.name.startswith("popen-") else base) / "model-home"
    pull(model_settings(home), lambda _done, _total: None, lambda _sentence: None)
    return home


@pytest.fixture(scope="session")
def weights(model_home: Path) -> Weights:
    return pull(model_settings(model_home), lambda _done, _total: None, lambda _sentence: None)


@pytest.fixture(scope="session")
def model_server_url(model_home: Path) -> Generator[str]:
    with serving(model_home) as running:
        running.wait_for(200, "")
        yield running.url


@pytest.fixture(scope="session")
def configure() -> Configure:
    return model_settings


@pytest.fixture
def own_server(model_home: Path) -> Generator[Running]:
    """A model server that a test may kill."""
    with serving(model_home) as running:
        running.wait_for(200, "")
        yield running
