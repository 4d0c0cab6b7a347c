"""The rules from which good clients come: each is held over all of the document, whatever is added to it."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from support.contract import Contract
from support.settings import plain_settings

from lyo.core.errors import Problem
from lyo.main import create_app
from lyo.web.problems import MEDIA_TYPE
from lyo.web.shaping import REFERENCE, kinds, objects, reachable, references

LONGEST_NAME = 24
"""Of an operation: what a call looks like in an app."""


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return create_app(plain_settings()).openapi()


@pytest.fixture(scope="module")
def schemas(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document["components"]["schemas"]
    return found


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method} {path}", operation


def bodies(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, operation in operations(document):
        for body in operation.get("requestBody", {}).get("content", {}).values():
            yield f"{name} request", body
        for status, answer in operation["responses"].items():
            for body in answer.get("content", {}).values():
                yield f"{name} {status}", body


def answered(document: dict[str, Any]) -> set[str]:
    return reachable(
        document["components"]["schemas"],
        references([operation["responses"] for _, operation in operations(document)]),
    )


def taken(document: dict[str, Any]) -> set[str]:
    return reachable(
        document["components"]["schemas"],
        references([operation.get("requestBody", {}) for _, operation in operations(document)]),
    )


def test_no_null_that_swift_drops(document: dict[str, Any]) -> None:
    for node in objects(document):
        for union in ("anyOf", "oneOf"):
            assert {"type": "null"} not in node.get(union, []), node
    for name, operation in operations(document):
        for parameter in operation.get("parameters", ()):
            assert isinstance(parameter["schema"].get("type", ""), str), (name, "an address holds no null", parameter)


def test_answers_may_grow_and_requests_may_not(document: dict[str, Any], schemas: dict[str, Any]) -> None:
    for name in answered(document):
        for node in objects(schemas[name]):
            assert node.get("additionalProperties") is not False, name
    for name in taken(document) - {"AppleNotification"}:  # Apple's body, which Apple may let grow
        if schemas[name].get("type") == "object":
            assert schemas[name].get("additionalProperties") is False, name
    both = {name for name in answered(document) & taken(document) if schemas[name].get("type") == "object"}
    assert not both, "a body is taken or given: they grow by different rules"


def test_enumerations_have_names_and_are_open_in_answers(document: dict[str, Any], schemas: dict[str, Any]) -> None:
    named = {name for name, schema in schemas.items() if "enum" in schema}
    assert {"TaskState", "CourseStatus", "Level", "CourseItemType"} <= named
    for name, schema in schemas.items():
        for node in objects(schema.get("properties", {})):
            assert "enum" not in node, (name, node)
            assert "const" not in node or name not in answered(document), (name, node)
    for name in answered(document) - named:
        for node in objects(schemas[name]):
            if str(node.get("$ref", "")).removeprefix(REFERENCE) in named:
                assert _is_open(schemas[name], node), (name, node)


def _is_open(schema: dict[str, Any], reference: dict[str, Any]) -> bool:
    return any(node.get("anyOf") == [reference, {}] and "string" in kinds(node) for node in objects(schema))


def test_the_members_of_a_union_have_names(schemas: dict[str, Any]) -> None:
    for name, schema in schemas.items():
        for node in objects(schema):
            for union in ("anyOf", "oneOf"):
                for member in node.get(union, ()):
                    assert not member or "$ref" in member, (name, node)


def test_every_body_is_a_named_schema_and_no_object_stands_inside_another(
    document: dict[str, Any], schemas: dict[str, Any]
) -> None:
    for name, body in bodies(document):
        assert list(body["schema"]) == ["$ref"], name
    for name, schema in schemas.items():
        assert re.fullmatch(r"[A-Z][A-Za-z0-9]*", name), name
        for node in objects(schema):
            assert node is schema or "properties" not in node or not isinstance(node["properties"], dict), name


def test_numbers_say_their_size(document: dict[str, Any]) -> None:
    for node in objects(document):
        if "integer" in kinds(node):
            assert node["format"] in {"int32", "int64"}, node
        elif "number" in kinds(node):
            assert node["format"] == "double", node


def test_no_noise_titles(schemas: dict[str, Any]) -> None:
    for name, schema in schemas.items():
        for node in objects(schema):
            assert not isinstance(node.get("title"), str), (name, node)


def test_operations_have_short_names(document: dict[str, Any]) -> None:
    for name, operation in operations(document):
        assert re.fullmatch(r"[a-z]+([A-Z][a-z0-9]*)*", operation["operationId"]), name
        assert len(operation["operationId"]) <= LONGEST_NAME, name


def test_headers_are_described(document: dict[str, Any]) -> None:
    for name, operation in operations(document):
        for status, answer in operation["responses"].items():
            headers = set(answer["headers"])
            assert "X-Request-ID" in headers, (name, status)
            wanted = {"401": "WWW-Authenticate", "405": "Allow", "429": "Retry-After", "503": "Retry-After"}.get(status)
            assert wanted is None or wanted in headers, (name, status)
            for header in answer["headers"].values():
                assert header["description"], (name, status)
                assert header["schema"]["type"] in {"string", "integer"}, (name, status)
                assert not header.get("required"), "a proxy that takes it out must not break an app"


def test_every_body_has_an_example_that_is_valid(document: dict[str, Any]) -> None:
    contract = Contract(document)
    for name, body in bodies(document):
        examples = [body["example"]] if "example" in body else [each["value"] for each in body["examples"].values()]
        assert examples, name
        for example in examples:
            contract.validate(body["schema"], example)
            assert "…" not in json.dumps(example, ensure_ascii=False), f"{name}: a text has no example of its own"


def test_examples_of_problems_are_of_their_status(document: dict[str, Any]) -> None:
    slugs = {kind.slug: kind for kind in _kinds(Problem)}
    for name, operation in operations(document):
        for status, answer in operation["responses"].items():
            for slug, example in answer.get("content", {}).get(MEDIA_TYPE, {}).get("examples", {}).items():
                assert example["value"]["status"] == int(status) == slugs[slug].status, name
                assert "{" not in example["value"]["instance"], name


def _kinds(kind: type[Problem]) -> Iterator[type[Problem]]:
    yield kind
    for below in kind.__subclasses__():
        yield from _kinds(below)


def test_patterns_are_read_alike_by_all(document: dict[str, Any]) -> None:
    r"""No class such as \w or \d, which has other members in Python than in JavaScript, and none of Python's syntax."""
    for node in objects(document):
        pattern = node.get("pattern")
        if isinstance(pattern, str):
            assert re.fullmatch(r"\^.*\$", pattern, re.DOTALL), pattern
            assert not re.search(r"\\[wWdDsSbBAZpP]|\(\?P|\(\?<|\(\?[a-z]", pattern), pattern
            Draft202012Validator.check_schema({"pattern": pattern})
