"""A whole Lyo on this machine, with the real model, while its parts are killed.

One stack serves all of it: starting one takes seconds and a course takes more. The lessons of each course are
compared with the steps in the database, so a lesson that was made twice would show.
"""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx2
import psycopg
import pytest
from support.doorbell import lose_everything
from support.stack import RunningStack, running_stack

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(600), pytest.mark.xdist_group("e2e")]

FINAL = {"DONE", "ERROR"}


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    with running_stack(tmp_path_factory.mktemp("lyo")) as running:
        yield running


@pytest.fixture
async def client(stack: RunningStack) -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(base_url=stack.base_url, timeout=60) as opened:
        tokens = await opened.post("/v1/auth/login", json={"email": "demo@example.com", "password": "demo"})
        opened.headers["Authorization"] = f"Bearer {tokens.json()['access_token']}"
        yield opened


async def _kick_off(client: httpx2.AsyncClient, topic: str, **more: object) -> tuple[str, str]:
    answer = await client.post(
        "/v1/courses:generate", json={"topic": topic, **more}, headers={"Idempotency-Key": uuid4().hex}
    )
    assert answer.status_code == 202, answer.text
    return answer.json()["task_id"], answer.json()["provisional_course_id"]


async def _until(client: httpx2.AsyncClient, task_id: str, *, pct: int = 100, seconds: float = 240) -> dict[str, Any]:
    """The task once it has got as far as `pct`, or has ended."""
    give_up = time.monotonic() + seconds
    while True:
        task: dict[str, Any] = (await client.get(f"/v1/tasks/{task_id}")).json()
        if task["state"] in FINAL or (pct < 100 and task["progressPct"] >= pct):
            return task
        assert time.monotonic() < give_up, task
        await asyncio.sleep(0.1)


def _check_whole(stack: RunningStack, course: dict[str, Any], task_id: str) -> None:
    assert course["status"] == "completed"
    assert len(course["lessons"]) >= 4
    assert [lesson["order"] for lesson in course["lessons"]] == list(range(1, len(course["lessons"]) + 1))
    by_id = {item["id"]: item for item in course["items"]}
    for lesson in course["lessons"]:
        assert lesson["status"] == "ready"
        items = [by_id[item_id] for item_id in lesson["items"]]
        assert {"text", "article"} <= {item["type"] for item in items}
        articles = [item for item in items if item["type"] == "article"]
        assert all(item["sourceUrl"].startswith("https://") for item in articles)
        assert all(item["citations"] for item in items)
    assert sum(len(lesson["items"]) for lesson in course["lessons"]) == len(course["items"])
    with psycopg.connect(stack.database_url) as connection:
        steps = connection.execute("SELECT name FROM task_steps WHERE task_id = %s", [UUID(task_id)]).fetchall()
        seqs = connection.execute(
            "SELECT seq FROM task_events WHERE task_id = %s ORDER BY seq", [UUID(task_id)]
        ).fetchall()
    assert sorted(name for (name,) in steps) == sorted(
        ["retrieve", "outline", *(f"lesson:{n}" for n in range(1, len(course["lessons"]) + 1))]
    )
    assert [seq for (seq,) in seqs] == list(range(1, len(seqs) + 1))


def _kill(stack: RunningStack, name: str) -> None:
    os.kill(stack.pid(name), signal.SIGKILL)


async def test_a_course_is_made_whatever_dies(stack: RunningStack, client: httpx2.AsyncClient) -> None:
    """The worker, then the model server, then all of Redis's memory: the course ends DONE, each lesson made once."""
    task_id, course_id = await _kick_off(client, "photosynthesis", interests=["leaves"])
    await _until(client, task_id, pct=15)
    _kill(stack, "worker")
    await _until(client, task_id, pct=16)
    _kill(stack, "engine")  # llama.cpp itself
    await _until(client, task_id, pct=56)
    _kill(stack, "model")  # and what watches over it
    await lose_everything(stack.redis_url)
    task = await _until(client, task_id)
    assert task["state"] == "DONE", task
    _check_whole(stack, (await client.get(f"/v1/courses/{course_id}")).json(), task_id)


