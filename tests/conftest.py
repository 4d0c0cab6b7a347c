"""Fixtures for all tests: real servers, real migrations, the real app behind a real socket."""

from collections.abc import AsyncIterator, Iterator
from uuid import uuid4

import hypothesis
import pytest
from alembic import command
from pydantic import SecretStr
from support.api import Api, Learner, serving
from support.databases import Databases, create_database
from support.settings import plain_settings

from lyo.core.bus import Bus
from lyo.core.db import SessionMaker, make_engine, make_sessions
from lyo.core.logs import configure_logs
from lyo.core.schema import alembic_config
from lyo.core.settings import Mode, Settings
from lyo.local.temporary import Servers, temporary_servers

TEMPLATE = "lyo_template"

# None of our properties is about time, and a machine that is busy is no fault of theirs.
hypothesis.settings.register_profile("lyo", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("lyo")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest begins first, so that the workers end together; otherwise the order stays random."""
    items.sort(key=lambda item: not _is_long(item))


def _is_long(item: pytest.Item) -> bool:
    return bool({"e2e", "generation"} & {*item.path.parts}) or item.get_closest_marker("slow") is not None


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session", autouse=True)
def _logs() -> None:
    configure_logs(level="INFO", form="console")


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """A PostgreSQL and a Valkey for this worker of the run."""
    with temporary_servers() as running:
        yield running


@pytest.fixture(scope="session")
def migrated(servers: Servers) -> str:
    """Name of a database with the whole schema, to copy from."""
    url = create_database(servers, TEMPLATE)
    command.upgrade(alembic_config(plain_settings(database_url=SecretStr(url)).require_database_url()), "head")
    return TEMPLATE


@pytest.fixture(scope="session")
def databases(servers: Servers, migrated: str) -> Databases:
    """Databases with the whole schema."""
    return Databases(servers, migrated)


@pytest.fixture
def database(databases: Databases) -> Iterator[str]:
    """The address of a database of the test's own."""
    with databases.one() as url:
        yield url


@pytest.fixture
def settings(servers: Servers, database: str) -> Settings:
    """Settings of a process in the local mode, over servers of the test's own."""
    return plain_settings(
        lyo_mode=Mode.LOCAL,
        database_url=SecretStr(database),
        redis_url=SecretStr(servers.redis_url),
        # One secret for each test: rates are counted under it, in a Redis that tests share.
        jwt_secret_key=SecretStr(f"of one test: {uuid4().hex}"),
        model_url=None,
        max_running_courses_per_user=100,  # the limits have tests of their own, with settings of their own
    )


@pytest.fixture
async def sessions(settings: Settings) -> AsyncIterator[SessionMaker]:
    engine = make_engine(settings.require_database_url(), application_name="lyo-test")
    yield make_sessions(engine)
    await engine.dispose()


@pytest.fixture
async def bus(settings: Settings) -> AsyncIterator[Bus]:
    opened = Bus(settings.require_redis_url())
    yield opened
    await opened.aclose()


@pytest.fixture
async def api(settings: Settings) -> AsyncIterator[Api]:
    """The API, running."""
    async with serving(settings) as running:
        yield running


@pytest.fixture
async def learner(api: Api) -> AsyncIterator[Learner]:
    """Somebody who is logged in."""
    made = await api.new_learner()
    yield made
    await made.client.aclose()
