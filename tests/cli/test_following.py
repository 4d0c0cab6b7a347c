"""The demo's client against the real API, over good and bad connections."""

import asyncio
from collections.abc import MutableMapping
from uuid import uuid4

import pytest
from support.api import PASSWORD, Api
from support.playing import fail_course, make_course, playing
from support.spoiling import Spoil, spoiling

from lyo.cli.following import DemoError, Door, Wish, ask, door_to, follow, log_in, read_course
from lyo.realtime.messages import ProgressMessage
from lyo.tasks.values import TaskState

pytestmark = pytest.mark.anyio

WISH = Wish(topic="photosynthesis", interests=["chess"], level="beginner", locale="en")
SOCKET = "/v1/ws/tasks/"


async def entered(api: Api, base_url: str | None = None) -> Door:
    _, email = await api.make_user()
    door = door_to(base_url or api.base_url, email=email, password=PASSWORD)
    await log_in(door)
    return door


async def whole_story(door: Door) -> list[ProgressMessage]:
    promise = await ask(door, WISH)
    async with asyncio.timeout(30):
        story = [change async for change in follow(door, promise.task_id)]
    assert [change.seq for change in story] == sorted({change.seq for change in story})
    assert [change.progress_pct for change in story] == sorted(change.progress_pct for change in story)
    assert story[-1].state is TaskState.DONE
    assert story[-1].result_id == promise.provisional_course_id
    await door.client.aclose()
    return story


async def test_every_change_is_heard_once(api: Api) -> None:
    door = await entered(api)
    async with playing(api, lessons=3):
        story = await whole_story(door)
    assert [change.seq for change in story] == [*range(story[0].seq, story[0].seq + len(story))]
    assert story[-1].message == "Your course is ready."


async def test_a_socket_that_breaks_is_opened_again_where_it_broke(api: Api) -> None:
    told = list[int]()

    def breaks(message: dict[str, object]) -> None:
        told.append(int(str(message["seq"])))
        if len(told) % 2 == 0:
            raise RuntimeError

    async with spoiling(api.app, Spoil(SOCKET, message=breaks)) as front, playing(api, lessons=4):
        story = await whole_story(await entered(api, front.base_url))
    assert front.opened > 1
    assert [change.seq for change in story] == [*range(story[0].seq, story[0].seq + len(story))]


async def test_without_a_socket_it_polls(api: Api) -> None:
    def elsewhere(scope: MutableMapping[str, object]) -> None:
        scope["path"] = scope["raw_path"] = "/nowhere"

    async with spoiling(api.app, Spoil(SOCKET, request=elsewhere)) as front, playing(api):
        await whole_story(await entered(api, front.base_url))
    assert front.opened == 0


async def test_a_token_that_has_expired_is_renewed(api: Api) -> None:
    door = await entered(api)
    promise = await ask(door, WISH)
    await make_course(api, promise.task_id)
    door.token = "rubbish"
    story = [change async for change in follow(door, promise.task_id)]
    assert story[-1].state is TaskState.DONE
    assert door.token != "rubbish"
    await door.client.aclose()


async def test_a_task_that_fails_says_why(api: Api) -> None:
    door = await entered(api)
    promise = await ask(door, WISH)
    await fail_course(api, promise.task_id, code="model_unavailable", message="No model.")
    last = [change async for change in follow(door, promise.task_id)][-1]
    assert (last.state, last.error_code, last.message) == (TaskState.ERROR, "model_unavailable", "No model.")
    await door.client.aclose()


async def test_an_unknown_task_is_one_sentence(api: Api) -> None:
    door = await entered(api)
    with pytest.raises(DemoError, match="no task with this id"):
        await anext(follow(door, uuid4()))
    with pytest.raises(DemoError, match="no course with this id"):
        await read_course(door, uuid4())
    await door.client.aclose()


async def test_an_api_that_is_gone_is_given_up(api: Api) -> None:
    async with spoiling(api.app) as front:
        door = await entered(api, front.base_url)
        promise = await ask(door, WISH)
    with pytest.raises(DemoError, match="has not answered"):
        await anext(follow(door, promise.task_id, patience=0.1))
    with pytest.raises(DemoError, match="does not answer"):
        await log_in(door)
    await door.client.aclose()


@pytest.mark.parametrize(
    ("wish", "why"),
    [
        (Wish(topic="?!", interests=[], level="beginner", locale="en"), "^topic: Say it in words"),
        (Wish(topic="x" * 201, interests=[], level="beginner", locale="en"), "^topic: "),
        (Wish(topic="tea", interests=[], level="beginner", locale="english!"), "^locale: "),
    ],
)
async def test_what_is_wrong_with_a_wish_is_said(api: Api, wish: Wish, why: str) -> None:
    door = await entered(api)
    with pytest.raises(DemoError, match=why):
        await ask(door, wish)
    await door.client.aclose()


async def test_a_wrong_password_is_said(api: Api) -> None:
    door = door_to(api.base_url, email="nobody@example.com", password="x")
    with pytest.raises(DemoError, match="e-mail address or the password is wrong"):
        await log_in(door)
    await door.client.aclose()
