"""How a command ends that cannot do what it was asked: one sentence, exit code 1, no traceback."""

from typing import NoReturn

import typer
from rich.console import Console
from rich.markup import escape

from lyo.core.logs import configure_logs
from lyo.core.settings import Mode, Settings, SettingsError, load_settings


def fail(sentence: str) -> NoReturn:
    """Say what is wrong on standard error, and end."""
    Console(stderr=True, highlight=False).print(f"[red]Error:[/red] {escape(sentence)}", soft_wrap=True)
    raise typer.Exit(1)


def process_settings() -> Settings:
    """The settings of a process that serves, with its logs set up; ends the process if they are wrong."""
    try:
        settings = load_settings()
        if settings.lyo_mode is Mode.PRODUCTION:
            settings.require_jwt_secret()
    except SettingsError as error:
        fail(str(error))
    configure_logs(level=settings.log_level, form=settings.log_format)
    return settings
