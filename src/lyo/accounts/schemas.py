"""The bodies of `/v1/auth`."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, Secret, SecretStr
from pydantic.alias_generators import to_camel

from lyo.web.schemas import RequestModel, ResponseModel


def _storable(text: str) -> str:
    """Refuse what neither UTF-8 nor PostgreSQL can hold: lone surrogates and NUL."""
    if any(character == "\0" or "\ud800" <= character <= "\udfff" for character in text):
        raise ValueError("A character of this value is not allowed.")
    return text


def _encodable_secret(secret: SecretStr) -> SecretStr:
    if any("\ud800" <= character <= "\udfff" for character in secret.get_secret_value()):
        raise ValueError("A character of this value is not allowed.")
    return secret


def _storable_secret(secret: SecretStr) -> SecretStr:
    _storable(secret.get_secret_value())
    return secret


Email = Annotated[str, Field(min_length=3, max_length=254, examples=["demo@example.com"]), AfterValidator(_storable)]
Password = Annotated[
    SecretStr, Field(min_length=1, max_length=1024, examples=["demo"]), AfterValidator(_storable_secret)
]
OpaqueToken = Annotated[SecretStr, Field(min_length=1, max_length=512), AfterValidator(_storable_secret)]

RawNonce = Annotated[
    SecretStr,
    Field(
        min_length=1,
        max_length=255,
        description="The nonce itself, of which the app gave Apple the SHA-256 in hexadecimal. It is good once.",
    ),
    AfterValidator(_encodable_secret),
]
AuthorizationCode = Secret[Annotated[str, Field(min_length=1, max_length=1024, pattern=r"^[\x21-\x7e]+$")]]
GivenName = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\x00]+$"), AfterValidator(_storable)]


class Credentials(RequestModel):
    """What a learner logs in with."""

    email: Email
    password: Password


class RefreshRequest(RequestModel):
    """A refresh token that has not been used yet."""

    refresh_token: OpaqueToken


class AppleSignInRequest(RequestModel):
    """What the app got from Apple."""

    model_config = ConfigDict(alias_generator=to_camel)

    identity_token: Annotated[SecretStr, Field(min_length=1, description="The credential's `identityToken`.")]
    nonce: RawNonce
    authorization_code: Annotated[
        AuthorizationCode,
        Field(
            description="The credential's `authorizationCode`. With it Apple is told when the account is deleted.",
            default_factory=lambda: AuthorizationCode(""),
        ),
    ]
    display_name: Annotated[
        GivenName,
        Field(
            description="What a new learner is called. Apple tells the app a name only the first time.",
            default_factory=str,
        ),
    ]


class AppleNotification(BaseModel):
    """What Apple sends by itself. It is Apple's body, so fields that we do not know are no mistake."""

    payload: Annotated[str, Field(min_length=1, repr=False, description="A JSON Web Signature of Apple's.")]


class Tokens(ResponseModel):
    """An access token for the `Authorization` header, and the refresh token that gets the next one, once."""

    access_token: str
    refresh_token: str
    token_type: Literal["bearer"] = "bearer"  # noqa: S105 - RFC 6750's word
    expires_in: Annotated[int, Field(description="Life of the access token in seconds.", examples=[1800])]
