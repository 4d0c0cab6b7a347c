"""The contract as a document: it is the one that is committed, and good clients can be made from it."""

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import validate
from support.settings import plain_settings

from lyo.core.settings import Mode
from lyo.main import create_app
from lyo.web.shaping import objects

COMMITTED = Path(__file__).parents[2] / "openapi.json"
PUBLIC = {
    "/v1/auth/register",
    "/v1/auth/login",
    "/v1/auth/refresh",
    "/v1/auth/apple",
    "/v1/auth/apple/notifications",
    "/v1/health/live",
    "/v1/health/ready",
    "/v1/health/model",
}


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return create_app(plain_settings()).openapi()


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method} {path}", operation


def test_the_committed_document_is_current(document: dict[str, Any]) -> None:
    assert json.loads(COMMITTED.read_text()) == document, "run `make openapi` and look at what changes for clients"


def test_it_is_the_same_whatever_the_settings(document: dict[str, Any]) -> None:
    """So that tests of servers may share one, as `support.api.serving` does."""
    odd = plain_settings(
        lyo_mode=Mode.PRODUCTION, api_docs=False, cors_origins=("https://a.example",), apple_client_ids=("app.lyo.ios",)
    )
    for settings in (odd, plain_settings(lyo_mode=Mode.LOCAL, ws_require_auth=True, rate_per_user="1/day")):
        assert create_app(settings).openapi() == document


def test_no_pattern_takes_long_whatever_a_client_checks(document: dict[str, Any]) -> None:
    patterns = [node["pattern"] for node in objects(document) if isinstance(node.get("pattern"), str)]
    assert len(patterns) > 10
    for pattern in patterns:
        for text in ("a" * 200 + "b!", "ab" * 120 + "\x00", " " * 240 + "\n", "1-" * 120 + "!"):
            began = time.process_time()
            re.search(pattern, text)
            assert time.process_time() - began < 0.5, pattern


def test_it_is_valid(document: dict[str, Any]) -> None:
    validate(document)


def test_every_route_is_described(document: dict[str, Any]) -> None:
    ids = [operation["operationId"] for _, operation in operations(document)]
    assert len(set(ids)) == len(ids)
    tags = {tag["name"] for tag in document["tags"]}
    for name, operation in operations(document):
        assert operation["summary"], name
        assert len(operation["description"]) > 20, name
        assert set(operation["tags"]) <= tags, name
        assert operation["tags"], name
        assert re.fullmatch(r"[a-z]+[A-Za-z]*", operation["operationId"]), name
        errors = [status for status in operation["responses"] if int(status) >= 400]
        assert errors, name


def test_errors_are_problems_and_nothing_else(document: dict[str, Any]) -> None:
    for name, operation in operations(document):
        for status, answer in operation["responses"].items():
            if int(status) >= 400:
                assert list(answer["content"]) == ["application/problem+json"], (name, status)
    assert not {"HTTPValidationError", "ValidationError"} & set(document["components"]["schemas"])


def test_every_route_wants_a_token_or_is_public_on_purpose(document: dict[str, Any]) -> None:
    for name, operation in operations(document):
        path = name.split()[1]
        assert bool(operation.get("security")) != (path in PUBLIC), name
        assert ("401" in operation["responses"]) or path in PUBLIC, name


def test_every_body_says_what_is_in_it(document: dict[str, Any]) -> None:
    """An object without properties would be kept by any answer, and be an empty type in a client."""
    for name, schema in document["components"]["schemas"].items():
        if schema.get("type") == "object":
            assert schema.get("properties"), name
            assert set(schema.get("required", ())) <= set(schema["properties"]), name
            assert schema["description"], name
    for node in objects(document):
        if node.get("type") == "object" and "properties" not in node:
            assert "additionalProperties" in node, node


def test_a_field_without_a_value_is_left_out_or_null_but_not_both(document: dict[str, Any]) -> None:
    nullable = {
        field
        for schema in document["components"]["schemas"].values()
        for field, described in schema.get("properties", {}).items()
        if "null" in described.get("type", ())
    }
    assert nullable == {"message", "resultId", "sourceUrl", "nextCursor"}
    for schema in document["components"]["schemas"].values():
        assert not {*schema.get("properties", {})} & nullable - {*schema.get("required", ())}
