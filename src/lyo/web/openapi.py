"""The contract as a document, in a form from which good clients are generated.

FastAPI's own document describes nulls, errors and names in ways that Swift's generator drops or trips over; this
puts them right in one place, and `tests/contract` holds it there.
"""

from typing import Any, Final, cast

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic.alias_generators import to_camel

from lyo.core.errors import (
    BadRequest,
    BodyTooLarge,
    HeadersTooLarge,
    MisdirectedRequest,
    Problem,
    TooManyRequests,
    Unavailable,
    UnsupportedMediaType,
)
from lyo.web.problems import MEDIA_TYPE, ProblemBody, problems
from lyo.web.throttle import UNCOUNTED

TAGS: Final = [
    {"name": "Accounts", "description": "Log in and stay logged in."},
    {"name": "Courses", "description": "Ask for a course, read it while it is made, keep it."},
    {"name": "Tasks", "description": "How the making of a course is getting on."},
    {"name": "Feeds", "description": "What has happened."},
    {"name": "Health", "description": "For probes and for operators."},
]
DESCRIPTION: Final = """\
Lyo turns "I want to learn X" into a course that is grounded in sources, written on the operator's own machine and
delivered lesson by lesson while it is made.

Log in, ask for a course, follow its task over the WebSocket `/v1/ws/tasks/{task_id}` or by polling, and read the
course from the first lesson on. Every answer with a status of 400 or more is `application/problem+json` (RFC 9457).
Times are RFC 3339 in UTC with whole seconds. Every answer carries an `X-Request-ID`.

Requests are counted, those with a good access token by user and all others by address. The headers `RateLimit-Policy`
and `RateLimit` say how many may come in how many seconds, and how many are left until when; 429 says in `Retry-After`
when to go on. `HEAD` is answered wherever `GET` is.
"""
RATE_HEADERS: Final = {
    "RateLimit-Policy": {
        "description": "What may be asked, by whom it is counted: `q` requests in `w` seconds.",
        "schema": {"type": "string"},
        "example": '"user";q=600;w=60',
    },
    "RateLimit": {
        "description": "What is left: `r` requests in the next `t` seconds. Absent while nobody counts.",
        "schema": {"type": "string"},
        "example": '"user";r=599;t=12',
    },
}
RETRY_AFTER: Final = {
    "description": "After how many seconds to come again.",
    "schema": {"type": "integer", "minimum": 1},
    "example": 5,
}
_COMES_AGAIN: Final = {"429", "503"}


def operation_id(route: APIRoute) -> str:
    """The name of the route's function in camelCase: what the method is called in a generated client."""
    return to_camel(route.name)


def install_openapi(app: FastAPI) -> None:
    """Have `app` describe itself by `document`."""
    app.openapi = lambda: document(app)  # type: ignore[method-assign]


def document(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document of `app`, made once."""
    if app.openapi_schema is None:
        made = get_openapi(
            title=app.title,
            version=app.version,
            summary="Courses on any topic, grounded in sources.",
            description=DESCRIPTION,
            routes=app.routes,
            tags=TAGS,
            servers=[{"url": "/", "description": "This server"}],
        )
        _describe_operations(made)
        for schema in _subschemas(made["paths"]) + _subschemas(made["components"]):
            _plain_null(schema)
            if isinstance(schema.get("title"), str):  # "Createdat" and the like; a property of that name is a schema
                del schema["title"]
        app.openapi_schema = made
    return app.openapi_schema


def _describe_operations(made: dict[str, Any]) -> None:
    """Summaries from docstrings; errors are problems and nothing else, and every route may fail."""
    schemas = made["components"]["schemas"]
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    own = ProblemBody.model_json_schema(
        by_alias=True, mode="serialization", ref_template="#/components/schemas/{model}"
    )
    schemas.update(own.pop("$defs", {}))
    schemas["ProblemBody"] = own
    made["components"]["headers"] = {**RATE_HEADERS, "Retry-After": RETRY_AFTER}
    for path, operations in made["paths"].items():
        for operation in operations.values():
            _describe(operation, counted=not path.startswith(UNCOUNTED))


def _describe(operation: dict[str, Any], *, counted: bool) -> None:
    # The docstring's first line is the summary: better words than the function's name.
    summary, _, operation["description"] = operation["description"].partition("\n\n")
    operation["summary"] = summary.rstrip(".")
    answers = operation["responses"]
    anywhere = problems(Problem, Unavailable, MisdirectedRequest, HeadersTooLarge)
    with_a_body = problems(BadRequest, BodyTooLarge, UnsupportedMediaType) if "requestBody" in operation else {}
    for status, answer in {**anywhere, **with_a_body}.items():
        answers.setdefault(str(status), answer)
    if counted:
        _say_also(answers, TooManyRequests)
    for status, answer in answers.items():
        names = [*(RATE_HEADERS if counted else ()), *(["Retry-After"] if status in _COMES_AGAIN else ())]
        if names:
            refs = {name: {"$ref": f"#/components/headers/{name}"} for name in names}
            answer["headers"] = {**answer.get("headers", {}), **refs}
        if int(status) >= 400:  # noqa: PLR2004 - where errors begin
            answer["content"] = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemBody"}}}


def _say_also(answers: dict[str, Any], kind: type[Problem]) -> None:
    """Announce `kind`, beside what a route announces with the same status."""
    said, own = answers.get(str(kind.status)), problems(kind)[kind.status]
    if said is not None:
        own["description"] = f"{said['description']} {own['description']}"
    answers[str(kind.status)] = own


def _subschemas(node: Any) -> list[dict[str, Any]]:
    """Every object below `node`, each once: schemas and what holds them."""
    found: list[dict[str, Any]] = []
    waiting: list[Any] = [node]
    while waiting:
        current = waiting.pop()
        if isinstance(current, dict):
            found.append(cast("dict[str, Any]", current))
            waiting.extend(found[-1].values())
        elif isinstance(current, list):
            waiting.extend(cast("list[Any]", current))
    return found


def _plain_null(schema: dict[str, Any]) -> None:
    """`anyOf: [X, null]` becomes `type: [x, "null"]`: Swift's generator drops a property of the first form."""
    kinds: list[dict[str, Any]] = schema["anyOf"] if isinstance(schema.get("anyOf"), list) else []
    rest = [kind for kind in kinds if kind != {"type": "null"}]
    if len(kinds) == len(rest) + 1 and len(rest) == 1 and isinstance(rest[0].get("type"), str):
        del schema["anyOf"]
        schema.update(rest[0])
        schema["type"] = [rest[0]["type"], "null"]
