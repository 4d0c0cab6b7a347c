"""`lyo library`: load the bundled encyclopedia, and look into it."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text
from sqlalchemy.exc import DBAPIError

from lyo.cli.failing import fail
from lyo.core.db import make_engine, make_sessions
from lyo.core.settings import SettingsError, load_settings
from lyo.local.errors import LocalError
from lyo.local.reach import database
from lyo.sources.library.bundle import LibraryMissing
from lyo.sources.library.loading import LoadedEdition, load_library
from lyo.sources.library.search import LibrarySource
from lyo.sources.protocol import Passage

app = typer.Typer(no_args_is_help=True, help="The bundled encyclopedia: load it, search it.")

Result = TypeVar("Result")

DataDir = Annotated[
    Path | None,
    typer.Option(help="The folder of a `lyo up`, in place of DATABASE_URL.", file_okay=False),
]


class Language(StrEnum):
    """The languages of the library."""

    EN = "en"
    FR = "fr"
    ES = "es"


@app.command()
def pull(data_dir: DataDir = None) -> None:
    """Load the encyclopedia into the database, unless this version of it is there already."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("passages"))
    with Progress(*columns, console=console) as bar:
        tasks = {language: bar.add_task(language.value, total=None, visible=False) for language in Language}

        def progress(language: str, done: int, total: int) -> None:
            bar.update(tasks[Language(language)], completed=done, total=total, visible=True)

        async def load(url: str) -> tuple[LoadedEdition, ...]:
            engine = make_engine(url, application_name="lyo-library", patient=True)
            try:
                return await load_library(engine, progress=progress)
            finally:
                await engine.dispose()

        editions = _run(load, data_dir)
    for edition in editions:
        did = "loaded" if edition.fresh else "was already loaded"
        typer.echo(f"{edition.language}: {edition.rows:,} passages, version {edition.version}, {did}.")


@app.command()
def search(
    query: Annotated[str, typer.Argument(help="A topic, in ordinary words.")],
    language: Annotated[Language, typer.Option(help="The language of the passages.")] = Language.EN,
    limit: Annotated[int, typer.Option(min=1, max=50, help="How many passages to show.")] = 10,
    data_dir: DataDir = None,
) -> None:
    """Show what the library has about a topic, best first."""

    async def find(url: str) -> Sequence[Passage]:
        engine = make_engine(url, application_name="lyo-library", pool_size=1)
        try:
            return await LibrarySource(make_sessions(engine)).search(query, language=language.value, limit=limit)
        finally:
            await engine.dispose()

    passages = _run(find, data_dir)
    if not passages:
        typer.echo("Nothing found. Is the library loaded (`lyo library pull`)? Else try a more common name.", err=True)
        raise typer.Exit(1)
    Console().print(_table(passages))


def _table(passages: Sequence[Passage]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("Title", overflow="fold")
    table.add_column("Language")
    table.add_column("Score", justify="right")
    table.add_column("Licence", no_wrap=True)
    table.add_column("Address", overflow="fold")
    for passage in passages:
        cells = (passage.title, passage.language, f"{passage.score:.2f}", passage.licence, passage.url)
        table.add_row(*(Text(cell) for cell in cells))
    return table


def _run(work: Callable[[str], Coroutine[Any, Any, Result]], data_dir: Path | None) -> Result:
    try:
        with database(load_settings(), data_dir) as url:
            return asyncio.run(work(url))
    except (SettingsError, LibraryMissing, LocalError) as error:
        fail(str(error))
    except DBAPIError as error:
        reason = str(error.orig).partition("\n")[0].strip().rstrip(".")
        fail(f"The database cannot be used ({reason}): check DATABASE_URL, and run `lyo migrate`.")
