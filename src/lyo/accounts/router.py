"""`/v1/auth`: register, log in, refresh, log out."""

from datetime import timedelta
from uuid import UUID

from fastapi import APIRouter, Request, Response, status
from sqlalchemy.ext.asyncio import AsyncSession

from lyo.accounts import service
from lyo.accounts.deps import CurrentUser
from lyo.accounts.errors import EmailTaken, InvalidRefreshToken, InvalidToken, WrongCredentials
from lyo.accounts.passwords import hash_password
from lyo.accounts.schemas import Credentials, RefreshRequest, RegisterRequest, Tokens, new_user
from lyo.accounts.tokens import TokenKey
from lyo.accounts.values import TokenPair
from lyo.core.bus import transaction
from lyo.core.errors import BadRequest, Unauthorized, ValidationFailed
from lyo.core.settings import Settings
from lyo.web.deps import Resources, ResourcesDep, SessionDep
from lyo.web.problems import problem_response, problems

router = APIRouter(prefix="/auth", tags=["Accounts"])


@router.post(
    "/register",
    status_code=status.HTTP_201_CREATED,
    responses=problems(BadRequest, EmailTaken, ValidationFailed),
)
async def register(body: RegisterRequest, held: ResourcesDep) -> Tokens:
    """Register.

    Makes an account and logs it in. Fields of the profile may be given here or changed later.
    """
    hashed = await hash_password(body.password.get_secret_value())
    async with transaction(held.sessions, held.bus) as session:
        user_id = await service.register(session, user=new_user(body), password_hash=hashed)
        return await _log_in(session, held, user_id)


@router.post("/login", responses=problems(BadRequest, WrongCredentials, ValidationFailed))
async def log_in(body: Credentials, held: ResourcesDep) -> Tokens:
    """Log in.

    Gives an access token for the `Authorization: Bearer` header of every other request, and a refresh token for the
    time when it has expired. An unknown address and a wrong password look the same.
    """
    user_id = await service.check_password(
        held.sessions,
        email=body.email,
        password=body.password.get_secret_value(),
        demo=held.settings.has_demo,
    )
    async with transaction(held.sessions, held.bus) as session:
        return await _log_in(session, held, user_id)


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


async def _log_in(session: AsyncSession, held: Resources, user_id: UUID) -> Tokens:
    pair = await service.open_login(
        session,
        user_id=user_id,
        key=TokenKey.of(held.settings),
        refresh_lifetime=_refresh_lifetime(held.settings),
    )
    return _tokens(pair)


def _tokens(pair: TokenPair) -> Tokens:
    return Tokens(access_token=pair.access_token, refresh_token=pair.refresh_token, expires_in=pair.expires_in)


def _refresh_lifetime(settings: Settings) -> timedelta:
    return timedelta(days=settings.jwt_refresh_token_expire_days)
