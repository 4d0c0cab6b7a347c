"""Errors as RFC 9457 problem details: one body, one renderer, one table for OpenAPI."""

import re
from collections.abc import Sequence
from http import HTTPStatus
from typing import Annotated, Any, Final, cast
from urllib.parse import quote

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from psycopg.errors import ForeignKeyViolation
from pydantic import Field
from sqlalchemy.exc import IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from structlog.contextvars import get_contextvars

from lyo.core.errors import (
    BadRequest,
    BodyTooLarge,
    FieldError,
    InvalidToken,
    MethodNotAllowed,
    NotFound,
    Problem,
    Unavailable,
    UnsupportedMediaType,
    ValidationFailed,
)
from lyo.web.headers import headers
from lyo.web.schemas import OPTIONAL, CamelModel

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

TYPE_BASE: Final = "https://api.lyo.app/problems/"
MEDIA_TYPE: Final = "application/problem+json"

DATABASE_AWAY: Final = (OperationalError, InterfaceError, PoolTimeout)
"""What SQLAlchemy raises when PostgreSQL is away, restarting, or out of connections for us."""
_NO_OBJECT: Final = {"model_attributes_type", "dict_type", "model_type"}
_JSON: Final = re.compile(r"\s*application/(?:[\w.+-]+\+)?json\s*(?:;.*)?", re.IGNORECASE)

# What Starlette and FastAPI raise by themselves.
_BY_STATUS: Final[dict[int, type[Problem]]] = {
    400: BadRequest,
    404: NotFound,
    405: MethodNotAllowed,
    413: BodyTooLarge,
    415: UnsupportedMediaType,
}


class FieldProblem(CamelModel):
    """One wrong value of a request."""

    pointer: Annotated[str, Field(description="JSON pointer as URI fragment.", examples=["#/topic"])]
    detail: Annotated[str, Field(examples=["Say it in words."])]


class ProblemBody(CamelModel):
    """Problem details (RFC 9457): the body of every answer with a status of 400 or more."""

    type: Annotated[
        str, Field(description="Stable address of this kind of problem.", examples=[f"{TYPE_BASE}not-found"])
    ]
    title: Annotated[
        str,
        Field(description="The kind of problem in words; the same for each of its type.", examples=["Not found"]),
    ]
    status: Annotated[int, Field(description="The HTTP status of this answer.", examples=[404])]
    detail: Annotated[
        str,
        Field(
            description="What is wrong with this request, for people to read.",
            examples=["There is nothing at this address."],
        ),
    ]
    instance: Annotated[
        str, Field(description="The path that was asked for; `/` where it could not be read.", examples=["/v1/tasks/1"])
    ]
    request_id: Annotated[
        str,
        Field(
            description="Name it when you ask for help; it is in our logs.",
            examples=["018f3c2a9b7d4e1f8a6b5c4d3e2f1a0b"],
        ),
    ]
    errors: Annotated[list[FieldProblem] | None, OPTIONAL, Field(description="The wrong values, one by one.")] = None


def problem_response(problem: Problem, connection: HTTPConnection) -> JSONResponse:
    """The answer that `problem` asks for."""
    body = ProblemBody(
        type=TYPE_BASE + problem.slug,
        title=problem.title,
        status=problem.status,
        detail=problem.detail,
        instance=connection.scope["path"],  # not of the URL, which begins with what the client calls us
        request_id=str(get_contextvars().get("request_id", "")),
        errors=[FieldProblem(pointer=e.pointer, detail=e.detail) for e in problem.errors] or None,
    )
    sent = {"Cache-Control": "no-store", **problem.headers}
    return JSONResponse(body.model_dump(by_alias=True), problem.status, sent, media_type=MEDIA_TYPE)


def install_problem_handlers(app: FastAPI) -> None:
    """Make every error that reaches FastAPI a problem. What it does not catch, `lyo.web.middleware` does."""

    @app.exception_handler(Problem)
    async def _problem(request: Request, error: Problem) -> JSONResponse:
        return problem_response(error, request)

    @app.exception_handler(RequestValidationError)
    async def _invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        return problem_response(_from_validation(error.errors(), request), request)

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> JSONResponse:
        problem = _from_http(error)
        if problem.status == MethodNotAllowed.status:  # Starlette names the methods of one route, not of the address
            allowed = allowed_methods(app, request.scope["path"]) or problem.headers.get("Allow", "")
            problem.headers["Allow"] = re.sub(r"\bGET\b(?!, HEAD)", "GET, HEAD", allowed)
        return problem_response(problem, request)

    async def _database_away(request: Request, error: Exception) -> JSONResponse:
        log.warning("database.away", error=type(error).__name__)
        return problem_response(Unavailable("The database does not answer; try again shortly."), request)

    app.add_exception_handler(IntegrityError, _owner_gone)
    for kind in DATABASE_AWAY:
        app.add_exception_handler(kind, _database_away)


