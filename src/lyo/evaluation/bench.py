"""What the evaluation runs on: a database of its own with the library in it, and a model server."""

import asyncio
import subprocess
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from alembic import command
from alembic.util import CommandError

from lyo.core.db import make_engine
from lyo.core.modelserver import health
from lyo.core.schema import alembic_config
from lyo.core.settings import Settings
from lyo.evaluation.topics import EvaluationError
from lyo.local.claim import claimed
from lyo.local.folders import servers_folder, socket_folder
from lyo.local.postgres import postgres_server
from lyo.local.process import inherited_env, launch_argv, server_user, wait_ended
from lyo.local.stack import COMMAND
from lyo.sources.library.loading import load_library

CONTEXT_TOKENS = 4096
"""Of a slot of our own model server: the naive prompt needs a window in which a whole course finds room."""

MODEL_SECONDS = 600.0
"""How long the model may take to be fetched, verified and loaded."""

WAITING: Final = {None, "loading", "unreachable"}
_STOP_SECONDS = 5.0

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Bench:
    """Where things are. `database_url` is in SQLAlchemy's form."""

    database_url: str
    model_url: str


@contextmanager
def bench(settings: Settings, data_dir: Path, model_url: str | None, say: Say) -> Generator[Bench]:
    """Everything that topics need, ready; what was started ends with the block.

    The database stays in `data_dir`/evaluation, so that the next run need not load the library again. Enter it from
    the main thread. Raises `LocalError`, `LibraryMissing` or `EvaluationError`.
    """
    with _database(data_dir / "evaluation", say) as database_url:
        if model_url is not None:
            yield Bench(database_url, model_url)
            return
        say("Starting the model …")
        with _model(settings, data_dir) as url:
            yield Bench(database_url, url)


@contextmanager
def _database(folder: Path, say: Say) -> Generator[str]:
    folder.parent.mkdir(parents=True, exist_ok=True)
    user = server_user()
    with claimed(folder):
        home, sockets = servers_folder(folder, user) / "postgres", socket_folder(folder, user)
        say("Starting PostgreSQL …")
        with postgres_server(home, sockets) as raw:
            url = Settings.model_validate({"database_url": raw}).require_database_url()
            try:
                command.upgrade(alembic_config(url), "head")
            except CommandError as error:
                raise EvaluationError(
                    f"The evaluation's database in {folder} is of another version of Lyo ({error}): remove the folder."
                ) from error
            say("Loading the library (once) …")
            asyncio.run(_load(url))
            yield url


async def _load(url: str) -> None:
    engine = make_engine(url, application_name="lyo-eval", patient=True)
    try:
        await load_library(engine)
    finally:
        await engine.dispose()


@contextmanager
def _model(settings: Settings, data_dir: Path) -> Generator[str]:
    """The configured model, served by a process of its own; yields its address when it answers."""
    log = data_dir / "evaluation" / "model.log"
    argv = [*COMMAND, "model", "serve", "--port", "0"]
    context = max(CONTEXT_TOKENS, settings.model_context_tokens)
    env = inherited_env() | {"LYO_DATA_DIR": str(data_dir), "MODEL_CONTEXT_TOKENS": str(context), "NO_COLOR": "1"}
    env.pop("MODEL_URL", None)
    with log.open("wb") as errors:
        process = subprocess.Popen(  # noqa: S603 - our own argument list, no shell
            launch_argv(argv, user=None, death_signal=15),
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            start_new_session=True,
        )
    try:
        assert process.stdout is not None
        url = _address(process.stdout)
        if url is None:
            raise EvaluationError(f"The model server ended before it could serve: see {log}.")
        asyncio.run(_loaded(url, process, log))
        yield url
    finally:
        _end(process)


def _address(output: IO[bytes]) -> str | None:
    for line in output:
        _, _, url = line.decode(errors="replace").partition(" at ")
        if url.startswith("http://"):
            return url.strip()
    return None


async def _loaded(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + MODEL_SECONDS
    while True:
        found = await health(url)
        if found.ok:
            return
        if found.code not in WAITING or process.poll() is not None or time.monotonic() > deadline:
            raise EvaluationError(f"{found.reason or 'The model server does not serve.'} See {log}.")
        await asyncio.sleep(0.2)


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    if not wait_ended(process, _STOP_SECONDS):
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()
