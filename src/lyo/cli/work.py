"""`lyo worker`."""

import typer

from lyo.apple.signing import TeamKey
from lyo.cli.failing import fail, process_settings
from lyo.core.settings import SettingsError
from lyo.worker import run_worker


def worker() -> None:
    """Make courses, and look after everything that was promised."""
    settings = process_settings()
    try:
        TeamKey.of(settings)
        raise typer.Exit(run_worker(settings))
    except SettingsError as error:
        fail(str(error))
