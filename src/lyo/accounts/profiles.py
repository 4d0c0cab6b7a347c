"""A learner's own account: see it, change it, leave."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from lyo.accounts import repo
from lyo.accounts.errors import WrongPassword
from lyo.accounts.models import User
from lyo.accounts.passwords import password_matches
from lyo.accounts.service import log_out_everywhere
from lyo.accounts.values import Principal, Profile
from lyo.core.db import SessionMaker
from lyo.core.errors import InvalidToken


async def get_profile(session: AsyncSession, *, principal: Principal) -> Profile:
    """The caller's profile."""
    return _profile(await repo.user(session, user_id=principal.user_id))


async def change_profile(session: AsyncSession, *, principal: Principal, changes: Mapping[str, Any]) -> Profile:
    """The caller's profile after `changes`, which are checked fields of it."""
    if not changes:
        return await get_profile(session, principal=principal)
    return _profile(await repo.change_user(session, user_id=principal.user_id, **changes))


async def check_own_password(sessions: SessionMaker, *, principal: Principal, password: str) -> str:
    """The hash against which the caller's password was checked; raises `WrongPassword` if it is another.

    Takes the sessionmaker, as `check_password` does.
    """
    async with sessions() as session:
        stored = await repo.password_hash_of(session, user_id=principal.user_id)
    if not await password_matches(password, stored) or stored is None:
        raise WrongPassword
    return stored


async def change_password(session: AsyncSession, *, principal: Principal, checked: str, password_hash: str) -> None:
    """Set the hash of another password, and end all other log-ins: whoever knew the old one is out.

    Hashing takes its time, in which the caller may have been logged out (`InvalidToken`) or another request may have
    changed the password that was `checked` (`WrongPassword`): the second of two who know the old one comes too late.
    """
    user = await repo.lock_user(session, user_id=principal.user_id)
    if user is None or not await repo.lock_open_login(session, login_id=principal.login_id):
        raise InvalidToken
    if user.password_hash != checked:
        raise WrongPassword
    await repo.change_user(session, user_id=principal.user_id, password_hash=password_hash)
    await log_out_everywhere(session, user_id=principal.user_id, but=principal.login_id)


def _profile(user: User | None) -> Profile:
    if user is None:  # deleted by another request since this one was let in
        raise InvalidToken
    return Profile(
        user_id=user.id,
        email=user.email,
        display_name=user.display_name,
        locale=user.locale,
        time_zone=user.time_zone,
        leaderboard_opt_out=user.leaderboard_opt_out,
        created_at=user.created_at,
    )