async def _owner_gone(request: Request, error: Exception) -> JSONResponse:
    cause = cast("IntegrityError", error).orig
    if not (isinstance(cause, ForeignKeyViolation) and (cause.diag.constraint_name or "").endswith("_users")):
        raise error
    # What a request makes belongs to who was let in; only their leaving at the same moment takes that away.
    log.info("accounts.left_meanwhile")
    gone = InvalidToken("This account is being deleted.")
    return problem_response(gone, request)


def allowed_methods(app: FastAPI, path: str) -> str:
    """The methods that an address of the contract takes, as the Allow header lists them."""
    for template, operations in app.openapi()["paths"].items():
        if re.fullmatch(re.sub(r"\\{[^}]+\\}", "[^/]+", re.escape(template)), path):
            return ", ".join(sorted(method.upper() for method in operations))
    return ""


def problems(*kinds: type[Problem]) -> dict[int | str, dict[str, Any]]:
    """The `responses=` of a route that may end in `kinds`; problems that share a status are listed together."""
    by_status: dict[int | str, list[type[Problem]]] = {}
    for kind in kinds:
        by_status.setdefault(kind.status, []).append(kind)
    return {status: _openapi_response(same) for status, same in by_status.items()}


def _openapi_response(kinds: Sequence[type[Problem]]) -> dict[str, Any]:
    names = dict.fromkeys(name for kind in kinds for name in kind.announced_headers())
    return {
        "description": " ".join(f"**{kind.title}** (`{kind.slug}`): {kind.default_detail}" for kind in kinds),
        "headers": headers(*names),
        "content": {
            MEDIA_TYPE: {
                "schema": {"$ref": "#/components/schemas/ProblemBody"},
                "examples": {kind.slug: {"summary": kind.title, "value": _example(kind)} for kind in kinds},
            }
        },
    }


def _example(kind: type[Problem]) -> dict[str, Any]:
    return {
        "type": TYPE_BASE + kind.slug,
        "title": kind.title,
        "status": kind.status,
        "detail": kind.default_detail,
        "instance": "",
        "requestId": "018f3c2a9b7d4e1f8a6b5c4d3e2f1a0b",
    }


def _from_http(error: HTTPException) -> Problem:
    kind = _BY_STATUS.get(error.status_code)
    if kind is not None:
        return kind(headers=error.headers)
    phrase = HTTPStatus(error.status_code).phrase

    class Unnamed(Problem):
        status = error.status_code
        slug = phrase.lower().replace(" ", "-")
        title = phrase

    return Unnamed(f"{phrase}.", headers=error.headers)


def _from_validation(errors: Sequence[Any], request: Request) -> Problem:
    """Keep where and what, drop the value: it may be a password."""
    unread = any(error["loc"] == ("body",) and error["type"] in _NO_OBJECT for error in errors)
    if unread and not re.fullmatch(_JSON, request.headers.get("content-type", "")):
        return UnsupportedMediaType()
    if any(error["type"] == "json_invalid" for error in errors):
        return BadRequest("The body is not valid JSON.", errors=[FieldError("#", "This is not valid JSON.")])
    if any(error["type"] == "missing" and error["loc"] == ("body",) for error in errors):
        return ValidationFailed(errors=[FieldError("#", "A JSON body is required.")])
    return ValidationFailed(errors=[FieldError(_pointer(error["loc"]), _rule(error)) for error in errors])


def _pointer(location: Sequence[int | str]) -> str:
    place, *path = location
    tokens = path if place == "body" else [place, *path]
    escaped = (str(token).replace("~", "~0").replace("/", "~1") for token in tokens)
    return "#" + "".join("/" + quote(token, safe="~", errors="replace") for token in escaped)


def _rule(error: Any) -> str:
    if error["type"] == "value_error":  # a validator of ours: its message is a sentence and holds no value
        return str(error["ctx"]["error"])
    if error["type"] == "extra_forbidden":
        return "This field is not known."
    if error["type"] in _NO_OBJECT:
        return "An object is expected here."
    return f"{str(error['msg']).rstrip('.')}."
