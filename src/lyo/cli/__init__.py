"""The `lyo` command."""

from importlib import import_module
from typing import Final

import typer
from typer.core import TyperGroup

COMMANDS: Final = {
    "demo": "lyo.cli.demo:demo",
    "up": "lyo.cli.up:up",
    "api": "lyo.cli.serve:api",
    "worker": "lyo.cli.work:worker",
    "migrate": "lyo.cli.migrate:migrate",
    "model": "lyo.cli.model:app",
    "library": "lyo.cli.library:app",
    "eval": "lyo.cli.evaluate:evaluate_command",
    "moderator": "lyo.cli.moderator:app",
    "openapi": "lyo.cli.contract:openapi",
    "asyncapi": "lyo.cli.contract:asyncapi",
}
"""Each command, and where it is. Imported when it is called: `lyo up` starts five of them at once."""


class LazyGroup(TyperGroup):
    """A group that imports a command only when it is needed."""

    def list_commands(self, ctx: typer.Context) -> list[str]:  # type: ignore[override]  # typer's own click
        """The names, in the order in which one meets them."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: typer.Context, cmd_name: str):  # type: ignore[no-untyped-def,override]  # noqa: ANN201
        """The command of that name, imported."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        found = getattr(import_module(module), name)
        if not isinstance(found, typer.Typer):
            single = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
            single.command(cmd_name)(found)
            found = single
        command = typer.main.get_command(found)
        command.name = cmd_name
        return command


app = typer.Typer(
    name="lyo",
    cls=LazyGroup,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback()
def lyo() -> None:
    """Lyo turns “I want to learn X” into a course, written on your own machine."""
