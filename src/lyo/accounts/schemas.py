"""The bodies of `/v1/auth`."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr

from lyo.web.schemas import RequestModel, ResponseModel


def _storable(text: str) -> str:
    """Refuse what neither UTF-8 nor PostgreSQL can hold: lone surrogates and NUL."""
    if any(character == "\0" or "\ud800" <= character <= "\udfff" for character in text):
        raise ValueError("A character of this value is not allowed.")
    return text


def _storable_secret(secret: SecretStr) -> SecretStr:
    _storable(secret.get_secret_value())
    return secret


Email = Annotated[str, Field(min_length=3, max_length=254, examples=["demo@example.com"]), AfterValidator(_storable)]
Password = Annotated[
    SecretStr, Field(min_length=1, max_length=1024, examples=["demo"]), AfterValidator(_storable_secret)
]
OpaqueToken = Annotated[SecretStr, Field(min_length=1, max_length=512), AfterValidator(_storable_secret)]


class Credentials(RequestModel):
    """What a learner logs in with."""

    email: Email
    password: Password


class RefreshRequest(RequestModel):
    """A refresh token that has not been used yet."""

    refresh_token: OpaqueToken


class Tokens(ResponseModel):
    """An access token for the `Authorization` header, and the refresh token that gets the next one, once."""

    access_token: str
    refresh_token: str
    token_type: Literal["bearer"] = "bearer"  # noqa: S105 - RFC 6750's word
    expires_in: Annotated[int, Field(description="Life of the access token in seconds.", examples=[1800])]
