"""The bases of request and response bodies, and the types that the contract fixes once for all."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Final, cast

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    PlainSerializer,
    SerializerFunctionWrapHandler,
    TypeAdapter,
    ValidationError,
    model_serializer,
    model_validator,
)
from pydantic.alias_generators import to_camel
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

MOST_FIELDS: Final = 50
"""Of an object in a body, known or not: several times as many as any of ours has."""
TAGS: Final = r"\U000e0000-\U000e0fff"
"""Tags and selectors, which cannot be seen and of which flags are made, as a range for Python's expressions.

Not for a pattern of the contract: for ECMA-262 without its flag `u` they are no range.
"""
EXAMPLE_ID: Final = "018f3c2a-9b7d-7e1f-8a6b-5c4d3e2f1a0b"


class RequestModel(BaseModel):
    """A body that we take: unknown fields are refused, so that a misspelt one does not go unnoticed."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    @model_validator(mode="before")
    @classmethod
    def _not_too_many(cls, body: object) -> object:
        """Each unknown field is an error of its own, and thousands of them would take longer than all else."""
        if isinstance(body, dict) and len(cast("dict[str, object]", body)) > MOST_FIELDS:
            raise ValueError(f"An object has at most {MOST_FIELDS} fields.")
        return cast("object", body)

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler, /) -> JsonSchemaValue:
        """The schema without the default `LEFT_OUT`: what is left out has no value, it is left out."""
        schema = handler(core_schema)
        for described in handler.resolve_ref_schema(schema)["properties"].values():
            if "default" in described and described["default"] is LEFT_OUT:
                del described["default"]
        return schema


class CamelRequest(RequestModel):
    """A body that we take, with camelCase fields."""

    model_config = ConfigDict(alias_generator=to_camel)


class PatchModel(CamelRequest):
    """A change of some fields: those that are left out stay as they are.

    Fields have the default `LEFT_OUT`.
    """

    def changes(self) -> dict[str, Any]:
        """What the client has sent, by the names of the fields."""
        return self.model_dump(exclude_unset=True)


LEFT_OUT: Any = None
"""The default of a field that may be left out and may not be null. It is never validated, and not in the contract."""


class ResponseModel(BaseModel):
    """A body that we give. New fields may be added at any time: clients ignore what they do not know.

    A field in `_keep_null` is always there, null or not; any other field that has no value is left out.
    """

    model_config = ConfigDict(frozen=True, json_schema_serialization_defaults_required=True)

    @model_serializer(mode="wrap")
    def _leave_out_what_is_absent(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        body: dict[str, Any] = handler(self)
        optional = {
            field.serialization_alias or name
            for name, field in type(self).model_fields.items()
            if OPTIONAL in field.metadata
        }
        return {key: value for key, value in body.items() if value is not None or key not in optional}

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler, /) -> JsonSchemaValue:
        """The schema of the fields, and not that of the serializer's result, which is any object.

        An optional field is not required, and is never null when it is there.
        """
        without: Any = {key: value for key, value in core_schema.items() if key != "serialization"}
        schema = handler(without)
        described = handler.resolve_ref_schema(schema)
        for name, field in cls.model_fields.items():
            if OPTIONAL in field.metadata:
                alias = field.serialization_alias or name
                described["required"].remove(alias)
                described["properties"][alias] = _never_null(described["properties"][alias])
        return schema


class CamelModel(ResponseModel):
    """A response whose fields are camelCase on the wire, as everywhere but where the specification says otherwise."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


def _never_null(schema: dict[str, Any]) -> dict[str, Any]:
    kinds: list[dict[str, Any]] = schema.get("anyOf", [])
    (kind,) = [kind for kind in kinds if kind != {"type": "null"}] or [{}]
    return {**kind, **{key: value for key, value in schema.items() if key not in {"anyOf", "default"}}}


@dataclass(frozen=True, slots=True)
class Form:
    """The form of a text: a pattern for the contract, and a sentence for whoever sends something else.

    The pattern is anchored, and means the same in Python and in ECMA-262, where `$` is never before a last line's end.
    """

    pattern: str
    sentence: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Check after whatever else is checked of the text."""
        return core_schema.no_info_after_validator_function(self._check, handler(source))

    def __get_pydantic_json_schema__(self, checked: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """The schema of the text, with the pattern."""
        return {**handler(checked), "pattern": self.pattern}

    def _check(self, text: str) -> str:
        # Half of a surrogate pair can be written in JSON, and in no encoding.
        if not re.fullmatch(self.pattern, text) or re.search("[\ud800-\udfff]", text):
            raise ValueError(self.sentence)
        return text


def _language_tag(text: str) -> str:
    # Extensions, such as the calendar in `en-US-u-ca-gregory`, are no language to learn in.
    return re.split(r"[-_][A-Za-z0-9][-_]", text)[0].replace("_", "-")


Locale = Annotated[
    str,
    Form(
        r"^[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8}){0,3}([-_][A-Za-z0-9]([-_][A-Za-z0-9]{2,8}){1,8}){0,3}$",
        "A BCP 47 language tag is expected, such as en or fr-CA.",
    ),
    Field(description="BCP 47 tag of a language.", examples=["en", "fr-CA"]),
    AfterValidator(_language_tag),
]
"""A language as phones name it; an underscore is taken for a hyphen."""


class _Optional:
    """Marks a field that is left out when it has no value."""


OPTIONAL = _Optional()


def whole_seconds(moment: datetime) -> str:
    """RFC 3339 in UTC with whole seconds and a Z: what Swift's default date decoder reads."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


_RFC_3339: Final = (
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?([Zz]|[+-][0-9]{2}:[0-9]{2})$"
)


def _whole_number(value: object) -> object:
    is_whole = value.is_integer() if isinstance(value, float) else type(value) is int
    if not is_whole:
        raise ValueError("A whole number is expected.")
    return int(cast("float", value))


WHOLE_NUMBER: Final = BeforeValidator(_whole_number)
"""For an `int` as JSON knows it: 3 and 3.0 are one. pydantic alone would take `true` and `"3"` too, or else refuse 3.0.

Stands after the bounds, which are not in the contract otherwise.
"""

_AWARE: Final = TypeAdapter[datetime](AwareDatetime)


def _rfc_3339(value: object) -> datetime:
    try:
        if isinstance(value, str) and re.fullmatch(_RFC_3339, value):
            return _AWARE.validate_python(value)
    except ValidationError:
        pass  # 30 February, or an offset of 25 hours
    raise ValueError("A time of RFC 3339 with its offset is expected, such as 2025-08-22T10:30:00Z.")


ClientTime = Annotated[AwareDatetime, BeforeValidator(_rfc_3339)]
"""A moment as a client names it. pydantic alone would take numbers and times without an offset too."""

Timestamp = Annotated[
    datetime,
    PlainSerializer(
        whole_seconds,
        return_type=Annotated[
            str, Field(json_schema_extra={"format": "date-time", "examples": ["2025-08-22T10:30:00Z"]})
        ],
    ),
]
