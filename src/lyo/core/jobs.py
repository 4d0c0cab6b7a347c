"""Background work, asked for in the transaction that needs it.

`enqueue` writes a row; a dispatcher in the worker hands rows to the broker and deletes them (`take_due`). A job may
be delivered more than once or, when the broker loses it, never: handlers are idempotent, and what must happen is
watched by a sweeper.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Identity, delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from lyo.core.bus import OUTBOX, ring_after_commit
from lyo.core.db import Base, a_few


@dataclass(frozen=True, slots=True)
class JobRef:
    """The name of a job, apart from the code that does it: `<slice>.<verb>`."""

    name: str


class OutboxRow(Base):
    """A job that waits to be handed to the broker."""

    __tablename__ = "outbox"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    job: Mapped[str]
    args: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


@dataclass(frozen=True, slots=True)
class Delivery:
    """A job on its way to the broker."""

    job: str
    args: dict[str, Any]


async def enqueue(session: AsyncSession, job: JobRef, *, subject_id: UUID) -> None:
    """Have `job` done for the thing with `subject_id`, if and only if this transaction commits."""
    await enqueue_all(session, [(job, subject_id)])


async def enqueue_all(session: AsyncSession, jobs: Sequence[tuple[JobRef, UUID]]) -> None:
    """Have each job done for its subject, if and only if this transaction commits."""
    if jobs:
        rows = [{"job": job.name, "args": {"subject_id": str(subject_id)}} for job, subject_id in jobs]
        await session.execute(insert(OutboxRow), rows)
        ring_after_commit(session, OUTBOX)


async def take_due(session: AsyncSession, *, limit: int = 100) -> Sequence[Delivery]:
    """Take the oldest waiting jobs out of the outbox; they are back if the transaction does not commit."""
    oldest = a_few(select(OutboxRow.id).order_by(OutboxRow.id), limit)
    taken = delete(OutboxRow).where(OutboxRow.id.in_(oldest)).returning(OutboxRow)
    rows = sorted(await session.scalars(taken), key=lambda row: row.id)
    return [Delivery(job=row.job, args=row.args) for row in rows]
