"""The bodies of `/v1/auth`."""

from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field, SecretStr

from lyo.web.schemas import RequestModel, ResponseModel

STORABLE: Final = r"^[^\u0000]*$"
"""What `_storable` takes, for the contract; a lone surrogate is no text in the eyes of JSON Schema."""
REFRESH_TOKEN_EXAMPLE: Final = "bm90IGEgdG9rZW4sIGJ1dCBpdCBsb29rcyBsaWtlIG9uZQ"  # noqa: S105 - an example


def _storable(text: str) -> str:
    """Refuse what neither UTF-8 nor PostgreSQL can hold: lone surrogates and NUL."""
    if any(character == "\0" or "\ud800" <= character <= "\udfff" for character in text):
        raise ValueError("A character of this value is not allowed.")
    return text


def _storable_secret(secret: SecretStr) -> SecretStr:
    _storable(secret.get_secret_value())
    return secret


Email = Annotated[
    str,
    Field(min_length=3, max_length=254, examples=["demo@example.com"], json_schema_extra={"pattern": STORABLE}),
    AfterValidator(_storable),
]
Password = Annotated[
    SecretStr,
    Field(min_length=1, max_length=1024, examples=["demo"], json_schema_extra={"pattern": STORABLE}),
    AfterValidator(_storable_secret),
]
OpaqueToken = Annotated[
    SecretStr,
    Field(min_length=1, max_length=512, examples=[REFRESH_TOKEN_EXAMPLE], json_schema_extra={"pattern": STORABLE}),
    AfterValidator(_storable_secret),
]


class Credentials(RequestModel):
    """What a learner logs in with."""

    email: Email
    password: Password


class RefreshRequest(RequestModel):
    """A refresh token that has not been used yet."""

    refresh_token: OpaqueToken


class Tokens(ResponseModel):
    """An access token for the `Authorization` header, and the refresh token that gets the next one, once."""

    access_token: Annotated[str, Field(examples=["eyJhbGciOiJIUzI1NiIsInR5cCI6ImF0K2p3dCJ9.eyJzdWIiOiIwMThmIn0.c2ln"])]
    refresh_token: Annotated[str, Field(examples=[REFRESH_TOKEN_EXAMPLE])]
    token_type: Literal["bearer"] = "bearer"  # noqa: S105 - RFC 6750's word
    expires_in: Annotated[int, Field(description="Life of the access token in seconds.", examples=[1800])]
