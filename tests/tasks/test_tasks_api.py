import asyncio
import re
import time
from pathlib import Path
from typing import get_args
from uuid import uuid4

import pytest
from support.api import Api, Learner, serving
from support.tasks import advance, claim, finish, kick_off

from lyo.core.settings import Settings
from lyo.courses.generation.values import FailureCode
from lyo.tasks.errors import ERROR_CODES, ErrorCode, LeaseLost
from lyo.tasks.schemas import TaskBody
from lyo.web import server

pytestmark = pytest.mark.anyio


async def test_polling_with_an_etag_costs_nothing_while_nothing_changes(api: Api, learner: Learner) -> None:
    task_id, _ = await kick_off(learner)
    first = await learner.client.get(f"/v1/tasks/{task_id}")
    assert first.headers["etag"] == '"1"'
    for known in ('"1"', 'W/"1"', '"0", "1"', "*"):
        again = await learner.client.get(f"/v1/tasks/{task_id}", headers={"If-None-Match": known})
        assert again.status_code == 304
        assert again.headers["etag"] == '"1"'
    await claim(api, task_id)
    changed = await learner.client.get(f"/v1/tasks/{task_id}", headers={"If-None-Match": '"1"'})
    assert changed.status_code == 200
    assert changed.json()["state"] == "RUNNING"


async def test_a_poll_that_waits_answers_when_something_changes(api: Api, learner: Learner) -> None:
    task_id, _ = await kick_off(learner)
    began = time.monotonic()
    waiting = asyncio.create_task(learner.client.get(f"/v1/tasks/{task_id}", headers={"Prefer": "wait=20"}))
    await asyncio.sleep(0.3)
    assert not waiting.done()
    await claim(api, task_id)
    answer = await waiting
    assert answer.json()["state"] == "RUNNING"
    assert answer.headers["preference-applied"] == "wait=20"
    assert time.monotonic() - began < 10


async def test_a_poll_that_waits_in_vain_says_not_modified(api: Api, learner: Learner) -> None:
    task_id, _ = await kick_off(learner)
    answer = await learner.client.get(
        f"/v1/tasks/{task_id}", headers={"Prefer": "respond-async, wait=1", "If-None-Match": '"1"'}
    )
    assert answer.status_code == 304


async def test_waiting_for_what_is_over_or_has_changed_already_does_not_wait(api: Api, learner: Learner) -> None:
    task_id, _ = await kick_off(learner)
    claimed = await claim(api, task_id)
    began = time.monotonic()
    headers = {"Prefer": "wait=30", "If-None-Match": '"1"'}
    assert (await learner.client.get(f"/v1/tasks/{task_id}", headers=headers)).json()["seq"] == 2
    await finish(api, claimed)
    over = await learner.client.get(f"/v1/tasks/{task_id}", headers={"Prefer": "wait=30"})
    assert over.json()["state"] == "DONE"
    assert time.monotonic() - began < 10


@pytest.mark.parametrize("wait", ["99999", "0031", "9" * 5000])
async def test_who_would_wait_longer_than_we_do_waits_as_long_as_we_do(api: Api, learner: Learner, wait: str) -> None:
    task_id, _ = await kick_off(learner)
    await finish(api, await claim(api, task_id))
    answer = await learner.client.get(f"/v1/tasks/{task_id}", headers={"Prefer": f"wait={wait}"})
    assert answer.headers["preference-applied"] == "wait=30"


async def test_a_list_may_come_in_several_lines(learner: Learner) -> None:
    task_id, _ = await kick_off(learner)
    lines = [("Prefer", "respond-async"), ("Prefer", "wait=1"), ("If-None-Match", '"9"'), ("If-None-Match", '"1"')]
    answer = await learner.client.get(f"/v1/tasks/{task_id}", headers=lines)
    assert answer.status_code == 304
    assert answer.headers["preference-applied"] == "wait=1"


async def test_a_poll_that_waits_ends_with_its_log_in(api: Api, learner: Learner) -> None:
    task_id, _ = await kick_off(learner)
    waiting = asyncio.create_task(learner.client.get(f"/v1/tasks/{task_id}", headers={"Prefer": "wait=30"}))
    await asyncio.sleep(0.3)
    began = time.monotonic()
    assert (await learner.client.post("/v1/auth/logout")).status_code == 204
    answer = await waiting
    assert answer.status_code == 401
    assert answer.json()["type"].endswith("/invalid-token")
    assert time.monotonic() - began < 10


async def test_a_poll_that_waits_when_the_server_stops_is_told_to_come_again(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "GRACE_SECONDS", 1)
    async with serving(settings) as api:
        learner = await api.new_learner()
        task_id, _ = await kick_off(learner)
        waiting = asyncio.create_task(learner.client.get(f"/v1/tasks/{task_id}", headers={"Prefer": "wait=30"}))
        await asyncio.sleep(0.5)
    answer = await waiting
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) >= 1
    await learner.client.aclose()


