"""`lyo eval`: topics through the engine and through one naive prompt, and a report that shows both."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from lyo.cli.failing import fail
from lyo.cli.verdicts import show_broken_off, show_report, showing
from lyo.core.db import make_engine, make_sessions
from lyo.core.settings import Settings, SettingsError, load_settings
from lyo.evaluation.bench import Bench, bench
from lyo.evaluation.keeping import keeper
from lyo.evaluation.running import Plan, Watch, evaluate
from lyo.evaluation.throughput import COURSES
from lyo.evaluation.topics import EvaluationError, choose, for_throughput, load_topics
from lyo.evaluation.values import Report
from lyo.llm.client import ServedModel
from lyo.llm.protocol import LlmError
from lyo.local.errors import LocalError
from lyo.local.supervisor import stopped_by_signals
from lyo.sources.library.bundle import LibraryMissing
from lyo.sources.library.search import LibrarySource
from lyo.sources.protocol import Shelf

INTERRUPTED = 130


def evaluate_command(
    topics: Annotated[
        Path | None, typer.Option(help="A file of topics, in place of Lyo's own.", dir_okay=False)
    ] = None,
    out: Annotated[Path, typer.Option(help="The folder for the report.", file_okay=False)] = Path("evaluation"),
    limit: Annotated[int | None, typer.Option(min=1, help="Try only so many topics.")] = None,
    only: Annotated[list[str] | None, typer.Option(help="Try only the topic of this name; can be repeated.")] = None,
    model_url: Annotated[str | None, typer.Option(help="A model server, in place of MODEL_URL and of our own.")] = None,
    at_once: Annotated[int, typer.Option(min=1, max=64, help="How many topics to try at once.")] = 1,
    naive: Annotated[bool, typer.Option(help="Also ask for each course in one naive prompt.")] = True,
    throughput: Annotated[bool, typer.Option(help="Also measure the engine's throughput.")] = True,
    data_dir: Annotated[
        Path | None, typer.Option(help="Where the model and the evaluation's database are kept.", file_okay=False)
    ] = None,
) -> None:
    """Judge the engine: topics through it and through one naive prompt; exit code 1 if a bar does not hold."""
    waiting = Console(stderr=True, highlight=False)
    try:
        every = load_topics(topics)
        plan = Plan(
            topics=choose(every, only=only or [], limit=limit),
            for_throughput=for_throughput(every, COURSES) if throughput else None,
            naively=naive,
            at_once=at_once,
        )
        settings = load_settings()
        run = _Run(
            plan=plan,
            settings=settings,
            data_dir=(data_dir or settings.data_dir).expanduser().absolute(),
            model_url=model_url or settings.model_url,
            keep=keeper(out),
        )
        report = _evaluated(run, waiting)
    except (EvaluationError, SettingsError, LocalError, LibraryMissing, LlmError) as error:
        fail(str(error))
    except KeyboardInterrupt:
        report = None
    if report is None:
        show_broken_off(waiting, out)
        raise typer.Exit(INTERRUPTED)
    show_report(Console(highlight=False), report, out)
    raise typer.Exit(0 if report.good else 1)


@dataclass(frozen=True, slots=True)
class _Run:
    plan: Plan
    settings: Settings
    data_dir: Path
    model_url: str | None
    keep: Callable[[Report], None]


def _evaluated(run: _Run, waiting: Console) -> Report | None:
    """The whole report; None if it was broken off, and then what there was is kept."""
    with (
        showing(waiting, len(run.plan.topics)) as show,
        bench(run.settings, run.data_dir, run.model_url, show.say) as ready,
    ):
        return asyncio.run(_run(run, ready, show.watch(run.keep)))


async def _run(run: _Run, ready: Bench, watch: Watch) -> Report | None:
    engine = make_engine(ready.database_url, application_name="lyo-eval")
    report: Report | None = None
    with stopped_by_signals():
        try:
            async with ServedModel(ready.model_url) as model:
                shelf = Shelf(passages=(LibrarySource(make_sessions(engine)),))
                report = await evaluate(run.plan, shelf, model, watch)
        finally:
            await engine.dispose()
    return report
