"""Every SQL statement about accounts."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Float, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from lyo.accounts.models import (
    AppleIdentity,
    AppleNonce,
    AppleNotice,
    AppleRevocation,
    Login,
    PastTimeZone,
    RefreshToken,
    User,
)
from lyo.accounts.values import Moderator, NewUser, Role
from lyo.core.db import a_few
from lyo.core.ids import new_id

SWEPT: Final = 100
"""How many rows that have expired each new one takes away."""


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
    """The refresh token and its log-in, locked until the end of the transaction: the log-in first, as everywhere."""
    of_token = select(RefreshToken.login_id).where(RefreshToken.token_hash == token_hash).scalar_subquery()
    login = await session.scalar(select(Login).where(Login.id == of_token).with_for_update())
    token = await session.scalar(select(RefreshToken).where(RefreshToken.token_hash == token_hash).with_for_update())
    return None if login is None or token is None else (token, login)


async def open_logins(session: AsyncSession, login_ids: Sequence[UUID]) -> Mapping[UUID, int]:
    """Those of these log-ins that have not ended, each with the number 1."""
    found = await session.scalars(select(Login.id).where(Login.id.in_(login_ids), Login.revoked_at.is_(None)))
    return dict.fromkeys(found, 1)


async def lock_open_login(session: AsyncSession, *, login_id: UUID) -> bool:
    """Whether this log-in has not ended; it does not until the end of the transaction."""
    open_now = select(Login.id).where(Login.id == login_id, Login.revoked_at.is_(None)).with_for_update()
    return await session.scalar(open_now) is not None


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


async def set_role(session: AsyncSession, *, email: str, role: Role) -> bool:
    """Give a role to the user with this address, which is in lower case; whether there is one."""
    changed = update(User).where(User.email == email).values(role=role).returning(User.id)
    return await session.scalar(changed) is not None


async def moderators(session: AsyncSession) -> Sequence[Moderator]:
    """All moderators, by their names."""
    found = select(User.email, User.display_name).where(User.role == Role.MODERATOR)
    return [Moderator(*row) for row in await session.execute(found.order_by(User.display_name, User.id))]


async def user(session: AsyncSession, *, user_id: UUID) -> User | None:
    """The user."""
    return await session.get(User, user_id)


async def past_time_zone(session: AsyncSession, *, owner_id: UUID, at: datetime) -> str | None:
    """The time zone that the owner was in then and has left since, or None if they have not."""
    left_since = select(PastTimeZone.time_zone).where(PastTimeZone.user_id == owner_id, PastTimeZone.until > at)
    return await session.scalar(left_since.order_by(PastTimeZone.until).limit(1))


async def keep_time_zone(session: AsyncSession, *, owner_id: UUID, until: datetime, time_zone: str) -> None:
    """Remember a time zone that the owner leaves."""
    left = insert(PastTimeZone).values(user_id=owner_id, until=until, time_zone=time_zone)
    await session.execute(left.on_conflict_do_nothing())


async def forget_time_zones(session: AsyncSession, *, owner_id: UUID, before: datetime) -> None:
    """Delete the owner's time zones that they left before then."""
    await session.execute(delete(PastTimeZone).where(PastTimeZone.user_id == owner_id, PastTimeZone.until < before))


async def delete_expired_tokens(session: AsyncSession, *, before: datetime, at_most: int) -> int:
    """Delete refresh tokens that expired before then; returns how many."""
    old = a_few(select(RefreshToken.token_hash).where(RefreshToken.expires_at < before), at_most)
    deleted = delete(RefreshToken).where(RefreshToken.token_hash.in_(old)).returning(RefreshToken.login_id)
    return len((await session.execute(deleted)).all())


async def delete_dead_logins(session: AsyncSession, *, before: datetime, at_most: int) -> int:
    """Delete log-ins that ended before then, or have no refresh token left; returns how many."""
    left = select(RefreshToken.login_id).where(RefreshToken.login_id == Login.id).exists()
    dead = (Login.revoked_at < before) | ((Login.created_at < before) & ~left)
    deleted = delete(Login).where(Login.id.in_(a_few(select(Login.id).where(dead), at_most))).returning(Login.id)
    return len((await session.execute(deleted)).all())


async def lock_user(session: AsyncSession, *, user_id: UUID, may_be_referred_to: bool = False) -> User | None:
    """The user, locked until the end of the transaction; rows of other tables that refer to them wait, or may not.

    Whoever changes or deletes several rows of a user locks the user first, then log-ins, then tokens, so that no two
    wait for each other.
    """
    fresh = select(User).where(User.id == user_id).execution_options(populate_existing=True)
    return await session.scalar(fresh.with_for_update(key_share=may_be_referred_to))