@pytest.mark.parametrize("prefer", ["", "wait", "wait=", "wait=abc", "wait=-1", "handling=strict", "await=9"])
async def test_a_preference_that_is_none_is_ignored(learner: Learner, prefer: str) -> None:
    task_id, _ = await kick_off(learner)
    answer = await learner.client.get(f"/v1/tasks/{task_id}", headers={"Prefer": prefer})
    assert answer.status_code == 200
    assert "preference-applied" not in answer.headers


async def test_polls_that_wait_hold_no_connection(api: Api, learner: Learner) -> None:
    task_id, _ = await kick_off(learner)
    polls = [
        asyncio.create_task(learner.client.get(f"/v1/tasks/{task_id}", headers={"Prefer": "wait=30"}))
        for _ in range(40)  # twice the pool
    ]
    await asyncio.sleep(1)
    assert (await learner.client.get("/v1/courses")).status_code == 200
    await claim(api, task_id)
    assert {(await poll).json()["state"] for poll in polls} == {"RUNNING"}


async def test_cancelling_ends_the_task_and_stops_the_worker(api: Api, learner: Learner) -> None:
    task_id, _ = await kick_off(learner)
    claimed = await claim(api, task_id)
    answer = await learner.client.delete(f"/v1/tasks/{task_id}")
    assert answer.status_code == 200
    assert (answer.json()["state"], answer.json()["errorCode"]) == ("ERROR", "cancelled")
    with pytest.raises(LeaseLost):
        await advance(api, claimed, "outline", 15)


async def test_cancelling_what_is_over_changes_nothing(api: Api, learner: Learner) -> None:
    task_id, course_id = await kick_off(learner)
    await finish(api, await claim(api, task_id))
    answer = await learner.client.delete(f"/v1/tasks/{task_id}")
    assert (answer.json()["state"], answer.json()["resultId"]) == ("DONE", str(course_id))


async def test_somebody_elses_task_is_not_there(api: Api, learner: Learner) -> None:
    task_id, _ = await kick_off(learner)
    other = await api.new_learner()
    for wanted in (task_id, uuid4()):
        for method in ("GET", "DELETE"):
            answer = await other.client.request(method, f"/v1/tasks/{wanted}")
            assert answer.status_code == 404
            assert answer.json()["type"].endswith("/task-not-found")
    await other.client.aclose()
    assert (await learner.client.get(f"/v1/tasks/{task_id}")).json()["state"] == "PENDING"


async def test_an_id_that_is_none_is_422(learner: Learner) -> None:
    answer = await learner.client.get("/v1/tasks/not-an-id")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "#/path/task_id"


async def test_the_list_of_tasks_shows_the_running_ones(api: Api, learner: Learner) -> None:
    older, _ = await kick_off(learner)
    newer, _ = await kick_off(learner)
    page = (await learner.client.get("/v1/tasks")).json()
    assert [task["id"] for task in page["items"]] == [str(newer), str(older)]
    assert page["nextCursor"] is None


@pytest.mark.parametrize("limit", ["0", "-1", "101", "abc", ""])
async def test_a_limit_out_of_range_is_422(learner: Learner, limit: str) -> None:
    assert (await learner.client.get("/v1/tasks", params={"limit": limit})).status_code == 422


async def test_a_cursor_that_is_not_ours_for_this_list_is_400(api: Api, learner: Learner) -> None:
    for _ in range(2):
        await kick_off(learner)
    cursor = (await learner.client.get("/v1/tasks", params={"limit": 1})).json()["nextCursor"]
    assert (await learner.client.get("/v1/tasks", params={"cursor": cursor})).status_code == 200
    other = await api.new_learner()
    tries = [
        (learner, "/v1/courses", cursor),  # another list
        (other, "/v1/tasks", cursor),  # another learner
        *(
            (learner, "/v1/tasks", bad)
            for bad in ("", "x", cursor[:-1], cursor + "!", cursor + "=", "é" * 54, "A" * 54, "x" * 600)
        ),
    ]
    for who, path, bad in tries:
        answer = await who.client.get(path, params={"cursor": bad})
        assert answer.status_code == 400, (path, bad)
        assert answer.json()["type"].endswith("/invalid-cursor")
    await other.client.aclose()


def test_every_code_of_an_error_is_explained_to_clients_and_in_the_documentation() -> None:
    page = (Path(__file__).parents[2] / "docs" / "ios.md").read_text()
    table = page[page.index("| `errorCode` |") :].partition("\n\n")[0]
    documented = re.findall(r"`([a-z_]+)`", table.partition("\n")[2])
    assert sorted(documented) == sorted(get_args(ErrorCode)) == sorted(ERROR_CODES)
    described = TaskBody.model_json_schema(mode="serialization")["properties"]["errorCode"]["description"]
    assert all(f"`{code}`" in described for code in ERROR_CODES)
    assert set(get_args(FailureCode)) <= set(ERROR_CODES)
