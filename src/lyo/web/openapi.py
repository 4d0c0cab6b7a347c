"""The contract as a document, in a form from which good clients are generated.

FastAPI's own document describes nulls, errors and names in ways that Swift's generator drops or trips over; this
puts them right in one place, and `tests/contract` holds it there.
"""

from typing import Any, Final

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
    RequestTimeout,
    TooManyRequests,
    Unavailable,
    UnsupportedMediaType,
    ValidationFailed,
)
from lyo.web.examples import give_examples
from lyo.web.headers import COUNTED, EVERYWHERE, headers
from lyo.web.problems import MEDIA_TYPE, ProblemBody, problems
from lyo.web.shaping import REFERENCE, REQUIRED, Schema, plain, references, shape_schemas
from lyo.web.throttle import UNCOUNTED

TAGS: Final = [
    {"name": "Accounts", "description": "Log in and stay logged in."},
    {"name": "Courses", "description": "Ask for a course, read it while it is made, keep it."},
    {"name": "Tasks", "description": "How the making of a course is getting on."},
    {"name": "Learning", "description": "Progress, quizzes, and what is asked again before it is forgotten."},
    {"name": "Gamification", "description": "What learning earns: XP, streaks, badges, leaderboards."},
    {"name": "Feeds", "description": "What has happened."},
    {"name": "Community", "description": "Learners among themselves, and what keeps them safe."},
    {"name": "Health", "description": "For probes and for operators."},
]
DESCRIPTION: Final = """\
Lyo turns "I want to learn X" into a course that is grounded in sources, written on the operator's own machine and
delivered lesson by lesson while it is made.

Log in, ask for a course, follow its task over the WebSocket `/v1/ws/tasks/{task_id}` (described in
[asyncapi.json](/asyncapi.json)) or by polling, and read the course from the first lesson on. Every answer with a
status of 400 or more is `application/problem+json` (RFC 9457). Times are RFC 3339 in UTC with whole seconds. Every
answer carries an `X-Request-ID`.

Answers may get new fields, and enumerations in them new values, at any time: ignore what you do not know. With OpenAPI
Generator set `enumUnknownDefaultCase=true` for Swift and Kotlin; Apple's Swift generator needs nothing. Requests are
taken as they are described and no further: an unknown field or value is refused.

Requests are counted, those with a good access token by user and all others by address. The headers `RateLimit-Policy`
and `RateLimit` say how many may come in how many seconds, and how many are left until when; 429 says in `Retry-After`
when to go on. `HEAD` is answered wherever `GET` is.
"""
_FIRST_ERROR: Final = 400
_DONE: Final = {200: "Done.", 201: "It was made.", 202: "It was begun.", 204: "Done; there is nothing to say."}


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
        schemas = made["components"]["schemas"]
        _describe_problems(schemas)
        operations = [(path, operation) for path, methods in made["paths"].items() for operation in methods.values()]
        for path, operation in operations:
            _describe(operation, is_counted=path not in UNCOUNTED)
        shape_schemas(schemas, references([operation["responses"] for _, operation in operations]))
        for path, operation in operations:
            give_examples(path, operation, schemas)
        app.openapi_schema = made
    return app.openapi_schema


def _describe_problems(schemas: dict[str, Schema]) -> None:
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    own = ProblemBody.model_json_schema(by_alias=True, mode="serialization", ref_template=REFERENCE + "{model}")
    schemas.update(own.pop("$defs", {}))
    schemas["ProblemBody"] = own


def _describe(operation: dict[str, Any], *, is_counted: bool) -> None:
    """Summary from the docstring; parameters, errors and headers in full."""
    # The docstring's first line is the summary: better words than the function's name.
    summary, _, operation["description"] = operation["description"].partition("\n\n")
    operation["summary"] = summary.rstrip(".")
    for parameter in operation.get("parameters", ()):
        _describe_parameter(parameter)
    _describe_errors(operation, is_counted=is_counted)
    for status, answer in operation["responses"].items():
        always = (*EVERYWHERE, *COUNTED) if is_counted else EVERYWHERE
        answer["headers"] = {**headers(*always), **answer.get("headers", {})}
        if answer["description"] == "Successful Response":  # FastAPI's words
            answer["description"] = _DONE[int(status)]


def _describe_parameter(parameter: dict[str, Any]) -> None:
    """What may be left out is not null when it is there: there is no null in an address or a header."""
    schema = parameter["schema"]
    plain(schema)
    if isinstance(schema.get("type"), list):
        schema["type"] = next(kind for kind in schema["type"] if kind != "null")
    schema.pop("description", None)  # the parameter has it
    if schema.pop(REQUIRED, False):
        parameter["required"] = True


def _describe_errors(operation: dict[str, Any], *, is_counted: bool) -> None:
    """Errors are problems and nothing else; every route may fail, and one with a body in some ways more."""
    answers = operation["responses"]
    # Left by FastAPI where a route announces none.
    unsaid = [status for status, answer in answers.items() if "application/json" in answer.get("content", {})]
    kinds: list[type[Problem]] = [Problem, Unavailable, MisdirectedRequest, HeadersTooLarge]
    if is_counted:
        kinds.append(TooManyRequests)
    if "422" in unsaid:
        del answers["422"]
        kinds.append(ValidationFailed)
    if "requestBody" in operation:
        kinds += [BadRequest, RequestTimeout, BodyTooLarge, UnsupportedMediaType]
    for status, more in problems(*kinds).items():
        answer = answers.setdefault(str(status), more)
        examples = answer["content"][MEDIA_TYPE]["examples"]
        if not examples.keys() & more["content"][MEDIA_TYPE]["examples"].keys():
            examples.update(more["content"][MEDIA_TYPE]["examples"])
            answer["description"] += f" {more['description']}"
    for status, answer in answers.items():
        if int(status) >= _FIRST_ERROR:  # FastAPI adds its own type to what `responses=` says
            answer["content"] = {MEDIA_TYPE: answer["content"][MEDIA_TYPE]}
