"""The demo, from the log-in to the last line, over the real API; and its command line."""

import asyncio
import re
import socket
import sys
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console
from sqlalchemy import select
from support.api import PASSWORD, Api
from support.playing import fail_course, playing

from lyo.cli.following import Wish, door_to
from lyo.cli.making import learn
from lyo.cli.showing import progress, starting
from lyo.courses.schemas import CourseBody
from lyo.local.children import State, Status
from lyo.local.process import inherited_env
from lyo.realtime.messages import ProgressMessage
from lyo.tasks.models import Task
from lyo.tasks.values import TaskState

pytestmark = pytest.mark.anyio

WISH = Wish(topic="photosynthesis", interests=[], level="beginner", locale="en")


def paper(*, terminal: bool = False, width: int = 80) -> Console:
    return Console(file=StringIO(), width=width, force_terminal=terminal, highlight=False, color_system=None)


def page(console: Console) -> str:
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


async def learned(api: Api, waiting: Console) -> tuple[CourseBody | None, str]:
    _, email = await api.make_user()
    door, reading = door_to(api.base_url, email=email, password=PASSWORD), paper()
    course = await learn(door, WISH, reading, waiting)
    await door.client.aclose()
    return course, page(reading)


async def test_a_course_is_made_and_read_without_a_terminal(api: Api) -> None:
    waiting = paper()
    async with playing(api, lessons=4):
        course, read = await learned(api, waiting)
    assert course is not None
    assert course.status == "completed"
    assert "How plants live on light." in read
    made, items = read.splitlines()[-2:]
    assert re.fullmatch(r"✓ Made in \d+ s on this machine: 4 lessons, 8 items\.", made)
    assert items == "  Items       4 by the model, 4 from the library"
    lines = page(waiting).splitlines()
    assert lines[-1] == "100 %  Your course is ready."
    assert " 15 %  Planned 4 lessons." in lines
    assert len(lines) == len(set(lines)) <= 8
    assert "\x1b" not in page(waiting) + read


async def test_on_a_terminal_there_is_a_bar(api: Api) -> None:
    waiting = paper(terminal=True)
    async with playing(api, lessons=2, pause=0.8):
        course, _ = await learned(api, waiting)
    assert course is not None
    assert "━" in page(waiting)
    assert "Planned 2 lessons." in page(waiting)


async def test_a_course_that_fails_ends_with_the_learners_message(api: Api) -> None:
    async def fail() -> None:
        found = None
        while found is None:
            async with api.sessions() as session:
                found = await session.scalar(select(Task.id))
        await fail_course(api, found, code="model_unavailable", message="The model is away.")

    waiting = paper()
    failing = asyncio.create_task(fail())
    course, read = await learned(api, waiting)
    await failing
    assert (course, read) == (None, "")
    assert page(waiting).splitlines()[-1] == "Error: The model is away. (model_unavailable)"


def test_the_start_is_one_line_on_a_terminal_and_a_line_each_elsewhere() -> None:
    for terminal in (True, False):
        console = paper(terminal=terminal)
        with starting(console) as tell:
            tell(Status("postgres", State.STARTING))
            tell(Status("postgres", State.READY))
            tell(Status("api", State.STARTING))
            tell(Status("worker", State.ENDED, "ended with status 1: it is started again"))
        assert ("PostgreSQL ✓" in page(console)) is terminal
        assert "worker ended with status 1: it is started again\n" in page(console)
    assert page(console) == "  PostgreSQL is ready\nworker ended with status 1: it is started again\n"


def test_progress_on_paper_says_nothing_twice() -> None:
    console = paper()
    change = ProgressMessage(seq=1, state=TaskState.RUNNING, progress_pct=5, message="Found\x1b[2J it", result_id=None)
    with progress(console) as tell:
        tell(change)
        tell(change.model_copy(update={"seq": 2}))
    assert page(console) == "  5 %  Found[2J it\n"


async def command(*words: str, **environment: str) -> tuple[int, str, str]:
    """`lyo demo`; returns its exit code and both streams."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "lyo.cli", "demo", *words),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=inherited_env() | environment,
    )
    try:
        out, err = await process.communicate()
    except BaseException:
        process.kill()
        await process.wait()
        raise
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


async def test_a_port_in_use_is_one_sentence(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        code, out, err = await command("--port", port, "--data-dir", str(tmp_path / "d"), LYO_DEMO_TOPIC="black holes")
    first, second = err.splitlines()
    assert (code, out) == (1, "")
    assert first == "Lyo will make a course about black holes …"
    assert second.startswith("Error: ")
    assert port in second


async def test_a_broken_setting_is_one_sentence(tmp_path: Path) -> None:
    code, _, err = await command("--data-dir", str(tmp_path / "d"), "tea", DATABASE_URL="mysql://x")
    assert code == 1
    assert err.splitlines()[1] == "Error: DATABASE_URL: must begin with postgresql:// or postgres://."
