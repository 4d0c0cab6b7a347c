"""Logging in, staying logged in, logging out."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from lyo.accounts import repo
from lyo.accounts.demo import DEMO_EMAIL, DEMO_PASSWORD
from lyo.accounts.errors import EmailTaken, InvalidRefreshToken, WrongCredentials
from lyo.accounts.models import AppleRevocation, Login, RefreshToken
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
from lyo.accounts.values import NewUser, Principal, Role, TokenPair
from lyo.accounts.watching import LOGINS
from lyo.core.bus import ring_after_commit
from lyo.core.clock import now
from lyo.core.db import SessionMaker
from lyo.core.errors import InvalidToken
from lyo.core.watch import Watch

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

REFRESH_GRACE: Final = timedelta(seconds=30)
"""How long a used refresh token still gets its one successor: a phone whose answer was lost asks again."""


def normalised(email: str) -> str:
    """The form in which an address is kept, looked up and counted."""
    return email.strip().lower()


async def check_password(sessions: SessionMaker, *, email: str, password: str, demo: bool) -> tuple[UUID, str]:
    """Whose credentials these are, and the hash that was checked; see `confirm_password`.

    Raises `WrongCredentials`, alike and after the same time if there is no such user.

    Without `demo`, the demo account's password lets nobody in, even where a database still has that account.
    Takes the sessionmaker: in a storm of log-ins many wait for their turn to hash, and none may hold a connection.
    """
    address = normalised(email)
    async with sessions() as session:
        user = await repo.user_by_email(session, email=address)
    stored = user.password_hash if user else None
    if not await password_matches(password, stored) or user is None or stored is None:
        raise WrongCredentials
    if not demo and (address, password) == (DEMO_EMAIL, DEMO_PASSWORD):
        log.warning("accounts.demo_refused")
        raise WrongCredentials
    return user.id, stored


async def confirm_password(session: AsyncSession, *, user_id: UUID, password_hash: str) -> None:
    """Raise `WrongCredentials` if the password was changed since it was checked; now it is not before the commit."""
    user = await repo.lock_user(session, user_id=user_id)
    if user is None or user.password_hash != password_hash:
        raise WrongCredentials


async def register(session: AsyncSession, *, user: NewUser, password_hash: str) -> UUID:
    """Make a user; raises `EmailTaken`.

    The password is hashed before, with `hash_password`: no connection is held meanwhile.
    """
    made = await repo.add_user(
        session,
        email=user.email,
        password_hash=password_hash,
        display_name=user.display_name,
        locale=user.locale,
        time_zone=user.time_zone,
    )
    if made is None:
        raise EmailTaken
    return made


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
    ring_after_commit(session, LOGINS.channel(login.id))
    log.warning("accounts.refresh_token_reused", user_id=str(login.user_id), login_id=str(login.id))
    return None


async def log_out(session: AsyncSession, *, principal: Principal) -> None:
    """End the log-in of the caller: its access tokens fail at the next call, its refresh tokens and sockets too."""
    await repo.revoke_login(session, login_id=principal.login_id, at=now())
    ring_after_commit(session, LOGINS.channel(principal.login_id))


async def log_out_everywhere(session: AsyncSession, *, user_id: UUID, but: UUID | None = None) -> None:
    """End all log-ins of a user except `but`."""
    for login_id in await repo.revoke_logins(session, user_id=user_id, at=now(), but=but):
        ring_after_commit(session, LOGINS.channel(login_id))


async def until_logged_out(sessions: SessionMaker, watch: Watch, *, login_id: UUID) -> None:
    """Return when the log-in has ended. Holds no session while it waits."""
    with watch.watching(LOGINS, login_id) as changed:
        while True:
            changed.clear()
            async with sessions() as session:
                if not await repo.open_logins(session, [login_id]):
                    return
            await changed.wait()


async def check_logged_in(session: AsyncSession, *, principal: Principal) -> None:
    """Raise `InvalidToken` if the caller's log-in has ended since they were let in."""
    if not await repo.open_logins(session, [principal.login_id]):
        raise InvalidToken


async def identify(session: AsyncSession, *, access_token: str, key: TokenKey) -> Principal:
    """Who sent this access token; raises `InvalidToken`."""
    try:
        claims = read_access_token(key, access_token)
    except TokenInvalid as error:
        log.info("accounts.token_refused", reason=str(error))
        raise InvalidToken from None
    user = await repo.user_of_login(session, user_id=claims.user_id, login_id=claims.login_id)
    if user is None:
        log.info("accounts.token_refused", reason="logged out", login_id=str(claims.login_id))
        raise InvalidToken
    return Principal(
        user_id=user.id,
        login_id=claims.login_id,
        locale=user.locale,
        expires_at=claims.expires_at,
        is_moderator=user.role == Role.MODERATOR,
    )


async def ensure_user(session: AsyncSession, *, email: str, password: str, display_name: str) -> None:
    """Make a user with this address unless there is one."""
    if await repo.user_by_email(session, email=email) is None:
        hashed = await hash_password(password)
        await repo.add_user(session, email=email, password_hash=hashed, display_name=display_name)


async def delete_user(session: AsyncSession, *, user_id: UUID) -> None:
    """Delete a user with everything that is theirs: sockets close, tokens fail at the next call.

    What they let us do at Apple is revoked later, by the worker: leaving never waits for Apple.
    """
    await repo.lock_user(session, user_id=user_id)
    await log_out_everywhere(session, user_id=user_id)
    identity = await repo.lock_apple_identity_of(session, user_id=user_id)
    if identity is not None and identity.refresh_token is not None and identity.client_id is not None:
        session.add(AppleRevocation(refresh_token=identity.refresh_token, client_id=identity.client_id))
    await repo.delete_user(session, user_id=user_id)


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
