"""Every SQL statement about accounts."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
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


async def revoke_login(session: AsyncSession, *, login_id: UUID, at: datetime) -> None:
    """End a log-in; one that has ended stays as it is."""
    await session.execute(update(Login).where(Login.id == login_id, Login.revoked_at.is_(None)).values(revoked_at=at))


async def put_user(session: AsyncSession, *, email: str, password_hash: str, display_name: str) -> None:
    """Make a user with this address unless there is one."""
    await session.execute(
        insert(User)
        .values(email=email, password_hash=password_hash, display_name=display_name)
        .on_conflict_do_nothing(index_elements=[User.email])
    )
