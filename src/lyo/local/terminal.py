"""What `lyo up` shows: one line when it is ready, what a person should know after that, and nothing else."""

import asyncio
import sys

from rich.console import Console
from rich.markup import escape

from lyo.local.children import State, Status
from lyo.local.stack import Options, Stack, running
from lyo.local.supervisor import stopped_by_signals

WORDS = {
    "postgres": "Starting PostgreSQL",
    "valkey": "Starting Valkey",
    "migrate": "Preparing the database and the library",
    "model": "Loading the model",
    "worker": "Starting the worker",
    "api": "Starting the API",
}
"""What the terminal says while a child starts."""


def serve(options: Options) -> None:
    """Run everything until SIGINT, SIGTERM or SIGHUP; raises `LocalError` with one sentence if it cannot start."""
    asyncio.run(_serve(options, Console(stderr=True, highlight=False)))


def show(console: Console, status: Status) -> None:
    """Print what a person should know of a child: that it died, what it warns of, and notes; no more."""
    if status.state is State.NOTE:
        console.print(escape(status.detail), style="dim", soft_wrap=True)
    elif status.state in {State.WARNING, State.ENDED}:
        console.print(f"[yellow]{status.name}[/yellow] {escape(status.detail)}", soft_wrap=True)


async def _serve(options: Options, console: Console) -> None:
    states: dict[str, State] = {}
    spinner = console.status("Starting …")

    def tell(status: Status) -> None:
        states[status.name] = status.state
        if status.state is State.STARTING:
            spinner.update(f"{WORDS.get(status.name, status.name)} …")
        show(console, status)

    spinner.start()
    try:
        with stopped_by_signals():
            async with running(options, tell=tell) as stack:
                spinner.stop()
                sys.stdout.write(f"Lyo is ready at {stack.base_url}\n")
                sys.stdout.flush()
                if console.is_terminal:
                    console.print(_hint(stack, states.get("model")), style="dim", soft_wrap=True)
                await asyncio.Event().wait()
    finally:
        spinner.stop()


def _hint(stack: Stack, model: State | None) -> str:
    loading = "" if model in {State.READY, None} else "The model is still loading; courses wait for it. "
    return escape(f"{loading}Data and logs are in {stack.data_dir}. Ctrl-C ends everything.")
