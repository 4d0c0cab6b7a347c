"""`lyo up`: everything on this machine, until Ctrl-C."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from lyo.core.settings import SettingsError, load_settings
from lyo.local.errors import LocalError
from lyo.local.stack import options_from
from lyo.local.terminal import serve


def up(
    host: Annotated[str, typer.Option(help="The address to serve on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port to serve on; 0 takes a free one.", min=0, max=65535)] = 8000,
    data_dir: Annotated[
        Path | None, typer.Option(help="Where the database, the model and the logs are kept.", file_okay=False)
    ] = None,
) -> None:
    """Run all of Lyo on this machine: PostgreSQL, Valkey, the model, the API and a worker, until Ctrl-C."""
    try:
        serve(options_from(load_settings(), host=host, port=port, data_dir=data_dir))
    except (LocalError, SettingsError) as error:
        Console(stderr=True, highlight=False).print(f"[red]Error:[/red] {escape(str(error))}", soft_wrap=True)
        raise typer.Exit(1) from None
