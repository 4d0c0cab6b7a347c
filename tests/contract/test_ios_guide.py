"""docs/ios.md tells nothing that the contract does not hold: its types, fields, addresses and tables."""

import json
import re
from pathlib import Path
from typing import Any, cast

import pytest
from support.settings import plain_settings

from lyo.core.errors import Problem
from lyo.main import create_app
from lyo.realtime.asyncapi import CLOSE_CODES
from lyo.tasks.errors import ERROR_CODES
from lyo.web.shaping import kinds, objects

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "ios.md").read_text()
SWIFT = "\n".join(re.findall(r"```swift\n(.*?)```", GUIDE, re.DOTALL))
OWN = {"TryAgain"}
"""Types of the guide that are no bodies."""
TYPES = {
    "string": {"String"},
    "integer": {"Int"},
    "number": {"Double"},
    "boolean": {"Bool"},
    "array": {"["},
    "uuid": {"UUID"},
    "date-time": {"Date"},
}


def _documents() -> tuple[dict[str, Any], dict[str, Any]]:
    return json.loads((ROOT / "openapi.json").read_text()), json.loads((ROOT / "asyncapi.json").read_text())


OPENAPI, ASYNCAPI = _documents()
SCHEMAS: dict[str, Any] = {**OPENAPI["components"]["schemas"], **ASYNCAPI["components"]["schemas"]}


def structures() -> dict[str, dict[str, str]]:
    """The guide's structures: the wire's name of each field, and its Swift type."""
    found: dict[str, dict[str, str]] = {}
    for name, rest in re.findall(r"^struct (\w+): [^{]*\{(.*?)(?:^\}| \})$", SWIFT, re.DOTALL | re.MULTILINE):
        keys = dict(re.findall(r'(\w+) = "(\w+)"', rest))
        fields = re.findall(r"(?:let |, )(\w+): ([^,\n}]+?)(?=,|\n| *\}|$)", re.sub(r"\n    (?:enum|func).*", "", rest))
        found[name] = {keys.get(field, field): kind.strip() for field, kind in fields}
    return {name: fields for name, fields in found.items() if name not in OWN}


def test_the_guide_has_structures() -> None:
    assert {"Tokens", "ProblemBody", "KickOffBody", "ProgressMessage", "CourseBody", "CourseItemBody"} <= set(
        structures()
    )


@pytest.mark.parametrize("name", sorted(structures()))
def test_its_structures_are_those_of_the_contract(name: str) -> None:
    schema = SCHEMAS[name]
    for field, kind in structures()[name].items():
        described = schema["properties"][field]
        may_lack = "null" in kinds(described) or field not in schema["required"]
        # A request need not use that a field may be left out.
        assert kind.endswith("?") == may_lack or (may_lack and _is_request(name)), (name, field)
        plain = kind.removesuffix("?")
        (json_kind, *_) = kinds(described) or ["string"]
        allowed = TYPES[described.get("format") if described.get("format") in TYPES else json_kind]
        if "$ref" in described:
            named = described["$ref"].rpartition("/")[2]
            allowed = {named, *({"String"} if "enum" in SCHEMAS[named] else ())}
        if "anyOf" in described:
            allowed = {"String", described["anyOf"][0]["$ref"].rpartition("/")[2]}
        elif "$ref" in described:
            allowed = {"String", described["$ref"].rpartition("/")[2]}
        assert any(plain.startswith(one) for one in allowed), (name, field, kind)


def _is_request(name: str) -> bool:
    return SCHEMAS[name].get("additionalProperties") is False


def test_its_enumerations_know_every_value() -> None:
    for name, cases in re.findall(r"^enum (\w+): String, Decodable.*?\{\n    case (.*?)$", SWIFT, re.MULTILINE):
        assert set(re.findall(r'"(\w+)"', cases)) == set(SCHEMAS[name]["enum"]), name


def test_its_addresses_are_there() -> None:
    known = {*OPENAPI["paths"], *(channel["address"] for channel in ASYNCAPI["channels"].values())}
    named = re.findall(r'/?(v1/[^\s`"?)]+)', re.sub(r"\\\((\w+)\)", "{}", GUIDE))
    assert len(named) > 10
    for path in named:
        assert any(_same(f"/{path}", template) for template in known), path


def _same(path: str, template: str) -> bool:
    return re.sub(r"\{[^}]*\}", "{}", path) == re.sub(r"\{[^}]*\}", "{}", template) or path.endswith("…")


def test_its_json_names_fields_of_the_contract() -> None:
    fields = {
        field for schema in SCHEMAS.values() for node in objects(schema) for field in _names(node.get("properties"))
    }
    prose = re.sub(r"```swift\n.*?```", "", GUIDE, flags=re.DOTALL)
    values = {"photosynthesis", "gardening", "beginner", "en", "Ada", "user", "post", "harassment"}
    named = set(re.findall(r'"(\w+)"(?=[:,}])', prose)) - values
    assert {"task_id", "topic", "options"} <= named
    assert named <= fields


def _names(properties: Any) -> list[str]:
    return list(cast("dict[str, Any]", properties)) if isinstance(properties, dict) else []


def test_its_tables_are_whole() -> None:
    rows = re.findall(r"^\| (.*?) \|", GUIDE, re.MULTILINE)
    codes = {code for row in rows for code in re.findall(r"`(\w+)`", row)}
    assert set(ERROR_CODES) <= codes
    assert {str(code) for code in CLOSE_CODES} <= set(rows)


def test_the_problems_that_it_names_exist() -> None:
    create_app(plain_settings())  # with the app every problem is defined
    slugs = {kind.slug for kind in _kinds(Problem)}
    named = set(re.findall(r"`/([a-z-]+)`", GUIDE)) | set(re.findall(r'ends\(in: "([a-z-]+)"', GUIDE))
    assert {"invalid-token", "too-many-courses"} <= named
    assert named - {"docs"} <= slugs


def _kinds(kind: type[Problem]) -> list[type[Problem]]:
    return [kind, *(below for each in kind.__subclasses__() for below in _kinds(each))]
