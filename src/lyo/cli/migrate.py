"""`lyo migrate`."""

import asyncio

from alembic import command
from alembic.util import CommandError
from sqlalchemy.exc import DBAPIError

from lyo.accounts.demo import DEMO_EMAIL, DEMO_NAME, DEMO_PASSWORD
from lyo.accounts.service import ensure_user
from lyo.cli.failing import fail, process_settings
from lyo.core.bus import Bus, transaction
from lyo.core.db import make_engine, make_sessions
from lyo.core.schema import alembic_config
from lyo.core.settings import Mode, Settings, SettingsError
from lyo.sources.library.bundle import LibraryMissing
from lyo.sources.library.loading import load_library


def migrate() -> None:
    """Bring the database's schema up to date; in the local mode also make the demo user and load the library."""
    settings = process_settings()
    try:
        command.upgrade(alembic_config(settings.require_database_url()), "head")
        if settings.lyo_mode is Mode.LOCAL:
            asyncio.run(_furnish(settings))
    except (SettingsError, LibraryMissing) as error:
        fail(str(error))
    except DBAPIError as error:
        fail(f"The database cannot be used: {_first_line(error)} Check DATABASE_URL.")
    except CommandError as error:
        fail(f"The schema cannot be migrated: {error}.")


async def _furnish(settings: Settings) -> None:
    engine = make_engine(settings.require_database_url(), application_name="lyo-migrate", patient=True)
    bus = Bus(settings.require_redis_url())
    try:
        if settings.has_demo:
            async with transaction(make_sessions(engine), bus) as session:
                await ensure_user(session, email=DEMO_EMAIL, password=DEMO_PASSWORD, display_name=DEMO_NAME)
        await load_library(engine)
    finally:
        await bus.aclose()
        await engine.dispose()


def _first_line(error: DBAPIError) -> str:
    lines = str(error.orig).strip().splitlines() or ["it gave no reason"]
    return f"{lines[0].rstrip('.')}."
