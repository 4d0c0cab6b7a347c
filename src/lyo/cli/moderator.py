"""`lyo moderator`: who may hide what learners write, and see what was reported."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from lyo.accounts.roles import list_moderators, set_role
from lyo.accounts.values import Role
from lyo.cli.failing import fail
from lyo.core.bus import Bus, transaction
from lyo.core.db import make_engine, make_sessions
from lyo.core.settings import SettingsError, load_settings
from lyo.local.errors import LocalError
from lyo.local.reach import database

app = typer.Typer(no_args_is_help=True, help="Moderators: learners who may hide what others write.")

Result = TypeVar("Result")

Email = Annotated[str, typer.Argument(help="The address with which they log in.")]
DataDir = Annotated[
    Path | None,
    typer.Option(help="The folder of a `lyo up`, in place of DATABASE_URL.", file_okay=False),
]


@app.command()
def add(email: Email, data_dir: DataDir = None) -> None:
    """Make somebody a moderator, from their next request on."""
    _give(email, Role.MODERATOR, data_dir)
    typer.echo(f"{email} is a moderator.")


@app.command()
def remove(email: Email, data_dir: DataDir = None) -> None:
    """Make a moderator a learner like all others."""
    _give(email, Role.LEARNER, data_dir)
    typer.echo(f"{email} is no moderator.")


@app.command("list")
def list_all(data_dir: DataDir = None) -> None:
    """Show who is a moderator."""
    found = _run(list_moderators, data_dir)
    for moderator in found:
        typer.echo(f"{moderator.email or '(no address)'}  {moderator.display_name}")
    if not found:
        typer.echo("There is no moderator yet: `lyo moderator add EMAIL`.", err=True)


def _give(email: str, role: Role, data_dir: Path | None) -> None:
    async def give(session: AsyncSession) -> bool:
        return await set_role(session, email=email, role=role)

    if not _run(give, data_dir):
        fail(f"Nobody logs in with {email}: they must register first.")


def _run(work: Callable[[AsyncSession], Awaitable[Result]], data_dir: Path | None) -> Result:
    async def run(url: str) -> Result:
        engine = make_engine(url, application_name="lyo-moderator", pool_size=1)
        bus = Bus("redis://localhost")  # nothing is announced, so nobody is asked there
        try:
            async with transaction(make_sessions(engine), bus) as session:
                return await work(session)
        finally:
            await bus.aclose()
            await engine.dispose()

    try:
        with database(load_settings(), data_dir) as url:
            return asyncio.run(run(url))
    except (SettingsError, LocalError) as error:
        fail(str(error))
    except DBAPIError as error:
        reason = str(error.orig).partition("\n")[0].strip().rstrip(".")
        fail(f"The database cannot be used ({reason}): check DATABASE_URL, and run `lyo migrate`.")
