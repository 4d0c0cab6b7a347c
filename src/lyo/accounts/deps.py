"""Who is asking: the dependency of every route that is not public."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from fastapi.security import HTTPBearer
from starlette.requests import HTTPConnection

from lyo.accounts.credentials import credentials_of
from lyo.accounts.errors import AppleSignInOff
from lyo.accounts.service import identify
from lyo.accounts.tokens import TokenInvalid, TokenKey, read_access_token
from lyo.accounts.values import Principal
from lyo.apple.client import Apple
from lyo.core.errors import NotFound, Unauthorized
from lyo.web.deps import ResourcesDep, SessionDep, resources

_bearer = HTTPBearer(auto_error=False, bearerFormat="JWT", description="The `access_token` of `POST /v1/auth/login`.")


async def current_user(
    session: SessionDep,
    held: ResourcesDep,
    connection: HTTPConnection,
    _in_the_contract: Annotated[object, Depends(_bearer)],
) -> Principal:
    """The learner whose token came with the request; raises `Unauthorized` or `InvalidToken`."""
    token = credentials_of(connection).token
    if token is None:
        raise Unauthorized
    return await identify(session, access_token=token, key=TokenKey.of(held.settings))


CurrentUser = Annotated[Principal, Depends(current_user)]


async def current_user_briefly(
    held: ResourcesDep,
    connection: HTTPConnection,
    _in_the_contract: Annotated[object, Depends(_bearer)],
) -> Principal:
    """As `current_user`, for routes that take long: it keeps no connection."""
    token = credentials_of(connection).token
    if token is None:
        raise Unauthorized
    async with held.sessions() as session:
        return await identify(session, access_token=token, key=TokenKey.of(held.settings))


BriefUser = Annotated[Principal, Depends(current_user_briefly)]


def moderator(user: BriefUser) -> Principal:
    """As `current_user_briefly`, for moderators; for everybody else there is nothing here: raises `NotFound`."""
    if not user.is_moderator:
        raise NotFound
    return user


ModeratorDep = Annotated[Principal, Depends(moderator)]


def _apple(connection: HTTPConnection) -> Apple:
    held = connection.app.state.apple
    assert isinstance(held, Apple)
    if not held.audiences:
        raise AppleSignInOff
    return held


AppleDep = Annotated[Apple, Depends(_apple)]


def claimed_user(connection: HTTPConnection) -> UUID | None:
    """Whose access token came with the request or handshake, by its signature alone: for counting, not for admitting.

    Whether the log-in is still open is asked where something is given away.
    """
    token = credentials_of(connection).token
    if token is None:
        return None
    try:
        return read_access_token(TokenKey.of(resources(connection).settings), token).user_id
    except TokenInvalid:
        return None
