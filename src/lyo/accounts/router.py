"""`/v1/auth`: log in, refresh, log out."""

from datetime import timedelta

from fastapi import APIRouter, Depends, Request, Response, status

from lyo.accounts import service
from lyo.accounts.attempts import attempt_succeeded, count_address, count_attempt
from lyo.accounts.deps import CurrentUser
from lyo.accounts.errors import DoorCrowded, InvalidRefreshToken, InvalidToken, WrongCredentials
from lyo.accounts.schemas import Credentials, RefreshRequest, Tokens
from lyo.accounts.tokens import TokenKey
from lyo.core.bus import transaction
from lyo.core.errors import BadRequest, Unauthorized, Unavailable, ValidationFailed
from lyo.core.settings import Settings
from lyo.web.deps import ResourcesDep, SessionDep
from lyo.web.problems import problem_response, problems

router = APIRouter(prefix="/auth", tags=["Accounts"])


@router.post(
    "/login",
    dependencies=[Depends(count_address)],
    responses=problems(BadRequest, WrongCredentials, ValidationFailed, Unavailable, DoorCrowded),
)
async def log_in(body: Credentials, request: Request, held: ResourcesDep) -> Tokens:
    """Log in.

    Gives an access token for the `Authorization: Bearer` header of every other request, and a refresh token for the
    time when it has expired. An unknown address and a wrong password look the same. After ten attempts in a quarter
    of an hour, unless the operator says otherwise, an account takes no more of them until that is over; logging in
    begins the count anew.
    """
    await count_attempt(request, email=body.email)
    user_id = await service.check_password(held.sessions, email=body.email, password=body.password.get_secret_value())
    await attempt_succeeded(request, email=body.email)
    async with transaction(held.sessions, held.bus) as session:
        pair = await service.open_login(
            session,
            user_id=user_id,
            key=TokenKey.of(held.settings),
            refresh_lifetime=_refresh_lifetime(held.settings),
        )
    return _tokens(pair)


@router.post("/refresh", response_model=Tokens, responses=problems(BadRequest, InvalidRefreshToken, ValidationFailed))
async def refresh_tokens(
    body: RefreshRequest, request: Request, session: SessionDep, held: ResourcesDep
) -> Tokens | Response:
    """Get the next pair of tokens.

    A refresh token is used once. Asked again within 30 seconds it gives the same successor, for a client that lost
    the answer; later use is taken for theft and ends the log-in with all its tokens. The access token in use stays
    good until it expires.
    """
    pair = await service.refresh(
        session,
        refresh_token=body.refresh_token.get_secret_value(),
        key=TokenKey.of(held.settings),
        refresh_lifetime=_refresh_lifetime(held.settings),
    )
    # Answered and not raised: an exception would roll back the end of the log-in.
    return _tokens(pair) if pair else problem_response(InvalidRefreshToken(), request)


@router.post("/logout", status_code=status.HTTP_204_NO_CONTENT, responses=problems(Unauthorized, InvalidToken))
async def log_out(session: SessionDep, user: CurrentUser) -> None:
    """Log out.

    Ends this log-in: its access token fails at the next call, and its refresh token too. Other devices stay logged in.
    """
    await service.log_out(session, principal=user)


def _tokens(pair: service.TokenPair) -> Tokens:
    return Tokens(access_token=pair.access_token, refresh_token=pair.refresh_token, expires_in=pair.expires_in)


def _refresh_lifetime(settings: Settings) -> timedelta:
    return timedelta(days=settings.jwt_refresh_token_expire_days)
