"""The bodies of `/v1/auth`."""

from typing import Annotated, Literal

from pydantic import Field, SecretStr

from lyo.web.schemas import RequestModel, ResponseModel

Email = Annotated[str, Field(min_length=3, max_length=254, examples=["demo@example.com"])]
Password = Annotated[SecretStr, Field(min_length=1, max_length=1024, examples=["demo"])]
OpaqueToken = Annotated[SecretStr, Field(min_length=1, max_length=512)]


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
