"""The schemas of the contract, in a form from which every generator makes good types.

pydantic describes nulls, enumerations and numbers in ways that Swift's generators drop, close or widen. The rules
stand here once, for the OpenAPI document and for that of the socket; `tests/contract` holds them.
"""

from collections.abc import Iterator
from typing import Any, Final, cast

Schema = dict[str, Any]

REFERENCE: Final = "#/components/schemas/"
REQUIRED: Final = "x-required"
"""Marks a parameter that the document requires and whose absence a route answers itself."""
_LARGEST_INT32: Final = 2**31 - 1
_ANYTHING: Final[Schema] = {}


def objects(node: Any) -> Iterator[Schema]:
    """Every object below `node` and itself: schemas and what holds them."""
    if isinstance(node, dict):
        held = cast("Schema", node)
        yield held
        for value in list(held.values()):
            yield from objects(value)
    elif isinstance(node, list):
        for value in cast("list[Any]", node):
            yield from objects(value)


def shape_schemas(schemas: dict[str, Schema], answered: set[str]) -> None:
    """Apply every rule to the named `schemas`, of which those that are `answered` are in what we send."""
    for schema in objects(schemas):
        plain(schema)
    for name in list(schemas):
        for field, described in schemas[name].get("properties", {}).items():
            _name_enumeration(schemas, name, field, described)
    for name in reachable(schemas, answered):
        for schema in list(objects(schemas[name].get("properties", {}))):
            _open(schema, schemas)


def plain(schema: Schema) -> None:
    """The rules for a schema by itself, wherever it stands."""
    _plain_null(schema)
    _sized(schema)
    if isinstance(schema.get("title"), str):  # "Createdat" and the like; a property of that name is a schema
        del schema["title"]


def kinds(schema: Schema) -> list[str]:
    """The JSON types that `schema` names, one or several."""
    named = schema.get("type", [])
    return [named] if isinstance(named, str) else cast("list[str]", named) if isinstance(named, list) else []


def references(node: Any) -> set[str]:
    """The names of the schemas to which something in `node` refers."""
    found = {schema["$ref"] for schema in objects(node) if isinstance(schema.get("$ref"), str)}
    return {reference.removeprefix(REFERENCE) for reference in found if reference.startswith(REFERENCE)}


def reachable(schemas: dict[str, Schema], names: set[str]) -> set[str]:
    """`names`, and every schema that is in one of them."""
    found: set[str] = set()
    waiting = set(names)
    while waiting:
        name = waiting.pop()
        found.add(name)
        waiting |= references(schemas[name]) - found
    return found


def _plain_null(schema: Schema) -> None:
    """`anyOf: [X, null]` becomes `type: [x, "null"]`: Swift's generator drops a property of the first form."""
    members: list[Schema] = schema["anyOf"] if isinstance(schema.get("anyOf"), list) else []
    rest = [kind for kind in members if kind != {"type": "null"}]
    if len(members) == len(rest) + 1 and len(rest) == 1 and isinstance(rest[0].get("type"), str):
        del schema["anyOf"]
        schema.update(rest[0])
        schema["type"] = [rest[0]["type"], "null"]


def _sized(schema: Schema) -> None:
    """Integers have 32 bits unless more are said, numbers are doubles: Kotlin makes a BigDecimal of a bare one."""
    if "integer" in kinds(schema):
        for bound in ("minimum", "maximum"):
            if bound in schema:
                schema[bound] = int(schema[bound])  # FastAPI writes 100.0
        schema.setdefault("format", "int64" if schema.get("maximum", 0) > _LARGEST_INT32 else "int32")
    elif "number" in kinds(schema):
        schema.setdefault("format", "double")


def _name_enumeration(schemas: dict[str, Schema], owner: str, field: str, described: Schema) -> None:
    """An enumeration that stands in a field gets a name of its own: `type` of `CourseItemBody` is a CourseItemType."""
    if "enum" not in described:
        return
    name = owner.removesuffix("Body").removesuffix("Request") + field[:1].upper() + field[1:]
    named = {key: described.pop(key) for key in ("type", "enum")}
    named["description"] = f"What `{field}` may be."
    if schemas.setdefault(name, named)["enum"] != named["enum"]:
        raise ValueError(f"Two enumerations would be called {name}: make one of them a StrEnum with another name.")
    described["$ref"] = REFERENCE + name


def _open(schema: Schema, schemas: dict[str, Schema]) -> None:
    """What we send may have a value that a shipped app does not know yet, and must not keep it from being read.

    An open enumeration is `anyOf` of the known values and of anything, as Apple's generator wants it; `type` keeps it
    a string. Named so: OpenAPI Generator makes an empty type of the same thing as a component, or with a string for
    the second half, and an optional of the enumeration of this.
    """
    reference, null = schema, False
    if len(schema.get("anyOf", ())) == 2 and schema["anyOf"][1] == {"type": "null"}:  # noqa: PLR2004
        reference, null = schema["anyOf"][0], True
    name = reference.get("$ref")
    if isinstance(name, str) and "enum" in schemas[name.removeprefix(REFERENCE)]:
        schema.pop("$ref", None)
        schema.update({"type": ["string", "null"] if null else "string", "anyOf": [{"$ref": name}, dict(_ANYTHING)]})
    elif isinstance(schema.get("const"), str):
        schema.pop("default", None)
        schema["examples"] = [schema.pop("const")]
