"""What `lyo demo` does: start everything, ask for a course as a learner would, show it, and go on serving."""

import asyncio
import shlex
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import UUID

from rich.console import Console
from rich.text import Text

from lyo.accounts.demo import DEMO_EMAIL, DEMO_PASSWORD
from lyo.cli.following import DemoError, Door, Wish, ask, door_to, follow, log_in, read_course
from lyo.cli.reading import clean, count_items, many, show_course
from lyo.cli.showing import progress, starting
from lyo.core.modelserver import ModelHealth, health
from lyo.core.settings import SettingsError, load_settings
from lyo.courses.schemas import CourseBody
from lyo.local.errors import LocalError
from lyo.local.stack import Options, Stack, options_from, running
from lyo.local.supervisor import stopped_by_signals
from lyo.realtime.messages import ProgressMessage
from lyo.tasks.values import TaskState

GOOD, BAD, INTERRUPTED = 0, 1, 130
LOADING: Final = {None, "loading", "unreachable"}
"""What a model server says, or not, while waiting helps; see `ModelHealth.code`."""
_ASK_AGAIN_SECONDS: Final = 0.3


@dataclass(frozen=True, slots=True)
class Demo:
    """What the command line asks for."""

    wish: Wish
    once: bool
    host: str
    port: int
    data_dir: Path | None


def run_demo(demo: Demo, waiting: Console) -> int:
    """Do all of it and return the exit code. `waiting` shows what happens; the course goes to standard output."""
    try:
        options = options_from(load_settings(), host=demo.host, port=demo.port, data_dir=demo.data_dir)
        return asyncio.run(_demo(demo, options, waiting))
    except (LocalError, SettingsError, DemoError) as error:
        waiting.print(Text.assemble(("Error:", "red"), f" {clean(str(error))}"), soft_wrap=True)
        return BAD


async def _demo(demo: Demo, options: Options, waiting: Console) -> int:
    code = INTERRUPTED
    with stopped_by_signals():
        async with AsyncExitStack() as held:
            began = time.monotonic()
            with starting(waiting) as tell:
                stack = await held.enter_async_context(running(options, tell=tell))
                model = await _loaded_model(stack.model_url)
            _say_ready(waiting, stack, model, time.monotonic() - began)
            door = door_to(stack.base_url, email=DEMO_EMAIL, password=DEMO_PASSWORD)
            held.push_async_callback(door.client.aclose)
            course = await learn(door, demo.wish, Console(highlight=False), waiting)
            code = BAD if course is None else GOOD
            if course is not None and demo.once:
                _say_kept(waiting, stack)
            elif course is not None:
                _say_where(waiting, stack, course.id)
                await asyncio.Event().wait()
    return code


async def learn(door: Door, wish: Wish, reading: Console, waiting: Console) -> CourseBody | None:
    """Get a course from a running API, as a learner does, and print it on `reading`; None if none was made."""
    await log_in(door)
    began = time.monotonic()
    promise = await ask(door, wish)
    last = await _followed(door, promise.task_id, waiting)
    if last.state is not TaskState.DONE:
        why = clean(last.message or "No course was made.")
        waiting.print(Text.assemble(("Error:", "red"), f" {why} ({last.error_code})"), soft_wrap=True)
        return None
    course = await read_course(door, promise.provisional_course_id)
    show_course(reading, course)
    _say_made(reading, course, time.monotonic() - began)
    return course


async def _followed(door: Door, task_id: UUID, waiting: Console) -> ProgressMessage:
    last: ProgressMessage | None = None
    with progress(waiting) as tell:
        async with aclosing(follow(door, task_id)) as changes:
            async for change in changes:
                tell(change)
                last = change
    assert last is not None
    return last


async def _loaded_model(url: str) -> ModelHealth:
    """What the model server says, once it has loaded its model or cannot. How long a first pull takes is not ours."""
    while True:
        found = await health(url)
        if found.ok or found.code not in LOADING:
            return found
        await asyncio.sleep(_ASK_AGAIN_SECONDS)


def _say_ready(waiting: Console, stack: Stack, model: ModelHealth, seconds: float) -> None:
    name = f", with {model.model}" if model.ok else ""
    waiting.print(
        Text.assemble(("✓ ", "green"), f"Lyo is ready at {stack.base_url} after {seconds:.1f} s{name}."), soft_wrap=True
    )
    if not model.ok:
        waiting.print(Text.assemble(("model ", "yellow"), clean(model.reason or "")), soft_wrap=True)


def _say_made(reading: Console, course: CourseBody, seconds: float) -> None:
    contents = f"{many(len(course.lessons), 'lesson')}, {many(len(course.items), 'item')}"
    made = f"Made in {seconds:.0f} s on this machine: {contents}."
    reading.print(Text.assemble(("✓ ", "green"), made), soft_wrap=True)
    _facts(reading, {"Items": count_items(course)})


def _say_kept(waiting: Console, stack: Stack) -> None:
    _facts(waiting, {"Kept in": str(stack.data_dir), "Again": f"lyo up --data-dir {shlex.quote(str(stack.data_dir))}"})


def _say_where(waiting: Console, stack: Stack, course_id: UUID) -> None:
    """How to go on while it serves: the API in a browser, and in a shell."""
    base = stack.base_url
    credentials = f'{{"email": "{DEMO_EMAIL}", "password": "{DEMO_PASSWORD}"}}'
    pick = "python3 -c 'import json, sys; print(json.load(sys.stdin)[\"access_token\"])'"
    log_in_by_curl = f"curl -s {base}/v1/auth/login -H 'Content-Type: application/json' -d '{credentials}'"
    facts = {
        "The API": f"{base}/docs",
        "Log in as": f"{DEMO_EMAIL} with the password {DEMO_PASSWORD}",
        "The course": f"{base}/v1/courses/{course_id}",
        "In a shell": f"TOKEN=$({log_in_by_curl} | {pick})",
        "": f'curl -H "Authorization: Bearer $TOKEN" {base}/v1/courses/{course_id}',
    }
    _facts(waiting, facts)
    waiting.print(Text("\n  Lyo goes on serving. Ctrl-C ends everything; your courses are kept."))


def _facts(console: Console, facts: Mapping[str, str]) -> None:
    """Names and values, each in one piece, so that it can be copied."""
    for name, value in facts.items():
        console.print(Text.assemble((f"  {name:<12}", "dim"), value), soft_wrap=True)
