"""What the terminal shows while one waits: the start of the parts, and the progress of a course.

Where there is no terminal, each change is a plain line.
"""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Column
from rich.text import Text

from lyo.cli.reading import clean
from lyo.local.children import State, Status, Tell
from lyo.local.terminal import show
from lyo.realtime.messages import ProgressMessage

PARTS: Final = {
    "postgres": "PostgreSQL",
    "valkey": "Valkey",
    "migrate": "library",
    "model": "model",
    "worker": "worker",
    "api": "API",
}
"""The parts that `lyo up` runs, in the words of this line; a part that is not ours to run never shows up."""


def is_live(console: Console) -> bool:
    """Whether lines can be drawn over."""
    return console.is_terminal and not console.is_dumb_terminal


@contextmanager
def starting(console: Console) -> Generator[Tell]:
    """Yields what to tell of each part: one line shows which of them are ready, until the end of the block.

    Where there is no terminal it is a line each. After the block it goes on telling of parts that died and of
    warnings, each on a line of its own.
    """
    ready: dict[str, bool] = {}
    line = console.status(_parts(ready))

    def tell(status: Status) -> None:
        if status.state is State.READY and not is_live(console) and not ready.get(status.name):
            console.print(f"  {PARTS.get(status.name, status.name)} is ready")
        if status.state in {State.STARTING, State.READY, State.STOPPED} and status.name in PARTS:
            ready[status.name] = status.state is not State.STARTING or ready.get(status.name, False)
            line.update(_parts(ready))
        show(console, status)

    if not is_live(console):
        yield tell
        return
    with line:
        yield tell


def _parts(ready: dict[str, bool]) -> Text:
    text = Text("Starting Lyo ")
    for name, words in PARTS.items():
        if name in ready:
            text.append(f" {words} ", style="" if ready[name] else "dim")
            text.append("✓" if ready[name] else "…", style="green" if ready[name] else "dim")
    return text


@contextmanager
def progress(console: Console) -> Generator[Callable[[ProgressMessage], None]]:
    """Yields what to tell of each change of a task; shows it as a bar with the latest message."""
    if not is_live(console):
        yield _lines(console)
        return
    words = Column(ratio=1, no_wrap=True, overflow="ellipsis")
    columns = (
        SpinnerColumn(),
        BarColumn(bar_width=24),
        TextColumn("{task.percentage:>3.0f} %"),
        TextColumn("{task.description}", markup=False, table_column=words),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True, expand=True) as bar:
        task = bar.add_task("Asking …", total=100)
        yield lambda change: bar.update(task, completed=change.progress_pct, description=_message(change))


def _lines(console: Console) -> Callable[[ProgressMessage], None]:
    shown: list[str] = []

    def tell(change: ProgressMessage) -> None:
        line = f"{change.progress_pct:>3} %  {_message(change)}"
        if line not in shown[-1:]:
            console.print(Text(line), soft_wrap=True)
            shown.append(line)

    return tell


def _message(change: ProgressMessage) -> str:
    return " ".join(clean(change.message or "Waiting for a worker …").split())
