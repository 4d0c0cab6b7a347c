"""`lyo model`: bring the model here, prove it, serve it, and say what is there."""

from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn
from rich.table import Table
from rich.text import Text

from lyo.core.settings import SettingsError, load_settings
from lyo.llm.server import PortUnusable
from lyo.llm.server import serve as serve_model
from lyo.llm.weights.errors import WeightsError
from lyo.llm.weights.source import describe
from lyo.llm.weights.store import Place, Weights, locate, verify
from lyo.llm.weights.store import pull as pull_model

app = typer.Typer(no_args_is_help=True, help="The language model: pull, verify, serve, list.")


@app.command()
def pull() -> None:
    """Bring the configured model here, resuming what an earlier pull left, and verify its SHA-256."""
    console = Console(stderr=True)
    try:
        with _bar(console) as bar:
            task = bar.add_task("pull", total=None)
            weights = pull_model(
                load_settings(),
                lambda done, total: bar.update(task, completed=done, total=total),
                lambda sentence: console.print(sentence, highlight=False),
            )
    except (WeightsError, SettingsError) as error:
        _fail(console, error)
    _say_verified(weights)


@app.command(name="verify")
def verify_command() -> None:
    """Read the whole file again and compare its SHA-256; exit code 1 when it is not the one that was asked for."""
    console = Console(stderr=True)
    try:
        with _bar(console) as bar:
            task = bar.add_task("verify", total=None)
            weights = verify(locate(load_settings()), lambda done, total: bar.update(task, completed=done, total=total))
    except (WeightsError, SettingsError) as error:
        _fail(console, error)
    _say_verified(weights)


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port; 0 takes any free one.")] = 8081,
) -> None:
    """Serve the model over an OpenAI-compatible API until SIGTERM or Ctrl-C.

    Answers 503 and the reason while there is no model that can be asked, and looks again by itself.
    """
    console = Console(stderr=True)
    try:
        serve_model(load_settings(), host, port, lambda url: print(f"The model server is at {url}", flush=True))
    except (PortUnusable, SettingsError) as error:
        _fail(console, error)


@app.command(name="list")
def list_command() -> None:
    """Show the configured model: source, file, size, SHA-256, and whether it is here and verified."""
    console = Console()
    try:
        place = locate(load_settings())
    except (WeightsError, SettingsError) as error:
        _fail(Console(stderr=True), error)
    table = Table.grid(padding=(0, 2))
    size = f"{place.path.stat().st_size / 1e6:.0f} MB" if place.path.is_file() else "-"
    digest = place.sha256[:12] if place.sha256 else "-"
    rows = ("source", describe(place.source)), ("file", str(place.path)), ("size", size), ("sha256", digest)
    for name, value in (*rows, ("state", _state(place))):
        table.add_row(f"[bold]{name}[/]", Text.from_markup(value) if name == "state" else Text(value, overflow="fold"))
    console.print(table)


def _state(place: Place) -> str:
    part = place.path.with_name(f"{place.path.name}.part")
    if not place.path.is_file() and part.is_file():
        return f"partly pulled ({part.stat().st_size / 1e6:.0f} MB)"
    try:
        verify(place, lambda _done, _total: None, trust_receipt=True)
    except WeightsError as error:
        return {"model_missing": "missing", "checksum_mismatch": "[red]refused: wrong SHA-256[/]"}.get(
            error.code, error.code
        )
    return "[green]verified[/]"


def _bar(console: Console) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    return Progress(*columns, TimeRemainingColumn(), console=console, transient=True, disable=not console.is_terminal)


def _say_verified(weights: Weights) -> None:
    megabytes = weights.fingerprint.size / 1e6
    line = f"[green]✓[/] {weights.path} ({megabytes:.0f} MB, sha256 {weights.sha256[:12]}…) is verified."
    Console(soft_wrap=True).print(line, highlight=False)


def _fail(console: Console, error: Exception) -> NoReturn:
    console.print(str(error), style="red", markup=False, highlight=False, soft_wrap=True)
    raise typer.Exit(1)
