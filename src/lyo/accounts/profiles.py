"""A learner's own account: see it, change it, leave."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from lyo.accounts import repo
from lyo.accounts.errors import WrongPassword
from lyo.accounts.models import User
from lyo.accounts.passwords import password_matches
from lyo.accounts.service import log_out_everywhere
from lyo.accounts.values import Learner, Principal, Profile
from lyo.core.clock import LATEST
from lyo.core.db import SessionMaker
from lyo.core.errors import InvalidToken

ZONES_KEPT: Final = LATEST + timedelta(days=1)
"""How long a time zone is remembered after it was left, at least: as long as something may be told that happened in it.
What is older goes when the next is left."""


async def get_profile(session: AsyncSession, *, principal: Principal) -> Profile:
    """The caller's profile."""
    return _profile(await repo.user(session, user_id=principal.user_id))


async def change_profile(
    session: AsyncSession, *, principal: Principal, changes: Mapping[str, Any], moment: datetime
) -> Profile:
    """The caller's profile after `changes`, which are checked fields of it."""
    if not changes:
        return await get_profile(session, principal=principal)
    if "time_zone" in changes:
        await _leave_time_zone(session, owner_id=principal.user_id, entered=changes["time_zone"], moment=moment)
    return _profile(await repo.change_user(session, user_id=principal.user_id, **changes))


async def lock_learner(session: AsyncSession, *, owner_id: UUID) -> Learner:
    """The learner, to whom nothing else happens until the end of the transaction; raises `InvalidToken` if gone.

    Taken first, after an idempotency key and before anything else of theirs: then no two wait for each other.
    """
    learner = await find_learner(session, owner_id=owner_id)
    if learner is None:
        raise InvalidToken
    return learner


async def find_learner(session: AsyncSession, *, owner_id: UUID) -> Learner | None:
    """As `lock_learner`, for whoever asks without a token: None if the learner is gone."""
    user = await repo.lock_user(session, user_id=owner_id, may_be_referred_to=True)
    return None if user is None else _learner(user)


async def get_learner(session: AsyncSession, *, principal: Principal) -> Learner:
    """The caller as a learner, for whoever only reads; raises `InvalidToken` if gone."""
    user = await repo.user(session, user_id=principal.user_id)
    if user is None:
        raise InvalidToken
    return _learner(user)


async def time_zone_at(session: AsyncSession, *, learner: Learner, at: datetime) -> str:
    """The time zone in which the learner was then, at most `LATEST` ago."""
    past = await repo.past_time_zone(session, owner_id=learner.user_id, at=at)
    return learner.time_zone if past is None else past


async def _leave_time_zone(session: AsyncSession, *, owner_id: UUID, entered: str, moment: datetime) -> None:
    learner = await lock_learner(session, owner_id=owner_id)
    if learner.time_zone != entered:
        await repo.forget_time_zones(session, owner_id=owner_id, before=moment - ZONES_KEPT)
        await repo.keep_time_zone(session, owner_id=owner_id, until=moment, time_zone=learner.time_zone)


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
    # What refers to the user need not wait, and so cannot overtake this for ever.
    user = await repo.lock_user(session, user_id=principal.user_id, may_be_referred_to=True)
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
        shares_milestones=user.shares_milestones,
        created_at=user.created_at,
    )


def _learner(user: User) -> Learner:
    return Learner(
        user_id=user.id,
        display_name=user.display_name,
        time_zone=user.time_zone,
        leaderboard_opt_out=user.leaderboard_opt_out,
        shares_milestones=user.shares_milestones,
    )
