"""Every SQL statement about accounts."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from lyo.accounts.models import Login, RefreshToken, User


async def user_by_email(session: AsyncSession, *, email: str) -> User | None:
    """The user with this address, which is in lower case."""
    return await session.scalar(select(User).where(User.email == email))


async def user_of_login(session: AsyncSession, *, user_id: UUID, login_id: UUID) -> User | None:
    """The user, if this log-in of theirs is still open."""
    return await session.scalar(
        select(User)
        .join(Login, Login.user_id == User.id)
        .where(User.id == user_id, Login.id == login_id, Login.revoked_at.is_(None))
    )


async def password_hash_of(session: AsyncSession, *, user_id: UUID) -> str | None:
    """The stored hash of the user's password, if there is one."""
    return await session.scalar(select(User.password_hash).where(User.id == user_id))


async def lock_refresh_token(session: AsyncSession, *, token_hash: bytes) -> tuple[RefreshToken, Login] | None:
    """The refresh token and its log-in, locked until the end of the transaction."""
    row = (
        await session.execute(
            select(RefreshToken, Login)
            .join(Login, Login.id == RefreshToken.login_id)
            .where(RefreshToken.token_hash == token_hash)
            .with_for_update()
        )
    ).one_or_none()
    return None if row is None else (row[0], row[1])


async def open_logins(session: AsyncSession, login_ids: Sequence[UUID]) -> Mapping[UUID, int]:
    """Those of these log-ins that have not ended, each with the number 1."""
    found = await session.scalars(select(Login.id).where(Login.id.in_(login_ids), Login.revoked_at.is_(None)))
    return dict.fromkeys(found, 1)


async def revoke_login(session: AsyncSession, *, login_id: UUID, at: datetime) -> None:
    """End a log-in; one that has ended stays as it is."""
    await session.execute(update(Login).where(Login.id == login_id, Login.revoked_at.is_(None)).values(revoked_at=at))


async def revoke_logins(
    session: AsyncSession, *, user_id: UUID, at: datetime, but: UUID | None = None
) -> Sequence[UUID]:
    """End all log-ins of a user except `but`; returns those that were open."""
    still_open = (Login.user_id == user_id, Login.revoked_at.is_(None), Login.id.is_distinct_from(but))
    return (await session.scalars(update(Login).where(*still_open).values(revoked_at=at).returning(Login.id))).all()


async def add_user(session: AsyncSession, **values: Any) -> UUID | None:
    """Make a user, or None if there is one with this address."""
    made = insert(User).values(**values).on_conflict_do_nothing(index_elements=[User.email]).returning(User.id)
    return await session.scalar(made)


async def change_user(session: AsyncSession, *, user_id: UUID, **values: Any) -> User | None:
    """The user after the change of `values`, or None if there is none any more."""
    changed = update(User).where(User.id == user_id).values(**values).returning(User)
    return await session.scalar(changed)


async def user(session: AsyncSession, *, user_id: UUID) -> User | None:
    """The user."""
    return await session.get(User, user_id)


async def delete_expired_tokens(session: AsyncSession, *, before: datetime, at_most: int) -> int:
    """Delete refresh tokens that expired before then; returns how many."""
    old = select(RefreshToken.token_hash).where(RefreshToken.expires_at < before).limit(at_most)
    old = old.with_for_update(skip_locked=True)
    deleted = delete(RefreshToken).where(RefreshToken.token_hash.in_(old)).returning(RefreshToken.login_id)
    return len((await session.execute(deleted)).all())


async def delete_dead_logins(session: AsyncSession, *, before: datetime, at_most: int) -> int:
    """Delete log-ins that ended before then, or have no refresh token left; returns how many."""
    left = select(RefreshToken.login_id).where(RefreshToken.login_id == Login.id).exists()
    dead = (Login.revoked_at < before) | ((Login.created_at < before) & ~left)
    old = select(Login.id).where(dead).limit(at_most).with_for_update(skip_locked=True)
    deleted = delete(Login).where(Login.id.in_(old)).returning(Login.id)
    return len((await session.execute(deleted)).all())


async def delete_user(session: AsyncSession, *, user_id: UUID) -> None:
    """Delete a user, and by the foreign keys all that is theirs."""
    await session.execute(delete(User).where(User.id == user_id))
