"""One mechanism for requests that may be sent twice and must be done once.

The key is claimed by the first statement of the transaction that does the work, so both commit or neither does:
a rolled-back or killed winner frees its key by itself. `ON CONFLICT DO NOTHING` waits for a winner that has not
committed yet, so a duplicate normally gets the winner's answer; after `_WAIT` it gets a 409 instead.
"""

import hashlib
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from psycopg.errors import LockNotAvailable
from sqlalchemy import ForeignKey, Index, delete, func, select, text, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from lyo.core.db import Base, a_few
from lyo.core.errors import Conflict, IdempotencyKeyReused

_WAIT: Final = "2s"
KEPT: Final = timedelta(days=7)
"""How long a key stands for its request: a phone that was off for a holiday may still ask again."""


class IdempotencyRow(Base):
    """A key that a user has used, what for, and the answer that was given."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (Index("ix_idempotency_keys_created_at", "created_at"),)

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    route: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    fingerprint: Mapped[str]
    answer: Mapped[dict[str, Any] | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


@dataclass(frozen=True, slots=True)
class IdempotentRequest:
    """A request with a key: whose, on which route, and the digest of what it asks."""

    user_id: UUID
    route: str
    key: str
    fingerprint: str


def fingerprint(validated: dict[str, Any]) -> str:
    """The digest of a validated request: the same for the same meaning, whatever the order of its fields."""
    canonical = json.dumps(validated, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


async def earlier_answer(session: AsyncSession, request: IdempotentRequest) -> dict[str, Any] | None:
    """The answer that this request got before, or None if this is the first: then do it and `record` the answer.

    Raises `IdempotencyKeyReused` if the key stood for another request, and `Conflict` if the first is still at work.
    """
    claim = (
        insert(IdempotencyRow)
        .values(user_id=request.user_id, route=request.route, key=request.key, fingerprint=request.fingerprint)
        .on_conflict_do_nothing()
        .returning(IdempotencyRow.key)
    )
    await session.execute(text(f"SET LOCAL lock_timeout = '{_WAIT}'"))
    try:
        won = await session.scalar(claim)
    except OperationalError as error:
        if isinstance(error.orig, LockNotAvailable):
            raise Conflict(headers={"Retry-After": "1"}) from None
        raise
    await session.execute(text("SET LOCAL lock_timeout TO DEFAULT"))  # the work may wait as long as any other
    if won is not None:
        return None
    row = await session.scalar(select(IdempotencyRow).where(*_identity(request)))
    if row is None or row.answer is None:
        raise Conflict(headers={"Retry-After": "1"})
    if row.fingerprint != request.fingerprint:
        raise IdempotencyKeyReused
    return row.answer


async def is_answered(session: AsyncSession, request: IdempotentRequest) -> bool:
    """Whether this key has an answer already, so that the request is a repetition and nothing will be done for it."""
    return await session.scalar(select(IdempotencyRow.key).where(*_identity(request))) is not None


async def record(session: AsyncSession, request: IdempotentRequest, answer: dict[str, Any]) -> None:
    """Keep the answer of a request that this transaction has done."""
    await session.execute(update(IdempotencyRow).where(*_identity(request)).values(answer=answer))


async def once(
    session: AsyncSession, request: IdempotentRequest | None, work: Callable[[], Awaitable[dict[str, Any]]]
) -> tuple[dict[str, Any], bool]:
    """The answer of `work`, done once for each key, and whether it is an earlier one; without a key it is done anew.

    Raises what `earlier_answer` and `work` raise; a key of work that has failed stays free.
    """
    if request is None:
        return await work(), False
    earlier = await earlier_answer(session, request)
    if earlier is not None:
        return earlier, True
    answer = await work()
    await record(session, request, answer)
    return answer, False


async def forget_old(session: AsyncSession, *, at_most: int) -> int:
    """Delete keys that are older than `KEPT`; returns how many."""
    old = select(IdempotencyRow.user_id, IdempotencyRow.route, IdempotencyRow.key)
    old = a_few(old.where(IdempotencyRow.created_at < func.now() - KEPT), at_most)
    key = tuple_(IdempotencyRow.user_id, IdempotencyRow.route, IdempotencyRow.key)
    forgotten = await session.execute(delete(IdempotencyRow).where(key.in_(old)).returning(IdempotencyRow.route))
    return len(forgotten.all())


def _identity(request: IdempotentRequest) -> tuple[Any, Any, Any]:
    return (
        IdempotencyRow.user_id == request.user_id,
        IdempotencyRow.route == request.route,
        IdempotencyRow.key == request.key,
    )
