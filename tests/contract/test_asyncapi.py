"""The document of the socket: the committed one, valid against AsyncAPI's own schema, and true of real frames."""

import asyncio
import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx2
import pytest
from jsonschema import Draft7Validator, Draft202012Validator
from support.api import Api, Learner, serving
from support.contract import DocumentSchemas
from support.tasks import advance, claim, finish, kick_off
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from lyo.core.settings import Settings
from lyo.main import create_app
from lyo.realtime.asyncapi import CLOSE_CODES, PATH, asyncapi_document
from lyo.web.shaping import objects

pytestmark = pytest.mark.anyio

ROOT = Path(__file__).parents[2]
SPECIFICATION = ROOT / ".venv/npm/node_modules/@asyncapi/specs/schemas/3.0.0-without-$id.json"


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return asyncapi_document(create_app(Settings.model_construct()).version)


def test_the_committed_document_is_current(document: dict[str, Any]) -> None:
    assert json.loads((ROOT / "asyncapi.json").read_text()) == document, "run `make openapi`"


def test_it_is_valid(document: dict[str, Any]) -> None:
    specification: Any = Draft7Validator(json.loads(SPECIFICATION.read_text()))
    specification.validate(document)
    for schema in document["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_what_it_refers_to_is_there(document: dict[str, Any]) -> None:
    for node in objects(document):
        place: Any = document
        if isinstance(node.get("$ref"), str):
            for step in node["$ref"].removeprefix("#/").split("/"):
                place = place[step]


def test_its_examples_are_valid(document: dict[str, Any]) -> None:
    schemas = DocumentSchemas(document)
    for message in document["components"]["messages"].values():
        for example in message["examples"]:
            schemas.validate(message["payload"], example["payload"])


async def test_it_is_served_beside_the_other(api: Api, document: dict[str, Any]) -> None:
    async with httpx2.AsyncClient(base_url=api.base_url) as plain:
        assert (await plain.get(PATH)).json() == document


async def test_real_frames_are_as_it_says(api: Api, learner: Learner, document: dict[str, Any]) -> None:
    schemas = DocumentSchemas(document)
    address = document["channels"]["task"]["address"]
    for name, headers in (
        ("progress", {"Authorization": f"Bearer {learner.access_token}"}),
        ("anonymousProgress", dict[str, str]()),
    ):
        task_id, _ = await kick_off(learner)
        url = api.ws_url + address.format(task_id=task_id)
        async with connect(url, additional_headers=headers, proxy=None) as socket:
            claimed = await claim(api, task_id)
            await advance(api, claimed, "outline", 15)
            await finish(api, claimed)
            frames, code = await _all(socket)
        assert frames[-1]["state"] == "DONE"
        for frame in frames:
            schemas.validate(document["components"]["messages"][name]["payload"], frame)
            known = set(document["components"]["schemas"][_model(document, name)]["properties"])
            assert set(frame) <= known
        assert code in CLOSE_CODES
        assert str(code) in document["channels"]["task"]["x-close-codes"]


async def test_a_cancelled_task_says_why_and_refusals_are_those_listed(
    api: Api, learner: Learner, settings: Settings, document: dict[str, Any]
) -> None:
    schemas = DocumentSchemas(document)
    task_id, _ = await kick_off(learner)
    await learner.client.delete(f"/v1/tasks/{task_id}")
    url = f"{api.ws_url}/v1/ws/tasks/{task_id}"
    async with connect(
        url, additional_headers={"Authorization": f"Bearer {learner.access_token}"}, proxy=None
    ) as socket:
        (frame,), _ = await _all(socket)
    schemas.validate(document["components"]["messages"]["progress"]["payload"], frame)
    assert frame["errorCode"] == "cancelled"
    listed = {(refusal["status"], refusal["type"]) for refusal in document["channels"]["task"]["x-refusals"]}
    odd = {"ws_require_auth": True, "allowed_hosts": ("127.0.0.1",), "rate_per_address": "1/day"}
    async with serving(settings.model_copy(update=odd)) as strict:
        seen = {
            await _refused(url, {"X-Long": "x" * 9000}),
            await _refused(url, {"X-Long": "x" * 40_000}),
            await _refused(url, {"Origin": "https://foreign.example"}),
            await _refused(f"{strict.ws_url.replace('127.0.0.1', 'localhost')}/v1/ws/tasks/{task_id}", {}),
            await _refused(f"{url}?after=no", {}),
            await _refused(url, {"Authorization": "Bearer no"}),
            await _refused(f"{api.ws_url}/v1/ws/tasks/no", {}),
            await _refused(f"{strict.ws_url}/v1/ws/tasks/{task_id}", {}),
            await _refused(f"{strict.ws_url}/v1/ws/tasks/{task_id}", {}),
        }
    assert len(seen) == 9
    assert seen <= listed


def _model(document: dict[str, Any], message: str) -> str:
    reference: str = document["components"]["messages"][message]["payload"]["$ref"]
    return reference.rpartition("/")[2]


async def _all(socket: ClientConnection) -> tuple[list[dict[str, Any]], int | None]:
    frames: list[dict[str, Any]] = []
    with suppress(ConnectionClosed):
        while True:
            frames.append(json.loads(await asyncio.wait_for(socket.recv(), 10)))
    return frames, socket.close_code


async def _refused(url: str, headers: dict[str, str]) -> tuple[int, str]:
    with pytest.raises(InvalidStatus) as refused:
        async with connect(url, additional_headers=headers, proxy=None):
            pass
    body = json.loads(refused.value.response.body or b"{}")
    return body["status"], body["type"]