async def test_what_waits_in_a_redis_that_is_emptied_is_done_all_the_same(
    stack: RunningStack, client: httpx2.AsyncClient
) -> None:
    task_id, course_id = await _kick_off(client, "volcan", locale="fr")
    for _ in range(20):
        await lose_everything(stack.redis_url)
        await asyncio.sleep(0.05)
    task = await _until(client, task_id)
    assert task["state"] == "DONE", task
    course = (await client.get(f"/v1/courses/{course_id}")).json()
    _check_whole(stack, course, task_id)
    assert {citation["language"] for item in course["items"] for citation in item["citations"]} == {"fr"}


async def test_a_worker_that_was_asleep_past_its_lease_writes_nothing(
    stack: RunningStack, client: httpx2.AsyncClient
) -> None:
    task_id, _ = await _kick_off(client, "volcano")
    await _until(client, task_id, pct=15)
    sleeper = stack.pid("worker")
    os.kill(sleeper, signal.SIGSTOP)
    with psycopg.connect(stack.database_url, autocommit=True) as connection:
        # As if its lease had run out and somebody else had taken over.
        connection.execute("UPDATE tasks SET fence = fence + 1 WHERE id = %s", [UUID(task_id)])
        before = connection.execute("SELECT seq FROM tasks WHERE id = %s", [UUID(task_id)]).fetchone()
        os.kill(sleeper, signal.SIGCONT)
        await asyncio.sleep(8)
        after = connection.execute("SELECT seq FROM tasks WHERE id = %s", [UUID(task_id)]).fetchone()
    assert before == after
    # That somebody else goes on with it is shown above; this one need not be made.
    await client.delete(f"/v1/tasks/{task_id}")


async def test_a_topic_about_nothing_is_told_so(client: httpx2.AsyncClient) -> None:
    task_id, _ = await _kick_off(client, "qwxz blorp zzgh")
    task = await _until(client, task_id)
    assert (task["state"], task["errorCode"]) == ("ERROR", "no_sources")
    assert task["message"]


async def test_cancelling_stops_the_model_too(stack: RunningStack, client: httpx2.AsyncClient) -> None:
    task_id, course_id = await _kick_off(client, "computer")
    await _until(client, task_id, pct=15)
    await client.delete(f"/v1/tasks/{task_id}")
    async with httpx2.AsyncClient() as probe, asyncio.timeout(20):
        while True:
            answer = await probe.get(f"{stack.model_url}/slots")
            if answer.status_code == HTTPStatus.OK and not any(slot["is_processing"] for slot in answer.json()):
                break
            await asyncio.sleep(0.2)
    assert (await client.get(f"/v1/courses/{course_id}")).json()["status"] == "failed"


def test_it_ends_without_leaving_a_process_and_starts_again_with_its_courses(tmp_path: Path) -> None:
    began = time.monotonic()
    with running_stack(tmp_path / "data") as first, httpx2.Client(base_url=first.base_url, timeout=30) as client:
        with_everything_to_make = time.monotonic() - began
        pids = first.all_pids()
        tokens = client.post("/v1/auth/login", json={"email": "demo@example.com", "password": "demo"}).json()
        client.headers["Authorization"] = f"Bearer {tokens['access_token']}"
        client.post("/v1/courses:generate", json={"topic": "rain"}, headers={"Idempotency-Key": "k"})
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, 0)
            pytest.fail(f"process {pid} is still there")
    began = time.monotonic()
    with running_stack(tmp_path / "data") as second, httpx2.Client(base_url=second.base_url, timeout=30) as client:
        assert time.monotonic() - began < with_everything_to_make
        answer = client.get("/v1/courses", headers={"Authorization": f"Bearer {tokens['access_token']}"})
        assert [course["topic"] for course in answer.json()["items"]] == ["rain"]
