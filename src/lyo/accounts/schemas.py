"""The bodies of `/v1/auth` and `/v1/users`.

What is refused is said in the schema wherever a schema can say it, so that a client can know before it asks.
"""

import re
import unicodedata
from typing import Annotated, Final, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field, Secret, SecretStr, StrictBool

from lyo.accounts.passwords import FEWEST_CHARACTERS, LONGEST_PASSWORD, SHORTEST_PASSWORD
from lyo.accounts.values import NewUser, Profile
from lyo.core.characters import visible
from lyo.core.zones import zone_names
from lyo.web.schemas import (
    LEFT_OUT,
    OPTIONAL,
    TAGS,
    CamelModel,
    CamelRequest,
    Form,
    Locale,
    PatchModel,
    RequestModel,
    ResponseModel,
    Timestamp,
)
from lyo.wordfilter.finding import refused_word

NAMELESS: Final = "Learner"
"""Who is not called anything. Apple tells the app a name at the first sign-in alone."""

_NO_NUL: Final = r"^[^\x00]*$"
"""PostgreSQL keeps no NUL."""
_MAILBOX: Final = r"^[!-?A-~]{1,64}@[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)+$"
_INVISIBLE: Final = r"\x00-\x1f\x7f-\x9f\u061c\u2028-\u202e\u2066-\u206f\ufff9-\ufffb"
"""Controls, breaks of lines, and marks that turn the direction of what comes after a name."""
_BLANK: Final = (
    r"\x20\xa0\xad\u034f\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180f\u2000-\u200f\u202f\u205f-\u2065\u2800\u3000\u3164"
    r"\ufe00-\ufe0f\ufeff\uffa0\ufffc"
)
"""Spaces, fillers, joiners and selectors: a name may have them, and not only them."""
_NAME: Final = f"^[^{_INVISIBLE}]*[^{_INVISIBLE}{_BLANK}][^{_INVISIBLE}]*$"
_NO_NAME: Final = "A name has something in it that can be seen, and no control characters."
_OTHER_NAME: Final = "Choose another name: others will see this one."
_FEW_DIFFERENT: Final = r"^(?!([^a]|a)\1*(?:(?!\1)([^a]|a)(?:\1|\2)*)?$)(?:[^a]|a)*$"
"""Not only one or two different characters. `[^a]|a` is any, line ends too, for Python as for ECMA-262.

The two are told apart, or there were as many ways to read a text as it has subsets, and a client would try them all.
"""

REFRESH_TOKEN_EXAMPLE: Final = "bm90IGEgdG9rZW4sIGJ1dCBpdCBsb29rcyBsaWtlIG9uZQ"  # noqa: S105 - an example


def _decent(name: str) -> str:
    if refused_word(name):
        raise ValueError(_OTHER_NAME)
    return name


def _encodable(secret: SecretStr) -> SecretStr:
    if any("\ud800" <= character <= "\udfff" for character in secret.get_secret_value()):
        raise ValueError("A character of this value is not allowed.")
    return secret


def _various(password: SecretStr) -> SecretStr:
    if len(set(password.get_secret_value())) < FEWEST_CHARACTERS:
        raise ValueError(f"Use at least {FEWEST_CHARACTERS} different characters.")
    return password


def _seen(name: str) -> str:
    seen = (letter for letter in name if unicodedata.category(letter) != "Cf")
    if not re.search(f"[^{_BLANK}{TAGS}]", "".join(seen)):
        raise ValueError(_NO_NAME)
    return name


def _zone_pattern() -> str:
    """All names, so that a schema says which are taken. An enum would be a type of 600 cases in every client."""
    by_region: dict[str, list[str]] = {}
    for name in sorted(zone_names()):
        region, slash, rest = name.partition("/")
        by_region.setdefault(region + slash, []).append(rest)
    regions = (f"{region}({'|'.join(rest)})" if rest != [""] else region for region, rest in by_region.items())
    return f"^({'|'.join(regions)})$".replace("+", r"\+")


NewEmail = Annotated[
    str,
    Field(max_length=254, description="In ASCII.", examples=["ada@example.com"]),
    Form(_MAILBOX, "An e-mail address in ASCII is expected, such as ada@example.com."),
]
GivenEmail = Annotated[
    str,
    Field(min_length=3, max_length=254, description="In any case.", examples=["demo@example.com"]),
    Form(_NO_NUL, "A character of this value is not allowed."),
]
NewPassword = Annotated[
    SecretStr,
    Field(
        min_length=SHORTEST_PASSWORD,
        max_length=LONGEST_PASSWORD,
        description=f"At least {SHORTEST_PASSWORD} characters, {FEWEST_CHARACTERS} of them different, and none of "
        "the passwords that are tried first.",
        examples=["correct horse battery staple"],
        json_schema_extra={"pattern": _FEW_DIFFERENT},
    ),
    AfterValidator(_encodable),
    AfterValidator(_various),
]
"""The rest of the rule, which takes time, is `refuse_common`."""
GivenPassword = Annotated[
    SecretStr, Field(min_length=1, max_length=1024, examples=["demo"]), AfterValidator(_encodable)
]
OpaqueToken = Annotated[
    SecretStr, Field(min_length=1, max_length=512, examples=[REFRESH_TOKEN_EXAMPLE]), AfterValidator(_encodable)
]
DisplayName = Annotated[
    str,
    Field(min_length=1, max_length=50, description="How others see you.", examples=["Ada"]),
    Form(_NAME, _NO_NAME),
    AfterValidator(visible),
    AfterValidator(_seen),
    AfterValidator(str.strip),
    AfterValidator(_decent),
]
TimeZone = Annotated[
    str,
    Field(
        description="Name of an IANA time zone, as `TimeZone.current.identifier` gives it: your days begin there.",
        examples=["Europe/Paris"],
    ),
    Form(_zone_pattern(), "The name of an IANA time zone is expected, such as Europe/Paris."),
]

