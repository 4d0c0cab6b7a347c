"""A password that lands in the wrong field is in no answer and in no line of the log."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any, Final
from uuid import uuid4

import pytest
from support.api import Api, Learner
from support.community import appoint, write
from support.tasks import kick_off
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Subprotocol

pytestmark = pytest.mark.anyio

Request = dict[str, Any]

OWN: Final = ("/v1/users/me", "/v1/community")
"""They show what was stored as it was sent, such as a name or a post that nobody could know for a password."""


def _example(document: dict[str, Any], schema: dict[str, Any]) -> Any:
    """A right value, from the examples of the contract."""
    if "$ref" in schema:
        return _example(document, document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]])
    if schema.get("examples"):
        return schema["examples"][0]
    if schema.get("enum"):
        return schema["enum"][0]
    if "properties" in schema:
        required = schema.get("required", ())
        return {name: _example(document, inner) for name, inner in schema["properties"].items() if name in required}
    plain: dict[str, Any] = {"array": [], "boolean": True, "integer": 1}
    return plain.get(schema.get("type", ""), "x")


def _fields(document: dict[str, Any], operation: dict[str, Any]) -> tuple[dict[str, Any], list[str]] | None:
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if content is None:
        return None
    schema: dict[str, Any] = content["schema"]
    name = schema["$ref"].rsplit("/", 1)[-1]
    return _example(document, schema), list(document["components"]["schemas"][name]["properties"])


def _attempts(document: dict[str, Any], canary: str) -> Iterator[tuple[str, str, Request]]:
    """Method, path and the rest of a request that has the canary in one field."""
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            for rest in [*_in_parameters(operation, canary), *_in_bodies(document, operation, canary)]:
                yield method.upper(), path, rest


def _in_parameters(operation: dict[str, Any], canary: str) -> Iterator[Request]:
    place = {"query": "params", "header": "headers"}
    for parameter in operation.get("parameters", ()):
        if parameter["in"] in place:
            yield {place[parameter["in"]]: {parameter["name"]: canary}}


def _in_bodies(document: dict[str, Any], operation: dict[str, Any], canary: str) -> Iterator[Request]:
    found = _fields(document, operation)
    if found is None:
        return
    body, names = found
    wrong: list[Any] = [canary, [canary], {"a": {canary: canary}}, f"{canary}\n" * 30]
    for name in [*names, "password", "unknown"]:
        for value in wrong:
            yield {"json": {**body, name: value}}
    for whole in wrong:
        yield {"json": whole}
    yield {"content": f'{{"email": "{canary}'.encode(), "headers": {"content-type": "application/json"}}
    yield {"content": canary.encode(), "headers": {"content-type": "text/plain"}}


async def test_a_password_in_any_field_of_any_route_appears_nowhere(
    api: Api, learner: Learner, caplog: pytest.LogCaptureFixture
) -> None:
    canary = f"s3cr3t-{uuid4()}"
    task_id, course_id = await kick_off(learner)
    post = await write(learner)
    await appoint(api, learner)
    # Other ids are nobody's: what a body holds is looked at before.
    ids = defaultdict(uuid4, task_id=task_id, course_id=course_id, post_id=post["id"])
    tried = 0
    for method, path, rest in _attempts(api.contract.document, canary):
        headers = {"Idempotency-Key": uuid4().hex, **rest.pop("headers", {})}
        address = path.format_map(ids)
        answer = await learner.client.request(method, address, headers=headers, **rest)
        assert answer.status_code < 500, (method, path, rest)
        if answer.is_error or not path.startswith(OWN):
            assert canary not in answer.text.replace(f"/{canary}", ""), (method, path, rest)
            assert canary not in str(answer.headers), (method, path, rest)
        tried += 1
    assert tried > 150
    await _try_handshakes(f"{api.ws_url}/v1/ws/tasks/{task_id}", canary)
    assert "/v1/auth/register" in caplog.text
    assert canary not in caplog.text


async def _try_handshakes(address: str, canary: str) -> None:
    offered: list[dict[str, Any]] = [
        {"subprotocols": [Subprotocol("bearer"), Subprotocol(canary)]},
        {"additional_headers": {"Authorization": f"Bearer {canary}"}},
        {"additional_headers": {"Authorization": canary}},
    ]
    for credentials in offered:
        for query in (f"?token={canary}", f"?after={canary}"):
            with pytest.raises(InvalidStatus) as refused:
                await connect(address + query, proxy=None, **credentials)
            assert canary.encode() not in (refused.value.response.body or b"")
            assert canary not in str(refused.value.response.headers)
    async with connect(f"{address}?token={canary}", proxy=None) as socket:
        assert canary not in str(await socket.recv())
