"""Logging in, staying logged in, logging out."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from lyo.accounts import repo
from lyo.accounts.errors import InvalidRefreshToken, InvalidToken, WrongCredentials
from lyo.accounts.models import Login, RefreshToken
from lyo.accounts.passwords import hash_password, password_matches
from lyo.accounts.tokens import (
    TokenInvalid,
    TokenKey,
    issue_access_token,
    new_refresh_token,
    read_access_token,
    refresh_token_hash,
    successor,
)
from lyo.core.clock import now
from lyo.core.db import SessionMaker

REFRESH_GRACE: Final = timedelta(seconds=30)
"""How long a used refresh token still gets its one successor: a phone whose answer was lost asks again."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is asking, and until when their access token holds."""

    user_id: UUID
    login_id: UUID
    locale: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class TokenPair:
    """What a client needs to stay logged in."""

    access_token: str
    refresh_token: str
    expires_in: int
    """Life of the access token, in seconds."""


def normalised(email: str) -> str:
    """The form in which an address is kept, looked up and counted."""
    return email.strip().lower()


async def check_password(sessions: SessionMaker, *, email: str, password: str) -> UUID:
    """Whose credentials these are; raises `WrongCredentials`, alike and after the same time if there is no such user.

    Takes the sessionmaker: in a storm of log-ins many wait for their turn to hash, and none may hold a connection.
    """
    async with sessions() as session:
        user = await repo.user_by_email(session, email=normalised(email))
    if not await password_matches(password, user.password_hash if user else None) or user is None:
        raise WrongCredentials
    return user.id


async def open_login(session: AsyncSession, *, user_id: UUID, key: TokenKey, refresh_lifetime: timedelta) -> TokenPair:
    """Open a log-in of a user whose credentials were checked."""
    login = Login(user_id=user_id)
    session.add(login)
    await session.flush()  # the refresh token refers to the log-in
    return _pair(
        session,
        new_refresh_token(),
        user_id=user_id,
        login_id=login.id,
        key=key,
        expires_at=now() + refresh_lifetime,
    )


async def refresh(
    session: AsyncSession, *, refresh_token: str, key: TokenKey, refresh_lifetime: timedelta
) -> TokenPair | None:
    """The next pair of tokens.

    Raises `InvalidRefreshToken`; returns None when the token was used before and its grace is over, which ends the
    log-in with all its tokens: the caller commits that and then refuses.
    """
    found = await repo.lock_refresh_token(session, token_hash=refresh_token_hash(refresh_token))
    if found is None:
        raise InvalidRefreshToken
    token, login = found
    moment = now()
    if login.revoked_at is not None or token.expires_at <= moment:
        raise InvalidRefreshToken
    following = successor(key, refresh_token)
    if token.used_at is None:
        token.used_at = moment
        return _pair(
            session,
            following,
            user_id=login.user_id,
            login_id=login.id,
            key=key,
            expires_at=moment + refresh_lifetime,
        )
    if moment - token.used_at <= REFRESH_GRACE:
        return _tokens(following, user_id=login.user_id, login_id=login.id, key=key)
    login.revoked_at = moment
    return None


async def log_out(session: AsyncSession, *, principal: Principal) -> None:
    """End the log-in of the caller: its access tokens fail at the next call, its refresh tokens too."""
    await repo.revoke_login(session, login_id=principal.login_id, at=now())


async def identify(session: AsyncSession, *, access_token: str, key: TokenKey) -> Principal:
    """Who sent this access token; raises `InvalidToken`."""
    try:
        claims = read_access_token(key, access_token)
    except TokenInvalid:
        raise InvalidToken from None
    user = await repo.user_of_login(session, user_id=claims.user_id, login_id=claims.login_id)
    if user is None:
        raise InvalidToken
    return Principal(user_id=user.id, login_id=claims.login_id, locale=user.locale, expires_at=claims.expires_at)


async def ensure_user(session: AsyncSession, *, email: str, password: str, display_name: str) -> None:
    """Make a user with this address unless there is one."""
    if await repo.user_by_email(session, email=email) is None:
        hashed = await hash_password(password)
        await repo.put_user(session, email=email, password_hash=hashed, display_name=display_name)


def _pair(
    session: AsyncSession, refresh_token: str, *, user_id: UUID, login_id: UUID, key: TokenKey, expires_at: datetime
) -> TokenPair:
    stored = RefreshToken(token_hash=refresh_token_hash(refresh_token), login_id=login_id, expires_at=expires_at)
    session.add(stored)
    return _tokens(refresh_token, user_id=user_id, login_id=login_id, key=key)


def _tokens(refresh_token: str, *, user_id: UUID, login_id: UUID, key: TokenKey) -> TokenPair:
    return TokenPair(
        access_token=issue_access_token(key, user_id=user_id, login_id=login_id),
        refresh_token=refresh_token,
        expires_in=int(key.lifetime.total_seconds()),
    )