RawNonce = Annotated[
    SecretStr,
    Field(
        min_length=1,
        max_length=255,
        description="The nonce itself, of which the app gave Apple the SHA-256 in hexadecimal. It is good once.",
        examples=["Zm9yIG9uZSBzaWduLWluIG9ubHk"],
    ),
    AfterValidator(_encodable),
]
AuthorizationCode = Secret[Annotated[str, Field(min_length=1, max_length=1024, pattern=r"^[\x21-\x7e]+$")]]


class Credentials(RequestModel):
    """What a learner logs in with."""

    email: GivenEmail
    password: GivenPassword


class RegisterRequest(CamelRequest):
    """A new learner."""

    email: NewEmail
    password: NewPassword
    display_name: DisplayName = NAMELESS
    locale: Locale = "en"
    time_zone: TimeZone = "UTC"


class RefreshRequest(RequestModel):
    """A refresh token that has not been used yet."""

    refresh_token: OpaqueToken


class AppleSignInRequest(CamelRequest):
    """What the app got from Apple. The profile is for whoever comes for the first time."""

    identity_token: Annotated[
        SecretStr,
        Field(
            min_length=1,
            description="The credential's `identityToken`.",
            examples=["eyJraWQiOiJwZ2duUWVOQ09VIn0.e30.c2ln"],
        ),
    ]
    nonce: RawNonce
    authorization_code: Annotated[
        AuthorizationCode,
        Field(
            description="The credential's `authorizationCode`. With it Apple is told when the account is deleted.",
            default_factory=lambda: AuthorizationCode(""),
        ),
    ]
    display_name: DisplayName = NAMELESS
    locale: Locale = "en"
    time_zone: TimeZone = "UTC"


class AppleNotification(BaseModel):
    """What Apple sends by itself. It is Apple's body, so fields that we do not know are no mistake."""

    payload: Annotated[
        str,
        Field(
            min_length=1,
            repr=False,
            description="A JSON Web Signature of Apple's.",
            examples=["eyJraWQiOiJ3In0.e30.c2ln"],
        ),
    ]


class Tokens(ResponseModel):
    """An access token for the `Authorization` header, and the refresh token that gets the next one, once."""

    access_token: Annotated[str, Field(examples=["eyJhbGciOiJIUzI1NiIsInR5cCI6ImF0K2p3dCJ9.eyJzdWIiOiIwMThmIn0.c2ln"])]
    refresh_token: Annotated[str, Field(examples=[REFRESH_TOKEN_EXAMPLE])]
    token_type: Literal["bearer"] = "bearer"  # noqa: S105 - RFC 6750's word
    expires_in: Annotated[int, Field(description="Life of the access token in seconds.", examples=[1800])]


class ProfileBody(CamelModel):
    """A learner, as they see themselves."""

    id: UUID
    email: Annotated[
        str | None, OPTIONAL, Field(description="Absent if you came by Apple and hid it.", examples=["ada@example.com"])
    ] = None
    display_name: Annotated[str, Field(examples=["Ada"])]
    locale: Annotated[str, Field(description="BCP 47 tag of your language.", examples=["en"])]
    time_zone: Annotated[str, Field(description="Name of an IANA time zone.", examples=["Europe/Paris"])]
    leaderboard_opt_out: Annotated[
        bool, Field(description="Whether you are left out of leaderboards.", examples=[False])
    ]
    shares_milestones: Annotated[
        bool,
        Field(description="Whether others see in their feeds what you have finished and earned.", examples=[False]),
    ]
    created_at: Timestamp


class ProfileRequest(PatchModel):
    """What to change of a profile; the rest stays as it is."""

    display_name: DisplayName = LEFT_OUT
    locale: Locale = LEFT_OUT
    time_zone: TimeZone = LEFT_OUT
    # No example: OpenAPI Generator takes one of a boolean for a schema, and warns.
    leaderboard_opt_out: Annotated[StrictBool, Field(description="Whether to leave you out of leaderboards.")] = (
        LEFT_OUT
    )
    shares_milestones: Annotated[
        StrictBool,
        Field(description="Whether to show others in their feeds what you have finished and earned, earlier too."),
    ] = LEFT_OUT


class PasswordRequest(CamelRequest):
    """The next password, and the present one as proof that it is you."""

    current_password: GivenPassword
    new_password: NewPassword


def new_user(body: RegisterRequest | AppleSignInRequest) -> NewUser:
    """Who comes with `body` for the first time."""
    return NewUser(
        email=body.email.lower() if isinstance(body, RegisterRequest) else None,
        display_name=body.display_name,
        locale=body.locale,
        time_zone=body.time_zone,
    )


def profile_body(profile: Profile) -> ProfileBody:
    """The body that shows `profile`."""
    return ProfileBody(
        id=profile.user_id,
        email=profile.email,
        display_name=profile.display_name,
        locale=profile.locale,
        time_zone=profile.time_zone,
        leaderboard_opt_out=profile.leaderboard_opt_out,
        shares_milestones=profile.shares_milestones,
        created_at=profile.created_at,
    )
