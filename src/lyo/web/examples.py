"""An example for each body of the contract, made from the examples of its fields: what holds for one holds for all."""

from typing import Any, Final

from lyo.core.errors import ValidationFailed
from lyo.web.schemas import EXAMPLE_ID
from lyo.web.shaping import REFERENCE, Schema, kinds

_BY_FORMAT: Final = {
    "uuid": EXAMPLE_ID,
    "date-time": "2025-08-22T10:30:00Z",
    "date": "2025-08-22",
}
_UNSAID: Final = "…"


def give_examples(path: str, operation: dict[str, Any], schemas: dict[str, Schema]) -> None:
    """Give the bodies of the operation at `path` their examples; its problems have some that lack what is its own."""
    for body in operation.get("requestBody", {}).get("content", {}).values():
        body["example"] = example_of(body["schema"], schemas)
    instance = path
    for parameter in operation.get("parameters", ()):
        instance = instance.replace(f"{{{parameter['name']}}}", str(example_of(parameter["schema"], schemas)))
    for answer in operation["responses"].values():
        for body in answer.get("content", {}).values():
            for slug, example in body.get("examples", {}).items():
                example["value"]["instance"] = instance
                if slug == ValidationFailed.slug:
                    example["value"]["errors"] = [_wrong_value(operation, schemas)]
            if "examples" not in body:
                body["example"] = example_of(body["schema"], schemas)


def _wrong_value(operation: dict[str, Any], schemas: dict[str, Schema]) -> dict[str, str]:
    for body in operation.get("requestBody", {}).get("content", {}).values():
        field = next(iter(schemas[body["schema"]["$ref"].removeprefix(REFERENCE)]["properties"]))
        return {"pointer": f"#/{field}", "detail": "Field required."}
    parameter = operation["parameters"][0]
    return {"pointer": f"#/{parameter['in']}/{parameter['name']}", "detail": "This value is not valid."}


def example_of(schema: Schema, schemas: dict[str, Schema]) -> Any:
    """A value that keeps `schema`: with the fields that may be absent only where they have an example of their own."""
    for key in ("examples", "enum"):
        if schema.get(key):
            return schema[key][0]
    for key in ("default", "const"):
        if key in schema:
            return schema[key]
    if "$ref" in schema:
        return example_of(schemas[schema["$ref"].removeprefix(REFERENCE)], schemas)
    if "anyOf" in schema:
        return example_of(schema["anyOf"][0], schemas)
    return _by_type(schema, schemas)


def _by_type(schema: Schema, schemas: dict[str, Schema]) -> Any:
    (kind, *_) = kinds(schema) or [""]
    if kind == "object":
        required = schema.get("required", ())
        fields = schema.get("properties", {}).items()
        return {name: example_of(field, schemas) for name, field in fields if name in required or field.get("examples")}
    if kind == "array":
        return [example_of(schema["items"], schemas)]
    if kind == "string":
        return _BY_FORMAT.get(schema.get("format", ""), _UNSAID)
    if kind == "number":
        return 0.9 if schema.get("maximum") == 1 else 12.5
    return True if kind == "boolean" else max(schema.get("minimum", 1), 1)
