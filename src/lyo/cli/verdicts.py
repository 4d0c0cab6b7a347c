"""What the terminal shows of an evaluation: what it is at, each topic as it ends, and the bars."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from lyo.cli.reading import clean
from lyo.cli.showing import is_live
from lyo.evaluation.keeping import JSON, PAGE
from lyo.evaluation.page import shown, shown_bar
from lyo.evaluation.running import Watch
from lyo.evaluation.topics import Topic
from lyo.evaluation.values import Report, Side, Tried

MARKS = {"holds": ("✓", "green"), "fails": ("✗", "red"), "undefined": ("?", "red"), "skipped": ("·", "dim")}
NAME_WIDTH = 20


@dataclass(slots=True)
class Showing:
    """One evaluation on a terminal; without one, each topic is a plain line."""

    console: Console
    bar: Progress
    task: TaskID

    def say(self, sentence: str) -> None:
        """What is being done."""
        self.bar.update(self.task, description=sentence)
        if not is_live(self.console):
            self.console.print(Text(sentence), soft_wrap=True)

    def watch(self, keep: Callable[[Report], None]) -> Watch:
        """What the evaluation tells."""
        return Watch(
            begun=self._begun,
            ended=self._ended,
            measuring=lambda: self.say("Measuring the throughput …"),
            keep=keep,
        )

    def _begun(self, topic: Topic) -> None:
        self.bar.update(self.task, description=clean(topic.topic)[: NAME_WIDTH * 2])

    def _ended(self, tried: Tried) -> None:
        self.bar.advance(self.task)
        mark, style = MARKS["holds" if tried.right else "fails"]
        line = Text.assemble(
            (f"{mark} ", style), f"{tried.topic.name[:NAME_WIDTH]:<{NAME_WIDTH}} ", _side(tried.engine)
        )
        if tried.naive is not None:
            line.append_text(Text.assemble(("  one prompt: ", "dim"), _side(tried.naive)))
        self.bar.console.print(line, soft_wrap=True)


@contextmanager
def showing(console: Console, topics: int) -> Generator[Showing]:
    """Shows an evaluation of so many topics until the end of the block."""
    columns = (SpinnerColumn(), BarColumn(bar_width=24), MofNCompleteColumn())
    words = TextColumn("{task.description}", markup=False)
    with Progress(
        *columns, words, TimeElapsedColumn(), console=console, transient=True, disable=not is_live(console)
    ) as bar:
        yield Showing(console, bar, bar.add_task("", total=topics))


def show_report(console: Console, report: Report, out: Path) -> None:
    """The bars, those that do not hold in words, and where the report is."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name, justify in (("", "left"), ("bar", "left"), ("value", "right"), ("limit", "left")):
        table.add_column(name, justify="right" if justify == "right" else "left", overflow="fold")
    for bar in report.bars:
        mark, style = MARKS[bar.state]
        table.add_row(Text(mark, style), Text(bar.label), Text(shown_bar(bar)), Text(bar.limit, "dim"))
    console.print(table)
    failing = [bar for bar in report.bars if bar.state in {"fails", "undefined"}]
    for bar in failing:
        reason = f" ({clean(bar.reason)})" if bar.reason else ""
        line = f"{bar.label}: {shown_bar(bar)} and not {bar.limit}{reason}."
        console.print(Text.assemble(("Does not hold: ", "red"), line), soft_wrap=True)
    if not failing:
        console.print(Text.assemble(("✓ ", "green"), "All bars hold."))
    _say_where(console, out)


def show_broken_off(console: Console, out: Path) -> None:
    """That it was broken off, and where what there is can be read."""
    if (out / JSON).exists():
        console.print(Text("Broken off: the report is partial, and says so.", "yellow"))
        _say_where(console, out)
    else:
        console.print(Text("Broken off before the first topic had ended: there is no report.", "yellow"))


def _say_where(console: Console, out: Path) -> None:
    for name in (PAGE, JSON):
        console.print(Text(f"  {out / name}"), soft_wrap=True)


def _side(side: Side) -> Text:
    seconds = f" {side.seconds:.0f} s"
    if side.outcome != "course":
        return Text(f"{side.code or side.outcome}{seconds}", "yellow" if side.outcome == "failure" else "red")
    grounded = side.figures.get("sentences_grounded")
    words = f", {shown(grounded, 'share')} grounded" if grounded is not None else ", not judged"
    return Text(f"course{seconds}{words}")
