"""Errors as RFC 9457 problem details: one body, one renderer, one table for OpenAPI."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Annotated, Any, Final

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import Field
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from structlog.contextvars import get_contextvars

from lyo.core.errors import (
    BadRequest,
    BodyTooLarge,
    FieldError,
    MethodNotAllowed,
    NotFound,
    Problem,
    UnsupportedMediaType,
    ValidationFailed,
)
from lyo.web.schemas import OPTIONAL, CamelModel

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

TYPE_BASE: Final = "https://api.lyo.app/problems/"
MEDIA_TYPE: Final = "application/problem+json"

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
    detail: str


class ProblemBody(CamelModel):
    """Problem details (RFC 9457): the body of every answer with a status of 400 or more."""

    type: Annotated[
        str, Field(description="Stable address of this kind of problem.", examples=[f"{TYPE_BASE}not-found"])
    ]
    title: Annotated[str, Field(description="The kind of problem in words; the same for each of its type.")]
    status: Annotated[int, Field(description="The HTTP status of this answer.", examples=[404])]
    detail: Annotated[str, Field(description="What is wrong with this request, for people to read.")]
    instance: Annotated[str, Field(description="The path that was asked for.", examples=["/v1/tasks/1"])]
    request_id: Annotated[str, Field(description="Name it when you ask for help; it is in our logs.")]
    errors: Annotated[list[FieldProblem] | None, OPTIONAL, Field(description="The wrong values, one by one.")] = None


def problem_response(problem: Problem, connection: HTTPConnection) -> JSONResponse:
    """The answer that `problem` asks for."""
    body = ProblemBody(
        type=TYPE_BASE + problem.slug,
        title=problem.title,
        status=problem.status,
        detail=problem.detail,
        instance=connection.url.path,
        request_id=str(get_contextvars().get("request_id", "")),
        errors=[FieldProblem(pointer=e.pointer, detail=e.detail) for e in problem.errors] or None,
    )
    headers = {"Cache-Control": "no-store", **problem.headers}
    return JSONResponse(body.model_dump(by_alias=True), problem.status, headers, media_type=MEDIA_TYPE)


def install_problem_handlers(app: FastAPI) -> None:
    """Make every error that reaches FastAPI a problem. What it does not catch, `lyo.web.middleware` does."""

    @app.exception_handler(Problem)
    async def _problem(request: Request, error: Problem) -> JSONResponse:
        return problem_response(error, request)

    @app.exception_handler(RequestValidationError)
    async def _invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        return problem_response(_from_validation(error.errors()), request)

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> JSONResponse:
        return problem_response(_from_http(error), request)


def problems(*kinds: type[Problem]) -> dict[int | str, dict[str, Any]]:
    """The `responses=` of a route that may end in `kinds`; problems that share a status are listed together."""
    by_status: dict[int | str, list[type[Problem]]] = {}
    for kind in kinds:
        by_status.setdefault(kind.status, []).append(kind)
    return {status: _openapi_response(same) for status, same in by_status.items()}


def _openapi_response(kinds: Sequence[type[Problem]]) -> dict[str, Any]:
    return {
        "description": " ".join(f"**{kind.title}** (`{kind.slug}`): {kind.default_detail}" for kind in kinds),
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemBody"}}},
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


def _from_validation(errors: Sequence[Any]) -> Problem:
    """Keep where and what, drop the value: it may be a password."""
    if any(error["type"] == "json_invalid" for error in errors):
        return BadRequest("The body is not valid JSON.", errors=[FieldError("#", "This is not valid JSON.")])
    if any(error["type"] == "missing" and error["loc"] == ("body",) for error in errors):
        return ValidationFailed(errors=[FieldError("#", "A JSON body is required.")])
    return ValidationFailed(errors=[FieldError(_pointer(error["loc"]), _rule(error)) for error in errors])


def _pointer(location: Sequence[int | str]) -> str:
    place, *path = location
    tokens = path if place == "body" else [place, *path]
    return "#" + "".join("/" + str(token).replace("~", "~0").replace("/", "~1") for token in tokens)


def _rule(error: Any) -> str:
    if error["type"] == "value_error":  # a validator of ours: its message is a sentence and holds no value
        return str(error["ctx"]["error"])
    if error["type"] in {"extra_forbidden", "model_attributes_type", "dict_type", "model_type"}:
        return {"extra_forbidden": "This field is not known."}.get(error["type"], "An object is expected here.")
    return f"{str(error['msg']).rstrip('.')}."
