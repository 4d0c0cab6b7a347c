"""`/v1/auth`: register, log in, also with Apple, refresh, log out."""

from datetime import timedelta
from functools import partial
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response, status
from sqlalchemy.ext.asyncio import AsyncSession

from lyo.accounts import apple, service
from lyo.accounts.attempts import attempt_succeeded, count_address, count_attempt
from lyo.accounts.deps import AppleDep, CurrentUser
from lyo.accounts.errors import (
    AppleSignInOff,
    DoorCrowded,
    EmailTaken,
    InvalidIdentityToken,
    InvalidNotification,
    InvalidRefreshToken,
    WrongCredentials,
)
from lyo.accounts.passwords import hash_password, refuse_common
from lyo.accounts.schemas import (
    AppleNotification,
    AppleSignInRequest,
    Credentials,
    RefreshRequest,
    RegisterRequest,
    Tokens,
    new_user,
)
from lyo.accounts.sealing import Seal
from lyo.accounts.service import normalised
from lyo.accounts.tokens import TokenKey
from lyo.accounts.values import TokenPair
from lyo.apple.errors import AppleUnavailable
from lyo.core.bus import in_transaction, transaction
from lyo.core.errors import BadRequest, InvalidToken, Unauthorized, Unavailable, ValidationFailed
from lyo.core.settings import Settings
from lyo.web.deps import Resources, ResourcesDep, SessionDep
from lyo.web.problems import problem_response, problems

router = APIRouter(prefix="/auth", tags=["Accounts"])


@router.post(
    "/register",
    status_code=status.HTTP_201_CREATED,
    dependencies=[Depends(count_address)],
    responses=problems(BadRequest, EmailTaken, ValidationFailed, Unavailable, DoorCrowded),
)
async def register(body: RegisterRequest, held: ResourcesDep) -> Tokens:
    """Register.

    Makes an account and logs it in. Fields of the profile may be given here or changed later.
    """
    password = body.password.get_secret_value()
    await refuse_common(password, field="password")
    hashed = await hash_password(password)
    async with transaction(held.sessions, held.bus) as session:
        user_id = await service.register(session, user=new_user(body), password_hash=hashed)
        return await _log_in(session, held, user_id)


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
    await count_attempt(request, account=f"email:{normalised(body.email)}")
    user_id, checked = await service.check_password(
        held.sessions,
        email=body.email,
        password=body.password.get_secret_value(),
        demo=held.settings.has_demo,
    )
    await attempt_succeeded(request, account=f"email:{normalised(body.email)}")
    async with transaction(held.sessions, held.bus) as session:
        await service.confirm_password(session, user_id=user_id, password_hash=checked)
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


@router.post(
    "/apple",
    dependencies=[Depends(count_address)],
    responses=problems(
        BadRequest, InvalidIdentityToken, AppleSignInOff, ValidationFailed, Unavailable, AppleUnavailable
    ),
)
async def sign_in_with_apple(body: AppleSignInRequest, held: ResourcesDep, host: AppleDep) -> Tokens:
    """Sign in with Apple.

    Takes what Apple gave the app and gives tokens as logging in does. Whoever comes for the first time becomes a new
    learner; an account with a password is never linked, also if its address is the same. An identity token opens one
    log-in: when the answer was lost, ask Apple for another.
    """
    nonce = body.nonce.get_secret_value()
    identity_token = body.identity_token.get_secret_value()
    identity = await apple.read_identity_token(host, identity_token=identity_token, nonce=nonce)
    async with transaction(held.sessions, held.bus) as session:
        pair = await apple.open_login(
            session,
            identity=identity,
            nonce=nonce,
            newcomer=new_user(body),
            key=TokenKey.of(held.settings),
            refresh_lifetime=_refresh_lifetime(held.settings),
        )
    code = body.authorization_code.get_secret_value()
    if code and host.can_exchange:
        seal = Seal.of(held.settings)
        await apple.keep_refresh_token(held.sessions, held.bus, host, seal, identity=identity, code=code)
    return _tokens(pair)


@router.post(
    "/apple/notifications",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(BadRequest, InvalidNotification, AppleSignInOff, ValidationFailed, AppleUnavailable),
)
async def hear_from_apple(body: AppleNotification, held: ResourcesDep, host: AppleDep) -> None:
    """Hear from Apple.

    For Apple alone, whose signature is all the proof that is needed: that a learner no longer consents, which ends all
    their log-ins; that their account at Apple is deleted, which deletes the one here; that their relay address takes
    mail, or no longer does. A notification that comes again, or of a kind that is not known, is answered alike.
    """
    notice = await apple.read_notification(host, payload=body.payload)
    # Who leaves takes likes and comments along, from posts that others are at.
    await in_transaction(held.sessions, held.bus, partial(apple.heed, notice=notice))


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
