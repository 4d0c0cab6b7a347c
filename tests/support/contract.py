"""Every answer of the API is held against its OpenAPI document, the errors too."""

import json
import re
from typing import Any, cast

import httpx2
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

_DOCUMENT = "urn:document"
_AT_TIMES = {"Preference-Applied", "Idempotency-Replayed", "RateLimit-Policy", "RateLimit"}


class DocumentSchemas:
    """The schemas of a document, of either kind."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        # jsonschema's and referencing's own types are partly unknown.
        resource: Any = Resource.from_contents(document, default_specification=DRAFT202012)
        empty: Registry[Any] = Registry()
        self._registry: Any = empty.with_resource(_DOCUMENT, resource)  # pyright: ignore[reportUnknownMemberType]

    def validate(self, schema: dict[str, Any], value: Any) -> None:
        """Raise unless `value` keeps a schema of the document."""
        validator: Any = Draft202012Validator(
            _absolute(schema), registry=self._registry, format_checker=Draft202012Validator.FORMAT_CHECKER
        )
        validator.validate(value)


class Contract(DocumentSchemas):
    """The OpenAPI document, and whether an answer keeps it."""

    def __init__(self, document: dict[str, Any]) -> None:
        super().__init__(document)
        self._routes = [
            (re.compile(re.sub(r"\\\{[^}]+\\\}", "[^/]+", re.escape(path)) + r"\Z"), path) for path in document["paths"]
        ]

    def check(self, response: httpx2.Response) -> None:
        """Raise AssertionError unless `response` is one that the document announces."""
        path = self._path(response.request.url.path)
        method = response.request.method.lower()
        operation = self.document["paths"].get(path, {}).get("get" if method == "head" else method)
        if operation is None:  # no such route or method: a problem all the same
            assert response.status_code in {404, 405, 408, 413, 421, 429, 431, 500}, response.status_code
            schema_of = {"application/problem+json": {"$ref": "#/components/schemas/ProblemBody"}}
        else:
            answer = operation["responses"].get(str(response.status_code))
            assert answer is not None, f"{response.status_code} is not announced for {response.request.method} {path}"
            schema_of = {media: content.get("schema", {}) for media, content in answer.get("content", {}).items()}
            _check_headers(response, answer)
        if method == "head":
            assert not response.content, "a body in answer to HEAD"
        else:
            self._check_body(response, schema_of)

    def _check_body(self, response: httpx2.Response, schema_of: dict[str, Any]) -> None:
        if not schema_of:
            assert not response.content, "a body where none is announced"
            return
        media = response.headers["content-type"].partition(";")[0]
        assert media in schema_of, f"{media} is not announced, but {sorted(schema_of)}"
        self.validate(schema_of[media], json.loads(response.content))

    def _path(self, path: str) -> str:
        # The more fixed characters, the better the match: /courses:generate before /{anything}.
        matches = [template for pattern, template in self._routes if pattern.match(path)]
        return max(matches, key=lambda template: len(re.sub(r"\{[^}]+\}", "", template)), default="")


def _check_headers(response: httpx2.Response, answer: dict[str, Any]) -> None:
    """What the document announces for every answer of a status is there; a few headers come only at times."""
    missing = {name for name in answer["headers"] if name.lower() not in response.headers}
    # Of two problems with this status one may be over in a moment, and the other not.
    at_times = _AT_TIMES | ({"Retry-After"} if response.status_code == 409 else set[str]())
    assert missing <= at_times, f"announced, and not there: {missing}"


def _absolute(node: Any) -> Any:
    """`node` with its references made absolute."""
    if isinstance(node, dict):
        fields = cast("dict[str, Any]", node)
        return {key: f"{_DOCUMENT}{value}" if key == "$ref" else _absolute(value) for key, value in fields.items()}
    if isinstance(node, list):
        return [_absolute(part) for part in cast("list[Any]", node)]
    return node
