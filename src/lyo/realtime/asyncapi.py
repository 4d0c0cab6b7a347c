"""The contract of the socket as a document: AsyncAPI 3.0, from the same models of which its messages are made."""

from typing import Any, Final

from fastapi import FastAPI
from pydantic.json_schema import models_json_schema

from lyo.accounts.credentials import SUBPROTOCOL
from lyo.core.errors import (
    BadRequest,
    HeadersTooLarge,
    InvalidToken,
    MisdirectedRequest,
    OriginRefused,
    Problem,
    TooManyRequests,
    Unauthorized,
    Unavailable,
    ValidationFailed,
)
from lyo.realtime.admission import LONGEST_SEQ
from lyo.realtime.messages import AnonymousMessage, ProgressMessage
from lyo.realtime.router import CLOSED_DONE, CLOSED_LOGGED_OUT, CLOSED_TASK_GONE, CLOSED_TRY_AGAIN
from lyo.tasks.errors import TaskNotFound
from lyo.web.examples import example_of
from lyo.web.problems import TYPE_BASE
from lyo.web.schemas import EXAMPLE_ID, CamelModel
from lyo.web.shaping import REFERENCE, Schema, shape_schemas

PATH: Final = "/asyncapi.json"
CLOSED_RESTART: Final = 1012
"""Sent by uvicorn when it is told to stop."""

CLOSE_CODES: Final = {
    CLOSED_DONE: "The task has ended, and you have heard how.",
    CLOSED_RESTART: "The server restarts: connect again with `after`.",
    CLOSED_TRY_AGAIN: "You read too slowly, or the server is in trouble: connect again with `after`, a little later.",
    CLOSED_LOGGED_OUT: "The token has expired or its log-in has ended: refresh it and connect again with `after`.",
    CLOSED_TASK_GONE: "The task is gone, with the account of its owner.",
}
REFUSALS: Final[tuple[type[Problem], ...]] = (
    BadRequest,
    Unauthorized,
    InvalidToken,
    OriginRefused,
    TaskNotFound,
    MisdirectedRequest,
    ValidationFailed,
    TooManyRequests,
    HeadersTooLarge,
    Problem,
    Unavailable,
)
_MESSAGES: Final[dict[str, type[CamelModel]]] = {"progress": ProgressMessage, "anonymousProgress": AnonymousMessage}
_DESCRIPTION: Final = """\
The present state comes first, then every change, each with its number `seq`. Keep the last one: after a lost connection
`?after=<seq>` gives exactly what was missed. After `DONE` or `ERROR` the server closes. Clients say nothing.

A handshake that is refused is answered with an HTTP status and `application/problem+json`, as everywhere
(`x-refusals`); what the numbers of a closed socket mean is in `x-close-codes`. The rest of the API is in
[openapi.json](/openapi.json). Messages may get new fields, and `state` new values, at any time: ignore what you do not
know.
"""


def install_asyncapi(app: FastAPI) -> None:
    """Serve the document beside the OpenAPI document."""

    @app.get(PATH, include_in_schema=False)
    async def asyncapi() -> dict[str, Any]:
        return asyncapi_document(app.version)


def asyncapi_document(version: str) -> dict[str, Any]:
    """The AsyncAPI document of `/v1/ws/tasks/{task_id}`."""
    schemas = _schemas()
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Lyo: progress as it happens", "version": version, "description": _DESCRIPTION},
        "defaultContentType": "application/json",
        "servers": {
            "here": {
                "host": "{host}",
                "protocol": "wss",
                "description": "The server of the API; `ws` where it is served without TLS.",
                "variables": {"host": {"description": "Host and port.", "default": "localhost:8000"}},
            }
        },
        "channels": {"task": _channel()},
        "operations": {
            "followYourTask": _operation(
                "progress",
                "What the owner of a task sees: everything.",
                [{"$ref": "#/components/securitySchemes/bearer"}, {"$ref": "#/components/securitySchemes/subprotocol"}],
            ),
            "followAnyTask": _operation(
                "anonymousProgress",
                "What one sees who knows a task's id and sends no token: how far it is. The server may turn it off, "
                "and answers 401 then.",
                [],
            ),
        },
        "components": {
            "messages": {name: _message(name, model.__name__, schemas) for name, model in _MESSAGES.items()},
            "schemas": schemas,
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": "`Authorization: Bearer <access_token>` in the handshake.",
                },
                "subprotocol": {
                    "type": "httpApiKey",
                    "in": "header",
                    "name": "Sec-WebSocket-Protocol",
                    "description": f"For browsers, which cannot set the other: offer the subprotocols `{SUBPROTOCOL}` "
                    f"and `<access_token>`, in this order; `{SUBPROTOCOL}` is selected.",
                },
            },
        },
    }


def _schemas() -> dict[str, Schema]:
    made = models_json_schema(
        [(model, "serialization") for model in _MESSAGES.values()], by_alias=True, ref_template=REFERENCE + "{model}"
    )
    schemas: dict[str, Schema] = made[1]["$defs"]
    shape_schemas(schemas, {model.__name__ for model in _MESSAGES.values()})
    return schemas


def _channel() -> dict[str, Any]:
    after = {
        "type": "integer",
        "minimum": 0,
        "maximum": 10 ** (LONGEST_SEQ - 1) - 1,
        "description": "The `seq` of the last message that you have: you get what came after it.",
    }
    return {
        "address": "/v1/ws/tasks/{task_id}",
        "title": "A task",
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in _MESSAGES},
        "parameters": {
            "task_id": {
                "description": "The `task_id` that `POST /v1/courses:generate` gave.",
                "examples": [EXAMPLE_ID],
            }
        },
        "bindings": {"ws": {"method": "GET", "query": {"type": "object", "properties": {"after": after}}}},
        "x-close-codes": {str(code): meaning for code, meaning in CLOSE_CODES.items()},
        "x-refusals": [
            {"status": kind.status, "type": TYPE_BASE + kind.slug, "description": kind.default_detail}
            for kind in REFUSALS
        ],
    }


def _operation(message: str, summary: str, security: list[dict[str, str]]) -> dict[str, Any]:
    return {
        "action": "send",
        "channel": {"$ref": "#/channels/task"},
        "summary": summary,
        "messages": [{"$ref": f"#/channels/task/messages/{message}"}],
        **({"security": security} if security else {}),
    }


def _message(name: str, model: str, schemas: dict[str, Schema]) -> dict[str, Any]:
    return {
        "name": name,
        "summary": schemas[model]["description"],
        "payload": {"$ref": REFERENCE + model},
        "examples": [{"payload": example_of(schemas[model], schemas)}],
    }
