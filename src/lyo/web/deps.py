"""What routes are handed: the process's resources, and a session that is committed before the answer is sent."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import Depends, Header, Query
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import HTTPConnection

from lyo.core.bus import Bus, transaction
from lyo.core.db import SessionMaker
from lyo.core.errors import IdempotencyKeyMissing
from lyo.core.pagination import DEFAULT_LIMIT, MAXIMUM_LIMIT
from lyo.core.settings import Settings
from lyo.core.watch import Watch
from lyo.web.rates import Counts
from lyo.web.shaping import REQUIRED

KEY_PATTERN: Final = r'^(?:[!#-~][!-~]{0,254}|"[!-~]{1,255}")$'
"""A key is bare, or it is in quotes and begins with one (RFC 8941)."""


@dataclass(frozen=True, slots=True)
class Resources:
    """What one API process holds open."""

    settings: Settings
    sessions: SessionMaker
    bus: Bus
    watch: Watch
    counts: Counts


def resources(connection: HTTPConnection) -> Resources:
    """The resources of this process."""
    held = connection.app.state.resources
    assert isinstance(held, Resources)
    return held


ResourcesDep = Annotated[Resources, Depends(resources)]


async def _session(held: ResourcesDep) -> AsyncIterator[AsyncSession]:
    async with transaction(held.sessions, held.bus) as session:
        yield session


# With FastAPI's default scope the commit comes after the answer, and one that fails still answers 200.
SessionDep = Annotated[AsyncSession, Depends(_session, scope="function")]

LimitQuery = Annotated[int, Query(ge=1, le=MAXIMUM_LIMIT, description="How many items at most.")]
CursorQuery = Annotated[str | None, Query(description="The `nextCursor` of the page before.")]

DEFAULT_PAGE: Final = DEFAULT_LIMIT


def idempotency_key(
    connection: HTTPConnection,
    header: Annotated[
        str | None,
        Header(
            alias="Idempotency-Key",
            description="A key of your choice, one for each thing that you want made: 1 to 255 printable ASCII "
            "characters, bare or in quotes, such as a UUID. Repeat the request with the same key as often as you "
            "like; it is done once.",
            examples=["8e03978e-40d5-43e8-bc93-6894a57f9324"],
            # For the contract alone: what is missing or malformed is 400 here, and would be 422 from FastAPI.
            json_schema_extra={REQUIRED: True, "minLength": 1, "maxLength": 257, "pattern": KEY_PATTERN},
        ),
    ] = None,
) -> str:
    """The key of this request, without the quotes of RFC 8941; raises `IdempotencyKeyMissing`."""
    key = (header or "").strip(" \t")
    if not re.match(KEY_PATTERN, key) or len(connection.headers.getlist("idempotency-key")) > 1:
        raise IdempotencyKeyMissing
    return key[1:-1] if key.startswith('"') else key


IdempotencyKeyDep = Annotated[str, Depends(idempotency_key)]


def optional_idempotency_key(
    connection: HTTPConnection,
    header: Annotated[
        str | None,
        Header(
            alias="Idempotency-Key",
            description="As for what needs one: with a key of your choice the request can be repeated until its "
            "answer arrives, and is done once. Without one it is done each time.",
            examples=["8e03978e-40d5-43e8-bc93-6894a57f9324"],
            json_schema_extra={"minLength": 1, "maxLength": 257, "pattern": KEY_PATTERN},
        ),
    ] = None,
) -> str | None:
    """The key of this request, if it has one; raises `IdempotencyKeyMissing` for one that is none."""
    return None if header is None else idempotency_key(connection, header)


OptionalKeyDep = Annotated[str | None, Depends(optional_idempotency_key)]