async def delete_user(session: AsyncSession, *, user_id: UUID) -> None:
    """Delete a user, and by the foreign keys all that is theirs."""
    await session.execute(delete(User).where(User.id == user_id))


async def claim_nonce(session: AsyncSession, *, digest: bytes, expires_at: datetime) -> bool:
    """Whether this nonce was never used before; waits for another that is using it now."""
    claim = insert(AppleNonce).values(digest=digest, expires_at=expires_at).on_conflict_do_nothing()
    is_new = await session.scalar(claim.returning(AppleNonce.digest)) is not None
    await _sweep(session, AppleNonce, AppleNonce.digest)
    return is_new


async def claim_notice(session: AsyncSession, *, notice_id: str, expires_at: datetime) -> bool:
    """Whether this notice was never heard before; waits for another copy that is being heard now."""
    claim = insert(AppleNotice).values(id=notice_id, expires_at=expires_at).on_conflict_do_nothing()
    is_new = await session.scalar(claim.returning(AppleNotice.id)) is not None
    await _sweep(session, AppleNotice, AppleNotice.id)
    return is_new


async def _sweep(session: AsyncSession, table: type[AppleNonce | AppleNotice], key: InstrumentedAttribute[Any]) -> None:
    """Delete some of the rows of a table that have expired."""
    expired = select(key).where(table.expires_at <= func.now()).order_by(table.expires_at)
    await session.execute(delete(table).where(key.in_(a_few(expired, SWEPT))))


async def lock_apple_subject(session: AsyncSession, *, subject: str) -> AppleIdentity | None:
    """Who this is, if they were here before. Until the end of the transaction nobody else becomes or changes them."""
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(subject, 0))))
    owner = select(AppleIdentity.user_id).where(AppleIdentity.subject == subject).scalar_subquery()
    await session.execute(select(User.id).where(User.id == owner).with_for_update())
    return await session.scalar(select(AppleIdentity).where(AppleIdentity.subject == subject).with_for_update())


async def add_user_without_password(session: AsyncSession, *, newcomer: NewUser, email: str | None) -> UUID:
    """Make a user; the address is theirs unless another user has it already."""
    made = insert(User).values(
        id=new_id(), display_name=newcomer.display_name, locale=newcomer.locale, time_zone=newcomer.time_zone
    )
    if email is not None:
        with_address = made.values(email=email).on_conflict_do_nothing(index_elements=[User.email])
        user_id: UUID | None = await session.scalar(with_address.returning(User.id))
        if user_id is not None:
            return user_id
    return (await session.scalars(made.returning(User.id))).one()


async def put_apple_token(session: AsyncSession, *, subject: str, sealed: bytes, client_id: str) -> bool:
    """Keep Apple's refresh token with who it is about; False if they have left meanwhile."""
    kept = (
        update(AppleIdentity).where(AppleIdentity.subject == subject).values(refresh_token=sealed, client_id=client_id)
    )
    return await session.scalar(kept.returning(AppleIdentity.subject)) is not None


async def lock_apple_identity_of(session: AsyncSession, *, user_id: UUID) -> AppleIdentity | None:
    """How Apple knows this user, if it does."""
    return await session.scalar(select(AppleIdentity).where(AppleIdentity.user_id == user_id).with_for_update())


async def lease_due_revocation(
    session: AsyncSession, *, first_pause: timedelta, longest_pause: timedelta
) -> AppleRevocation | None:
    """Take the revocation that is due for longest, and count the try; it is due again after a pause that doubles."""
    due = select(AppleRevocation.id).where(AppleRevocation.due_at <= func.now()).order_by(AppleRevocation.due_at)
    doubled = func.power(2.0, AppleRevocation.tries, type_=Float) * first_pause.total_seconds()
    pause = func.make_interval(0, 0, 0, 0, 0, 0, func.least(doubled, longest_pause.total_seconds()))
    taken = update(AppleRevocation).where(AppleRevocation.id.in_(a_few(due, 1)))
    return await session.scalar(
        taken.values(tries=AppleRevocation.tries + 1, due_at=func.now() + pause).returning(AppleRevocation)
    )


async def delete_revocation(session: AsyncSession, *, revocation_id: UUID) -> None:
    """Forget a token that Apple has forgotten, or that we give up."""
    await session.execute(delete(AppleRevocation).where(AppleRevocation.id == revocation_id))
